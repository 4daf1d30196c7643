// Python's struct module in C++: formats, sizes, errors and typed rows, as python3 has them.
#include "quire/struct.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quire/error.h"
#include "support/allocation_failure.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using test::message_of;
using Row = std::vector<StructValue>;
using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

std::string hex(ByteSpan data) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte b : data) {
    text += kDigits[std::to_integer<int>(b) >> 4];
    text += kDigits[std::to_integer<int>(b) & 15];
  }
  return text;
}

template <class F>
std::string struct_error(F&& call) {
  return message_of<StructError>(std::forward<F>(call));
}

TEST(Struct, SizesAreThoseOfPython) {
  struct Case {
    std::string_view format;
    std::size_t size;
  };

  // What struct.calcsize says on x86-64 and AArch64 Linux.
  const std::vector<Case> cases = {{"", 0},
                                   {"@", 0},
                                   {"x", 1},
                                   {"c", 1},
                                   {"?", 1},
                                   {"h", 2},
                                   {"i", 4},
                                   {"l", 8},
                                   {"=l", 4},
                                   {"<l", 4},
                                   {"q", 8},
                                   {"n", 8},
                                   {"N", 8},
                                   {"P", 8},
                                   {"e", 2},
                                   {"f", 4},
                                   {"d", 8},
                                   {"5s", 5},
                                   {"5p", 5},
                                   {"0s", 0},
                                   {"bq", 16},
                                   {"=bq", 9},
                                   {"<bq", 9},
                                   {"qb", 9},
                                   {"qb0q", 16},
                                   {"b0q", 8},
                                   {"0i", 0},
                                   {"xxi", 8},
                                   {"xxxxxi", 12},
                                   {"bhb", 5},
                                   {"bhbi", 12},
                                   {"3x2b", 5},
                                   {"be", 4},
                                   {"bP", 16},
                                   {"b?", 2},
                                   {"bd", 16},
                                   {"bf", 8},
                                   {" i\ti\n", 8},
                                   {"@ i", 4},
                                   {"i\vi\fi\ri", 16},
                                   {"9223372036854775807s", 9223372036854775807u},
                                   {"9223372036854775807x", 9223372036854775807u},
                                   {"9223372036854775804sb", 9223372036854775805u}};
  for (const Case& c : cases) {
    EXPECT_EQ(calcsize(c.format), c.size) << c.format;
    EXPECT_EQ(Struct(c.format).size(), c.size) << c.format;
    EXPECT_EQ(Struct(c.format).format(), c.format);
  }
}

TEST(Struct, BadFormatsAreRefused) {
  struct Case {
    std::string_view format;
    std::string_view message;
  };

  const std::vector<Case> cases = {
      {"4", "repeat count given without format specifier"},
      {"i4", "repeat count given without format specifier"},
      {"4 i", "bad char in struct format: ' '"},
      {"z", "bad char in struct format: 'z'"},
      {"-1i", "bad char in struct format: '-'"},
      {"<@i", "bad char in struct format: '@'"},
      {" <i", "bad char in struct format: '<'"},
      {"<n", "bad char in struct format: 'n'"},
      {">N", "bad char in struct format: 'N'"},
      {"=P", "bad char in struct format: 'P'"},
      {"\xc3\xa9", "bad char in struct format: '\\xc3'"},
      {"\0i"sv, "embedded null character"},
      {"9223372036854775808b", "total struct size too long"},
      {"999999999999999999999i", "total struct size too long"},
      {"9223372036854775807bb", "total struct size too long"},
      {"9223372036854775807s0q", "total struct size too long"},
      {"4611686018427387904h", "total struct size too long"},
      {"9223372036854775804sI", "total struct size too long"},
      {"4611686018427387904x4611686018427387904x", "total struct size too long"}};
  for (const Case& c : cases) {
    EXPECT_EQ(struct_error([&] { (void)calcsize(c.format); }), c.message) << c.format;
    EXPECT_EQ(struct_error([&] { (void)Struct(c.format); }), c.message) << c.format;
  }
}

TEST(Struct, PacksEveryOrderAndPads) {
  EXPECT_EQ(hex(pack("<IHb", 1, 2, 3)), "01000000020003");
  EXPECT_EQ(hex(pack(">IHb", 1, 2, 3)), "00000001000203");
  EXPECT_EQ(hex(pack("!q", -2)), "fffffffffffffffe");
  EXPECT_EQ(hex(pack("<q", -2)), "feffffffffffffff");
  EXPECT_EQ(pack("=I", 7), pack(std::endian::native == std::endian::little ? "<I" : ">I", 7));
  EXPECT_EQ(hex(pack("<bxxb5s3p", 1, 2, "ab", "q")), "010000026162000000017100");
  EXPECT_EQ(hex(pack("b0q", 1)), "0100000000000000");
  EXPECT_EQ(hex(pack(">bh", 1, 2)), "010002");
  EXPECT_EQ(hex(pack("<2h?c", 1, -1, true, 'A')), "0100ffff0141");
  EXPECT_EQ(hex(pack("<B", std::byte{0xfe})), "fe");
  EXPECT_EQ(pack("").size(), 0u);
  EXPECT_EQ(hex(pack("3x")), "000000");
}

TEST(Struct, StringsAreCutAndPadded) {
  EXPECT_EQ(hex(pack("2s", "abc")), "6162");
  EXPECT_EQ(hex(pack("5s", "abc")), "6162630000");
  EXPECT_EQ(hex(pack("0s", "abc")), "");
  EXPECT_EQ(hex(pack("p", "abc")), "00");
  EXPECT_EQ(hex(pack("3p", "abcdef")), "026162");
  EXPECT_EQ(hex(pack("0p", "abc")), "");
  const std::string long_text(400, 'a');
  const Bytes row = pack("300p", long_text);
  EXPECT_EQ(hex(row), "ff" + hex(long_text).substr(0, 598));
  // The length byte ends at 255, so that is what comes back.
  EXPECT_EQ(std::get<0>(unpack<std::string>("300p", row)), std::string(255, 'a'));
  EXPECT_EQ(unpack("5p",
                   "\xff"
                   "abcd"),
            Row{Bytes("abcd")});
  EXPECT_EQ(unpack("0p", ""), Row{Bytes()});
  EXPECT_EQ(unpack("p", "\5"), Row{Bytes()});
  EXPECT_EQ(unpack("0s", ""), Row{Bytes()});
  EXPECT_EQ(unpack("5s", "a\0b\0c"), Row{Bytes("a\0b\0c")});
}

TEST(Struct, EveryIntegerIsCheckedAtBothEnds) {
  // Each code at its four edges, in both byte orders; one beyond is refused with the range in the
  // message, whatever type the argument has.
  struct Case {
    char code;
    std::int64_t low;
    std::uint64_t high;
  };

  const std::vector<Case> cases = {
      {'b', -128, 127},
      {'B', 0, 255},
      {'h', -32768, 32767},
      {'H', 0, 65535},
      {'i', -2147483648LL, 2147483647},
      {'I', 0, 4294967295u},
      {'l', -2147483648LL, 2147483647},
      {'L', 0, 4294967295u},
      {'q', std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()},
      {'Q', 0, std::numeric_limits<std::uint64_t>::max()}};
  for (const Case& c : cases) {
    for (const char order : {'<', '>', '=', '!'}) {
      const std::string format = {order, c.code};
      const std::string message = std::string("'") + c.code + "' format requires " +
                                  std::to_string(c.low) +
                                  " <= number <= " + std::to_string(c.high) + ", got ";
      EXPECT_EQ(unpack(format, pack(format, c.low)), Row{c.low}) << format;
      EXPECT_EQ(unpack(format, pack(format, c.high)), Row{c.high}) << format;
      if (c.low != std::numeric_limits<std::int64_t>::min()) {
        EXPECT_EQ(struct_error([&] { (void)pack(format, c.low - 1); }),
                  message + std::to_string(c.low - 1));
      }
      if (c.high != std::numeric_limits<std::uint64_t>::max()) {
        EXPECT_EQ(struct_error([&] { (void)pack(format, c.high + 1); }),
                  message + std::to_string(c.high + 1));
      }
      EXPECT_EQ(unpack(format, pack(format, true)), Row{1}) << format;
      EXPECT_EQ(struct_error([&] { (void)pack(format, 1.5); }),
                "required argument is not an integer");
      EXPECT_EQ(struct_error([&] { (void)pack(format, "1"); }),
                "required argument is not an integer");
    }
  }
}

TEST(Struct, NativeSizesAreThisMachines) {
  EXPECT_EQ((unpack<long, unsigned long>("lL", pack("lL", -1L, ~0UL))), std::tuple(-1L, ~0UL));
  EXPECT_EQ((unpack<std::ptrdiff_t, std::size_t>("nN", pack("nN", -5, 5u))),
            (std::tuple<std::ptrdiff_t, std::size_t>(-5, 5)));
  // A pointer may be a negative number, as in Python, and comes back as the bits it has.
  EXPECT_EQ(unpack("P", pack("P", -1)), Row{std::numeric_limits<std::uintptr_t>::max()});
  int target = 0;
  const auto address = reinterpret_cast<std::uintptr_t>(&target);
  EXPECT_EQ(std::get<0>(unpack<std::uintptr_t>("P", pack("P", address))), address);
}

TEST(Struct, ValuesOfAnotherKindAreRefused) {
  EXPECT_EQ(struct_error([] { (void)pack("f", "1"); }), "required argument is not a float");
  EXPECT_EQ(struct_error([] { (void)pack("c", 1); }),
            "char format requires a bytes object of length 1");
  EXPECT_EQ(struct_error([] { (void)pack("c", "ab"); }),
            "char format requires a bytes object of length 1");
  EXPECT_EQ(struct_error([] { (void)pack("c", ""); }),
            "char format requires a bytes object of length 1");
  EXPECT_EQ(struct_error([] { (void)pack("5s", 1); }), "argument for 's' must be a bytes object");
  EXPECT_EQ(struct_error([] { (void)pack("5p", 1.0); }), "argument for 'p' must be a bytes object");
  EXPECT_EQ(struct_error([] { (void)pack("P", 1.0); }), "required argument is not an integer");
}

TEST(Struct, TruthIsPythons) {
  EXPECT_EQ(hex(pack("<9?", 2, 0, 0.5, 0.0, "", "x", true, false, ~0ull)), "010001000001010001");
  EXPECT_EQ(unpack("<3?", "\0\2\xff"), (Row{false, true, true}));
}

TEST(Struct, CountsMustMatch) {
  EXPECT_EQ(struct_error([] { (void)pack("2i", 1); }), "pack expected 2 items for packing (got 1)");
  EXPECT_EQ(struct_error([] { (void)pack("i", 1, 2); }),
            "pack expected 1 items for packing (got 2)");
  EXPECT_EQ(struct_error([] { (void)pack("x", 1); }), "pack expected 0 items for packing (got 1)");
  EXPECT_EQ(struct_error([] { (void)pack("9223372036854775807b"); }),
            "pack expected 9223372036854775807 items for packing (got 0)");
  std::byte room[8];
  EXPECT_EQ(struct_error([&] { pack_into("<I", room, 0); }),
            "pack_into expected 1 items for packing (got 0)");
  EXPECT_EQ(struct_error([] { (void)unpack<int>("<2i", std::string(8, 'a')); }),
            "unpack expected 1 values (the format has 2)");
  EXPECT_EQ(struct_error([] { (void)unpack<int, int>("<i", "abcd"); }),
            "unpack expected 2 values (the format has 1)");
}

TEST(Struct, FloatsRoundToNearestEven) {
  struct Case {
    std::string_view format;
    double value;
    std::string_view bytes;
  };

  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Case> cases = {{">d", 1.5, "3ff8000000000000"},
                                   {">f", 1.5, "3fc00000"},
                                   {">e", 1.5, "3e00"},
                                   {">e", 2049.0, "6800"},
                                   {">e", 2051.0, "6802"},
                                   {">e", 65504.0, "7bff"},
                                   {">e", 65519.999, "7bff"},
                                   {">e", 5.96e-8, "0001"},
                                   {">e", 2.9802322387695312e-08, "0000"},
                                   {">e", 2.980530261993408e-08, "0001"},
                                   {">e", 6.103515625e-05, "0400"},
                                   {">e", 6.0975e-05, "03ff"},
                                   {">e", 1e-320, "0000"},
                                   {">e", -0.0, "8000"},
                                   {">e", 0.0, "0000"},
                                   {">e", infinity, "7c00"},
                                   {">e", -infinity, "fc00"},
                                   {">f", infinity, "7f800000"},
                                   {">f", 3.4028235677973362e38, "7f7fffff"},
                                   {">d", -infinity, "fff0000000000000"}};
  for (const Case& c : cases) {
    EXPECT_EQ(hex(pack(c.format, c.value)), c.bytes) << c.format << ' ' << c.value;
  }
  EXPECT_EQ(hex(pack(">efd", 5, 5u, -5)), "450040a00000c014000000000000");
}

TEST(Struct, FloatsTooLargeOverflow) {
  for (const double sign : {1.0, -1.0}) {
    for (const std::string format : {"e", "<e", ">e"}) {
      EXPECT_EQ(message_of<std::length_error>([&] { (void)pack(format, sign * 65520.0); }),
                "float too large to pack with e format");
    }
    // Python tells a float that is too large from an integer that is.
    EXPECT_EQ(struct_error([&] { (void)pack("<e", static_cast<int>(sign) * 65520); }),
              "int too large to convert");
    for (const std::string format : {"=f", "<f", ">f"}) {
      EXPECT_EQ(
          message_of<std::length_error>([&] { (void)pack(format, sign * 3.4028235677973366e38); }),
          "float too large to pack with f format");
    }
    // Python's native f takes it, as an infinity.
    EXPECT_EQ(std::get<0>(unpack<float>("f", pack("f", sign * 1e39))),
              static_cast<float>(sign) * std::numeric_limits<float>::infinity());
  }
}

TEST(Struct, EveryHalfComesBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const Bytes packed = pack("<H", bits);
    const double value = std::get<0>(unpack<double>("<e", packed));
    if (std::isnan(value)) {
      // The sign of a NaN stays, its payload does not.
      EXPECT_EQ(hex(pack(">e", value)), (bits & 0x8000) != 0 ? "fe00" : "7e00") << bits;
    } else {
      ASSERT_EQ(pack("<e", value), packed) << bits;
      ASSERT_EQ(std::get<0>(unpack<float>("<e", packed)), value);
    }
  }
}

TEST(Struct, OffsetsCountFromTheEndWhenNegative) {
  const Bytes data = Bytes("\0\1\2\3\4\5\6\7\10\11");
  const Struct one("<I");
  EXPECT_EQ(one.unpack_from(data), Row{50462976});
  EXPECT_EQ(one.unpack_from(data, 6), Row{151521030});
  EXPECT_EQ(one.unpack_from(data, -4), Row{151521030});
  EXPECT_EQ(unpack_from("<I", data, -10), Row{50462976});
  EXPECT_EQ(unpack_from("<0s", data, 10), Row{Bytes()});
  EXPECT_EQ(unpack_from("<0s", data, -10), Row{Bytes()});

  struct Case {
    std::string_view format;
    std::ptrdiff_t offset;
    std::string_view message;
  };

  constexpr std::ptrdiff_t kLast = std::numeric_limits<std::ptrdiff_t>::max();
  const std::vector<Case> cases = {
      {"<I", 7,
       "unpack_from requires a buffer of at least 11 bytes for unpacking 4 bytes at offset 7 "
       "(actual buffer size is 10)"},
      {"<I", 11,
       "unpack_from requires a buffer of at least 15 bytes for unpacking 4 bytes at offset 11 "
       "(actual buffer size is 10)"},
      {"<I", kLast,
       "unpack_from requires a buffer of at least 9223372036854775811 bytes for unpacking 4 bytes "
       "at offset 9223372036854775807 (actual buffer size is 10)"},
      {"<0s", 11,
       "unpack_from requires a buffer of at least 11 bytes for unpacking 0 bytes at offset 11 "
       "(actual buffer size is 10)"},
      {"<I", -3, "not enough data to unpack 4 bytes at offset -3"},
      {"<I", -11, "offset -11 out of range for 10-byte buffer"},
      {"<0s", -11, "offset -11 out of range for 10-byte buffer"},
      {"<I", -kLast - 1, "offset -9223372036854775808 out of range for 10-byte buffer"}};
  for (const Case& c : cases) {
    EXPECT_EQ(struct_error([&] { (void)unpack_from(c.format, data, c.offset); }), c.message);
    EXPECT_EQ(struct_error([&] { (void)Struct(c.format).unpack_from(data, c.offset); }), c.message);
  }
  EXPECT_EQ(struct_error([] { (void)unpack_from("<0s", "", -1); }),
            "offset -1 out of range for 0-byte buffer");
  EXPECT_EQ(struct_error([] { (void)unpack_from("<I", "", -1); }),
            "not enough data to unpack 4 bytes at offset -1");
}

TEST(Struct, UnpackTakesExactlyOneRow) {
  for (const std::size_t size : {0u, 1u, 3u, 5u, 8u}) {
    const std::string expected = "unpack requires a buffer of 4 bytes, got " + std::to_string(size);
    EXPECT_EQ(struct_error([&] { (void)unpack("<i", std::string(size, 'a')); }), expected);
    EXPECT_EQ(struct_error([&] { (void)Struct("<i").unpack<int>(std::string(size, 'a')); }),
              expected);
  }
  EXPECT_EQ(unpack("", ""), Row{});
  EXPECT_EQ(struct_error([] { (void)unpack("", "a"); }),
            "unpack requires a buffer of 0 bytes, got 1");
}

TEST(Struct, PackIntoWritesInPlaceOrNotAtAll) {
  std::string room(10, '\xee');
  pack_into("<Hx", room, 1, 0x1234);
  EXPECT_EQ(hex(room), "ee341200eeeeeeeeeeee");
  Struct(">H").pack_into(room, -2, 0xabcd);
  EXPECT_EQ(hex(room), "ee341200eeeeeeeeabcd");
  pack_into("<bb", room, 0, std::vector<StructValue>{1, 2});
  EXPECT_EQ(hex(room), "01021200eeeeeeeeabcd");

  // Python would leave the first value behind; here a failure changes nothing.
  const std::string before = room;
  EXPECT_EQ(struct_error([&] { pack_into("<Hb", room, 0, 1, 300); }),
            "'b' format requires -128 <= number <= 127, got 300");
  EXPECT_EQ(struct_error([&] { pack_into("<I", room, 7, 1); }),
            "pack_into requires a buffer of at least 11 bytes for packing 4 bytes at offset 7 "
            "(actual buffer size is 10)");
  EXPECT_EQ(struct_error([&] { pack_into("<I", room, -3, 1); }),
            "no space to pack 4 bytes at offset -3");
  EXPECT_EQ(struct_error([&] { pack_into("<I", room, -11, 1); }),
            "offset -11 out of range for 10-byte buffer");
  EXPECT_THROW(pack_into("<If", room, 0, 1, 1e39), std::length_error);
  EXPECT_EQ(room, before);

  std::string large(1001, '\xee');
  EXPECT_THROW(pack_into("<1000sb", large, 0, "first", 300), StructError);
  EXPECT_EQ(large, std::string(1001, '\xee'));
}

TEST(Struct, TypesMustHoldEveryValueOfTheirFormat) {
  EXPECT_EQ((unpack<std::uint32_t, std::uint16_t, std::int8_t>("<IHb", pack("<IHb", 1, 2, -3))),
            (std::tuple<std::uint32_t, std::uint16_t, std::int8_t>(1, 2, -3)));
  EXPECT_EQ(std::get<0>(unpack<std::int16_t>("<B", "\xff")), 255);
  EXPECT_EQ(std::get<0>(unpack<std::uint64_t>("<B", "\xff")), 255u);
  EXPECT_EQ(std::get<0>(unpack<std::int64_t>("<b", "\xff")), -1);
  EXPECT_EQ(std::get<0>(unpack<char>("c", "A")), 'A');
  EXPECT_EQ(std::get<0>(unpack<std::byte>("B", "A")), std::byte{'A'});
  EXPECT_EQ(std::get<0>(unpack<bool>("?", "\2")), true);
  EXPECT_EQ(std::get<0>(unpack<double>("<f", pack("<f", 0.5))), 0.5);

  const auto refused = [](auto call) { return message_of<TypeError>(call); };
  EXPECT_EQ(refused([] { (void)unpack<std::int8_t>("<B", "a"); }),
            "values of the format 'B' (1 bytes) do not all fit into an integer of 1 bytes, signed");
  EXPECT_EQ(refused([] { (void)unpack<std::uint64_t>("<b", "a"); }),
            "values of the format 'b' (1 bytes) do not all fit into an integer of 8 bytes, "
            "unsigned");
  EXPECT_EQ(refused([] { (void)unpack<std::int16_t>("<i", "abcd"); }),
            "values of the format 'i' (4 bytes) do not all fit into an integer of 2 bytes, signed");
  EXPECT_EQ(refused([] { (void)unpack<int>("<f", "abcd"); }),
            "values of the format 'f' (4 bytes) do not all fit into an integer of 4 bytes, signed");
  EXPECT_EQ(refused([] { (void)unpack<float>("<d", "abcdefgh"); }),
            "values of the format 'd' (8 bytes) do not all fit into a float of 4 bytes");
  EXPECT_EQ(refused([] { (void)unpack<double>("<i", "abcd"); }),
            "values of the format 'i' (4 bytes) do not all fit into a float of 8 bytes");
  EXPECT_EQ(refused([] { (void)unpack<bool>("B", "a"); }),
            "values of the format 'B' (1 bytes) do not all fit into a bool");
  EXPECT_EQ(refused([] { (void)unpack<char>("s", "a"); }),
            "values of the format 's' (1 bytes) do not all fit into a char");
  EXPECT_EQ(refused([] { (void)unpack<std::string>("B", "a"); }),
            "values of the format 'B' (1 bytes) do not all fit into bytes");
}

TEST(Struct, BytesComeInAnyShape) {
  const std::string data = "abcabc";
  const auto [bytes, text] = unpack<Bytes, std::string>("3s3s", data);
  EXPECT_EQ(bytes, Bytes("abc"));
  EXPECT_EQ(text, "abc");
  const auto [span, view] = unpack<ByteSpan, std::string_view>("3s3s", data);
  EXPECT_EQ(span.data(), reinterpret_cast<const std::byte*>(data.data()));
  EXPECT_EQ(view.data(), data.data() + 3);
  EXPECT_EQ(hex(pack("2s2s2s2s", Bytes("ab"), std::string("cd"), "ef"sv,
                     std::vector<unsigned char>{'g', 'h'})),
            hex("abcdefgh"));
}

TEST(Struct, IteratesOverRows) {
  std::vector<std::pair<int, int>> pairs;
  for (const auto& [a, b] : iter_unpack<std::uint8_t, std::uint16_t>("<BH", "\1\2\0\3\4\0")) {
    pairs.emplace_back(a, b);
  }
  EXPECT_THAT(pairs, testing::ElementsAre(std::pair(1, 2), std::pair(3, 4)));

  std::vector<Row> rows;
  // The range keeps the bytes: the handle that made it may go.
  for (Row row : Struct("<H").iter_unpack(Bytes("\1\0\2\0"))) rows.push_back(std::move(row));
  EXPECT_EQ(rows, (std::vector<Row>{{1}, {2}}));

  int count = 0;
  for (const Row& row : iter_unpack("x", "abc")) count += static_cast<int>(row.size()) + 1;
  EXPECT_EQ(count, 3);
  for (const Row& row : iter_unpack("<H", "")) ADD_FAILURE() << row.size();

  EXPECT_EQ(struct_error([] { (void)iter_unpack("<H", "abc"); }),
            "iterative unpacking requires a buffer of a multiple of 2 bytes, got 3");
  for (const std::string_view format : {"", "0s", "<0i"}) {
    EXPECT_EQ(struct_error([&] { (void)iter_unpack(format, ""); }),
              "cannot iteratively unpack with a struct of length 0");
  }
}

TEST(Struct, RowsGoThroughDynamicValues) {
  const std::string_view format = "<bHq?d3s";
  const Row row = {-1, 65535, std::numeric_limits<std::int64_t>::min(), true, 0.25, Bytes("xyz")};
  const Bytes packed = pack(format, row);
  EXPECT_EQ(unpack(format, packed), row);
  EXPECT_EQ(Struct(format).pack(row), packed);
  EXPECT_EQ(pack("<bH", row[0], row[1]), packed.slice(0, 3));
}

TEST(Struct, TypedRowsAllocateNothing) {
  std::byte room[32];
  const Struct compiled("<IHb5s");
  const test::AllocationBudget none(0);
  for (int i = 0; i < 10; ++i) {
    compiled.pack_into(room, 0, 1, 2, i, "hello");
    pack_into(">qd", room, 12, i, 0.5);
    ASSERT_EQ(std::get<2>(compiled.unpack_from<std::uint32_t, std::uint16_t, int, ByteSpan>(room)),
              i);
    ASSERT_EQ(std::get<0>(unpack_from<std::int64_t, double>(">qd", room, 12)), i);
  }
  ASSERT_EQ(test::allocations_asked, 0u);
}

/// A stream's two calls, without the stream.
struct Pipe {
  std::string bytes;

  Bytes read(std::ptrdiff_t size) {
    Bytes taken{std::string_view(bytes).substr(0, static_cast<std::size_t>(size))};
    bytes.erase(0, taken.size());
    return taken;
  }

  std::size_t write(ByteSpan data) {
    bytes += data.as_chars();
    return data.size();
  }
};

TEST(Struct, RowsGoThroughStreams) {
  Pipe pipe;
  pack_into("<IH", pipe, 1, 2);
  Struct("<b").pack_into(pipe, 3);
  EXPECT_EQ((unpack<std::uint32_t, std::uint16_t>("<IH", pipe)),
            (std::tuple<std::uint32_t, std::uint16_t>(1, 2)));
  EXPECT_EQ(Struct("<b").unpack(pipe), Row{3});
  pipe.write("abc");
  EXPECT_EQ(struct_error([&] { (void)unpack("<I", pipe); }),
            "unpack requires a buffer of 4 bytes, got 3");
}

TEST(Stream, ReadsAndWritesNumbers) {
  // A byte a call: a number must come together whatever the stream gives at a time.
  test::TestStream inner("\1\2\3\4\0\0\x80\x3f\xff\xfe"s, {.most_a_call = 1});
  Stream& stream = inner;
  EXPECT_EQ(stream.read<std::uint32_t>(std::endian::big), 0x01020304u);
  EXPECT_EQ(stream.read<float>(std::endian::little), 1.0f);
  EXPECT_EQ(struct_error([&] { (void)stream.read<std::int32_t>(); }),
            "unpack requires a buffer of 4 bytes, the stream had 2");
  EXPECT_EQ(stream.write<std::int16_t>(-2, std::endian::big), 2u);
  EXPECT_EQ(stream.write<double>(1, std::endian::little), 8u);
  stream.seek(10);
  EXPECT_EQ(stream.read<std::int16_t>(std::endian::big), -2);
  EXPECT_EQ(stream.read<double>(std::endian::little), 1.0);
  stream.close();
  EXPECT_THROW((void)stream.read<char>(), ClosedError);
  EXPECT_THROW(stream.write<char>('x'), ClosedError);
}

TEST(StructValue, EqualsByValueAsInPython) {
  EXPECT_EQ(StructValue(1), StructValue(1u));
  EXPECT_EQ(StructValue(1), StructValue(true));
  EXPECT_EQ(StructValue(1.0), StructValue(1u));
  EXPECT_EQ(StructValue(-1.0), StructValue(-1));
  EXPECT_EQ(StructValue(0.0), StructValue(-0.0));
  EXPECT_EQ(StructValue("ab"), StructValue(Bytes("ab")));
  EXPECT_FALSE(StructValue(-1) == StructValue(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_FALSE(StructValue(1.5) == StructValue(1));
  EXPECT_FALSE(StructValue(Bytes("1")) == StructValue(1));
  EXPECT_FALSE(StructValue(Bytes()) == StructValue(false));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(StructValue(nan) == StructValue(nan));
  // 2**63 - 1 is no double: its neighbour 2**63 must not count as the same.
  EXPECT_FALSE(StructValue(9223372036854775808.0) ==
               StructValue(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(StructValue(18446744073709549568.0), StructValue(18446744073709549568u));
  EXPECT_FALSE(StructValue(1e300) == StructValue(0));
}

TEST(StructValue, GivesTheTypeAskedFor) {
  EXPECT_EQ(StructValue(-5).get<std::int8_t>(), -5);
  EXPECT_EQ(StructValue(255u).get<std::uint8_t>(), 255);
  EXPECT_EQ(StructValue(std::numeric_limits<std::int64_t>::min()).get<std::int64_t>(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(StructValue(-128).get<std::int8_t>(), -128);
  EXPECT_EQ(StructValue(7).get<double>(), 7.0);
  EXPECT_EQ(StructValue(true).get<int>(), 1);
  EXPECT_EQ(StructValue(true).get<bool>(), true);
  EXPECT_EQ(StructValue("ab").get<Bytes>(), Bytes("ab"));
  EXPECT_EQ(message_of<std::length_error>([] { (void)StructValue(256).get<std::uint8_t>(); }),
            "256 does not fit into 8 bits, unsigned");
  EXPECT_EQ(message_of<std::length_error>([] { (void)StructValue(-129).get<std::int8_t>(); }),
            "-129 does not fit into 8 bits, signed");
  EXPECT_EQ(message_of<std::length_error>([] { (void)StructValue(-1).get<std::uint64_t>(); }),
            "-1 does not fit into 64 bits, unsigned");
  EXPECT_EQ(message_of<std::length_error>([] { (void)StructValue(~0ull).get<std::int64_t>(); }),
            "18446744073709551615 does not fit into 64 bits, signed");
  EXPECT_EQ(message_of<TypeError>([] { (void)StructValue(1.5).get<int>(); }),
            "the value is a float, not an integer");
  EXPECT_EQ(message_of<TypeError>([] { (void)StructValue(1).get<Bytes>(); }),
            "the value is an integer, not bytes");
  EXPECT_EQ(message_of<TypeError>([] { (void)StructValue(1).get<bool>(); }),
            "the value is an integer, not a bool");
  EXPECT_EQ(message_of<TypeError>([] { (void)StructValue("x").get<double>(); }),
            "the value is bytes, not a number");
}

TEST(StructValue, PrintsAsPythonDoes) {
  const auto printed = [](const StructValue& value) {
    std::ostringstream out;
    out << value;
    return out.str();
  };
  EXPECT_EQ(printed(-5), "-5");
  EXPECT_EQ(printed(~0ull), "18446744073709551615");
  EXPECT_EQ(printed(true), "True");
  EXPECT_EQ(printed(false), "False");
  EXPECT_EQ(printed("a\0b"), "b'a\\x00b'");
  EXPECT_EQ(printed(1.0), "1.0");
  EXPECT_EQ(printed(0.1), "0.1");
  EXPECT_EQ(printed(-0.0), "-0.0");
  EXPECT_EQ(printed(1e15), "1000000000000000.0");
  EXPECT_EQ(printed(1e16), "1e+16");
  EXPECT_EQ(printed(0.0001), "0.0001");
  EXPECT_EQ(printed(0.00001), "1e-05");
  EXPECT_EQ(printed(1.5e300), "1.5e+300");
  EXPECT_EQ(printed(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(printed(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(printed(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

template <class... Args>
concept CanPack = requires(Args... args) {
  pack("i", args...);
};

TEST(Struct, TakesNoArgumentThatIsNoValue) {
  static_assert(CanPack<int> && CanPack<char> && CanPack<std::string> && CanPack<StructValue>);
  static_assert(!CanPack<const char*> && !CanPack<wchar_t> && !CanPack<std::vector<int>> &&
                !CanPack<std::nullptr_t> && !CanPack<long double>);
  static_assert(std::is_nothrow_move_constructible_v<Struct>);
  static_assert(std::is_nothrow_move_constructible_v<StructValue>);
}

TEST(Struct, MovedFromIsTheEmptyFormat) {
  // Its size and count once stayed behind without the fields: unpack then never ended.
  Struct from("<hh");
  const Struct to = std::move(from);
  EXPECT_EQ(to.size(), 4u);
  EXPECT_EQ(from.size(), 0u);  // NOLINT(bugprone-use-after-move): what is left is the point
  EXPECT_EQ(from.format(), "");
  EXPECT_TRUE(from.unpack("").empty());
  EXPECT_TRUE(from.pack().empty());
  EXPECT_THROW((void)from.unpack("abcd"), StructError);
  EXPECT_THROW((void)from.pack(1, 2), StructError);
  from = Struct("<i");
  EXPECT_EQ(from.size(), 4u);
  EXPECT_EQ(from.pack(7).size(), 4u);
}

}  // namespace
}  // namespace quire
