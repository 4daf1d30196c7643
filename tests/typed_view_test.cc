// TypedView: the items of a view as C++ objects.
#include "quire/typed_view.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/memory_view.h"
#include "support/allocation_failure.h"

namespace quire {
namespace {

static_assert(std::ranges::random_access_range<TypedView<int>>);
static_assert(std::ranges::random_access_range<TypedView<const std::byte>>);
static_assert(!std::ranges::contiguous_range<TypedView<int>>, "gaps are a matter of the view");
static_assert(std::ranges::sized_range<TypedView<int>>);
static_assert(!std::ranges::borrowed_range<TypedView<int>>, "the view pins the memory");
static_assert(std::is_convertible_v<TypedView<int>, TypedView<const int>>);
static_assert(!std::is_convertible_v<TypedView<const int>, TypedView<int>>);
static_assert(std::is_convertible_v<TypedView<int>::iterator, TypedView<const int>::iterator>);
static_assert(std::is_same_v<decltype(MemoryView().cast<int>()), TypedView<const int>>);
static_assert(std::is_same_v<decltype(MutableMemoryView().cast<int>()), TypedView<int>>);

struct Numbers {
  std::vector<int> items{10, 20, 30, 40, 50};
  MutableMemoryView view{items};
};

TEST(TypedView, OfContiguousBytesIsASpanOfThem) {
  BytesIO stream;
  const std::array<std::int32_t, 3> samples{1, -2, 3};
  stream.write(MemoryView(samples));
  const TypedView<std::int32_t> view = stream.getbuffer().cast<std::int32_t>();
  EXPECT_TRUE(view.contiguous());
  EXPECT_EQ(view.span().size(), 3u);
  EXPECT_EQ(view.span().data(), &view[0]);
  for (std::int32_t& sample : view) sample *= 2;
  EXPECT_EQ(stream.getvalue().read<std::int32_t>(4), -4);
}

TEST(TypedView, PinsTheMemoryByItself) {
  BytesIO stream(Bytes("\1\2\3\4"));
  {
    const TypedView<std::uint8_t> view = stream.getbuffer().cast<std::uint8_t>();
    EXPECT_THROW(stream.truncate(0), BufferError);
    EXPECT_EQ(view[-1], 4);
  }
  stream.truncate(0);
  const TypedView<const char> frozen = MemoryView(Bytes("abc")).cast<char>();
  EXPECT_EQ(frozen[0], 'a') << "the Bytes is gone";
}

TEST(TypedView, OfAStridedViewWalksItsItems) {
  Numbers n;
  const TypedView<int> back = n.view.slice(std::nullopt, std::nullopt, -2).cast<int>();
  EXPECT_EQ(back.tolist(), (std::vector<int>{50, 30, 10}));
  EXPECT_EQ(back.stride(), -8);
  EXPECT_FALSE(back.contiguous());
  EXPECT_THROW(static_cast<void>(back.span()), BufferError);
  std::ranges::sort(back);
  EXPECT_EQ(n.items, (std::vector<int>{50, 20, 30, 40, 10}));
  EXPECT_EQ(std::accumulate(back.begin(), back.end(), 0), 90);
}

TEST(TypedView, SlicesByPythonsRules) {
  Numbers n;
  const TypedView<const int> view = n.view.toreadonly().cast<int>();
  EXPECT_EQ(view.slice(1, -1).tolist(), (std::vector<int>{20, 30, 40}));
  EXPECT_EQ(view.slice(std::nullopt, std::nullopt, -1).slice(0, 5, 2).tolist(),
            (std::vector<int>{50, 30, 10}));
  EXPECT_EQ(view.slice(0, 5, 2).slice(1).tolist(), (std::vector<int>{30, 50}));
  EXPECT_EQ(view.slice(9).size(), 0u);
  EXPECT_TRUE(view.slice(9).empty());
  EXPECT_EQ(view.slice(0, 5, std::numeric_limits<std::ptrdiff_t>::max()).tolist(),
            std::vector<int>{10});
  EXPECT_THROW(static_cast<void>(view.slice(0, 5, 0)), std::invalid_argument);
}

TEST(TypedView, IndexIsChecked) {
  Numbers n;
  const TypedView<int> view = n.view.cast<int>();
  view[-5] = 11;
  EXPECT_EQ(n.items[0], 11);
  EXPECT_EQ(view[4u], 50);
  EXPECT_THROW(static_cast<void>(view[5]), std::out_of_range);
  EXPECT_THROW(static_cast<void>(view[-6]), std::out_of_range);
  EXPECT_THROW(static_cast<void>(TypedView<int>()[0]), std::out_of_range);
}

TEST(TypedView, EqualityIsByValue) {
  Numbers n;
  Numbers m;
  EXPECT_EQ(n.view.cast<int>(), m.view.cast<int>());
  EXPECT_NE(n.view.cast<int>(), m.view.cast<int>().slice(1));
  m.items[2] = 0;
  EXPECT_NE(n.view.cast<int>(), m.view.cast<int>());
  const std::vector<double> nan{std::numeric_limits<double>::quiet_NaN()};
  const TypedView<const double> same = MemoryView(nan).cast<double>();
  EXPECT_NE(same, same);
}

TEST(TypedView, CastNeedsAlignedMemory) {
  alignas(8) std::array<unsigned char, 24> memory{};
  const MutableMemoryView view(memory);
  EXPECT_EQ(view.cast<std::uint64_t>().size(), 3u);
  EXPECT_EQ(view.slice(4, 20).cast<std::uint32_t>().size(), 4u);
  EXPECT_THROW(static_cast<void>(view.slice(4, 20).cast<std::uint64_t>()), BufferError);
  EXPECT_THROW(static_cast<void>(view.slice(1, 3).cast<std::uint16_t>()), BufferError);
  EXPECT_EQ(view.slice(1, 3).cast<std::byte>().size(), 2u);
  EXPECT_EQ(view.slice(1, 1).cast<std::uint64_t>().size(), 0u) << "no item is not misplaced";
}

TEST(TypedView, CastHasPythonsRules) {
  Numbers n;
  EXPECT_THROW(static_cast<void>(n.view.cast<float>()), TypeError);
  EXPECT_THROW(static_cast<void>(n.view.cast<unsigned>()), TypeError);
  EXPECT_THROW(static_cast<void>(n.view.slice(0, 5, 2).cast<std::byte>()), TypeError);
  EXPECT_THROW(static_cast<void>(n.view.cast("B").slice(0, 5).cast<int>()), TypeError);
  EXPECT_EQ(n.view.cast<std::byte>().size(), 20u);
  EXPECT_EQ(n.view.cast("B").slice(0, 20, 3).cast<char>().size(), 7u) << "bytes stay bytes";
  EXPECT_EQ(n.view.cast("B").cast("b").slice(0, 20, 3).cast<std::byte>().size(), 7u);
}

TEST(TypedView, CastOfSeveralDimensionsIsOneRow) {
  Numbers n;
  const MemoryView rows = n.view.slice(0, 4).cast("B").cast("i", {2, 2});
  EXPECT_EQ(rows.cast<int>().tolist(), (std::vector<int>{10, 20, 30, 40}));
  EXPECT_EQ(rows.slice(1, 2).cast<int>().tolist(), (std::vector<int>{30, 40}));
  EXPECT_THROW(static_cast<void>(rows.slice(std::nullopt, std::nullopt, -1).cast<int>()),
               TypeError);
}

TEST(TypedView, IteratorsAreOrdered) {
  Numbers n;
  const TypedView<int> view = n.view.cast<int>();
  auto it = view.begin();
  EXPECT_EQ(*it++, 10);
  EXPECT_EQ(*++it, 30);
  EXPECT_EQ(*it--, 30);
  EXPECT_EQ(*--it, 10);
  EXPECT_EQ(*(2 + it), 30);
  EXPECT_EQ((view.end() - 1)[-1], 40);
  EXPECT_LT(it, view.end());
  EXPECT_EQ(view.end() - it, 5);
  EXPECT_EQ(it += 5, view.end());
  EXPECT_EQ(it -= 5, view.begin());
}

TEST(TypedView, TolistThatRunsOutOfMemoryLeavesTheView) {
  const Numbers numbers;
  for (const std::ptrdiff_t step : {1, 2, -1}) {
    const TypedView<int> all = numbers.view.cast<int>();
    const TypedView<int> view = all.slice(std::nullopt, std::nullopt, step);
    const std::vector<int> expected(view.begin(), view.end());
    const auto unchanged = [&](const TypedView<int>& subject) {
      EXPECT_EQ(subject.tolist(), expected) << step;
      EXPECT_EQ(numbers.items, (std::vector<int>{10, 20, 30, 40, 50})) << step;
    };
    const std::size_t failures = test::fail_each_allocation(
        [&] { return view; },
        [](const TypedView<int>& subject) { EXPECT_EQ(subject.tolist().size(), subject.size()); },
        unchanged);
    EXPECT_EQ(failures, 1u) << step;
    unchanged(view);
  }
}

}  // namespace
}  // namespace quire
