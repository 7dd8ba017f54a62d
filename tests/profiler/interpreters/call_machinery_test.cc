// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/call_machinery.h"

#include <gtest/gtest.h>

namespace lambent::cpython {
namespace {

TEST(CallMachineryTest, FunctionsThatOnlyCarryCallsAreMachinery) {
  for (const char* name :
       {"_PyEval_EvalFrameDefault", "_PyEval_EvalFrameDefault.cold", "_PyEval_Vector",
        "PyObject_Vectorcall", "_PyObject_MakeTpCall", "cfunction_vectorcall_O",
        "method_vectorcall", "slot_tp_call", "gen_send_ex2.constprop.0", "PyGen_am_send",
        "builtin_exec", "PyImport_ImportModuleLevelObject", "object_vacall.lto_priv.0",
        "_Py_HandlePending"}) {
    EXPECT_TRUE(IsCallMachinery(name)) << name;
  }
}

TEST(CallMachineryTest, FunctionsThatDoSomethingAreNot) {
  for (const char* name :
       {"time_sleep", "builtin_sorted", "list_sort_impl", "take_gil", "PyThread_acquire_lock_timed",
        "_io__Buffered_read", "gc_collect_main", "PyEval_RestoreThread", "_PyBytes_FormatEx",
        "select_poll_poll", "unicode_decode_utf8", "", "PyObject_Repr"}) {
    EXPECT_FALSE(IsCallMachinery(name)) << name;
  }
}

}  // namespace
}  // namespace lambent::cpython
