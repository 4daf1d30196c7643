// Encodings: the same text, the same ill-formed parts and the same messages as python3.
#include "quire/detail/codec.h"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "quire/error.h"

namespace quire::detail {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kPolicies[] = {"strict", "replace", "ignore", "backslashreplace"};
constexpr std::string_view kEncodings[] = {"utf-8",     "utf-8-sig", "ascii",     "latin-1",
                                           "utf-16",    "utf-16-le", "utf-16-be", "utf-32",
                                           "utf-32-le", "utf-32-be"};

std::string what_of_decode(std::string_view data, std::string_view encoding) {
  try {
    return "no error: " + decode(data, encoding);
  } catch (const UnicodeDecodeError& error) {
    return error.what();
  }
}

std::string what_of_encode(std::string_view text, std::string_view encoding) {
  try {
    return "no error: " + encode(text, encoding);
  } catch (const UnicodeEncodeError& error) {
    return error.what();
  }
}

TEST(Codec, DecodeErrorsSayWhatPythonSays) {
  EXPECT_EQ(what_of_decode("\xff", "utf-8"),
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte");
  EXPECT_EQ(what_of_decode("a\xe2\x82", "utf-8"),
            "'utf-8' codec can't decode bytes in position 1-2: unexpected end of data");
  EXPECT_EQ(what_of_decode("\xe2\x82z", "utf-8"),
            "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte");
  EXPECT_EQ(what_of_decode("\xef\xbb\xbf"
                           "a\xff",
                           "utf-8-sig"),
            "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte");
  EXPECT_EQ(what_of_decode("ab\xe9", "ascii"),
            "'ascii' codec can't decode byte 0xe9 in position 2: ordinal not in range(128)");
  EXPECT_EQ(what_of_decode("\xff\xfez", "utf-16"),
            "'utf-16-le' codec can't decode byte 0x7a in position 2: truncated data");
  EXPECT_EQ(what_of_decode("\xfe\xff\xd8\0\0a"sv, "utf-16"),
            "'utf-16-be' codec can't decode bytes in position 2-3: illegal UTF-16 surrogate");
  EXPECT_EQ(what_of_decode("\0\0\x11\0"sv, "utf-32-le"),
            "'utf-32-le' codec can't decode bytes in position 0-3: "
            "code point not in range(0x110000)");
}

TEST(Codec, DecodeErrorsCarryTheOffsets) {
  try {
    static_cast<void>(decode("ab\xf0\x9f\x98z"));
    FAIL();
  } catch (const UnicodeDecodeError& error) {
    EXPECT_EQ(error.start(), 2U);
    EXPECT_EQ(error.end(), 5U);
  }
}

TEST(Codec, EncodeErrorsSayWhatPythonSays) {
  EXPECT_EQ(what_of_encode("aé", "ascii"),
            "'ascii' codec can't encode character '\\xe9' in position 1: "
            "ordinal not in range(128)");
  EXPECT_EQ(what_of_encode("aéé€b", "ascii"),
            "'ascii' codec can't encode characters in position 1-3: ordinal not in range(128)");
  EXPECT_EQ(what_of_encode("é€", "iso-8859-1"),
            "'latin-1' codec can't encode character '\\u20ac' in position 1: "
            "ordinal not in range(256)");
  EXPECT_EQ(what_of_encode("😀", "latin-1"),
            "'latin-1' codec can't encode character '\\U0001f600' in position 0: "
            "ordinal not in range(256)");
}

TEST(Codec, EncodePoliciesReplaceWhatDoesNotFit) {
  EXPECT_EQ(encode("aé€😀z", "ascii", "replace"), "a???z");
  EXPECT_EQ(encode("aé€😀z", "ascii", "ignore"), "az");
  EXPECT_EQ(encode("aé€😀z", "ascii", "backslashreplace"), "a\\xe9\\u20ac\\U0001f600z");
  EXPECT_EQ(encode("aé€", "latin-1", "replace"), "a\xe9?");
}

TEST(Codec, EncodingsWithAMarkBeginWithIt) {
  EXPECT_EQ(encode("", "utf-8-sig"), "\xef\xbb\xbf");
  EXPECT_EQ(encode("a", "utf-16"), "\xff\xfe\x61\0"s);
  EXPECT_EQ(encode("a", "utf-32"), "\xff\xfe\0\0\x61\0\0\0"s);
  EXPECT_EQ(encode("a", "utf-16-be"), "\0a"s);
  EXPECT_EQ(decode("\xef\xbb\xbf", "utf-8"), "\ufeff");
  EXPECT_EQ(decode("\xfe\xff\0a"sv, "utf-16"), "a");
}

TEST(Codec, TextThatIsNotUtf8IsRefusedByItsOffset) {
  for (const std::string_view encoding : kEncodings) {
    for (const std::string_view policy : kPolicies) {
      try {
        static_cast<void>(encode("ab\xed\xa0\x80", encoding, policy));
        ADD_FAILURE() << encoding << " " << policy;
      } catch (const UnicodeDecodeError& error) {
        EXPECT_EQ(error.start(), 2U) << encoding << " " << policy;
      }
    }
  }
}

TEST(Codec, UnknownNamesAreRefusedByName) {
  const auto message = [](auto call) {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message([] { static_cast<void>(decode("a", "nope")); }), "unknown encoding: nope");
  EXPECT_EQ(message([] { static_cast<void>(decode("a", "utf-8", "skip")); }),
            "unknown error handler name 'skip'");
  // Names Python does not know either.
  for (const std::string_view name : {"", "utf.8", "utf8-sig", "utf16le", "u 8"}) {
    EXPECT_THROW(static_cast<void>(find_codec(name)), std::invalid_argument) << name;
  }
}

TEST(Codec, NamesAreFoundHoweverTheyAreSpelled) {
  EXPECT_EQ(find_codec("UTF8"), Codec::Utf8);
  EXPECT_EQ(find_codec("-utf--8-"), Codec::Utf8);
  EXPECT_EQ(find_codec("UTF-8-SIG"), Codec::Utf8Sig);
  EXPECT_EQ(find_codec("ANSI_X3.4-1968"), Codec::Ascii);
  EXPECT_EQ(find_codec("ISO-8859-1"), Codec::Latin1);
  EXPECT_EQ(find_codec("L1"), Codec::Latin1);
  EXPECT_EQ(find_codec("utf 16 le"), Codec::Utf16Le);
  EXPECT_EQ(find_codec("utf_32BE"), Codec::Utf32Be);
}

// --- against python3, exhaustively ---------------------------------------------------------------

// The expected numbers are what python3 makes of the same bytes:
//
//   value = 0xcbf29ce484222325
//   for size in range(longest + 1):
//       for data in map(bytes, itertools.product(alphabet, repeat=size)):
//           for errors in "strict", "replace", "ignore", "backslashreplace":
//               try: result = data.decode(encoding, errors)
//               except UnicodeDecodeError as e: result = f"{e.start} {e.end} {e}"
//               for byte in result.encode() + b"\n":
//                   value = (value ^ byte) * 0x100000001b3 % 2**64
struct Exhaustive {
  std::string_view encoding;
  std::string_view alphabet;
  std::size_t longest;
  std::uint64_t expected;
};

constexpr std::string_view kBytes =
    "\x00\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4"
    "\xf5\xff"sv;
constexpr std::string_view kPairs = "\x00\x41\xd8\xdb\xdc\xdf\xff\xfe\x10\x11\xe0"sv;
constexpr std::string_view kQuads = "\x00\x41\xd8\x10\xff\xfe"sv;

constexpr Exhaustive kExhaustive[] = {
    {"utf-8", kBytes, 3, 0xa452198efe16dee7},
    {"utf-8-sig", "\x41\xef\xbb\xbf\x80\xff"sv, 5, 0xf3188277d9fa7e5b},
    {"ascii", kBytes, 2, 0x4319152800564f49},
    {"latin-1", kBytes, 2, 0x4f76a877f593818d},
    {"utf-16", kPairs, 4, 0x23be6863d63554b2},
    {"utf-16-le", kPairs, 4, 0x25256cd2157c9773},
    {"utf-16-be", kPairs, 4, 0x8c686e04e1250f6b},
    {"utf-32", kQuads, 5, 0x8ec57403481e5b51},
    {"utf-32-le", kQuads, 5, 0x2d2d35e3614ec810},
    {"utf-32-be", kQuads, 5, 0x3a4827f8be2769f8},
};

/// Calls `f` with each sequence of up to `longest` bytes, in the order of itertools.product.
template <class F>
void for_each_sequence(std::string_view alphabet, std::size_t longest, F f) {
  for (std::size_t size = 0; size <= longest; ++size) {
    std::vector<std::size_t> digits(size, 0);
    while (true) {
      std::string data;
      for (const std::size_t digit : digits) data += alphabet[digit];
      f(data);
      std::size_t at = size;
      while (at > 0 && ++digits[at - 1] == alphabet.size()) digits[--at] = 0;
      if (at == 0) break;
    }
  }
}

TEST(Codec, EveryShortSequenceDecodesAsInPython) {
  for (const Exhaustive& set : kExhaustive) {
    std::uint64_t value = 0xcbf29ce484222325;
    for_each_sequence(set.alphabet, set.longest, [&](const std::string& data) {
      for (const std::string_view policy : kPolicies) {
        std::string result;
        try {
          result = decode(data, set.encoding, policy);
        } catch (const UnicodeDecodeError& error) {
          result = std::to_string(error.start()) + " " + std::to_string(error.end()) + " " +
                   error.what();
        }
        for (const char c : result + "\n") {
          value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
      }
    });
    EXPECT_EQ(value, set.expected) << set.encoding;
  }
}

// --- in pieces -----------------------------------------------------------------------------------

/// The text of `data` in pieces of `piece` bytes, then what went wrong.
std::string in_pieces(std::string_view data, std::size_t piece, Codec codec, ErrorPolicy policy) {
  IncrementalDecoder decoder(codec, policy);
  std::string text;
  try {
    for (std::size_t at = 0; at < data.size(); at += piece) {
      decoder.decode(data.substr(at, piece), false, text);
    }
    decoder.decode({}, true, text);
    decoder.check();
  } catch (const UnicodeDecodeError& error) {
    return text + "\n" + error.what();
  }
  EXPECT_EQ(decoder.pending(), 0U);
  EXPECT_EQ(decoder.offset(), data.size());
  return text;
}

TEST(IncrementalDecoder, AnyPieceSizeGivesTheSameTextAndTheSameError) {
  for (const Exhaustive& set : kExhaustive) {
    const Codec codec = find_codec(set.encoding);
    for_each_sequence(set.alphabet, set.longest, [&](const std::string& data) {
      for (const std::string_view policy : kPolicies) {
        const ErrorPolicy found = find_error_policy(policy);
        const std::string whole = in_pieces(data, data.size() + 1, codec, found);
        for (std::size_t piece = 1; piece < data.size(); ++piece) {
          ASSERT_EQ(in_pieces(data, piece, codec, found), whole)
              << set.encoding << " " << policy << " " << testing::PrintToString(data) << " in "
              << piece;
        }
      }
    });
  }
}

TEST(IncrementalDecoder, TextBeforeAnErrorIsHandedOutFirst) {
  IncrementalDecoder decoder(Codec::Utf8, ErrorPolicy::Strict);
  std::string text;
  decoder.decode("one\xff two", false, text);
  EXPECT_EQ(text, "one");
  EXPECT_EQ(decoder.offset(), 3U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THROW(decoder.decode("three", true, text), UnicodeDecodeError);
  }
  EXPECT_EQ(text, "one");
  EXPECT_EQ(decoder.pending(), 5U);
  decoder.reset(4, false);
  decoder.decode(" two", true, text);
  EXPECT_EQ(text, "one two");
  EXPECT_EQ(decoder.offset(), 8U);
}

TEST(IncrementalDecoder, KeepsTheByteOrderWhenItGoesOnElsewhere) {
  IncrementalDecoder decoder(Codec::Utf16, ErrorPolicy::Strict);
  std::string text;
  decoder.decode("\xfe\xff\0a\0b"sv, false, text);
  decoder.reset(4, false);
  decoder.decode("\0b"sv, false, text);
  EXPECT_EQ(text, "abb");
  decoder.reset(0, true);
  decoder.decode("\xff\xfe\x63\0"sv, true, text);
  EXPECT_EQ(text, "abbc");
}

// --- UTF-8 helpers -------------------------------------------------------------------------------

TEST(Utf8, CountsAndFindsCodePointsAtEveryAlignment) {
  std::mt19937 random(7);
  const std::vector<std::string> points = {"a", "\0"s, "\x7f", "é", "€", "\uffff", "😀"};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    std::vector<std::size_t> offsets;
    const std::size_t count = random() % 40;
    for (std::size_t i = 0; i < count; ++i) {
      offsets.push_back(text.size());
      text += points[random() % (round % 3 == 0 ? 3 : points.size())];
    }
    ASSERT_EQ(count_points(text), count) << text;
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(point_offset(text, i), offsets[i]) << text;
    ASSERT_EQ(point_offset(text, count), text.size());
    ASSERT_EQ(point_offset(text, count + 9), text.size());
    ASSERT_EQ(is_ascii(text), count == text.size()) << text;
    ASSERT_EQ(decode(text), text);
    for (const std::string_view encoding : kEncodings) {
      if (encoding == "ascii" || encoding == "latin-1") continue;
      ASSERT_EQ(decode(encode(text, encoding), encoding), text) << encoding;
    }
  }
}

TEST(Utf8, CheckFindsABadByteAtEveryOffset) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t bad = 0; bad < size; ++bad) {
      std::string text(size, 'a');
      EXPECT_NO_THROW(check_utf8(text));
      text[bad] = '\x80';
      try {
        check_utf8(text);
        ADD_FAILURE() << bad << " of " << size;
      } catch (const UnicodeDecodeError& error) {
        ASSERT_EQ(error.start(), bad) << "of " << size;
      }
    }
  }
}

}  // namespace
}  // namespace quire::detail
