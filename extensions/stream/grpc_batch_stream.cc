// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/grpc_batch_stream.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/async_stream.h>

#include "extensions/stream/connection_cause.h"
#include "lambent/v1/ingest.grpc.pb.h"

namespace lambent {
namespace {

// What the completion queue tells us.
enum Tag : intptr_t { kStarted = 1, kRead, kWrite, kFinish, kWake };
void* TagOf(Tag tag) { return reinterpret_cast<void*>(static_cast<intptr_t>(tag)); }

gpr_timespec In(absl::Duration wait) {
  const int64_t ms = absl::ToInt64Milliseconds(wait + absl::Microseconds(999));
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

absl::Status ToStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      ConnectionCause(status.error_message()));
}

// One call on one channel, driven by its own completion queue on the uplink thread.
class GrpcBatchStream final : public BatchStream {
 public:
  GrpcBatchStream(std::shared_ptr<grpc::Channel> channel, const std::string& token)
      : stub_(v1::Ingest::NewStub(channel)) {
    if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
    context_.set_compression_algorithm(GRPC_COMPRESS_NONE);
    call_ = stub_->AsyncStream(&context_, &queue_, TagOf(kStarted));
  }

  ~GrpcBatchStream() override {
    context_.TryCancel();
    alarm_.Cancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  void Write(const v1::ClientMessage& message) override {
    if (finishing_) return;
    if (started_) {
      call_->Write(message, TagOf(kWrite));
    } else {
      first_ = message;
    }
  }

  StreamEvent Next(absl::Duration wait) override {
    const gpr_timespec deadline = In(wait);
    StreamEvent event;
    void* tag = nullptr;
    bool ok = false;
    while (!closed_ && queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
      if (Handle(static_cast<Tag>(reinterpret_cast<intptr_t>(tag)), ok, &event)) return event;
    }
    return event;
  }

  void Wake() override {
    // One alarm at a time; acquire-release pairs with its completion in Handle.
    if (waking_.exchange(true, std::memory_order_acq_rel)) return;
    alarm_.Set(&queue_, gpr_now(GPR_CLOCK_MONOTONIC), TagOf(kWake));
  }

 private:
  // True when `event` is to be returned.
  bool Handle(Tag tag, bool ok, StreamEvent* event) {
    switch (tag) {
      case kStarted:
        if (!ok) return Finish();
        started_ = true;
        call_->Read(&incoming_, TagOf(kRead));
        if (first_.has_value()) call_->Write(*first_, TagOf(kWrite));
        first_.reset();
        return false;
      case kRead:
        if (!ok) return Finish();
        event->kind = StreamEvent::Kind::kMessage;
        event->message.Swap(&incoming_);
        call_->Read(&incoming_, TagOf(kRead));
        return true;
      case kWrite:
        // A failed write is followed by the failure of the read, which says why.
        event->kind = StreamEvent::Kind::kWritten;
        return ok;
      case kFinish:
        closed_ = true;
        event->kind = StreamEvent::Kind::kClosed;
        event->status = ToStatus(status_);
        return true;
      case kWake:
        waking_.store(false, std::memory_order_release);
        event->kind = StreamEvent::Kind::kWoken;
        return true;
    }
    return false;
  }

  bool Finish() {
    if (!finishing_) call_->Finish(&status_, TagOf(kFinish));
    finishing_ = true;
    return false;
  }

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<v1::Ingest::Stub> stub_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::ClientMessage, v1::ServerMessage>> call_;
  grpc::Alarm alarm_;
  std::atomic<bool> waking_{false};
  v1::ServerMessage incoming_;
  std::optional<v1::ClientMessage> first_;
  grpc::Status status_;
  bool started_ = false;
  bool finishing_ = false;
  bool closed_ = false;
};

// An attempt that failed before it began.
class FailedStream final : public BatchStream {
 public:
  explicit FailedStream(absl::Status status) : status_(std::move(status)) {}
  void Write(const v1::ClientMessage&) override {}
  StreamEvent Next(absl::Duration) override {
    StreamEvent event;
    event.kind = StreamEvent::Kind::kClosed;
    event.status = status_;
    return event;
  }
  void Wake() override {}

 private:
  const absl::Status status_;
};

grpc::ChannelArguments LeanArguments() {
  grpc::ChannelArguments arguments;
  // HTTP(S)_PROXY of the function is not meant for us.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A channel is one attempt: nothing of the last one's subchannel, backoff or retries.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Pings would wake a process that is about to be frozen.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, INT_MAX);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  arguments.SetInt(GRPC_ARG_TCP_READ_CHUNK_SIZE, 4096);
  arguments.SetInt(GRPC_ARG_TCP_MIN_READ_CHUNK_SIZE, 1024);
  // Answers are small; what is not is not from a collector.
  arguments.SetMaxReceiveMessageSize(1 << 20);
  arguments.SetMaxSendMessageSize(32 << 20);
  return arguments;
}

// gRPC's target: numeric addresses go round its resolvers, which want threads and files.
std::string TargetOf(std::string_view collector) {
  constexpr std::string_view kLocalhost = "localhost:";
  if (collector.substr(0, kLocalhost.size()) == kLocalhost) {
    return "ipv4:127.0.0.1:" + std::string(collector.substr(kLocalhost.size()));
  }
  if (collector.substr(0, 1) == "[") return "ipv6:" + std::string(collector);
  const bool numeric = collector.find_first_not_of("0123456789.:") == std::string_view::npos;
  return (numeric ? "ipv4:" : "dns:///") + std::string(collector);
}

// False when the file cannot be read. An empty path is an empty text.
bool ReadText(const std::string& path, std::string* text) {
  if (path.empty()) return true;
  std::ifstream file(path, std::ios::binary);
  text->assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof();
}

}  // namespace

bool TlsByDefault(std::string_view collector) {
  const std::string_view host = collector.substr(0, collector.rfind(':'));
  const bool loopback_v4 = host.substr(0, 4) == "127." &&
                           host.find_first_not_of("0123456789.") == std::string_view::npos;
  return !(host == "localhost" || loopback_v4 || host == "[::1]");
}

StreamOpener GrpcStreamOpener(ChannelSettings settings) {
  // gRPC's own log would land in the function's log group, line by line while a collector is away.
  gpr_set_log_function([](gpr_log_func_args*) {});
  return [settings = std::move(settings)]() -> std::unique_ptr<BatchStream> {
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    if (settings.tls) {
      grpc::SslCredentialsOptions ssl;
      for (const auto& [path, text] :
           {std::pair(&settings.tls_ca_file, &ssl.pem_root_certs),
            std::pair(&settings.tls_certificate_file, &ssl.pem_cert_chain),
            std::pair(&settings.tls_key_file, &ssl.pem_private_key)}) {
        if (!ReadText(*path, text)) {
          return std::make_unique<FailedStream>(
              absl::FailedPreconditionError("read TLS file " + *path + ": cannot be read"));
        }
      }
      credentials = grpc::SslCredentials(ssl);
    } else {
      credentials = grpc::InsecureChannelCredentials();
    }
    grpc::ChannelArguments arguments = LeanArguments();
    // The name that a certificate must be for is the one we were told, not what it became.
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, settings.collector);
    return std::make_unique<GrpcBatchStream>(
        grpc::CreateCustomChannel(TargetOf(settings.collector), credentials, arguments),
        settings.token);
  };
}

}  // namespace lambent
