// The program of docs/adapters/image.md.
#include "quire/adapters/image.h"

#include <iostream>
#include <stdexcept>

#include "quire/quire.h"

using namespace quire;

int main() {
  const char* const path = QUIRE_SOURCE_DIR "/examples/data/grace_hopper.jpg";
  // [decode]
  BytesIO f(Bytes::map_file(path));
  const ImageInfo info = image_info(f);
  std::cout << info.width << " x " << info.height << ", orientation " << info.orientation << '\n';
  const Image photo = decode_image(f);
  std::cout << photo.width << " x " << photo.height << ", upright\n";
  // [/decode]

  // [encode]
  BytesIO g;
  encode_png(photo, g);
  const std::size_t end = g.tell();
  encode_jpeg(photo, g);  // behind the other one
  g.seek(0);
  std::cout << (decode_image(g).pixels == photo.pixels) << (g.tell() == end) << '\n';
  std::cout << decode_image(g).channels << " channels\n";
  // [/encode]

  // [small]
  f.seek(0);
  const Image small = decode_image(f, {.least_width = 100, .least_height = 100});
  std::cout << small.width << " x " << small.height << '\n';
  // [/small]

  // [errors]
  const Bytes data = f.getvalue();
  for (const Bytes& broken : {data.slice(0, 5000), "GIF89a"_b}) {
    try {
      BytesIO stream(broken);
      static_cast<void>(decode_image(stream));
    } catch (const ImageError& error) {
      std::cout << error.what() << '\n';
    }
  }
  try {
    f.seek(0);
    static_cast<void>(decode_image(f, {.max_pixels = 100'000}));
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  // [/errors]
}
