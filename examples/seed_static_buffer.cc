// One buffer for the whole life of a small device: a stream over memory that it was given, emptied
// by clear() and never allocating.

#include <array>
#include <iostream>
#include <stdexcept>
#include <string_view>

#include "quire/quire.h"

using quire::BytesIO;

int main() {
  std::array<std::byte, 16> memory;
  BytesIO buffer = BytesIO::over(memory);

  for (const std::string_view reading : {"20.5 C", "1013.25 hPa"}) {
    buffer.clear();
    buffer.write(reading);
    std::cout << buffer.getvalue() << '\n';
  }
  try {
    buffer.write(", 40 % humidity");
  } catch (const std::length_error&) {
    std::cout << "full, still " << buffer.getvalue() << '\n';
  }
}
