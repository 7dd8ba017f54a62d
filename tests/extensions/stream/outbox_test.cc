// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/outbox.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

EncodedBatch Batch(uint64_t sequence, uint32_t epoch = 1, size_t content = 100,
                   size_t remainder = 10) {
  EncodedBatch batch;
  batch.sequence = sequence;
  batch.dictionary_epoch = epoch;
  batch.content = std::string(content, 'c');
  batch.remainder = std::string(remainder, 'r');
  batch.samples = 5;
  batch.drops.Add(DropReason::kRefused, 1);
  return batch;
}

TEST(OutboxTest, GivesBatchesInOrderAndForgetsAcknowledgedOnes) {
  Outbox outbox(1 << 20);
  for (uint64_t i = 1; i <= 3; ++i) outbox.Put(Batch(i));

  EXPECT_EQ(outbox.Next(0)->sequence, 1u);
  EXPECT_EQ(outbox.Next(2)->sequence, 3u);
  EXPECT_FALSE(outbox.Next(3).has_value());

  outbox.Acked(2);
  EXPECT_EQ(outbox.Next(0)->sequence, 3u);
  EXPECT_EQ(outbox.backlog().bytes, 110u);
}

TEST(OutboxTest, ShrinksTheOldestWhenFull) {
  Outbox outbox(350);
  for (uint64_t i = 1; i <= 4; ++i) outbox.Put(Batch(i));

  EXPECT_EQ(outbox.Next(0)->content, std::string(10, 'r'));
  EXPECT_EQ(outbox.Next(0)->samples, 0u);
  EXPECT_EQ(outbox.Next(3)->content, std::string(100, 'c'));
  EXPECT_LE(outbox.backlog().bytes, 350u);
  EXPECT_FALSE(outbox.owes());  // the remainder itself reports the drops
}

TEST(OutboxTest, WhenRemaindersOverflowTheyBecomeADebtAndANewEpoch) {
  Outbox outbox(35);
  for (uint64_t i = 1; i <= 4; ++i) outbox.Put(Batch(i));

  const SinkDebt debt = outbox.TakeDebt();

  EXPECT_TRUE(debt.new_epoch);
  EXPECT_EQ(debt.lost.of(DropReason::kOutboxFull), 4 * 5u);
  EXPECT_EQ(debt.lost.of(DropReason::kRefused), 4u);
  EXPECT_EQ(debt.batches, 4u);
  EXPECT_EQ(outbox.backlog().batches, 0u);
  EXPECT_FALSE(outbox.owes());
}

TEST(OutboxTest, WhatMayHaveArrivedNeverLeavesToMakeRoom) {
  Outbox outbox(35);
  outbox.Put(Batch(1));
  outbox.Put(Batch(2));
  outbox.MarkSent(1);
  for (uint64_t i = 3; i <= 8; ++i) outbox.Put(Batch(i));

  EXPECT_EQ(outbox.Next(0)->sequence, 1u);
  outbox.Acked(1);
  EXPECT_EQ(outbox.TakeDebt().lost.of(DropReason::kOutboxFull), 7 * 5u);
}

TEST(OutboxTest, LateBatchesOfABrokenEpochAreLostToo) {
  Outbox outbox(1 << 20);
  outbox.Put(Batch(1));
  outbox.Put(Batch(2));
  outbox.Put(Batch(3, 2));

  outbox.Rejected(1);
  EXPECT_EQ(outbox.Next(0)->sequence, 3u);
  EXPECT_EQ(outbox.TakeDebt().lost.of(DropReason::kRejected), 10u);
  EXPECT_FALSE(outbox.TakeDebt().new_epoch);  // the session writes epoch 2 already

  outbox.Put(Batch(4, 1));
  EXPECT_EQ(outbox.TakeDebt().lost.of(DropReason::kRejected), 5u);
}

TEST(OutboxTest, RejectingTheCurrentEpochAsksForANewOne) {
  Outbox outbox(1 << 20);
  outbox.Put(Batch(1));

  outbox.Rejected(1);

  EXPECT_TRUE(outbox.TakeDebt().new_epoch);
  EXPECT_FALSE(outbox.Rejected(99));  // unknown
  EXPECT_FALSE(outbox.owes());
}

TEST(OutboxTest, ACollectorThatForgotGetsANewEpoch) {
  Outbox outbox(1 << 20);
  for (uint64_t i = 1; i <= 4; ++i) outbox.Put(Batch(i));
  outbox.Acked(2);

  outbox.ResetDictionary(0);

  const SinkDebt debt = outbox.TakeDebt();
  EXPECT_TRUE(debt.new_epoch);
  EXPECT_EQ(debt.lost.of(DropReason::kCollectorReset), 10u);
  EXPECT_EQ(outbox.acked(), 0u);
}

TEST(OutboxTest, BelievesNoAcknowledgementOfWhatWasNeverPut) {
  Outbox outbox(1 << 20);
  outbox.Put(Batch(1));

  outbox.Acked(~uint64_t{0});
  outbox.Put(Batch(2));

  EXPECT_EQ(outbox.acked(), 1u);
  EXPECT_EQ(outbox.Next(0)->sequence, 2u);
}

TEST(OutboxTest, TellsAfterEachPut) {
  int calls = 0;
  Outbox outbox(1 << 20, [&calls] { ++calls; });
  outbox.Put(Batch(1));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace lambent
