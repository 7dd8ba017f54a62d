# SPDX-License-Identifier: Apache-2.0
# The build's own vocabulary: layered libraries, test binaries, fuzz targets, programs.

# What `./dev` asks for by name, each the sum of what the functions below add to it.
foreach(group IN ITEMS programs examples unit_tests benchmarks)
  add_custom_target(${group})
endforeach()

# Warnings and sanitizers for our code only; dependencies are SYSTEM.
add_library(lambent_warnings INTERFACE)
target_compile_options(lambent_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Wundef
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
  # A newer distribution's libraries deprecate what the older one's have nothing else for.
  $<$<BOOL:${LAMBENT_WERROR}>:-Werror -Wno-error=deprecated-declarations>)
if(LAMBENT_SANITIZE)
  add_compile_options(-fsanitize=${LAMBENT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LAMBENT_SANITIZE})
  if(LAMBENT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()

# lambent_library(<name> LAYER <n> [DEPS <target>...])
#   The folder is the component: every .cc below it (but main.cc) becomes lambent_<name>, alias
#   lambent::<name>. DEPS that are ours must have a strictly lower layer; else configuring stops.
function(lambent_library name)
  cmake_parse_arguments(ARG "" "LAYER" "DEPS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  foreach(pattern IN LISTS ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  set(target lambent_${name})
  if(sources)
    add_library(${target} STATIC ${sources} ${headers})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE lambent_warnings)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(lambent::${name} ALIAS ${target})
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES LAMBENT_LAYER ${ARG_LAYER})
  lambent_check_layers(${name} ${ARG_LAYER} "${ARG_DEPS}")
  target_link_libraries(${target} ${scope} ${ARG_DEPS})
endfunction()

function(lambent_check_layers name layer deps)
  foreach(dep IN LISTS deps)
    if(NOT dep MATCHES "^lambent::")
      continue()
    endif()
    get_target_property(real ${dep} ALIASED_TARGET)
    if(NOT real)
      set(real ${dep})
    endif()
    get_target_property(below ${real} LAMBENT_LAYER)
    if(NOT below LESS layer)
      message(FATAL_ERROR
        "layering: lambent::${name} (${layer}) may not depend on ${dep} (${below})")
    endif()
  endforeach()
endfunction()

# lambent_sanitized(<target>): an executable that the thread sanitizer, where it is on, is to judge.
function(lambent_sanitized target)
  if(TARGET absl_mutex_for_tsan)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:absl_mutex_for_tsan>)
    target_link_libraries(${target} PRIVATE ${CMAKE_DL_LIBS})
  endif()
endfunction()

# lambent_program(<name> [DEPS <target>...] [STATIC]): main.cc of the current folder, into bin/.
#   STATIC: one file that needs nothing of the machine it runs on (not under a sanitizer, whose
#   runtime is shared; there the same sources are linked dynamically).
function(lambent_program name)
  cmake_parse_arguments(ARG "STATIC" "" "DEPS" ${ARGN})
  add_executable(${name} main.cc)
  add_dependencies(programs ${name})
  lambent_sanitized(${name})
  target_link_libraries(${name} PRIVATE lambent_warnings ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(ARG_STATIC AND NOT LAMBENT_SANITIZE)
    set_target_properties(${name} PROPERTIES LAMBENT_STATIC TRUE)
    target_link_options(${name} PRIVATE -static -Wl,--gc-sections)
    # libunwind refers to these weakly; unless forced in they stay null in a static program and the
    # first unwind jumps to address 0.
    foreach(symbol IN ITEMS once key_create setspecific getspecific mutex_init mutex_lock mutex_unlock)
      target_link_options(${name} PRIVATE -Wl,-u,pthread_${symbol})
    endforeach()
    # The only variable CMake puts after every other library of the link line.
    set(CMAKE_CXX_STANDARD_LIBRARIES "${LAMBENT_STATIC_CLOSURE}" PARENT_SCOPE)
  endif()
endfunction()

# lambent_test(<name> [DEPS <target>...] [LABELS ...]): every *_test.cc of the current folder in one
#   binary, each case found by ctest. The label "unit" (default) is what the sanitizer presets run.
#   SERIAL: nothing else runs beside its cases.
function(lambent_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name}_test ${sources})
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${name}_test)
  endif()
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name}_test PRIVATE lambent_warnings ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  lambent_sanitized(${name}_test)
  target_compile_definitions(${name}_test PRIVATE
    LAMBENT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" LAMBENT_BINARY_DIR="${CMAKE_BINARY_DIR}/bin")
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_SERIAL})
endfunction()

# lambent_fuzz(<name> [DEPS <target>...]): <name>_fuzz.cc with LLVMFuzzerTestOneInput. With
#   LAMBENT_FUZZ a libFuzzer program; always also a test that replays tests/fuzz/corpus/<name>/.
function(lambent_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  if(LAMBENT_FUZZ)
    add_executable(${name}_fuzz ${name}_fuzz.cc)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name}_fuzz ${name}_fuzz.cc ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc)
  endif()
  add_dependencies(unit_tests ${name}_fuzz)
  target_include_directories(${name}_fuzz PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name}_fuzz PRIVATE lambent_warnings ${ARG_DEPS})
  add_test(NAME fuzz.${name} COMMAND ${name}_fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS "unit" TIMEOUT 60)
endfunction()

# lambent_benchmark(<name> [DEPS <target>...]): <name>.cc with Google Benchmark, into bin/. Also a test
#   that runs each case once, so that a benchmark cannot rot.
function(lambent_benchmark name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${name}.cc)
  add_dependencies(benchmarks ${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE lambent_warnings ${ARG_DEPS} benchmark::benchmark benchmark::benchmark_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  add_test(NAME bench.${name} COMMAND ${name} --benchmark_min_time=0.001)
  set_tests_properties(bench.${name} PROPERTIES LABELS "bench" TIMEOUT 60)
endfunction()
