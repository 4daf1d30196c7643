// MemoryView and MutableMemoryView: what Python's memoryview does, and what goes beyond it.
#include "quire/memory_view.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/ledger.h"
#include "support/allocation_failure.h"

namespace quire {
namespace {

/// What an E thrown by `operation` says.
template <class E, class Operation>
std::string message(Operation&& operation) {
  try {
    operation();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing thrown";
  return {};
}

#define EXPECT_MESSAGE(Error, text, ...) \
  EXPECT_EQ(message<Error>([&] { static_cast<void>(__VA_ARGS__); }), text)

constexpr std::byte operator""_byte(unsigned long long value) {
  return std::byte(value);
}

constexpr std::byte operator""_byte(char value) {
  return std::byte(value);
}

/// Sixteen bytes from 0 up, aligned for every type.
struct Sixteen {
  alignas(16) std::array<unsigned char, 16> bytes{0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};
  MutableMemoryView view{bytes};
};

std::vector<std::size_t> shape_of(const MemoryView& view) {
  return {view.shape().begin(), view.shape().end()};
}

std::vector<std::ptrdiff_t> strides_of(const MemoryView& view) {
  return {view.strides().begin(), view.strides().end()};
}

// --- construction and ownership ------------------------------------------------------------------

static_assert(!std::is_constructible_v<MutableMemoryView, const Bytes&>);
static_assert(!std::is_constructible_v<MutableMemoryView, const MemoryView&>);
static_assert(!std::is_constructible_v<MutableMemoryView, const std::string&>);
static_assert(!std::is_constructible_v<MutableMemoryView, std::span<const int>>);
static_assert(!std::is_constructible_v<MemoryView, std::string>);
static_assert(!std::is_constructible_v<MemoryView, std::vector<int>>);
static_assert(std::is_constructible_v<MemoryView, std::string_view>);
static_assert(std::is_convertible_v<MutableMemoryView, MemoryView>);
static_assert(!std::is_convertible_v<std::string&, MemoryView>);
static_assert(std::is_nothrow_move_constructible_v<MemoryView>);
static_assert(std::is_nothrow_move_assignable_v<MutableMemoryView>);
static_assert(std::is_nothrow_copy_constructible_v<MemoryView>);
static_assert(std::random_access_iterator<MemoryView::iterator>);
static_assert(std::random_access_iterator<MutableMemoryView::iterator>);
static_assert(sizeof(MemoryView) <= 10 * sizeof(void*));

TEST(MemoryView, DefaultConstructedIsAnEmptyRowOfBytes) {
  const MemoryView view;
  EXPECT_EQ(view.size(), 0u);
  EXPECT_TRUE(view.empty());
  EXPECT_EQ(view.format(), "B");
  EXPECT_EQ(view.ndim(), 1u);
  EXPECT_EQ(view.owner(), nullptr);
  EXPECT_TRUE(view.contiguous());
  EXPECT_EQ(view, "");
  EXPECT_EQ(view.tobytes(), "");
}

TEST(MemoryView, OfBytesSharesTheirMemoryAndKeepsIt) {
  const Ledger before = thread_ledger();
  MemoryView view;
  const std::byte* address = nullptr;
  const Bytes whole("hello world");
  {
    const Bytes part = whole.slice(6);
    address = part.data();
    view = MemoryView(part);
  }
  EXPECT_EQ(view.data(), address);
  EXPECT_EQ(view, "world");
  EXPECT_EQ(view.owner(), whole.block());
  EXPECT_TRUE(view.readonly());
  EXPECT_EQ((thread_ledger() - before).copied_total(), 11u) << "only Bytes(...) itself copies";
}

TEST(MemoryView, OfAStreamSeesItsWritesAndPinsItsSize) {
  BytesIO stream(Bytes("hello"));
  MemoryView view = stream.getbuffer().toreadonly();
  stream.write_at(0, "J");
  EXPECT_EQ(view, "Jello");
  EXPECT_THROW(stream.truncate(1), BufferError);
  const MemoryView slice = view.slice(1, 3);
  view.release();
  EXPECT_THROW(stream.truncate(1), BufferError) << "the slice pins as well";
  EXPECT_EQ(slice, "el");
}

TEST(MemoryView, OutlivesTheStreamItIsOf) {
  MutableMemoryView view;
  {
    BytesIO stream(Bytes("hello"));
    view = stream.getbuffer();
    stream.close();
  }
  view[0] = 'J'_byte;
  EXPECT_EQ(view, "Jello");
}

TEST(MemoryView, OfContainersBorrowsThemInTheFormatOfTheirItems) {
  std::string text = "abc";
  std::vector<int> numbers{1, 2, 3};
  std::array<double, 2> reals{0.5, 1.5};
  const std::vector<std::uint16_t> constant{7, 8};
  unsigned char room[4] = {1, 2, 3, 0};
  bool flags[2] = {true, false};
  EXPECT_EQ(MemoryView(text).format(), "B");
  EXPECT_EQ(MemoryView(text), "abc");
  EXPECT_EQ(MemoryView(text).owner(), nullptr);
  EXPECT_EQ(MemoryView(text).data(), static_cast<const void*>(text.data()));
  EXPECT_EQ(MemoryView(numbers).format(), "i");
  EXPECT_EQ(MemoryView(numbers).tolist<int>(), numbers);
  EXPECT_EQ(MemoryView(reals).format(), "d");
  EXPECT_EQ(MemoryView(reals).nbytes(), 16u);
  EXPECT_EQ(MemoryView(constant).format(), "H");
  EXPECT_EQ(MemoryView(std::span(numbers).subspan(1)).get<int>(0), 2);
  EXPECT_EQ(MemoryView(room).size(), 4u) << "an array of unsigned char has no closing NUL";
  EXPECT_EQ(MemoryView(flags).format(), "?");
  EXPECT_EQ(MemoryView("ab\0c").size(), 4u) << "a literal's closing NUL does not count";
  EXPECT_EQ(MemoryView(std::string_view("xyz")), "xyz");
}

TEST(MutableMemoryView, OfContainersWritesToThem) {
  std::string text = "abc";
  std::vector<int> numbers{1, 2, 3};
  char room[3] = {};
  MutableMemoryView{text}[0] = 'X'_byte;
  MutableMemoryView(numbers).set(-1, 9);
  EXPECT_EQ(MutableMemoryView(room).size(), 3u);
  EXPECT_EQ(MutableMemoryView(std::span(numbers)).size(), 3u);
  EXPECT_EQ(text, "Xbc");
  EXPECT_EQ(numbers[2], 9);
}

TEST(MutableMemoryView, OfAFrozenBufferIsRefused) {
  const Bytes bytes("abc");
  const Buffer buffer = Buffer::frozen(detail::BlockRef::share(bytes.block()), bytes.span());
  EXPECT_MESSAGE(TypeError, "cannot modify read-only memory", MutableMemoryView(buffer));
}

TEST(MutableMemoryView, ReadOnlyTwinStaysLive) {
  std::string text = "abc";
  const MutableMemoryView view(text);
  const MemoryView twin = view.toreadonly();
  view[0] = 'X'_byte;
  EXPECT_EQ(twin, "Xbc");
  EXPECT_FALSE(view.readonly());
  EXPECT_TRUE(twin.readonly());
  EXPECT_EQ(twin.toreadonly(), twin);
}

TEST(MemoryView, CopiesAndSlicesOfARowAllocateNothing) {
  const Bytes bytes("0123456789");
  const MemoryView view(bytes);
  const test::AllocationBudget budget(0);
  MemoryView copy = view.slice(1, 9, 2);
  copy = view;
  MemoryView moved = std::move(copy);
  EXPECT_EQ(moved.cast("b").slice(2, 3).size(), 1u);
  EXPECT_EQ(view.cast<char>().slice(0, 4).size(), 4u);
  EXPECT_EQ(test::allocations_asked, 0u);
}

// --- release -------------------------------------------------------------------------------------

TEST(MemoryView, ReleasedForbidsEveryOperationButReleaseEqualityAndRepr) {
  const std::string text = "operation forbidden on released memoryview object";
  std::string memory = "abcd";
  MutableMemoryView view(memory);
  const MutableMemoryView slice = view.slice(1);
  view.release();
  view.release();
  EXPECT_TRUE(view.released());
  EXPECT_EQ(slice, "bcd") << "slices go on";
  EXPECT_EQ(view, view);
  EXPECT_NE(view, slice);
  EXPECT_NE(view, MutableMemoryView(view)) << "only itself";
  EXPECT_NE(view, "abcd");
  EXPECT_EQ(view.repr().find("<released memory at 0x"), 0u);
  EXPECT_MESSAGE(ClosedError, text, view.size());
  EXPECT_MESSAGE(ClosedError, text, view.empty());
  EXPECT_MESSAGE(ClosedError, text, view.format());
  EXPECT_MESSAGE(ClosedError, text, view.itemsize());
  EXPECT_MESSAGE(ClosedError, text, view.ndim());
  EXPECT_MESSAGE(ClosedError, text, view.shape());
  EXPECT_MESSAGE(ClosedError, text, view.strides());
  EXPECT_MESSAGE(ClosedError, text, view.suboffsets());
  EXPECT_MESSAGE(ClosedError, text, view.nbytes());
  EXPECT_MESSAGE(ClosedError, text, view.contiguous());
  EXPECT_MESSAGE(ClosedError, text, view.c_contiguous());
  EXPECT_MESSAGE(ClosedError, text, view.f_contiguous());
  EXPECT_MESSAGE(ClosedError, text, view.owner());
  EXPECT_MESSAGE(ClosedError, text, view[0]);
  EXPECT_MESSAGE(ClosedError, text, view.get<std::byte>(0));
  EXPECT_MESSAGE(ClosedError, text, view.begin());
  EXPECT_MESSAGE(ClosedError, text, view.end());
  EXPECT_MESSAGE(ClosedError, text, view.span());
  EXPECT_MESSAGE(ClosedError, text, view.data());
  EXPECT_MESSAGE(ClosedError, text, ByteSpan(view));
  EXPECT_MESSAGE(ClosedError, text, MutableByteSpan(view));
  EXPECT_MESSAGE(ClosedError, text, view.slice(0));
  EXPECT_MESSAGE(ClosedError, text, view.piece({0, 0}));
  EXPECT_MESSAGE(ClosedError, text, view.cast("B"));
  EXPECT_MESSAGE(ClosedError, text, view.cast("B", {4}));
  EXPECT_MESSAGE(ClosedError, text, view.cast<char>());
  EXPECT_MESSAGE(ClosedError, text, view.tolist<char>());
  EXPECT_MESSAGE(ClosedError, text, view.tobytes());
  EXPECT_MESSAGE(ClosedError, text, view.hex());
  EXPECT_MESSAGE(ClosedError, text, view.hex(":"));
  EXPECT_MESSAGE(ClosedError, text, view.find("a"));
  EXPECT_MESSAGE(ClosedError, text, view.split());
  EXPECT_MESSAGE(ClosedError, text, view.upper());
  EXPECT_MESSAGE(ClosedError, text, view.index('a'));
  EXPECT_MESSAGE(ClosedError, text, view.count('a'));
  EXPECT_MESSAGE(ClosedError, text, view.contains('a'));
  EXPECT_MESSAGE(ClosedError, text, view.read<char>(0));
  EXPECT_MESSAGE(ClosedError, text, view.write<char>(0, 'a'));
  EXPECT_MESSAGE(ClosedError, text, view.set(0, 1));
  EXPECT_MESSAGE(ClosedError, text, view.fill(1));
  EXPECT_MESSAGE(ClosedError, text, view.assign("abcd"));
  EXPECT_MESSAGE(ClosedError, text, slice.assign(view));
  EXPECT_MESSAGE(ClosedError, text, std::hash<MemoryView>()(view.toreadonly()));
}

TEST(MemoryView, MovedFromIsReleased) {
  MemoryView view(Bytes("abc"));
  MemoryView other = std::move(view);
  EXPECT_EQ(other, "abc");
  EXPECT_TRUE(view.released());
  view = std::move(other);
  EXPECT_EQ(view, "abc");
  EXPECT_TRUE(other.released());
  MemoryView& self = view;
  view = std::move(self);
  EXPECT_EQ(view, "abc");
}

TEST(MemoryView, ReleaseUnpinsTheStream) {
  BytesIO stream(Bytes("abc"));
  MutableMemoryView view = stream.getbuffer();
  EXPECT_THROW(stream.resize(9), BufferError);
  view.release();
  stream.resize(9);
  EXPECT_EQ(stream.size(), 9u);
}

// --- single items --------------------------------------------------------------------------------

TEST(MemoryView, IndexCountsFromEitherEnd) {
  const MemoryView view(Bytes("abcd"));
  EXPECT_EQ(view[0], 'a'_byte);
  EXPECT_EQ(view[-1], 'd'_byte);
  EXPECT_EQ(view[3u], 'd'_byte);
  EXPECT_EQ(view.slice(0, 4, -1).size(), 0u);
  EXPECT_EQ(view.slice(std::nullopt, std::nullopt, -1)[0], 'd'_byte);
  EXPECT_EQ(view.get<char>(-4), 'a');
}

TEST(MemoryView, IndexOutsideIsRefused) {
  const MemoryView view(Bytes("abcd"));
  EXPECT_MESSAGE(std::out_of_range, "index out of bounds on dimension 1 (index 4, length 4)",
                 view[4]);
  EXPECT_MESSAGE(std::out_of_range, "index out of bounds on dimension 1 (index -5, length 4)",
                 view[-5]);
  EXPECT_MESSAGE(std::out_of_range, "index out of bounds on dimension 1 (index -5, length 4)",
                 view.get<char>(-5));
  EXPECT_THROW(static_cast<void>(view[std::numeric_limits<std::size_t>::max()]), std::out_of_range);
  EXPECT_THROW(static_cast<void>(view[std::numeric_limits<std::ptrdiff_t>::min()]),
               std::out_of_range);
  EXPECT_THROW(static_cast<void>(MemoryView()[0]), std::out_of_range);
}

TEST(MemoryView, IndexTuplesMustHaveOneIndexADimension) {
  const Sixteen s;
  const MemoryView square = s.view.cast("B", {4, 4});
  EXPECT_EQ(square.get<std::byte>(1, 2), 6_byte);
  EXPECT_EQ(square.get<std::byte>(-1, -4), 12_byte);
  EXPECT_MESSAGE(TypeError, "cannot index 2-dimension view with 3-element tuple",
                 square.get<std::byte>(1, 2, 3));
  EXPECT_MESSAGE(TypeError, "cannot index 1-dimension view with 2-element tuple",
                 s.view.get<std::byte>(0, 0));
  EXPECT_MESSAGE(UnsupportedOperation, "sub-views are not implemented", square.get<std::byte>(1));
  EXPECT_MESSAGE(UnsupportedOperation, "sub-views are not implemented", s.view.get<std::byte>());
  EXPECT_MESSAGE(UnsupportedOperation, "multi-dimensional sub-views are not implemented",
                 square[0]);
  EXPECT_MESSAGE(UnsupportedOperation, "multi-dimensional sub-views are not implemented",
                 square.begin());
  EXPECT_MESSAGE(std::out_of_range, "index out of bounds on dimension 1 (index 4, length 4)",
                 square.get<std::byte>(4, 0));
  EXPECT_MESSAGE(std::out_of_range, "index out of bounds on dimension 2 (index -5, length 4)",
                 square.get<std::byte>(0, -5));
}

TEST(MemoryView, GetIsCheckedAgainstTheFormat) {
  const Sixteen s;
  EXPECT_MESSAGE(TypeError, "memoryview: items of format 'B' are not read as 'i'",
                 s.view.get<int>(0));
  EXPECT_MESSAGE(TypeError, "memoryview: items of format 'i' are not read as 'f'",
                 s.view.cast("i").get<float>(0));
  EXPECT_MESSAGE(TypeError, "memoryview: items of format 'i' are not read as 'I'",
                 s.view.cast("i").tolist<unsigned>());
  EXPECT_MESSAGE(TypeError,
                 "memoryview: items of format 'i' are not bytes (read them with get<T> or cast<T>)",
                 s.view.cast("i")[0]);
  EXPECT_MESSAGE(TypeError,
                 "memoryview: items of format '?' are not bytes (read them with get<T> or cast<T>)",
                 s.view.cast("?").begin());
  EXPECT_EQ(s.view.cast("l").get<long long>(0), s.view.cast("q").get<long>(0))
      << "the same numbers";
  EXPECT_EQ(s.view.cast("i").get<int>(0), 0x03020100);
  EXPECT_TRUE(s.view.cast("?").get<bool>(15));
}

TEST(MemoryView, GetReadsItemsThatAreNotAligned) {
  const Sixteen s;
  EXPECT_EQ(s.view.slice(1, 9).cast("q").get<std::int64_t>(0), 0x0807060504030201);
  EXPECT_EQ(s.view.slice(3, 5).cast("H").get<std::uint16_t>(0), 0x0403);
}

TEST(MemoryView, HalfFloatsAreReadAsFloats) {
  std::array<std::uint16_t, 3> halves{0x3C00, 0xC000, 0x7BFF};
  const MemoryView view = MemoryView(halves).cast("B").cast("e");
  EXPECT_EQ(view.tolist<float>(), (std::vector<float>{1.0f, -2.0f, 65504.0f}));
  EXPECT_THROW(static_cast<void>(view.get<std::uint16_t>(0)), TypeError);
}

TEST(MutableMemoryView, SetTakesWhatTheFormatCanHold) {
  Sixteen s;
  s.view.set(0, 255);
  s.view.set(-1, 7u);
  EXPECT_EQ(s.bytes[0], 255);
  EXPECT_EQ(s.bytes[15], 7);
  s.view.cast("i").set(1, -2);
  EXPECT_EQ(s.view.cast("i").get<int>(1), -2);
  s.view.cast("d").set(0, 3);
  EXPECT_EQ(s.view.cast("d").get<double>(0), 3.0);
  s.view.cast("f").set(0, 0.1);
  EXPECT_EQ(s.view.cast("f").get<float>(0), 0.1f);
  s.view.cast("f").set(0, 1e300);
  EXPECT_TRUE(std::isinf(s.view.cast("f").get<float>(0)));
  s.view.cast("e").set(0, -2.0);
  EXPECT_EQ(s.view.cast("e").get<float>(0), -2.0f);
  s.view.cast("?").set(3, 256);
  EXPECT_EQ(s.bytes[3], 1);
  s.view.cast("c").set(4, 'x');
  s.view.set(5, 'y'_byte);
  s.view.cast("b").set(6, 'z');
  EXPECT_EQ(s.view.slice(4, 7), "xyz");
  s.view.cast("P").set(1, -1);
  EXPECT_EQ(s.view.cast("P").get<std::uintptr_t>(1), ~std::uintptr_t{0});
  s.view.cast("B", {4, 4}).set({3, -1}, 77);
  EXPECT_EQ(s.bytes[15], 77);
}

TEST(MutableMemoryView, SetRefusesOtherValuesAndWritesNothing) {
  struct Case {
    const char* format;
    long long low;
    long long high;
  };

  for (const Case& c : {Case{"B", -1, 256}, Case{"b", -129, 128}, Case{"h", -32769, 32768},
                        Case{"H", -1, 65536}, Case{"i", -2147483649, 2147483648},
                        Case{"I", -1, 4294967296}, Case{"Q", -1, -2}, Case{"N", -1, -2}}) {
    Sixteen s;
    const auto expected = std::string("memoryview: invalid value for format '") + c.format + "': ";
    const MutableMemoryView view = s.view.cast(c.format);
    EXPECT_MESSAGE(std::invalid_argument, expected + std::to_string(c.low), view.set(0, c.low));
    EXPECT_MESSAGE(std::invalid_argument, expected + std::to_string(c.high), view.set(0, c.high));
    EXPECT_MESSAGE(std::invalid_argument, expected + std::to_string(c.low), view.fill(c.low));
    EXPECT_MESSAGE(TypeError, std::string("memoryview: invalid type for format '") + c.format + "'",
                   view.set(0, 1.5));
    EXPECT_EQ(s.view, Sixteen().view) << c.format;
    if (c.high > 0) {
      view.set(0, c.high - 1);
      view.set(1, c.low + 1);
    }
  }
  Sixteen s;
  EXPECT_MESSAGE(std::invalid_argument,
                 "memoryview: invalid value for format 'q': 9223372036854775808",
                 s.view.cast("q").set(0, std::uint64_t{1} << 63));
  EXPECT_MESSAGE(std::invalid_argument, "memoryview: invalid value for format 'e': 1e+300",
                 s.view.cast("e").set(0, 1e300));
  EXPECT_MESSAGE(TypeError, "memoryview: invalid type for format 'c'", s.view.cast("c").set(0, 65));
  EXPECT_MESSAGE(TypeError, "memoryview: invalid type for format 'f'",
                 s.view.cast("f").set(0, 'x'));
  EXPECT_MESSAGE(TypeError, "memoryview: invalid type for format '?'",
                 s.view.cast("?").set(0, 'x'));
  EXPECT_MESSAGE(std::out_of_range, "index out of bounds on dimension 1 (index 16, length 16)",
                 s.view.set(16, 1));
  EXPECT_MESSAGE(TypeError, "cannot index 1-dimension view with 2-element tuple",
                 s.view.set({0, 0}, 1));
  EXPECT_MESSAGE(UnsupportedOperation, "sub-views are not implemented",
                 s.view.cast("B", {4, 4}).set(0, 1));
  EXPECT_EQ(s.view, Sixteen().view);
}

// --- slices --------------------------------------------------------------------------------------

TEST(MemoryView, SliceStepOfZeroIsRefused) {
  const MemoryView view(Bytes("abc"));
  EXPECT_MESSAGE(std::invalid_argument, "slice step cannot be zero", view.slice(0, 3, 0));
}

TEST(MemoryView, SlicesOfSlicesMultiplyTheirSteps) {
  const Sixteen s;
  const MemoryView odd = s.view.slice(1, std::nullopt, 2);
  EXPECT_EQ(odd.tobytes(), "\x01\x03\x05\x07\x09\x0b\x0d\x0f");
  EXPECT_EQ(strides_of(odd.slice(std::nullopt, std::nullopt, -3)), std::vector<std::ptrdiff_t>{-6});
  EXPECT_EQ(odd.slice(std::nullopt, std::nullopt, -3).tobytes(), "\x0f\x09\x03");
  EXPECT_EQ(s.view.slice(-100, 100), s.view) << "out of range clamps";
  EXPECT_EQ(s.view.slice(12, 4).size(), 0u);
  EXPECT_EQ(s.view.slice(0, npos).size(), 16u) << "an unsigned bound never counts from the end";
}

TEST(MemoryView, AnyStepIsAllowedWhereNothingLiesBehind) {
  const MemoryView view(Bytes("abc"));
  constexpr auto kMax = std::numeric_limits<std::ptrdiff_t>::max();
  constexpr auto kMin = std::numeric_limits<std::ptrdiff_t>::min();
  EXPECT_EQ(view.slice(0, 3, kMax).tobytes(), "a");
  EXPECT_EQ(view.slice(2, std::nullopt, kMin).tobytes(), "c");
  EXPECT_EQ(view.slice(0, 3, kMax).slice(0, 1, kMax).tobytes(), "a");
}

TEST(MemoryView, SlicesOfSeveralDimensionsTakeRows) {
  const Sixteen s;
  const MemoryView square = s.view.cast("B", {4, 4});
  EXPECT_EQ(square.slice(1, 3).tobytes(), "\x04\x05\x06\x07\x08\x09\x0a\x0b");
  EXPECT_EQ(strides_of(square.slice(std::nullopt, std::nullopt, -1)),
            (std::vector<std::ptrdiff_t>{-4, 1}));
  EXPECT_EQ(square.slice(std::nullopt, std::nullopt, -3).tobytes(),
            Bytes("\x0c\x0d\x0e\x0f\x00\x01\x02\x03"));
  EXPECT_FALSE(square.slice(0, 4, 2).contiguous());
  EXPECT_EQ(shape_of(square.slice(2, 2)), (std::vector<std::size_t>{0, 4}));
}

// --- assignment ----------------------------------------------------------------------------------

TEST(MutableMemoryView, AssignNeedsTheSameStructure) {
  const std::string different =
      "memoryview assignment: lvalue and rvalue have different structures";
  Sixteen s;
  const Bytes two("ab");
  const MutableMemoryView target = s.view.slice(0, 2);
  target.assign(two);
  target.assign("cd");
  target.assign(MemoryView(two).cast("@B"));
  EXPECT_EQ(s.view.slice(0, 3), "ab\2");
  EXPECT_MESSAGE(std::invalid_argument, different, target.assign("abc"));
  EXPECT_MESSAGE(std::invalid_argument, different, target.assign(""));
  EXPECT_MESSAGE(std::invalid_argument, different, target.assign(MemoryView(two).cast("b")));
  EXPECT_MESSAGE(std::invalid_argument, different, target.assign(MemoryView(two).cast("c")));
  EXPECT_MESSAGE(std::invalid_argument, different, target.cast("b").assign(two));
  EXPECT_MESSAGE(std::invalid_argument, different,
                 target.assign(MemoryView(two).cast("B", {2, 1})));
  EXPECT_MESSAGE(std::invalid_argument, different,
                 s.view.cast("l").assign(Sixteen().view.cast("q")));
  EXPECT_MESSAGE(std::invalid_argument, different,
                 s.view.cast("i").assign(Sixteen().view.cast("I")));
  EXPECT_EQ(s.view.slice(0, 3), "ab\2");
}

TEST(MutableMemoryView, AssignFromOverlappingMemoryIsAsIfFromACopy) {
  std::string text = "0123456789";
  const MutableMemoryView view(text);
  view.slice(1, 5).assign(view.slice(0, 4));
  EXPECT_EQ(text, "0012356789");
  text = "0123456789";
  view.slice(0, 4).assign(view.slice(1, 5));
  EXPECT_EQ(text, "1234456789");
  text = "0123456789";
  view.assign(view.slice(std::nullopt, std::nullopt, -1));
  EXPECT_EQ(text, "9876543210");
  text = "0123456789";
  view.slice(0, 10, 2).assign(view.slice(0, 5));
  EXPECT_EQ(text, "0113253749");
  text = "0123456789";
  view.slice(4, std::nullopt, -1).assign(view.slice(2, 7));
  EXPECT_EQ(text, "6543256789");
  text = "0123456789";
  view.slice(2, 5, 2).assign(view.slice(0, 3, 2));
  EXPECT_EQ(text, "0103256789") << "with one item in both";
}

TEST(MutableMemoryView, AssignBetweenSeveralDimensions) {
  Sixteen s;
  Sixteen t;
  s.view.cast("B", {4, 4})
      .slice(0, 4, 2)
      .assign(t.view.cast("B", {4, 4}).slice(std::nullopt, 1, -1));
  EXPECT_EQ(s.view.tobytes(),
            Bytes("\x0c\x0d\x0e\x0f\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"));
}

TEST(MutableMemoryView, AssignLeavesAllAsItWasWhenMemoryIsShort) {
  std::string text = "0123456789";
  const MutableMemoryView view(text);
  const test::AllocationBudget budget(0);
  EXPECT_THROW(view.assign(view.slice(std::nullopt, std::nullopt, -1)), std::bad_alloc);
  EXPECT_EQ(text, "0123456789");
}

TEST(MutableMemoryView, FillSetsEveryItemOfAStridedView) {
  Sixteen s;
  s.view.slice(0, 16, 5).fill(0xEE);
  EXPECT_EQ(s.view.hex(), "ee01020304ee06070809ee0b0c0d0eee");
  s.view.slice(1, 13).cast("i").fill(-2);
  EXPECT_EQ(s.view.hex(), "eefefffffffefffffffeffffff0d0eee");
  s.view.fill('x'_byte);
  EXPECT_EQ(s.view, "xxxxxxxxxxxxxxxx");
  EXPECT_THROW(s.view.fill(1.0), TypeError);
  MutableMemoryView().fill(1);
}

// --- cast ----------------------------------------------------------------------------------------

TEST(MemoryView, CastErrorsAreThoseOfPython) {
  const Sixteen s;
  const MemoryView view = s.view;
  const std::string native =
      "memoryview: destination format must be a native single character format prefixed with an "
      "optional '@'";
  for (const char* format : {"=i", "<i", "x", "ii", "", "@", "s", "@@i", "p", "i ", "\xe9"}) {
    EXPECT_MESSAGE(std::invalid_argument, native, view.cast(format)) << format;
  }
  EXPECT_MESSAGE(TypeError, "memoryview: casts are restricted to C-contiguous views",
                 view.slice(0, 16, 2).cast("B"));
  EXPECT_MESSAGE(TypeError, "memoryview: cannot cast between two non-byte formats",
                 view.cast("i").cast("f"));
  EXPECT_MESSAGE(TypeError, "memoryview: cannot cast between two non-byte formats",
                 view.cast("i").cast("i"));
  EXPECT_MESSAGE(TypeError, "memoryview: cannot cast between two non-byte formats",
                 view.cast("?").cast("i"));
  EXPECT_MESSAGE(TypeError, "memoryview: length is not a multiple of itemsize (15, 4)",
                 view.slice(0, 15).cast("i"));
  EXPECT_MESSAGE(TypeError, "memoryview: cast must be 1D -> ND or ND -> 1D",
                 view.cast("B", {4, 4}).cast("B", {2, 8}));
  EXPECT_MESSAGE(TypeError, "memoryview: cast must be 1D -> ND or ND -> 1D",
                 view.cast("i", {2, 2}).cast("B", {4, 4}));
  EXPECT_MESSAGE(TypeError, "memoryview: product(shape) * itemsize != buffer size (4 * 1 != 16)",
                 view.cast("B", {2, 2}));
  EXPECT_MESSAGE(TypeError, "memoryview: product(shape) * itemsize != buffer size (1 * 1 != 16)",
                 view.cast("B", std::initializer_list<std::ptrdiff_t>{}));
  for (const std::ptrdiff_t bad : {0, -1, -16}) {
    EXPECT_MESSAGE(std::invalid_argument,
                   "memoryview.cast(): elements of shape must be integers > 0",
                   view.cast("B", {16, bad}));
  }
  const std::ptrdiff_t huge = std::ptrdiff_t{1} << 62;
  EXPECT_MESSAGE(std::invalid_argument, "memoryview.cast(): product(shape) > SSIZE_MAX",
                 view.cast("B", {huge, 4}));
  EXPECT_MESSAGE(
      TypeError,
      "memoryview: product(shape) * itemsize != buffer size (4611686018427387904 * 8 != 16)",
      view.cast("q", {huge}));
  EXPECT_MESSAGE(TypeError, "memoryview: cannot cast view with zeros in shape or strides",
                 view.slice(0, 0).cast("B", {1}));
  EXPECT_MESSAGE(TypeError, "memoryview: cannot cast view with zeros in shape or strides",
                 view.cast("B", {4, 4}).slice(0, 0).cast("B"));
  EXPECT_EQ(view.slice(0, 0).cast("i").size(), 0u);
}

TEST(MemoryView, CastHasUpTo64Dimensions) {
  const Sixteen s;
  const std::vector<std::ptrdiff_t> most(64, 1);
  EXPECT_EQ(s.view.slice(3, 4).cast("B", most).ndim(), 64u);
  EXPECT_EQ(s.view.slice(3, 4).cast("B", most).tobytes(), "\3");
  EXPECT_EQ(s.view.slice(3, 4).cast("B", most).slice(0, 1).ndim(), 64u);
  const std::vector<std::ptrdiff_t> more(65, 1);
  EXPECT_MESSAGE(std::invalid_argument, "memoryview: number of dimensions must not exceed 64",
                 s.view.slice(3, 4).cast("B", more));
}

TEST(MemoryView, CastGivesShapesAndStrides) {
  const Sixteen s;
  const MemoryView view = s.view.cast("h", {2, 2, 2});
  EXPECT_EQ(shape_of(view), (std::vector<std::size_t>{2, 2, 2}));
  EXPECT_EQ(strides_of(view), (std::vector<std::ptrdiff_t>{8, 4, 2}));
  EXPECT_EQ(view.size(), 2u);
  EXPECT_EQ(view.nbytes(), 16u);
  EXPECT_EQ(view.tolist<short>(), s.view.cast("h").tolist<short>());
  EXPECT_EQ(view.get<short>(1, 0, 1), 0x0b0a);
  EXPECT_EQ(shape_of(view.cast("B")), std::vector<std::size_t>{16});
  EXPECT_EQ(strides_of(s.view.cast("i", {1, 4})), (std::vector<std::ptrdiff_t>{16, 4}));
  EXPECT_TRUE(view.suboffsets().empty());
}

TEST(MemoryView, WithoutDimensionsHoldsOneItem) {
  Sixteen s;
  const MutableMemoryView one = s.view.slice(0, 4).cast("i", std::vector<std::ptrdiff_t>());
  EXPECT_EQ(one.ndim(), 0u);
  EXPECT_TRUE(one.shape().empty());
  EXPECT_TRUE(one.strides().empty());
  EXPECT_EQ(one.nbytes(), 4u);
  EXPECT_TRUE(one.contiguous());
  EXPECT_EQ(one.get<int>(), 0x03020100);
  EXPECT_EQ(one.tolist<int>(), std::vector<int>{0x03020100});
  EXPECT_EQ(one.tobytes(), Bytes("\0\1\2\3"));
  EXPECT_EQ(shape_of(one.cast("B")), std::vector<std::size_t>{4});
  EXPECT_EQ(one, one);
  EXPECT_NE(one, s.view.slice(0, 4).cast("i"));
  one.set(std::initializer_list<std::ptrdiff_t>{}, 7);
  one.fill(7);
  EXPECT_EQ(s.view.cast("i").get<int>(0), 7);
  EXPECT_MESSAGE(TypeError, "0-dim memory has no length", one.size());
  EXPECT_MESSAGE(TypeError, "0-dim memory has no length", one.empty());
  EXPECT_MESSAGE(TypeError, "invalid indexing of 0-dim memory", one.get<int>(0));
  EXPECT_MESSAGE(TypeError, "invalid indexing of 0-dim memory", one.slice(0, 1));
  EXPECT_MESSAGE(TypeError, "invalid indexing of 0-dim memory", one.count(7));
  EXPECT_THROW(static_cast<void>(one.begin()), TypeError);
}

TEST(MemoryView, CastThatRunsOutOfMemoryThrowsAndLeavesTheView) {
  const MemoryView view(Bytes("abcd"));
  const std::size_t failures =
      test::fail_each_allocation([&] { return view; },
                                 [](const MemoryView& subject) {
                                   EXPECT_EQ(subject.cast("B", {2, 2}).slice(0, 1).ndim(), 2u);
                                 },
                                 [](const MemoryView& subject) { EXPECT_EQ(subject.size(), 4u); });
  EXPECT_EQ(failures, 2u);
}

// --- contiguity ----------------------------------------------------------------------------------

TEST(MemoryView, ContiguityIsThatOfPython) {
  const Sixteen s;
  const MemoryView view = s.view;
  EXPECT_TRUE(view.contiguous());
  EXPECT_TRUE(view.f_contiguous());
  EXPECT_FALSE(view.slice(0, 16, 7).contiguous());
  EXPECT_TRUE(view.slice(0, 16, 7).slice(0, 1).contiguous());
  EXPECT_EQ(strides_of(view.slice(0, 16, 7).slice(0, 1)), std::vector<std::ptrdiff_t>{7});
  EXPECT_FALSE(view.slice(0, 16, 7).slice(0, 0).contiguous());
  EXPECT_FALSE(view.slice(std::nullopt, std::nullopt, -1).contiguous());
  EXPECT_TRUE(view.cast("B", {4, 4}).c_contiguous());
  EXPECT_FALSE(view.cast("B", {4, 4}).f_contiguous());
  EXPECT_TRUE(view.cast("B", {1, 16}).f_contiguous());
  EXPECT_TRUE(view.cast("B", {4, 4}).slice(0, 4, 2).slice(0, 0).contiguous());
}

TEST(MemoryView, StridedViewsAreNoSpans) {
  const Sixteen s;
  const MemoryView strided = s.view.slice(0, 16, 2);
  const std::string expected =
      "memoryview: underlying buffer is not C-contiguous (copy it with tobytes())";
  BytesIO stream;
  EXPECT_MESSAGE(BufferError, expected, ByteSpan(strided));
  EXPECT_MESSAGE(BufferError, expected, MutableByteSpan(s.view.slice(0, 16, 2)));
  EXPECT_MESSAGE(BufferError, expected, strided.span());
  EXPECT_MESSAGE(BufferError, expected, strided.data());
  EXPECT_MESSAGE(BufferError, expected, strided.find("x"));
  EXPECT_MESSAGE(BufferError, expected, strided.split());
  EXPECT_MESSAGE(BufferError, expected, strided.read<int>(0));
  EXPECT_MESSAGE(BufferError, expected, s.view.slice(0, 16, 2).write<int>(0, 1));
  EXPECT_MESSAGE(BufferError, expected, stream.write(strided));
  EXPECT_EQ(stream.write(strided.slice(0, 0)), 0u) << "no byte has no gaps";
}

TEST(MemoryView, ContiguousViewsGoWhereBytesGo) {
  std::vector<std::uint16_t> numbers{0x4241, 0x4443};
  MutableMemoryView view(numbers);
  BytesIO stream;
  EXPECT_EQ(stream.write(view), 4u);
  EXPECT_EQ(stream.getvalue(), "ABCD");
  stream.seek(2);
  EXPECT_EQ(stream.readinto(view.cast("B").slice(0, 2)), 2u);
  EXPECT_EQ(Bytes(view), "CDCD");
}

// --- copies out ----------------------------------------------------------------------------------

TEST(MemoryView, TobytesSharesFrozenMemoryAndCopiesOther) {
  const Bytes bytes("hello world");
  const MemoryView view(bytes);
  const Ledger before = thread_ledger();
  EXPECT_EQ(view.slice(6).tobytes().data(), bytes.data() + 6);
  EXPECT_EQ(view.slice(6).tobytes('A').data(), bytes.data() + 6);
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_EQ((thread_ledger() - before).shared_for(CopyReason::GetValue), 10u);
  EXPECT_EQ(view.slice(0, 11, 2).tobytes(), "hlowrd");
  EXPECT_EQ((thread_ledger() - before).copied_for(CopyReason::GetValue), 6u);

  std::string text = "abc";
  const MemoryView borrowed(text);
  const Bytes copy = borrowed.tobytes();
  text = "xyz";
  EXPECT_EQ(copy, "abc");
}

TEST(MemoryView, TobytesInEveryOrder) {
  const Sixteen s;
  const MemoryView square = s.view.cast("B", {4, 4});
  EXPECT_EQ(square.tobytes('C'), s.view);
  EXPECT_EQ(square.tobytes('A'), s.view);
  EXPECT_EQ(square.tobytes('F').hex(), "0004080c0105090d02060a0e03070b0f");
  EXPECT_EQ(s.view.cast("h", {2, 4}).tobytes('F').hex(), "0001080902030a0b04050c0d06070e0f");
  EXPECT_EQ(square.slice(0, 4, 2).tobytes('F').hex(), "00080109020a030b");
  EXPECT_EQ(s.view.tobytes('F'), s.view);
  EXPECT_MESSAGE(std::invalid_argument, "order must be 'C', 'F' or 'A'", square.tobytes('x'));
}

TEST(MemoryView, HexGroupsBytes) {
  const Sixteen s;
  EXPECT_EQ(s.view.hex(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(s.view.cast("B", {4, 4}).hex(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(s.view.hex(":", 2), "0001:0203:0405:0607:0809:0a0b:0c0d:0e0f");
  EXPECT_EQ(s.view.hex(":", -3), "000102:030405:060708:090a0b:0c0d0e:0f");
  EXPECT_EQ(s.view.slice(std::nullopt, std::nullopt, -2).hex(":", -3), "0f0d0b:090705:0301");
  EXPECT_MESSAGE(std::invalid_argument, "sep must be length 1.", s.view.hex("::"));
  EXPECT_MESSAGE(std::invalid_argument, "sep must be ASCII.", s.view.hex("\xe9"));
}

TEST(MemoryView, ReprNamesTheView) {
  MemoryView view(Bytes("abc"));
  std::ostringstream out;
  out << view;
  EXPECT_EQ(out.str(), view.repr());
  std::ostringstream address;
  address << "<memory at " << static_cast<const void*>(&view) << ">";
  EXPECT_EQ(view.repr(), address.str());
}

// --- comparison and hash -------------------------------------------------------------------------

TEST(MemoryView, EqualityIsByValueAcrossFormats) {
  const std::vector<signed char> small{1, 2, -3};
  const std::vector<int> large{1, 2, -3};
  const std::vector<double> reals{1, 2, -3};
  EXPECT_EQ(MemoryView(small), MemoryView(large));
  EXPECT_EQ(MemoryView(small), MemoryView(reals));
  EXPECT_NE(MemoryView(small), MemoryView(large).slice(0, 2));
  EXPECT_NE(MemoryView(large), MemoryView(large).cast("B").slice(0, 3));
  const Sixteen s;
  EXPECT_NE(s.view.cast("B", {4, 4}), s.view) << "shapes differ";
  EXPECT_EQ(s.view.cast("B", {4, 4}), s.view.cast("b", {4, 4}));
  EXPECT_NE(s.view.cast("B", {4, 4}), s.view.tobytes());
}

TEST(MemoryView, EqualityOfEdgeValues) {
  const auto as = [](const auto& value, const char* format) {
    return MemoryView(std::span(&value, 1)).cast("B").cast(format);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(as(nan, "d"), as(nan, "d"));
  const MemoryView same = as(nan, "d");
  EXPECT_NE(same, same) << "not even itself";
  const std::int64_t minus = -1;
  EXPECT_NE(as(minus, "q"), as(minus, "Q"));
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;
  const double even = 9007199254740992.0;
  EXPECT_NE(as(odd, "q"), as(even, "d")) << "compared exactly";
  const double edge = 0x1p63;
  const std::uint64_t top = std::uint64_t{1} << 63;
  EXPECT_EQ(as(edge, "d"), as(top, "Q"));
  EXPECT_NE(as(edge, "d"), as(top, "q"));
  EXPECT_EQ(MemoryView(Bytes("ab")).cast("c"), MemoryView(Bytes("ab")).cast("c"));
  EXPECT_NE(MemoryView(Bytes("ab")).cast("c"), MemoryView(Bytes("ab"))) << "bytes are no numbers";
  EXPECT_EQ(MemoryView(Bytes("\2")).cast("?"), MemoryView(Bytes("\1")).cast("?"));
  EXPECT_EQ(MemoryView(Bytes("\2")).cast("?"), MemoryView(Bytes("\1")));
  EXPECT_NE(MemoryView(Bytes("\xff")).cast("b"), MemoryView(Bytes("\xff")));
  EXPECT_EQ(MemoryView(Bytes("")).cast("i"), MemoryView(Bytes("")));
  EXPECT_EQ(MemoryView(Bytes("")).cast("c"), MemoryView(Bytes("")));
}

TEST(MemoryView, EqualityWithBytesStringsAndSpans) {
  const Bytes bytes("abc");
  const MemoryView view(bytes);
  EXPECT_TRUE(view == bytes && bytes == view);
  EXPECT_TRUE(view == "abc" && "abc" == view);
  EXPECT_TRUE(view == std::string("abc"));
  EXPECT_TRUE(view == bytes.span());
  EXPECT_FALSE(view == "abd" || view != bytes);
  EXPECT_TRUE(view.slice(std::nullopt, std::nullopt, -1) == "cba") << "strided as well";
  EXPECT_TRUE(Bytes("cba") == view.slice(std::nullopt, std::nullopt, -1));
  EXPECT_FALSE(Bytes("abcd") == MemoryView(Bytes("abcd")).cast("i"));
}

TEST(MemoryView, HashIsThatOfBytes) {
  const std::hash<MemoryView> hash;
  const Bytes bytes("abcd");
  EXPECT_EQ(hash(MemoryView(bytes)), std::hash<Bytes>()(bytes));
  EXPECT_EQ(hash(MemoryView(bytes).cast("b")), std::hash<Bytes>()(bytes));
  EXPECT_EQ(hash(MemoryView(bytes).cast("B", {2, 2})), std::hash<Bytes>()(bytes));
  EXPECT_EQ(hash(MemoryView(bytes).slice(0, 4, 2)), std::hash<Bytes>()(Bytes("ac")));
  EXPECT_EQ(std::unordered_set<MemoryView>({MemoryView(bytes), MemoryView(bytes)}).size(), 1u);
  EXPECT_MESSAGE(std::invalid_argument,
                 "memoryview: hashing is restricted to formats 'B', 'b' or 'c'",
                 hash(MemoryView(bytes).cast("i")));
  BytesIO stream(bytes);
  EXPECT_MESSAGE(std::invalid_argument, "cannot hash writable memoryview object",
                 hash(stream.getbuffer()));
}

// --- iteration and search ------------------------------------------------------------------------

TEST(MemoryView, IteratesOverStridedBytes) {
  std::string text = "a.b.c";
  const MutableMemoryView view(text);
  std::string seen;
  for (const std::byte byte : view.slice(std::nullopt, std::nullopt, -2)) {
    seen.push_back(static_cast<char>(byte));
  }
  EXPECT_EQ(seen, "cba");
  const MutableMemoryView letters = view.slice(0, 5, 2);
  for (std::byte& byte : letters) byte = std::byte{'x'};
  EXPECT_EQ(text, "x.x.x");
  EXPECT_EQ(letters.end() - letters.begin(), 3);
  EXPECT_EQ(MemoryView().begin(), MemoryView().end());
}

TEST(MemoryView, IndexAndCountOfSingleItems) {
  const std::vector<int> numbers{5, 7, 5, 9};
  const MemoryView view(numbers);
  EXPECT_EQ(view.index(5), 0u);
  EXPECT_EQ(view.index(5, 1), 2u);
  EXPECT_EQ(view.index(7.0), 1u) << "by value";
  EXPECT_EQ(view.count(5), 2u);
  EXPECT_TRUE(view.contains(9));
  EXPECT_FALSE(view.contains(6));
  EXPECT_MESSAGE(std::invalid_argument, "memoryview.index(x): x not found: 6", view.index(6));
  EXPECT_MESSAGE(std::invalid_argument, "memoryview.index(x): x not found: 5", view.index(5, 1, 2));
  EXPECT_MESSAGE(std::invalid_argument, "memoryview.index(x): x not found: -1.5", view.index(-1.5));
  EXPECT_MESSAGE(std::invalid_argument, "memoryview.index(x): x not found: 18446744073709551615",
                 view.index(~std::uint64_t{0}));
  EXPECT_MESSAGE(std::invalid_argument, "memoryview.index(x): x not found: byte 97",
                 view.index('a'));
  const MemoryView bytes(Bytes("a.b.a"));
  EXPECT_EQ(bytes.slice(0, 5, 2).count('a'), 2u);
  EXPECT_EQ(bytes.slice(0, 5, 2).index('b'_byte), 1u);
  EXPECT_EQ(bytes.cast("b").count('a'), 2u);
  EXPECT_THROW(static_cast<void>(bytes.slice(0, 4).cast("B", {2, 2}).count('a')),
               UnsupportedOperation);
}

TEST(MemoryView, SearchesAndSplitsWithoutCopying) {
  const Bytes bytes("key=value; other=thing");
  const MemoryView view(bytes);
  const Ledger before = thread_ledger();
  EXPECT_EQ(view.find("value"), 4u);
  EXPECT_EQ(view.find("absent"), npos);
  EXPECT_EQ(view.rfind("="), 16u);
  EXPECT_EQ(view.index("="), 3u);
  EXPECT_EQ(view.count("="), 2u);
  EXPECT_TRUE(view.contains("other"));
  EXPECT_TRUE(view.startswith("key"));
  EXPECT_TRUE(view.endswith("thing"));
  const std::vector<MemoryView> parts = view.split(";");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[1].strip(), "other=thing");
  EXPECT_EQ(parts[1].strip().data(), bytes.data() + 11);
  const auto [name, separator, value] = parts[0].partition("=");
  EXPECT_EQ(name, "key");
  EXPECT_EQ(value.owner(), view.owner());
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_EQ(view.upper().slice(0, 3), "KEY");
  EXPECT_EQ(view.replace("=", ":").slice(0, 4), "key:");
  EXPECT_EQ(view.slice(0, 3) + bytes.slice(3, 4), "key=");
  EXPECT_EQ(view.slice(0, 3).decode(), "key");
}

TEST(MutableMemoryView, PiecesWriteThrough) {
  std::string text = "one two";
  for (const MutableMemoryView& word : MutableMemoryView(text).split()) word[0] = 'X'_byte;
  EXPECT_EQ(text, "Xne Xwo");
}

TEST(MemoryView, PiecesOfNumbersAreBytes) {
  const std::vector<std::uint16_t> numbers{0x2041, 0x2042};
  const std::vector<MemoryView> parts = MemoryView(numbers).split();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[1].format(), "B");
  EXPECT_EQ(parts[1], "B");
}

TEST(MemoryView, ReadsAndWritesNumbersAtAnyOffset) {
  Sixteen s;
  EXPECT_EQ(s.view.read<std::uint32_t>(1, std::endian::little), 0x04030201u);
  EXPECT_EQ(s.view.read<std::uint32_t>(1, std::endian::big), 0x01020304u);
  s.view.write<std::uint16_t>(14, 0xABCD, std::endian::big);
  EXPECT_EQ(s.bytes[14], 0xAB);
  s.view.write(3, 1.5);
  EXPECT_EQ(s.view.read<double>(3), 1.5);
  const std::string before = s.view.hex();
  EXPECT_THROW(s.view.write<std::uint32_t>(13, 0), std::out_of_range);
  EXPECT_THROW(s.view.write<std::uint32_t>(npos, 0), std::out_of_range);
  EXPECT_THROW(static_cast<void>(s.view.read<std::uint32_t>(13)), std::out_of_range);
  EXPECT_EQ(s.view.hex(), before);
}

}  // namespace
}  // namespace quire
