// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/call_machinery.h"

#include <algorithm>
#include <array>

namespace lambent::cpython {
namespace {

// Of CPython 3.9 to 3.14; statics too, which full symbol tables name.
constexpr std::array<std::string_view, 45> kFunctions = {
    "PyGen_am_send",
    "_PyEval_EvalCode",
    "_PyEval_EvalCodeWithName",
    "_PyEval_EvalFrame",
    "_PyEval_EvalFrameDefault",
    "_PyEval_Vector",
    "_PyFunction_Vectorcall",
    "_PyGen_Send",
    "_PyObject_FastCallDictTstate",
    "_PyObject_GetMethod",
    "_PyObject_LookupAttr",
    "_PyObject_MakeTpCall",
    "_PyObject_VectorcallMethod",
    "_PyVectorcall_Call",
    "_Py_CheckFunctionResult",
    "_Py_HandlePending",
    "builtin___build_class__",
    "builtin___import__",
    "builtin___import___impl",
    "builtin_exec",
    "builtin_exec_impl",
    "call_function",
    "call_method",
    "call_trampoline",
    "call_unbound",
    "call_unbound_noarg",
    "context_run",
    "coro_wrapper_send",
    "do_call_core",
    "eval_frame_handle_pending",
    "function_code_fastcall",
    "gen_iternext",
    "gen_send",
    "gen_send_ex",
    "gen_send_ex2",
    "import_find_and_load",
    "import_name",
    "object_vacall",
    "partial_call",
    "partial_vectorcall",
    "run_eval_code_obj",
    "run_mod",
    "trace_call_function",
    "type_call",
    "wrap_call",
};

constexpr std::array<std::string_view, 27> kPrefixes = {
    "PyEval_EvalCode",
    "PyEval_EvalFrame",
    "PyImport_Import",
    "PyIter_Send",
    "PyObject_Call",
    "PyObject_GetAttr",
    "PyObject_GetOptional",
    "PyObject_SetAttr",
    "PyObject_Vectorcall",
    "PyRun_",
    "PyVectorcall_",
    "_PyCFunction_",
    "_PyFunction_Fast",
    "_PyImport_",
    "_PyObject_Call",
    "_PyObject_FastCall",
    "_PyObject_Generic",
    "_PyObject_Vectorcall",
    "_PyType_Call",
    "cfunction_",
    "classmethod",
    "method_vectorcall",
    "property_descr_",
    "pyrun_",
    "slot_",
    "vectorcall_",
    "wrapper",
};

}  // namespace

bool IsCallMachinery(std::string_view function) {
  // What compilers append to parts and clones: ".cold", ".constprop.0", ".lto_priv.0".
  function = function.substr(0, function.find('.'));
  return std::binary_search(kFunctions.begin(), kFunctions.end(), function) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(), [function](std::string_view prefix) {
           return function.substr(0, prefix.size()) == prefix;
         });
}

}  // namespace lambent::cpython
