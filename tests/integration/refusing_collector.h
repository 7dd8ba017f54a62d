// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "lambent/v1/ingest.grpc.pb.h"

namespace lambent {

// A collector that welcomes everybody and refuses every batch with one reason.
class RefusingCollector final : public v1::Ingest::Service {
 public:
  explicit RefusingCollector(std::string reason) : reason_(std::move(reason)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~RefusingCollector() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int refused() const { return refused_; }

  grpc::Status Stream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::ServerMessage, v1::ClientMessage>* stream) override {
    v1::ClientMessage message;
    while (stream->Read(&message)) {
      v1::ServerMessage answer;
      if (message.has_hello()) {
        answer.mutable_welcome()->set_durable_sequence(0);
      } else if (message.has_batch()) {
        answer.mutable_rejected()->set_sequence(message.batch().sequence());
        answer.mutable_rejected()->set_reason(reason_);
        ++refused_;
      } else {
        continue;
      }
      stream->Write(answer);
    }
    return grpc::Status::OK;
  }

 private:
  const std::string reason_;
  int port_ = 0;
  std::atomic<int> refused_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace lambent
