// The program of docs/adapters/iostream.md.
#include "quire/adapters/iostream.h"

#include <array>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [write]
  BytesIO f;
  quire::ostream out(f);
  out << "pi is about " << std::setprecision(4) << 3.14159 << '\n' << std::hex << 255 << '\n';
  out.flush();  // now `f` has it all
  std::cout << f.getvalue() << '\n';
  // [/write]

  // [read]
  f.seek(0);
  quire::istream in(f);
  std::string line;
  std::getline(in, line);
  int number = 0;
  in >> std::hex >> number;
  std::cout << line << ": " << number << '\n';
  // [/read]

  // [both]
  quire::iostream both(SpooledIO(SpooledOptions{.max_size = 1 << 20}));  // owns the stream
  both << "three words here";
  both.seekg(6);
  std::string word;
  both >> word;
  both << ", longer";  // where reading has stopped
  both.seekg(0);
  std::cout << both.rdbuf() << '\n';
  // [/both]

  // [over]
  std::stringstream text("any stream of std,\nas a Stream\n");
  StdStream stream(text);
  for (const Bytes& each : stream) std::cout << each << '\n';
  // [/over]

  // [full]
  std::array<std::byte, 8> memory{};
  BytesIO small = BytesIO::over(memory);
  quire::ostream full(small);
  full.exceptions(std::ios_base::badbit);
  try {
    full << "more than eight";
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  // [/full]
}
