// Views: part of somebody's memory without a copy, to search, to fill, to see as numbers.

#include <array>
#include <cstdint>
#include <iostream>

#include "quire/quire.h"

using quire::Bytes;
using quire::FileIO;
using quire::MemoryView;
using quire::MutableMemoryView;
using namespace quire::literals;

int main() {
  // What Bytes can find a view can find too.
  const Bytes data = "abcd"_b;
  std::cout << data.find("c") << '\n';
  const MemoryView data_view(data);
  std::cout << data_view.find("c") << '\n';

  // A slice of a view is a view.
  const Bytes s = "abcdefgh"_b;
  const MemoryView view(s);
  std::cout << std::to_integer<int>(view[1]) << '\n';
  const MemoryView limited = view.slice(1, 3);
  std::cout << Bytes(limited) << '\n';

  // Reading into memory that is there already, and into the middle of it.
  quire::ByteArray ba(8);
  std::cout << ba << '\n';
  std::cout << FileIO("/dev/urandom").readinto(ba) << '\n';
  ba = quire::ByteArray(8);
  const MutableMemoryView ba_at_4 = MutableMemoryView(ba).slice(4);
  std::cout << FileIO("/dev/urandom").readinto(ba_at_4) << '\n';
  std::cout << Bytes(ba.slice(0, 4)) << '\n';

  // An array seen through a view.
  std::array<int, 3> samples = {1, 2, 3};
  const MutableMemoryView numbers(samples);
  numbers.set(1, -2);
  std::cout << '[' << samples[0] << ", " << samples[1] << ", " << samples[2] << "] "
            << numbers.nbytes() << " bytes\n";

  // A C struct packed into the middle of an array, and read from there.
  quire::ByteArray record(12);
  quire::pack_into("<HI", MutableMemoryView(record).slice(2), 0, 7, 0xCAFE);
  std::cout << record << '\n';
  const auto [id, tag] = quire::unpack_from<std::uint16_t, std::uint32_t>("<HI", record, 2);
  std::cout << '(' << id << ", " << tag << ")\n";
}
