// Text by C's stdio, into a stream and into open_memstream()'s buffer, from a stream and by fmemopen(); and
// bytes at hand for code that wants the name of a file, beside writing one.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/cfile.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"

namespace {

using namespace bench;

constexpr std::size_t kWidth = 100;

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
    const Moved moved(state);
    for (auto _ : state) {
      const std::size_t printed = print();
      if (size != 0 && printed != size) state.SkipWithError("another size");
      size = printed;
    }
    count_items(state, numbers());
  });
}

template <class Read>
void lines_row(std::string_view peer, Read read) {
  long_row("cfile/fgets, 100 B lines", peer, [=](benchmark::State& state) {
    const std::size_t size = text_size() / kWidth * kWidth;
    const quire::Bytes text(lines_text(size, kWidth));
    const Moved moved(state);
    for (auto _ : state) {
      if (read(text) != size) state.SkipWithError("not all lines were read");
    }
    count_items(state, size / kWidth);
    count_bytes(state, size);
  });
}

std::size_t bytes_of_lines(std::FILE* file) {
  std::size_t bytes = 0;
  char line[2 * kWidth];
  while (std::fgets(line, sizeof line, file) != nullptr) bytes += std::strlen(line);
  return bytes;
}

/// `use(stream, read)` gives `read` the name of a file that holds the bytes of the stream.
template <class Use>
void name_row(std::string_view peer, Use use) {
  long_row("cfile/64 MiB to code that wants a name", peer, [=](benchmark::State& state) {
    const quire::BytesIO stream(quire::Bytes(random_text(scaled(64 * kMiB))));
    std::vector<char> room(stream.size());
    const Moved moved(state);
    for (auto _ : state) {
      std::size_t count = 0;
      use(stream, [&](const std::string& path) {
        std::FILE* const file = std::fopen(path.c_str(), "rbe");
        count = std::fread(room.data(), 1, room.size(), file);
        std::fclose(file);
      });
      if (count != stream.size()) state.SkipWithError("not all was read");
    }
    count_bytes(state, stream.size());
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

  lines_row("quire", [](const quire::Bytes& text) {
    quire::CFile file{quire::BytesIO(text)};
    return bytes_of_lines(file);
  });
  lines_row("fmemopen", [](const quire::Bytes& text) {
    std::FILE* const file = ::fmemopen(const_cast<std::byte*>(text.data()), text.size(), "r");
    const std::size_t bytes = bytes_of_lines(file);
    std::fclose(file);
    return bytes;
  });

  name_row("quire", [](const quire::BytesIO& stream, auto read) { read(stream.as_path()); });
  name_row("a temporary file", [](const quire::BytesIO& stream, auto read) {
    const std::string path = "/tmp/quire-bench-name-" + std::to_string(::getpid());
    const quire::Bytes bytes = stream.getvalue();
    std::FILE* const file = std::fopen(path.c_str(), "wbe");
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    read(path);
    ::unlink(path.c_str());
  });
  return run(argc, argv);
}
