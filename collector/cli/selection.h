// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "collector/cli/arguments.h"
#include "lambent/v1/query.pb.h"

namespace lambent::cli {

// The flags that say which samples are meant, the same for every command that asks for some.
std::vector<Flag> SelectionFlags();
// Those that choose invocations: without the ones that choose among an invocation's samples.
std::vector<Flag> InvocationFlags();

// Their meaning. Pure. Errors: INVALID_ARGUMENT for a time that cannot be read.
absl::StatusOr<v1::Selection> SelectionOf(const Arguments& arguments, absl::Time now);

// A selector of `lambent diff`: "function=f,version=3,phase=init,cold=true", the names being those
// of SelectionFlags(). Pure. Errors: INVALID_ARGUMENT that names the part that is wrong.
absl::StatusOr<v1::Selection> ParseSelector(const std::string& selector, absl::Time now);

// "init" … as lambent.v1.Phase, "success" … as InvocationStatus, "wall" … as Weight, "html" … as
// Format; the unspecified value for anything else. Pure.
v1::Phase PhaseOf(const std::string& name);
v1::InvocationStatus StatusOf(const std::string& name);
v1::Weight WeightOf(const std::string& name);
v1::Format FormatOf(const std::string& name);

// "success", "timeout", … for people; "-" when unknown. Pure.
std::string StatusName(v1::InvocationStatus status);

}  // namespace lambent::cli
