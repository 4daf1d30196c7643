// The tests of quire/adapters/asio.h, with real sockets over the loopback interface. Included once by
// each Asio's test, which says what `net` and `Error` are: one program cannot have both.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/adapters/asio.h"
#include "quire/adapters/gtest.h"
#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "quire/spooled_io.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::pattern;
using test::random_bytes;
using test::text;

/// Two connected sockets, the other one for a thread of its own.
class Link {
 public:
  Link() {
    net::ip::tcp::acceptor acceptor(context, net::ip::tcp::endpoint(net::ip::tcp::v4(), 0));
    here.connect(acceptor.local_endpoint());
    acceptor.accept(there);
  }

  /// All that comes at the other end until this one is closed.
  std::jthread receive(string* all) {
    return std::jthread([this, all] {
      Error ended;
      std::array<char, 5000> room{};
      for (;;) {
        const std::size_t count =
            there.read_some(net::mutable_buffer(room.data(), room.size()), ended);
        if (ended) return;
        all->append(room.data(), count);
      }
    });
  }

  /// Sends from the other end, in pieces, and closes it.
  std::jthread send(const string& data, std::size_t piece) {
    return std::jthread([this, &data, piece] {
      for (std::size_t at = 0; at < data.size(); at += piece) {
        const std::size_t size = std::min(piece, data.size() - at);
        write(there, net::const_buffer(data.data() + at, size));
      }
      there.close();
    });
  }

  net::io_context context;
  net::ip::tcp::socket here{context};
  net::ip::tcp::socket there{context};
};

TEST(Asio, KnowsWhatIsWhat) {
  static_assert(net::is_const_buffer_sequence<ConstBuffers>::value);
  static_assert(!net::is_mutable_buffer_sequence<ConstBuffers>::value, "nobody writes to Bytes");
  static_assert(net::is_mutable_buffer_sequence<MutableBuffers>::value);
  static_assert(net::is_dynamic_buffer_v1<StreamBuffer>::value);
  static_assert(net::is_const_buffer_sequence<StreamBuffer::const_buffers_type>::value);
  static_assert(net::is_mutable_buffer_sequence<StreamBuffer::mutable_buffers_type>::value);
  EXPECT_EQ(net::buffer_size(ConstBuffers()), 0U);
}

TEST(Asio, WhatIsSentOutlivesTheStream) {
  Link link;
  const string data = random_bytes(5'000'000);
  string received;
  {
    const std::jthread receiver = link.receive(&received);
    std::size_t sent = 0;
    const auto done = [&](Error error, std::size_t count) {
      EXPECT_FALSE(error);
      sent = count;
      link.here.close();
    };
    {
      BytesIO stream{ByteSpan(data)};
      EXPECT_COPIED_AT_MOST(0) {
        async_write(link.here, ConstBuffers(stream.getvalue()), done);
      }
      // `stream` goes, and with it all handles but the operation's
    }
    release_cached_memory();  // what is nobody's is not there any more
    EXPECT_COPIED_AT_MOST(0) {
      link.context.run();
    }
    EXPECT_EQ(sent, data.size());
  }
  EXPECT_TRUE(received == data);
}

TEST(Asio, ManySlicesGoInOneOperation) {
  Link link;
  std::vector<Bytes> slices;
  string expected;
  for (std::size_t i = 0; i < 3000; ++i) {
    slices.emplace_back(ByteSpan(pattern(i % 7 == 0 ? 0 : i % 500)));
    expected += text(slices.back());
  }
  string received;
  {
    const std::jthread receiver = link.receive(&received);
    const ConstBuffers buffers(slices);
    slices.clear();
    EXPECT_EQ(net::buffer_size(buffers), expected.size());
    EXPECT_COPIED_AT_MOST(0) {
      EXPECT_EQ(write(link.here, buffers), expected.size());
    }
    const Bytes tail("tail");
    write(link.here, ConstBuffers(std::vector<MemoryView>{MemoryView(tail), MemoryView(tail)}));
    write(link.here, ConstBuffers(std::vector<Bytes>()));
    link.here.close();
  }
  EXPECT_TRUE(received == expected + "tailtail");
}

TEST(Asio, AViewIsFilledInPlaceAndPinnedMeanwhile) {
  Link link;
  BytesIO stream;
  stream.resize(100'000);
  const string data = random_bytes(100'000);
  const std::jthread sender = link.send(data, 7001);
  bool done = false;
  const auto filled = [&](Error error, std::size_t count) {
    EXPECT_FALSE(error);
    EXPECT_EQ(count, data.size());
    done = true;
  };
  async_read(link.here, MutableBuffers(stream.getbuffer()), filled);
  EXPECT_THROW(stream.truncate(0), BufferError);
  EXPECT_COPIED_AT_MOST(0) {
    link.context.run();
  }
  EXPECT_TRUE(done);
  stream.truncate(stream.size() - 1);
  EXPECT_TRUE(stream.getvalue() == ByteSpan(data).subspan(0, 99'999));
}

TEST(Asio, ViewsAreFilledOneAfterAnother) {
  Link link;
  BytesIO head;
  head.resize(10);
  BytesIO body;
  body.resize(20);
  const std::vector<MutableMemoryView> views = {head.getbuffer(), body.getbuffer()};
  const string data = pattern(30);
  const std::jthread sender = link.send(data, 4);
  EXPECT_EQ(read(link.here, MutableBuffers(views)), 30U);
  EXPECT_EQ(text(head.getvalue()) + text(body.getvalue()), data);
}

TEST(Asio, AViewWithGapsIsRefused) {
  const Bytes bytes("0123456789");
  EXPECT_THROW(ConstBuffers(MemoryView(bytes).slice(0, 10, 2)), BufferError);
  BytesIO stream{bytes};
  EXPECT_THROW(MutableBuffers(stream.getbuffer().slice(0, 10, 2)), BufferError);
  EXPECT_EQ(net::buffer_size(ConstBuffers(stream.getbuffer())), 10U);
}

// --- StreamBuffer ----------------------------------------------------------------------------------

/// A way to make a stream that StreamBuffer writes to.
struct Kind {
  string name;
  std::function<std::shared_ptr<BytesIO>()> make;
};

const std::vector<Kind>& kinds() {
  class Derived : public BytesIO {};

  static const std::vector<Kind> all = {
      {"BytesIO", [] { return std::make_shared<BytesIO>(); }},
      {"paged",
       [] { return std::make_shared<BytesIO>(StorageOptions{.tier = StorageOptions::paged}); }},
      {"derived", [] { return std::make_shared<Derived>(); }},
      {"spooled", [] { return std::make_shared<SpooledIO>(SpooledOptions{.max_size = 50'000}); }},
  };
  return all;
}

TEST(Asio, ReceivesToTheEndOfAnyStream) {
  const string data = random_bytes(700'000);
  for (const Kind& kind : kinds()) {
    for (const bool async : {false, true}) {
      SCOPED_TRACE(kind.name + (async ? ", async" : ""));
      Link link;
      const std::jthread sender = link.send(data, data.size());
      const std::shared_ptr<BytesIO> stream = kind.make();
      stream->write("before");
      stream->seek(2);
      const Bytes snapshot = stream->getvalue();
      Error error;
      std::size_t count = 0;
      if (async) {
        async_read(link.here, StreamBuffer(stream), [&](Error ended, std::size_t size) {
          error = ended;
          count = size;
        });
        link.context.run();
      } else {
        count = read(link.here, StreamBuffer(*stream), error);
      }
      EXPECT_EQ(error, net::error::eof);
      EXPECT_EQ(count, data.size());
      EXPECT_EQ(stream->tell(), 2U) << "reading goes on where it was";
      EXPECT_TRUE(stream->getvalue() == ByteSpan("before" + data));
      EXPECT_EQ(text(snapshot), "before");
    }
  }
}

TEST(Asio, LinesAreReadAsTheyCome) {
  const string data = "first\r\nsecond line\r\n\r\nrest";
  for (const std::size_t piece : {1U, 3U, 100U}) {
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(kind.name + " by " + std::to_string(piece));
      Link link;
      const std::jthread sender = link.send(data, piece);
      const std::shared_ptr<BytesIO> stream = kind.make();
      StreamBuffer buffer(stream);
      EXPECT_EQ(read_until(link.here, StreamBuffer(buffer), "\r\n"), 7U);
      EXPECT_EQ(text(stream->readline()), "first\r\n");
      std::size_t size = 0;
      async_read_until(link.here, StreamBuffer(buffer), "\r\n\r\n",
                       [&](Error error, std::size_t count) {
                         EXPECT_FALSE(error);
                         size = count;
                       });
      link.context.run();
      EXPECT_EQ(size, 15U);
      buffer.consume(size);
      Error error;
      read_until(link.here, StreamBuffer(buffer), '\n', error);
      EXPECT_EQ(error, net::error::eof);
      EXPECT_EQ(text(stream->read()), "rest");
    }
  }
}

TEST(Asio, TakesNoMoreThanItMay) {
  Link link;
  const string data = pattern(1000);
  const std::jthread sender = link.send(data, 1000);
  BytesIO stream;
  Error error;
  read_until(link.here, StreamBuffer(stream, 100), "no such thing", error);
  EXPECT_EQ(error, net::error::not_found);
  EXPECT_EQ(text(stream.getvalue()), data.substr(0, 100));

  std::array<std::byte, 300> memory{};
  BytesIO fixed = BytesIO::over(memory);
  EXPECT_EQ(read(link.here, StreamBuffer(fixed, memory.size()), net::transfer_exactly(300)), 300U);
  EXPECT_EQ(text(fixed.getvalue()), data.substr(100, 300));

  BytesIO limited(StorageOptions{.size_limit = 50});
  EXPECT_THROW(read(link.here, StreamBuffer(limited), net::transfer_exactly(60)),
               std::length_error);
}

TEST(Asio, SendsWhatThereIsToConsume) {
  string received;
  {
    Link link;
    const std::jthread receiver = link.receive(&received);
    BytesIO stream(Bytes(pattern(100'000)));
    stream.seek(10);
    EXPECT_EQ(write(link.here, StreamBuffer(stream)), 99'990U);
    EXPECT_EQ(stream.tell(), 100'000U);
    EXPECT_EQ(stream.size(), 100'000U);
    link.here.close();
  }
  EXPECT_TRUE(received == pattern(100'000).substr(10));
}

// The buffer of an operation that is cancelled: all that it works on has gone before.
TEST(Asio, AnOperationKeepsItsMemory) {
  Link link;
  bool cancelled = false;
  {
    auto stream = std::make_shared<BytesIO>();
    async_read(link.here, StreamBuffer(stream),
               [&](Error error, std::size_t) { cancelled = bool(error); });
    BytesIO view;
    view.resize(100);
    async_read(link.here, MutableBuffers(view.getbuffer()), [](Error, std::size_t) {});
  }
  write(link.there, net::const_buffer("abc", 3));
  link.context.run_one();
  link.here.cancel();
  link.context.run();
  EXPECT_TRUE(cancelled);
}

// --- the DynamicBuffer itself ----------------------------------------------------------------------

void receive(StreamBuffer& buffer, const string& data) {
  const auto room = buffer.prepare(data.size() + 10);
  ASSERT_EQ(room.end() - room.begin(), 1);
  ASSERT_EQ(room.begin()->size(), data.size() + 10);
  std::copy(data.begin(), data.end(), reinterpret_cast<char*>(room.begin()->data()));
  buffer.commit(data.size());
}

string content(const StreamBuffer& buffer) {
  const auto data = buffer.data();
  return {reinterpret_cast<const char*>(data.begin()->data()), data.begin()->size()};
}

TEST(StreamBuffer, DoesWhatAStringWould) {
  for (const Kind& kind : kinds()) {
    const std::shared_ptr<BytesIO> stream = kind.make();
    StreamBuffer buffer(stream);
    string model;
    std::mt19937 random(7);
    std::vector<std::pair<Bytes, string>> snapshots;
    for (int step = 0; step < 3000; ++step) {
      const std::size_t size = random() % (random() % 20 == 0 ? 30'000 : 300);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2:
          receive(buffer, pattern(size));
          model += pattern(size);
          break;
        case 3:
          static_cast<void>(buffer.prepare(size));
          if (size % 2 == 0) buffer.commit(0);
          static_cast<void>(buffer.prepare(0));  // what was prepared is no more
          break;
        case 4:
        case 5:
          buffer.consume(2 * size);
          model.erase(0, 2 * size);
          break;
        case 6:
          if (snapshots.size() > 20) snapshots.clear();
          snapshots.emplace_back(stream->peek(1 << 30), model);
          break;
        default:
          buffer.commit(5);  // nothing is prepared
      }
      ASSERT_EQ(buffer.size(), model.size()) << kind.name << ", step " << step;
      ASSERT_TRUE(content(buffer) == model) << kind.name << ", step " << step;
      ASSERT_GE(buffer.capacity(), buffer.size());
      ASSERT_LE(stream->tell(), stream->size()) << kind.name << ", step " << step;
      for (const auto& [bytes, value] : snapshots) ASSERT_TRUE(bytes == ByteSpan(value));
    }
  }
}

TEST(StreamBuffer, GivesUpWhatWasConsumed) {
  for (const Kind& kind : kinds()) {
    const std::shared_ptr<BytesIO> stream = kind.make();
    StreamBuffer buffer(stream);
    receive(buffer, "never all of it");
    for (int i = 0; i < 10'000; ++i) {
      receive(buffer, pattern(1000));
      buffer.consume(1000);
    }
    EXPECT_EQ(buffer.size(), 15U);
    EXPECT_LT(stream->size(), 300'000U) << kind.name;
    buffer.consume(buffer.size());
    receive(buffer, "new");
    EXPECT_EQ(stream->size(), 3U);
    EXPECT_EQ(stream->tell(), 0U);
  }
}

TEST(StreamBuffer, KeepsWhatWasReadOrWasThereBefore) {
  BytesIO read_by_others;
  StreamBuffer buffer(read_by_others);
  receive(buffer, "abc");
  buffer.consume(1);
  static_cast<void>(read_by_others.read());
  receive(buffer, "def");
  EXPECT_EQ(text(read_by_others.getvalue()), "abcdef");

  // What was read was once given up together with what was consumed behind it.
  BytesIO read_first;
  StreamBuffer rest(read_first);
  receive(rest, "abcdef");
  static_cast<void>(read_first.read(3));
  rest.consume(3);
  receive(rest, "ghi");
  EXPECT_EQ(text(read_first.getvalue()), "abcdefghi");
  // A stream that was cleared, and read as far as had been consumed of what was there before.
  rest.consume(3);
  read_first.clear();
  receive(rest, "123");
  rest.consume(3);
  read_first.clear();
  receive(rest, "456");
  static_cast<void>(read_first.read(3));
  receive(rest, "789");
  EXPECT_EQ(text(read_first.getvalue()), "456789");

  BytesIO with_head;
  with_head.write("head");
  StreamBuffer behind(with_head);
  receive(behind, "abc");
  behind.consume(3);
  receive(behind, "def");
  EXPECT_EQ(text(with_head.getvalue()), "headabcdef");
  EXPECT_EQ(content(behind), "def");
}

TEST(StreamBuffer, RefusesWhatIsTooMuch) {
  BytesIO stream;
  StreamBuffer buffer(stream, 10);
  EXPECT_EQ(buffer.max_size(), 10U);
  EXPECT_THROW(static_cast<void>(buffer.prepare(11)), std::length_error);
  const auto room = buffer.prepare(10);
  buffer.commit(10);
  EXPECT_THROW(static_cast<void>(buffer.prepare(1)), std::length_error);
  EXPECT_NO_THROW(static_cast<void>(buffer.prepare(0)));
  EXPECT_THROW(static_cast<void>(buffer.prepare(npos)), std::length_error);
  EXPECT_EQ(stream.size(), 10U);

  std::array<std::byte, 4> memory{};
  BytesIO fixed = BytesIO::over(memory, WhenFull::Short);
  StreamBuffer small(fixed);
  EXPECT_THROW(static_cast<void>(small.prepare(5)), std::length_error);
  EXPECT_NO_THROW(static_cast<void>(small.prepare(4)));
}

TEST(StreamBuffer, AStreamThatWasChangedTakesNothing) {
  BytesIO stream;
  StreamBuffer buffer(stream);
  const auto room = buffer.prepare(10);
  stream.write("changed");
  EXPECT_THROW(buffer.commit(3), BufferError);
  EXPECT_EQ(text(stream.getvalue()), "changed");
  EXPECT_EQ(stream.tell(), 7U);
  stream.close();
  EXPECT_THROW(static_cast<void>(buffer.prepare(1)), ClosedError);
  EXPECT_THROW(static_cast<void>(buffer.size()), ClosedError);
  EXPECT_THROW(StreamBuffer{stream}, ClosedError);
  static_cast<void>(std::fill(room.begin()->data(), room.begin()->data() + 10, std::byte{1}));
}

// What is shared is only counted: sequences of the same bytes on several threads.
TEST(ConstBuffers, CopiesAreIndependent) {
  const Bytes data(pattern(100'000));
  const ConstBuffers one(data);
  const ConstBuffers many(std::vector<Bytes>(100, data.slice(0, 1000)));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, one_here = one, many_here = many] {
      for (int i = 0; i < 1000; ++i) {
        const ConstBuffers copy = i % 2 == 0 ? one_here : many_here;
        EXPECT_GE(net::buffer_size(copy), 100'000U);
      }
    });
  }
}

}  // namespace
}  // namespace quire
