#include "thumbnail/picture.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace {

using quire::Image;

constexpr std::array<std::string_view, 8> kWord = {
    "              #              ",  //
    "                             ",  //
    " #### #   #  ##   # ##   ### ",  //
    "#   # #   #   #   ##  # #   #",  //
    "#   # #   #   #   #     #####",  //
    " #### #  ##   #   #     #    ",  //
    "    #  ## #  ###  #      ### ",  //
    "    #                        ",  //
};

/// The pixels of one side that a pixel of the smaller image stands for; one of them at least.
struct Part {
  std::size_t begin;
  std::size_t end;

  Part(std::size_t index, std::size_t count, std::size_t length)
      : begin(index * length / count), end(std::max(begin + 1, (index + 1) * length / count)) {}
};

}  // namespace

Image resized(const Image& image, std::size_t side) {
  const std::size_t longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  const auto scaled = [&](std::size_t length) {
    return std::max<std::size_t>(length * side / longer, 1);
  };
  Image result{scaled(image.width), scaled(image.height), image.channels, {}};
  result.pixels.resize(result.width * result.height * result.channels);
  const std::byte* const source = image.pixels.data();
  std::byte* target = result.pixels.data();
  for (std::size_t y = 0; y < result.height; ++y) {
    const Part rows(y, result.height, image.height);
    for (std::size_t x = 0; x < result.width; ++x) {
      const Part columns(x, result.width, image.width);
      std::array<std::uint64_t, 4> sum{};
      for (std::size_t row = rows.begin; row < rows.end; ++row) {
        const std::byte* pixel = source + (row * image.width + columns.begin) * image.channels;
        for (std::size_t column = columns.begin; column < columns.end; ++column) {
          for (std::size_t c = 0; c < image.channels; ++c)
            sum[c] += std::to_integer<unsigned>(*pixel++);
        }
      }
      const std::uint64_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
      for (std::size_t c = 0; c < image.channels; ++c) {
        *target++ = static_cast<std::byte>((sum[c] + count / 2) / count);
      }
    }
  }
  return result;
}

void watermark(Image& image) {
  const std::size_t columns = kWord[0].size();
  // A fifth of the width, in whole pixels.
  const std::size_t dot = std::max<std::size_t>(image.width / 5 / columns, 1);
  const std::size_t width = columns * dot;
  const std::size_t height = kWord.size() * dot;
  const std::size_t margin = 4 * dot;
  if (image.width < width + margin || image.height < height + margin) return;
  // Grey and alpha, or RGB and alpha: the alpha stays.
  const std::size_t colours = image.channels < 3 ? 1 : 3;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      if (kWord[y / dot][x / dot] == ' ') continue;
      const std::size_t row = image.height - margin - height + y;
      const std::size_t column = image.width - margin - width + x;
      std::byte* const pixel = image.pixels.data() + (row * image.width + column) * image.channels;
      for (std::size_t c = 0; c < colours; ++c) {
        pixel[c] = static_cast<std::byte>((std::to_integer<unsigned>(pixel[c]) + 255) / 2);
      }
    }
  }
}
