// The programs of docs/guide/bytes.md.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "quire/quire.h"

using namespace quire::literals;
using quire::ByteArray;
using quire::Bytes;
using quire::ByteSpan;

// [parameter]
std::size_t count_lines(ByteSpan text) {
  std::size_t lines = 0;
  for (const std::byte b : text) lines += b == std::byte{'\n'} ? 1 : 0;
  return lines;
}
// [/parameter]

int main() {
  // [make]
  const Bytes copied("GET /index.html");                    // a copy of the characters
  const Bytes literal = "GET /index.html"_b;                // over the literal itself: no copy
  const Bytes taken = Bytes::adopt(std::string(100, 'x'));  // takes the string's memory over
  const Bytes same = taken;                                 // one more handle, O(1)

  std::cout << copied << ' ' << (copied == literal) << ' ' << same.size() << '\n';
  // [/make]

  // [slice]
  const Bytes request = "GET /index.html HTTP/1.1\r\n"_b;
  std::cout << request.slice(0, 3) << '\n';     // request[0:3]
  std::cout << request.slice(-10, -2) << '\n';  // request[-10:-2]
  std::cout << request.slice(4) << '\n';        // request[4:]
  std::cout << request.slice(0, 1000) << '\n';  // too large a bound clamps, as in Python
  std::cout << request.slice(std::nullopt, std::nullopt, -8) << '\n';  // request[::-8]: a copy
  // [/slice]

  // [find]
  const std::size_t space = request.find(" ");
  std::cout << space << ' ' << (request.find("POST") == quire::npos) << '\n';

  // An unsigned bound never counts from the end: where nothing is found, all is kept.
  std::cout << request.slice(0, request.find("?")).size() << '\n';
  // [/find]

  // [pieces]
  const auto [method, separator, rest] = request.partition(" ");
  std::cout << method << ' ' << rest.strip() << '\n';
  for (const Bytes& word : request.split()) std::cout << word.size() << ' ';
  std::cout << '\n';

  const Bytes joined = ", "_b.join(request.split());  // new bytes, so a copy
  std::cout << joined << ' ' << joined.upper().startswith("GET") << '\n';
  // [/pieces]

  // [call]
  const std::vector<unsigned char> from_a_socket = {'a', '\n', 'b', '\n'};
  std::cout << count_lines(from_a_socket) << count_lines("one\n") << count_lines(request) << '\n';
  // [/call]

  // [closing_nul]
  const char zip[4] = {'P', 'K', '\1', '\0'};
  std::cout << Bytes(zip) << ' ' << Bytes(ByteSpan(zip, sizeof zip)) << '\n';
  // [/closing_nul]

  // [numbers]
  const Bytes header = Bytes::fromhex("89 50 4e 47 00 00 01 00");
  std::cout << header.read<std::uint32_t>(4, std::endian::big) << ' ' << header.hex(" ") << '\n';
  // [/numbers]

  // [hash]
  std::unordered_map<Bytes, int, std::hash<Bytes>, std::equal_to<>> seen;
  for (const Bytes& word : "to be or not to be"_b.split()) ++seen[word];
  std::cout << seen[Bytes("to")] << seen[Bytes("or")] << '\n';
  // [/hash]

  // [keep]
  const Bytes page(std::size_t{1} << 20, std::byte{'.'});
  Bytes title = page.slice(0, 60);
  std::cout << title.size() << " bytes keep " << (title.retained_bytes() >> 10) << " KiB\n";
  title.compact();  // a copy of the 60 bytes; the large block is free to go
  std::cout << title.size() << " bytes keep " << title.retained_bytes() << " bytes\n";
  // [/keep]

  // [bytearray]
  ByteArray packet(2);  // two zeros: kind and length
  packet[0] = std::byte{2};
  packet += "payload";
  packet.write<std::uint8_t>(1, static_cast<std::uint8_t>(packet.size() - 2));
  packet.append(std::byte{3});
  const Bytes done = packet.freeze();  // no copy; the array is empty now
  std::cout << done << ' ' << packet.empty() << '\n';
  // [/bytearray]
}
