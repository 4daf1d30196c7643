// ReadArea and WriteArea: any stream as pieces of memory, its own where it lends them.
#include "quire/detail/stream_areas.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/error.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using detail::ReadArea;
using detail::WriteArea;
using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

TEST(ReadArea, ShowsABytesIOWhereItIs) {
  BytesIO stream(Bytes(pattern(1000)));
  stream.seek(100);
  const Bytes all = stream.getvalue();
  ReadArea area(stream);
  const ByteSpan first = area.next(50);
  EXPECT_EQ(first.data(), all.data() + 100);
  EXPECT_EQ(first.size(), 50u);
  EXPECT_EQ(area.next().size(), 850u);
  EXPECT_TRUE(area.next().empty());
  EXPECT_EQ(area.settle().tell(), 1000u);
}

TEST(ReadArea, BacksUpAndSkipsAsAModelSays) {
  const string data = pattern(500);
  std::mt19937 random(11);
  for (const std::size_t most : std::vector<std::size_t>{1, 7, 100, 1000}) {
    for (const bool seekable : {true, false}) {
      TestStream stream(data, {.most_a_call = most, .log = false, .seekable = seekable});
      ReadArea area(stream);
      for (std::size_t at = 0; at < data.size();) {
        const std::size_t wanted = random() % 30 + 1;
        const ByteSpan piece = area.next(wanted);
        ASSERT_LE(piece.size(), wanted);
        ASSERT_EQ(text(piece), data.substr(at, piece.size()));
        const std::size_t back = random() % (piece.size() + 1);
        area.back_up(back);
        at += piece.size() - back;
        const std::size_t skipped = random() % 10;
        const std::size_t left = data.size() - at;
        ASSERT_EQ(area.skip(skipped), std::min(skipped, left));
        at += std::min(skipped, left);
        if (seekable && random() % 4 == 0) {
          ASSERT_EQ(area.settle().tell(), at);
        }
      }
      EXPECT_EQ(area.skip(5), 0u);
      EXPECT_TRUE(area.next().empty());
    }
  }
}

TEST(ReadArea, GivesBackWhatWasNotRead) {
  TestStream stream(pattern(100), {.most_a_call = 60});
  ReadArea area(stream);
  static_cast<void>(area.next(10));
  area.close();
  area.close();
  EXPECT_EQ(stream.tell(), 10u);
  EXPECT_FALSE(stream.closed());
  EXPECT_THROW(static_cast<void>(area.next()), ClosedError);
}

TEST(WriteArea, WritesToWhereTheBytesStay) {
  BytesIO stream;
  stream.reserve(1000);
  WriteArea area(stream);
  const MutableByteSpan room = area.next();
  ASSERT_GE(room.size(), 1000u);
  std::memcpy(room.data(), "hello", 5);
  area.back_up(room.size() - 5);
  EXPECT_EQ(stream.getvalue(), "hello"_b);
  area.write(", world");
  EXPECT_EQ(area.settle().tell(), 12u);
  EXPECT_EQ(stream.getvalue(), "hello, world"_b);
}

TEST(WriteArea, BuffersForAStreamThatLendsNothing) {
  const string data = pattern(100'000);
  TestStream stream("", {.most_a_call = 999, .log = false});
  WriteArea area(stream);
  for (std::size_t at = 0; at < data.size();) {
    const MutableByteSpan room = area.next(1 + at % 5000);
    const std::size_t count = std::min((room.size() + 1) / 2, data.size() - at);
    std::memcpy(room.data(), data.data() + at, count);
    area.back_up(room.size() - count);
    at += count;
  }
  area.close();
  EXPECT_EQ(stream.data(), data);
}

TEST(WriteArea, WhatFailedIsNotWrittenAgain) {
  TestStream stream("", {.fail_write_at = 0});
  WriteArea area(stream);
  std::memset(area.next(10).data(), 'x', 10);
  EXPECT_THROW(area.settle(), std::system_error);
  stream.options.fail_write_at = npos;
  area.close();
  EXPECT_EQ(stream.data(), "");
}

TEST(WriteArea, AFullStreamIsNamed) {
  TestStream stream("", {.full_at = 5});
  WriteArea area(stream);
  EXPECT_EQ(message_of<std::system_error>([&] { area.write("six by"); }),
            "the stream takes no more: No space left on device");
  EXPECT_EQ(stream.data(), "six b");
}

TEST(StreamAreas, RefuseStreamsThatCannot) {
  TestStream neither("", {.readable = false, .writable = false});
  EXPECT_THROW(ReadArea area(neither), UnsupportedOperation);
  EXPECT_THROW(WriteArea area(neither), UnsupportedOperation);
  EXPECT_THROW(ReadArea area{StreamHandle()}, std::invalid_argument);
  EXPECT_THROW(WriteArea area{StreamHandle()}, std::invalid_argument);
}

TEST(StreamAreas, CloseAStreamThatTheyOwn) {
  TestStream failing("", {.fail_write_at = 0, .fail_close = true});
  WriteArea area(std::make_unique<TestStream>(std::move(failing)));
  std::memset(area.next(1).data(), 'x', 1);
  EXPECT_EQ(message_of<std::system_error>([&] { area.close(); }),
            "test stream: No space left on device")
      << "the first report";
  area.close();
}

}  // namespace
}  // namespace quire
