// A photograph decoded and encoded through streams, beside the libraries' own ways: a buffer of malloc's
// for JPEG, a FILE* for both.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>
#include <png.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/image.h"
#include "quire/bytes_io.h"
#include "quire/ledger.h"

namespace {

using namespace bench;

const std::string kPath = QUIRE_SOURCE_DIR "/examples/data/grace_hopper.jpg";

const quire::Bytes& photo() {
  static const quire::Bytes photo = quire::Bytes::map_file(kPath);
  return photo;
}

const quire::Image& pixels() {
  static const quire::Image image = [] {
    quire::BytesIO stream(photo());
    return quire::decode_image(stream);
  }();
  return image;
}

/// `work()` returns the size of what came out.
template <class Work>
void image_row(const std::string& workload, std::string_view peer, Work work) {
  long_row("image/" + workload, peer, [=](benchmark::State& state) {
    std::uint64_t copied = 0;
    const std::size_t size = pixels().pixels.size();
    const Moved moved(state);
    for (auto _ : state) {
      const quire::Ledger before = quire::thread_ledger();
      if (work() == 0) state.SkipWithError("nothing came out");
      copied = (quire::thread_ledger() - before).copied_total();
    }
    state.counters["copied_bytes"] = static_cast<double>(copied);
    count_bytes(state, size);
  });
}

template <class Source>
std::size_t decode_by_libjpeg(Source source) {
  jpeg_error_mgr errors;
  jpeg_decompress_struct codec;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&codec);
  source(codec);
  jpeg_read_header(&codec, TRUE);
  jpeg_start_decompress(&codec);
  const std::size_t row = std::size_t{codec.output_width} * 3;
  std::vector<unsigned char> all(row * codec.output_height);
  while (codec.output_scanline < codec.output_height) {
    unsigned char* target = all.data() + row * codec.output_scanline;
    jpeg_read_scanlines(&codec, &target, 1);
  }
  jpeg_finish_decompress(&codec);
  jpeg_destroy_decompress(&codec);
  return all.size();
}

unsigned char* row_of(std::size_t y) {
  return reinterpret_cast<unsigned char*>(
      const_cast<std::byte*>(pixels().pixels.data() + y * pixels().width * 3));
}

std::size_t encode_by_libjpeg() {
  jpeg_error_mgr errors;
  jpeg_compress_struct codec;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &data, &size);
  codec.image_width = static_cast<JDIMENSION>(pixels().width);
  codec.image_height = static_cast<JDIMENSION>(pixels().height);
  codec.input_components = 3;
  codec.in_color_space = JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, 90, TRUE);
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    unsigned char* row = row_of(codec.next_scanline);
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  std::free(data);
  return size;
}

std::size_t encode_by_libpng() {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(pixels().width);
  image.height = static_cast<png_uint_32>(pixels().height);
  image.format = PNG_FORMAT_RGB;
  std::vector<char> target(PNG_IMAGE_PNG_SIZE_MAX(image));
  png_alloc_size_t size = target.size();
  if (png_image_write_to_memory(&image, target.data(), &size, 0, row_of(0), 0, nullptr) == 0) {
    return 0;
  }
  return size;
}

const quire::Bytes& png() {
  static const quire::Bytes png = [] {
    quire::BytesIO stream;
    quire::encode_png(pixels(), stream);
    return stream.getvalue();
  }();
  return png;
}

std::size_t decode_by_libpng() {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, png().data(), png().size()) == 0) return 0;
  image.format = PNG_FORMAT_RGB;
  std::vector<unsigned char> all(PNG_IMAGE_SIZE(image));
  return png_image_finish_read(&image, nullptr, all.data(), 0, nullptr) != 0 ? all.size() : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const quire::DecodeOptions as_stored{.upright = false};
  static_cast<void>(png());  // made before anything is measured
  image_row("decode JPEG", "quire", [=] {
    quire::BytesIO stream(photo());
    return quire::decode_image(stream, as_stored).pixels.size();
  });
  image_row("decode JPEG", "jpeg_mem_src", [] {
    return decode_by_libjpeg([](jpeg_decompress_struct& codec) {
      jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(photo().data()), photo().size());
    });
  });
  image_row("decode JPEG", "a file", [] {
    std::FILE* const file = std::fopen(kPath.c_str(), "rbe");
    const std::size_t size =
        decode_by_libjpeg([&](jpeg_decompress_struct& codec) { jpeg_stdio_src(&codec, file); });
    std::fclose(file);
    return size;
  });
  image_row("decode PNG", "quire", [=] {
    quire::BytesIO stream(png());
    return quire::decode_image(stream, as_stored).pixels.size();
  });
  image_row("decode PNG", "png_image", decode_by_libpng);
  image_row("encode JPEG", "quire", [] {
    quire::BytesIO stream;
    quire::encode_jpeg(pixels(), stream);
    return stream.getvalue().size();
  });
  image_row("encode JPEG", "jpeg_mem_dest", encode_by_libjpeg);
  image_row("encode PNG", "quire", [] {
    quire::BytesIO stream;
    quire::encode_png(pixels(), stream);
    return stream.getvalue().size();
  });
  image_row("encode PNG", "png_image", encode_by_libpng);
  return run(argc, argv);
}
