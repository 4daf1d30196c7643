// A picture turned, shrunk and marked without a file in between: every step is a view, one stream
// takes the result. The format is PGM, whose pixels are plain bytes behind three lines of text.

#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using quire::MemoryView;

namespace {

struct Image {
  std::ptrdiff_t width = 0;
  std::ptrdiff_t height = 0;
  MemoryView pixels;  // of two dimensions; keeps the memory alive
};

Image load(quire::Stream& stream) {
  if (stream.readline() != quire::ByteSpan("P5\n")) throw std::runtime_error("not a PGM");
  Image image;
  std::istringstream(stream.readline().to_string()) >> image.width >> image.height;
  (void)stream.readline();
  image.pixels = MemoryView(stream.read()).cast("B", {image.height, image.width});
  return image;
}

}  // namespace

int main() {
  BytesIO upload;
  upload.write("P5\n8 4\n255\n");
  for (int i = 0; i < 32; ++i) upload.write<unsigned char>(static_cast<unsigned char>(i));
  upload.seek(0);

  Image image = load(upload);
  // Upside down, then every second pixel of every second row.
  image.pixels = image.pixels.slice(std::nullopt, std::nullopt, -1).slice(0, std::nullopt, 2);
  BytesIO stream;
  stream.write("P5\n" + std::to_string(image.width / 2) + " " + std::to_string(image.height / 2) +
               "\n255\n");
  const Bytes turned = image.pixels.tobytes();
  stream.write(MemoryView(turned).slice(0, std::nullopt, 2).tobytes());
  stream.getbuffer()[-1] = std::byte{255};
  const Bytes final_image = stream.getvalue();
  std::cout << final_image << '\n';
}
