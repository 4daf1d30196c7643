// Images against libjpeg and libpng used the ordinary way: the same pixels from every kind of stream; every
// cut is an error, damage crashes nothing, and what is too large is refused before it takes memory.
#include "quire/adapters/image.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#include "quire/adapters/gtest.h"
#include "quire/buffered_io.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::TestStream;
using test::text;

Bytes shipped(const string& name) {
  return Bytes::map_file(QUIRE_SOURCE_DIR "/examples/data/" + name);
}

Bytes photo() {
  return shipped("grace_hopper.jpg");
}

Image decode(ByteSpan data, const DecodeOptions& options = {}) {
  BytesIO stream(data);
  return decode_image(stream, options);
}

const DecodeOptions kAsStored = {.upright = false};

string pixels(const Image& image) {
  return text(image.pixels);
}

/// A small image in which every pixel and channel differs from its neighbours.
Image chequered(std::size_t width, std::size_t height, std::size_t channels) {
  Image image{width, height, channels, ByteArray(width * height * channels)};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    image.pixels.data()[i] = static_cast<std::byte>(i * 37 + i / 7);
  }
  return image;
}

template <class Encode>
Bytes encoded(Encode encode) {
  BytesIO stream;
  encode(stream);
  return stream.getvalue();
}

Bytes jpeg_of(const Image& image, const JpegOptions& options = {}) {
  return encoded([&](Stream& stream) { encode_jpeg(image, stream, options); });
}

Bytes png_of(const Image& image, const PngOptions& options = {}) {
  return encoded([&](Stream& stream) { encode_png(image, stream, options); });
}

/// A JPEG, decoded as libjpeg's manual does it.
string by_libjpeg(const Bytes& data) {
  jpeg_error_mgr errors;
  jpeg_decompress_struct codec;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(data.data()), data.size());
  jpeg_read_header(&codec, TRUE);
  jpeg_start_decompress(&codec);
  const std::size_t row =
      std::size_t{codec.output_width} * static_cast<unsigned>(codec.output_components);
  string all(row * codec.output_height, '\0');
  while (codec.output_scanline < codec.output_height) {
    auto* target = reinterpret_cast<unsigned char*>(all.data() + row * codec.output_scanline);
    jpeg_read_scanlines(&codec, &target, 1);
  }
  jpeg_finish_decompress(&codec);
  jpeg_destroy_decompress(&codec);
  return all;
}

/// A PNG, decoded by libpng's simplified interface.
string by_libpng(const Bytes& data, png_uint_32 format) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, data.data(), data.size()), 0);
  image.format = format;
  string all(PNG_IMAGE_SIZE(image), '\0');
  EXPECT_NE(png_image_finish_read(&image, nullptr, all.data(), 0, nullptr), 0) << image.message;
  return all;
}

// --- decoding --------------------------------------------------------------------------------------

TEST(DecodeImage, GivesThePixelsThatLibjpegGives) {
  const Image image = decode(photo(), kAsStored);
  EXPECT_EQ(image.channels, 3u);
  EXPECT_EQ(pixels(image), by_libjpeg(photo()));
  const Bytes grey = jpeg_of(chequered(33, 17, 1));
  EXPECT_EQ(decode(grey).channels, 1u);
  EXPECT_EQ(pixels(decode(grey)), by_libjpeg(grey));
}

TEST(DecodeImage, GivesThePixelsThatLibpngGives) {
  const Bytes data = shipped("grace_hopper.png");  // it has a palette
  const Image image = decode(data);
  EXPECT_EQ(image.channels, 3u);
  EXPECT_EQ(image.width, 64u);
  EXPECT_EQ(image.height, 75u);
  EXPECT_EQ(pixels(image), by_libpng(data, PNG_FORMAT_RGB));
}

TEST(DecodeImage, ReadsEveryKindOfStream) {
  for (const string name : {"grace_hopper.jpg", "grace_hopper.png"}) {
    const Bytes data = shipped(name);
    const string expected = pixels(decode(data));
    const auto from = [](StreamHandle stream) { return pixels(decode_image(*stream)); };
    EXPECT_EQ(from(FileIO(QUIRE_SOURCE_DIR "/examples/data/" + name)), expected);
    EXPECT_EQ(from(BufferedReader(FileIO(QUIRE_SOURCE_DIR "/examples/data/" + name))), expected);
    SpooledIO spooled(data, SpooledOptions{.max_size = 1000});
    EXPECT_TRUE(spooled.rolled());
    EXPECT_EQ(from(spooled), expected);
    for (const std::size_t most : std::vector<std::size_t>{1, 100, 4096}) {
      EXPECT_EQ(from(TestStream(text(data), {.most_a_call = most, .log = false})), expected)
          << most;
      EXPECT_EQ(
          from(TestStream(text(data), {.most_a_call = most, .log = false, .seekable = false})),
          expected)
          << most;
    }
  }
}

TEST(DecodeImage, CopiesNothingOfABytesIO) {
  const Bytes data = photo();
  BytesIO stream(data);
  EXPECT_COPIED_AT_MOST(0) {
    static_cast<void>(decode_image(stream, kAsStored));
  }
}

TEST(DecodeImage, LeavesTheStreamBehindTheImage) {
  const Bytes jpeg = photo();
  const Bytes png = shipped("grace_hopper.png");
  for (const bool slow : {false, true}) {
    const string all = "head" + text(jpeg) + text(png) + text(jpeg) + "tail";
    BytesIO fast{ByteSpan(all)};
    TestStream piecewise(all, {.most_a_call = 1000, .log = false});
    Stream& stream = slow ? static_cast<Stream&>(piecewise) : fast;
    stream.seek(4);
    EXPECT_EQ(image_info(stream).orientation, 6);
    EXPECT_EQ(stream.tell(), 4u);
    EXPECT_EQ(decode_image(stream).channels, 3u);
    EXPECT_EQ(stream.tell(), 4 + jpeg.size());
    EXPECT_EQ(decode_image(stream).width, 64u);
    EXPECT_EQ(decode_image(stream).channels, 3u);
    EXPECT_EQ(text(stream.read()), "tail");
  }
}

TEST(DecodeImage, ReducesAJpegWhileThatIsLargeEnough) {
  const ImageInfo info = [] {
    BytesIO stream(photo());
    return image_info(stream);
  }();
  const auto width_for = [&](std::size_t least) {
    DecodeOptions options = kAsStored;
    options.least_width = options.least_height = least;
    return decode(photo(), options).width;
  };
  const std::size_t shorter = std::min(info.width, info.height);
  EXPECT_EQ(width_for(shorter), info.width);
  EXPECT_EQ(width_for(shorter / 2), (info.width + 1) / 2);
  EXPECT_EQ(width_for(shorter / 2 + 1), info.width);
  EXPECT_EQ(width_for(shorter / 4), (info.width + 3) / 4);
  EXPECT_EQ(width_for(1), (info.width + 7) / 8);
}

TEST(DecodeImage, ReadsProgressiveJpeg) {
  const Image image = decode(photo(), kAsStored);
  const Bytes progressive = jpeg_of(image, {.quality = 80, .progressive = true});
  EXPECT_EQ(pixels(decode(progressive)), by_libjpeg(progressive));
}

/// A JPEG of four inks, as print shops have them.
Bytes cmyk_jpeg(bool adobe) {
  jpeg_error_mgr errors;
  jpeg_compress_struct codec;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &data, &size);
  codec.image_width = codec.image_height = 16;
  codec.input_components = 4;
  codec.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&codec);
  codec.write_Adobe_marker = adobe ? TRUE : FALSE;
  jpeg_set_quality(&codec, 100, TRUE);
  jpeg_start_compress(&codec, TRUE);
  // Cyan without black; Adobe stores what is missing of each.
  std::array<unsigned char, 64> row;
  for (std::size_t i = 0; i < row.size(); i += 4) {
    const auto ink = [&](int value) {
      return static_cast<unsigned char>(adobe ? 255 - value : value);
    };
    row[i] = ink(255);
    row[i + 1] = row[i + 2] = row[i + 3] = ink(0);
  }
  while (codec.next_scanline < 16) {
    unsigned char* line = row.data();
    jpeg_write_scanlines(&codec, &line, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  return Bytes::adopt(data, size, [](void* memory) noexcept { std::free(memory); });
}

TEST(DecodeImage, TurnsInksIntoLight) {
  for (const bool adobe : {true, false}) {
    const Image image = decode(cmyk_jpeg(adobe));
    ASSERT_EQ(image.channels, 3u);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      const int value = std::to_integer<int>(image.pixels.data()[i]);
      ASSERT_NEAR(value, i % 3 == 0 ? 0 : 255, 3) << i << (adobe ? ", Adobe's" : "");
    }
  }
}

/// A PNG as libpng writes it, of one colour type and depth.
Bytes raw_png(int color, int depth, bool interlaced,
              const std::function<void(png_structp, png_infop)>& more) {
  string result;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) std::abort();
  png_set_write_fn(
      png, &result,
      [](png_structp from, png_bytep data, std::size_t size) {
        static_cast<string*>(png_get_io_ptr(from))->append(reinterpret_cast<char*>(data), size);
      },
      nullptr);
  png_set_IHDR(png, info, 19, 13, depth, color,
               interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (more) more(png, info);
  png_write_info(png, info);
  const int passes = png_set_interlace_handling(png);
  std::array<unsigned char, 19 * 8> row;
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < 13; ++y) {
      for (std::size_t x = 0; x < row.size(); ++x)
        row[x] = static_cast<unsigned char>(x * 29 + y * 13);
      png_write_row(png, row.data());
    }
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return Bytes(result);
}

TEST(DecodeImage, ReadsEveryKindOfPng) {
  struct Case {
    int color;
    int depth;
    std::size_t channels;
    png_uint_32 format;
  };

  for (const Case& each : {Case{PNG_COLOR_TYPE_GRAY, 1, 1, PNG_FORMAT_GRAY},
                           Case{PNG_COLOR_TYPE_GRAY, 2, 1, PNG_FORMAT_GRAY},
                           Case{PNG_COLOR_TYPE_GRAY, 4, 1, PNG_FORMAT_GRAY},
                           Case{PNG_COLOR_TYPE_GRAY, 8, 1, PNG_FORMAT_GRAY},
                           Case{PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2, PNG_FORMAT_GA},
                           Case{PNG_COLOR_TYPE_RGB, 8, 3, PNG_FORMAT_RGB},
                           Case{PNG_COLOR_TYPE_RGB_ALPHA, 8, 4, PNG_FORMAT_RGBA}}) {
    for (const bool interlaced : {false, true}) {
      const Bytes data = raw_png(each.color, each.depth, interlaced, nullptr);
      const Image image = decode(data);
      EXPECT_EQ(image.channels, each.channels);
      EXPECT_EQ(pixels(image), by_libpng(data, each.format)) << each.color << ' ' << each.depth;
    }
  }
  // libpng's simplified interface would also correct the brightness of these.
  EXPECT_EQ(decode(raw_png(PNG_COLOR_TYPE_RGB, 16, false, nullptr)).pixels.size(), 19u * 13 * 3);
  EXPECT_EQ(decode(raw_png(PNG_COLOR_TYPE_GRAY_ALPHA, 16, true, nullptr)).pixels.size(),
            19u * 13 * 2);
}

TEST(DecodeImage, ATransparentColourIsAlpha) {
  const Bytes data = raw_png(PNG_COLOR_TYPE_RGB, 8, false, [](png_structp png, png_infop info) {
    png_color_16 none{};
    none.red = 13;
    none.green = 42;
    none.blue = 71;
    png_set_tRNS(png, info, nullptr, 0, &none);
  });
  const Image image = decode(data);
  EXPECT_EQ(image.channels, 4u);
  EXPECT_EQ(pixels(image), by_libpng(data, PNG_FORMAT_RGBA));
}

// --- EXIF ------------------------------------------------------------------------------------------

/// A block of EXIF that says nothing but an orientation.
string exif(int orientation, bool little = true) {
  const auto number = [&](unsigned value, int size) {
    string bytes;
    for (int i = 0; i < size; ++i) {
      bytes += static_cast<char>(value >> (8 * (little ? i : size - 1 - i)));
    }
    return bytes;
  };
  return (little ? string("II*\0", 4) : string("MM\0*", 4)) + number(8, 4) + number(2, 2) +
         number(0x0100, 2) + number(4, 2) + number(1, 4) + number(77, 4) +  // its width, first
         number(0x0112, 2) + number(3, 2) + number(1, 4) +
         number(static_cast<unsigned>(orientation), 2) + number(0, 2) + number(0, 4);
}

Bytes jpeg_with_exif(const Image& image, const string& block) {
  string jpeg = text(jpeg_of(image, {.quality = 100}));
  const string payload = string("Exif\0\0", 6) + block;
  const std::size_t size = payload.size() + 2;
  jpeg.insert(2, string("\xff\xe1") + static_cast<char>(size >> 8) + static_cast<char>(size & 255) +
                     payload);
  return Bytes(jpeg);
}

Bytes png_with_exif(const string& block) {
  return raw_png(PNG_COLOR_TYPE_GRAY, 8, false, [&](png_structp png, png_infop info) {
    string copy = block;
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(copy.size()),
                   reinterpret_cast<png_bytep>(copy.data()));
  });
}

TEST(Orientation, TurnsAllEightWays) {
  // 3 x 2:  abc   each as EXIF 2.3 describes where its row 0 and column 0 are.
  //         def
  const Image image{3, 2, 1, ByteArray("abcdef"_b)};
  const std::array<string, 9> expected = {"",       "abcdef", "cbafed", "fedcba", "defabc",
                                          "adbecf", "daebfc", "fcebda", "cfbead"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image upright = turned(image, orientation);
    EXPECT_EQ(pixels(upright), expected[static_cast<std::size_t>(orientation)]) << orientation;
    EXPECT_EQ(upright.width, orientation < 5 ? 3u : 2u);
    EXPECT_EQ(upright.height, orientation < 5 ? 2u : 3u);
  }
  EXPECT_EQ(message_of<std::invalid_argument>([&] { static_cast<void>(turned(image, 9)); }),
            "orientation 9, EXIF knows 1 to 8");
  EXPECT_THROW(static_cast<void>(turned(image, 0)), std::invalid_argument);
}

TEST(Orientation, KeepsPixelsOfSeveralChannelsTogether) {
  for (const std::size_t channels : std::vector<std::size_t>{2, 3, 4}) {
    const Image image = chequered(5, 4, channels);
    EXPECT_EQ(pixels(turned(turned(image, 6), 8)), pixels(image));
    EXPECT_EQ(pixels(turned(turned(image, 5), 5)), pixels(image));
    EXPECT_EQ(pixels(turned(turned(image, 7), 7)), pixels(image));
    EXPECT_EQ(pixels(turned(turned(image, 3), 2)), pixels(turned(image, 4)));
    EXPECT_EQ(pixels(turned(image, 6)).substr(0, channels),
              pixels(image).substr(5 * 3 * channels, channels));
  }
}

TEST(Orientation, IsReadFromBothFormatsAndByteOrders) {
  const Image image = chequered(24, 8, 3);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool little : {true, false}) {
      BytesIO jpeg(jpeg_with_exif(image, exif(orientation, little)));
      EXPECT_EQ(image_info(jpeg).orientation, orientation);
      EXPECT_EQ(image_info(jpeg).width, 24u);
      EXPECT_EQ(decode_image(jpeg).width, orientation < 5 ? 24u : 8u);
      BytesIO png(png_with_exif(exif(orientation, little)));
      EXPECT_EQ(image_info(png).orientation, orientation);
      const Image upright = decode_image(png);
      EXPECT_EQ(upright.width, orientation < 5 ? 19u : 13u);
      png.seek(0);
      EXPECT_EQ(pixels(upright), pixels(turned(decode_image(png, kAsStored), orientation)));
    }
  }
}

TEST(Orientation, TheShippedPhotographIsTurned) {
  BytesIO stream(photo());
  const ImageInfo info = image_info(stream);
  EXPECT_EQ(info.orientation, 6);
  const Image upright = decode_image(stream);
  EXPECT_EQ(upright.width, info.height);
  EXPECT_EQ(upright.height, info.width);
}

TEST(Orientation, ABlockThatMakesNoSenseIsUpright) {
  const Image image = chequered(24, 8, 3);
  const string sound = exif(6);
  std::vector<string> blocks = {"", "X", "II*", string(100, '\xff'), exif(0), exif(9), exif(65535)};
  for (std::size_t size = 0; size < sound.size(); ++size) {
    if (size < 8 + 2 + 12 + 12) blocks.push_back(sound.substr(0, size));
  }
  string far = sound;
  far[4] = far[5] = far[6] = far[7] = '\xff';  // the table is behind the end
  blocks.push_back(far);
  string many = sound;
  many[8] = many[9] = '\xff';  // and has more entries than there are
  blocks.push_back(many);
  for (const string& block : blocks) {
    BytesIO stream(jpeg_with_exif(image, block));
    EXPECT_EQ(image_info(stream).orientation, &block == &blocks.back() ? 6 : 1) << Bytes(block);
    EXPECT_NO_THROW(static_cast<void>(decode_image(stream)));
  }
}

// --- encoding --------------------------------------------------------------------------------------

TEST(EncodePng, KeepsEveryPixel) {
  for (const std::size_t channels : std::vector<std::size_t>{1, 2, 3, 4}) {
    for (const auto& [width, height] : std::vector<std::pair<std::size_t, std::size_t>>{
             {1, 1}, {1, 9}, {9, 1}, {64, 48}, {333, 5}}) {
      const Image image = chequered(width, height, channels);
      for (const int level : {0, 1, 9}) {
        const Image again = decode(png_of(image, {.level = level}));
        EXPECT_EQ(again.width, width);
        EXPECT_EQ(again.height, height);
        EXPECT_EQ(again.channels, channels);
        EXPECT_EQ(pixels(again), pixels(image));
      }
    }
  }
}

TEST(EncodeJpeg, KeepsThePixelsNearly) {
  Image image{64, 48, 3, ByteArray(64 * 48 * 3)};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    image.pixels.data()[i] = static_cast<std::byte>(i / 3 % 64 * 4);  // a gradient
  }
  for (const bool progressive : {false, true}) {
    const Bytes data = jpeg_of(image, {.quality = 100, .progressive = progressive});
    const Image again = decode(data);
    ASSERT_EQ(again.pixels.size(), image.pixels.size());
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      ASSERT_NEAR(std::to_integer<int>(again.pixels.data()[i]),
                  std::to_integer<int>(image.pixels.data()[i]), 4);
    }
  }
  EXPECT_LT(jpeg_of(image, {.quality = 10}).size(), jpeg_of(image, {.quality = 95}).size());
}

TEST(EncodeImage, WritesTheSameToEveryKindOfStream) {
  const Image image = decode(photo());
  const std::vector<std::function<void(Stream&)>> encoders = {
      [&](Stream& stream) { encode_jpeg(image, stream); },
      [&](Stream& stream) { encode_png(image, stream, {.level = 1}); }};
  for (const auto& encode : encoders) {
    const Bytes expected = encoded(encode);
    SpooledIO spooled(SpooledOptions{.max_size = 1000});
    encode(spooled);
    EXPECT_TRUE(spooled.rolled());
    EXPECT_EQ(spooled.getvalue(), expected);
    for (const std::size_t most : std::vector<std::size_t>{7, 5000}) {
      TestStream slow("", {.most_a_call = most, .log = false, .seekable = false});
      encode(slow);
      EXPECT_TRUE(slow.data() == expected) << most;
    }
    BytesIO middle("before, after"_b);
    middle.seek(8);
    encode(middle);
    EXPECT_EQ(middle.tell(), 8 + expected.size());
    EXPECT_EQ(middle.getvalue().slice(8), expected);
  }
}

TEST(EncodeJpeg, WritesToWhereTheBytesStay) {
  const Image image = decode(photo());
  const std::size_t size = jpeg_of(image).size();
  BytesIO stream;
  stream.reserve(size + 1000);
  EXPECT_COPIED_AT_MOST(size) {
    encode_jpeg(image, stream);
  }
}

// --- errors ----------------------------------------------------------------------------------------

TEST(ImageErrors, WhatIsNoImageIsNamed) {
  EXPECT_EQ(message_of<ImageError>([] { static_cast<void>(decode("")); }), "no image: no data");
  EXPECT_EQ(message_of<ImageError>([] { static_cast<void>(decode("GIF89a")); }),
            "neither JPEG nor PNG: the first byte is 0x47");
  EXPECT_EQ(message_of<ImageError>([] { static_cast<void>(decode("\xff")); }),
            "JPEG: the data end in the middle of the image");
  EXPECT_EQ(message_of<ImageError>([] { static_cast<void>(decode("\xff\xfe no more")); }),
            "JPEG: Not a JPEG file: starts with 0xff 0xfe");
  EXPECT_EQ(message_of<ImageError>([] { static_cast<void>(decode("\x89PNG")); }),
            "PNG: the data end in the middle of the image");
  EXPECT_EQ(message_of<ImageError>([] { static_cast<void>(decode("\x89PNX\r\n\x1a\n")); }),
            "PNG: Not a PNG file");
  BytesIO stream("??GIF89a"_b);
  stream.seek(2);
  EXPECT_THROW(static_cast<void>(image_info(stream)), ImageError);
  EXPECT_EQ(stream.tell(), 2u) << "put back";
}

TEST(ImageErrors, EveryCutIsRefused) {
  const Image small = decode(photo(), {.upright = false, .least_width = 1, .least_height = 1});
  for (const Bytes& whole : {jpeg_of(small), jpeg_of(small, {.progressive = true}),
                             png_of(small, {.level = 9}), shipped("grace_hopper.png")}) {
    ASSERT_NO_THROW(static_cast<void>(decode(whole)));
    const std::size_t step = whole.size() / 150 + 1;
    for (std::size_t size = 0; size < whole.size(); size += step) {
      EXPECT_THROW(static_cast<void>(decode(whole.slice(0, size))), ImageError)
          << size << " of " << whole.size();
    }
    for (std::size_t cut = 1; cut <= 2; ++cut) {
      EXPECT_THROW(static_cast<void>(decode(whole.slice(0, whole.size() - cut))), ImageError)
          << cut;
    }
  }
}

TEST(ImageErrors, DamageIsAnErrorOrHarmless) {
  const Image small = decode(photo(), {.upright = false, .least_width = 1, .least_height = 1});
  std::mt19937 random(7);
  for (const Bytes& whole : {jpeg_of(small), jpeg_of(small, {.progressive = true}),
                             shipped("grace_hopper.png"), png_of(small)}) {
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
      string damaged = text(whole);
      for (int i = 0; i <= round % 4; ++i) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      try {
        const Image image = decode(damaged, {.max_pixels = 1'000'000});
        EXPECT_EQ(image.pixels.size(), image.width * image.height * image.channels);
      } catch (const ImageError&) {
        ++refused;
      } catch (const std::length_error&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 20);
  }
}

TEST(ImageErrors, DamagedPixelsAreNotInvented) {
  string damaged = text(photo());
  // A marker in the middle of the pixels: libjpeg would go on with grey ones.
  damaged.replace(damaged.size() / 2, 4, "\xff\xd9\xff\xd9");
  EXPECT_EQ(message_of<ImageError>([&] { static_cast<void>(decode(damaged)); }),
            "JPEG: Corrupt JPEG data: premature end of data segment");
  string png = text(shipped("grace_hopper.png"));
  png[png.size() - 40] ^= 1;
  EXPECT_THROW(static_cast<void>(decode(png)), ImageError);
}

string chunk(const string& type, const string& data) {
  const auto number = [](std::size_t value) {
    string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const string body = type + data;
  return number(data.size()) + body +
         number(
             crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
}

TEST(ImageErrors, EnormousImagesAreRefusedBeforeTheyTakeMemory) {
  const string png = string("\x89PNG\r\n\x1a\n") +
                     chunk("IHDR", string("\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0", 13)) +
                     chunk("IDAT", "x");
  EXPECT_EQ(message_of<std::length_error>([&] { static_cast<void>(decode(png)); }),
            "an image of 2147483647 x 2147483647 = 4611686014132420609 pixels, the limit is "
            "100000000");
  string jpeg = text(jpeg_of(chequered(8, 8, 3)));
  const std::size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\xfe\xff\xfe\xff");
  EXPECT_EQ(message_of<std::length_error>([&] { static_cast<void>(decode(jpeg)); }),
            "an image of 65279 x 65279 = 4261347841 pixels, the limit is 100000000");
  BytesIO stream{ByteSpan(jpeg)};
  EXPECT_EQ(image_info(stream).width, 65279u) << "who asks is told";
  EXPECT_EQ(message_of<std::length_error>([] {
              static_cast<void>(decode(photo(), {.max_pixels = 1000}));
            }).rfind("an image of ", 0),
            0u);
}

TEST(ImageErrors, AJpegOfEndlessScansIsLeft) {
  // A progressive image is sent in scans; this one sends its last one again and again.
  string jpeg = text(jpeg_of(chequered(64, 64, 1), {.progressive = true}));
  const std::size_t last = jpeg.rfind("\xff\xda");
  const string scan = jpeg.substr(last, jpeg.size() - 2 - last);
  jpeg.resize(jpeg.size() - 2);
  for (int i = 0; i < 1000; ++i) jpeg += scan;
  jpeg += "\xff\xd9";
  EXPECT_THROW(static_cast<void>(decode(jpeg)), ImageError);
}

TEST(ImageErrors, WhatTheStreamThrowsComesThrough) {
  for (const string name : {"grace_hopper.jpg", "grace_hopper.png"}) {
    TestStream source(text(shipped(name)),
                      {.most_a_call = 100, .fail_read_at = 1500, .log = false});
    EXPECT_EQ(message_of<std::system_error>([&] { static_cast<void>(decode_image(source)); }),
              "test stream: Input/output error");
  }
  const Image image = decode(photo());
  for (const bool png : {false, true}) {
    const auto encode = [&](Stream& stream) {
      return png ? encode_png(image, stream) : encode_jpeg(image, stream);
    };
    TestStream failing("", {.fail_write_at = 50'000, .log = false});
    EXPECT_EQ(message_of<std::system_error>([&] { encode(failing); }),
              "test stream: No space left on device");
    TestStream full("", {.full_at = 50'000, .log = false});
    EXPECT_EQ(message_of<std::system_error>([&] { encode(full); }),
              "the stream takes no more: No space left on device");
    BytesIO limited(StorageOptions{.size_limit = 10'000});
    EXPECT_THROW(encode(limited), std::length_error);
    TestStream constant("", {.writable = false});
    EXPECT_THROW(encode(constant), UnsupportedOperation);
  }
}

TEST(ImageErrors, ImagesThatMakeNoSenseAreRefused) {
  const auto refused = [](const Image& image) {
    BytesIO stream;
    EXPECT_THROW(encode_png(image, stream), std::invalid_argument);
    EXPECT_THROW(encode_jpeg(image, stream), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(turned(image, 1)), std::invalid_argument);
    EXPECT_EQ(stream.size(), 0u);
  };
  refused(Image{});
  refused(Image{2, 2, 3, ByteArray(11)});
  refused(Image{2, 2, 5, ByteArray(20)});
  BytesIO stream;
  EXPECT_EQ(message_of<std::invalid_argument>([&] { encode_jpeg(chequered(2, 2, 4), stream); }),
            "JPEG has no alpha, and this image of 4 channels has");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { encode_jpeg(chequered(65501, 1, 1), stream); }),
            "an image of 65501 x 1, JPEG goes up to 65500");
}

}  // namespace
}  // namespace quire
