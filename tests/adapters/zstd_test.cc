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
  const auto frame = [](char window) {
    return string("\x28\xB5\x2F\xFD\0", 5) + window + string("\1\0\0", 3);
  };
  string decoded;
  EXPECT_EQ(test::refusal<DataError>(zstd().filter, frame('\x88'), &decoded), "") << "128 MiB";
  EXPECT_EQ(test::refusal<DataError>(zstd().filter, frame('\x89'), &decoded).substr(0, 45),
            "zstd: Frame requires too much memory for deco");
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
