// One small message's life, N times, for counting instructions: `small_life MODE N`.
//
//   quire        a stream is made, 100 bytes written, its value taken, both dropped
//   shared_ptr   make_shared<string> of the same 100 bytes, dropped
//   empty        the loop alone
//
// tools/small_life.py runs it under valgrind and subtracts the empty loop.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "quire/bytes_io.h"

namespace {

constexpr std::size_t kSize = 100;

/// Makes the compiler believe that `value` is used and changed.
template <class T>
void keep(T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

template <class Body>
void repeat(std::size_t count, Body body) {
  for (std::size_t i = 0; i < count; ++i) {
    keep(i);
    body();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view mode = argv[1];
  const std::size_t count = std::strtoull(argv[2], nullptr, 10);
  char content[kSize];
  std::memset(content, 'x', kSize);
  if (mode == "quire") {
    repeat(count, [&] {
      quire::BytesIO stream;
      stream.write(content);
      quire::Bytes value = stream.getvalue();
      keep(value);
    });
  } else if (mode == "shared_ptr") {
    repeat(count, [&] {
      auto value = std::make_shared<std::string>(content, kSize);
      keep(value);
    });
  } else if (mode == "empty") {
    repeat(count, [] {});
  } else {
    return 2;
  }
  return 0;
}
