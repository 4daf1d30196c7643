// Stream: what every stream gets from the base class, on streams that give as little as they may.
#include "quire/stream.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/ledger.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

static_assert(!std::is_copy_constructible_v<Stream>);
static_assert(!std::is_move_constructible_v<Stream>, "slicing a stream off its class");
static_assert(std::is_nothrow_move_constructible_v<StreamHandle>);
static_assert(std::is_nothrow_move_assignable_v<StreamHandle>);
static_assert(!std::is_copy_constructible_v<StreamHandle>);
static_assert(std::is_convertible_v<BytesIO&, StreamHandle>);
static_assert(std::is_convertible_v<BytesIO, StreamHandle>);
static_assert(std::is_convertible_v<std::unique_ptr<BytesIO>, StreamHandle>);
static_assert(!std::is_convertible_v<const BytesIO&, StreamHandle>);

constexpr std::ptrdiff_t kHighest = std::numeric_limits<std::ptrdiff_t>::max();
constexpr std::ptrdiff_t kLowest = std::numeric_limits<std::ptrdiff_t>::min();
constexpr const char* kClosed = "I/O operation on closed file.";

/// A stream that can be opened and closed, and nothing else.
class Nothing : public Stream {
 public:
  [[nodiscard]] bool closed() const noexcept override { return closed_; }

  void close() override { closed_ = true; }

 private:
  bool closed_ = false;
};

TEST(Stream, AnswersNoWhenNothingIsOverridden) {
  const Nothing stream;
  EXPECT_FALSE(stream.readable());
  EXPECT_FALSE(stream.writable());
  EXPECT_FALSE(stream.seekable());
  EXPECT_FALSE(stream.isatty());
}

TEST(Stream, NamesTheOperationThatItCannotDo) {
  Nothing stream;
  using U = UnsupportedOperation;
  std::byte room[4];
  EXPECT_EQ(message_of<U>([&] { (void)stream.read(); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)stream.read(0); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)stream.read1(4); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)stream.readinto(room); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)stream.readline(); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)stream.readlines(); }), "read");
  EXPECT_EQ(message_of<U>([&] { stream.write(""); }), "write");
  EXPECT_EQ(message_of<U>([&] { stream.write_some("a"); }), "write");
  EXPECT_EQ(message_of<U>([&] { stream.seek(0); }), "seek");
  EXPECT_EQ(message_of<U>([&] { (void)stream.tell(); }), "tell");
  EXPECT_EQ(message_of<U>([&] { stream.truncate(); }), "truncate");
  EXPECT_EQ(message_of<U>([&] { (void)stream.fileno(); }), "fileno");
  EXPECT_NO_THROW(stream.flush());
}

TEST(Stream, RefusesEverythingAfterClose) {
  Nothing stream;
  stream.close();
  std::byte room[4];
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.readable(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.writable(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.seekable(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.isatty(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.read(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.read1(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { stream.readinto(room); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.readline(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.readlines(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.begin(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { stream.write("a"); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { stream.writelines(std::vector<string>()); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { stream.seek(0); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { (void)stream.tell(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { stream.truncate(); }), kClosed);
  EXPECT_EQ(message_of<ClosedError>([&] { stream.flush(); }), kClosed);
  // Python: no descriptor is no descriptor, closed or not.
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { (void)stream.fileno(); }), "fileno");
  EXPECT_NO_THROW(stream.close());
}

TEST(Stream, ReadsTheSameBytesWhateverTheStreamGivesACall) {
  const std::size_t k = kDefaultBufferSize;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{37}, k - 1, k, k + 1, 3 * k + 5}) {
    const string data = pattern(size);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, k - 1, k, k + 1, npos}) {
      for (const std::ptrdiff_t count :
           {std::ptrdiff_t{-1}, std::ptrdiff_t{-9}, std::ptrdiff_t{0}, std::ptrdiff_t{1},
            std::ptrdiff_t{100}, static_cast<std::ptrdiff_t>(k), kHighest}) {
        TestStream stream(data, {.most_a_call = step});
        const string expected = count < 0 ? data : data.substr(0, static_cast<std::size_t>(count));
        ASSERT_EQ(text(stream.read(count)), expected)
            << "size " << size << " step " << step << " count " << count;
        ASSERT_EQ(text(stream.read()), data.substr(expected.size()))
            << "size " << size << " step " << step << " count " << count;
        ASSERT_TRUE(stream.read(5).empty());
      }
    }
  }
}

TEST(Stream, ReadOfAHugeSizeTakesNoHugeMemory) {
  TestStream stream("abc");
  const Bytes all = stream.read(kHighest);
  EXPECT_EQ(text(all), "abc");
  EXPECT_LE(all.block()->capacity, 4096u);
  EXPECT_EQ(text(stream.read1(kHighest)), "");
}

TEST(Stream, Read1AsksOnce) {
  TestStream stream(pattern(100), {.most_a_call = 10});
  EXPECT_EQ(stream.read1(50).size(), 10u);
  EXPECT_EQ(stream.take_log(), "r50");
  EXPECT_EQ(stream.read1().size(), 10u);
  EXPECT_EQ(stream.take_log(), "r8192");
  EXPECT_EQ(stream.read1(3).size(), 3u);
  EXPECT_EQ(stream.read1(0).size(), 0u);
}

TEST(Stream, ReadlineStopsBehindTheNewline) {
  TestStream stream("ab\n\ncd\r\nlast");
  EXPECT_EQ(text(stream.readline()), "ab\n");
  EXPECT_EQ(stream.tell(), 3u);
  EXPECT_EQ(text(stream.readline()), "\n");
  EXPECT_EQ(text(stream.readline(0)), "");
  EXPECT_EQ(text(stream.readline(1)), "c");
  EXPECT_EQ(text(stream.readline(3)), "d\r\n");
  EXPECT_EQ(text(stream.readline(kHighest)), "last");
  EXPECT_EQ(text(stream.readline()), "");
}

TEST(Stream, ReadlinesStopsOnceItHasMoreThanTheHint) {
  // It once stopped at the hint itself: in Python only BytesIO does.
  const string data = "12\n456\n89\n";
  const auto sizes = [&](std::ptrdiff_t hint) {
    TestStream stream(data);
    return stream.readlines(hint).size();
  };
  EXPECT_EQ(sizes(-1), 3u);
  EXPECT_EQ(sizes(0), 3u);
  EXPECT_EQ(sizes(1), 1u);
  EXPECT_EQ(sizes(2), 1u);
  EXPECT_EQ(sizes(3), 2u);
  EXPECT_EQ(sizes(6), 2u);
  EXPECT_EQ(sizes(7), 3u);
}

TEST(Stream, IteratesOverLines) {
  TestStream stream("one\ntwo\nthree");
  std::vector<string> lines;
  for (const Bytes& line : stream) lines.push_back(text(line));
  EXPECT_EQ(lines, (std::vector<string>{"one\n", "two\n", "three"}));
}

TEST(Stream, IterationGoesOnWhereReadingStopped) {
  TestStream stream("one\ntwo\nthree\n");
  (void)stream.readline();
  auto it = stream.begin();
  EXPECT_EQ(it->size(), 4u);
  ++it;
  EXPECT_EQ(text(*it), "three\n");
  it++;
  EXPECT_EQ(it, stream.end());
}

TEST(Stream, WritelinesKeepsWhatCameBeforeAFailure) {
  TestStream stream("", {.fail_write_at = 5});
  const std::vector<string> lines{"abc", "de", "f"};
  EXPECT_THROW(stream.writelines(lines), std::system_error);
  EXPECT_EQ(stream.data(), "abcde");
}

TEST(Stream, WriteSomeIsWriteUnlessOverridden) {
  BytesIO stream;
  EXPECT_EQ(stream.write_some("hello"), 5u);
  EXPECT_EQ(text(stream.getvalue()), "hello");
}

// --- handles -------------------------------------------------------------------------------------

TEST(StreamHandle, BorrowsALvalue) {
  TestStream stream;
  StreamHandle handle(stream);
  EXPECT_FALSE(handle.owns());
  EXPECT_EQ(handle.get(), &stream);
  handle.finish();
  EXPECT_FALSE(stream.closed());
  EXPECT_EQ(stream.take_log(), "f");
}

TEST(StreamHandle, LeavesABorrowedClosedStreamAlone) {
  TestStream stream;
  stream.close();
  EXPECT_NO_THROW(StreamHandle(stream).finish());
}

TEST(StreamHandle, OwnsAnRvalueAndAPointer) {
  StreamHandle moved(BytesIO("abc"));
  EXPECT_TRUE(moved.owns());
  EXPECT_EQ(text(moved->read()), "abc");
  StreamHandle pointed(std::make_unique<TestStream>("xyz"));
  EXPECT_TRUE(pointed.owns());
  pointed.finish();
  EXPECT_TRUE(pointed->closed());
  pointed = std::move(moved);
  EXPECT_FALSE(moved);
  EXPECT_EQ(text(pointed->read()), "");
}

// --- copyfileobj ---------------------------------------------------------------------------------

TEST(CopyFileObj, MovesTheSameBytesWhateverTheSizes) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 100u}) {
    const string data = pattern(size);
    for (const std::size_t chunk : {1u, 15u, 16u, 17u, 1000u}) {
      for (const std::size_t step : {std::size_t{1}, std::size_t{3}, npos}) {
        for (const std::size_t length :
             {std::size_t{0}, std::size_t{1}, std::size_t{16}, size, npos}) {
          TestStream source(data, {.most_a_call = step});
          TestStream target("", {.most_a_call = step});
          const std::size_t expected = std::min(size, length);
          ASSERT_EQ(copyfileobj(source, target, length, chunk), expected)
              << "size " << size << " chunk " << chunk << " step " << step << " length " << length;
          ASSERT_EQ(target.data(), data.substr(0, expected));
          ASSERT_EQ(source.tell(), expected);
        }
      }
    }
  }
}

TEST(CopyFileObj, StartsAtBothPositions) {
  TestStream source("0123456789");
  TestStream target("abcdef");
  source.seek(8);
  target.seek(2);
  EXPECT_EQ(copyfileobj(source, target), 2u);
  EXPECT_EQ(target.data(), "ab89ef");
}

TEST(CopyFileObj, SharesWhatAStreamInMemoryHandsOut) {
  BytesIO source(pattern(1 << 20));
  BytesIO target;
  target.reserve(1 << 20);
  const Ledger before = thread_ledger();
  EXPECT_EQ(copyfileobj(source, target), std::size_t{1} << 20);
  const Ledger cost = thread_ledger() - before;
  EXPECT_EQ(cost.copied_total(), std::uint64_t{1} << 20) << "the write, and nothing before it";
  EXPECT_EQ(cost.shared_for(CopyReason::GetValue), std::uint64_t{1} << 20);
}

TEST(CopyFileObj, GivesBackWhatAFullTargetDoesNotTake) {
  TestStream source("0123456789");
  TestStream target("", {.full_at = 7});
  EXPECT_EQ(copyfileobj(source, target, std::nullopt, 4), 7u);
  EXPECT_EQ(target.data(), "0123456");
  EXPECT_EQ(text(source.read()), "789");

  TestStream pipe("0123456789", {.seekable = false});
  TestStream other("", {.full_at = 7});
  EXPECT_EQ(copyfileobj(pipe, other, std::nullopt, 4), 7u);
  EXPECT_EQ(text(pipe.read()), "89");
}

TEST(CopyFileObj, GivesBackWhatAFailingTargetDoesNotTake) {
  TestStream source("0123456789");
  TestStream target("", {.fail_write_at = 7});
  EXPECT_THROW(copyfileobj(source, target, std::nullopt, 4), std::system_error);
  EXPECT_EQ(target.data(), "0123456");
  EXPECT_EQ(text(source.read()), "789");
}

TEST(CopyFileObj, RefusesAChunkOfNothing) {
  TestStream source("abc");
  TestStream target;
  EXPECT_EQ(
      message_of<std::invalid_argument>([&] { copyfileobj(source, target, std::nullopt, 0); }),
      "copyfileobj: a chunk of 0 bytes");
  EXPECT_EQ(copyfileobj(source, target, std::nullopt, npos), 3u);
}

// --- seek_target ---------------------------------------------------------------------------------

TEST(SeekTarget, FollowsBytesIO) {
  using detail::seek_target;
  EXPECT_EQ(seek_target(3, Whence::Begin, 5, 10), 3u);
  EXPECT_EQ(seek_target(99, Whence::Begin, 5, 10), 99u);
  EXPECT_EQ(seek_target(-2, Whence::Current, 5, 10), 3u);
  EXPECT_EQ(seek_target(-5, Whence::Current, 5, 10), 0u);
  EXPECT_EQ(seek_target(-6, Whence::Current, 5, 10), 0u);
  EXPECT_EQ(seek_target(kLowest, Whence::Current, 5, 10), 0u);
  EXPECT_EQ(seek_target(-4, Whence::End, 5, 10), 6u);
  EXPECT_EQ(seek_target(-11, Whence::End, 5, 10), 0u);
  EXPECT_EQ(seek_target(7, Whence::End, 5, 10), 17u);
  constexpr auto kMost = static_cast<std::size_t>(kHighest);
  EXPECT_EQ(seek_target(kHighest, Whence::Begin, 5, 10), kMost);
  EXPECT_EQ(seek_target(kHighest - 5, Whence::Current, 5, 10), kMost);
}

TEST(SeekTarget, RefusesWhatNoPositionCanBe) {
  using detail::seek_target;
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)seek_target(-1, Whence::Begin, 5, 10); }),
            "negative seek value -1");
  EXPECT_EQ(message_of<std::length_error>(
                [] { (void)seek_target(kHighest - 4, Whence::Current, 5, 10); }),
            "new position too large (5 + 9223372036854775803)");
  EXPECT_EQ(message_of<std::length_error>([] { (void)seek_target(kHighest, Whence::End, 5, 10); }),
            "new position too large (10 + 9223372036854775807)");
  EXPECT_EQ(message_of<std::invalid_argument>(
                [] { (void)seek_target(0, static_cast<Whence>(3), 5, 10); }),
            "invalid whence (3, should be 0, 1 or 2)");
}

}  // namespace
}  // namespace quire
