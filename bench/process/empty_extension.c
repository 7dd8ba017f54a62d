// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The least an extension can be: registers, calls next, answers SHUTDOWN by ending. Static, like ours.
// What it costs is the machine's and the API's share of every start-up figure.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[65536];

static int Call(const char* api, const char* request) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  char host[64] = "";
  const char* colon = strchr(api, ':');
  if (colon == NULL || (size_t)(colon - api) >= sizeof host) return -1;
  memcpy(host, api, (size_t)(colon - api));
  address.sin_port = htons((unsigned short)atoi(colon + 1));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return -1;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) return -1;
  if (write(fd, request, strlen(request)) < 0) return -1;
  size_t have = 0;
  for (ssize_t n; have < sizeof answer - 1 && (n = read(fd, answer + have, sizeof answer - 1 - have)) > 0;) {
    have += (size_t)n;
    answer[have] = 0;
    const char* end = strstr(answer, "\r\n\r\n");
    const char* length = strcasestr(answer, "content-length:");
    if (end && length && have >= (size_t)(end + 4 - answer) + (size_t)atoi(length + 15)) break;
  }
  close(fd);
  return have > 12 && answer[9] == '2' ? 0 : -1;
}

int main(int argc, char** argv) {
  (void)argc;
  const char* api = getenv("AWS_LAMBDA_RUNTIME_API");
  const char* slash = strrchr(argv[0], '/');
  const char* name = slash ? slash + 1 : argv[0];
  char request[1024], id[64] = "";
  const char* events = "{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}";
  if (api == NULL) return 2;
  snprintf(request, sizeof request,
           "POST /2020-01-01/extension/register HTTP/1.1\r\nHost: %s\r\nLambda-Extension-Name: %s\r\n"
           "Content-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
           api, name, strlen(events), events);
  if (Call(api, request) != 0) return 1;
  const char* header = strcasestr(answer, "lambda-extension-identifier:");
  if (header == NULL || sscanf(header + 28, " %63[^\r\n]", id) != 1) return 1;
  snprintf(request, sizeof request,
           "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: %s\r\n"
           "Lambda-Extension-Identifier: %s\r\nConnection: close\r\n\r\n",
           api, id);
  do {
    if (Call(api, request) != 0) return 1;
  } while (strstr(answer, "\"SHUTDOWN\"") == NULL);
  return 0;
}
