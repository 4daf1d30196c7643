// The tour that `./run demo` gives: real files through quire and through std::stringstream, and the
// seeds' 50 MiB table.
//
//   demo [--table FILE | --no-table] [FILE...]
//
// Exit code 1 when a file could not be used; the others are shown all the same.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "demo/allocation_count.h"
#include "demo/crc32.h"
#include "demo/file_structure.h"
#include "demo/loopback.h"
#include "demo/memory_table.h"
#include "quire/quire.h"

namespace {

using demo::FileStructure;
using quire::Bytes;
using quire::BytesIO;
using quire::MemoryView;

/// What one step cost.
struct Cost {
  std::size_t copied = 0;
  std::size_t allocated = 0;
  double microseconds = 0;
};

/// Steps of one way of doing the job, in order.
struct Step {
  const char* name;
  Cost quire;
  Cost std;
};

/// std tells nobody what it copies, so its steps say it themselves: at least this much.
std::size_t std_copied = 0;

template <class Action>
Cost cost_of(Action action) {
  const quire::Ledger ledger = quire::thread_ledger();
  const std::size_t copied = std_copied;
  const std::size_t allocated = demo::allocated_bytes();
  const auto start = std::chrono::steady_clock::now();
  action();
  const std::chrono::duration<double, std::micro> elapsed =
      std::chrono::steady_clock::now() - start;
  return {(quire::thread_ledger() - ledger).copied_total() + std_copied - copied,
          demo::allocated_bytes() - allocated, elapsed.count()};
}

std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

void print_structure(const std::string& path, const FileStructure& file, std::size_t size) {
  std::printf("\n%s: %s, %s bytes\n", path.c_str(), file.kind.c_str(), grouped(size).c_str());
  constexpr std::size_t kMost = 12;
  for (std::size_t i = 0; i < std::min(file.parts.size(), kMost); ++i) {
    const demo::Part& part = file.parts[i];
    std::printf("  %10s  %10s  %-20s  %s\n", grouped(part.offset).c_str(),
                grouped(part.size).c_str(), part.name.c_str(), part.note.c_str());
  }
  if (file.parts.size() > kMost) std::printf("  ... and %zu more\n", file.parts.size() - kMost);
}

void print_steps(const std::vector<Step>& steps) {
  std::printf("\n  %-28s %34s   %34s\n", "", "---------- quire ----------",
              "------ std::stringstream ------");
  std::printf("  %-28s %11s %11s %9s   %11s %11s %9s\n", "step", "copied", "allocated", "time",
              "copied", "allocated", "time");
  Cost quire_sum;
  Cost std_sum;
  const auto print = [](const char* name, const Cost& a, const Cost& b) {
    std::printf("  %-28s %11s %11s %6.0f us   %11s %11s %6.0f us\n", name,
                grouped(a.copied).c_str(), grouped(a.allocated).c_str(), a.microseconds,
                grouped(b.copied).c_str(), grouped(b.allocated).c_str(), b.microseconds);
  };
  const auto add = [](Cost& sum, const Cost& cost) {
    sum.copied += cost.copied;
    sum.allocated += cost.allocated;
    sum.microseconds += cost.microseconds;
  };
  for (const Step& step : steps) {
    print(step.name, step.quire, step.std);
    add(quire_sum, step.quire);
    add(std_sum, step.std);
  }
  print("together", quire_sum, std_sum);
}

void expect(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string("went wrong: ") + what);
}

/// The job: load, walk, snapshot, rewrite one part, snapshot, send, check.
void show_file(const std::string& path) {
  FileStructure structure;
  std::vector<Step> steps(6);
  std::size_t next = 0;
  const auto step = [&](const char* name, Cost Step::*side, auto action) {
    steps[next].name = name;
    steps[next++].*side = cost_of(action);
  };

  // quire: snapshots share the stream's memory, views and slices copy nothing.
  BytesIO stream;
  Bytes before;
  Bytes after;
  step("load", &Step::quire, [&] { stream = BytesIO(Bytes::map_file(path)); });
  step("walk", &Step::quire, [&] { structure = demo::walk(MemoryView(stream.getvalue())); });
  step("snapshot", &Step::quire, [&] { before = stream.getvalue(); });
  step("rewrite one part", &Step::quire, [&] {
    if (!structure.edit) return;
    if (structure.edit->ends_file) stream.truncate(structure.edit->offset);
    stream.write_at(structure.edit->offset, structure.edit->bytes);
  });
  step("snapshot again", &Step::quire, [&] { after = stream.getvalue(); });
  step("send and check", &Step::quire, [&] {
    expect(demo::send_over_loopback(MemoryView(after)) == demo::crc32(after), "checksum");
  });
  const std::uint32_t unchanged = demo::crc32(before);

  // std, as well as it can: view() where no copy is needed, str() where a snapshot is.
  std::stringstream std_stream;
  std::string std_before;
  std::string std_after;
  next = 0;
  step("load", &Step::std, [&] {
    std_stream << std::ifstream(path, std::ios::binary).rdbuf();
    std_copied += before.size();
  });
  step("walk", &Step::std, [&] {
    const std::string_view view = std_stream.view();
    (void)demo::walk(MemoryView(std::span(view.data(), view.size())));
  });
  step("snapshot", &Step::std, [&] {
    std_before = std_stream.str();
    std_copied += std_before.size();
  });
  step("rewrite one part", &Step::std, [&] {
    if (!structure.edit) return;
    const demo::Edit& edit = *structure.edit;
    if (edit.ends_file) {
      // A stringstream cannot be cut: it is made again from what stays.
      std_stream.str(std_before.substr(0, edit.offset));
      std_copied += 2 * edit.offset;
    }
    std_stream.seekp(static_cast<std::streamoff>(edit.offset));
    const std::string_view bytes = quire::ByteSpan(edit.bytes).as_chars();
    std_stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std_copied += bytes.size();
  });
  step("snapshot again", &Step::std, [&] {
    std_after = std_stream.str();
    std_copied += std_after.size();
  });
  step("send and check", &Step::std, [&] {
    expect(
        demo::send_over_loopback(MemoryView(std_after)) == demo::crc32(quire::ByteSpan(std_after)),
        "checksum");
  });

  expect(after == std_after, "both ways give the same file");
  expect(demo::crc32(before) == unchanged && before == std_before, "the snapshot stayed");
  print_structure(path, structure, before.size());
  if (structure.edit) std::printf("  rewritten: %s\n", structure.edit->what.c_str());
  print_steps(steps);
}

/// Whether all went well.
bool show_files(const std::vector<std::string>& paths) {
  bool well = true;
  for (const std::string& path : paths) {
    try {
      show_file(path);
    } catch (const std::exception& error) {
      std::fflush(stdout);
      std::fprintf(stderr, "\n%s: %s\n", path.c_str(), error.what());
      well = false;
    }
  }
  return well;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  std::string table;
  bool with_table = true;
  if (!paths.empty() && paths[0] == "--no-table") {
    with_table = false;
    paths.erase(paths.begin());
  } else if (paths.size() >= 2 && paths[0] == "--table") {
    table = paths[1];
    paths.erase(paths.begin(), paths.begin() + 2);
  }
  if (paths.empty()) {
    const std::string data = QUIRE_SOURCE_DIR "/examples/data/";
    paths = {data + "grace_hopper.jpg", data + "grace_hopper.png", data + "archive.zip"};
  }
  const bool well = show_files(paths);
  if (!with_table) return well ? 0 : 1;
  const std::vector<demo::MemoryRow> rows = demo::measure_memory();
  if (table.empty()) {
    demo::print_memory(rows);
  } else {
    std::ofstream file(table);
    demo::write_memory(rows, file);
    if (!file.flush()) {
      std::fprintf(stderr, "%s: cannot be written\n", table.c_str());
      return 1;
    }
  }
  return well ? 0 : 1;
}
