// What the thumbnail program makes of the shipped photograph is what was looked at when this was written,
// but for what decoders of other versions may make of it.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "quire/adapters/image.h"
#include "quire/bytes_io.h"
#include "support/temp_directory.h"
#include "thumbnail/picture.h"

namespace quire {
namespace {

Image open(const std::string& path) {
  BytesIO stream(Bytes::map_file(path));
  return decode_image(stream);
}

TEST(Thumbnail, LooksLikeTheReference) {
  const test::TempDirectory folder;
  const std::string command = QUIRE_THUMBNAIL " --out " + folder.path() +
                              " " QUIRE_SOURCE_DIR "/examples/data/grace_hopper.jpg";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Image made = open(folder.path() + "/grace_hopper.png");
  const Image reference = open(QUIRE_SOURCE_DIR "/tests/adapters/data/thumbnail.png");
  ASSERT_EQ(made.width, reference.width);
  ASSERT_EQ(made.height, reference.height);
  ASSERT_EQ(made.channels, reference.channels);
  std::size_t sum = 0;
  int worst = 0;
  for (std::size_t i = 0; i < reference.pixels.size(); ++i) {
    const int difference = std::abs(std::to_integer<int>(made.pixels.data()[i]) -
                                    std::to_integer<int>(reference.pixels.data()[i]));
    sum += static_cast<std::size_t>(difference);
    worst = std::max(worst, difference);
  }
  EXPECT_LE(sum, reference.pixels.size());  // one step of 255, on average
  EXPECT_LE(worst, 16);
}

TEST(Thumbnail, APixelIsTheMeanOfThoseItStandsFor) {
  const Image image{4, 2, 1, ByteArray("\x00\x10\x20\x30\x10\x20\x30\x41"_b)};
  const Image half = resized(image, 2);
  EXPECT_EQ(half.width, 2u);
  EXPECT_EQ(half.height, 1u);
  EXPECT_EQ(half.pixels, ByteArray("\x10\x30"_b));
  EXPECT_EQ(resized(image, 4).pixels, image.pixels);
  EXPECT_EQ(resized(image, 1).pixels.size(), 1u);
}

TEST(Thumbnail, AWatermarkNeedsRoomAndLeavesAlphaAlone) {
  Image small{20, 10, 3, ByteArray(20 * 10 * 3)};
  const ByteArray before = small.pixels;
  watermark(small);
  EXPECT_EQ(small.pixels, before);
  Image image{100, 50, 4, ByteArray(100 * 50 * 4)};
  watermark(image);
  std::size_t marked = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const int value = std::to_integer<int>(image.pixels.data()[i]);
    if (i % 4 == 3) {
      ASSERT_EQ(value, 0);
    } else if (value != 0) {
      ASSERT_EQ(value, 127);
      ++marked;
    }
  }
  EXPECT_EQ(marked % 3, 0u);
  EXPECT_GT(marked, 3u * 50);
}

}  // namespace
}  // namespace quire
