// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/delivery_trouble.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Said(const ChannelSettings& channel, void (*what)(DeliveryTrouble&)) {
  DeliveryTrouble trouble(channel);
  testing::internal::CaptureStderr();
  what(trouble);
  return testing::internal::GetCapturedStderr();
}

const ChannelSettings kPlain = [] {
  ChannelSettings channel;
  channel.collector = "10.0.0.7:4820";
  channel.tls = false;
  return channel;
}();

TEST(DeliveryTroubleTest, SaysOnceWhatToDo) {
  const std::string said = Said(kPlain, [](DeliveryTrouble& trouble) {
    for (int i = 1; i < 20; ++i) trouble.Note(absl::UnavailableError("connection refused"), i);
    trouble.OnEnd(false);
  });
  EXPECT_EQ(
      said,
      "lambent: profiles cannot be delivered to 10.0.0.7:4820: connection refused; the function "
      "is not affected. Check LAMBENT_COLLECTOR and that lambent-collector runs there\n");
}

TEST(DeliveryTroubleTest, APassingFailureIsNotWorthALine) {
  EXPECT_EQ(Said(kPlain,
                 [](DeliveryTrouble& trouble) {
                   trouble.Note(absl::UnavailableError("restarting"), 1);
                   trouble.OnEnd(true);
                 }),
            "");
}

TEST(DeliveryTroubleTest, AShortLifeWithoutACollectorIs) {
  EXPECT_THAT(Said(kPlain,
                   [](DeliveryTrouble& trouble) {
                     trouble.Note(absl::UnavailableError("connection refused"), 1);
                     trouble.OnEnd(false);
                   }),
              HasSubstr("connection refused"));
}

TEST(DeliveryTroubleTest, ALifeTooShortForAnAnswerIs) {
  EXPECT_EQ(
      Said(kPlain, [](DeliveryTrouble& trouble) { trouble.OnEnd(false); }),
      "lambent: profiles cannot be delivered to 10.0.0.7:4820: it did not answer in time; the "
      "function is not affected. Check LAMBENT_COLLECTOR and that lambent-collector runs there\n");
  EXPECT_EQ(Said(kPlain, [](DeliveryTrouble& trouble) { trouble.OnEnd(true); }), "");
}

TEST(DeliveryTroubleTest, NamesTlsOnlyWhereItIsUsed) {
  const absl::Status status = absl::UnavailableError("handshake failed");
  EXPECT_THAT(DeliveryTrouble::Line("c:1", true, status), HasSubstr("LAMBENT_TLS=off"));
  EXPECT_THAT(DeliveryTrouble::Line("c:1", false, status), Not(HasSubstr("TLS")));
}

TEST(DeliveryTroubleTest, OfACollectorThatRunsItSaysWhatElseToDo) {
  const std::string token = DeliveryTrouble::Line(
      "c:1", false, absl::UnauthenticatedError("this collector wants its token (LAMBENT_TOKEN)"));
  EXPECT_EQ(token,
            "profiles cannot be delivered to c:1: this collector wants its token (LAMBENT_TOKEN); "
            "the function is not affected. Give the function what that collector's --token-file "
            "holds");
  EXPECT_THAT(DeliveryTrouble::Line("c:1", true, absl::ResourceExhaustedError("disk is full")),
              testing::AllOf(HasSubstr("disk is full"), HasSubstr("Make room"),
                             Not(HasSubstr("runs there"))));
}

TEST(DeliveryTroubleTest, PassesOnWhyABatchWasRefused) {
  EXPECT_THAT(Said(kPlain, [](DeliveryTrouble& trouble) { trouble.NoteRefused("no such stack"); }),
              testing::AllOf(HasSubstr("refused a batch: no such stack"),
                             HasSubstr("counted as rejected"), HasSubstr("one version")));
}

TEST(DeliveryTroubleTest, AStreamThatTheCollectorEndsIsNoRefusedBatch) {
  const absl::Status ended = absl::InvalidArgumentError("stream: a second hello");
  // Of another version, it may not know a message; on the next stream all goes well.
  EXPECT_EQ(Said(kPlain,
                 [](DeliveryTrouble& trouble) {
                   trouble.Note(absl::InvalidArgumentError("stream: a second hello"), 1);
                 }),
            "");
  EXPECT_THAT(DeliveryTrouble::Line("c:1", false, ended),
              testing::AllOf(HasSubstr("cannot be delivered to c:1: stream: a second hello"),
                             HasSubstr("one version"), Not(HasSubstr("batch"))));
}

}  // namespace
}  // namespace lambent
