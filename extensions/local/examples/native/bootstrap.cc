// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The demo's native function: a custom runtime for provided.al2023 that is also its own handler, as
// small as one can be. It stands alone, the way a customer's function does: nothing of Lambent's.
//
// Event (all optional): "work":N (10 is some 100 ms of CPU), "sleep_ms":N, "then":"hang"|"crash".
// The answer holds how long each named function ran, by the function's own clock, in milliseconds.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "extensions/local/examples/native/runtime_client.h"

// Each function stays one function with one frame: no inlining, no clones, no tail calls.
#if defined(__clang__)
#define FUNCTION __attribute__((noinline))
#else
#define FUNCTION __attribute__((noinline, noclone))
#endif
#define KEEP_FRAME() asm volatile("" ::: "memory")

namespace shop {

struct Spent {
  double handle_event = 0, process_order = 0, price_items = 0, apply_discounts = 0, checksum = 0,
         wait_for_stock = 0;
};

double NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

class Timed {
 public:
  explicit Timed(double& total) : total_(total), start_(NowMs()) {}
  ~Timed() { total_ += NowMs() - start_; }

 private:
  double& total_;
  double start_;
};

FUNCTION uint32_t apply_discounts(int work, Spent& spent) {
  const Timed timed(spent.apply_discounts);
  volatile uint32_t discount = 1;
  for (int i = 0; i < work * 2'500'000; ++i) discount = discount * 1664525u + 1013904223u;
  KEEP_FRAME();
  return discount;
}

FUNCTION uint32_t price_items(int work, Spent& spent) {
  const Timed timed(spent.price_items);
  volatile uint32_t total = 7;
  for (int i = 0; i < work * 1'500'000; ++i)
    total = total ^ (total << 5) ^ static_cast<uint32_t>(i);
  const uint32_t discount = apply_discounts(work, spent);
  KEEP_FRAME();
  return total - discount;
}

FUNCTION uint32_t checksum(int work, Spent& spent) {
  const Timed timed(spent.checksum);
  volatile uint32_t value = 17;
  for (int i = 0; i < work * 3'000'000; ++i) value = value * 31u + static_cast<uint32_t>(i);
  KEEP_FRAME();
  return value;
}

FUNCTION uint32_t process_order(int work, Spent& spent) {
  const Timed timed(spent.process_order);
  const uint32_t total = price_items(work, spent);
  const uint32_t sum = checksum(work, spent);
  KEEP_FRAME();
  return total ^ sum;
}

FUNCTION void wait_for_stock(int64_t ms, Spent& spent) {
  const Timed timed(spent.wait_for_stock);
  const timespec pause{ms / 1000, (ms % 1000) * 1'000'000};
  nanosleep(&pause, nullptr);
  KEEP_FRAME();
}

FUNCTION void wait_for_payment() {
  sleep(3600);
  KEEP_FRAME();
}

// The number behind "name": in a flat JSON object; a sample's parser, not a parser.
int64_t Number(const std::string& event, const std::string& name, int64_t otherwise) {
  const size_t at = event.find('"' + name + '"');
  if (at == std::string::npos) return otherwise;
  const size_t colon = event.find(':', at);
  return colon == std::string::npos ? otherwise : std::atoll(event.c_str() + colon + 1);
}

FUNCTION std::string handle_event(const std::string& event) {
  Spent spent;
  uint32_t total = 0;
  {
    const Timed timed(spent.handle_event);
    total = process_order(static_cast<int>(Number(event, "work", 10)), spent);
    wait_for_stock(Number(event, "sleep_ms", 50), spent);
    if (event.find("\"hang\"") != std::string::npos) wait_for_payment();
    if (event.find("\"crash\"") != std::string::npos) kill(getpid(), SIGKILL);
  }
  char answer[512];
  std::snprintf(answer, sizeof answer,
                "{\"total\":%u,\"spent_ms\":{\"handle_event\":%.3f,\"process_order\":%.3f,"
                "\"price_items\":%.3f,\"apply_discounts\":%.3f,\"checksum\":%.3f,"
                "\"wait_for_stock\":%.3f}}",
                total, spent.handle_event, spent.process_order, spent.price_items,
                spent.apply_discounts, spent.checksum, spent.wait_for_stock);
  return answer;
}

// What an init phase has to do: fill a table. Seen in the profile of the cold start.
FUNCTION uint64_t load_catalogue() {
  volatile uint64_t entries = 0;
  for (uint64_t i = 0; i < 60'000'000; ++i) entries = entries + i * i;
  KEEP_FRAME();
  return entries;
}

}  // namespace shop

int main() {
  shop::load_catalogue();
  RuntimeClient client(std::getenv("AWS_LAMBDA_RUNTIME_API"));
  for (;;) {
    Invocation invocation;
    if (!client.Next(&invocation)) return 1;
    const std::string answer = shop::handle_event(invocation.event);
    if (!client.Respond(invocation.request_id, answer)) return 1;
  }
}
