// process_memory: what the whole process holds, whoever allocated it. One implementation a
// platform, in src/platform.
//
// Thread: any. What other threads allocate while a reading is taken may be in it or not.
#pragma once

#include <cstddef>

namespace quire::detail {

/// One reading, in bytes.
struct ProcessMemory {
  std::size_t heap = 0;    ///< malloc's: given out and not freed
  std::size_t mapped = 0;  ///< private memory mapped by others than malloc
  std::size_t shared = 0;  ///< pages of files in memory and of shared anonymous mappings, each once

  std::size_t resident = 0;        ///< pages in memory, of files too
  std::size_t resident_files = 0;  ///< the part of `resident` that is pages of files and memfds
  std::size_t resident_peak = 0;   ///< the most `resident` has been since restart_resident_peak()

  [[nodiscard]] std::size_t held() const noexcept { return heap + mapped + shared; }
};

/// Cost:   O(mappings + descriptors + resident pages).
/// Errors: std::bad_alloc. What the system does not tell is 0.
[[nodiscard]] ProcessMemory read_process_memory();

/// Lets `resident_peak` start again from `resident`, after giving back what malloc keeps for reuse.
/// False where the system does not let it: the peak is then that of the whole process.
bool restart_resident_peak() noexcept;

}  // namespace quire::detail
