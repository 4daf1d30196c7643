// Zstandard against zstd(1) and libzstd itself.
#include "quire/adapters/zstd.h"

#include <string>

#include <gtest/gtest.h>
#include <zstd.h>

#include "adapters/support/compressor.h"
#include "adapters/support/filter_properties.h"
#include "quire/error.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::text;

test::Compressor zstd() {
  return test::compressor_of<ZstdWriter, ZstdReader>(
      "zstd", {"zstd -c", "zstd -1 --no-check -c", "zstd -19 --long -c"}, "zstd -dc");
}

TEST(Zstd, KeepsWhatFiltersPromise) {
  test::expect_filter(zstd().filter);
  test::expect_cuts_refused<TruncatedError>(zstd().filter);
  test::expect_changes_refused<DataError>(zstd().filter);
}

TEST(Zstd, AgreesWithTheTools) {
  test::expect_tools_agree(zstd());
}

TEST(Zstd, ReadsSeveralFrames) {
  test::expect_several(zstd());
}

TEST(Zstd, Seeks) {
  test::expect_seeks(zstd());
}

TEST(Zstd, RefusesBombs) {
  test::expect_bombs_refused(zstd());
}

TEST(Zstd, Flushes) {
  test::expect_flushes(zstd());
}

TEST(Zstd, CopiesNoData) {
  test::expect_no_copies(zstd());
}

TEST(Zstd, SkipsFramesThatAreToBeSkipped) {
  const string skippable = string("\x50\x2A\x4D\x18\x05\0\0\0", 8) + "notes";
  const string once = test::encode(zstd().filter, "data");
  EXPECT_EQ(test::decode(zstd().filter, skippable + once + skippable + once), "datadata");
  EXPECT_EQ(test::decode(zstd().filter, skippable), "");
}

TEST(Zstd, ReadsWhatLibzstdMakesAtOnce) {
  for (const string& data : test::real_data()) {
    string bytes(ZSTD_compressBound(data.size()), '\0');
    bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), data.data(), data.size(), 5));
    EXPECT_TRUE(test::decode(zstd().filter, bytes) == data);
  }
}

// A frame of nothing at all may ask for any window.
TEST(Zstd, RefusesAWindowThatWouldFillTheMemory) {
  const string magic("\x28\xB5\x2F\xFD", 4);
  const auto refused = [](const string& frame, std::size_t most_a_call) {
    string decoded;
    try {
      decoded = test::decode(zstd().filter, frame, test::Way::ReadAll, 1, most_a_call);
    } catch (const DataError& error) {
      EXPECT_EQ(string(error.what()).substr(0, 45),
                "zstd: Frame requires too much memory for deco");
      return true;
    }
    return false;
  };
  // libzstd itself takes the frames whose size is known when all of them is at hand.
  const string of_any_size = string(1, '\0') + '%' + string("\1\0\0", 3);
  const string of_256 = string(1, '\x40') + '%' + string("\0\0\3\x08\0x", 6);
  for (string frame : {of_any_size, of_256}) {
    for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{5}, std::size_t{6}, npos}) {
      frame[1] = '\x88';
      EXPECT_FALSE(refused(magic + frame, most_a_call)) << "128 MiB, by " << most_a_call;
      frame[1] = '\x89';
      EXPECT_TRUE(refused(magic + frame, most_a_call)) << "144 MiB, by " << most_a_call;
      EXPECT_TRUE(refused(test::encode(zstd().filter, "first") + magic + frame, most_a_call));
    }
  }
  // One segment: the window is all of the content, of 4 and of 8 bytes' size, behind the
  // number of no dictionary.
  for (const string& frame :
       {string("\xA0\2\0\0\x08", 5), string("\xE0\2\0\0\x08\0\0\0\0", 9),
        string("\xE0\0\0\0\0\1\0\0\0", 9), string("\xE3\0\0\0\0\2\0\0\x08\0\0\0\0", 13)}) {
    for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{8}, npos}) {
      EXPECT_TRUE(refused(magic + frame + string("\3\x08\0x", 4), most_a_call));
    }
  }
  EXPECT_THROW(test::decode(zstd().filter, magic + string("\xA0\1\0\0\x08", 5)), TruncatedError);
}

TEST(Zstd, NamesWhatIsWrong) {
  string damaged = test::encode(zstd().filter, "some data");
  damaged[damaged.size() - 1] ^= 1;
  const auto message = [](const string& bytes) {
    string decoded;
    return test::refusal<DataError>(zstd().filter, bytes, &decoded);
  };
  EXPECT_EQ(message("no zstd file"), "zstd: Unknown frame descriptor, at byte 0");
  EXPECT_EQ(message(damaged).substr(0, 48), "zstd: Restored data doesn't match checksum, at b");
  EXPECT_EQ(message(damaged.substr(0, 12)), "zstd: the bytes end before the data do, at byte 12");
  EXPECT_EQ(message(""), "zstd: there are no bytes, at byte 0");
}

// Found by decompress_fuzz: libzstd, where it is built to take a frame of version 0.7, ended it otherwise when
// it came in pieces than when it was all at hand.
TEST(Zstd, RefusesFormatsBefore1) {
  for (const char first : {'\x1e', '\x22', '\x25', '\x26', '\x27'}) {
    BytesIO source(ByteSpan(first + string("\xb5\x2f\xfd\xa0\x03", 5) + string(64, '\0')));
    ZstdReader in(source);
    EXPECT_NE(message_of<DataError>([&] {
                static_cast<void>(in.read());
              }).find("Unknown frame descriptor"),
              npos);
  }
}

// Found by decompress_fuzz: an empty frame that says it has 256 bytes, which libzstd refused when it was all
// at hand and took in pieces; and an older format behind a byte that may begin a frame.
TEST(Zstd, TakesAFrameAtOnceAsItDoesInPieces) {
  const string empty("\x28\xB5\x2F\xFD\x60\0\0\1\0\0", 10);
  const string older("\x28\x27\xB5\x2F\xFD\x10\0\0\0\0", 10);
  for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{2}, std::size_t{6}, npos}) {
    const auto decoded = [&](const string& frame) {
      return test::decode(zstd().filter, frame, test::Way::ReadAll, 1, most_a_call);
    };
    EXPECT_EQ(decoded(empty), "") << most_a_call;
    EXPECT_THROW(decoded(older), DataError) << most_a_call;
  }
}

TEST(Zstd, OptionsMatter) {
  const string data = test::real_data()[1];
  std::size_t last = npos;
  for (const int level : {-5, 1, 0, 19}) {
    BytesIO target;
    ZstdWriter out(target, {.level = level});
    out.write(data);
    out.close();
    EXPECT_LT(target.size(), last) << level;
    last = target.size();
    EXPECT_TRUE(test::decode(zstd().filter, text(target.getvalue())) == data);
  }
  BytesIO target;
  ZstdWriter without(target, {.level = 19, .checksum = false});
  without.write(data);
  without.close();
  EXPECT_EQ(target.size(), last - 4);
  const string message =
      message_of<std::invalid_argument>([&] { ZstdWriter(target, {.level = 23}); });
  EXPECT_EQ(message, "zstd level 23 is not in [" + std::to_string(ZSTD_minCLevel()) + ", 22]");
}

}  // namespace
}  // namespace quire
