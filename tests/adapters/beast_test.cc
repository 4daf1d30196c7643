// HTTP by Beast over the loopback interface: messages whose bodies are streams, and what goes wrong.
#include "quire/adapters/beast.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/adapters/asio.h"
#include "quire/adapters/gtest.h"
#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "quire/detail/pages.h"
#include "quire/spooled_io.h"
#include "support/test_stream.h"

namespace quire {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using std::string;
using test::pattern;
using test::random_bytes;
using test::text;

static_assert(http::is_body<StreamBody<>>::value);
static_assert(http::is_body_reader<StreamBody<>>::value);
static_assert(http::is_body_writer<StreamBody<SpooledIO>>::value);

/// Two connected sockets.
struct Link {
  Link() {
    net::ip::tcp::acceptor acceptor(context, net::ip::tcp::endpoint(net::ip::tcp::v4(), 0));
    here.connect(acceptor.local_endpoint());
    acceptor.accept(there);
  }

  net::io_context context;
  net::ip::tcp::socket here{context};
  net::ip::tcp::socket there{context};
};

template <class Body>
http::request<Body> put(bool chunked = false) {
  http::request<Body> request{http::verb::put, "/", 11};
  request.chunked(chunked);
  return request;
}

TEST(StreamBody, ArrivesAsItWasSent) {
  for (const bool chunked : {false, true}) {
    for (const std::size_t size : {0U, 1U, 5000U, 3'000'000U}) {
      const string data = random_bytes(size);
      Link link;
      const std::jthread sender([&] {
        auto request = put<StreamBody<>>(chunked);
        request.body().write(data);  // where the stream then stands does not matter
        if (!chunked) request.prepare_payload();
        EXPECT_COPIED_AT_MOST(0) {
          http::write(link.here, request);
        }
        EXPECT_EQ(request.body().tell(), size);
      });
      boost::beast::flat_buffer buffer;
      http::request_parser<StreamBody<SpooledIO>> parser;
      parser.body_limit(10'000'000);
      parser.get().body() = SpooledIO(SpooledOptions{.max_size = 100'000});
      http::read(link.there, buffer, parser);
      SpooledIO body = std::move(parser.get().body());
      EXPECT_EQ(body.rolled(), size > 100'000);
      EXPECT_EQ(body.tell(), 0U) << "to be read";
      EXPECT_TRUE(body.read() == ByteSpan(data)) << size << (chunked ? " in chunks" : "");
    }
  }
}

TEST(StreamBody, IsWrittenBehindWhatThereIs) {
  Link link;
  auto request = put<http::string_body>();
  request.body() = "abc";
  request.prepare_payload();
  http::write(link.here, request);
  boost::beast::flat_buffer buffer;
  http::request_parser<StreamBody<>> parser;
  parser.get().body().write("head");
  http::read(link.there, buffer, parser);
  EXPECT_EQ(parser.get().body().tell(), 4U);
  EXPECT_EQ(text(parser.get().body().getvalue()), "headabc");
}

TEST(StreamBody, WhatIsSentIsASnapshot) {
  const string data = random_bytes(4'000'000);
  Link link;
  http::response<StreamBody<>> response;
  response.body() = BytesIO(Bytes(data));
  response.prepare_payload();
  http::response_serializer<StreamBody<>> serializer(response);
  error_code failed = net::error::would_block;
  http::async_write(link.here, serializer, [&](error_code error, std::size_t) { failed = error; });
  link.context.poll();
  response.body().write("changed while it is sent");
  std::jthread sender([&] {
    link.context.restart();
    link.context.run();
  });
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(10'000'000);
  http::read(link.there, buffer, parser);
  sender.join();
  EXPECT_FALSE(failed);
  EXPECT_TRUE(parser.get().body() == data);
}

/// What reading `sent` as a request comes to.
template <class S>
error_code refusal(const string& sent, S body, std::uint64_t limit = 1 << 20) {
  Link link;
  const std::jthread sender([&] {
    error_code ignored;
    net::write(link.here, net::buffer(sent), ignored);
    link.here.shutdown(net::socket_base::shutdown_send, ignored);
  });
  boost::beast::flat_buffer buffer;
  http::request_parser<StreamBody<S>> parser;
  parser.body_limit(limit);
  parser.get().body() = std::move(body);
  error_code error;
  http::read(link.there, buffer, parser, error);
  return error;
}

string request_of(const string& length, const string& body) {
  return "PUT / HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\n" + body;
}

TEST(StreamBody, RefusesWhatIsTooMuch) {
  const string data(5000, 'x');
  EXPECT_FALSE(refusal(request_of("5000", data), BytesIO()));
  EXPECT_EQ(refusal(request_of("5000", data), BytesIO(StorageOptions{.size_limit = 4999})),
            http::error::body_limit);
  EXPECT_EQ(refusal(request_of("5000", data), SpooledIO(SpooledOptions{.size_limit = 4999})),
            http::error::body_limit);
  EXPECT_EQ(refusal(request_of("5000", data), BytesIO(), 4999), http::error::body_limit);
  const string chunked =
      "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + data + "\r\n0\r\n\r\n";
  EXPECT_FALSE(refusal(chunked, BytesIO()));
  EXPECT_EQ(refusal(chunked, BytesIO(StorageOptions{.size_limit = 4999})), http::error::body_limit);
}

TEST(StreamBody, RefusesWhatIsCut) {
  EXPECT_EQ(refusal(request_of("5000", "only this"), BytesIO()), http::error::partial_message);
}

TEST(StreamBody, RefusesWhatCannotBeStored) {
  if (!detail::pages::available()) GTEST_SKIP() << "the portable back end spills nothing";
  const error_code error =
      refusal(request_of("5000", string(5000, 'x')),
              SpooledIO(SpooledOptions{.max_size = 1, .directory = "/no/such"}));
  EXPECT_EQ(error.value(), ENOENT) << error.message();
}

TEST(StreamBody, ALiarGetsNoMemory) {
  release_cached_memory();  // what others have left is memory that was touched
  Link link;
  net::write(link.here, net::buffer(request_of("1000000000000", "abc")));
  boost::beast::flat_buffer buffer;
  http::request_parser<StreamBody<>> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  http::read_header(link.there, buffer, parser);
  link.here.close();
  error_code error;
  http::read(link.there, buffer, parser, error);
  EXPECT_EQ(error, http::error::partial_message);
  EXPECT_LE(parser.get().body().retained_bytes(), 2U << 20);
}

TEST(StreamBody, ManyMessagesComeThroughOneStreamBuffer) {
  Link link;
  const std::jthread sender([&] {
    for (int i = 0; i < 500; ++i) {
      auto request = put<StreamBody<>>(i % 3 == 0);
      request.body().write(pattern(static_cast<std::size_t>(i * 10)));
      if (i % 3 != 0) request.prepare_payload();
      http::write(link.here, request);
    }
  });
  BytesIO received;
  StreamBuffer buffer(received);
  for (int i = 0; i < 500; ++i) {
    http::request<StreamBody<>> request;
    http::read(link.there, buffer, request);
    ASSERT_TRUE(request.body().getvalue() == ByteSpan(pattern(static_cast<std::size_t>(i * 10))));
  }
  EXPECT_LT(received.size(), 300'000U) << "what was consumed is given up";
}

// The socket is received into the body itself: Beast reads the header alone.
TEST(StreamBody, ABodyCanBeReceivedInPlace) {
  const string data = random_bytes(2'000'000);
  Link link;
  const std::jthread sender([&] {
    auto request = put<http::string_body>();
    request.body() = data;
    request.prepare_payload();
    http::write(link.here, request);
  });
  BytesIO received;
  StreamBuffer buffer(received);
  http::request_parser<http::empty_body> parser;
  parser.body_limit(10'000'000);
  http::read_header(link.there, buffer, parser);
  const auto size = static_cast<std::size_t>(*parser.content_length());
  net::read(link.there, buffer, net::transfer_exactly(size - buffer.size()));
  EXPECT_TRUE(received.read() == ByteSpan(data));
}

}  // namespace
}  // namespace quire
