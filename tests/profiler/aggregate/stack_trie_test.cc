// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/stack_trie.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

Frame At(uint64_t address) {
  Frame frame;
  frame.kind = FrameKind::kNative;
  frame.address = address;
  return frame;
}

TEST(StackTrieTest, GivesEqualStacksOneNode) {
  StackTrie trie;
  const Stack stack = {At(3), At(2), At(1)};

  const uint32_t node = trie.Intern(stack);

  EXPECT_NE(node, 0u);
  EXPECT_EQ(trie.Intern(stack), node);
  EXPECT_EQ(trie.nodes().size(), 4u);
}

TEST(StackTrieTest, SharesThePathFromTheRoot) {
  StackTrie trie;
  const uint32_t first = trie.Intern({At(3), At(2), At(1)});
  const uint32_t second = trie.Intern({At(4), At(2), At(1)});

  EXPECT_EQ(trie.nodes()[first].parent, trie.nodes()[second].parent);
  EXPECT_LT(trie.nodes()[second].parent, second);
}

TEST(StackTrieTest, GivesBackTheStack) {
  StackTrie trie;
  const Stack stack = {At(3), At(2), At(2), At(1)};
  Stack again;

  trie.Materialise(trie.Intern(stack), &again);

  EXPECT_EQ(again, stack);
}

TEST(StackTrieTest, EmptyStackIsNodeZero) {
  StackTrie trie;
  EXPECT_EQ(trie.Intern({}), 0u);
}

TEST(StackTrieTest, SaysWhenFullAndStillKnowsTheOldOnes) {
  StackTrie trie;
  const uint32_t known = trie.Intern({At(1)});
  uint32_t node = 0;
  for (uint64_t i = 2; i < 100'000 && node != StackTrie::kFull; ++i) node = trie.Intern({At(i)});

  EXPECT_EQ(node, StackTrie::kFull);
  EXPECT_EQ(trie.Intern({At(1)}), known);
  EXPECT_LE(trie.frames().size(), StackTrie::kMaxFrames);
}

TEST(StackTrieTest, ForgottenKeysNeverMeetNewStacks) {
  StackTrie trie;
  const uint32_t before = trie.Intern({At(2), At(1)});

  trie.ForgetKeys();
  const uint32_t after = trie.Intern({At(2), At(1)});

  EXPECT_NE(after, before);
  EXPECT_GE(trie.nodes()[after].frame, trie.first_known_frame());
  EXPECT_LT(trie.nodes()[before].frame, trie.first_known_frame());
}

}  // namespace
}  // namespace lambent
