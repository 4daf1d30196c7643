// LZ4 frames against lz4(1) and liblz4 itself.
#include "quire/adapters/lz4.h"

#include <string>

#include <gtest/gtest.h>
#include <lz4frame.h>

#include "adapters/support/compressor.h"
#include "adapters/support/filter_properties.h"
#include "quire/error.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::text;

test::Compressor lz4() {
  return test::compressor_of<Lz4Writer, Lz4Reader>(
      "lz4", {"lz4 -zc", "lz4 -qzc -9 -B4 -BD", "lz4 -qzc --no-frame-crc -BX"}, "lz4 -dc");
}

TEST(Lz4, KeepsWhatFiltersPromise) {
  test::expect_filter(lz4().filter);
  test::expect_cuts_refused<TruncatedError>(lz4().filter);
  test::expect_changes_refused<DataError>(lz4().filter);
}

// With blocks so small that the pieces do not fit them, and the slower way to compress.
TEST(Lz4, PiecesDoNotMatterAtAnyBlockSize) {
  const Lz4Options options{.level = 9, .block_size = 64 << 10, .checksum = true};
  test::Filter filter = lz4().filter;
  filter.writer = [=](StreamHandle inner) {
    return std::make_unique<Lz4Writer>(std::move(inner), options);
  };
  test::expect_any_piece(filter, test::pattern(200'000));
  test::expect_any_piece(filter, test::random_bytes(200'000));
}

TEST(Lz4, AgreesWithTheTools) {
  test::expect_tools_agree(lz4());
}

TEST(Lz4, ReadsSeveralFrames) {
  test::expect_several(lz4());
}

TEST(Lz4, Seeks) {
  test::expect_seeks(lz4());
}

TEST(Lz4, RefusesBombs) {
  test::expect_bombs_refused(lz4());
}

TEST(Lz4, Flushes) {
  test::expect_flushes(lz4());
}

TEST(Lz4, CopiesNoData) {
  test::expect_no_copies(lz4());
}

TEST(Lz4, SkipsFramesThatAreToBeSkipped) {
  const string skippable = string("\x50\x2A\x4D\x18\x05\0\0\0", 8) + "notes";
  const string once = test::encode(lz4().filter, "data");
  EXPECT_EQ(test::decode(lz4().filter, skippable + once + skippable + once), "datadata");
}

TEST(Lz4, ReadsWhatLiblz4MakesAtOnce) {
  for (const string& data : test::real_data()) {
    string bytes(LZ4F_compressFrameBound(data.size(), nullptr), '\0');
    bytes.resize(LZ4F_compressFrame(bytes.data(), bytes.size(), data.data(), data.size(), nullptr));
    EXPECT_TRUE(test::decode(lz4().filter, bytes) == data);
  }
}

TEST(Lz4, NamesWhatIsWrong) {
  string damaged = test::encode(lz4().filter, "some data");
  damaged[damaged.size() - 1] ^= 1;
  const auto message = [](const string& bytes) {
    string decoded;
    return test::refusal<DataError>(lz4().filter, bytes, &decoded);
  };
  EXPECT_EQ(message("no lz4 file"), "lz4: ERROR_frameType_unknown, at byte 0");
  EXPECT_EQ(message(damaged).substr(0, 36), "lz4: ERROR_contentChecksum_invalid, ");
  EXPECT_EQ(message(damaged.substr(0, 12)), "lz4: the bytes end before the data do, at byte 12");
}

TEST(Lz4, OptionsMatter) {
  const string data = test::real_data()[1] + test::pattern(5 << 20);
  const auto size_with = [&](const Lz4Options& options) {
    BytesIO target;
    Lz4Writer out(target, options);
    out.write(data);
    out.close();
    EXPECT_TRUE(test::decode(lz4().filter, text(target.getvalue())) == data);
    return target.size();
  };
  std::size_t last = npos;
  for (const std::size_t block_size : {64U << 10, 256U << 10, 1U << 20, 4U << 20}) {
    const std::size_t size = size_with({.block_size = block_size});
    EXPECT_LT(size, last) << block_size;
    EXPECT_LT(size, size_with({.level = -100, .block_size = block_size}));
    EXPECT_GT(size, size_with({.level = 9, .block_size = block_size}));
    EXPECT_EQ(size, size_with({.block_size = block_size, .checksum = false}) + 4);
    last = size;
  }
  BytesIO target;
  EXPECT_EQ(message_of<std::invalid_argument>([&] { Lz4Writer(target, {.block_size = 65535}); }),
            "lz4 block size 65535 is not 64 KiB, 256 KiB, 1 MiB or 4 MiB");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { Lz4Writer(target, {.block_size = 65537}); }),
            "lz4 block size 65537 is not 64 KiB, 256 KiB, 1 MiB or 4 MiB");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { Lz4Writer(target, {.level = 13}); }),
            "lz4 level 13 is above 12");
}

}  // namespace
}  // namespace quire
