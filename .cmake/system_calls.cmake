# SPDX-License-Identifier: Apache-2.0
# lambent_list_system_calls(<file>): the names of the system calls that the compiler's kernel headers know for the
# architecture compiled for, one LAMBENT_SYSTEM_CALL(name) a line. Numbers are left to the compiler: some are
# expressions.
function(lambent_list_system_calls file)
  separate_arguments(flags NATIVE_COMMAND "${CMAKE_CXX_FLAGS}")
  if(CMAKE_CXX_COMPILER_TARGET)
    list(APPEND flags --target=${CMAKE_CXX_COMPILER_TARGET})
  endif()
  if(CMAKE_SYSROOT)
    list(APPEND flags --sysroot=${CMAKE_SYSROOT})
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${flags} -x c++ -dM -E -include asm/unistd.h /dev/null
    OUTPUT_VARIABLE macros COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "#define __NR_[a-z0-9_]+ " names "${macros}")
  list(TRANSFORM names REPLACE "#define __NR_([a-z0-9_]+) " "\\1")
  # Bounds of the table, not calls.
  list(FILTER names EXCLUDE REGEX "^(syscalls|arch_specific_syscall)$")
  list(LENGTH names count)
  if(count LESS 200)
    message(FATAL_ERROR "system calls: asm/unistd.h names ${count} only")
  endif()
  list(SORT names)
  list(TRANSFORM names REPLACE "(.+)" "LAMBENT_SYSTEM_CALL(\\1)\n")
  list(JOIN names "" text)
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
endfunction()
