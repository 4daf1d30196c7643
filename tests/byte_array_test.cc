// ByteArray beside views: what freezing, copying, growing and consuming cost, parts of itself as
// arguments, indices and refusals, sizes at the limit.
#include "quire/byte_array.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes.h"
#include "quire/error.h"
#include "quire/ledger.h"
#include "quire/memory_view.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::text;

static_assert(sizeof(ByteArray) == 24);
static_assert(std::is_nothrow_default_constructible_v<ByteArray>);
static_assert(std::is_nothrow_move_constructible_v<ByteArray>);
static_assert(std::is_nothrow_move_assignable_v<ByteArray>);
static_assert(std::is_nothrow_swappable_v<ByteArray>);
static_assert(std::is_nothrow_destructible_v<ByteArray>);
static_assert(!std::is_convertible_v<int, ByteArray>);
static_assert(!std::is_constructible_v<ByteArray, bool>, "bytearray(True) is a trap");
static_assert(!std::is_constructible_v<ByteArray, char>, "neither a size nor a byte");

/// Where the bytes lie, to compare with later: the array need not stay.
const void* address(const ByteArray& array) {
  return array.data();
}

/// What this thread copies from now on.
class Copies {
 public:
  [[nodiscard]] std::uint64_t total() const { return (thread_ledger() - before_).copied_total(); }

  [[nodiscard]] std::uint64_t growth() const {
    return (thread_ledger() - before_).copied_for(CopyReason::Growth);
  }

 private:
  Ledger before_ = thread_ledger();
};

// --- making --------------------------------------------------------------------------------------

TEST(ByteArray, IsMadeOfASizeOfAFillOrOfBytes) {
  EXPECT_EQ(ByteArray(3), "\0\0\0"_b);
  EXPECT_EQ(ByteArray(3u), "\0\0\0"_b);
  EXPECT_EQ(ByteArray(std::int8_t{2}).size(), 2u);
  EXPECT_EQ(ByteArray(2, std::byte{'x'}), "xx");
  EXPECT_EQ(ByteArray("a\0b"), "a\0b"_b);
  EXPECT_EQ(ByteArray(string("string")), "string");
  EXPECT_EQ(ByteArray::fromhex("00 ff"), "\x00\xff"_b);
  for (const ByteArray& empty : {ByteArray(), ByteArray(0), ByteArray(""), ByteArray(Bytes())}) {
    EXPECT_TRUE(empty.empty());
    EXPECT_EQ(empty.block(), nullptr);
    EXPECT_EQ(empty.capacity(), 0u);
    EXPECT_EQ(empty.begin(), empty.end());
  }
}

TEST(ByteArray, NegativeCountIsRefused) {
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)ByteArray(-1); }), "negative count -1");
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)ByteArray(PTRDIFF_MIN); }),
            "negative count -9223372036854775808");
}

TEST(ByteArray, PrintsAsPython) {
  std::ostringstream out;
  out << ByteArray("it's") << ByteArray() << ByteArray("\n\xff");
  EXPECT_EQ(out.str(), "bytearray(b\"it's\")bytearray(b'')bytearray(b'\\n\\xff')");
}

TEST(ByteArray, TakesOverBytesThatNobodyElseHas) {
  Bytes bytes(pattern(1000));
  const void* const where = bytes.data();
  const Copies copies;
  ByteArray array(std::move(bytes));
  EXPECT_EQ(address(array), where);
  EXPECT_EQ(copies.total(), 0u);
  EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(bytes.block(), nullptr);
  EXPECT_TRUE(array.block()->unique());
  array[0] = std::byte{'!'};
  EXPECT_EQ(array, "!" + pattern(1000).substr(1));
}

TEST(ByteArray, TakesOverAPartAndGrowsIntoTheRoomBehindIt) {
  Bytes part = Bytes("front|middle|behind").slice(6, 12);
  const void* const where = part.data();
  ByteArray array(std::move(part));
  EXPECT_EQ(address(array), where);
  EXPECT_EQ(array.capacity(), 13u);
  array.extend("!");
  EXPECT_EQ(address(array), where);
  EXPECT_EQ(array, "middle!");
}

TEST(ByteArray, CopiesBytesThatAreSharedOrStatic) {
  Bytes mine("shared");
  const Bytes other = mine;
  ByteArray array(std::move(mine));
  array[0] = std::byte{'S'};
  EXPECT_EQ(other, "shared");
  EXPECT_EQ(array, "Shared");
  ByteArray of_literal(operator""_b("static", 6));
  of_literal[0] = std::byte{'S'};
  EXPECT_EQ(of_literal, "Static");
}

// --- copying and moving --------------------------------------------------------------------------

TEST(ByteArray, CopiesAreDeep) {
  ByteArray first("content");
  const ByteArray made(first);
  ByteArray assigned("something else");
  assigned = first;
  const ByteArray copied = first.copy();
  const ByteArray sliced = first.slice(0);
  first.reverse();
  for (const ByteArray* const other :
       std::vector<const ByteArray*>{&made, &assigned, &copied, &sliced}) {
    EXPECT_EQ(*other, "content");
    EXPECT_NE(other->block(), first.block());
  }
  const auto parts = first.partition("n");
  EXPECT_NE(parts[0].block(), first.block());
}

TEST(ByteArray, MovingLeavesNothingAndCopiesNothing) {
  ByteArray first(pattern(1000));
  const void* const where = address(first);
  const Copies copies;
  ByteArray second(std::move(first));
  EXPECT_EQ(address(second), where);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(first.capacity(), 0u);
  ByteArray third("old");
  const std::uint64_t before = copies.total();
  third = std::move(second);
  EXPECT_EQ(address(third), where);
  EXPECT_EQ(copies.total(), before);
  second.extend("usable");  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second, "usable");
  second.swap(third);
  EXPECT_EQ(address(second), where);
  EXPECT_EQ(third, "usable");
}

TEST(ByteArray, SurvivesAssignmentToItself) {
  ByteArray array("itself");
  ByteArray& same = array;
  array = same;
  EXPECT_EQ(array, "itself");
  array = std::move(same);
  EXPECT_EQ(array, "itself");
}

// --- freezing ------------------------------------------------------------------------------------

TEST(ByteArrayFreeze, HandsOverTheMemory) {
  ByteArray array;
  for (int i = 0; i < 1000; ++i) array.append(static_cast<std::byte>(i));
  const string content = array.to_string();
  const void* const where = address(array);
  const std::size_t kept = array.retained_bytes();
  const Copies copies;
  Bytes frozen = array.freeze();
  EXPECT_EQ(frozen.data(), where);
  EXPECT_EQ(copies.total(), 0u);
  EXPECT_TRUE(frozen == content);
  EXPECT_TRUE(frozen.block()->unique());
  EXPECT_EQ(frozen.retained_bytes(), kept);
  frozen.compact();
  EXPECT_EQ(frozen.retained_bytes(), kept > 2000 ? 1000 : kept);
}

TEST(ByteArrayFreeze, LeavesAnEmptyArrayThatIsUsable) {
  ByteArray array("first");
  const Bytes first = array.freeze();
  EXPECT_TRUE(array.empty());
  EXPECT_EQ(array.capacity(), 0u);
  EXPECT_EQ(array.block(), nullptr);
  EXPECT_TRUE(array.freeze().empty());
  array.extend("second");
  array[0] = std::byte{'S'};
  const Bytes second = array.freeze();
  EXPECT_EQ(first, "first");
  EXPECT_EQ(second, "Second");
}

TEST(ByteArrayFreeze, OfAnEmptyArrayKeepsNoBlock) {
  ByteArray array("content");
  array.clear();
  EXPECT_GT(array.capacity(), 0u);
  EXPECT_EQ(array.freeze().block(), nullptr);
  EXPECT_EQ(array.block(), nullptr);
}

TEST(ByteArrayFreeze, AfterDeletionsShowsOnlyWhatIsLeft) {
  ByteArray array("deleted|kept|deleted");
  array.erase_slice(0, 8);
  array.erase_slice(-8);
  const void* const where = address(array);
  const Bytes frozen = array.freeze();
  EXPECT_EQ(frozen, "kept");
  EXPECT_EQ(frozen.data(), where);
}

TEST(ByteArrayFreeze, GoesThereAndBackWithoutACopy) {
  ByteArray array(pattern(500));
  const void* const where = address(array);
  const Copies copies;
  for (int i = 0; i < 10; ++i) array = ByteArray(array.freeze());
  EXPECT_EQ(address(array), where);
  EXPECT_EQ(copies.total(), 0u);
  EXPECT_EQ(array, pattern(500));
}

TEST(ByteArrayFreeze, IsRefusedWhileAViewLivesAndChangesNothing) {
  ByteArray array("content");
  const void* const where = address(array);
  MutableMemoryView view(array);
  EXPECT_EQ(message_of<BufferError>([&] { (void)array.freeze(); }),
            "Existing exports of data: object cannot be re-sized (1 view is alive: release them "
            "first)");
  EXPECT_EQ(array, "content");
  EXPECT_EQ(address(array), where);
  view[0] = std::byte{'C'};
  EXPECT_EQ(array, "Content");
  view.release();
  EXPECT_EQ(array.freeze(), "Content");
}

// --- what growing and consuming cost -------------------------------------------------------------

TEST(ByteArrayCost, AppendingByteByByteIsLinear) {
  constexpr std::size_t kSize = 1 << 20;
  ByteArray array;
  const Copies copies;
  std::size_t reallocations = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::size_t room = array.capacity();
    array.append(static_cast<std::byte>(i));
    if (array.capacity() != room) ++reallocations;
    ASSERT_LE(array.capacity(), std::max<std::size_t>(256, 2 * array.size()));
  }
  EXPECT_EQ(array.size(), kSize);
  // Doubling up to 64 KiB, half as much again from there.
  EXPECT_LE(reallocations, 20u);
  EXPECT_GE(reallocations, 2u);
  EXPECT_LE(copies.total(), 3 * kSize);
  for (std::size_t i = 0; i < kSize; i += 997) ASSERT_EQ(array[i], static_cast<std::byte>(i));
}

TEST(ByteArrayCost, ExtendingIsLinearAndCountsEveryByteOnce) {
  ByteArray array;
  const Bytes piece(pattern(1000));
  const Copies copies;
  for (int i = 0; i < 1000; ++i) array.extend(piece);
  EXPECT_EQ(array.size(), 1000000u);
  EXPECT_EQ(copies.total() - copies.growth(), 1000000u);
  EXPECT_LE(copies.growth(), 3000000u);
}

TEST(ByteArrayCost, ReservedRoomIsFilledWithoutMoving) {
  ByteArray array("x");
  array.reserve(5000);
  EXPECT_EQ(array.capacity(), 5000u);
  const void* const where = address(array);
  const Copies copies;
  while (array.size() < 5000) array.append(std::byte{'y'});
  EXPECT_EQ(address(array), where);
  EXPECT_EQ(copies.total(), 0u);
  EXPECT_EQ(array, "x" + string(4999, 'y'));
  array.reserve(10);
  EXPECT_EQ(array.capacity(), 5000u);
}

TEST(ByteArrayCost, DeletingAtTheFrontMovesNothing) {
  ByteArray array(pattern(100000));
  const std::byte* const where = array.data();
  const Copies copies;
  std::size_t gone = 0;
  for (; gone < 90000; gone += 9) {
    array.erase_slice(0, 9);
    ASSERT_EQ(array.data(), where + gone + 9);
  }
  array.erase(0);
  EXPECT_EQ(array.pop(0), static_cast<std::byte>(pattern(100000)[90001]));
  EXPECT_EQ(array.data(), where + 90002);
  EXPECT_EQ(copies.total(), 0u);
  EXPECT_EQ(array, pattern(100000).substr(90002));
}

TEST(ByteArrayCost, DeletingMovesTheShorterSide) {
  ByteArray array("0123456789");
  const std::byte* const where = array.data();
  array.erase_slice(2, 4);
  EXPECT_EQ(array.data(), where + 2);
  EXPECT_EQ(array, "01456789");
  array.erase_slice(5, 7);
  EXPECT_EQ(array.data(), where + 2);
  EXPECT_EQ(array, "014569");
}

TEST(ByteArrayCost, QueueStaysSmallAndLinear) {
  constexpr std::size_t kPiece = 100;
  constexpr std::size_t kRounds = 20000;
  for (const std::size_t waiting : {std::size_t{0}, std::size_t{1}, std::size_t{10000}}) {
    ByteArray queue(waiting, std::byte{'.'});
    const Copies copies;
    std::size_t most_kept = 0;
    for (std::size_t i = 0; i < kRounds; ++i) {
      queue.extend(string(kPiece, static_cast<char>(i)));
      queue.erase_slice(0, kPiece);
      most_kept = std::max(most_kept, queue.retained_bytes());
    }
    EXPECT_EQ(queue.size(), waiting);
    EXPECT_LE(most_kept, 4 * (waiting + kPiece) + 256) << waiting;
    EXPECT_LE(copies.growth(), 3 * kPiece * kRounds) << waiting;
  }
}

TEST(ByteArrayCost, RoomTakenOffInFrontIsUsedAgain) {
  ByteArray array(1000, std::byte{'x'});
  array.erase_slice(0, 900);
  EXPECT_EQ(array.capacity(), 100u);
  EXPECT_EQ(array.retained_bytes(), 1000u);
  const Copies copies;
  array.extend(string(500, 'y'));
  EXPECT_EQ(copies.growth(), 100u);
  EXPECT_EQ(array.retained_bytes(), 1000u);
  EXPECT_EQ(array, string(100, 'x') + string(500, 'y'));
}

TEST(ByteArrayCost, ClearingKeepsAllTheRoom) {
  ByteArray array(1000, std::byte{'x'});
  array.erase_slice(0, 900);
  array.clear();
  EXPECT_EQ(array.capacity(), 1000u);
}

TEST(ByteArrayCost, CompactGivesBackRoomOnBothSides) {
  ByteArray array("front|kept|behind");
  array.reserve(1000);
  array.erase_slice(0, 6);
  array.erase_slice(4);
  array.compact();
  EXPECT_EQ(array, "kept");
  EXPECT_EQ(array.capacity(), 4u);
  EXPECT_EQ(array.retained_bytes(), 4u);
  array.clear();
  EXPECT_EQ(array.capacity(), 4u);
  array.compact();
  EXPECT_EQ(array.retained_bytes(), 0u);
  EXPECT_EQ(array.block(), nullptr);
}

// --- parts of itself -----------------------------------------------------------------------------

/// How much room there is when an array gets a part of itself: none, so that it grows; none in
/// memory that cannot grow, so that it moves; enough; in front as well.
enum class Room { None, Adopted, Behind, InFront };

ByteArray with_room(const string& content, Room room) {
  ByteArray array(content);
  if (room == Room::Adopted) {
    string outside;
    outside.reserve(100);
    outside += content;
    array = ByteArray(Bytes::adopt(std::move(outside)));
  }
  if (room == Room::Behind) array.reserve(10 * content.size());
  if (room == Room::InFront) {
    array = ByteArray(string(5 * content.size(), '#') + content);
    array.erase_slice(0, 5 * content.size());
  }
  return array;
}

const std::vector<Room> kRooms = {Room::None, Room::Adopted, Room::Behind, Room::InFront};

TEST(ByteArraySelf, ExtendsByItselfAndByEveryPart) {
  const string content = "0123456789";
  for (const Room room : kRooms) {
    for (std::size_t from = 0; from <= content.size(); ++from) {
      for (std::size_t count = 0; from + count <= content.size(); ++count) {
        ByteArray array = with_room(content, room);
        array.extend(array.span().subspan(from, count));
        EXPECT_EQ(array, content + content.substr(from, count))
            << static_cast<int>(room) << " " << from << " " << count;
      }
    }
    ByteArray array = with_room(content, room);
    array.extend(array);
    array += array;
    EXPECT_EQ(array, content + content + content + content);
  }
}

TEST(ByteArraySelf, TakesEveryPartOfItselfInPlaceOfEveryOther) {
  const string content = "012345";
  for (const Room room : kRooms) {
    for (std::size_t to = 0; to <= 6; ++to) {
      for (std::size_t removed = 0; to + removed <= 6; ++removed) {
        for (std::size_t from = 0; from <= 6; ++from) {
          for (std::size_t count = 0; from + count <= 6; ++count) {
            ByteArray array = with_room(content, room);
            array.assign_slice(to, to + removed, array.span().subspan(from, count));
            string expected = content;
            expected.replace(to, removed, content.substr(from, count));
            EXPECT_EQ(array, expected)
                << static_cast<int>(room) << " a[" << to << ":" << to + removed << "] = a[" << from
                << ":" << from + count << "]";
          }
        }
      }
    }
  }
}

TEST(ByteArraySelf, TakesItselfReversedInSteps) {
  ByteArray array("0123456789");
  array.assign_slice(std::nullopt, std::nullopt, -1, array);
  EXPECT_EQ(array, "9876543210");
  array.assign_slice(std::nullopt, std::nullopt, 2, array.span().subspan(5));
  EXPECT_EQ(array, "4836241200");
}

TEST(ByteArraySelf, JoinsAndReplacesWithItself) {
  ByteArray array("a-b");
  array = array.join({array, array});
  EXPECT_EQ(array, "a-ba-ba-b");
  array = array.replace("-", array);
  EXPECT_EQ(array, "aa-ba-ba-bbaa-ba-ba-bbaa-ba-ba-bb");
}

// --- indices, and what is refused ----------------------------------------------------------------

TEST(ByteArray, IndexesFromBothEnds) {
  ByteArray array("abc");
  array[0] = std::byte{'A'};
  array[-1] = std::byte{'C'};
  array[1u] = std::byte{'B'};
  EXPECT_EQ(array, "ABC");
  EXPECT_EQ(std::as_const(array)[-3], std::byte{'A'});
  EXPECT_EQ(array.pop(-3), std::byte{'A'});
  EXPECT_EQ(array.pop(), std::byte{'C'});
  array.erase(-1);
  EXPECT_TRUE(array.empty());
}

TEST(ByteArray, InsertClampsWhereOthersRefuse) {
  ByteArray array("b");
  array.insert(100, std::byte{'d'});
  array.insert(-100, std::byte{'a'});
  array.insert(-1, std::byte{'c'});
  array.insert(npos, std::byte{'e'});
  EXPECT_EQ(array, "abcde");
}

TEST(ByteArray, IndicesOutsideAreRefusedAndChangeNothing) {
  for (const string& content : {string(), string("abc")}) {
    ByteArray array(content);
    const auto size = static_cast<std::ptrdiff_t>(content.size());
    for (const std::ptrdiff_t index : {size, size + 1, -size - 1, PTRDIFF_MAX, PTRDIFF_MIN}) {
      const string expected = "index " + std::to_string(index) + " out of range for size " +
                              std::to_string(content.size());
      const auto refused = [](auto&& action) { return message_of<std::out_of_range>(action); };
      EXPECT_EQ(refused([&] { array[index] = std::byte{1}; }), expected);
      EXPECT_EQ(refused([&] { (void)std::as_const(array)[index]; }), expected);
      EXPECT_EQ(refused([&] { array.pop(index); }), expected);
      EXPECT_EQ(refused([&] { array.erase(index); }), expected);
    }
    EXPECT_THROW((void)array[npos], std::out_of_range) << "unsigned never counts from the end";
    EXPECT_EQ(array, content);
  }
  EXPECT_THROW(ByteArray().pop(), std::out_of_range);
}

TEST(ByteArray, RefusalsReadAsPythons) {
  ByteArray array("abc");
  const auto refused = [](auto&& action) { return message_of<std::invalid_argument>(action); };
  EXPECT_EQ(refused([&] { array.remove(std::byte{'z'}); }), "value 122 not found in bytearray");
  EXPECT_EQ(refused([&] { (void)array.slice(0, 1, 0); }), "slice step cannot be zero");
  EXPECT_EQ(refused([&] { array.erase_slice(0, 1, 0); }), "slice step cannot be zero");
  EXPECT_EQ(refused([&] { array.assign_slice(0, 1, 0, "x"); }), "slice step cannot be zero");
  EXPECT_EQ(refused([&] { array.assign_slice(0, 1, 0, ""); }), "slice step cannot be zero");
  EXPECT_EQ(refused([&] { array.assign_slice(std::nullopt, std::nullopt, 2, "x"); }),
            "attempt to assign bytes of size 1 to extended slice of size 2");
  EXPECT_EQ(refused([&] { array.assign_slice(std::nullopt, std::nullopt, -2, "xyz"); }),
            "attempt to assign bytes of size 3 to extended slice of size 2");
  EXPECT_EQ(array, "abc");
}

TEST(ByteArray, StepsOfAnySizeDeleteAndAssign) {
  ByteArray array("0123456789");
  array.erase_slice(std::nullopt, std::nullopt, PTRDIFF_MAX);
  EXPECT_EQ(array, "123456789");
  array.erase_slice(std::nullopt, std::nullopt, PTRDIFF_MIN);
  EXPECT_EQ(array, "12345678");
  array.assign_slice(std::nullopt, std::nullopt, PTRDIFF_MAX, "x");
  EXPECT_EQ(array, "x2345678");
  array.erase_slice(-1, 0, -3);
  EXPECT_EQ(array, "x3467");
  array.assign_slice(std::nullopt, std::nullopt, 2, "");
  EXPECT_EQ(array, "36");
  array.erase_slice(std::nullopt, std::nullopt, -1);
  EXPECT_TRUE(array.empty());
  array.extend("again");
  EXPECT_EQ(array, "again");
}

TEST(ByteArray, ReversedBoundsInsertAtTheFirst) {
  ByteArray array("abc");
  array.assign_slice(2, 1, "XY");
  EXPECT_EQ(array, "abXYc");
}

// --- numbers -------------------------------------------------------------------------------------

TEST(ByteArrayWrite, PutsNumbersInBothByteOrders) {
  ByteArray array(7);
  array.write<std::uint32_t>(3, 0x01020304, std::endian::big);
  EXPECT_EQ(array, "\0\0\0\x01\x02\x03\x04"_b);
  array.write<std::uint16_t>(0, 0x0102, std::endian::little);
  EXPECT_EQ(array, "\x02\x01\0\x01\x02\x03\x04"_b);
  array.write<float>(1, 1.5F);
  EXPECT_EQ(array.read<float>(1), 1.5F);
}

TEST(ByteArrayWrite, IsAllowedWhileAViewLives) {
  ByteArray array(4);
  const MutableMemoryView view(array);
  array.write<std::uint32_t>(0, 0x41424344, std::endian::big);
  EXPECT_EQ(text(view), "ABCD");
}

TEST(ByteArrayWrite, NeverWritesBehindTheEnd) {
  ByteArray array("1234567");
  array.reserve(100);
  EXPECT_EQ(message_of<std::out_of_range>([&] { array.write<std::uint32_t>(4, 0); }),
            "4 bytes at offset 4 do not fit into size 7");
  EXPECT_THROW(array.write<std::uint64_t>(0, 0), std::out_of_range);
  EXPECT_THROW(array.write<std::uint16_t>(npos, 0), std::out_of_range);
  EXPECT_THROW(ByteArray().write<std::uint8_t>(0, 0), std::out_of_range);
  EXPECT_EQ(array, "1234567");
}

// --- size ----------------------------------------------------------------------------------------

TEST(ByteArray, ResizesToEverySizeWithAFill) {
  for (const std::size_t before : {std::size_t{0}, std::size_t{1}, std::size_t{300}}) {
    for (const std::size_t after : {std::size_t{0}, std::size_t{1}, std::size_t{299},
                                    std::size_t{300}, std::size_t{301}, std::size_t{5000}}) {
      string expected = pattern(before);
      ByteArray array(expected);
      array.resize(after, std::byte{'f'});
      expected.resize(after, 'f');
      EXPECT_TRUE(array == expected) << before << " to " << after;
    }
  }
  ByteArray array("dirty");
  array.resize(1);
  array.resize(3);
  EXPECT_EQ(array, "d\0\0"_b) << "what was cut off does not come back";
}

TEST(ByteArrayLimits, SizesThatNoMemoryHoldsAreRefusedAndChangeNothing) {
  constexpr std::size_t kPast = detail::kMaxSize + 1;
  ByteArray array("abc");
  const void* const where = address(array);
  // Never touched: the size alone is refused.
  const Bytes other("x");
  const ByteSpan huge(other.data(), detail::kMaxSize - 2);
  const std::vector<std::pair<const char*, std::function<void()>>> all = {
      {"zeros", [] { (void)ByteArray(PTRDIFF_MAX); }},
      {"fill", [] { (void)ByteArray(npos, std::byte{1}); }},
      {"fill just past", [] { (void)ByteArray(kPast, std::byte{1}); }},
      {"reserve", [&] { array.reserve(kPast); }},
      {"reserve all", [&] { array.reserve(npos); }},
      {"resize", [&] { array.resize(kPast); }},
      {"resize all", [&] { array.resize(npos); }},
      {"repeat", [&] { array *= PTRDIFF_MAX; }},
      {"repeat just past", [&] { array *= static_cast<std::ptrdiff_t>(kPast / 3 + 1); }},
      {"repeated", [&] { (void)(array * PTRDIFF_MAX); }},
      {"extend", [&] { array.extend(huge); }},
      {"concatenate", [&] { (void)(array + huge); }},
      {"assign", [&] { array.assign_slice(1, 1, huge); }},
      {"assign in place of some", [&] { array.assign_slice(0, 0, huge); }},
  };
  for (const auto& [how, action] : all) {
    EXPECT_NE(message_of<std::length_error>(action).find("new buffer size too large ("),
              string::npos)
        << how << ": " << message_of<std::length_error>(action);
    EXPECT_EQ(array, "abc") << how;
    EXPECT_EQ(address(array), where) << how;
  }
}

TEST(ByteArray, RepeatsInPlace) {
  ByteArray array("ab");
  array *= 1;
  EXPECT_EQ(array, "ab");
  array *= 3;
  EXPECT_EQ(array, "ababab");
  array *= -1;
  EXPECT_TRUE(array.empty());
  array *= PTRDIFF_MAX;
  EXPECT_TRUE(array.empty());
  array.extend("x");
  array *= 0;
  EXPECT_TRUE(array.empty());
}

}  // namespace
}  // namespace quire
