// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/call_site.h"

#include <cstring>
#include <initializer_list>

#include <gtest/gtest.h>

namespace lambent {
namespace {

// The bytes before a return address, as memory has them; nops in front.
uint64_t Before(std::initializer_list<unsigned char> code) {
  unsigned char bytes[kCallBytes];
  std::memset(bytes, 0x90, sizeof(bytes));
  std::memcpy(bytes + sizeof(bytes) - code.size(), code.begin(), code.size());
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

#if defined(__x86_64__)
TEST(CallSiteTest, KnowsEveryFormOfCall) {
  EXPECT_TRUE(EndsInCall(Before({0xe8, 1, 2, 3, 4}))) << "call rel32";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0xd0}))) << "call *%rax";
  EXPECT_TRUE(EndsInCall(Before({0x41, 0xff, 0xd4}))) << "call *%r12";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x10}))) << "call *(%rax)";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x50, 0x18}))) << "call *0x18(%rax)";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x14, 0xc1}))) << "call *(%rcx,%rax,8)";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x54, 0x24, 0x08}))) << "call *0x8(%rsp)";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x15, 1, 2, 3, 4}))) << "call *0x4030201(%rip)";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x90, 1, 2, 3, 4}))) << "call *0x4030201(%rax)";
  EXPECT_TRUE(EndsInCall(Before({0xff, 0x14, 0xc5, 1, 2, 3, 4}))) << "call *0x4030201(,%rax,8)";
}

TEST(CallSiteTest, RefusesWhatIsNoCall) {
  EXPECT_FALSE(EndsInCall(Before({0x90})));
  EXPECT_FALSE(EndsInCall(Before({0xe9, 1, 2, 3, 4}))) << "jmp rel32";
  EXPECT_FALSE(EndsInCall(Before({0xff, 0xe0}))) << "jmp *%rax";
  EXPECT_FALSE(EndsInCall(Before({0xff, 0x50}))) << "cut off";
  EXPECT_FALSE(EndsInCall(0));
}
#elif defined(__aarch64__)
TEST(CallSiteTest, KnowsBranchesWithLink) {
  EXPECT_TRUE(EndsInCall(Before({0x01, 0x00, 0x00, 0x94}))) << "bl";
  EXPECT_TRUE(EndsInCall(Before({0x00, 0x00, 0x3f, 0xd6}))) << "blr x0";
  EXPECT_FALSE(EndsInCall(Before({0x01, 0x00, 0x00, 0x14}))) << "b";
}
#endif

}  // namespace
}  // namespace lambent
