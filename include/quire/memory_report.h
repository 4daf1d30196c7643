// MemoryReport: what a scope allocated, at its most and in the end, and how many bytes it copied.
//
//   {
//     quire::MemoryReport report("Creating BytesIO");
//     ...
//   }
//
//   Creating BytesIO:
//     Allocated additional 50 MiB
//     Peak 50 MiB, copied 50 MiB (caller's buffer 50 MiB)
//
// It sees the whole process, whoever allocates: what malloc has given out, touched or not; memory
// mapped past malloc; the pages of memfds, and of files without a name in a tmpfs, mapped or not and
// each once. It leaves out the stacks of threads and untouched address space (MAP_NORESERVE). What malloc keeps for reuse is not
// "allocated", except with a malloc other than glibc's, where all that it has taken counts. What
// quire keeps for reuse is (release_cached_memory() gives it back), and has a line of its own.
//
// The peak is the resident memory's, kept by the kernel, and what any report alive at the same time
// has read. So these can be missing from it: memory never touched, and memfd pages never mapped, if
// they were given back inside the scope. Pages mapped twice count twice if both mappings are gone
// at the end.
//
// Under the address, memory and thread sanitizers mapped memory is not seen, and there is no peak
// of the kernel's: the sanitizer's own memory cannot be told from the program's. On other systems
// than Linux all that is known is the most resident memory so far, so that nothing is seen to be
// freed.
//
// Lifetime: a scope; reports nest and overlap as they like. Thread: one report belongs to one
// thread; different ones are independent, but all of them see what every thread does.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "quire/detail/export.h"
#include "quire/detail/process_memory.h"
#include "quire/ledger.h"

namespace quire {

class QUIRE_API MemoryReport {
 public:
  /// Measures without printing: ask for the numbers.
  /// Cost:   a reading is under 1 ms, and some 50 ms more a GiB of resident memory. Also gives back
  ///         to the system what malloc keeps for reuse, so that a peak inside the scope can be seen.
  /// Errors: std::bad_alloc, as all that takes a reading.
  MemoryReport();

  /// Prints to std::cout when the scope ends.
  explicit MemoryReport(std::string action);

  /// Prints to `out` when the scope ends.
  /// Lifetime: `out` must outlive the report.
  MemoryReport(std::string action, std::ostream& out QUIRE_LIFETIMEBOUND);

  MemoryReport(const MemoryReport&) = delete;
  MemoryReport& operator=(const MemoryReport&) = delete;

  /// Prints, unless silent. What printing throws is dropped.
  ~MemoryReport();

  /// Bytes held now that were not held at the start; negative when more was freed than allocated.
  [[nodiscard]] std::ptrdiff_t additional_bytes() const;

  /// How far the process has been above where it started, at its most.
  [[nodiscard]] std::size_t peak_bytes() const;

  /// Whether the kernel keeps the peak; if not, peak_bytes() is the most that any reading has
  /// found.
  [[nodiscard]] bool peak_is_kernels() const noexcept { return peak_is_kernels_; }

  /// What all threads have copied and shared since the start.
  [[nodiscard]] Ledger ledger() const noexcept { return process_ledger() - ledger_; }

  /// Prints the numbers as they are now, in MiB rounded as Python's round() does.
  void print(std::ostream& out) const;

 private:
  friend class MemoryReports;

  struct Use {
    std::ptrdiff_t additional;
    std::size_t peak;
  };

  MemoryReport(std::string action, std::ostream* out);

  /// Keeps what `now` says about the peak.
  void note_peak(const detail::ProcessMemory& now) noexcept;

  std::string action_;
  std::ostream* out_;
  bool peak_is_kernels_ = false;
  detail::ProcessMemory start_;
  Ledger ledger_;
  std::size_t peak_ = 0;          // guarded by MemoryReports' lock
  MemoryReport* next_ = nullptr;  // of all reports alive
};

}  // namespace quire
