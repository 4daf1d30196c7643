#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "quire/detail/process_memory.h"

// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming): the sanitizers' name
extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();

namespace quire::detail {

namespace {

// glibc's secondary arenas start at multiples of this.
constexpr std::size_t kArenaAlignment = std::size_t{64} << 20;

// What is inaccessible and larger is address space that somebody reserves.
constexpr std::size_t kLargestGuard = std::size_t{64} << 10;

bool sanitized() noexcept {
  return __sanitizer_get_current_allocated_bytes != nullptr;
}

class Descriptor {
 public:
  Descriptor(const char* path, int flags) noexcept : fd_(::open(path, flags | O_CLOEXEC)) {}

  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// The lines of a file of /proc, without an allocation. Of a line that is too long the start is
/// kept.
class Lines {
 public:
  explicit Lines(const char* path) noexcept : file_(path, O_RDONLY) {}

  /// Lifetime: of the line, until the next call.
  bool next(std::string_view& line) noexcept {
    for (;;) {
      const std::size_t length = end_ - begin_;
      const char* const start = buffer_.data() + begin_;
      if (const void* const found = std::memchr(start, '\n', length); found != nullptr) {
        line = {start, static_cast<std::size_t>(static_cast<const char*>(found) - start)};
        begin_ += line.size() + 1;
        return true;
      }
      std::memmove(buffer_.data(), start, length);
      begin_ = 0;
      end_ = length == buffer_.size() ? buffer_.size() / 2 : length;
      ssize_t got;
      do {
        got = ::read(file_.get(), buffer_.data() + end_, buffer_.size() - end_);
      } while (got < 0 && errno == EINTR);
      if (got <= 0) return false;
      end_ += static_cast<std::size_t>(got);
    }
  }

 private:
  Descriptor file_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<char, 8192> buffer_;
};

/// Takes a number and the character behind it off the front of `text`.
std::uint64_t take_number(std::string_view& text, int base) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const auto length = static_cast<std::size_t>(end - text.data());
  text.remove_prefix(std::min(length + 1, text.size()));
  return number;
}

/// The bytes in a line like `Name:     123 kB`, if it has that name.
bool read_field(std::string_view line, std::string_view name, std::size_t& bytes) noexcept {
  if (!line.starts_with(name)) return false;
  line.remove_prefix(std::min(line.find_first_not_of(" \t", name.size()), line.size()));
  bytes = static_cast<std::size_t>(take_number(line, 10)) * 1024;
  return true;
}

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): the 0 is in what the compiler writes
  friend auto operator<=>(const FileId&, const FileId&) = default;
};

/// One mapping, as /proc/self/smaps tells it.
struct Mapping {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  std::uint64_t offset = 0;
  FileId file;
  bool inaccessible = false;
  bool heap = false;         // what brk() made
  bool stack = false;        // of the main thread
  bool memory_file = false;  // a memfd or a shared anonymous mapping
  bool accounted = false;    // the kernel has promised all of it
  bool no_reserve = false;
  bool by_page = false;     // counts by what is touched
  std::size_t touched = 0;  // pages that belong to this mapping alone

  [[nodiscard]] std::size_t size() const noexcept { return end - start; }
};

/// A mapping's first line: `start-end perms offset major:minor inode   name`.
Mapping parse_mapping(std::string_view line) noexcept {
  Mapping mapping;
  mapping.start = static_cast<std::uintptr_t>(take_number(line, 16));
  mapping.end = static_cast<std::uintptr_t>(take_number(line, 16));
  mapping.inaccessible = line.starts_with("---");
  line.remove_prefix(std::min<std::size_t>(5, line.size()));
  mapping.offset = take_number(line, 16);
  const auto major = static_cast<unsigned>(take_number(line, 16));
  const auto minor = static_cast<unsigned>(take_number(line, 16));
  mapping.file = {makedev(major, minor), static_cast<ino_t>(take_number(line, 10))};
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  mapping.heap = line == "[heap]";
  mapping.stack = line == "[stack]";
  mapping.memory_file = line.starts_with("/memfd:") || line.starts_with("/dev/zero (deleted)");
  return mapping;
}

bool starts_mapping(std::string_view line) noexcept {
  // The fields' names start with a capital letter, addresses are written in small ones.
  return !line.empty() && (line[0] < 'A' || line[0] > 'Z');
}

void parse_field(std::string_view line, Mapping& mapping) noexcept {
  std::size_t bytes = 0;
  if (read_field(line, "Anonymous:", bytes) || read_field(line, "Swap:", bytes)) {
    mapping.touched += bytes;
  } else if (line.starts_with("VmFlags:")) {
    mapping.accounted = line.find(" ac") != std::string_view::npos;
    mapping.no_reserve = line.find(" nr") != std::string_view::npos;
    // Newer kernels mark stacks of threads so.
    mapping.by_page = mapping.no_reserve || line.find(" nh") != std::string_view::npos;
  }
}

std::size_t default_stack_size() noexcept {
  pthread_attr_t attributes;
  std::size_t size = 0;
  if (pthread_getattr_default_np(&attributes) == 0) {
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
  }
  return size;
}

/// Adds up private memory, and collects the mappings of memfds.
class Mappings {
 public:
  explicit Mappings(bool malloc_is_known) noexcept : malloc_is_known_(malloc_is_known) {}

  void read() {
    // Without the details the kernel need not look at each page of a sanitizer's shadow.
    Lines lines(sanitized() ? "/proc/self/maps" : "/proc/self/smaps");
    Mapping mapping;
    for (std::string_view line; lines.next(line);) {
      if (!starts_mapping(line)) {
        parse_field(line, mapping);
        continue;
      }
      add(mapping);
      mapping = parse_mapping(line);
    }
    add(mapping);
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::vector<Mapping>& memory_files() noexcept { return memory_files_; }

 private:
  void add(const Mapping& mapping) {
    const bool behind_guard = guard_end_ == mapping.start && mapping.start != 0;
    guard_end_ = mapping.inaccessible && mapping.size() <= kLargestGuard ? mapping.end : 0;
    if (mapping.memory_file) memory_files_.push_back(mapping);
    bytes_ += private_bytes(mapping, behind_guard);
  }

  [[nodiscard]] std::size_t private_bytes(const Mapping& mapping,
                                          bool behind_guard) const noexcept {
    if (mapping.stack || (malloc_is_known_ && is_arena(mapping))) return 0;
    if (mapping.file.inode != 0 || !mapping.accounted || mapping.by_page) return mapping.touched;
    // What was mapped above a stack may have become one mapping with it.
    return mapping.size() - (behind_guard ? std::min(mapping.size(), stack_size_) : 0);
  }

  static bool is_arena(const Mapping& mapping) noexcept {
    return mapping.heap ||
           (mapping.file.inode == 0 && mapping.no_reserve && mapping.start % kArenaAlignment == 0);
  }

  const bool malloc_is_known_;
  std::size_t bytes_ = 0;
  std::uintptr_t guard_end_ = 0;
  std::size_t stack_size_ = default_stack_size();
  std::vector<Mapping> memory_files_;
};

/// Calls `visit` for each descriptor that this process has open on a memfd.
template <class Visit>
void for_each_memfd(Visit visit) {
  const Descriptor folder("/proc/self/fd", O_RDONLY | O_DIRECTORY);
  alignas(dirent64) std::array<char, 4096> entries;
  for (;;) {
    const ssize_t got = ::getdents64(folder.get(), entries.data(), entries.size());
    if (got <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* const entry = reinterpret_cast<const dirent64*>(entries.data() + at);
      at += entry->d_reclen;
      std::array<char, 16> target;
      const ssize_t length =
          ::readlinkat(folder.get(), entry->d_name, target.data(), target.size());
      if (length <= 0) continue;
      const std::string_view name(target.data(), static_cast<std::size_t>(length));
      struct stat status;
      if (name.starts_with("/memfd:") && ::fstatat(folder.get(), entry->d_name, &status, 0) == 0) {
        visit(status);
      }
    }
  }
}

/// How much of [start, end) the file behind that mapping has pages for.
std::size_t pages_in(std::uintptr_t start, std::uintptr_t end) noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::array<unsigned char, 4096> present;
  std::size_t bytes = 0;
  while (start < end) {
    const std::size_t length = std::min<std::size_t>(end - start, present.size() * page);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): /proc tells addresses as numbers
    if (::mincore(reinterpret_cast<void*>(start), length, present.data()) != 0) break;
    const auto pages = static_cast<std::ptrdiff_t>((length + page - 1) / page);
    bytes += page * static_cast<std::size_t>(std::count_if(present.begin(), present.begin() + pages,
                                                           [](auto p) { return p & 1; }));
    start += length;
  }
  return bytes;
}

/// Bytes of the memfds that this process holds by a descriptor or by a mapping.
std::size_t memory_file_bytes(std::vector<Mapping>& mappings) {
  std::size_t bytes = 0;
  std::vector<FileId> held;
  for_each_memfd([&](const struct stat& status) {
    const FileId file{status.st_dev, status.st_ino};
    const auto at = std::lower_bound(held.begin(), held.end(), file);
    if (at != held.end() && *at == file) return;
    held.insert(at, file);
    bytes += static_cast<std::size_t>(status.st_blocks) * 512;
  });
  // Without a descriptor nobody tells the file's size: count what the mappings reach, once.
  std::sort(mappings.begin(), mappings.end(), [](const Mapping& a, const Mapping& b) {
    return a.file != b.file ? a.file < b.file : a.offset < b.offset;
  });
  FileId file;
  std::uint64_t counted_to = 0;
  for (const Mapping& mapping : mappings) {
    if (std::binary_search(held.begin(), held.end(), mapping.file)) continue;
    if (mapping.file != file) counted_to = 0;
    file = mapping.file;
    const std::uint64_t end = mapping.offset + mapping.size();
    const std::uint64_t begin = std::max(mapping.offset, counted_to);
    if (begin >= end) continue;
    bytes += pages_in(mapping.start + (begin - mapping.offset), mapping.end);
    counted_to = end;
  }
  return bytes;
}

struct MallocBytes {
  std::size_t given_out = 0;
  std::size_t mapped_chunks = 0;  // the part of `given_out` that has mappings of its own
  bool known = false;             // if not, what malloc has taken counts as mapped
};

MallocBytes malloc_bytes() noexcept {
  if (sanitized()) return {__sanitizer_get_current_allocated_bytes(), 0, true};
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 info = ::mallinfo2();
  // No arena: the program has brought a malloc of its own.
  return {info.uordblks + info.hblkhd, info.hblkhd, info.arena != 0};
#else
  return {};
#endif
}

void read_resident(ProcessMemory& memory) noexcept {
  Lines lines("/proc/self/status");
  std::size_t files = 0;
  for (std::string_view line; lines.next(line);) {
    if (read_field(line, "RssFile:", files) || read_field(line, "RssShmem:", files)) {
      memory.resident_files += files;
    } else if (!read_field(line, "VmHWM:", memory.resident_peak)) {
      read_field(line, "VmRSS:", memory.resident);
    }
  }
}

}  // namespace

ProcessMemory read_process_memory() {
  ProcessMemory memory;
  // malloc first: what the rest allocates must not show.
  const MallocBytes heap = malloc_bytes();
  memory.heap = heap.given_out;
  if (!sanitized()) read_resident(memory);
  Mappings mappings(heap.known);
  mappings.read();
  if (!sanitized()) {
    memory.mapped = mappings.bytes() - std::min(mappings.bytes(), heap.mapped_chunks);
  }
  memory.shared = memory_file_bytes(mappings.memory_files());
  return memory;
}

bool restart_resident_peak() noexcept {
  if (sanitized()) return false;
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
  const Descriptor file("/proc/self/clear_refs", O_WRONLY);
  return ::write(file.get(), "5", 1) == 1;
}

}  // namespace quire::detail
