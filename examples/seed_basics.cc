// BytesIO in five minutes: write, read, take the value, let a scope close it.

#include <iostream>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using namespace quire::literals;

int main() {
  BytesIO f;
  f.write("hello ");
  f.write("world");
  f.seek(0);
  if (f.read() != "hello world"_b) return 1;

  // Writing bytes to a buffer.
  BytesIO buffer;
  buffer.write("Hello, \xF0\x9F\x98\x8A");
  const Bytes data = buffer.getvalue();
  std::cout << data << '\n';
  std::cout << data.decode("utf-8") << '\n';
  buffer.close();

  // Reading bytes from a buffer.
  buffer = BytesIO("\x00\x01\x02hello"_b);
  const Bytes first_three = buffer.read(3);
  std::cout << first_three << '\n';
  const Bytes rest = buffer.read();
  std::cout << rest << '\n';
  buffer.close();

  // Python's `with BytesIO() as buf` is a scope: the destructor closes.
  {
    BytesIO buf;
    buf.write("Data inside context manager");
    buf.seek(0);
    std::cout << buf.read() << '\n';
  }

  // The copy-and-paste-ready snippet.
  buffer = BytesIO();
  buffer.write("Example binary data");
  const Bytes all_data = buffer.getvalue();
  std::cout << all_data << '\n';
  buffer = BytesIO("Initial bytes here"_b);
  std::cout << buffer.read() << '\n';
  {
    BytesIO buf;
    buf.write("Context-managed buffer");
    buf.seek(0);
    std::cout << buf.read() << '\n';
  }

  const BytesIO stream_str("JournalDev Python: \x00\x01"_b);
  std::cout << stream_str.getvalue() << '\n';
}
