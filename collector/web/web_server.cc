// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/web_server.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include <httplib.h>

#include "collector/query/frame_name.h"
#include "collector/web/overview_page.h"
#include "collector/web/pages.h"

namespace lambent::collector {
namespace {

constexpr int kTimeoutSeconds = 10;
constexpr size_t kMaxRequestBytes = 64 * 1024;
constexpr size_t kWorkers = 8;

// Self-contained pages: their own inline style and script, images of their own making, and nothing
// from or to anywhere else.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "font-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'";

std::unique_ptr<httplib::Server> MakeServer(const WebAccess& access) {
  if (access.certificate_file.empty()) return std::make_unique<httplib::Server>();
  return std::make_unique<httplib::SSLServer>(
      access.certificate_file.c_str(), access.key_file.c_str(),
      access.client_ca_file.empty() ? nullptr : access.client_ca_file.c_str());
}

class HttplibServer final : public WebServer {
 public:
  HttplibServer(ProfileStore& store, const IngestCounters& counters, const os::Clock& clock,
                const WebAccess& access, const SourceView& view)
      : pages_(store, counters, clock, view), token_(access.token), server_(MakeServer(access)) {
    server_->new_task_queue = [] { return new httplib::ThreadPool(kWorkers); };
    // The library's default would let two collectors share one port unnoticed (SO_REUSEPORT).
    server_->set_socket_options([](auto socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    server_->set_read_timeout(kTimeoutSeconds);
    server_->set_write_timeout(kTimeoutSeconds);
    server_->set_payload_max_length(kMaxRequestBytes);
    server_->Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
    });
  }
  ~HttplibServer() override { Stop(); }

  absl::Status Listen(const std::string& host, int port) {
    if (!server_->is_valid()) {
      return absl::InvalidArgumentError(
          "--tls-cert, --tls-key, --tls-client-ca: not a certificate, its key and an authority in "
          "PEM");
    }
    port_ = port == 0 ? server_->bind_to_any_port(host)
                      : (server_->bind_to_port(host, port) ? port : -1);
    if (port_ <= 0) {
      const bool v6 = host.find(':') != std::string::npos;
      return absl::UnavailableError(absl::StrCat(
          "listen for http on ", v6 ? "[" : "", host, v6 ? "]:" : ":", port,
          ": the address is in use (another lambent-collector?) or not of this machine; choose "
          "another with --http-address"));
    }
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    // Until it runs, stop() would be lost and the thread never end.
    while (!server_->is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  void Stop() override {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }

 private:
  void Answer(const httplib::Request& request, httplib::Response& response) const {
    response.set_header("Content-Security-Policy", kContentSecurityPolicy);
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Referrer-Policy", "no-referrer");
    response.set_header("Cache-Control", "no-store");
    if (request.path != "/healthz" && !token_.Accepts(request.get_header_value("Authorization"))) {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"lambent-collector\"");
      response.set_content("this collector wants its token: as Bearer, or as a password\n",
                           "text/plain; charset=utf-8");
      return;
    }
    Parameters parameters;
    for (const auto& [name, value] : request.params) parameters[name] = value;
    const absl::StatusOr<WebAnswer> answer = pages_.Get(request.path, parameters);
    if (answer.ok()) {
      if (!answer->file_name.empty()) {
        response.set_header("Content-Disposition",
                            "attachment; filename=\"" + answer->file_name + "\"");
      }
      response.set_content(answer->body, answer->content_type.c_str());
      return;
    }
    response.status = HttpStatus(answer.status());
    const std::string message(answer.status().message());
    const bool for_people =
        request.get_header_value("Accept").find("text/html") != std::string::npos;
    response.set_content(
        for_people ? MessagePage("This cannot be shown", message) : SafeText(message) + "\n",
        for_people ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
  }

  const Pages pages_;
  const AccessToken token_;
  const std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Create(
    const std::string& host, int port, ProfileStore& store, const IngestCounters& counters,
    const os::Clock& clock, const WebAccess& access, const SourceView& view) {
  auto server = std::make_unique<HttplibServer>(store, counters, clock, access, view);
  if (absl::Status s = server->Listen(host, port); !s.ok()) return s;
  return server;
}

}  // namespace lambent::collector
