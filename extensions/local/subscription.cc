// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/subscription.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace lambent::local {
namespace {

using Json = nlohmann::json;

absl::Status Invalid(const std::string& what) {
  return absl::InvalidArgumentError("ValidationError: " + what);
}

const Json* Member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

absl::Status ReadBound(const Json& buffering, const char* name, int64_t low, int64_t high,
                       int64_t* to) {
  const Json* value = Member(buffering, name);
  if (value == nullptr) return absl::OkStatus();
  if (!value->is_number_integer() || value->get<int64_t>() < low || value->get<int64_t>() > high) {
    return Invalid(absl::StrCat(name, " must be from ", low, " to ", high));
  }
  *to = value->get<int64_t>();
  return absl::OkStatus();
}

absl::Status ReadTypes(const Json& body, std::set<std::string>* types) {
  const Json* list = Member(body, "types");
  if (list == nullptr || !list->is_array() || list->empty()) {
    return Invalid("types must be a list with at least one entry");
  }
  for (const Json& type : *list) {
    if (type != "platform" && type != "function" && type != "extension") {
      return Invalid("types must be of platform, function, extension");
    }
    types->insert(type.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ReadDestination(const Json& body, Subscription* subscription) {
  const Json* destination = Member(body, "destination");
  if (destination == nullptr || !destination->is_object()) return Invalid("destination is missing");
  const Json* protocol = Member(*destination, "protocol");
  if (protocol == nullptr || *protocol != "HTTP") {
    return Invalid("destination.protocol: only HTTP is supported");
  }
  const Json* uri = Member(*destination, "URI");
  if (uri == nullptr || !uri->is_string()) return Invalid("destination.URI is missing");
  const std::string text = uri->get<std::string>();
  for (const char* prefix : {"http://sandbox.localdomain:", "http://sandbox:"}) {
    if (text.rfind(prefix, 0) != 0) continue;
    const std::string rest = text.substr(std::string(prefix).size());
    const size_t slash = std::min(rest.find('/'), rest.size());
    int port = 0;
    const bool clean = rest.find_first_of(" \r\n") == std::string::npos;
    if (!clean || !absl::SimpleAtoi(rest.substr(0, slash), &port) || port < 1 || port > 65'535) {
      return Invalid("destination.URI: bad port");
    }
    subscription->port = static_cast<uint16_t>(port);
    subscription->path = slash < rest.size() ? rest.substr(slash) : "/";
    return absl::OkStatus();
  }
  return Invalid("destination.URI must be http://sandbox.localdomain:PORT/…");
}

}  // namespace

absl::StatusOr<Subscription> ParseSubscription(const std::string& body_untrusted) {
  const Json body = Json::parse(body_untrusted, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return Invalid("the body is not a JSON object");
  const Json* version = Member(body, "schemaVersion");
  if (version == nullptr || (*version != "2022-07-01" && *version != "2022-12-13")) {
    return Invalid("schemaVersion must be 2022-07-01 or 2022-12-13");
  }
  Subscription subscription;
  if (absl::Status read = ReadTypes(body, &subscription.types); !read.ok()) return read;
  if (absl::Status read = ReadDestination(body, &subscription); !read.ok()) return read;
  const Json* buffering = Member(body, "buffering");
  if (buffering == nullptr) return subscription;
  if (!buffering->is_object()) return Invalid("buffering is not an object");
  Buffering& b = subscription.buffering;
  for (absl::Status read : {ReadBound(*buffering, "maxItems", 1'000, 10'000, &b.max_items),
                            ReadBound(*buffering, "maxBytes", 262'144, 1'048'576, &b.max_bytes),
                            ReadBound(*buffering, "timeoutMs", 25, 30'000, &b.timeout_ms)}) {
    if (!read.ok()) return read;
  }
  return subscription;
}

}  // namespace lambent::local
