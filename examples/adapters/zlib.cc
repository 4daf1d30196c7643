// The program of docs/adapters/zlib.md.
#include "quire/adapters/zlib.h"

#include <iostream>
#include <stdexcept>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [write]
  BytesIO file;  // or FileIO("log.gz", "w")
  GzipWriter out(file);
  for (int i = 0; i < 1000; ++i) out.write("a line of a log\n");
  out.close();  // writes the end, and says what went wrong
  std::cout << (file.size() < 200 ? "small\n" : "large\n");
  // [/write]

  // [read]
  file.seek(0);
  GzipReader in(file);
  BufferedReader lines(in);
  std::cout << lines.readline() << ' ' << lines.readlines().size() << " more\n";

  in.seek(-4, Whence::End);
  std::cout << in.read() << '\n';
  // [/read]

  // [limit]
  file.seek(0);
  GzipReader suspicious(file, {.limit = 10'000});
  BytesIO target;
  try {
    copyfileobj(suspicious, target);
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  // [/limit]

  // [damage]
  Bytes cut = file.getvalue().slice(0, 20);
  Bytes other = "not compressed at all"_b;
  for (const Bytes& bytes : {cut, other}) {
    try {
      GzipReader reader{BytesIO(bytes)};
      while (!reader.read(100).empty()) {
      }
    } catch (const DataError& error) {  // TruncatedError, the first time
      std::cout << error.what() << '\n';
    }
  }
  // [/damage]
}
