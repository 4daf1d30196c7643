// A stream with a method more: whoever writes to it as a BytesIO goes through its checksum.

#include <cstdint>
#include <iostream>

#include "quire/quire.h"

using quire::BytesIO;
using quire::ByteSpan;

namespace {

std::uint32_t adler32(ByteSpan data, std::uint32_t start = 1) {
  std::uint32_t a = start & 0xFFFF;
  std::uint32_t b = start >> 16;
  for (const std::byte byte : data) {
    a = (a + std::to_integer<std::uint32_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

class VerifiedStream : public BytesIO {
 public:
  using BytesIO::write;

  std::size_t write(ByteSpan data) override {
    checksum_ = adler32(data, checksum_);
    return BytesIO::write(data);
  }

  [[nodiscard]] std::uint32_t checksum() const noexcept { return checksum_; }

  [[nodiscard]] bool verify() const { return adler32(getvalue()) == checksum_; }

 private:
  std::uint32_t checksum_ = 1;
};

void save_report(BytesIO& stream) {
  stream.write("name,score\n");
  stream.write("Ada,10\n");
}

void show(const VerifiedStream& stream) {
  std::cout << stream.checksum() << (stream.verify() ? " verified\n" : " damaged\n");
}

}  // namespace

int main() {
  VerifiedStream stream;
  save_report(stream);
  show(stream);
  stream.getbuffer()[-2] = std::byte{'1'};  // past write(), as a broken memory would
  show(stream);
}
