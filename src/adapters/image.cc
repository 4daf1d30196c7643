#include "quire/adapters/image.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <jpeglib.h>
// In this order: it uses the types of jpeglib.h.
#include <jerror.h>
#include <png.h>

#include "quire/detail/block.h"
#include "quire/detail/endian.h"
#include "quire/detail/stream_areas.h"
#include "quire/error.h"

namespace quire {

namespace {

// A progressive JPEG of that many scans is made to keep a processor busy.
constexpr int kMostScans = 500;

constexpr int kUpright = 1;

// --- leaving C -----------------------------------------------------------------------------------

/// How a C library that must not be returned to is left: by longjmp, never by an exception. What
/// happened is kept meanwhile.
struct Failure {
  std::jmp_buf jump;
  std::exception_ptr thrown;
  std::array<char, JMSG_LENGTH_MAX> message{};

  [[noreturn]] void leave(const char* why) {
    std::snprintf(message.data(), message.size(), "%s", why);
    std::longjmp(jump, 1);
  }

  /// What a callback does for the library; leaves it when that throws.
  template <class Action>
  void call(Action action) {
    try {
      return action();
    } catch (...) {
      thrown = std::current_exception();
    }
    std::longjmp(jump, 1);
  }
};

/// Runs `body`, which calls the library and owns nothing that would have to be destroyed. False when the
/// library was left.
template <class Body>
[[gnu::noinline]] bool completes(Failure& failure, Body body) {
  if (setjmp(failure.jump) != 0) return false;
  body();
  return true;
}

template <class Body>
void run(Failure& failure, const char* format, Body body) {
  if (completes(failure, body)) return;
  if (failure.thrown) std::rethrow_exception(failure.thrown);
  throw ImageError(std::string(format) + ": " + failure.message.data());
}

/// Where the next `size` bytes of a stream are put. False: it ended before.
bool fill(detail::ReadArea& source, std::byte* target, std::size_t size) {
  while (size != 0) {
    const ByteSpan piece = source.next(size);
    if (piece.empty()) return false;
    target = std::copy(piece.begin(), piece.end(), target);
    size -= piece.size();
  }
  return true;
}

// --- EXIF ----------------------------------------------------------------------------------------

/// The orientation that a block of EXIF, from its byte order on, says; upright unless it does.
int exif_orientation(ByteSpan exif) {
  constexpr std::uint16_t kOrientation = 0x0112;
  constexpr std::uint16_t kShort = 3;
  constexpr std::size_t kEntry = 12;
  if (exif.size() < 8) return kUpright;
  const std::string_view order = exif.as_chars().substr(0, 4);
  const bool little = order == std::string_view("II*\0", 4);
  if (!little && order != std::string_view("MM\0*", 4)) return kUpright;
  const std::endian endian = little ? std::endian::little : std::endian::big;
  const std::size_t table = detail::load<std::uint32_t>(exif.data() + 4, endian);
  if (table > exif.size() - 2) return kUpright;
  const std::size_t count = detail::load<std::uint16_t>(exif.data() + table, endian);
  ByteSpan entries = exif.subspan(table + 2);
  for (std::size_t i = 0; i < count && entries.size() >= kEntry; ++i) {
    if (detail::load<std::uint16_t>(entries.data(), endian) == kOrientation &&
        detail::load<std::uint16_t>(entries.data() + 2, endian) == kShort) {
      const int value = detail::load<std::uint16_t>(entries.data() + 8, endian);
      return value >= 1 && value <= 8 ? value : kUpright;
    }
    entries = entries.subspan(kEntry);
  }
  return kUpright;
}

// --- what both formats have in common ------------------------------------------------------------

/// An image of that size. Errors: std::length_error.
Image new_image(std::size_t width, std::size_t height, std::size_t channels) {
  Image image{width, height, channels, {}};
  image.pixels.resize(detail::checked_multiply(detail::checked_multiply(width, height), channels));
  return image;
}

void check_limit(const ImageInfo& info, std::uint64_t limit) {
  // Neither format has sides of more than 31 bits.
  const std::uint64_t pixels = std::uint64_t{info.width} * info.height;
  if (pixels <= limit) return;
  throw std::length_error("an image of " + std::to_string(info.width) + " x " +
                          std::to_string(info.height) + " = " + std::to_string(pixels) +
                          " pixels, the limit is " + std::to_string(limit));
}

void check_image(const Image& image) {
  const std::size_t size =
      detail::checked_multiply(detail::checked_multiply(image.width, image.height), image.channels);
  if (size == 0 || image.channels > 4 || image.pixels.size() != size) {
    detail::throw_invalid("an image of " + std::to_string(image.width) + " x " +
                          std::to_string(image.height) + " x " + std::to_string(image.channels) +
                          " in " + std::to_string(image.pixels.size()) + " bytes");
  }
}

/// The rows as the libraries want them; neither changes those that it writes.
unsigned char* row_of(const Image& image, std::size_t row) {
  const std::byte* const start = image.pixels.data() + row * image.width * image.channels;
  return reinterpret_cast<unsigned char*>(const_cast<std::byte*>(start));
}

// --- JPEG ----------------------------------------------------------------------------------------

/// The library's error handling.
struct JpegErrors : jpeg_error_mgr {
  explicit JpegErrors(Failure& kept) : failure(&kept) {
    jpeg_std_error(this);
    error_exit = [](j_common_ptr codec) {
      std::array<char, JMSG_LENGTH_MAX> text{};
      codec->err->format_message(codec, text.data());
      static_cast<JpegErrors*>(codec->err)->failure->leave(text.data());
    };
    emit_message = [](j_common_ptr codec, int level) {
      if (level < 0 && costs_pixels(codec->err->msg_code)) codec->err->error_exit(codec);
    };
    output_message = [](j_common_ptr) {};
  }

  /// What the library goes on after, with a picture of which a part is invented.
  static bool costs_pixels(int code) {
    switch (code) {
      case JWRN_ARITH_BAD_CODE:
      case JWRN_BOGUS_PROGRESSION:
      case JWRN_HIT_MARKER:
      case JWRN_HUFF_BAD_CODE:
      case JWRN_JPEG_EOF:
      case JWRN_MUST_RESYNC:
      case JWRN_NOT_SEQUENTIAL:
        return true;
      default:
        return false;
    }
  }

  Failure* failure;
};

/// Reads from where the stream's bytes are.
struct JpegSource : jpeg_source_mgr {
  JpegSource(detail::ReadArea& from, Failure& kept) : area(&from), failure(&kept) {
    next_input_byte = nullptr;
    bytes_in_buffer = 0;
    init_source = [](j_decompress_ptr) {};
    term_source = [](j_decompress_ptr) {};
    resync_to_restart = jpeg_resync_to_restart;
    fill_input_buffer = [](j_decompress_ptr codec) -> boolean {
      auto& self = *static_cast<JpegSource*>(codec->src);
      self.failure->call([&] { self.refill(); });
      if (self.bytes_in_buffer == 0) self.failure->leave("the data end in the middle of the image");
      return TRUE;
    };
    skip_input_data = [](j_decompress_ptr codec, long count) {
      auto& self = *static_cast<JpegSource*>(codec->src);
      self.failure->call([&] { self.skip(count); });
    };
  }

  void refill() {
    const ByteSpan piece = area->next();
    next_input_byte = reinterpret_cast<const JOCTET*>(piece.data());
    bytes_in_buffer = piece.size();
  }

  void skip(long count) {
    if (count <= 0) return;
    const std::size_t here = std::min(static_cast<std::size_t>(count), bytes_in_buffer);
    next_input_byte += here;
    bytes_in_buffer -= here;
    // Past the end the next byte that is wanted is missing.
    const std::size_t beyond = static_cast<std::size_t>(count) - here;
    if (beyond != 0) area->skip(beyond);
  }

  /// What was not used is still to be read.
  void give_back() {
    if (bytes_in_buffer != 0) area->back_up(bytes_in_buffer);
    bytes_in_buffer = 0;
  }

  detail::ReadArea* area;
  Failure* failure;
};

class JpegDecoder {
 public:
  explicit JpegDecoder(detail::ReadArea& area) : errors_(failure_), source_(area, failure_) {
    codec_.err = &errors_;
    run([&] {
      jpeg_create_decompress(&codec_);
      codec_.src = &source_;
      codec_.client_data = &failure_;
      progress_.progress_monitor = [](j_common_ptr codec) {
        const auto* const decoder = reinterpret_cast<j_decompress_ptr>(codec);
        if (decoder->input_scan_number > kMostScans) {
          static_cast<Failure*>(codec->client_data)->leave("it has more than 500 scans");
        }
      };
      codec_.progress = &progress_;
      jpeg_save_markers(&codec_, JPEG_APP0 + 1, 0xffff);
    });
  }

  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  ~JpegDecoder() { jpeg_destroy_decompress(&codec_); }

  ImageInfo read_header() {
    run([&] { jpeg_read_header(&codec_, TRUE); });
    ImageInfo info{ImageFormat::Jpeg, codec_.image_width, codec_.image_height, 3, kUpright};
    if (codec_.jpeg_color_space == JCS_GRAYSCALE) info.channels = 1;
    constexpr std::string_view kExif("Exif\0\0", 6);
    for (auto* marker = codec_.marker_list; marker != nullptr; marker = marker->next) {
      const ByteSpan data(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
      if (data.as_chars().starts_with(kExif)) {
        info.orientation = exif_orientation(data.subspan(kExif.size()));
        break;
      }
    }
    return info;
  }

  Image decode(const ImageInfo& info, const DecodeOptions& options) {
    const bool cmyk = codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
    codec_.out_color_space = cmyk ? JCS_CMYK : info.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    codec_.scale_num = 1;
    codec_.scale_denom = reduction(info, options);
    run([&] { jpeg_calc_output_dimensions(&codec_); });
    Image image = new_image(codec_.output_width, codec_.output_height, info.channels);
    std::vector<unsigned char> ink(cmyk ? image.width * 4 : 0);
    run([&] {
      jpeg_start_decompress(&codec_);
      while (codec_.output_scanline < codec_.output_height) {
        unsigned char* const row = row_of(image, codec_.output_scanline);
        JSAMPROW target = cmyk ? ink.data() : row;
        jpeg_read_scanlines(&codec_, &target, 1);
        if (cmyk) to_rgb(ink, row);
      }
      jpeg_finish_decompress(&codec_);
    });
    source_.give_back();
    return image;
  }

 private:
  template <class Body>
  void run(Body body) {
    quire::run(failure_, "JPEG", body);
  }

  /// By how much the library may reduce what it decodes.
  static unsigned reduction(const ImageInfo& info, const DecodeOptions& options) {
    if (options.least_width == 0 && options.least_height == 0) return 1;
    unsigned denominator = 8;
    while (denominator > 1 && (info.width / denominator < options.least_width ||
                               info.height / denominator < options.least_height)) {
      denominator /= 2;
    }
    return denominator;
  }

  /// Adobe's programs store the ink that is missing, and nobody else makes such files.
  void to_rgb(const std::vector<unsigned char>& ink, unsigned char* row) const {
    const bool inverted = codec_.saw_Adobe_marker != FALSE;
    for (std::size_t i = 0; i < ink.size(); i += 4) {
      const int black = inverted ? ink[i + 3] : 255 - ink[i + 3];
      for (std::size_t c = 0; c < 3; ++c) {
        const int light = inverted ? ink[i + c] : 255 - ink[i + c];
        *row++ = static_cast<unsigned char>(light * black / 255);
      }
    }
  }

  Failure failure_;
  JpegErrors errors_;
  JpegSource source_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct codec_{};
};

/// Writes to where the stream's bytes stay.
struct JpegTarget : jpeg_destination_mgr {
  JpegTarget(Stream& stream, Failure& kept) : area(stream), failure(&kept) {
    next_output_byte = nullptr;
    free_in_buffer = 0;
    init_destination = [](j_compress_ptr codec) { more(codec); };
    empty_output_buffer = [](j_compress_ptr codec) -> boolean {
      more(codec);
      return TRUE;
    };
    term_destination = [](j_compress_ptr codec) {
      auto& self = of(codec);
      self.failure->call([&] {
        self.area.back_up(self.free_in_buffer);
        self.area.settle();
      });
    };
  }

  static JpegTarget& of(j_compress_ptr codec) { return *static_cast<JpegTarget*>(codec->dest); }

  static void more(j_compress_ptr codec) {
    auto& self = of(codec);
    self.failure->call([&] {
      const MutableByteSpan room = self.area.next();
      self.next_output_byte = reinterpret_cast<JOCTET*>(room.data());
      self.free_in_buffer = room.size();
    });
  }

  detail::WriteArea area;
  Failure* failure;
};

// --- PNG -----------------------------------------------------------------------------------------

[[noreturn]] void leave_png(png_structp png, png_const_charp message) {
  static_cast<Failure*>(png_get_error_ptr(png))->leave(message);
}

void ignore_png(png_structp, png_const_charp) {}

class PngDecoder {
 public:
  explicit PngDecoder(detail::ReadArea& area)
      : area_(&area),
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure_, leave_png, ignore_png)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
    run([&] {
      png_set_read_fn(png_, this, read);
      // The limit is ours, and has words for it.
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    });
  }

  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  ImageInfo read_header() {
    ImageInfo info{ImageFormat::Png, 0, 0, 0, kUpright};
    run([&] {
      png_read_info(png_, info_);
      info.width = png_get_image_width(png_, info_);
      info.height = png_get_image_height(png_, info_);
      const int color = png_get_color_type(png_, info_);
      const bool alpha =
          (color & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
      info.channels = ((color & PNG_COLOR_MASK_COLOR) != 0 ? 3u : 1u) + (alpha ? 1u : 0u);
    });
    info.orientation = orientation();
    return info;
  }

  /// EXIF may also stand behind the pixels; `info` then learns of it.
  Image decode(ImageInfo& info) {
    Image image = new_image(info.width, info.height, info.channels);
    run([&] {
      png_set_expand(png_);
      png_set_scale_16(png_);
      const int passes = png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
      if (png_get_rowbytes(png_, info_) != image.width * image.channels) {
        png_error(png_, "rows of another size than the header says");
      }
      for (int pass = 0; pass < passes; ++pass) {
        for (std::size_t y = 0; y < image.height; ++y) {
          png_read_row(png_, row_of(image, y), nullptr);
        }
      }
      png_read_end(png_, info_);
    });
    info.orientation = orientation();
    return image;
  }

 private:
  template <class Body>
  void run(Body body) {
    quire::run(failure_, "PNG", body);
  }

  static void read(png_structp png, png_bytep target, std::size_t size) {
    auto& self = *static_cast<PngDecoder*>(png_get_io_ptr(png));
    bool whole = false;
    self.failure_.call(
        [&] { whole = fill(*self.area_, reinterpret_cast<std::byte*>(target), size); });
    if (!whole) self.failure_.leave("the data end in the middle of the image");
  }

  [[nodiscard]] int orientation() {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &exif) == 0) return kUpright;
    return exif_orientation(ByteSpan(reinterpret_cast<const std::byte*>(exif), size));
  }

  Failure failure_;
  detail::ReadArea* area_;
  png_structp png_;
  png_infop info_ = nullptr;
};

class PngEncoder {
 public:
  explicit PngEncoder(Stream& stream)
      : stream_(&stream),
        png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure_, leave_png, ignore_png)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw std::bad_alloc();
    }
  }

  PngEncoder(const PngEncoder&) = delete;
  PngEncoder& operator=(const PngEncoder&) = delete;

  ~PngEncoder() { png_destroy_write_struct(&png_, &info_); }

  void encode(const Image& image, int level) {
    constexpr std::array<int, 5> kColors = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                            PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    run(failure_, "PNG", [&] {
      png_set_write_fn(png_, this, write, [](png_structp) {});
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_compression_level(png_, level);
      png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width),
                   static_cast<png_uint_32>(image.height), 8, kColors[image.channels],
                   PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      png_write_info(png_, info_);
      for (std::size_t y = 0; y < image.height; ++y) png_write_row(png_, row_of(image, y));
      png_write_end(png_, info_);
    });
  }

 private:
  static void write(png_structp png, png_bytep data, std::size_t size) {
    auto& self = *static_cast<PngEncoder*>(png_get_io_ptr(png));
    self.failure_.call([&] {
      ByteSpan rest(reinterpret_cast<const std::byte*>(data), size);
      while (!rest.empty()) {
        const std::size_t count = self.stream_->write_some(rest);
        if (count == 0) detail::throw_errno(ENOSPC, "the stream takes no more");
        rest = rest.subspan(count);
      }
    });
  }

  Failure failure_;
  Stream* stream_;
  png_structp png_;
  png_infop info_ = nullptr;
};

/// What the first byte says; it stays to be read.
ImageFormat format_of(detail::ReadArea& area) {
  const ByteSpan first = area.next(1);
  if (first.empty()) throw ImageError("no image: no data");
  const auto byte = std::to_integer<unsigned>(first[0]);
  area.back_up(1);
  if (byte == 0xff) return ImageFormat::Jpeg;
  if (byte == 0x89) return ImageFormat::Png;
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "0x%02x", byte);
  throw ImageError(std::string("neither JPEG nor PNG: the first byte is ") + digits.data());
}

}  // namespace

ImageInfo image_info(Stream& stream) {
  const auto start = static_cast<std::ptrdiff_t>(stream.tell());
  detail::ReadArea area(stream);
  const auto info = [&] {
    if (format_of(area) == ImageFormat::Jpeg) return JpegDecoder(area).read_header();
    return PngDecoder(area).read_header();
  };
  try {
    const ImageInfo result = info();
    stream.seek(start);
    return result;
  } catch (...) {
    stream.seek(start);
    throw;
  }
}

Image decode_image(Stream& stream, const DecodeOptions& options) {
  detail::ReadArea area(stream);
  ImageInfo info;
  Image image;
  if (format_of(area) == ImageFormat::Jpeg) {
    JpegDecoder decoder(area);
    info = decoder.read_header();
    check_limit(info, options.max_pixels);
    image = decoder.decode(info, options);
  } else {
    PngDecoder decoder(area);
    info = decoder.read_header();
    check_limit(info, options.max_pixels);
    image = decoder.decode(info);
  }
  area.settle();
  return options.upright && info.orientation != kUpright ? turned(image, info.orientation)
                                                         : std::move(image);
}

Image turned(const Image& image, int orientation) {
  if (orientation < 1 || orientation > 8) {
    detail::throw_invalid("orientation " + std::to_string(orientation) + ", EXIF knows 1 to 8");
  }
  check_image(image);
  const bool swaps = orientation >= 5;
  Image result = swaps ? new_image(image.height, image.width, image.channels)
                       : new_image(image.width, image.height, image.channels);
  // Where the pixel to the right and the one below are in the original.
  const auto pixel = static_cast<std::ptrdiff_t>(image.channels);
  const auto row = static_cast<std::ptrdiff_t>(image.width) * pixel;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const std::ptrdiff_t along = from_right ? -pixel : pixel;
  const std::ptrdiff_t down = from_below ? -row : row;
  const std::byte* const first =
      image.pixels.data() + (from_right ? row - pixel : 0) +
      (from_below ? row * static_cast<std::ptrdiff_t>(image.height - 1) : 0);
  const std::ptrdiff_t next_pixel = swaps ? down : along;
  const std::ptrdiff_t next_row = swaps ? along : down;
  std::byte* target = result.pixels.data();
  for (std::size_t y = 0; y < result.height; ++y) {
    const std::byte* source = first + next_row * static_cast<std::ptrdiff_t>(y);
    for (std::size_t x = 0; x < result.width; ++x, source += next_pixel) {
      target = std::copy_n(source, image.channels, target);
    }
  }
  return result;
}

void encode_jpeg(const Image& image, Stream& stream, const JpegOptions& options) {
  check_image(image);
  if (image.channels != 1 && image.channels != 3) {
    detail::throw_invalid("JPEG has no alpha, and this image of " + std::to_string(image.channels) +
                          " channels has");
  }
  if (std::max(image.width, image.height) > JPEG_MAX_DIMENSION) {
    detail::throw_invalid("an image of " + std::to_string(image.width) + " x " +
                          std::to_string(image.height) + ", JPEG goes up to " +
                          std::to_string(JPEG_MAX_DIMENSION));
  }

  struct Codec : jpeg_compress_struct {
    Codec() : jpeg_compress_struct{} {}

    Codec(const Codec&) = delete;
    Codec& operator=(const Codec&) = delete;

    ~Codec() { jpeg_destroy_compress(this); }
  };

  Failure failure;
  JpegErrors errors(failure);
  JpegTarget target(stream, failure);
  Codec codec;
  codec.err = &errors;
  run(failure, "JPEG", [&] {
    jpeg_create_compress(&codec);
    codec.dest = &target;
    codec.image_width = static_cast<JDIMENSION>(image.width);
    codec.image_height = static_cast<JDIMENSION>(image.height);
    codec.input_components = static_cast<int>(image.channels);
    codec.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, options.quality, TRUE);
    if (options.progressive) jpeg_simple_progression(&codec);
    jpeg_start_compress(&codec, TRUE);
    while (codec.next_scanline < codec.image_height) {
      JSAMPROW row = row_of(image, codec.next_scanline);
      jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
  });
}

void encode_png(const Image& image, Stream& stream, const PngOptions& options) {
  check_image(image);
  if (!stream.writable()) detail::throw_unsupported("write");
  PngEncoder(stream).encode(image, options.level);
}

}  // namespace quire
