// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/http_message.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent {
namespace {

using Kind = HttpReader::Kind;

constexpr char kChunked[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "4;name=value\r\nlamb\r\n3\r\nent\r\n0\r\nTrailer: x\r\n\r\n";

TEST(HttpReaderTest, ReadsContentLength) {
  HttpReader reader(Kind::kResponse, 100);
  ASSERT_TRUE(reader.Feed("HTTP/1.1 200 OK\r\ncontent-LENGTH:  5 \r\nX: y\r\n\r\nhello").ok());
  ASSERT_TRUE(reader.complete());
  const HttpMessage message = reader.Take();
  EXPECT_EQ(message.status, 200);
  EXPECT_EQ(message.body, "hello");
  EXPECT_EQ(HeaderOf(message.headers, "x"), "y");
  EXPECT_TRUE(message.keep_alive);
}

TEST(HttpReaderTest, ReadsChunksHoweverTheBytesAreCut) {
  const std::string bytes = kChunked;
  for (size_t step = 1; step <= bytes.size(); ++step) {
    HttpReader reader(Kind::kResponse, 100);
    for (size_t i = 0; i < bytes.size(); i += step) {
      ASSERT_TRUE(reader.Feed(bytes.substr(i, step)).ok()) << step;
    }
    ASSERT_TRUE(reader.complete()) << step;
    EXPECT_EQ(reader.Take().body, "lambent");
    EXPECT_TRUE(reader.untouched());
  }
}

TEST(HttpReaderTest, ReadsUntilTheEndOfTheStream) {
  HttpReader reader(Kind::kResponse, 100);
  ASSERT_TRUE(reader.Feed("HTTP/1.0 403 No\r\n\r\nsome").ok());
  EXPECT_FALSE(reader.complete());
  ASSERT_TRUE(reader.FeedEnd().ok());
  ASSERT_TRUE(reader.complete());
  const HttpMessage message = reader.Take();
  EXPECT_EQ(message.body, "some");
  EXPECT_FALSE(message.keep_alive);
}

TEST(HttpReaderTest, PassesOverAnInterimResponse) {
  HttpReader reader(Kind::kResponse, 100);
  ASSERT_TRUE(reader.Feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").ok());
  ASSERT_TRUE(reader.complete());
  EXPECT_EQ(reader.Take().status, 204);
}

TEST(HttpReaderTest, ReadsPipelinedRequests) {
  HttpReader reader(Kind::kRequest, 100);
  ASSERT_TRUE(reader
                  .Feed("POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"
                        "GET /b HTTP/1.1\r\nConnection: close\r\n\r\n")
                  .ok());
  ASSERT_TRUE(reader.complete());
  EXPECT_EQ(reader.Take().target, "/a");
  ASSERT_TRUE(reader.complete());
  const HttpMessage second = reader.Take();
  EXPECT_EQ(second.method, "GET");
  EXPECT_FALSE(second.keep_alive);
}

TEST(HttpReaderTest, KeepsOnlyTheBeginningOfABodyThatIsTooLong) {
  HttpReader reader(Kind::kRequest, 4);
  ASSERT_TRUE(reader.Feed("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n01234").ok());
  ASSERT_TRUE(reader.Feed("56789GET / HTTP/1.1\r\n\r\n").ok());
  ASSERT_TRUE(reader.complete());
  const HttpMessage cut = reader.Take();
  EXPECT_EQ(cut.body, "0123");
  EXPECT_TRUE(cut.truncated);
  EXPECT_TRUE(reader.complete()) << "the next message is found behind the body";
}

TEST(HttpReaderTest, KnowsWhenThePeerWaitsForContinue) {
  HttpReader reader(Kind::kRequest, 100);
  ASSERT_TRUE(
      reader.Feed("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").ok());
  EXPECT_TRUE(reader.expects_continue());
  ASSERT_TRUE(reader.Feed("ab").ok());
  EXPECT_FALSE(reader.expects_continue());
}

TEST(HttpReaderTest, RefusesWhatIsNotHttp) {
  const std::string long_head = "HTTP/1.1 200 OK\r\nA: " + std::string(20'000, 'x');
  std::string many_fields = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) many_fields += "A: b\r\n";
  const std::string cases[] = {
      "garbage\r\n\r\n",
      "\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(2000, '1'),
      long_head,
      many_fields + "\r\n",
  };
  for (const std::string& bytes : cases) {
    HttpReader reader(Kind::kResponse, 100);
    EXPECT_FALSE(reader.Feed(bytes).ok()) << bytes.substr(0, 100);
    EXPECT_FALSE(reader.Feed("HTTP/1.1 200 OK\r\n\r\n").ok()) << "an error is final";
  }
}

TEST(HttpReaderTest, SaysThatAMessageWasCutShort) {
  HttpReader reader(Kind::kResponse, 100);
  ASSERT_TRUE(reader.Feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe").ok());
  EXPECT_EQ(reader.FeedEnd().code(), absl::StatusCode::kDataLoss);
}

TEST(SerializeRequestTest, RoundTripsThroughTheReader) {
  HttpMessage request;
  request.method = "PUT";
  request.target = "/2022-07-01/telemetry";
  request.headers = {{"A", "b"}};
  request.body = "{}";
  HttpReader reader(Kind::kRequest, 100);
  ASSERT_TRUE(reader.Feed(SerializeRequest("127.0.0.1:9001", request)).ok());
  ASSERT_TRUE(reader.complete());
  const HttpMessage read = reader.Take();
  EXPECT_EQ(read.method, "PUT");
  EXPECT_EQ(read.target, request.target);
  EXPECT_EQ(read.body, "{}");
  EXPECT_EQ(HeaderOf(read.headers, "host"), "127.0.0.1:9001");
  EXPECT_EQ(HeaderOf(read.headers, "a"), "b");
}

}  // namespace
}  // namespace lambent
