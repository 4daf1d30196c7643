// Every allocation of ByteArray failing in turn: the array is as it was, and so is what hangs on it.
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/byte_array.h"
#include "quire/bytes.h"
#include "quire/error.h"
#include "quire/memory_view.h"
#include "support/allocation_failure.h"

namespace quire {
namespace {

using std::string;
using test::AllocationBudget;

const string kContent = "the bytes that must be there after every failure";

string text(ByteSpan bytes) {
  return string(bytes.as_chars());
}

/// An array in one of its states, with what hangs on it.
struct Subject {
  ByteArray array;
  Bytes kept;
  std::vector<MutableMemoryView> views;
};

Subject alone() {
  return {ByteArray(kContent), {}, {}};
}

/// Bytes were deleted at both ends: there is room in front and behind.
Subject consumed() {
  Subject s{ByteArray("deleted" + kContent + "deleted"), {}, {}};
  s.array.erase_slice(0, 7);
  s.array.erase_slice(-7);
  return s;
}

/// More was deleted in front than there is left.
Subject mostly_consumed() {
  Subject s{ByteArray(string(1000, 'x') + kContent), {}, {}};
  s.array.erase_slice(0, 1000);
  return s;
}

/// Memory that cannot be resized where it is.
Subject adopted() {
  return {ByteArray(Bytes::adopt("more" + kContent).slice(4)), {}, {}};
}

/// Copied from Bytes that somebody else holds too.
Subject kept() {
  Subject s{{}, Bytes(kContent), {}};
  s.array = ByteArray(Bytes(s.kept));
  return s;
}

Subject viewed() {
  Subject s = alone();
  s.views.emplace_back(s.array);
  return s;
}

void expect_unchanged(const Subject& s) {
  EXPECT_EQ(text(s.array), kContent);
  EXPECT_GE(s.array.capacity(), kContent.size());
  if (!s.kept.empty()) {
    EXPECT_EQ(text(s.kept), kContent);
  }
  for (const MutableMemoryView& view : s.views) EXPECT_EQ(text(view.span()), kContent);
}

TEST(ByteArrayAllocation, EveryFailureLeavesTheArrayAsItWas) {
  const string large(100'000, 'L');
  const std::vector<std::pair<const char*, std::function<void(Subject&)>>> operations = {
      {"append", [](Subject& s) { s.array.append(std::byte{'x'}); }},
      {"extend", [&](Subject& s) { s.array.extend(large); }},
      {"extend own", [](Subject& s) { s.array.extend(s.array); }},
      {"+=", [&](Subject& s) { s.array += large; }},
      {"*=", [](Subject& s) { s.array *= 1000; }},
      {"insert", [](Subject& s) { s.array.insert(3, std::byte{'x'}); }},
      {"assign more", [&](Subject& s) { s.array.assign_slice(2, 5, large); }},
      {"assign less", [](Subject& s) { s.array.assign_slice(2, 9, "x"); }},
      {"assign own", [](Subject& s) { s.array.assign_slice(2, 5, s.array); }},
      {"assign own of the same size",
       [](Subject& s) { s.array.assign_slice(1, 9, s.array.span().subspan(3, 8)); }},
      {"assign own with steps",
       [](Subject& s) { s.array.assign_slice(0, 8, 2, s.array.span().subspan(3, 4)); }},
      {"assign another size with steps",
       [](Subject& s) { EXPECT_THROW(s.array.assign_slice(0, 8, 2, "x"), std::invalid_argument); }},
      {"resize", [](Subject& s) { s.array.resize(100'000); }},
      {"reserve", [](Subject& s) { s.array.reserve(100'000); }},
      {"compact", [](Subject& s) { s.array.compact(); }},
      {"copy", [](Subject& s) { (void)s.array.copy(); }},
      {"assign a copy", [&](Subject& s) { s.array = ByteArray(large); }},
      {"from hex", [&](Subject& s) { s.array = ByteArray::fromhex("00 01"); }},
      {"slice", [](Subject& s) { (void)s.array.slice(2, 7); }},
      {"slice with steps", [](Subject& s) { (void)s.array.slice(20, 7, -3); }},
      {"split", [](Subject& s) { (void)s.array.split(" "); }},
      {"partition", [](Subject& s) { (void)s.array.partition(" "); }},
      {"replace", [](Subject& s) { s.array = s.array.replace("e", "eee"); }},
      {"+", [&](Subject& s) { s.array = s.array + ByteSpan(large); }},
      {"pop from nothing", [](Subject& s) { EXPECT_THROW(s.array.pop(1000), std::out_of_range); }},
      {"remove what is not there",
       [](Subject& s) { EXPECT_THROW(s.array.remove(std::byte{'!'}), std::invalid_argument); }},
      {"view",
       [](Subject& s) {
         (void)MutableMemoryView(s.array).cast("B", {6, 8});
       }},
      {"freeze", [](Subject& s) { (void)s.array.freeze(); }},
  };
  const std::vector<std::pair<const char*, Subject (*)()>> states = {
      {"alone", alone},     {"consumed", consumed}, {"mostly consumed", mostly_consumed},
      {"adopted", adopted}, {"kept", kept},         {"viewed", viewed}};
  EXPECT_GE(test::fail_each_allocation(states, operations, expect_unchanged), 100u);
}

TEST(ByteArrayAllocation, AFirstViewThatFailsLeavesAnEmptyArrayUsable) {
  const std::size_t failures = test::fail_each_allocation(
      [] { return ByteArray(); }, [](ByteArray& array) { (void)MemoryView(array); },
      [](ByteArray& array) {
        EXPECT_TRUE(array.empty());
        EXPECT_EQ(array.block(), nullptr);
        array.append(std::byte{'x'});
      });
  EXPECT_EQ(failures, 1u);
}

TEST(ByteArrayAllocation, WhatNeedsNoMemoryAsksForNone) {
  ByteArray array(kContent);
  array.reserve(kContent.size() + 10);
  ByteArray other("other");
  Bytes frozen("frozen");
  const string ten(10, 'x');
  std::size_t size = 0;
  {
    const AllocationBudget none(0);
    array.extend(ten);
    array.pop();
    array.insert(0, std::byte{'x'});
    array.pop(0);
    array.reverse();
    array.erase(3);
    array.erase_slice(1, 4);
    array.erase_slice(0, 10, 3);
    array.assign_slice(0, 8, ten);
    array.assign_slice(0, 20, 2, ten);
    array.resize(12);
    { const MemoryView view(array); }
    ByteArray moved(std::move(array));
    moved.swap(other);
    other = std::move(moved);
    ByteArray thawed(std::move(frozen));
    thawed.clear();
    frozen = other.freeze();
    size = frozen.size();
  }
  EXPECT_EQ(size, 5u);
  EXPECT_EQ(test::allocations_asked, 0u);
}

TEST(ByteArrayAllocation, SizesThatNoMemoryHoldsAreRefusedAndChangeNothing) {
  constexpr std::size_t kLimit = detail::kMaxSize;
  for (Subject (*const make)() : {alone, consumed, mostly_consumed, adopted, kept}) {
    Subject s = make();
    for (const std::size_t size : {kLimit + 1, std::size_t{PTRDIFF_MAX}, SIZE_MAX - 40, SIZE_MAX}) {
      SCOPED_TRACE(size);
      EXPECT_THROW(s.array.reserve(size), std::length_error);
      EXPECT_THROW(s.array.resize(size), std::length_error);
      expect_unchanged(s);
    }
    for (const std::ptrdiff_t count : {PTRDIFF_MAX / 2, PTRDIFF_MAX}) {
      SCOPED_TRACE(count);
      EXPECT_THROW(s.array *= count, std::length_error);
      expect_unchanged(s);
    }
  }
}

}  // namespace
}  // namespace quire
