// Slices: every pair of bounds on small sizes against a loop that asks nothing of arithmetic, and the
// edges of the integers.
#include "quire/slice.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace quire::detail {
namespace {

constexpr std::ptrdiff_t kLowest = std::numeric_limits<std::ptrdiff_t>::min();
constexpr std::ptrdiff_t kHighest = std::numeric_limits<std::ptrdiff_t>::max();

using Bound = std::optional<std::ptrdiff_t>;

SliceBound bound(Bound value) {
  return value ? SliceBound(*value) : SliceBound(std::nullopt);
}

/// The offsets that Python's `range(size)[start:stop:step]` has, found by walking.
std::vector<std::ptrdiff_t> walked(Bound start, Bound stop, std::ptrdiff_t step,
                                   std::ptrdiff_t size) {
  const auto from_end = [size](Bound value) {
    return value && *value < 0 ? Bound(*value + size) : value;
  };
  const Bound first = from_end(start);
  const Bound last = from_end(stop);
  std::vector<std::ptrdiff_t> offsets;
  if (step > 0) {
    std::ptrdiff_t at = first.value_or(0);
    if (at < 0) at = 0;
    for (; at < size && (!last || at < *last); at += step) offsets.push_back(at);
  } else {
    std::ptrdiff_t at = first.value_or(size - 1);
    if (at > size - 1) at = size - 1;
    for (; at >= 0 && (!last || at > *last); at += step) offsets.push_back(at);
  }
  return offsets;
}

std::vector<Bound> bounds_around(std::ptrdiff_t size) {
  std::vector<Bound> bounds = {std::nullopt};
  for (std::ptrdiff_t i = -size - 2; i <= size + 2; ++i) bounds.emplace_back(i);
  return bounds;
}

TEST(Slice, EveryPairOfBoundsAndEveryStepOfSmallSizes) {
  std::size_t checked = 0;
  for (std::ptrdiff_t size = 0; size <= 6; ++size) {
    for (const Bound start : bounds_around(size)) {
      for (const Bound stop : bounds_around(size)) {
        for (std::ptrdiff_t step = -7; step <= 7; ++step) {
          if (step == 0) continue;
          const std::vector<std::ptrdiff_t> expected = walked(start, stop, step, size);
          const StridedRange range =
              resolve(bound(start), bound(stop), step, static_cast<std::size_t>(size));
          std::vector<std::ptrdiff_t> actual;
          for (std::size_t i = 0; i < range.count; ++i) {
            actual.push_back(range.start + static_cast<std::ptrdiff_t>(i) * range.step);
          }
          ASSERT_EQ(actual, expected)
              << start.value_or(99) << ':' << stop.value_or(99) << ':' << step << " of " << size;
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 10'000u);
}

TEST(Slice, WithoutAStepIsTheSameAsStepOne) {
  for (std::ptrdiff_t size = 0; size <= 6; ++size) {
    for (const Bound start : bounds_around(size)) {
      for (const Bound stop : bounds_around(size)) {
        const Range range = resolve(bound(start), bound(stop), static_cast<std::size_t>(size));
        const std::vector<std::ptrdiff_t> expected = walked(start, stop, 1, size);
        ASSERT_EQ(range.count, expected.size());
        ASSERT_LE(range.offset + range.count, static_cast<std::size_t>(size));
        if (!expected.empty()) {
          ASSERT_EQ(static_cast<std::ptrdiff_t>(range.offset), expected[0]);
        }
      }
    }
  }
}

TEST(Slice, UnsignedBoundsNeverCountFromTheEnd) {
  const Range all = resolve(0, npos, 10);
  EXPECT_EQ(all.offset, 0u);
  EXPECT_EQ(all.count, 10u);
  EXPECT_EQ(resolve(npos, npos, 10).count, 0u);
  EXPECT_EQ(resolve(std::uint64_t{1} << 63, std::nullopt, 10).count, 0u);
  EXPECT_EQ(resolve(0, std::uint32_t{0xFFFFFFFF}, 10).count, 10u);
  EXPECT_EQ(resolve(std::uint8_t{255}, std::nullopt, 10).count, 0u);
}

TEST(Slice, EdgesOfTheIntegersDoNotOverflow) {
  for (const std::ptrdiff_t low : {kLowest, kLowest + 1, std::ptrdiff_t{-11}}) {
    EXPECT_EQ(resolve(low, std::nullopt, 10).count, 10u) << low;
    EXPECT_EQ(resolve(std::nullopt, low, 10).count, 0u) << low;
    EXPECT_EQ(resolve(kHighest, low, -1, 10).count, 10u) << low;
    EXPECT_EQ(resolve(low, kHighest, 1, 10).count, 10u) << low;
  }
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, kLowest, 10).count, 1u);
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, kLowest, 10).start, 9);
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, kHighest, 10).count, 1u);
  const auto huge = static_cast<std::size_t>(kHighest);
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, 1, huge).count, huge);
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, -1, huge).count, huge);
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, kHighest, huge).count, 1u);
  EXPECT_EQ(resolve(std::nullopt, std::nullopt, 2, huge).count, huge / 2 + 1);
}

TEST(Slice, StepOfZeroIsRefused) {
  try {
    (void)resolve(0, 1, 0, 10);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "slice step cannot be zero");
  }
}

}  // namespace
}  // namespace quire::detail
