// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/web_server.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <httplib.h>

#include "tests/fakes/fake_clock.h"
#include "tests/support/store_fixture.h"

namespace lambent::collector {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WebServerTest : public testing::StoreTest {
 protected:
  WebServerTest() {
    auto server = WebServer::Create("127.0.0.1", 0, *store_, counters_, clock_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  httplib::Result Get(const std::string& path, const httplib::Headers& headers = {}) {
    httplib::Client client("127.0.0.1", server_->port());
    return client.Get(path.c_str(), headers);
  }

  fakes::FakeClock clock_;
  IngestCounters counters_;
  std::unique_ptr<WebServer> server_;
};

TEST_F(WebServerTest, ShowsFunctionsAndInvocations) {
  ASSERT_TRUE(Store(*Open(), 1, testing::GoodContent()).ok());
  const auto page = Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_THAT(page->body, HasSubstr("orders"));
  // In the first cell, beside its name: a table is often wider than the window.
  EXPECT_THAT(page->body, HasSubstr("<td class=\"id\">r1<nav><a href=\"/flamegraph?request_id=r1"));
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

TEST_F(WebServerTest, TellsAttemptsOfOneRequestApart) {
  const int64_t again_us = testing::kTestTimeUs + 60'000'000;
  v1::BatchContent content = testing::GoodContent();
  testing::AddSegment(content, "r1", v1::PHASE_INVOKE, again_us);
  testing::AddEvent(content, v1::InvocationEvent::INVOKE, "r1", testing::kTestTimeUs);
  testing::AddEvent(content, v1::InvocationEvent::INVOKE, "r1", again_us);
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  const auto page = Get("/");
  EXPECT_THAT(page->body, HasSubstr("attempt 2 of 2"));
  EXPECT_THAT(page->body, HasSubstr("/flamegraph?attempt=2&amp;request_id=r1"));
  EXPECT_THAT(Get("/export?request_id=r1&format=json")->body,
              HasSubstr("\"samples\":10,\"partial_samples\""));
  EXPECT_THAT(Get("/export?request_id=r1&attempt=2&format=json")->body,
              HasSubstr("\"samples\":5,\"partial_samples\""));
  EXPECT_EQ(Get("/export?request_id=r1&attempt=3")->status, 404);
  EXPECT_EQ(Get("/export?attempt=2")->status, 400);
}

TEST_F(WebServerTest, NamesOfStrangersAreOnlyEverText) {
  const std::string hostile = "<script>alert('1')</script>\"&\xff";
  v1::Hello hello = testing::GoodHello();
  hello.set_function_name("\"><img src=x onerror=alert(1)>");
  v1::BatchContent content = testing::GoodContent();
  content.mutable_segments(0)->set_request_id(hostile);
  ASSERT_TRUE(Store(*Open(hello), 1, content).ok());
  const auto page = Get("/");
  EXPECT_THAT(page->body, Not(HasSubstr("<script")));
  EXPECT_THAT(page->body, Not(HasSubstr("<img")));
  EXPECT_THAT(page->body, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)"));
  EXPECT_THAT(page->body, HasSubstr("request_id=%3Cscript%3E"));
}

TEST_F(WebServerTest, ExportsWhatIsAskedFor) {
  ASSERT_TRUE(Store(*Open(), 1, testing::GoodContent()).ok());
  const auto folded = Get("/export?request_id=r1&format=folded&weight=samples");
  ASSERT_TRUE(folded);
  EXPECT_EQ(folded->status, 200);
  EXPECT_THAT(folded->body, HasSubstr("main;work 3"));
  EXPECT_THAT(folded->get_header_value("Content-Disposition"), HasSubstr("lambent.folded"));
  const auto html = Get("/flamegraph?function=orders");
  EXPECT_EQ(html->status, 200);
  EXPECT_THAT(html->get_header_value("Content-Type"), HasSubstr("text/html"));
  const auto diff =
      Get("/diff?base_request_id=r1&compare_function=orders&format=folded&weight=samples");
  EXPECT_EQ(diff->status, 200) << diff->body;
}

TEST_F(WebServerTest, SaysWhatIsWrongWithARequest) {
  EXPECT_EQ(Get("/export?phase=warm")->status, 400);
  EXPECT_THAT(Get("/export?phase=warm")->body, HasSubstr("expected init"));
  EXPECT_EQ(Get("/export?nonsense=1")->status, 400);
  EXPECT_EQ(Get("/export?request_id=nobody")->status, 404);
  EXPECT_EQ(Get("/nowhere")->status, 404);
  const auto page = Get("/export?phase=%3Cb%3E", {{"Accept", "text/html"}});
  EXPECT_THAT(page->body, HasSubstr("phase=&lt;b&gt;"));
  EXPECT_THAT(page->body, Not(HasSubstr("<b>")));
}

TEST_F(WebServerTest, SpeaksPrometheus) {
  counters_.batches_accepted = 3;
  counters_.CountCommit(1500);
  const auto metrics = Get("/metrics");
  EXPECT_THAT(metrics->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
  EXPECT_THAT(metrics->body, HasSubstr("\nlambent_batches_accepted_total 3\n"));
  EXPECT_THAT(metrics->body, HasSubstr("lambent_commit_seconds_bucket{le=\"0.001\"} 0\n"));
  EXPECT_THAT(metrics->body, HasSubstr("lambent_commit_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_EQ(Get("/healthz")->body, "ok\n");
}

TEST_F(WebServerTest, RefusesAnAddressInUse) {
  const auto second = WebServer::Create("127.0.0.1", server_->port(), *store_, counters_, clock_);
  EXPECT_FALSE(second.ok());
}

}  // namespace
}  // namespace lambent::collector
