// One position for reading and writing: lines, overwriting, cutting, and why a second read is empty.

#include <iostream>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using namespace quire::literals;

int main() {
  BytesIO stream("Here is some bytes data to write to the stream"_b);
  std::cout << stream.read() << '\n';
  stream.seek(0);
  std::cout << stream.readline() << '\n';
  for (const Bytes& line : stream.readlines()) std::cout << line << '\n';
  std::cout << stream.read(10) << '\n';  // at the end: empty

  stream.write("new bytes");  // appends, for the position is at the end
  stream.seek(4);
  stream.write("over");
  std::cout << stream.getvalue() << '\n';
  stream.truncate(12);
  stream.seek(0);
  std::cout << stream.read() << '\n';

  stream = BytesIO("first\nsecond\nthird"_b);
  std::cout << stream.readline() << '\n';
  for (const Bytes& line : stream) std::cout << line << '\n';

  // Reading twice: the second time starts where the first one ended.
  BytesIO upload("a,b\n1,2\n"_b);
  std::cout << upload.read() << '\n';
  std::cout << upload.read() << '\n';
  upload.seek(0);
  std::cout << upload.read() << '\n';

  // Nor is there anything to read behind what was just written. getvalue() has no position.
  stream = BytesIO();
  stream.write("New bytes");
  std::cout << stream.read() << '\n';
  std::cout << stream.getvalue() << '\n';
}
