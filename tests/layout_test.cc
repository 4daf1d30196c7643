// Format and Layout: what items are and where they lie.
#include "quire/layout.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "quire/error.h"

namespace quire {
namespace {

TEST(Format, KnowsPythonsNativeFormats) {
  struct Case {
    const char* text;
    Format::Kind kind;
    std::size_t itemsize;
  };

  using Kind = Format::Kind;
  for (const Case& c :
       {Case{"c", Kind::Bytes, 1}, Case{"b", Kind::Signed, 1}, Case{"B", Kind::Unsigned, 1},
        Case{"h", Kind::Signed, sizeof(short)}, Case{"H", Kind::Unsigned, sizeof(short)},
        Case{"i", Kind::Signed, sizeof(int)}, Case{"I", Kind::Unsigned, sizeof(int)},
        Case{"l", Kind::Signed, sizeof(long)}, Case{"L", Kind::Unsigned, sizeof(long)},
        Case{"q", Kind::Signed, sizeof(long long)}, Case{"Q", Kind::Unsigned, sizeof(long long)},
        Case{"n", Kind::Signed, sizeof(std::ptrdiff_t)},
        Case{"N", Kind::Unsigned, sizeof(std::size_t)}, Case{"f", Kind::Float, sizeof(float)},
        Case{"d", Kind::Float, sizeof(double)}, Case{"e", Kind::Float, 2},
        Case{"P", Kind::Unsigned, sizeof(void*)}, Case{"?", Kind::Bool, sizeof(bool)}}) {
    const std::string with_at = std::string("@") + c.text;
    for (const std::string& text : {std::string(c.text), with_at}) {
      const Format format(text);
      EXPECT_EQ(format.text(), text);
      EXPECT_EQ(format.code(), c.text[0]);
      EXPECT_EQ(format.kind(), c.kind) << text;
      EXPECT_EQ(format.itemsize(), c.itemsize) << text;
      EXPECT_EQ(format.is_byte(), std::string("cbB").find(c.text) != std::string::npos) << text;
      EXPECT_EQ(format, Format(with_at));
    }
  }
  for (int code = 0; code < 256; ++code) {
    const std::string text(1, static_cast<char>(code));
    if (std::string("cbBhHiIlLqQnNfdeP?").find(text) != std::string::npos) continue;
    EXPECT_THROW(Format{text}, std::invalid_argument) << code;
  }
}

TEST(Format, OfATypeHoldsThatType) {
  EXPECT_EQ(Format::of<char>().text(), "B");
  EXPECT_EQ(Format::of<std::byte>().text(), "B");
  EXPECT_EQ(Format::of<unsigned char>().text(), "B");
  EXPECT_EQ(Format::of<signed char>().text(), "b");
  EXPECT_EQ(Format::of<short>().text(), "h");
  EXPECT_EQ(Format::of<unsigned short>().text(), "H");
  EXPECT_EQ(Format::of<int>().text(), "i");
  EXPECT_EQ(Format::of<unsigned>().text(), "I");
  EXPECT_EQ(Format::of<long>().text(), "l");
  EXPECT_EQ(Format::of<unsigned long>().text(), "L");
  EXPECT_EQ(Format::of<long long>().text(), "q");
  EXPECT_EQ(Format::of<unsigned long long>().text(), "Q");
  EXPECT_EQ(Format::of<float>().text(), "f");
  EXPECT_EQ(Format::of<double>().text(), "d");
  EXPECT_EQ(Format::of<bool>().text(), "?");
  EXPECT_TRUE(Format("l").holds<long long>());
  EXPECT_TRUE(Format("e").holds<float>());
  EXPECT_TRUE(Format("b").holds<char>());
  EXPECT_TRUE(Format("c").holds<std::byte>());
  EXPECT_FALSE(Format("c").holds<unsigned char>());
  EXPECT_FALSE(Format("e").holds<double>());
  EXPECT_FALSE(Format("B").holds<bool>());
  EXPECT_FALSE(Format("?").holds<unsigned char>());
  EXPECT_FALSE(Format("b").holds<unsigned char>());
}

TEST(Layout, OffsetsFollowTheStrides) {
  const std::array<std::ptrdiff_t, 3> shape{2, 3, 4};
  const Layout layout(Format("h"), shape);
  EXPECT_EQ(layout.items(), 24u);
  EXPECT_EQ(layout.nbytes(), 48u);
  std::ptrdiff_t expected = 0;
  for (std::ptrdiff_t i = 0; i < 2; ++i) {
    for (std::ptrdiff_t j = 0; j < 3; ++j) {
      for (std::ptrdiff_t k = 0; k < 4; ++k, expected += 2) {
        EXPECT_EQ(layout.offset_of(std::array{i, j, k}), expected);
        EXPECT_EQ(layout.offset_of(std::array{i - 2, j - 3, k - 4}), expected);
      }
    }
  }
}

TEST(Layout, CopyKeepsTheShapeOfTheOriginal) {
  const std::array<std::ptrdiff_t, 2> shape{2, 3};
  Layout copy;
  {
    const Layout layout(Format(), shape);
    copy = layout;
  }
  EXPECT_EQ(copy.shape()[1], 3u);
  EXPECT_EQ(copy.sliced({1, -1, 2}).strides()[0], -3);
  EXPECT_EQ(copy.strides()[0], 3) << "slicing leaves it alone";
}

TEST(ItemValue, StoreThenLoadGivesEveryNumberBack) {
  std::array<std::byte, 9> memory{};
  std::byte* const unaligned = memory.data() + 1;
  const std::int64_t integers[] = {0,
                                   1,
                                   -1,
                                   127,
                                   -128,
                                   255,
                                   32767,
                                   -32768,
                                   65535,
                                   2147483647,
                                   -2147483648,
                                   4294967295,
                                   std::numeric_limits<std::int64_t>::max(),
                                   std::numeric_limits<std::int64_t>::min()};
  for (const char* text : {"b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "n", "N"}) {
    const Format format(text);
    int stored = 0;
    for (const std::int64_t integer : integers) {
      const auto value = detail::ItemValue::of(integer);
      try {
        detail::store_item(unaligned, format, value);
      } catch (const std::invalid_argument&) {
        continue;
      }
      ++stored;
      EXPECT_TRUE(detail::load_item(unaligned, format) == value) << text << " " << integer;
    }
    EXPECT_GE(stored, 4) << text;
  }
  for (const double real : {0.0, -1.5, 65504.0, 0x1p-24}) {
    for (const char* text : {"e", "f", "d"}) {
      detail::store_item(unaligned, Format(text), detail::ItemValue::of(real));
      EXPECT_EQ(detail::load_item(unaligned, Format(text)).real, real) << text;
    }
  }
}

TEST(ItemValue, ComparesNumbersExactly) {
  using detail::ItemValue;
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  constexpr auto kTop = std::numeric_limits<std::uint64_t>::max();
  EXPECT_TRUE(ItemValue::of(-0.0) == ItemValue::of(0));
  EXPECT_TRUE(ItemValue::of(kMin) == ItemValue::of(-0x1p63));
  EXPECT_FALSE(ItemValue::of(kMax) == ItemValue::of(0x1p63));
  EXPECT_FALSE(ItemValue::of(kTop) == ItemValue::of(0x1p64));
  EXPECT_FALSE(ItemValue::of(kTop) == ItemValue::of(-1));
  EXPECT_FALSE(ItemValue::of(1) == ItemValue::of(1.5));
  EXPECT_FALSE(ItemValue::of(0) == ItemValue::of(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(ItemValue::of(0) == ItemValue::of(std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(ItemValue::of(true) == ItemValue::of(1));
  EXPECT_FALSE(ItemValue::of('\1') == ItemValue::of(1)) << "a byte is no number";
  EXPECT_TRUE(ItemValue::of('\1') == ItemValue::of(std::byte{1}));
}

}  // namespace
}  // namespace quire
