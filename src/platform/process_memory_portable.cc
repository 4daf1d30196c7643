#if defined(__unix__) || defined(__APPLE__)
#  include <sys/resource.h>
#endif

#include "quire/detail/process_memory.h"

namespace quire::detail {

ProcessMemory read_process_memory() {
  ProcessMemory memory;
#if defined(__unix__) || defined(__APPLE__)
  struct rusage usage;
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto most = static_cast<std::size_t>(usage.ru_maxrss);
#  if defined(__APPLE__)
    memory.mapped = most;
#  else
    memory.mapped = most * 1024;
#  endif
  }
#endif
  return memory;
}

bool restart_resident_peak() noexcept {
  return false;
}

}  // namespace quire::detail
