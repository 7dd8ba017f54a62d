// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "extensions/stream/batch_stream.h"
#include "extensions/stream/uplink_options.h"

namespace lambent {

// Opens Ingest.Stream over gRPC: one channel per attempt, with the least that gRPC can do with: no
// proxy, no keepalive, no retries, no service config, no compression, own subchannels. TLS files
// are read at each attempt (a rotated certificate is picked up); one that cannot be read ends the
// attempt.
StreamOpener GrpcStreamOpener(ChannelSettings settings);

}  // namespace lambent
