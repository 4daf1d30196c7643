// BytesIO as a stream: Python's contract call by call, and what quire adds to it.
#include "quire/bytes_io.h"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/bytes_io_kinds.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using std::string_view;
using test::message_of;
using test::text;

/// Where the bytes lie, to compare with later: the handle need not stay.
const std::byte* address(const Bytes& bytes) {
  return bytes.data();
}

constexpr std::ptrdiff_t kHighest = std::numeric_limits<std::ptrdiff_t>::max();

static_assert(std::is_nothrow_move_constructible_v<BytesIO>);
static_assert(std::is_nothrow_move_assignable_v<BytesIO>);
static_assert(std::is_nothrow_destructible_v<BytesIO>);
static_assert(!std::is_copy_constructible_v<BytesIO>);
static_assert(!std::is_copy_assignable_v<BytesIO>);
static_assert(std::is_nothrow_default_constructible_v<BytesIO>);

/// What holds of a SpooledIO as well, whatever its limit is.
template <class Stream>
class BytesIOContract : public testing::Test {};

TYPED_TEST_SUITE(BytesIOContract, test::BytesIOKinds, test::BytesIOKindName);

// --- construction --------------------------------------------------------------------------------

TYPED_TEST(BytesIOContract, StartsEmptyAtZero) {
  TypeParam f;
  EXPECT_EQ(f.tell(), 0u);
  EXPECT_EQ(f.size(), 0u);
  EXPECT_EQ(f.capacity(), 0u);
  EXPECT_TRUE(f.read().empty());
  EXPECT_TRUE(f.getvalue().empty());
  EXPECT_FALSE(f.closed());
}

TYPED_TEST(BytesIOContract, StartsWithInitialBytesAtZero) {
  TypeParam f("hello");
  EXPECT_EQ(f.tell(), 0u);
  EXPECT_EQ(text(f.read()), "hello");
}

TYPED_TEST(BytesIOContract, LiteralsKeepTheirNuls) {
  // Seed 3's own example.
  TypeParam f("\x00\x01\x02hello");
  EXPECT_EQ(text(f.read(3)), string("\x00\x01\x02", 3));
  EXPECT_EQ(text(f.read()), "hello");
}

TEST(BytesIO, SharesTheMemoryOfInitialBytes) {
  const Bytes b("some bytes to start with");
  const Ledger before = thread_ledger();
  BytesIO f(b);
  EXPECT_EQ(f.read().data(), b.data());
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
}

TYPED_TEST(BytesIOContract, WriteToSharedInitialBytesLeavesThemAlone) {
  const Bytes b("initial");
  TypeParam f(b);
  f.write("I");
  EXPECT_EQ(text(b), "initial");
  EXPECT_EQ(text(f.getvalue()), "Initial");
}

TEST(BytesIO, WritesInPlaceOnceTheInitialBytesAreItsOwn) {
  BytesIO f(Bytes("initial"));
  const Ledger before = f.ledger();
  f.write("I");
  EXPECT_EQ((f.ledger() - before).copied_for(CopyReason::CopyOnWrite), 0u);
  EXPECT_EQ(text(f.getvalue()), "Initial");
}

TYPED_TEST(BytesIOContract, SliceOfBytesAsInitialValueNeverTouchesItsNeighbours) {
  Bytes whole("left|middle|right");
  TypeParam f(whole.slice(5, 11));
  whole = Bytes();
  EXPECT_EQ(text(f.getvalue()), "middle");
  f.seek(0, Whence::End);
  f.write("!!!");
  EXPECT_EQ(text(f.getvalue()), "middle!!!");
}

TEST(BytesIO, AdoptsAStringWithoutACopy) {
  string s(1000, 'x');
  const auto* const where = reinterpret_cast<const std::byte*>(s.data());
  BytesIO f = BytesIO::adopt(std::move(s));
  EXPECT_EQ(f.getvalue().data(), where);
  EXPECT_EQ(f.size(), 1000u);
  EXPECT_EQ(f.ledger().copied_total(), 0u);
}

TEST(BytesIO, AdoptedMemoryIsWrittenInPlaceAndLeftToGrow) {
  std::vector<std::uint16_t> v(500, 0x4141);
  BytesIO f = BytesIO::adopt(std::move(v));
  const std::byte* const where = address(f.peek(1));
  f.write("B");
  EXPECT_EQ(f.peek(1).data(), where + 1);
  f.seek(0, Whence::End);
  f.write("grown");
  EXPECT_NE(f.read_at(0, 1).data(), where);
  EXPECT_EQ(f.size(), 1005u);
  EXPECT_EQ(text(f.read_at(0, 3)), "BAA");
  EXPECT_EQ(text(f.read_at(998, 7)), "AAgrown");
}

TEST(BytesIO, AdoptedPointerIsFreedOnceAfterItsLastHandle) {
  static int freed = 0;
  freed = 0;
  static char memory[] = "adopted";
  Bytes kept;
  {
    BytesIO f = BytesIO::adopt(memory, 7, [](void*) noexcept { ++freed; });
    kept = f.getvalue();
  }
  EXPECT_EQ(freed, 0);
  EXPECT_EQ(text(kept), "adopted");
  kept = Bytes();
  EXPECT_EQ(freed, 1);
}

TYPED_TEST(BytesIOContract, MoveTakesEverythingAndLeavesAnEmptyUsableStream) {
  TypeParam f("content");
  f.seek(3);
  TypeParam g(std::move(f));
  EXPECT_EQ(g.tell(), 3u);
  EXPECT_EQ(text(g.getvalue()), "content");
  f.write("new");  // NOLINT(bugprone-use-after-move): what it may be used for is the point
  EXPECT_EQ(text(f.getvalue()), "new");
  g = std::move(f);
  EXPECT_EQ(text(g.getvalue()), "new");
  EXPECT_EQ(g.tell(), 3u);
}

TYPED_TEST(BytesIOContract, MoveOfAClosedStreamIsClosed) {
  TypeParam f("x");
  f.close();
  TypeParam g(std::move(f));
  EXPECT_TRUE(g.closed());
  EXPECT_THROW(g.write("x"), ClosedError);
}

// --- reading -------------------------------------------------------------------------------------

TYPED_TEST(BytesIOContract, ReadClampsAndAdvances) {
  TypeParam f("0123456789");
  EXPECT_EQ(text(f.read(4)), "0123");
  EXPECT_EQ(f.tell(), 4u);
  EXPECT_EQ(text(f.read(0)), "");
  EXPECT_EQ(text(f.read(100)), "456789");
  EXPECT_EQ(f.tell(), 10u);
  EXPECT_EQ(text(f.read(1)), "");
}

TYPED_TEST(BytesIOContract, ReadPastTheEndDoesNotMove) {
  TypeParam f("abc");
  f.seek(10);
  EXPECT_TRUE(f.read().empty());
  EXPECT_TRUE(f.read(5).empty());
  EXPECT_TRUE(f.readline().empty());
  EXPECT_TRUE(f.peek(1).empty());
  EXPECT_TRUE(f.readlines().empty());
  EXPECT_EQ(f.tell(), 10u);
}

TYPED_TEST(BytesIOContract, NegativeReadTakesAll) {
  for (const std::ptrdiff_t n : {std::ptrdiff_t{-1}, std::ptrdiff_t{-2}, -kHighest}) {
    TypeParam f("abc");
    EXPECT_EQ(text(f.read(n)), "abc") << n;
  }
}

TYPED_TEST(BytesIOContract, ReadMatrixOfSizesAndChunks) {
  for (const std::size_t size : {0u, 1u, 2u, 63u, 64u, 65u, 4095u, 4096u, 4097u, 65535u, 65537u}) {
    string data(size, '\0');
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 7 + i / 256);
    for (const std::size_t chunk : {1u, 2u, 63u, 64u, 4096u, 70000u}) {
      if (size / chunk > 5000) continue;
      TypeParam f(data);
      string seen;
      for (Bytes part = f.read(static_cast<std::ptrdiff_t>(chunk)); !part.empty();
           part = f.read(static_cast<std::ptrdiff_t>(chunk))) {
        ASSERT_TRUE(part.size() == chunk || f.tell() == size) << size << " by " << chunk;
        seen += text(part);
      }
      ASSERT_EQ(seen, data) << size << " by " << chunk;
    }
  }
}

TYPED_TEST(BytesIOContract, ReadIntoFillsWhatIsThere) {
  TypeParam f("0123456789");
  std::array<char, 4> target{};
  EXPECT_EQ(f.readinto(target), 4u);
  EXPECT_EQ(string_view(target.data(), 4), "0123");
  f.seek(8);
  EXPECT_EQ(f.readinto(target), 2u);
  EXPECT_EQ(string_view(target.data(), 4), "8923");
  EXPECT_EQ(f.readinto(target), 0u);
  f.seek(100);
  EXPECT_EQ(f.readinto(target), 0u);
}

TYPED_TEST(BytesIOContract, ReadIntoAnEmptyTargetTakesNothing) {
  TypeParam f("abc");
  std::vector<char> none;
  EXPECT_EQ(f.readinto(none), 0u);
  EXPECT_EQ(f.tell(), 0u);
}

TYPED_TEST(BytesIOContract, ReadIntoAViewOfItselfMovesOverlappingBytes) {
  // CPython copies with memcpy here, which may tear overlapping bytes.
  TypeParam f("0123456789");
  MutableMemoryView view = f.getbuffer();
  EXPECT_EQ(f.readinto(MutableByteSpan(view).subspan(2)), 8u);
  EXPECT_EQ(text(f.getvalue()), "0101234567");
}

TYPED_TEST(BytesIOContract, ReadlineSplitsAtNewlinesOnly) {
  TypeParam f("one\ntwo\r\nthree\rfour\n\nlast");
  EXPECT_EQ(text(f.readline()), "one\n");
  EXPECT_EQ(text(f.readline()), "two\r\n");
  EXPECT_EQ(text(f.readline()), "three\rfour\n");
  EXPECT_EQ(text(f.readline()), "\n");
  EXPECT_EQ(text(f.readline()), "last");
  EXPECT_EQ(text(f.readline()), "");
}

TYPED_TEST(BytesIOContract, ReadlineStopsAtItsSize) {
  TypeParam f("long line\nx");
  EXPECT_EQ(text(f.readline(0)), "");
  EXPECT_EQ(text(f.readline(4)), "long");
  EXPECT_EQ(text(f.readline(100)), " line\n");
  EXPECT_EQ(text(f.readline(-5)), "x");
}

TEST(BytesIO, ReadlinesStopsOnceItHasTheHint) {
  const auto count = [](std::ptrdiff_t hint) {
    BytesIO f("12\n456\n89\n");
    return f.readlines(hint).size();
  };
  EXPECT_EQ(count(-1), 3u);
  EXPECT_EQ(count(0), 3u);
  EXPECT_EQ(count(1), 1u);
  EXPECT_EQ(count(3), 1u);
  EXPECT_EQ(count(4), 2u);
  EXPECT_EQ(count(7), 2u);
  EXPECT_EQ(count(8), 3u);
}

TYPED_TEST(BytesIOContract, IterationGivesLinesFromThePosition) {
  TypeParam f("skip\none\ntwo");
  EXPECT_EQ(text(f.readline()), "skip\n");
  std::vector<string> lines;
  for (const Bytes& line : f) lines.push_back(text(line));
  EXPECT_EQ(lines, (std::vector<string>{"one\n", "two"}));
}

TYPED_TEST(BytesIOContract, PeekShowsWithoutMoving) {
  TypeParam f("0123456789");
  f.seek(2);
  EXPECT_EQ(text(f.peek(3)), "234");
  EXPECT_EQ(text(f.peek()), "23456789");
  EXPECT_EQ(text(f.peek(-1)), "23456789");
  EXPECT_EQ(f.tell(), 2u);
  const string large(3 * kDefaultBufferSize, 'x');
  TypeParam g(large);
  EXPECT_EQ(g.peek().size(), kDefaultBufferSize);
  EXPECT_EQ(g.peek(kHighest).size(), large.size());
}

TYPED_TEST(BytesIOContract, ReadAtLeavesThePositionAlone) {
  TypeParam f("0123456789");
  f.seek(5);
  EXPECT_EQ(text(f.read_at(2, 3)), "234");
  EXPECT_EQ(text(f.read_at(8, 100)), "89");
  EXPECT_EQ(text(f.read_at(10, 1)), "");
  EXPECT_EQ(text(f.read_at(npos, npos)), "");
  EXPECT_EQ(text(f.read_at(0, npos)), "0123456789");
  EXPECT_EQ(f.tell(), 5u);
}

TYPED_TEST(BytesIOContract, SliceFollowsPythonsRules) {
  TypeParam f("0123456789");
  EXPECT_EQ(text(f.slice(2, 5)), "234");
  EXPECT_EQ(text(f.slice(-3)), "789");
  EXPECT_EQ(text(f.slice(std::nullopt, -3)), "0123456");
  EXPECT_EQ(text(f.slice(5, 2)), "");
  EXPECT_EQ(text(f.slice(0, npos)), "0123456789");
}

TYPED_TEST(BytesIOContract, FindSearchesTheWholeStreamOrAPart) {
  TypeParam f("abcabc");
  f.seek(4);
  EXPECT_EQ(f.find("bc"), 1u);
  EXPECT_EQ(f.find("bc", 2), 4u);
  EXPECT_EQ(f.find("bc", 2, 5), npos);
  EXPECT_EQ(f.find("bc", -2), 4u);
  EXPECT_EQ(f.find("x"), npos);
  EXPECT_EQ(f.find(""), 0u);
  EXPECT_EQ(TypeParam().find("x"), npos);
}

// --- writing -------------------------------------------------------------------------------------

TYPED_TEST(BytesIOContract, WriteReturnsItsSizeAndOverwritesInTheMiddle) {
  TypeParam f("0123456789");
  f.seek(3);
  EXPECT_EQ(f.write("abc"), 3u);
  EXPECT_EQ(f.tell(), 6u);
  EXPECT_EQ(text(f.getvalue()), "012abc6789");
  f.seek(9);
  f.write("XYZ");
  EXPECT_EQ(text(f.getvalue()), "012abc678XYZ");
}

TYPED_TEST(BytesIOContract, OverseekThenWritePadsWithZeros) {
  TypeParam f("0123456789");
  f.truncate(3);
  f.seek(6);
  f.write("X");
  EXPECT_EQ(text(f.getvalue()), string("012\0\0\0X", 7));
}

TYPED_TEST(BytesIOContract, WriteOfNothingPastTheEndChangesNothing) {
  TypeParam f("abc");
  f.seek(10);
  EXPECT_EQ(f.write(""), 0u);
  EXPECT_EQ(f.size(), 3u);
}

TYPED_TEST(BytesIOContract, WritesItsOwnBytes) {
  TypeParam f("abc");
  f.seek(0, Whence::End);
  for (int i = 0; i < 10; ++i) f.write(f.getvalue());
  EXPECT_EQ(f.size(), 3u * 1024);
  EXPECT_EQ(text(f.read_at(3069, 3)), "abc");
}

TYPED_TEST(BytesIOContract, WritesRawMemoryOfItsOwnBlockWhileItGrows) {
  // No handle keeps the old block: growing must not free what is still to be read from it.
  TypeParam f("0123456789");
  f.seek(0, Whence::End);
  for (int i = 0; i < 14; ++i) {
    const string before = text(f.getvalue());
    f.write(ByteSpan(address(f.getvalue()), f.size()));
    ASSERT_EQ(text(f.getvalue()), before + before) << i;
  }
}

TYPED_TEST(BytesIOContract, WritesAViewOfItselfInPlace) {
  TypeParam f("0123456789");
  const MutableMemoryView view = f.getbuffer();
  f.seek(2);
  f.write(ByteSpan(view).subspan(0, 8));
  EXPECT_EQ(text(f.getvalue()), "0101234567");
}

TYPED_TEST(BytesIOContract, WritelinesWritesEachItem) {
  TypeParam f;
  f.writelines(std::vector<string>{"a\n", "b\n", "c"});
  f.writelines(std::vector<Bytes>{});
  EXPECT_EQ(text(f.getvalue()), "a\nb\nc");
}

TYPED_TEST(BytesIOContract, WriteAtLeavesThePositionAlone) {
  TypeParam f("0123456789");
  f.seek(5);
  EXPECT_EQ(f.write_at(2, "xy"), 2u);
  EXPECT_EQ(f.tell(), 5u);
  EXPECT_EQ(f.write_at(12, "end"), 3u);
  EXPECT_EQ(text(f.getvalue()), string("01xy456789\0\0end", 15));
  EXPECT_THROW(f.write_at(npos, "x"), std::length_error);
  EXPECT_EQ(f.tell(), 5u);
}

TEST(BytesIO, SizesThatNoMemoryHoldsAreRefusedAndChangeNothing) {
  // CPython says SystemError at maxsize - 1 and OverflowError at maxsize.
  for (const std::ptrdiff_t back : {0, 1, 2, 5000}) {
    BytesIO f("abc");
    const auto far = static_cast<std::size_t>(kHighest - back);
    if (far > detail::kMaxSize) {
      EXPECT_EQ(f.seek(kHighest - back), far);
    } else {
      f.seek(kHighest - back);
    }
    try {
      f.write("x");
      ADD_FAILURE() << back;
    } catch (const std::length_error&) {
    } catch (const std::bad_alloc&) {
    }
    EXPECT_EQ(f.tell(), far);
    EXPECT_EQ(text(f.getvalue()), "abc");
  }
  BytesIO f("abc");
  EXPECT_THROW(f.reserve(npos), std::length_error);
  EXPECT_THROW(f.resize(npos), std::length_error);
  EXPECT_EQ(text(f.getvalue()), "abc");
}

TEST(BytesIO, SizeLimitStopsGrowthAndNothingElse) {
  BytesIO f(StorageOptions{.size_limit = 10});
  f.write("0123456789");
  try {
    f.write("x");
    FAIL();
  } catch (const std::length_error& error) {
    EXPECT_STREQ(error.what(),
                 "new buffer size too large (11 bytes, the stream's size_limit is 10)");
  }
  EXPECT_THROW(f.resize(11), std::length_error);
  EXPECT_THROW(f.reserve(11), std::length_error);
  EXPECT_THROW(BytesIO("01234567890", StorageOptions{.size_limit = 10}), std::length_error);
  f.seek(5);
  f.write("abcde");
  EXPECT_EQ(text(f.getvalue()), "01234abcde");
  BytesIO twin = f.clone();
  twin.seek(0, Whence::End);
  EXPECT_THROW(twin.write("x"), std::length_error);
  BytesIO reader = f.reader();
  reader.seek(0, Whence::End);
  EXPECT_THROW(reader.write("x"), std::length_error);
}

// A stream started from bytes whose block had room to spare took all of that room once it was the
// block's only owner, and wrote past its limit.
TEST(BytesIO, SizeLimitHoldsInABlockThatHasMoreRoom) {
  BytesIO writer("12345678");
  Bytes value = writer.getvalue();
  ASSERT_GT(writer.capacity(), 10u);
  writer.close();
  BytesIO f(std::move(value), StorageOptions{.size_limit = 10});
  f.seek(0, Whence::End);
  f.write("9");
  EXPECT_EQ(f.capacity(), 10u);
  EXPECT_THROW(f.write("01"), std::length_error);
  EXPECT_EQ(f.write("0"), 1u);
  EXPECT_EQ(f.getvalue(), "1234567890");
}

// --- position and size ---------------------------------------------------------------------------

TYPED_TEST(BytesIOContract, SeekFromEachOrigin) {
  TypeParam f("0123456789");
  EXPECT_EQ(f.seek(4), 4u);
  EXPECT_EQ(f.seek(2, Whence::Current), 6u);
  EXPECT_EQ(f.seek(-4, Whence::End), 6u);
  EXPECT_EQ(f.seek(5, Whence::End), 15u);
  EXPECT_EQ(f.tell(), 15u);
}

TEST(BytesIO, SeekStopsAtZeroFromCurrentAndEnd) {
  BytesIO f("abc");
  EXPECT_EQ(f.seek(-100, Whence::Current), 0u);
  EXPECT_EQ(f.seek(-100, Whence::End), 0u);
  EXPECT_EQ(f.seek(std::numeric_limits<std::ptrdiff_t>::min(), Whence::End), 0u);
}

TEST(BytesIO, SeekBeforeTheBeginningIsRefusedByName) {
  BytesIO f("abc");
  f.seek(2);
  try {
    f.seek(-1);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "negative seek value -1");
  }
  EXPECT_EQ(f.tell(), 2u);
}

TYPED_TEST(BytesIOContract, SeekBeyondTheHighestPositionIsRefused) {
  TypeParam f("abc");
  EXPECT_EQ(f.seek(kHighest), static_cast<std::size_t>(kHighest));
  EXPECT_THROW(f.seek(1, Whence::Current), std::length_error);
  EXPECT_THROW(f.seek(kHighest, Whence::End), std::length_error);
  EXPECT_EQ(f.tell(), static_cast<std::size_t>(kHighest));
}

TEST(BytesIO, TruncateCutsAndNeverExtendsOrMoves) {
  BytesIO f("0123456789");
  f.seek(6);
  EXPECT_EQ(f.truncate(), 6u);
  EXPECT_EQ(text(f.getvalue()), "012345");
  EXPECT_EQ(f.truncate(100), 100u);
  EXPECT_EQ(f.size(), 6u);
  EXPECT_EQ(f.truncate(2), 2u);
  EXPECT_EQ(f.tell(), 6u);
  EXPECT_EQ(text(f.getvalue()), "01");
}

TEST(BytesIO, TruncateToANegativeSizeIsRefusedByName) {
  BytesIO f("0123456789");
  try {
    f.truncate(-1);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "negative size value -1");
  }
  EXPECT_EQ(f.size(), 10u);
}

TYPED_TEST(BytesIOContract, TruncateGivesMemoryBack) {
  TypeParam f(string(1 << 20, 'x'));
  f.truncate(100);
  EXPECT_LE(f.retained_bytes(), 4096u);
  EXPECT_EQ(text(f.getvalue()), string(100, 'x'));
}

TYPED_TEST(BytesIOContract, ResizeCutsOrFillsWithZeros) {
  TypeParam f("0123456789");
  f.seek(4);
  f.resize(3);
  EXPECT_EQ(text(f.getvalue()), "012");
  f.resize(6);
  EXPECT_EQ(text(f.getvalue()), string("012\0\0\0", 6));
  EXPECT_EQ(f.tell(), 4u);
}

TYPED_TEST(BytesIOContract, ReserveMakesRoomOnce) {
  TypeParam f("abc");
  f.reserve(100000);
  EXPECT_GE(f.capacity(), 100000u);
  const std::byte* const where = address(f.peek(1));
  f.seek(0, Whence::End);
  f.write(string(99997, 'x'));
  EXPECT_EQ(f.read_at(0, 1).data(), where);
}

TYPED_TEST(BytesIOContract, ClearStartsAgainInTheSameRoom) {
  TypeParam f(string(5000, 'x'));
  const std::size_t room = f.capacity();
  f.seek(17);
  f.clear();
  EXPECT_EQ(f.tell(), 0u);
  EXPECT_EQ(f.size(), 0u);
  EXPECT_EQ(f.capacity(), room);
  f.write("again");
  EXPECT_EQ(text(f.getvalue()), "again");
}

TEST(BytesIO, CompactGivesBackWhatIsNotUsed) {
  BytesIO f("abc");
  f.reserve(1 << 20);
  f.compact();
  EXPECT_EQ(f.retained_bytes(), 3u);
  EXPECT_EQ(text(f.getvalue()), "abc");
  f.seek(0, Whence::End);
  f.write("def");
  EXPECT_EQ(text(f.getvalue()), "abcdef");
}

TEST(BytesIO, CompactLetsGoOfABlockItShowsLittleOf) {
  BytesIO f(Bytes(string(1 << 20, 'x')).slice(10, 20));
  EXPECT_GE(f.retained_bytes(), 1u << 20);
  f.compact();
  EXPECT_EQ(f.retained_bytes(), 10u);
  EXPECT_EQ(text(f.getvalue()), "xxxxxxxxxx");
}

// --- closing -------------------------------------------------------------------------------------

TYPED_TEST(BytesIOContract, EveryOperationOnAClosedStreamSaysSo) {
  TypeParam f("abc");
  f.close();
  f.close();
  EXPECT_TRUE(f.closed());
  std::array<char, 4> target{};
  const std::vector<std::pair<const char*, std::function<void()>>> calls = {
      {"read", [&] { (void)f.read(); }},
      {"read1", [&] { (void)f.read1(1); }},
      {"readinto", [&] { f.readinto(target); }},
      {"readinto nothing", [&] { f.readinto(MutableByteSpan()); }},
      {"readline", [&] { (void)f.readline(); }},
      {"readlines", [&] { (void)f.readlines(); }},
      {"begin", [&] { (void)f.begin(); }},
      {"write", [&] { f.write("x"); }},
      {"write nothing", [&] { f.write(""); }},
      {"writelines", [&] { f.writelines(std::vector<string>{}); }},
      {"write_at", [&] { f.write_at(0, "x"); }},
      {"seek", [&] { f.seek(0); }},
      {"tell", [&] { (void)f.tell(); }},
      {"truncate", [&] { f.truncate(); }},
      {"flush", [&] { f.flush(); }},
      {"getvalue", [&] { (void)f.getvalue(); }},
      {"getbuffer", [&] { (void)f.getbuffer(); }},
      {"slice", [&] { (void)f.slice(0); }},
      {"reader", [&] { (void)f.reader(); }},
      {"clone", [&] { (void)f.clone(); }},
      {"peek", [&] { (void)f.peek(); }},
      {"read_at", [&] { (void)f.read_at(0, 1); }},
      {"find", [&] { (void)f.find("x"); }},
      {"size", [&] { (void)f.size(); }},
      {"capacity", [&] { (void)f.capacity(); }},
      {"reserve", [&] { f.reserve(1); }},
      {"resize", [&] { f.resize(1); }},
      {"clear", [&] { f.clear(); }},
      {"compact", [&] { f.compact(); }},
      {"readable", [&] { (void)f.readable(); }},
      {"writable", [&] { (void)f.writable(); }},
      {"seekable", [&] { (void)f.seekable(); }},
      {"isatty", [&] { (void)f.isatty(); }},
  };
  for (const auto& [name, call] : calls) {
    try {
      call();
      ADD_FAILURE() << name << " worked";
    } catch (const ClosedError& error) {
      EXPECT_STREQ(error.what(), "I/O operation on closed file.") << name;
    }
  }
  EXPECT_EQ(f.retained_bytes(), 0u);
}

TEST(BytesIO, TellsWhatItCanDo) {
  BytesIO f;
  EXPECT_TRUE(f.readable());
  EXPECT_TRUE(f.writable());
  EXPECT_TRUE(f.seekable());
  EXPECT_FALSE(f.isatty());
  EXPECT_THROW((void)f.fileno(), UnsupportedOperation);
  f.close();
  EXPECT_THROW((void)f.fileno(), UnsupportedOperation);
}

// --- derived classes -----------------------------------------------------------------------------

class CountingStream : public BytesIO {
 public:
  using BytesIO::BytesIO;

  std::size_t write(ByteSpan data) override {
    ++writes;
    return BytesIO::write(data);
  }

  Bytes readline(std::ptrdiff_t size = -1) override {
    ++readlines_called;
    return BytesIO::readline(size);
  }

  int writes = 0;
  int readlines_called = 0;
};

TEST(BytesIO, OverridesAreReachedThroughTheBase) {
  CountingStream counting;
  BytesIO& as_bytes_io = counting;
  as_bytes_io.write("one");
  Stream& as_stream = counting;
  as_stream.write("two");
  EXPECT_EQ(counting.writes, 2);
  EXPECT_EQ(text(counting.getvalue()), "onetwo");
}

TEST(BytesIO, InternalLoopsDoNotCallOverrides) {
  CountingStream f;
  f.writelines(std::vector<string>{"a\n", "b\n"});
  f.write_at(0, "A");
  EXPECT_EQ(f.writes, 0);
  f.seek(0);
  EXPECT_EQ(f.readlines().size(), 2u);
  f.seek(0);
  for (const Bytes& line : f) EXPECT_EQ(line.size(), 2u);
  EXPECT_EQ(f.readlines_called, 0);
}

// --- a fixed buffer ------------------------------------------------------------------------------

TEST(BytesIO, OverWorksInsideTheCallersMemory) {
  std::array<std::byte, 8> memory{};
  BytesIO f = BytesIO::over(memory);
  EXPECT_EQ(f.capacity(), 8u);
  EXPECT_EQ(f.size(), 0u);
  f.write("12345678");
  EXPECT_EQ(text(ByteSpan(memory)), "12345678");
  f.seek(2);
  f.write("ab");
  EXPECT_EQ(text(ByteSpan(memory)), "12ab5678");
  EXPECT_EQ(text(f.getvalue()), "12ab5678");
}

TEST(BytesIO, OverThrowsWhenFullAndWritesNothing) {
  std::array<std::byte, 8> memory{};
  BytesIO f = BytesIO::over(memory);
  f.write("12345");
  EXPECT_THROW(f.write("6789"), std::length_error);
  EXPECT_EQ(f.tell(), 5u);
  EXPECT_EQ(text(f.getvalue()), "12345");
  EXPECT_EQ(f.write("678"), 3u);
  EXPECT_EQ(f.write(""), 0u);
  EXPECT_THROW(f.write("9"), std::length_error);
  EXPECT_THROW(f.resize(9), std::length_error);
  EXPECT_THROW(f.reserve(9), std::length_error);
  f.reserve(8);
}

TEST(BytesIO, OverWritesShortWhenAskedTo) {
  std::array<std::byte, 8> memory{};
  BytesIO f = BytesIO::over(memory, WhenFull::Short);
  EXPECT_EQ(f.write("12345"), 5u);
  EXPECT_EQ(f.write("6789"), 3u);
  EXPECT_EQ(f.write("9"), 0u);
  f.seek(20);
  EXPECT_EQ(f.write("x"), 0u);
  f.truncate(2);
  f.seek(6);
  EXPECT_EQ(f.write("xyz"), 2u);
  EXPECT_EQ(text(f.getvalue()), string("12\0\0\0\0xy", 8));
}

// What did not fit was dropped: writelines returns nothing, so nobody heard of it.
TYPED_TEST(BytesIOContract, OverSaysHowMuchWritelinesCouldWrite) {
  std::array<std::byte, 8> memory{};
  BytesIO f = BytesIO::over(memory, WhenFull::Short);
  const std::vector<string> lines{"12345", "67890", "x"};
  EXPECT_EQ(message_of<std::length_error>([&] { f.writelines(lines); }),
            "the stream is full: writelines wrote only 8 bytes");
  EXPECT_EQ(text(f.getvalue()), "12345678");
  f.clear();
  Stream& base = f;
  EXPECT_EQ(message_of<std::length_error>([&] { base.writelines(lines); }),
            "the stream is full: writelines wrote only 8 bytes");
  EXPECT_EQ(text(f.getvalue()), "12345678");
  f.clear();
  f.writelines(std::vector<string>{"12345", "678", ""});
  EXPECT_EQ(text(f.getvalue()), "12345678");
}

TEST(BytesIO, OverNeverShares) {
  std::array<std::byte, 8> memory{};
  BytesIO f = BytesIO::over(memory);
  f.write("12345678");
  const Bytes value = f.getvalue();
  f.seek(0);
  const Bytes part = f.read(4);
  f.write_at(0, "abcdefgh");
  EXPECT_EQ(text(value), "12345678");
  EXPECT_EQ(text(part), "1234");
  EXPECT_EQ(text(ByteSpan(memory)), "abcdefgh");
  BytesIO twin = f.clone();
  twin.seek(0, Whence::End);
  twin.write("grows");
  EXPECT_EQ(text(twin.getvalue()), "abcdefghgrows");
}

TEST(BytesIO, OverViewsDoNotPin) {
  std::array<std::byte, 8> memory{};
  BytesIO f = BytesIO::over(memory);
  f.write("1234");
  MutableMemoryView view = f.getbuffer();
  view[0] = std::byte{'x'};
  f.write("5");
  EXPECT_EQ(text(f.getvalue()), "x2345");
}

}  // namespace
}  // namespace quire
