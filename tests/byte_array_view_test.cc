// Views of a ByteArray: what they pin, what they outlive, and what they show.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/byte_array.h"
#include "quire/bytes.h"
#include "quire/error.h"
#include "quire/memory_view.h"

namespace quire {
namespace {

using std::string;

string text(ByteSpan bytes) {
  return string(bytes.as_chars());
}

constexpr std::byte operator""_byte(char c) {
  return static_cast<std::byte>(c);
}

using Operations = std::vector<std::pair<const char*, std::function<void(ByteArray&)>>>;

const Operations& resizing() {
  static const Operations operations = {
      {"append", [](ByteArray& a) { a.append('x'_byte); }},
      {"extend", [](ByteArray& a) { a.extend("xyz"); }},
      {"extend own", [](ByteArray& a) { a.extend(a); }},
      {"+=", [](ByteArray& a) { a += "xyz"; }},
      {"*= 2", [](ByteArray& a) { a *= 2; }},
      {"*= 0", [](ByteArray& a) { a *= 0; }},
      {"*= -1", [](ByteArray& a) { a *= -1; }},
      {"insert", [](ByteArray& a) { a.insert(0, 'x'_byte); }},
      {"insert behind", [](ByteArray& a) { a.insert(1000, 'x'_byte); }},
      {"pop", [](ByteArray& a) { a.pop(); }},
      {"pop first", [](ByteArray& a) { a.pop(0); }},
      {"remove", [](ByteArray& a) { a.remove('3'_byte); }},
      {"clear", [](ByteArray& a) { a.clear(); }},
      {"erase", [](ByteArray& a) { a.erase(-1); }},
      {"erase_slice", [](ByteArray& a) { a.erase_slice(2, 3); }},
      {"erase_slice in front", [](ByteArray& a) { a.erase_slice(0, 1); }},
      {"erase_slice with steps", [](ByteArray& a) { a.erase_slice(0, 9, 3); }},
      {"erase_slice backwards", [](ByteArray& a) { a.erase_slice(9, 0, -3); }},
      {"assign_slice of more", [](ByteArray& a) { a.assign_slice(2, 3, "xy"); }},
      {"assign_slice of less", [](ByteArray& a) { a.assign_slice(2, 5, "xy"); }},
      {"assign_slice of nothing", [](ByteArray& a) { a.assign_slice(2, 5, ByteSpan()); }},
      {"assign_slice of nothing with steps",
       [](ByteArray& a) { a.assign_slice(0, 9, 3, ByteSpan()); }},
      {"resize to more", [](ByteArray& a) { a.resize(a.size() + 1); }},
      {"resize to less", [](ByteArray& a) { a.resize(a.size() - 1); }},
      {"reserve", [](ByteArray& a) { a.reserve(a.capacity() + 1); }},
      {"compact", [](ByteArray& a) { a.compact(); }},
      {"freeze", [](ByteArray& a) { (void)a.freeze(); }},
  };
  return operations;
}

const Operations& keeping_the_size() {
  static const Operations operations = {
      {"extend by nothing", [](ByteArray& a) { a.extend(ByteSpan()); }},
      {"*= 1", [](ByteArray& a) { a *= 1; }},
      {"reverse", [](ByteArray& a) { a.reverse(); }},
      {"set item", [](ByteArray& a) { a[2] = 'x'_byte; }},
      {"write", [](ByteArray& a) { a.write<std::uint32_t>(3, 0x61626364); }},
      {"assign_slice", [](ByteArray& a) { a.assign_slice(2, 5, "xyz"); }},
      {"assign_slice own", [](ByteArray& a) { a.assign_slice(2, 7, a.span().subspan(0, 5)); }},
      {"assign_slice with steps", [](ByteArray& a) { a.assign_slice(0, 9, 4, "xyz"); }},
      {"assign_slice backwards",
       [](ByteArray& a) { a.assign_slice(std::nullopt, std::nullopt, -1, a); }},
      {"assign_slice of a view of itself",
       [](ByteArray& a) { a.assign_slice(1, 9, MemoryView(a).slice(0, 8)); }},
      {"erase_slice of nothing", [](ByteArray& a) { a.erase_slice(5, 2); }},
      {"erase_slice of nothing with steps", [](ByteArray& a) { a.erase_slice(5, 2, 3); }},
      {"resize to the same", [](ByteArray& a) { a.resize(a.size()); }},
      {"reserve what is there", [](ByteArray& a) { a.reserve(a.capacity()); }},
  };
  return operations;
}

ByteArray digits() {
  ByteArray array("0123456789");
  array.reserve(20);
  return array;
}

TEST(ByteArrayView, PinsTheSize) {
  for (const auto& [name, operation] : resizing()) {
    SCOPED_TRACE(name);
    ByteArray array = digits();
    std::optional<MemoryView> view(array);
    const std::byte* const data = array.data();
    EXPECT_THROW(operation(array), BufferError);
    EXPECT_EQ(text(array), "0123456789");
    EXPECT_EQ(array.data(), data);
    EXPECT_EQ(array.capacity(), 20u);
    EXPECT_EQ(text(*view), "0123456789");
    view.reset();
    EXPECT_NO_THROW(operation(array));
  }
}

TEST(ByteArrayView, SeesWhatKeepsTheSize) {
  for (const auto& [name, operation] : keeping_the_size()) {
    SCOPED_TRACE(name);
    ByteArray expected = digits();
    operation(expected);
    ByteArray array = digits();
    const MemoryView view(array);
    EXPECT_NO_THROW(operation(array));
    EXPECT_EQ(text(array), text(expected));
    EXPECT_EQ(text(view), text(expected));
  }
}

TEST(ByteArrayView, MessageCountsTheViews) {
  ByteArray array = digits();
  const MemoryView one(array);
  const MutableMemoryView two(array);
  try {
    array.append('x'_byte);
    FAIL();
  } catch (const BufferError& error) {
    EXPECT_STREQ(error.what(),
                 "Existing exports of data: object cannot be re-sized (2 views are alive: release "
                 "them first)");
  }
}

TEST(ByteArrayView, WhatIsWrongAnywayIsSaidBeforeThePin) {
  ByteArray array = digits();
  const MemoryView view(array);
  EXPECT_THROW(array.pop(10), std::out_of_range);
  EXPECT_THROW(array.erase(-11), std::out_of_range);
  EXPECT_THROW(array.remove('x'_byte), std::invalid_argument);
  EXPECT_THROW(array.erase_slice(0, 5, 0), std::invalid_argument);
  EXPECT_THROW(array.assign_slice(0, 5, 2, "x"), std::invalid_argument);
}

TEST(ByteArrayView, OfAnEmptyArrayPinsItToo) {
  for (const bool used : {false, true}) {
    SCOPED_TRACE(used);
    ByteArray array;
    if (used) array.extend("used");
    array.clear();
    MutableMemoryView view(array);
    EXPECT_TRUE(view.empty());
    EXPECT_THROW(array.append('x'_byte), BufferError);
    EXPECT_THROW((void)array.freeze(), BufferError);
    EXPECT_NO_THROW(array.clear());
    view.release();
    array.append('x'_byte);
    EXPECT_EQ(text(array), "x");
  }
}

TEST(ByteArrayView, EveryKindOfViewPinsByItself) {
  ByteArray array("01234567");
  const auto expect_pinned_by = [&](auto make) {
    {
      [[maybe_unused]] const auto view = make();
      EXPECT_THROW(array.append('x'_byte), BufferError);
    }
    EXPECT_NO_THROW(array.append('x'_byte));
    EXPECT_EQ(array.pop(), 'x'_byte);
  };
  expect_pinned_by([&] { return MemoryView(array); });
  expect_pinned_by([&] { return MutableMemoryView(array); });
  expect_pinned_by([&] { return MutableMemoryView(array).toreadonly(); });
  expect_pinned_by([&] { return MemoryView(array).slice(2, 3); });
  expect_pinned_by([&] { return MemoryView(array).slice(5, 2); });
  expect_pinned_by([&] { return MemoryView(array).slice(std::nullopt, std::nullopt, -2); });
  expect_pinned_by([&] { return MemoryView(array).cast("B", {2, 4}); });
  expect_pinned_by([&] { return MemoryView(array).cast<std::uint8_t>(); });
  expect_pinned_by([&] { return MutableMemoryView(array).cast<std::int16_t>().slice(1); });
  expect_pinned_by([&] { return MemoryView(array).split("3"); });
  expect_pinned_by([&] { return array.export_buffer(); });
}

TEST(ByteArrayView, FreezeIsRefusedWhileAViewLives) {
  ByteArray array = digits();
  MutableMemoryView view(array);
  EXPECT_THROW((void)array.freeze(), BufferError);
  view[0] = 'x'_byte;
  EXPECT_EQ(text(array), "x123456789");
  const std::byte* const data = array.data();
  view.release();
  const Bytes frozen = array.freeze();
  EXPECT_EQ(frozen.data(), data);
  EXPECT_EQ(text(frozen), "x123456789");
  EXPECT_TRUE(array.empty());
}

TEST(ByteArrayView, BytesFromALiveViewDoNotChange) {
  ByteArray array = digits();
  const MutableMemoryView view(array);
  const Bytes all = view.tobytes();
  const Bytes some = view.slice(0, 9, 3).tobytes();
  view.fill('x');
  EXPECT_EQ(text(all), "0123456789");
  EXPECT_EQ(text(some), "036");
}

TEST(ByteArrayView, WritesToAnArrayMadeFromBytesAndNotToThem) {
  Bytes bytes("0123456789");
  const Bytes other = bytes;
  ByteArray array(std::move(bytes));
  const MutableMemoryView view(array);
  view.fill('x');
  EXPECT_EQ(text(array), "xxxxxxxxxx");
  EXPECT_EQ(text(other), "0123456789");
}

TEST(ByteArrayView, OutlivesTheArray) {
  auto array = std::make_unique<ByteArray>(digits());
  const MutableMemoryView view(*array);
  const TypedView<const std::uint8_t> typed = MemoryView(*array).cast<std::uint8_t>();
  array.reset();
  view[9] = 'x'_byte;
  EXPECT_EQ(text(view), "012345678x");
  EXPECT_EQ(typed[9], 'x');
}

TEST(ByteArrayView, GoesWithTheMemoryOfAMovedArray) {
  ByteArray array = digits();
  const MutableMemoryView view(array);
  ByteArray target(std::move(array));
  EXPECT_THROW(target.append('x'_byte), BufferError);
  target[0] = 'x'_byte;
  EXPECT_EQ(text(view), "x123456789");
  array.append('y'_byte);
  EXPECT_EQ(text(array), "y");
}

TEST(ByteArrayView, StaysOnTheOldMemoryOfAnAssignedArray) {
  const ByteArray other("other");
  const std::vector<std::pair<const char*, std::function<void(ByteArray&)>>> assignments = {
      {"copy", [&](ByteArray& a) { a = other; }},
      {"move", [&](ByteArray& a) { a = ByteArray(other); }},
      {"thawed", [&](ByteArray& a) { a = ByteArray(Bytes("other")); }}};
  for (const auto& [name, assign] : assignments) {
    SCOPED_TRACE(name);
    ByteArray array = digits();
    const MutableMemoryView view(array);
    assign(array);
    EXPECT_EQ(text(array), "other");
    view[0] = 'x'_byte;
    EXPECT_EQ(text(view), "x123456789");
    EXPECT_EQ(text(array), "other");
    array.append('!'_byte);
    EXPECT_EQ(text(array), "other!");
  }
}

TEST(ByteArrayView, SurvivesMovingAnArrayToItself) {
  ByteArray array = digits();
  const MutableMemoryView view(array);
  ByteArray& same = array;
  array = std::move(same);
  EXPECT_EQ(text(array), "0123456789");
  EXPECT_THROW(array.append('x'_byte), BufferError);
}

TEST(ByteArrayView, SwapExchangesThePins) {
  ByteArray pinned = digits();
  ByteArray free("free");
  const MemoryView view(pinned);
  pinned.swap(free);
  EXPECT_NO_THROW(pinned.append('!'_byte));
  EXPECT_THROW(free.append('!'_byte), BufferError);
  EXPECT_EQ(text(pinned), "free!");
  EXPECT_EQ(text(view), "0123456789");
}

TEST(ByteArrayView, CopyOfAPinnedArrayIsFree) {
  const ByteArray array = digits();
  ByteArray source(array);
  const MutableMemoryView view(source);
  ByteArray copy(source);
  copy.append('x'_byte);
  view.fill('y');
  EXPECT_EQ(text(copy), "0123456789x");
}

TEST(ByteArrayView, ComparesWithStridedViewsByContent) {
  const ByteArray even("02468");
  const ByteArray backwards("9876543210");
  ByteArray array = digits();
  const MemoryView view(array);
  EXPECT_TRUE(view.slice(std::nullopt, std::nullopt, 2) == even);
  EXPECT_TRUE(even == view.slice(std::nullopt, std::nullopt, 2));
  EXPECT_FALSE(view.slice(1, std::nullopt, 2) == even);
  EXPECT_TRUE(view.slice(std::nullopt, std::nullopt, -1) == backwards);
  EXPECT_FALSE(view == backwards);
  EXPECT_FALSE(view.slice(std::nullopt, std::nullopt, 3) == even);
  ByteArray other("0_2_4_6_8_");
  EXPECT_TRUE(MemoryView(other).slice(std::nullopt, std::nullopt, 2) ==
              view.slice(std::nullopt, std::nullopt, 2));
  EXPECT_FALSE(MemoryView(other).slice(1, std::nullopt, 2) == view.slice(1, std::nullopt, 2));
}

TEST(ByteArrayView, AssignsBetweenOverlappingPartsOfOneArray) {
  ByteArray array = digits();
  const MutableMemoryView view(array);
  view.slice(1, 6).assign(view.slice(0, 5));
  EXPECT_EQ(text(array), "0012346789");
  view.slice(std::nullopt, std::nullopt, -1).assign(view);
  EXPECT_EQ(text(array), "9876432100");
  view.slice(0, 10, 2).assign(view.slice(5, std::nullopt));
  EXPECT_EQ(text(array), "3826130100");
}

TEST(ByteArrayView, CastReadsAndWritesNumbersInPlace) {
  ByteArray array(12);
  {
    const TypedView<std::int32_t> numbers = MutableMemoryView(array).cast<std::int32_t>();
    ASSERT_EQ(numbers.size(), 3u);
    EXPECT_TRUE(numbers.contiguous());
    for (std::int32_t& number : numbers) number = -7;
    numbers.slice(std::nullopt, std::nullopt, -2)[0] = 70'000;
    EXPECT_THROW(array.append('x'_byte), BufferError);
    EXPECT_EQ(numbers.tolist(), (std::vector<std::int32_t>{-7, -7, 70'000}));
  }
  EXPECT_EQ(array.read<std::int32_t>(4), -7);
  EXPECT_EQ(array.read<std::int32_t>(8), 70'000);
  array.append('x'_byte);
  EXPECT_THROW((void)MemoryView(array).cast<std::int32_t>(), TypeError);
}

TEST(ByteArrayView, CastNeedsAlignedMemoryWhichCompactGivesBack) {
  ByteArray array(string(13, 'a'));
  array.pop(0);
  EXPECT_THROW((void)MemoryView(array).cast<std::int32_t>(), BufferError);
  EXPECT_EQ(MemoryView(array).cast("i").get<std::int32_t>(2), 0x61616161);
  array.compact();
  EXPECT_EQ(MemoryView(array).cast<std::int32_t>().size(), 3u);
}

TEST(ByteArrayView, ShapedViewShowsTheRows) {
  ByteArray array("012345");
  const MutableMemoryView rows = MutableMemoryView(array).cast("B", {2, 3});
  rows.set({1, 0}, 'x');
  EXPECT_EQ(text(array), "012x45");
  array[2] = 'y'_byte;
  EXPECT_EQ(rows.get<char>(0, 2), 'y');
  EXPECT_EQ(text(rows.slice(1).tobytes()), "x45");
}

TEST(ByteArrayView, HashIsRefused) {
  ByteArray array = digits();
  EXPECT_THROW((void)MemoryView(array).hash(), std::invalid_argument);
}

}  // namespace
}  // namespace quire
