// LentRoom and LentBytes: what is written in place is written, what others see never changes, and a
// stream that was changed meanwhile takes nothing back.
#include "quire/detail/lent_room.h"

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/error.h"
#include "quire/spooled_io.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using detail::lender;
using detail::LentBytes;
using detail::LentRoom;
using std::string;
using test::message_of;
using test::pattern;
using test::text;

/// Writes by a loan; returns how many bytes fitted.
std::size_t lend_and_write(BytesIO& stream, const string& data) {
  LentRoom room(stream);
  const std::size_t count = std::min(room.span().size(), data.size());
  if (count != 0) std::memcpy(room.span().data(), data.data(), count);
  room.commit(count);
  return count;
}

void write_all(BytesIO& stream, const string& data) {
  for (std::size_t done = 0; done < data.size();) {
    done += lend_and_write(stream, data.substr(done));
  }
}

std::vector<std::pair<string, StorageOptions>> tiers() {
  return {{"automatic", {}},
          {"heap", {.tier = StorageOptions::heap}},
          {"paged", {.tier = StorageOptions::paged}}};
}

// Every piece size over every tier, beside write() on a stream of the same kind.
TEST(LentRoom, WritesWhatWriteWrites) {
  for (const auto& [name, options] : tiers()) {
    for (const std::size_t total : {1U, 255U, 4096U, 300'000U, 3'000'000U}) {
      for (const std::size_t piece : {1U, 7U, 4096U, 100'000U}) {
        if (total / piece > 10'000) continue;
        const string data = pattern(total);
        BytesIO stream(options);
        for (std::size_t at = 0; at < total; at += piece) {
          write_all(stream, data.substr(at, piece));
          ASSERT_EQ(stream.tell(), std::min(at + piece, total)) << name << ' ' << total;
        }
        ASSERT_TRUE(text(stream.getvalue()) == data) << name << ' ' << total << " by " << piece;
      }
    }
  }
}

TEST(LentRoom, SnapshotsNeverChange) {
  for (const auto& [name, options] : tiers()) {
    BytesIO stream(options);
    std::vector<Bytes> kept;
    string expected;
    for (int round = 0; round < 300; ++round) {
      LentRoom room(stream);
      const std::size_t count = std::min<std::size_t>(room.span().size(), 977);
      std::memset(room.span().data(), 'a' + round % 26,
                  room.span().size());  // more than is written
      kept.push_back(stream.getvalue());
      room.commit(count);
      expected.append(count, static_cast<char>('a' + round % 26));
      kept.push_back(stream.getvalue());
    }
    for (const Bytes& value : kept) {
      ASSERT_TRUE(text(value) == expected.substr(0, value.size())) << name;
    }
    ASSERT_TRUE(text(stream.getvalue()) == expected) << name;
  }
}

TEST(LentRoom, SnapshotsNeverChangeWhenBytesAreOverwritten) {
  for (const auto& [name, options] : tiers()) {
    const string before = pattern(2'000'000);
    BytesIO stream(ByteSpan(before), options);
    const Bytes first = stream.getvalue();
    stream.seek(1'000'000);
    LentRoom room(stream);
    ASSERT_EQ(room.span().size(), 1'000'000U) << name;
    std::memset(room.span().data(), 'x', 500'000);
    const Bytes during = stream.getvalue();
    std::memset(room.span().data(), 'y', 500'000);
    room.commit(500'000);
    EXPECT_EQ(stream.tell(), 1'500'000U);
    EXPECT_TRUE(text(first) == before) << name;
    EXPECT_EQ(during[1'000'000], std::byte{'x'}) << name;
    EXPECT_EQ(stream.getvalue()[1'000'000], std::byte{'y'}) << name;
    EXPECT_EQ(stream.size(), before.size());
  }
}

TEST(LentRoom, CutsAndFillsAGap) {
  BytesIO stream(Bytes("0123456789"));
  stream.seek(3);
  write_all(stream, "abc");
  stream.truncate();
  write_all(stream, "de");
  stream.seek(10);
  write_all(stream, "!");
  EXPECT_EQ(text(stream.getvalue()), string("012abcde\0\0!", 11));
}

TEST(LentRoom, UncommittedRoomIsGivenBack) {
  BytesIO stream;
  stream.write("abc");
  const std::size_t capacity = stream.capacity();
  { LentRoom room(stream, 50); }
  EXPECT_EQ(stream.capacity(), capacity);
  EXPECT_EQ(text(stream.getvalue()), "abc");
  LentRoom room(stream);
  room.commit(0);
  EXPECT_FALSE(room);
  room.commit(0);
  EXPECT_EQ(stream.size(), 3U);
  stream.write("def");
  EXPECT_EQ(stream.capacity(), capacity) << "in place";
}

// A block with an owner more is copied, so that a series of loans must not leave one behind.
TEST(LentRoom, AppendingCopiesWhatWriteCopies) {
  BytesIO stream;
  BytesIO twin;
  const string data = pattern(10'000'000);
  for (std::size_t at = 0; at < data.size(); at += 1000) {
    write_all(stream, data.substr(at, 1000));
    twin.write(data.substr(at, 1000));
  }
  EXPECT_EQ(stream.ledger().copied[static_cast<std::size_t>(CopyReason::Caller)], data.size());
  EXPECT_LE(stream.ledger().copied_total(), twin.ledger().copied_total() + data.size() / 2);
}

TEST(LentRoom, RefusesWhatWasChangedMeanwhile) {
  const std::vector<std::pair<const char*, void (*)(BytesIO&)>> changes = {
      {"write", [](BytesIO& f) { f.write("other"); }},
      {"truncate", [](BytesIO& f) { f.truncate(1); }},
      {"resize", [](BytesIO& f) { f.resize(100); }},
      {"clear", [](BytesIO& f) { f.clear(); }},
      {"reserve", [](BytesIO& f) { f.reserve(100'000); }},
      {"close", [](BytesIO& f) { f.close(); }},
      {"assign", [](BytesIO& f) { f = BytesIO(Bytes("xyz")); }},
      {"move", [](BytesIO& f) { BytesIO moved = std::move(f); }},
      {"view", [](BytesIO& f) { static_cast<void>(f.getbuffer()); }},
  };
  for (const auto& [name, change] : changes) {
    for (const bool kept : {false, true}) {
      BytesIO stream;
      stream.write("abc");
      const Bytes snapshot = kept ? stream.getvalue() : Bytes();
      LentRoom room(stream);
      change(stream);
      const string after = stream.closed() ? "" : text(stream.getvalue());
      std::memset(room.span().data(), '#', room.span().size());
      EXPECT_EQ(
          message_of<BufferError>([&] { room.commit(3); }),
          "the stream was changed while an adapter wrote to its memory (3 bytes are lost: flush "
          "the adapter first)")
          << name;
      EXPECT_EQ(stream.closed() ? "" : text(stream.getvalue()), after) << name;
      EXPECT_EQ(text(snapshot), kept ? "abc" : "") << name;
    }
  }
}

// The stream that took over the block must not write where the loan still does.
TEST(LentRoom, AMovedStreamGoesOnInPeace) {
  BytesIO stream;
  stream.write("abc");
  LentRoom room(stream);
  BytesIO moved = std::move(stream);
  moved.write("def");
  const Bytes value = moved.getvalue();
  std::memset(room.span().data(), '#', room.span().size());
  EXPECT_THROW(room.commit(1), BufferError);
  EXPECT_EQ(text(value), "abcdef");
  moved.write("ghi");
  EXPECT_EQ(text(moved.getvalue()), "abcdefghi");
}

TEST(LentRoom, HeedsViewsAndLimits) {
  BytesIO stream;
  stream.write("abc");
  {
    const MutableMemoryView view = stream.getbuffer();
    EXPECT_THROW(LentRoom{stream}, BufferError);
    stream.seek(1);
    write_all(stream, "x");
  }
  EXPECT_EQ(text(stream.getvalue()), "axc");
  BytesIO limited(StorageOptions{.size_limit = 10});
  write_all(limited, "0123456789");
  EXPECT_THROW(LentRoom{limited}, std::length_error);
  EXPECT_EQ(limited.size(), 10U);
  EXPECT_EQ(limited.capacity(), 10U);
  limited.close();
  EXPECT_THROW(LentRoom{limited}, ClosedError);
}

TEST(LentRoom, WorksInAFixedBuffer) {
  std::array<std::byte, 8> memory{};
  BytesIO stream = BytesIO::over(memory);
  write_all(stream, "01234567");
  EXPECT_EQ(text(memory), "01234567");
  EXPECT_EQ(message_of<std::length_error>([&] { LentRoom room(stream); }),
            message_of<std::length_error>([&] { stream.write("8"); }));
  stream.seek(2);
  write_all(stream, "ab");
  EXPECT_EQ(text(memory), "01ab4567");

  BytesIO brief = BytesIO::over(memory, WhenFull::Short);
  EXPECT_EQ(lend_and_write(brief, "0123456789"), 8U);
  EXPECT_EQ(lend_and_write(brief, "89"), 0U);
  BytesIO moved = BytesIO::over(memory);
  LentRoom room(moved);
  const BytesIO taken = std::move(moved);
  EXPECT_THROW(room.commit(1), BufferError);
}

TEST(LentRoom, LendersAreThoseWhoseWriteIsBytesIOs) {
  class Derived : public BytesIO {};

  BytesIO plain;
  Derived derived;
  test::TestStream other;
  EXPECT_EQ(lender(plain), &plain);
  EXPECT_EQ(lender(derived), nullptr);
  EXPECT_EQ(lender(other), nullptr);

  SpooledIO spooled(SpooledOptions{.max_size = 10});
  EXPECT_EQ(lender(spooled, 10), &spooled);
  EXPECT_EQ(lender(spooled, 11), nullptr);
  write_all(spooled, "0123456789");
  EXPECT_FALSE(spooled.rolled());
  EXPECT_EQ(lender(spooled), nullptr);
  spooled.seek(0);
  EXPECT_EQ(lender(spooled), &spooled);
  spooled.rollover();
  EXPECT_EQ(lender(spooled), nullptr);
}

TEST(LentBytes, ShowsAllBytesWithoutACopy) {
  for (const auto& [name, options] : tiers()) {
    BytesIO stream(ByteSpan(pattern(2'000'000)), options);
    const MutableMemoryView view = stream.getbuffer();
    const LentBytes bytes(stream);
    EXPECT_EQ(bytes.span().size(), 2'000'000U);
    view.data()[5] = std::byte{'!'};
    EXPECT_EQ(bytes.span()[5], std::byte{'!'}) << name;
  }
  std::array<std::byte, 3> memory{std::byte{'a'}};
  BytesIO fixed = BytesIO::over(memory);
  fixed.resize(1);
  EXPECT_EQ(LentBytes(fixed).span().data(), memory.data());
  EXPECT_TRUE(LentBytes(BytesIO()).span().empty());
  fixed.close();
  EXPECT_THROW(LentBytes{fixed}, ClosedError);
}

TEST(LentBytes, OutlivesWhatHappensToTheStream) {
  std::optional<BytesIO> stream(std::in_place, ByteSpan(pattern(1000)));
  const LentBytes bytes(*stream);
  stream->write(string(5000, 'x'));
  stream->truncate(0);
  stream.reset();
  EXPECT_EQ(bytes.span().size(), 1000U);
  EXPECT_EQ(text(bytes.span().subspan(998)), pattern(1000).substr(998));
}

}  // namespace
}  // namespace quire
