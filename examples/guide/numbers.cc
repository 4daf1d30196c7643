// The programs of docs/guide/numbers.md.

#include <bit>
#include <cstdint>
#include <iostream>
#include <string>
#include <tuple>

#include "quire/quire.h"

using namespace quire::literals;
using quire::Bytes;
using quire::BytesIO;

int main() {
  // [plain]
  BytesIO f;
  f.write<std::uint32_t>(0xCAFE, std::endian::big);  // the type must be named
  f.write<double>(0.25);                             // native order if none is given
  f.seek(0);
  std::cout << f.read<std::uint32_t>(std::endian::big) << ' ' << f.read<double>() << '\n';

  const Bytes value = f.getvalue();
  std::cout << value.read<std::uint16_t>(2, std::endian::big) << '\n';
  f.getbuffer().write<std::uint16_t>(2, 0xBEEF, std::endian::big);
  std::cout << f.getvalue().slice(0, 4).hex() << ' ' << value.slice(0, 4).hex() << '\n';
  // [/plain]

  // [pack]
  const Bytes row = quire::pack("<IHb4s", 7, 65535, -1, "quire");
  std::cout << row << ' ' << quire::calcsize("<IHb4s") << '\n';
  // [/pack]

  // [unpack]
  const auto [id, port, delta, name] =
      quire::unpack<std::uint32_t, std::uint16_t, int, std::string>("<IHb4s", row);
  std::cout << id << ' ' << port << ' ' << delta << ' ' << name << '\n';

  for (const quire::StructValue& field : quire::unpack("<IHb4s", row)) std::cout << field << ' ';
  std::cout << '\n';
  // [/unpack]

  // [rows]
  const quire::Struct point("<hh");
  BytesIO track;
  for (int i = 0; i < 3; ++i) point.pack_into(track, i, i * i);
  for (const auto [x, y] : point.iter_unpack<int, int>(track.getvalue())) {
    std::cout << '(' << x << ", " << y << ") ";
  }
  std::cout << '\n';

  track.seek(4);
  const auto [x, y] = point.unpack<int, int>(track);  // reads one row off the stream
  std::cout << x << ' ' << y << ' ' << track.tell() << '\n';
  // [/rows]

  // [into]
  point.pack_into(track.getbuffer(), -4, 100, 200);  // the last row, in place
  const auto last = quire::unpack_from<int, int>("<hh", track.getvalue(), 8);
  std::cout << (last == std::tuple(100, 200)) << '\n';
  // [/into]

  // [errors]
  try {
    static_cast<void>(quire::unpack("<IHb4s", row.slice(0, 10)));
  } catch (const quire::StructError& error) {
    std::cout << error.what() << '\n';
  }
  try {
    static_cast<void>(quire::pack("<B", 256));
  } catch (const quire::StructError& error) {
    std::cout << error.what() << '\n';
  }
  // [/errors]
}
