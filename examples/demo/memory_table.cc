#include "demo/memory_table.h"

#include <chrono>
#include <cstdio>
#include <ostream>
#include <sstream>
#include <string>

#include "quire/memory_report.h"
#include "quire/quire.h"

namespace demo {

namespace {

using quire::Bytes;
using quire::BytesIO;

constexpr std::size_t kMebibyte = 1024 * 1024;
constexpr int kChunks = 50;

template <class Action>
MemoryCell measure(Action action) {
  const quire::MemoryReport report;
  const auto start = std::chrono::steady_clock::now();
  action();
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  return {static_cast<double>(report.additional_bytes()) / kMebibyte, elapsed.count()};
}

std::vector<MemoryCell> measure_quire() {
  const std::string chunk(kMebibyte, 'X');
  std::vector<MemoryCell> cells;
  BytesIO f;
  cells.push_back(measure([&] {
    for (int i = 0; i < kChunks; ++i) f.write(chunk);
  }));
  Bytes data;
  cells.push_back(measure([&] {
    f.seek(0);
    data = f.read();
  }));
  data = Bytes();
  {
    quire::MemoryView view;
    cells.push_back(measure([&] { view = f.getbuffer(); }));
    cells.push_back(measure([&] { data = Bytes(view); }));
    data = Bytes();
    cells.push_back(measure([&] { data = f.getvalue(); }));
  }
  data = Bytes();
  cells.push_back(measure([&] { data = f.getvalue(); }));
  cells.push_back(measure([&] {
    f.seek(0, quire::Whence::End);
    f.write("hello");
  }));
  cells.push_back(measure([&] { f.write_at(0, "J"); }));
  Bytes slice;
  cells.push_back(measure([&] { slice = data.slice(1024); }));
  return cells;
}

std::vector<MemoryCell> measure_std() {
  const std::string chunk(kMebibyte, 'X');
  std::vector<MemoryCell> cells;
  std::stringstream f;
  cells.push_back(measure([&] {
    for (int i = 0; i < kChunks; ++i) f.write(chunk.data(), kMebibyte);
  }));
  std::string data;
  cells.push_back(measure([&] {
    data.resize(kChunks * kMebibyte);
    f.read(data.data(), kChunks * kMebibyte);
  }));
  std::string().swap(data);
  std::string_view view;
  cells.push_back(measure([&] { view = f.view(); }));
  cells.push_back(measure([&] { data = std::string(view); }));
  std::string().swap(data);
  cells.push_back(measure([&] { data = f.str(); }));
  std::string().swap(data);
  cells.push_back(measure([&] { data = f.str(); }));
  cells.push_back(measure([&] {
    f.seekp(0, std::ios::end);
    f << "hello";
  }));
  cells.push_back(measure([&] {
    f.seekp(0);
    f << 'J';
  }));
  std::string slice;
  cells.push_back(measure([&] { slice = data.substr(1024); }));
  return cells;
}

}  // namespace

std::vector<MemoryRow> measure_memory() {
  // As seed 1 names them; std has view() for the third and str() for the value.
  static constexpr const char* kActions[] = {"create by 50 writes of 1 MiB",
                                             "read()",
                                             "getbuffer()",
                                             "bytes(view)",
                                             "getvalue() with that buffer around",
                                             "getvalue(), kept",
                                             "append 5 bytes after it",
                                             "overwrite 1 byte after it",
                                             "slice minus 1 KiB"};
  const std::vector<MemoryCell> quire_cells = measure_quire();
  const std::vector<MemoryCell> std_cells = measure_std();
  std::vector<MemoryRow> rows;
  for (std::size_t i = 0; i < std::size(kActions); ++i) {
    rows.push_back({kActions[i], quire_cells.at(i), std_cells.at(i)});
  }
  return rows;
}

void print_memory(const std::vector<MemoryRow>& rows) {
  std::printf("\nMemory that each step adds, and its time, with 50 MiB in the stream\n\n");
  std::printf("  %-36s %24s %24s\n", "", "quire", "std::stringstream");
  for (const MemoryRow& row : rows) {
    std::printf("  %-36s %8.0f MiB %8.2f ms %8.0f MiB %8.2f ms\n", row.action.c_str(),
                row.quire.mebibytes, row.quire.milliseconds, row.std.mebibytes,
                row.std.milliseconds);
  }
}

void write_memory(const std::vector<MemoryRow>& rows, std::ostream& out) {
  for (const MemoryRow& row : rows) {
    out << row.action << '\t' << row.quire.mebibytes << '\t' << row.quire.milliseconds << '\t'
        << row.std.mebibytes << '\t' << row.std.milliseconds << '\n';
  }
}

}  // namespace demo
