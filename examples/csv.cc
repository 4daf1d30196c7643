// CSV by a library that knows nothing of quire, fast-cpp-csv-parser: a table that was written to a
// StringIO, and a large file through a stream; the same file once more by lines.
//
//     csv [MIB]

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <libfccp/csv.h>
#include <unistd.h>

#include "quire/adapters/iostream.h"
#include "quire/quire.h"

using namespace quire;

namespace {

template <unsigned kColumns>
using Reader = io::CSVReader<kColumns, io::trim_chars<' '>, io::double_quote_escape<',', '"'>>;

std::string quoted(std::string_view field) {
  std::string result = "\"";
  for (const char c : field) result.append(c == '"' ? 2 : 1, c);
  return result + '"';
}

/// What the lines of the large file come to.
struct Total {
  std::size_t rows = 0;
  long cents = 0;
  std::size_t north = 0;

  bool operator==(const Total&) const = default;

  void add(std::string_view region, long amount) {
    ++rows;
    cents += amount;
    north += region == "north" ? 1 : 0;
  }
};

/// Does `count(file)` on the file, and says what came out and how long it took.
template <class Count>
Total timed(const char* what, const std::string& path, Count count) {
  FileIO file(path);
  const auto begin = std::chrono::steady_clock::now();
  const Total total = count(file);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << what << ": " << total.rows << " rows, " << total.cents << " cents, " << total.north
            << " from the north\n"
            << std::fixed << std::setprecision(0) << "  in " << took.count() * 1000 << " ms, "
            << static_cast<double>(std::filesystem::file_size(path)) / took.count() / 1e6
            << " MB/s\n";
  return total;
}

/// The library reads a std::istream, which here is the stream's own memory, or its buffer.
Total by_library(StreamHandle stream) {
  quire::istream in(std::move(stream));
  Reader<3> reader("sales.csv", in);
  reader.read_header(io::ignore_no_column, "id", "region", "cents");
  Total total;
  std::size_t id = 0;
  char* region = nullptr;
  long cents = 0;
  while (reader.read_row(id, region, cents)) total.add(region, cents);
  return total;
}

/// Lines as they lie in the buffer, cut in place.
Total by_lines(StreamHandle stream) {
  BufferedReader in(std::move(stream), 1 << 20);
  Total total;
  static_cast<void>(in.readline());
  for (const Bytes& line : in) {
    const std::size_t first = line.find(",");
    const std::size_t second = line.find(",", first + 1);
    const std::string_view text = line;
    total.add(text.substr(first + 1, second - first - 1),
              std::strtol(text.data() + second + 1, nullptr, 10));
  }
  return total;
}

}  // namespace

int main(int argc, char** argv) try {
  StringIO table;
  table.write("name,motto,born\n");
  for (const auto& [name, motto, born] :
       {std::tuple{"Grace Hopper", "\"One accurate measurement\", and so on", 1906},
        std::tuple{"Émilie du Châtelet", "judge me for my own merits", 1706}}) {
    table.write(quoted(name) + "," + quoted(motto) + "," + std::to_string(born) + "\n");
  }
  BytesIO stream = BytesIO::adopt(table.getvalue());  // a StringIO's text is UTF-8 already
  quire::istream in(stream);
  Reader<2> people("people.csv", in);
  people.read_header(io::ignore_extra_column, "born", "motto");
  std::string motto;
  for (int born = 0; people.read_row(born, motto);) std::cout << born << ": " << motto << '\n';

  const std::size_t size = (argc > 1 ? std::stoul(argv[1]) : 100) << 20;
  const std::string path = std::filesystem::temp_directory_path() /
                           ("quire-sales-" + std::to_string(::getpid()) + ".csv");
  BufferedWriter out(FileIO(path, "w"), 1 << 20);
  std::size_t written = out.write("id,region,cents\n");
  for (std::size_t id = 0; written < size; ++id) {
    constexpr std::string_view kRegions[] = {"north", "east", "south", "west"};
    written += out.write(std::to_string(id) + "," + std::string(kRegions[id * 7 % 4]) + "," +
                         std::to_string(id * 7919 % 100'000) + "\n");
  }
  out.close();

  const Total library =
      timed("by the library", path, [](FileIO& file) { return by_library(file); });
  const Total lines = timed("by lines", path, [](FileIO& file) { return by_lines(file); });
  std::filesystem::remove(path);
  if (library != lines) throw std::runtime_error("the two differ");
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
