// Messages in protobuf's wire format, each behind its length, in one stream that can be sent or
// stored: fields are a tag and a varint or a text.

#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using quire::Stream;

namespace {

void write_varint(Stream& stream, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    stream.write<std::uint8_t>(static_cast<std::uint8_t>(value | 0x80));
  }
  stream.write<std::uint8_t>(static_cast<std::uint8_t>(value));
}

std::uint64_t read_varint(Stream& stream) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = stream.read<std::uint8_t>();
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  throw std::runtime_error("a varint of more than ten bytes");
}

void write_text(Stream& stream, int field, std::string_view text) {
  stream.write<std::uint8_t>(static_cast<std::uint8_t>(field << 3 | 2));
  write_varint(stream, text.size());
  stream.write(text);
}

}  // namespace

int main() {
  BytesIO stream;
  BytesIO message;
  std::string json;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::string name = "row " + std::to_string(i);
    message.clear();
    message.write<std::uint8_t>(1 << 3);
    write_varint(message, i * i);
    write_text(message, 2, name);
    write_text(message, 3, "Heidelberg");
    write_varint(stream, message.size());
    stream.write(message.getvalue());

    json += (i == 0 ? "[" : ", ");
    json += "{\"id\": " + std::to_string(i * i) + ", \"name\": \"" + name +
            "\", \"city\": \"Heidelberg\"}";
  }
  json += ']';

  const std::size_t size = stream.size();
  std::cout << size << " bytes, as JSON " << json.size() << ": " << 100 - 100 * size / json.size()
            << " % less\n";
  stream.seek(0);
  for (int i = 0; i < 3; ++i) {
    std::cout << stream.read(static_cast<std::ptrdiff_t>(read_varint(stream))) << '\n';
  }
}
