// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "extensions/stream/flush_policy.h"

namespace lambent {

// Who we are: the Hello message without protobuf; lambent.v1.Hello documents the fields.
struct Greeting {
  struct RungProbe {
    uint32_t rung = 0;
    bool available = false;
    std::string reason;
    bool operator==(const RungProbe&) const = default;
  };
  std::string environment_id;  // 16 random bytes
  std::string function_name;
  std::string function_version;
  std::string region;
  std::string handler;
  uint32_t memory_mb = 0;
  std::string architecture;
  std::string runtime;
  std::string initialization_type;
  std::string extension_version;
  uint32_t sample_hz = 0;
  std::vector<RungProbe> rungs;
  absl::Time started = absl::UnixEpoch();
  bool provides_symbols = false;
  bool operator==(const Greeting&) const = default;
};

// Where the collector is and how to speak to it. A value.
struct ChannelSettings {
  std::string collector;  // host:port
  // False: plaintext. See TlsByDefault.
  bool tls = false;
  std::string tls_ca_file;           // PEM; empty: the system's roots
  std::string tls_certificate_file;  // PEM, of the client; empty: none
  std::string tls_key_file;          // PEM
  std::string token;                 // sent as "authorization: Bearer …"; empty: none
};

// True unless the host of `collector` is loopback (localhost, 127.0.0.0/8, ::1).
bool TlsByDefault(std::string_view collector);

struct UplinkOptions {
  FlushMode flush = FlushMode::kAdaptive;
  uint64_t outbox_limit_bytes = 8 << 20;
  // Batches sent and not acknowledged at most: bounds what a dead stream makes us resend.
  uint64_t window_batches = 16;
  absl::Duration connect_timeout = absl::Seconds(5);
  // A sent batch not acknowledged, or a message not read, for this long of un-frozen time: the
  // stream is dead.
  absl::Duration ack_timeout = absl::Seconds(5);
  // A freeze this long: the stream is taken for dead at once (NAT gateways forget after 350 s).
  absl::Duration stale_after = absl::Seconds(240);
  absl::Duration backoff_first = absl::Milliseconds(50);
  absl::Duration backoff_limit = absl::Seconds(5);
  uint64_t seed = 1;
};

}  // namespace lambent
