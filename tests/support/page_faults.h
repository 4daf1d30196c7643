// Makes the system calls behind pages and temporary files fail on demand, counts them, and tells what
// they hold.
//
// Lifetime: a PageFaults refuses and counts calls while it lives; one at a time. Thread: refuses and counts
// the calls of the thread that made it; others may be dropping what they were given.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <ostream>

#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"

namespace quire::test {

/// Which calls are refused.
struct PageFault {
  enum class Repeat { Once, FromThenOn };

  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  /// Neither: of every kind, but for MapOverTorn, after which there is no going on if all else fails
  /// too, and Unmap, after which memory would be lost.
  std::optional<detail::pages::Call> call = {};
  std::optional<detail::temporary_file::Call> file_call = {};
  /// Calls of that kind that are let through before: `kNone` refuses none.
  std::size_t after = 0;
  Repeat repeat = Repeat::Once;
  int error = 0;
};

[[nodiscard]] const char* name_of(detail::pages::Call call);

std::ostream& operator<<(std::ostream& out, const PageFault& fault);

class PageFaults {
 public:
  explicit PageFaults(const PageFault& fault) noexcept;
  ~PageFaults();

  PageFaults(const PageFaults&) = delete;
  PageFaults& operator=(const PageFaults&) = delete;

  /// Calls that were refused, by the last one if none lives.
  [[nodiscard]] static std::size_t refused() noexcept;

  /// Calls of that kind that were let through.
  [[nodiscard]] static std::size_t let_through(detail::pages::Call call) noexcept;
};

/// What a process holds that must be given back. The cache of freed mappings is emptied first.
struct Holdings {
  std::size_t descriptors;   ///< open in the process
  std::size_t memory_files;  ///< of these, quire's
  std::size_t mapped_bytes;  ///< of quire's memory files, and without a name: not heap, stack, code
  std::size_t mappings;      ///< all of the process
  std::size_t own_mappings;  ///< of these, quire's, as far as the system knows names

  /// As of now.
  [[nodiscard]] static Holdings now();
};

/// What quire still allows itself, asked by taking all of it for a moment. The cache of freed mappings
/// is emptied first.
struct Allowance {
  std::size_t descriptors;
  std::size_t mappings;

  [[nodiscard]] static Allowance now();

  bool operator==(const Allowance&) const = default;
};

/// Bytes in memory for all of quire's memory files that have a descriptor.
[[nodiscard]] std::size_t bytes_in_memory_files();

}  // namespace quire::test
