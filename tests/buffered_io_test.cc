// The buffered streams: what io.BufferedReader and its kin of Python 3.11 did when asked the same,
// call by call; that no failure loses a byte; and long random sequences against a model.
#include "quire/buffered_io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/ledger.h"
#include "support/allocation_failure.h"
#include "support/stream_model.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TempDirectory;
using test::TestStream;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<BufferedReader>);
static_assert(std::is_nothrow_move_assignable_v<BufferedRandom>);
static_assert(std::is_nothrow_destructible_v<BufferedWriter>);
static_assert(std::is_nothrow_move_constructible_v<BufferedRWPair>);
static_assert(!std::is_copy_constructible_v<BufferedReader>);
static_assert(!std::is_convertible_v<Stream&, BufferedReader>);

const string kForty = "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW";

// --- construction --------------------------------------------------------------------------------

TEST(Buffered, RefusesABufferOfSizeZero) {
  TestStream raw;
  using V = std::invalid_argument;
  const string expected = "buffer size must be strictly positive, not 0";
  EXPECT_EQ(message_of<V>([&] { BufferedReader(raw, 0); }), expected);
  EXPECT_EQ(message_of<V>([&] { BufferedWriter(raw, 0); }), expected);
  EXPECT_EQ(message_of<V>([&] { BufferedRandom(raw, 0); }), expected);
  EXPECT_EQ(message_of<V>([&] { BufferedRWPair(raw, raw, 0); }), expected);
}

TEST(Buffered, RefusesToStandOnNothing) {
  EXPECT_EQ(message_of<std::invalid_argument>([] { BufferedReader(std::unique_ptr<FileIO>()); }),
            "a buffered stream needs a stream to stand on");
}

TEST(Buffered, RefusesARawStreamThatLacksWhatItNeeds) {
  TestStream unreadable("", {.readable = false});
  TestStream unwritable("", {.writable = false});
  TestStream unseekable("", {.seekable = false});
  TestStream good;
  using U = UnsupportedOperation;
  EXPECT_EQ(message_of<U>([&] { BufferedReader{unreadable}; }), "File or stream is not readable.");
  EXPECT_EQ(message_of<U>([&] { BufferedWriter{unwritable}; }), "File or stream is not writable.");
  EXPECT_EQ(message_of<U>([&] { BufferedRandom{unseekable}; }), "File or stream is not seekable.");
  EXPECT_EQ(message_of<U>([&] { BufferedRandom{unreadable}; }), "File or stream is not readable.");
  EXPECT_EQ(message_of<U>([&] { BufferedRandom{unwritable}; }), "File or stream is not writable.");
  EXPECT_EQ(message_of<U>([&] { BufferedRWPair(unreadable, good); }),
            "File or stream is not readable.");
  EXPECT_EQ(message_of<U>([&] { BufferedRWPair(good, unwritable); }),
            "File or stream is not writable.");
  EXPECT_NO_THROW(BufferedReader(unseekable, 8));
  EXPECT_NO_THROW(BufferedWriter(unseekable, 8));
}

TEST(Buffered, TellsWhatItCanDo) {
  TestStream raw;
  const BufferedReader reader(raw);
  EXPECT_TRUE(reader.readable() && !reader.writable() && reader.seekable() && !reader.isatty());
  const BufferedWriter writer(raw);
  EXPECT_TRUE(!writer.readable() && writer.writable() && writer.seekable());
  const BufferedRandom random(raw);
  EXPECT_TRUE(random.readable() && random.writable() && random.seekable());
  EXPECT_EQ(reader.buffer_size(), kDefaultBufferSize);
  EXPECT_EQ(&reader.raw(), &raw);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { (void)reader.fileno(); }), "fileno");
}

TEST(Buffered, NamesTheOperationThatItCannotDo) {
  TestStream raw("abc");
  BufferedReader reader(raw);
  BufferedWriter writer(raw);
  using U = UnsupportedOperation;
  std::byte room[2];
  EXPECT_EQ(message_of<U>([&] { reader.write("x"); }), "write");
  EXPECT_EQ(message_of<U>([&] { reader.write(""); }), "write");
  EXPECT_EQ(message_of<U>([&] { reader.truncate(1); }), "truncate");
  EXPECT_EQ(message_of<U>([&] { (void)writer.read(); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)writer.read(0); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)writer.read1(); }), "read");
  EXPECT_EQ(message_of<U>([&] { writer.readinto(room); }), "read");
  EXPECT_EQ(message_of<U>([&] { (void)writer.readline(); }), "read");
  EXPECT_EQ(raw.data(), "abc");
}

// --- reading -------------------------------------------------------------------------------------

TEST(BufferedReader, AsksTheRawStreamAsPythonDoes) {
  TestStream raw(kForty);
  BufferedReader reader(raw, 8);
  const auto asked = [&](const Bytes& bytes) { return text(bytes) + " | " + raw.take_log(); };
  std::array<char, 20> room{};
  EXPECT_EQ(asked(reader.read(3)), "012 | r8");
  EXPECT_EQ(asked(reader.read1(10)), "34567 | ");
  EXPECT_EQ(asked(reader.read1(100)), kForty.substr(8) + " | r100");
  EXPECT_EQ(asked(reader.peek()), " | r8");
  EXPECT_EQ(asked(reader.read(20)), " | r16");
  EXPECT_EQ(reader.seek(-1, Whence::Current), 39u);
  EXPECT_EQ(raw.take_log(), "s-1,1");
  EXPECT_EQ(reader.seek(2), 2u);
  EXPECT_EQ(raw.take_log(), "s2,0");
  EXPECT_EQ(asked(reader.read1()), "23456789 | r8");
  EXPECT_EQ(reader.seek(0), 0u);
  EXPECT_EQ(raw.take_log(), "s0,0");
  EXPECT_EQ(asked(reader.readline()), kForty + " | r8 r8 r8 r8 r8 r8");
  EXPECT_EQ(reader.seek(10), 10u);
  EXPECT_EQ(raw.take_log(), "s10,0");
  EXPECT_EQ(asked(reader.read(1)), ": | r8");
  EXPECT_EQ(reader.seek(15), 15u);
  EXPECT_EQ(reader.seek(11), 11u);
  EXPECT_EQ(reader.seek(18), 18u);
  EXPECT_EQ(reader.seek(-8, Whence::Current), 10u);
  EXPECT_EQ(raw.take_log(), "") << "a seek inside the buffer costs no call";
  EXPECT_EQ(reader.seek(19), 19u);
  EXPECT_EQ(raw.take_log(), "s19,0");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { reader.seek(-5); }), "negative seek value -5");
  EXPECT_EQ(reader.seek(-100, Whence::Current), 0u);
  EXPECT_EQ(reader.seek(-5, Whence::End), 35u);
  EXPECT_EQ(text(reader.read()), "STUVW");
  EXPECT_EQ(reader.seek(0), 0u);
  raw.take_log();
  EXPECT_EQ(reader.readinto(MutableByteSpan(room).subspan(0, 3)), 3u);
  EXPECT_EQ(raw.take_log(), "r8");
  EXPECT_EQ(reader.readinto(room), 20u);
  EXPECT_EQ(raw.take_log(), "r15");
  EXPECT_EQ(string(room.data(), 20), kForty.substr(3, 20));
  EXPECT_EQ(reader.tell(), 23u);
  EXPECT_EQ(reader.read(0).size() + reader.read1(0).size() + reader.readinto(MutableByteSpan()),
            0u);
}

TEST(BufferedReader, GoesOnReadingWhereTheRawStreamGivesLittle) {
  // Python's own sequence on a raw stream of three bytes a call.
  TestStream raw(kForty, {.most_a_call = 3});
  BufferedReader reader(raw, 8);
  EXPECT_EQ(text(reader.read(5)), "01234");
  EXPECT_EQ(text(reader.peek()), "5");
  EXPECT_EQ(text(reader.read(10)), "56789:;<=>");
  EXPECT_EQ(text(reader.read1(8)), "?@A");
  std::array<char, 10> room{};
  EXPECT_EQ(reader.readinto(room), 10u);
  EXPECT_EQ(text(reader.read()), "LMNOPQRSTUVW");
}

TEST(BufferedReader, PeekDoesNotMoveAndAsksOnlyWhenEmpty) {
  TestStream raw(kForty);
  BufferedReader reader(raw, 8);
  EXPECT_EQ(text(reader.peek()), "01234567");
  EXPECT_EQ(text(reader.read(6)), "012345");
  EXPECT_EQ(text(reader.peek(100)), "67");
  EXPECT_EQ(raw.take_log(), "r8");
  EXPECT_EQ(reader.tell(), 6u);
  const Bytes kept = reader.peek();
  EXPECT_EQ(text(reader.read(10)), "6789:;<=>?");
  EXPECT_EQ(text(kept), "67") << "the buffer was refilled under a result";
}

TEST(BufferedReader, ResultsStayAsTheyAre) {
  TestStream raw(pattern(1000));
  std::vector<Bytes> kept;
  {
    BufferedReader reader(raw, 64);
    for (Bytes piece = reader.read1(); !piece.empty(); piece = reader.read1()) {
      kept.push_back(piece);
      if (kept.size() % 2 == 0) kept.push_back(reader.read(48));
    }
  }
  string all;
  for (const Bytes& piece : kept) all += text(piece);
  EXPECT_EQ(all, pattern(1000));
}

TEST(BufferedReader, SharesItsBufferWhenMostOfItIsAskedFor) {
  TestStream raw(pattern(4096));
  BufferedReader reader(raw, 1024);
  const Ledger before = thread_ledger();
  const Bytes large = reader.read(512);
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_EQ((thread_ledger() - before).shared_for(CopyReason::GetValue), 512u);
  const Bytes small = reader.read(100);
  EXPECT_EQ((thread_ledger() - before).copied_for(CopyReason::GetValue), 100u);
  EXPECT_LE(small.block()->capacity, 128u) << "a small result must not keep the buffer alive";
  EXPECT_EQ(text(large) + text(small), pattern(612));
}

TEST(BufferedReader, CopiesNothingOfWhatIsLargerThanItsBuffer) {
  const TempDirectory directory;
  const string data = pattern(1 << 20);
  BufferedReader reader(FileIO(directory.make("f", data)), 4096);
  const Ledger before = thread_ledger();
  EXPECT_TRUE(text(reader.read(1 << 19)) == data.substr(0, 1 << 19));
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_EQ(reader.read(1).size(), 1u);
  EXPECT_TRUE(text(reader.read()) == data.substr((1 << 19) + 1));
  EXPECT_EQ((thread_ledger() - before).copied_total(), 1u) << "the single byte";
}

TEST(BufferedReader, GivesTheSameBytesWhateverTheSizes) {
  constexpr std::size_t kBuffer = 16;
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 31u, 32u, 33u, 100u}) {
    const string data = pattern(size);
    for (const std::size_t step : {std::size_t{1}, kBuffer - 1, kBuffer, kBuffer + 1, npos}) {
      for (const std::ptrdiff_t chunk : {1, 7, 15, 16, 17, 31, 32, 33, 1000}) {
        for (const bool seekable : {true, false}) {
          SCOPED_TRACE("size " + std::to_string(size) + " step " + std::to_string(step) +
                       " chunk " + std::to_string(chunk) + (seekable ? "" : " pipe"));
          TestStream raw(data, {.most_a_call = step, .seekable = seekable});
          string by_read;
          BufferedReader a(raw, kBuffer);
          for (Bytes b = a.read(chunk); !b.empty(); b = a.read(chunk)) {
            by_read += text(b);
            ASSERT_TRUE(b.size() == static_cast<std::size_t>(chunk) || by_read.size() == size);
          }
          ASSERT_EQ(by_read, data);
          raw.seek(0);
          string by_readinto;
          BufferedReader b(raw, kBuffer);
          string room(static_cast<std::size_t>(chunk), '\0');
          for (std::size_t n = b.readinto(room); n != 0; n = b.readinto(room)) {
            by_readinto += room.substr(0, n);
          }
          ASSERT_EQ(by_readinto, data);
          raw.seek(0);
          string by_line;
          BufferedReader c(raw, kBuffer);
          for (Bytes line = c.readline(chunk); !line.empty(); line = c.readline(chunk)) {
            const string now = text(line);
            ASSERT_LE(now.size(), static_cast<std::size_t>(chunk));
            ASSERT_TRUE(now.find('\n') >= now.size() - 1);
            by_line += now;
          }
          ASSERT_EQ(by_line, data);
          raw.seek(0);
          BufferedReader d(raw, kBuffer);
          const string head = text(d.read(chunk));
          ASSERT_EQ(head + text(d.read()), data);
          ASSERT_TRUE(d.read().empty());
        }
      }
    }
  }
}

TEST(BufferedReader, FindsLinesAcrossBufferEnds) {
  for (const std::size_t length : {0u, 1u, 6u, 7u, 8u, 9u, 15u, 16u, 17u, 100u}) {
    const string line = string(length, 'x') + "\n";
    TestStream raw(line + line + "end");
    BufferedReader reader(raw, 8);
    EXPECT_EQ(text(reader.readline()), line) << length;
    EXPECT_EQ(reader.tell(), line.size()) << length;
    EXPECT_EQ(text(reader.readline()), line) << length;
    EXPECT_EQ(text(reader.readline(2)), "en") << length;
    EXPECT_EQ(text(reader.readline(0)), "") << length;
    EXPECT_EQ(text(reader.readline()), "d") << length;
    EXPECT_TRUE(reader.readline().empty()) << length;
  }
}

TEST(BufferedReader, KeepsWhatItHadReadWhenTheRawStreamFails) {
  for (const bool seekable : {true, false}) {
    for (const std::size_t fail_at : {0u, 1u, 7u, 8u, 9u, 20u, 39u}) {
      SCOPED_TRACE("fails at " + std::to_string(fail_at) + (seekable ? "" : " pipe"));
      const std::vector<std::function<string(BufferedReader&)>> reads{
          [](BufferedReader& r) { return text(r.read()); },
          [](BufferedReader& r) { return text(r.read(40)); },
          [](BufferedReader& r) { return text(r.readline()); },
          [](BufferedReader& r) {
            string room(40, '\0');
            room.resize(r.readinto(room));
            return room;
          }};
      for (const auto& read : reads) {
        TestStream raw(kForty, {.most_a_call = 5, .fail_read_at = fail_at, .seekable = seekable});
        BufferedReader reader(raw, 8);
        EXPECT_THROW(read(reader), std::system_error);
        EXPECT_THROW(read(reader), std::system_error);
        EXPECT_EQ(reader.tell(), 0u);
        raw.options.fail_read_at = npos;
        EXPECT_EQ(read(reader), kForty);
        EXPECT_EQ(reader.tell(), 40u);
      }
    }
  }
}

TEST(BufferedReader, ReadsAPipeByLinesAndToItsEnd) {
  const string data = pattern(300000);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::thread helper([&] { FileIO(ends[1], "w").write(data); });
  BufferedReader reader(FileIO{ends[0]});
  EXPECT_FALSE(reader.seekable());
  string all;
  for (int i = 0; i < 1000; ++i) all += text(reader.readline());
  EXPECT_EQ(all.size(), 37000u);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { reader.seek(0); }),
            "File or stream is not seekable.");
  all += text(reader.read());
  helper.join();
  EXPECT_TRUE(all == data);
}

TEST(BufferedReader, SharesAllOfAStreamInMemory) {
  BytesIO memory(pattern(100000));
  BufferedReader reader(memory);
  (void)reader.read(10);
  const Ledger before = thread_ledger();
  EXPECT_TRUE(text(reader.read()) == pattern(100000).substr(10));
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
}

// --- writing -------------------------------------------------------------------------------------

TEST(BufferedWriter, AsksTheRawStreamAsPythonDoes) {
  TestStream raw;
  BufferedWriter writer(raw, 8);
  EXPECT_EQ(writer.write("abc"), 3u);
  EXPECT_EQ(writer.write("defgh"), 5u);
  EXPECT_EQ(raw.take_log(), "");
  EXPECT_EQ(writer.write("i"), 1u);
  EXPECT_EQ(raw.take_log(), "w8");
  EXPECT_EQ(writer.tell(), 9u);
  EXPECT_EQ(raw.take_log(), "t");
  EXPECT_EQ(writer.write("0123456789ABCDEFGHIJ"), 20u);
  EXPECT_EQ(raw.take_log(), "w1 w20");
  EXPECT_EQ(writer.tell(), 29u);
  EXPECT_EQ(writer.write(""), 0u);
  writer.write("xyz");
  EXPECT_EQ(writer.seek(2), 2u);
  EXPECT_EQ(raw.data(), "abcdefghi0123456789ABCDEFGHIJxyz");
  writer.write("Q");
  EXPECT_EQ(writer.tell(), 3u);
  EXPECT_EQ(writer.truncate(), 3u);
  EXPECT_EQ(raw.data(), "abQ");
  writer.write("12");
  EXPECT_EQ(writer.truncate(1), 1u);
  EXPECT_EQ(raw.data(), "a");
  EXPECT_EQ(writer.tell(), 5u);
  EXPECT_EQ(writer.seek(0, Whence::Current), 5u);
  writer.write("34");
  EXPECT_EQ(writer.seek(0, Whence::Current), 7u);
  EXPECT_EQ(writer.seek(-100, Whence::Current), 0u);
  EXPECT_EQ(raw.data(), string("a\0\0\0\0"
                               "34",
                               7));
}

TEST(BufferedWriter, WritesTheSameBytesWhateverTheSizes) {
  constexpr std::size_t kBuffer = 16;
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 31u, 32u, 33u, 200u}) {
    const string data = pattern(size);
    for (const std::size_t step : {std::size_t{1}, kBuffer - 1, kBuffer, kBuffer + 1, npos}) {
      for (const std::size_t chunk : {1u, 7u, 15u, 16u, 17u, 33u}) {
        TestStream raw("", {.most_a_call = step, .seekable = false});
        BufferedWriter writer(raw, kBuffer);
        for (std::size_t i = 0; i < size; i += chunk) {
          const string piece = data.substr(i, chunk);
          ASSERT_EQ(writer.write(piece), piece.size());
          ASSERT_EQ(writer.tell(), i + piece.size());
          ASSERT_LE(i + piece.size() - raw.data().size(), kBuffer);
        }
        writer.flush();
        ASSERT_EQ(raw.data(), data) << "size " << size << " step " << step << " chunk " << chunk;
      }
    }
  }
}

TEST(BufferedWriter, KeepsTheBytesThatAFailedFlushDidNotWrite) {
  for (const std::size_t fail_at : {0u, 1u, 3u, 5u}) {
    SCOPED_TRACE(fail_at);
    TestStream raw("", {.most_a_call = 2, .fail_write_at = fail_at});
    BufferedWriter writer(raw, 8);
    writer.write("abcdef");
    EXPECT_THROW(writer.flush(), std::system_error);
    EXPECT_EQ(raw.data(), string("abcdef").substr(0, fail_at));
    EXPECT_EQ(writer.tell(), 6u);
    EXPECT_THROW(writer.write("ghi"), std::system_error) << "no room, and none to be had";
    EXPECT_EQ(writer.tell(), 6u) << "what was refused must not count";
    EXPECT_THROW(writer.seek(0, Whence::End), std::system_error);
    EXPECT_THROW(writer.truncate(), std::system_error);
    EXPECT_THROW(writer.detach(), std::system_error);
    raw.options.fail_write_at = npos;
    writer.write("ghi");
    writer.flush();
    EXPECT_EQ(raw.data(), "abcdefghi");
  }
}

TEST(BufferedWriter, LosesAndRepeatsNothingWhenTheBottomOfAStackFails) {
  const string data = pattern(100);
  for (const std::size_t inner_size : {1u, 4u, 8u, 16u, 64u}) {
    for (std::size_t fail_at = 0; fail_at < 100; ++fail_at) {
      SCOPED_TRACE("inner " + std::to_string(inner_size) + " fails at " + std::to_string(fail_at));
      TestStream raw("", {.most_a_call = 3, .fail_write_at = fail_at});
      BufferedWriter inner(raw, inner_size);
      BufferedWriter outer(inner, 16);
      for (std::size_t i = 0; i < data.size(); i += 10) {
        try {
          outer.write(data.substr(i, 10));
        } catch (const std::system_error&) {
          raw.options.fail_write_at = npos;
          outer.write(data.substr(i, 10));
        }
      }
      raw.options.fail_write_at = npos;
      outer.flush();
      ASSERT_EQ(raw.data(), data);
    }
  }
}

TEST(BufferedWriter, ReportsAStreamThatTakesNoMore) {
  std::array<std::byte, 5> room{};
  BytesIO fixed = BytesIO::over(room, WhenFull::Short);
  BufferedWriter writer(fixed, 8);
  writer.write("abcdefg");
  try {
    writer.flush();
    FAIL() << "flush succeeded";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOSPC);
    EXPECT_EQ(string(error.what()),
              "write: the stream underneath takes no more, 2 bytes are left: "
              "No space left on device");
  }
  EXPECT_EQ(text(fixed.getvalue()), "abcde");
}

TEST(BufferedWriter, IsClosedEvenWhenItsFlushFails) {
  BufferedWriter writer(FileIO("/dev/full", "w"), 16);
  EXPECT_EQ(writer.write("0123456789"), 10u);
  EXPECT_THROW(writer.flush(), std::system_error);
  EXPECT_THROW(writer.write("0123456789"), std::system_error);
  const int descriptor = writer.fileno();
  EXPECT_THROW(writer.close(), std::system_error);
  EXPECT_TRUE(writer.closed());
  EXPECT_EQ(::close(descriptor), -1) << "the file was not closed";
  EXPECT_NO_THROW(writer.close());
  EXPECT_THROW(writer.flush(), ClosedError);
}

TEST(BufferedWriter, ReportsTheFirstOfTwoFailuresOfClose) {
  auto failing =
      std::make_unique<TestStream>("", TestStream::Options{.fail_write_at = 0, .fail_close = true});
  BufferedWriter both(std::move(failing));
  both.write("a");
  try {
    both.close();
    FAIL() << "close succeeded";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOSPC) << "that of the flush";
  }
  BufferedWriter one(std::make_unique<TestStream>("", TestStream::Options{.fail_close = true}));
  EXPECT_THROW(one.close(), std::system_error);
  EXPECT_TRUE(one.closed());
}

TEST(BufferedWriter, FlushesWhenDestroyedAndSwallowsWhatFails) {
  TestStream raw;
  { BufferedWriter(raw).write("abc"); }
  EXPECT_EQ(raw.data(), "abc");
  EXPECT_FALSE(raw.closed());
  EXPECT_NO_THROW(BufferedWriter(FileIO("/dev/full", "w")).write("abc"));
  const TempDirectory directory;
  { BufferedWriter(FileIO(directory.file("f"), "w")).write("on disk"); }
  EXPECT_EQ(directory.content("f"), "on disk");
}

TEST(BufferedWriter, FlushReachesTheBottomOfAStack) {
  TestStream raw;
  BufferedWriter inner(raw, 32);
  BufferedWriter outer(inner, 8);
  outer.write("abc");
  outer.flush();
  EXPECT_EQ(raw.data(), "abc");
}

TEST(BufferedWriter, WritesWhatItsOwnResultsShow) {
  TestStream raw(kForty);
  BufferedRandom stream(raw, 8);
  const Bytes mine = stream.peek();
  stream.write(mine.slice(4));
  stream.write(mine);
  stream.write(mine.slice(0, 3));
  stream.flush();
  EXPECT_EQ(raw.data(), "456701234567012" + kForty.substr(15));
  EXPECT_EQ(text(mine), "01234567");
}

// --- both ----------------------------------------------------------------------------------------

TEST(BufferedRandom, MixesReadsAndWritesAsPythonDoes) {
  TestStream raw(kForty);
  BufferedRandom stream(raw, 8);
  EXPECT_EQ(text(stream.read(3)), "012");
  raw.take_log();
  stream.write("XY");
  EXPECT_EQ(text(stream.read(2)), "56");
  stream.write("Z");
  EXPECT_EQ(raw.take_log(), "") << "inside the buffer nothing is asked";
  EXPECT_EQ(stream.tell(), 8u);
  stream.seek(0);
  EXPECT_EQ(text(stream.read(12)), "012XY56Z89:;");
  EXPECT_EQ(text(stream.peek()), "<=>?");
  stream.write("--");
  EXPECT_EQ(stream.tell(), 14u);
  EXPECT_EQ(stream.truncate(), 14u);
  EXPECT_TRUE(stream.read().empty());
  stream.seek(0);
  EXPECT_EQ(text(stream.readline()), "012XY56Z89:;--");
  stream.seek(1);
  stream.write("LONG LONG LONG");
  EXPECT_TRUE(stream.read().empty());
  stream.seek(0);
  EXPECT_EQ(text(stream.read()), "0LONG LONG LONG");
  stream.seek(0);
  EXPECT_EQ(text(stream.read1(3)), "0LO");
  stream.write("q");
  std::array<char, 4> room{};
  EXPECT_EQ(stream.readinto(room), 4u);
  EXPECT_EQ(string(room.data(), 4), "G LO");
  EXPECT_EQ(stream.tell(), 8u);
  EXPECT_EQ(stream.truncate(12), 12u);
  EXPECT_EQ(stream.tell(), 8u);
  EXPECT_EQ(text(stream.read()), "NG L");
  stream.seek(20);
  stream.write("e");
  stream.seek(0);
  EXPECT_EQ(text(stream.read()), string("0LOqG LONG L\0\0\0\0\0\0\0\0e", 21));
}

TEST(BufferedRandom, FlushLeavesTheRawStreamAtThePosition) {
  TestStream raw(kForty);
  BufferedRandom stream(raw, 8);
  (void)stream.read(3);
  stream.flush();
  EXPECT_EQ(raw.tell(), 3u);
  stream.write("ab");
  stream.flush();
  EXPECT_EQ(raw.tell(), 5u);
  EXPECT_EQ(text(stream.read(4)), "5678");
}

TEST(BufferedRandom, AppendsToAFileOpenedForAppending) {
  const TempDirectory directory;
  BufferedRandom stream(FileIO(directory.make("f", "0123456789"), "a+"));
  EXPECT_EQ(stream.tell(), 10u);
  EXPECT_EQ(stream.seek(0), 0u);
  EXPECT_EQ(text(stream.read(3)), "012");
  stream.write("XY");
  EXPECT_EQ(stream.tell(), 5u);
  stream.flush();
  EXPECT_EQ(stream.tell(), 12u);
  stream.seek(0);
  EXPECT_EQ(text(stream.read()), "0123456789XY");
}

TEST(BufferedRandom, ReachesBeyondFourGigabytes) {
  const TempDirectory directory;
  constexpr std::ptrdiff_t kFar = (std::ptrdiff_t{5} << 30) - 3;
  BufferedRandom stream(FileIO(directory.file("f"), "w+"), 64);
  stream.seek(kFar);
  stream.write("far away");
  stream.seek(-4, Whence::Current);
  EXPECT_EQ(text(stream.read()), "away");
  EXPECT_EQ(stream.seek(-8, Whence::End), static_cast<std::size_t>(kFar));
  EXPECT_EQ(text(stream.read(3)), "far");
}

// --- the two ends of two streams -----------------------------------------------------------------

TEST(BufferedRWPair, ReadsFromOneAndWritesToTheOther) {
  TestStream in(kForty);
  TestStream out;
  BufferedRWPair pair(in, out, 8);
  EXPECT_EQ(text(pair.read(3)), "012");
  pair.write("abc");
  EXPECT_EQ(out.data(), "");
  pair.flush();
  EXPECT_EQ(out.data(), "abc");
  EXPECT_EQ(text(pair.peek()), "34567");
  EXPECT_EQ(text(pair.read1(4)), "3456");
  std::array<char, 2> room{};
  EXPECT_EQ(pair.readinto(room), 2u);
  EXPECT_EQ(text(pair.readline()), kForty.substr(9));
  EXPECT_TRUE(pair.readable() && pair.writable() && !pair.seekable() && !pair.isatty());
  using U = UnsupportedOperation;
  EXPECT_EQ(message_of<U>([&] { pair.seek(0); }), "seek");
  EXPECT_EQ(message_of<U>([&] { (void)pair.tell(); }), "tell");
  EXPECT_EQ(message_of<U>([&] { pair.truncate(); }), "truncate");
  EXPECT_EQ(message_of<U>([&] { (void)pair.fileno(); }), "fileno");
  pair.write("zz");
  pair.close();
  EXPECT_TRUE(pair.closed());
  EXPECT_EQ(out.data(), "abczz");
  EXPECT_THROW((void)pair.read(), ClosedError);
  EXPECT_THROW(pair.write("a"), ClosedError);
  EXPECT_THROW(pair.flush(), ClosedError);
  EXPECT_NO_THROW(pair.close());
}

TEST(BufferedRWPair, ClosesTheReaderWhenTheWriterFails) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[1]);
  BufferedRWPair pair(FileIO(ends[0]), FileIO("/dev/full", "w"));
  pair.write("abc");
  EXPECT_THROW(pair.close(), std::system_error);
  EXPECT_TRUE(pair.closed());
  EXPECT_EQ(::close(ends[0]), -1) << "the reader was not closed";
}

TEST(BufferedRWPair, TalksThroughTwoPipes) {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  ASSERT_EQ(::pipe(there.data()), 0);
  ASSERT_EQ(::pipe(back.data()), 0);
  std::thread echo([&] {
    BufferedRWPair pair(FileIO(there[0]), FileIO(back[1], "w"));
    for (const Bytes& line : pair) {
      pair.write(line);
      pair.flush();
    }
  });
  {
    BufferedRWPair pair(FileIO(back[0]), FileIO(there[1], "w"));
    for (int i = 0; i < 100; ++i) {
      const string line = "line " + std::to_string(i) + "\n";
      pair.write(line);
      pair.flush();
      ASSERT_EQ(text(pair.readline()), line);
    }
  }
  echo.join();
}

// --- the end -------------------------------------------------------------------------------------

TEST(Buffered, ClosesWhatItOwnsAndFlushesWhatItBorrows) {
  const TempDirectory directory;
  FileIO borrowed(directory.make("f", kForty), "r+");
  {
    BufferedRandom stream(borrowed, 8);
    stream.write("abc");
    stream.close();
    EXPECT_TRUE(stream.closed());
    EXPECT_THROW((void)stream.raw(), ClosedError);
  }
  EXPECT_FALSE(borrowed.closed());
  EXPECT_EQ(borrowed.tell(), 3u);
  EXPECT_EQ(directory.content("f"), "abc" + kForty.substr(3));
  const int descriptor = borrowed.fileno();
  BufferedRandom owner(std::move(borrowed), 8);
  EXPECT_EQ(owner.fileno(), descriptor);
  owner.close();
  EXPECT_EQ(::close(descriptor), -1);
}

TEST(Buffered, LeavesABorrowedStreamWhereItWasRead) {
  TestStream raw(kForty);
  {
    BufferedReader reader(raw, 16);
    (void)reader.read(5);
  }
  EXPECT_EQ(text(raw.read(3)), "567") << "what was read ahead must not be lost";
}

TEST(Buffered, DetachGivesTheRawStreamBack) {
  BufferedRandom stream(std::make_unique<TestStream>(kForty), 8);
  (void)stream.read(2);
  stream.write("ab");
  Stream* const raw = &stream.raw();
  const StreamHandle handle = stream.detach();
  EXPECT_TRUE(handle.owns());
  EXPECT_EQ(handle.get(), raw);
  EXPECT_TRUE(stream.closed());
  EXPECT_THROW((void)stream.read(), ClosedError);
  EXPECT_THROW((void)stream.detach(), ClosedError);
  EXPECT_NO_THROW(stream.close());
  EXPECT_EQ(handle->tell(), 4u);
  handle->seek(0);
  EXPECT_EQ(text(handle->read(5)), "01ab4");
}

TEST(Buffered, IsClosedWhenTheRawStreamIs) {
  TestStream raw(kForty);
  BufferedRandom stream(raw, 8);
  (void)stream.read(2);
  stream.write("ab");
  raw.close();
  EXPECT_TRUE(stream.closed());
  std::array<char, 2> room{};
  EXPECT_THROW((void)stream.read(1), ClosedError);
  EXPECT_THROW((void)stream.read1(1), ClosedError);
  EXPECT_THROW((void)stream.peek(), ClosedError);
  EXPECT_THROW(stream.readinto(room), ClosedError);
  EXPECT_THROW((void)stream.readline(), ClosedError);
  EXPECT_THROW(stream.write("a"), ClosedError);
  EXPECT_THROW(stream.seek(0), ClosedError);
  EXPECT_THROW((void)stream.tell(), ClosedError);
  EXPECT_THROW(stream.truncate(), ClosedError);
  EXPECT_THROW(stream.flush(), ClosedError);
  EXPECT_THROW((void)stream.readable(), ClosedError);
  EXPECT_THROW((void)stream.writable(), ClosedError);
  EXPECT_THROW((void)stream.seekable(), ClosedError);
  EXPECT_THROW((void)stream.isatty(), ClosedError);
  EXPECT_THROW((void)stream.fileno(), ClosedError);
  EXPECT_NO_THROW(stream.close());
}

TEST(Buffered, MovesWithItsBuffer) {
  TestStream raw(kForty);
  TestStream other;
  BufferedRandom first(raw, 8);
  (void)first.read(2);
  first.write("ab");
  BufferedRandom second(std::move(first));
  EXPECT_TRUE(first.closed());
  EXPECT_THROW((void)first.read(), ClosedError);
  EXPECT_EQ(text(second.read(2)), "45");
  BufferedRandom third(other, 8);
  third.write("kept");
  third = std::move(second);
  EXPECT_EQ(other.data(), "kept") << "an assignment flushes what it replaces";
  EXPECT_EQ(text(third.read(4)), "6789");
  third.flush();
  EXPECT_EQ(raw.data().substr(0, 6), "01ab45");
  BufferedRandom& same = third;
  third = std::move(same);
  EXPECT_EQ(third.tell(), 10u);
}

TEST(Buffered, RefusesPositionsThatOverflow) {
  TestStream raw(kForty);
  BufferedReader reader(raw, 8);
  (void)reader.read(3);
  EXPECT_THROW(reader.seek(PTRDIFF_MAX, Whence::Current), std::length_error);
  EXPECT_EQ(reader.tell(), 3u);
  EXPECT_EQ(reader.seek(PTRDIFF_MIN, Whence::Current), 0u);
  EXPECT_EQ(text(reader.read(2)), "01");
  EXPECT_EQ(reader.seek(PTRDIFF_MAX), static_cast<std::size_t>(PTRDIFF_MAX));
  EXPECT_TRUE(reader.read(1).empty());
}

// --- against the model ---------------------------------------------------------------------------

/// Does the same to a BufferedRandom and to a model of it. Now and then the raw stream or the
/// memory fails first: the operation must then throw, change nothing, and succeed when tried again.
class Machine {
 public:
  Machine(std::uint64_t seed, std::size_t buffer_size)
      : random_(seed),
        raw_(pattern(pick(200)), {.most_a_call = pick(3) == 0 ? npos : 1 + pick(20), .log = false}),
        stream_(raw_, buffer_size),
        buffer_size_(buffer_size) {
    model_.data = raw_.data();
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) step();
    stream_.flush();
    ASSERT_EQ(raw_.data(), model_.data);
    ASSERT_EQ(raw_.tell(), model_.position);
  }

  [[nodiscard]] const string& history() const { return history_; }

  static inline std::size_t failures_injected = 0;

 private:
  std::size_t pick(std::size_t count) { return std::size_t{random_()} % count; }

  std::size_t some_size() { return pick(4) == 0 ? pick(4 * buffer_size_) : pick(buffer_size_ + 2); }

  void step() {
    const std::size_t operation = pick(10);
    switch (operation) {
      case 0:
        return check_read("read", some_size(), [&](auto n) { return delivered(stream_.read(n)); });
      case 1:
        return check_read("readinto", some_size(), [&](auto n) {
          string room(static_cast<std::size_t>(n), '?');
          room.resize(stream_.readinto(room));
          return room;
        });
      case 2: {
        if (pick(8) != 0) return;
        return check_read("read all", npos, [&](auto) { return delivered(stream_.read()); });
      }
      case 3: {
        const auto limit = pick(2) == 0 ? -1 : static_cast<std::ptrdiff_t>(some_size());
        return check(
            "readline " + std::to_string(limit), [&] { return delivered(stream_.readline(limit)); },
            [&] { return model_.readline(limit); });
      }
      case 4:
        return check_some(
            "read1", [&] { return stream_.read1(9); }, true);
      case 5:
        return check_some(
            "peek", [&] { return stream_.peek(); }, false);
      case 6:
      case 7: {
        const string bytes = pattern(some_size() + 1).substr(1);
        return check(
            "write " + std::to_string(bytes.size()),
            [&] { return std::to_string(stream_.write(bytes)); },
            [&] {
              model_.write(bytes);
              return std::to_string(bytes.size());
            },
            bytes.size() < buffer_size_);
      }
      case 8: {
        const auto whence = static_cast<Whence>(pick(3));
        std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(pick(3 * buffer_size_ + 20));
        if (whence != Whence::Begin) offset -= static_cast<std::ptrdiff_t>(2 * buffer_size_ + 15);
        return check(
            "seek " + std::to_string(offset) + " " + std::to_string(int(whence)),
            [&] { return std::to_string(stream_.seek(offset, whence)); },
            [&] {
              model_.position =
                  detail::seek_target(offset, whence, model_.position, model_.data.size());
              return std::to_string(model_.position);
            });
      }
      default:
        if (pick(4) == 0) {
          return check(
              "flush", [&] { return stream_.flush(), string(); }, [] { return string(); });
        }
        if (pick(4) == 0) {
          const std::size_t size = pick(model_.data.size() + 10);
          return check(
              "truncate " + std::to_string(size),
              [&] { return std::to_string(stream_.truncate(size)); },
              [&] { return model_.truncate(size), std::to_string(size); });
        }
        kept_.emplace_back(stream_.peek(), text(stream_.peek()));
    }
  }

  /// The test's own memory is not what fails.
  static string delivered(const Bytes& bytes) {
    test::allocation_budget.reset();
    return text(bytes);
  }

  template <class Read>
  void check_read(const string& name, std::size_t size, Read&& read) {
    const auto count = size == npos ? -1 : static_cast<std::ptrdiff_t>(size);
    // When memory is short as well, readinto cannot keep what a failing read had brought.
    check(
        name + " " + std::to_string(count), [&] { return read(count); },
        [&] { return model_.read(count); }, true, name != "readinto");
  }

  /// For what may return any number of bytes but none only at the end.
  template <class Read>
  void check_some(const string& name, Read&& read, bool moves) {
    Bytes got;
    attempt(
        name, [&] { got = read(); }, true, true);
    const string expected = model_.read_at(model_.position, got.size());
    ASSERT_EQ(text(got), expected) << history_;
    if (got.empty()) {
      ASSERT_GE(model_.position, model_.data.size()) << history_;
    }
    if (moves) model_.position += got.size();
    kept_.emplace_back(got, expected);
    check_after();
  }

  template <class Do, class Expect>
  void check(const string& name, Do&& act, Expect&& expect, bool retriable = true,
             bool memory_too = true) {
    string got;
    attempt(
        name, [&] { got = act(); }, retriable, memory_too);
    const string expected = expect();
    ASSERT_EQ(got, expected) << history_;
    check_after();
  }

  template <class Act>
  void attempt(const string& name, Act&& act, bool retriable, bool memory_too) {
    history_ += name + "; ";
    if (retriable && pick(8) == 0) {
      raw_.options.fail_read_at = raw_.options.fail_write_at = pick(model_.data.size() + 10);
      const bool done = succeeds<std::system_error>(act);
      raw_.options.fail_read_at = raw_.options.fail_write_at = npos;
      if (done) return;
    } else if (retriable && memory_too && pick(8) == 0) {
      if (succeeds<std::bad_alloc>([&] {
            const test::AllocationBudget budget(pick(4));
            act();
          })) {
        return;
      }
    }
    act();
  }

  template <class Error, class Act>
  bool succeeds(Act&& act) {
    try {
      act();
      return true;
    } catch (const Error&) {
      history_ += "(failed) ";
      ++failures_injected;
      EXPECT_EQ(stream_.tell(), model_.position) << history_;
      return false;
    }
  }

  void check_after() {
    ASSERT_EQ(stream_.tell(), model_.position) << history_;
    if (kept_.size() < 8) return;
    for (const auto& [bytes, then] : kept_) ASSERT_EQ(text(bytes), then) << history_;
    kept_.clear();
  }

  std::mt19937_64 random_;
  TestStream raw_;
  BufferedRandom stream_;
  std::size_t buffer_size_;
  test::StreamModel model_;
  std::vector<std::pair<Bytes, string>> kept_;
  string history_;
};

TEST(BufferedModel, RandomOperationsDoWhatTheModelDoes) {
  const char* const given = std::getenv("QUIRE_TEST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
  std::printf("seed %llu (set QUIRE_TEST_SEED to repeat)\n", static_cast<unsigned long long>(seed));
  std::uint64_t round = 0;
  for (const std::size_t buffer_size : {1u, 2u, 3u, 8u, 16u, 64u}) {
    for (int i = 0; i < 100; ++i, ++round) {
      SCOPED_TRACE("round " + std::to_string(round) + " buffer " + std::to_string(buffer_size));
      Machine(seed + round, buffer_size).run(200);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(Machine::failures_injected, 1000u) << "the failures are not reached any more";
}

TEST(BufferedModel, AFileReadThroughABufferIsTheFile) {
  const TempDirectory directory;
  const string data = pattern(50000);
  FileIO file(directory.make("f", data));
  std::mt19937_64 random(7);
  BufferedReader reader(file, 512);
  test::StreamModel model{data};
  for (int i = 0; i < 20000; ++i) {
    if (random() % 4 == 0) {
      model.position = random() % 51000;
      ASSERT_EQ(reader.seek(static_cast<std::ptrdiff_t>(model.position)), model.position);
    }
    const auto count = static_cast<std::ptrdiff_t>(random() % 1500);
    if (random() % 2 == 0) {
      ASSERT_EQ(text(reader.read(count)), model.read(count)) << i;
    } else {
      ASSERT_EQ(text(reader.readline(count)), model.readline(count)) << i;
    }
    ASSERT_EQ(reader.tell(), model.position);
  }
}

}  // namespace
}  // namespace quire
