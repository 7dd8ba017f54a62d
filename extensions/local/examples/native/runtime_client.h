// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

struct Invocation {
  std::string request_id;
  std::string event;
};

// The Runtime API's two calls, one connection a call. A sample: it trusts its server, and gives up
// (false) on anything unexpected. Confined to one thread.
class RuntimeClient {
 public:
  // `api` is AWS_LAMBDA_RUNTIME_API, numeric host:port; null or malformed makes every call fail.
  explicit RuntimeClient(const char* api) : api_(api == nullptr ? "" : api) {}

  // Waits, without limit, for the next event.
  bool Next(Invocation* invocation) {
    std::string head;
    if (!Call("GET", "next", "", &head, &invocation->event)) return false;
    invocation->request_id = Header(head, "lambda-runtime-aws-request-id");
    return !invocation->request_id.empty();
  }

  bool Respond(const std::string& request_id, const std::string& answer) {
    std::string head, body;
    return Call("POST", request_id + "/response", answer, &head, &body);
  }

 private:
  static std::string Header(const std::string& head, const std::string& name) {
    size_t line = 0;
    while ((line = head.find("\r\n", line)) != std::string::npos) {
      line += 2;
      if (strncasecmp(head.c_str() + line, (name + ":").c_str(), name.size() + 1) != 0) continue;
      const size_t value = head.find_first_not_of(' ', line + name.size() + 1);
      return head.substr(value, head.find("\r\n", value) - value);
    }
    return "";
  }

  bool Call(const char* verb, const std::string& what, const std::string& content,
            std::string* head, std::string* body) {
    const int fd = Connect();
    if (fd < 0) return false;
    const std::string request = std::string(verb) + " /2018-06-01/runtime/invocation/" + what +
                                " HTTP/1.1\r\nHost: " + api_ +
                                "\r\nConnection: close\r\nContent-Type: application/json\r\n" +
                                "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
                                content;
    size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t n = send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    std::string answer;
    size_t end = std::string::npos, length = 0;
    char buffer[16384];
    while (end == std::string::npos || answer.size() < end + 4 + length) {
      const ssize_t n = read(fd, buffer, sizeof buffer);
      if (n <= 0) break;
      answer.append(buffer, static_cast<size_t>(n));
      if (end == std::string::npos && (end = answer.find("\r\n\r\n")) != std::string::npos) {
        length =
            std::strtoul(Header(answer.substr(0, end + 2), "content-length").c_str(), nullptr, 10);
      }
    }
    close(fd);
    if (end == std::string::npos || answer.compare(0, 10, "HTTP/1.1 2") != 0) return false;
    *head = answer.substr(0, end + 2);
    *body = answer.substr(end + 4);
    return true;
  }

  int Connect() const {
    const size_t colon = api_.find(':');
    if (colon == std::string::npos) return -1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::atoi(api_.c_str() + colon + 1)));
    const std::string host =
        api_.substr(0, colon) == "localhost" ? "127.0.0.1" : api_.substr(0, colon);
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return -1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
  }

  std::string api_;
};
