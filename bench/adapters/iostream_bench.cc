// Text by std's operators, through quire's streambuf and through std's own.

#include <cstddef>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/iostream.h"
#include "quire/bytes_io.h"
#include "quire/file_io.h"

namespace {

using namespace bench;

constexpr std::size_t kWidth = 100;

std::size_t numbers() {
  return scaled(1'000'000);
}

void print_numbers(std::ostream& out) {
  for (std::size_t i = 0; i < numbers(); ++i) out << static_cast<int>(i) << '\n';
}

std::size_t numbers_size() {
  std::ostringstream out;
  print_numbers(out);
  return out.str().size();
}

/// `print()` prints the numbers to a new stream and returns the size of its value.
template <class Print>
void print_row(std::string_view peer, Print print) {
  long_row("iostream/<< 1e6 ints, value", peer, [=](benchmark::State& state) {
    const std::size_t size = numbers_size();
    const Moved moved(state);
    for (auto _ : state) {
      if (print() != size) state.SkipWithError("not all was printed");
    }
    count_items(state, numbers());
  });
}

template <class Sum>
void parse_row(std::string_view peer, Sum sum) {
  long_row("iostream/>> 1e6 ints", peer, [=](benchmark::State& state) {
    std::ostringstream out;
    print_numbers(out);
    const quire::Bytes text(out.str());
    const std::string same = out.str();
    const Moved moved(state);
    for (auto _ : state) {
      if (sum(text, same) != numbers() * (numbers() - 1) / 2) state.SkipWithError("another sum");
    }
    count_items(state, numbers());
  });
}

std::size_t sum_of(std::istream& in) {
  std::size_t sum = 0;
  for (std::size_t number = 0; in >> number;) sum += number;
  return sum;
}

std::size_t bytes_of_lines(std::istream& in) {
  std::size_t bytes = 0;
  for (std::string line; std::getline(in, line);) bytes += line.size() + 1;
  return bytes;
}

template <class Walk>
void lines_row(const std::string& workload, std::string_view peer, Walk walk) {
  long_row("iostream/" + workload, peer, [=](benchmark::State& state) {
    const std::string text = lines_text(text_size() / kWidth * kWidth, kWidth);
    const quire::Bytes shared(text);
    const Moved moved(state);
    for (auto _ : state) {
      if (walk(shared, text) != text.size()) state.SkipWithError("not all lines were read");
    }
    count_items(state, text.size() / kWidth);
    count_bytes(state, text.size());
  });
}

/// A file of lines, removed at the end.
class TextFile {
 public:
  TextFile() : path_("/tmp/quire-bench-lines-" + std::to_string(::getpid())) {
    std::ofstream(path_) << lines_text(text_size() / kWidth * kWidth, kWidth);
  }

  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  ~TextFile() { ::unlink(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

int main(int argc, char** argv) {
  print_row("quire", [] {
    quire::BytesIO stream;
    quire::ostream out(stream);
    print_numbers(out);
    out.flush();
    return stream.getvalue().size();
  });
  print_row("std::stringstream", [] {
    std::ostringstream out;
    print_numbers(out);
    return out.str().size();
  });

  parse_row("quire", [](const quire::Bytes& text, const std::string&) {
    quire::istream in(quire::BytesIO{text});
    return sum_of(in);
  });
  parse_row("std::stringstream", [](const quire::Bytes&, const std::string& text) {
    std::istringstream in(text);
    return sum_of(in);
  });

  const std::string lines = "getline, 100 B lines of bytes at hand";
  lines_row(lines, "quire", [](const quire::Bytes& text, const std::string&) {
    quire::istream in(quire::BytesIO{text});
    return bytes_of_lines(in);
  });
  lines_row(lines, "std::stringstream", [](const quire::Bytes&, const std::string& text) {
    std::istringstream in(text);
    return bytes_of_lines(in);
  });

  const TextFile file;
  const std::string file_lines = "getline, 100 B lines of a file";
  lines_row(file_lines, "quire", [&](const quire::Bytes&, const std::string&) {
    quire::istream in(quire::FileIO(file.path(), "r"));
    return bytes_of_lines(in);
  });
  lines_row(file_lines, "std::ifstream", [&](const quire::Bytes&, const std::string&) {
    std::ifstream in(file.path());
    return bytes_of_lines(in);
  });
  return run(argc, argv);
}
