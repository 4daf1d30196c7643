// Images decoded from streams and encoded into them: JPEG by libjpeg-turbo, PNG by libpng.
//
//     const Image photo = decode_image(f);       // upright, whatever the camera's EXIF block says
//     encode_png(photo, g);
//
// What is broken, cut, or larger than a limit is an error that says so; nobody gets half a picture. The
// decoders read from the memory of a BytesIO, and JPEG is encoded straight into it. Link quire::image.
//
// Lifetime: an Image is a value. Streams are borrowed for the call, and stand behind the image after it;
// after a failure anywhere. Thread: as ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "quire/byte_array.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

/// Data that are no image, or that are damaged or cut. The message begins with the format's name.
class QUIRE_API ImageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Pixels, 8 bits for each channel: grey, grey and alpha, RGB, or RGB and alpha.
struct Image {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 3;

  /// The rows from the top, with nothing in between: `height * width * channels` bytes.
  ByteArray pixels;
};

enum class ImageFormat { Jpeg, Png };

/// What the header of an image says.
struct ImageInfo {
  ImageFormat format = ImageFormat::Jpeg;
  std::size_t width = 0;  ///< as stored: not turned yet
  std::size_t height = 0;
  std::size_t channels = 3;
  int orientation = 1;  ///< EXIF's, 1 to 8; 1 is upright
};

/// An aggregate: name what you change.
struct DecodeOptions {
  /// The most pixels that an image may have: its memory is up to four times that, and the time is in
  /// proportion, however small the file.
  std::uint64_t max_pixels = 100'000'000;

  /// Turn the image as EXIF's orientation wants it.
  bool upright = true;

  /// A JPEG is decoded at a half, a quarter or an eighth of its size, in a part of the time, where that
  /// is still at least this large (as stored). 0: at full size.
  std::size_t least_width = 0;
  std::size_t least_height = 0;
};

/// Reads the header, and puts the stream back.
/// Errors: ImageError; those of the stream, which must be able to seek.
[[nodiscard]] QUIRE_API ImageInfo image_info(Stream& stream);

/// Reads a JPEG or PNG image from where the stream stands. PNG's palettes become RGB and 16 bits become
/// 8; CMYK becomes RGB.
/// Cost:   the pixels, twice while an image is turned; for a progressive JPEG up to twice as much again. A
///         BytesIO is read without a copy.
/// Errors: ImageError; std::length_error past max_pixels; those of the stream.
[[nodiscard]] QUIRE_API Image decode_image(Stream& stream, const DecodeOptions& options = {});

/// What an image of that EXIF orientation looks like upright.
/// Errors: std::invalid_argument for an orientation that is not 1 to 8, and for pixels of another size
///         than the image has; the latter from the next two, too.
[[nodiscard]] QUIRE_API Image turned(const Image& image, int orientation);

struct JpegOptions {
  int quality = 90;  ///< 1 to 100
  bool progressive = false;
};

/// Writes the image to where the stream stands.
/// Cost:   no buffer in between where the stream is a BytesIO.
/// Errors: std::invalid_argument for an image with alpha, which JPEG has none of, or larger than 65500
///         pixels on a side; those of the stream, which then has a part of the image.
QUIRE_API void encode_jpeg(const Image& image, Stream& stream, const JpegOptions& options = {});

struct PngOptions {
  int level = 6;  ///< zlib's, 0 to 9
};

/// The same as PNG.
/// Cost:   as Stream::write().
/// Errors: those of the stream.
QUIRE_API void encode_png(const Image& image, Stream& stream, const PngOptions& options = {});

}  // namespace quire
