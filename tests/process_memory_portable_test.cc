// MemoryReport on a system of which only the most resident memory is known: built from that
// platform's sources, which take the place of the library's own.
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "quire/memory_report.h"

namespace quire {
namespace {

TEST(ProcessMemoryPortable, SeesMemoryThatIsTouchedAndNeverThatItIsFreed) {
  constexpr std::size_t size = 200 << 20;
  const MemoryReport report;
  {
    std::vector<char> memory(size);
    auto* const bytes = static_cast<volatile char*>(memory.data());
    for (std::size_t at = 0; at < size; at += 4096) bytes[at] = 'x';
  }
  EXPECT_FALSE(report.peak_is_kernels());
  EXPECT_GE(report.additional_bytes(), static_cast<std::ptrdiff_t>(size * 9 / 10));
  EXPECT_EQ(report.peak_bytes(), static_cast<std::size_t>(report.additional_bytes()));
  std::ostringstream out;
  report.print(out);
  EXPECT_NE(out.str().find("Peak at least 2"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace quire
