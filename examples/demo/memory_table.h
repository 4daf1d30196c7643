// The seeds' table: what each way to get 50 MiB out of a stream costs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace demo {

struct MemoryCell {
  double mebibytes;
  double milliseconds;
};

struct MemoryRow {
  std::string action;
  MemoryCell quire;
  MemoryCell std;
};

std::vector<MemoryRow> measure_memory();

void print_memory(const std::vector<MemoryRow>& rows);

/// One row a line, columns by tabs: action, quire MiB, quire ms, std MiB, std ms.
void write_memory(const std::vector<MemoryRow>& rows, std::ostream& out);

}  // namespace demo
