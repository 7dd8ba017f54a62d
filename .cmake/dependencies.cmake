# SPDX-License-Identifier: Apache-2.0
# What we build with. The Debian package names are in .debian-packages; here they become targets
# dep::<name> that our libraries name in DEPS.
#
# Debian's CMake targets for gRPC and abseil point at shared objects. lambent-extension must be one
# static file, so we link by name (-lgrpc++) from pkg-config instead: the linker picks the .so, and a
# program declared STATIC gets the archives' closure as one group at the end of its link line.
find_package(Threads REQUIRED)
find_package(GTest REQUIRED CONFIG)
find_package(benchmark REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(PkgConfig REQUIRED)
find_program(LAMBENT_PROTOC protoc REQUIRED)
find_program(LAMBENT_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# lambent_dependency(<name> <shared libraries>): dep::<name>, headers as SYSTEM.
function(lambent_dependency name)
  add_library(dep_${name} INTERFACE)
  add_library(dep::${name} ALIAS dep_${name})
  foreach(library IN LISTS ARGN)
    target_link_libraries(dep_${name} INTERFACE
      $<$<NOT:$<BOOL:$<TARGET_PROPERTY:LAMBENT_STATIC>>>:${library}>)
  endforeach()
endfunction()

pkg_check_modules(ABSL REQUIRED absl_base absl_status absl_statusor absl_strings absl_str_format
  absl_time absl_synchronization absl_flat_hash_map absl_flat_hash_set absl_span absl_cleanup
  absl_flags absl_flags_parse absl_flags_usage absl_hash)
pkg_check_modules(PROTOBUF REQUIRED protobuf)
pkg_check_modules(GRPCPP REQUIRED grpc++)
pkg_check_modules(ZSTD REQUIRED libzstd)
pkg_check_modules(SQLITE REQUIRED sqlite3)
pkg_check_modules(HTTPLIB REQUIRED cpp-httplib)
pkg_check_modules(DW REQUIRED libdw libelf)

lambent_dependency(absl ${ABSL_LIBRARIES})
lambent_dependency(protobuf ${PROTOBUF_LIBRARIES})
lambent_dependency(grpc ${GRPCPP_LIBRARIES} ${ABSL_LIBRARIES} ${PROTOBUF_LIBRARIES})
lambent_dependency(grpc_reflection grpc++_reflection)
lambent_dependency(zstd ${ZSTD_LIBRARIES})
lambent_dependency(sqlite ${SQLITE_LIBRARIES})
lambent_dependency(httplib ${HTTPLIB_LIBRARIES})
target_compile_options(dep_httplib INTERFACE ${HTTPLIB_CFLAGS_OTHER})  # they change its types' layout
lambent_dependency(unwind unwind-${CMAKE_SYSTEM_PROCESSOR} unwind)
lambent_dependency(json)
target_link_libraries(dep_json INTERFACE nlohmann_json::nlohmann_json)
lambent_dependency(zlib z)
lambent_dependency(lzma lzma)
# LGPL-3+ or GPL-2+, and LGPL-2.1+ with a permission to link: the collector and `lambent` only, never the
# extension.
lambent_dependency(dw ${DW_LIBRARIES})
lambent_dependency(iberty iberty)
lambent_dependency(threads pthread)

# The archives' closure for a static program, in the order pkg-config gives, as one group.
pkg_check_modules(STATIC_CLOSURE QUIET grpc++ protobuf libzstd absl_str_format absl_synchronization
  absl_flat_hash_map absl_flat_hash_set absl_cleanup)
# Newer re2, which gRPC names without what it needs itself, logs by abseil; older abseil has no log.
pkg_check_modules(ABSL_LOG QUIET absl_absl_log absl_absl_check)
list(APPEND STATIC_CLOSURE_STATIC_LIBRARIES ${ABSL_LOG_STATIC_LIBRARIES})
list(JOIN STATIC_CLOSURE_STATIC_LIBRARIES " -l" LAMBENT_STATIC_CLOSURE)
# libgcc_eh comes first: libunwind.a also defines _Unwind_Resume, and one of the two has to win whole.
set(LAMBENT_STATIC_CLOSURE
  "-lgcc_eh -Wl,--start-group -lunwind-${CMAKE_SYSTEM_PROCESSOR} -lunwind -llzma -l${LAMBENT_STATIC_CLOSURE} -Wl,--end-group")

# Tells the thread sanitizer what absl's locks order. Its definitions stand before absl's own and know
# what is inline there: for this release only.
if(LAMBENT_SANITIZE MATCHES "thread" AND ABSL_absl_base_VERSION VERSION_EQUAL 20220623)
  add_library(absl_mutex_for_tsan OBJECT tests/support/sanitizers/absl_mutex_for_tsan.cc)
  target_link_libraries(absl_mutex_for_tsan PRIVATE lambent_warnings dep::absl)
endif()
