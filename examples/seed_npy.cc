// A table of doubles as a .npy file, version 1.0: ten bytes and a text that make up a multiple of
// 64, then the numbers. Written with pack, mapped back and used as numbers in place.

#include <cstdint>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <string>

#include <unistd.h>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using quire::FileIO;
using quire::MemoryView;

int main() {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }";
  header.append(63 - (10 + header.size()) % 64, ' ').append("\n");
  BytesIO stream;
  quire::pack_into("<6sBBH", stream, "\x93NUMPY", 1, 0, header.size());
  stream.write(header);
  for (int i = 0; i < 12; ++i) stream.write<double>(i / 2.0, std::endian::little);

  const std::string path =
      std::filesystem::temp_directory_path() / ("table." + std::to_string(getpid()) + ".npy");
  FileIO(path, "w").write(stream.getbuffer());
  const Bytes file = Bytes::map_file(path, quire::FileTrust::Stays);
  std::filesystem::remove(path);  // the mapped bytes stay

  const auto [magic, major, minor, size] =
      quire::unpack_from<Bytes, int, int, std::uint16_t>("<6sBBH", file);
  std::cout << magic << ' ' << major << ' ' << minor << ' ' << size << '\n';
  std::cout << file.slice(10, 10 + size).strip() << '\n';
  const MemoryView table = MemoryView(file).slice(10 + size).cast("d", {3, 4});
  const auto numbers = table.cast("B").cast<double>();
  std::cout << std::fixed << std::setprecision(1) << table.get<double>(2, 3) << ' '
            << std::accumulate(numbers.begin(), numbers.end(), 0.0) << '\n';
}
