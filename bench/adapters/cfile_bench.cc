// Text by C's stdio, into a stream and into open_memstream()'s buffer.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <stdio.h>

#include "bench.h"
#include "quire/adapters/cfile.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"

namespace {

using namespace bench;

std::size_t numbers() {
  return scaled(1'000'000);
}

void print_numbers(std::FILE* file) {
  for (std::size_t i = 0; i < numbers(); ++i) std::fprintf(file, "%zu\n", i);
}

template <class Print>
void print_row(std::string_view peer, Print print) {
  long_row("cfile/fprintf 1e6 ints, value", peer, [=](benchmark::State& state) {
    std::size_t size = 0;
    for (auto _ : state) {
      const std::size_t printed = print();
      if (size != 0 && printed != size) state.SkipWithError("another size");
      size = printed;
    }
    count_items(state, numbers());
  });
}

}  // namespace

int main(int argc, char** argv) {
  print_row("quire", [] {
    quire::BytesIO stream;
    quire::CFile file(stream);
    print_numbers(file);
    file.close();
    return stream.getvalue().size();
  });
  // What a C program does; its buffer is then the value, as good as taken over.
  print_row("open_memstream", [] {
    char* data = nullptr;
    std::size_t size = 0;
    std::FILE* const file = ::open_memstream(&data, &size);
    print_numbers(file);
    std::fclose(file);
    return quire::Bytes::adopt(data, size, [](void* memory) noexcept { std::free(memory); }).size();
  });
  return run(argc, argv);
}
