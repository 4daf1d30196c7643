// The program of docs/adapters/cfile.md.
#include "quire/adapters/cfile.h"

#include <cstdio>
#include <iostream>
#include <stdexcept>

#include "quire/quire.h"

using namespace quire;

// [library]
// A library of another time: it knows names of files, and nothing else.
void convert(const char* from, const char* to) {
  std::FILE* const in = std::fopen(from, "r");
  std::FILE* const out = std::fopen(to, "w");
  for (int c = std::fgetc(in); c != EOF; c = std::fgetc(in)) std::fputc(c ^ 0x20, out);
  std::fclose(out);
  std::fclose(in);
}
// [/library]

int main() {
  // [over]
  BytesIO f;
  CFile file(f);
  std::fprintf(file, "answer %d\n", 42);
  std::rewind(file);
  int number = 0;
  if (std::fscanf(file, "answer %d", &number) == 1) std::cout << number << '\n';
  file.close();  // flushes, and tells what went wrong
  std::cout << f.getvalue() << '\n';
  // [/over]

  // [under]
  CFileIO stream(std::tmpfile());
  stream.write("one\ntwo\n");
  stream.seek(0);
  for (const Bytes& line : stream) std::cout << line << '\n';
  // [/under]

  // [names]
  BytesIO source("hELLO"_b);
  BytesIO target;
  WritablePath to = target.as_writable_path();
  convert(source.as_path().c_str(), to.c_str());
  to.close();  // `target` takes over what was written
  std::cout << target.getvalue() << '\n';
  // [/names]

  // [errors]
  BytesIO limited(StorageOptions{.size_limit = 10});
  CFile small(limited);
  std::fputs("more than ten bytes", small);
  std::cout << std::fflush(small) << '\n';  // C only has a number
  try {
    small.close();
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  // [/errors]
}
