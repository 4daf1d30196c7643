// The programs of docs/guide/views.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <vector>

#include "quire/quire.h"

using namespace quire::literals;
using quire::ByteArray;
using quire::Bytes;
using quire::BytesIO;
using quire::MemoryView;
using quire::MutableMemoryView;

int main() {
  // [buffer]
  BytesIO f("Hello, world!"_b);
  MutableMemoryView view = f.getbuffer();
  view[0] = std::byte{'J'};
  view.slice(7, 12).assign("quire");
  std::cout << f.read() << '\n';
  // [/buffer]

  // [pin]
  f.write_at(0, "C");  // in place: no resize, so a view may live
  try {
    f.write("more");
  } catch (const quire::BufferError& error) {
    std::cout << error.what() << '\n';
  }
  view.release();  // or the end of its scope
  f.write("more");
  std::cout << f.getvalue() << '\n';
  // [/pin]

  // [slices]
  const std::array<unsigned char, 10> numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const MemoryView whole(numbers);  // borrows: the array must outlive the view
  std::cout << whole.slice(3, 7).hex(" ") << '\n';
  std::cout << whole.slice(1, 8, 2).hex(" ") << '\n';
  std::cout << whole.slice(std::nullopt, std::nullopt, -1).hex(" ") << '\n';
  // [/slices]

  // [search]
  const Bytes request = "Host: example.org\r\nAccept: */*\r\n"_b;
  const MemoryView headers(request);  // frozen: keeps the memory, may cross threads
  for (const MemoryView& line : headers.splitlines()) {
    const auto [name, separator, value] = line.partition(": ");
    std::cout << name.decode() << " = " << value.decode() << '\n';
  }
  std::cout << headers.find("Accept") << ' ' << headers.startswith("Host") << '\n';
  // [/search]

  // [typed]
  std::vector<std::int32_t> samples = {1, -2, 3, -4};
  BytesIO out;
  out.write(MemoryView(samples));  // their bytes
  for (std::int32_t& sample : out.getbuffer().cast<std::int32_t>()) sample *= 100;
  const MemoryView stored(out.getvalue());
  std::cout << stored.cast<std::int32_t>()[-1] << ' ' << stored.cast("i").get<int>(0) << '\n';
  // [/typed]

  // [shape]
  ByteArray pixels(12);
  MutableMemoryView image = MutableMemoryView(pixels).cast("B", {3, 4});  // 3 rows of 4
  image.set({1, 2}, 255);
  image.slice(2, 3).fill(7);  // a slice of the first dimension: the last row
  std::cout << image.ndim() << ' ' << image.shape()[0] << 'x' << image.shape()[1] << ' '
            << int{image.get<std::uint8_t>(1, -2)} << '\n';
  std::cout << pixels.hex(" ", 4) << '\n';
  // [/shape]

  // [formats]
  MutableMemoryView shorts = MutableMemoryView(pixels).cast("H");
  shorts.set(0, 65535);
  try {
    shorts.set(0, 65536);
  } catch (const std::invalid_argument& error) {
    std::cout << error.what() << '\n';
  }
  std::cout << shorts.format() << ' ' << shorts.itemsize() << ' ' << shorts.size() << '\n';
  // [/formats]
}
