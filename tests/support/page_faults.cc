#include "support/page_faults.h"

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "quire/cached_memory.h"

namespace quire::test {

namespace {

using detail::pages::Call;

constinit PageFault active;
constinit thread_local bool armed = false;  // other threads may be dropping what they were given
constinit std::atomic<std::size_t> asked = 0;
constinit std::atomic<std::size_t> refusals = 0;
constinit std::array<std::atomic<std::size_t>, detail::pages::kCalls> granted{};

bool any_is_meant() noexcept {
  return !active.call && !active.file_call;
}

int refuse_if(bool meant) noexcept {
  if (!meant) return 0;
  const std::size_t at = asked++;
  if (at < active.after) return 0;
  if (active.repeat == PageFault::Repeat::Once && at != active.after) return 0;
  ++refusals;
  return active.error;
}

int refuse(Call call) noexcept {
  if (!armed) return 0;
  const bool any = call != Call::MapOverTorn && call != Call::Unmap;
  const int error = refuse_if(any_is_meant() ? any : active.call == call);
  if (error == 0) ++granted[static_cast<std::size_t>(call)];
  return error;
}

int refuse_file(detail::temporary_file::Call call) noexcept {
  if (!armed) return 0;
  return refuse_if(any_is_meant() || active.file_call == call);
}

bool is_memory_file(const std::string& target) {
  return target.find("/memfd:quire") != std::string::npos;
}

/// The descriptors of quire's memory files.
std::vector<int> find_memory_files(std::size_t* all) {
  std::vector<int> found;
  *all = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++*all;
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (!gone && is_memory_file(target)) found.push_back(std::stoi(entry.path().filename()));
  }
  return found;
}

}  // namespace

const char* name_of(Call call) {
  switch (call) {
    case Call::MemoryFile:
      return "MemoryFile";
    case Call::Seal:
      return "Seal";
    case Call::Append:
      return "Append";
    case Call::ReadBack:
      return "ReadBack";
    case Call::GiveBack:
      return "GiveBack";
    case Call::Collapse:
      return "Collapse";
    case Call::Map:
      return "Map";
    case Call::Unmap:
      return "Unmap";
    case Call::MapOver:
      return "MapOver";
    case Call::MapOverTorn:
      return "MapOverTorn";
    case Call::Resize:
      return "Resize";
    case Call::Protect:
      return "Protect";
    case Call::Advise:
      return "Advise";
    case Call::ReadPagemap:
      return "ReadPagemap";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, const PageFault& fault) {
  return out << (fault.call ? name_of(*fault.call) : "any call") << " refused with "
             << std::strerror(fault.error) << " after " << fault.after
             << (fault.repeat == PageFault::Repeat::Once ? ", once" : ", from then on");
}

PageFaults::PageFaults(const PageFault& fault) noexcept {
  active = fault;
  armed = true;
  asked = refusals = 0;
  for (std::atomic<std::size_t>& count : granted) count = 0;
  detail::pages::set_fault_hook(refuse);
  detail::temporary_file::set_fault_hook(refuse_file);
}

PageFaults::~PageFaults() {
  armed = false;
  detail::pages::set_fault_hook(nullptr);
  detail::temporary_file::set_fault_hook(nullptr);
}

std::size_t PageFaults::refused() noexcept {
  return refusals;
}

std::size_t PageFaults::let_through(Call call) noexcept {
  return granted[static_cast<std::size_t>(call)];
}

Holdings Holdings::now() {
  release_cached_memory();
  Holdings held{};
  held.memory_files = find_memory_files(&held.descriptors).size();
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line); ++held.mappings) {
    std::istringstream fields(line);
    std::size_t begin = 0;
    std::size_t end = 0;
    char dash = 0;
    std::string access;
    std::string offset;
    std::string device;
    std::string inode;
    std::string path;
    fields >> std::hex >> begin >> dash >> end >> access >> offset >> device >> inode >> path;
    const bool named = is_memory_file(path) || path.starts_with("[anon:quire");
    if (named || path.empty()) held.mapped_bytes += end - begin;
    // Temporary files have no name left.
    if (named || line.ends_with(" (deleted)")) ++held.own_mappings;
  }
  return held;
}

Allowance Allowance::now() {
  release_cached_memory();
  Allowance left{};
  std::vector<int> files;
  for (int file = -1; detail::pages::create_file(&file) == 0;) files.push_back(file);
  for (const int file : files) detail::pages::close_file(file);
  left.descriptors = files.size();
  for (std::size_t step = std::size_t{1} << 30; step != 0; step /= 2) {
    if (detail::pages::take_mappings(step)) left.mappings += step;
  }
  detail::pages::give_mappings(left.mappings);
  return left;
}

std::size_t bytes_in_memory_files() {
  std::size_t all = 0;
  std::size_t bytes = 0;
  for (const int file : find_memory_files(&all)) {
    struct stat status {};
    if (::fstat(file, &status) == 0) bytes += static_cast<std::size_t>(status.st_blocks) * 512;
  }
  return bytes;
}

}  // namespace quire::test
