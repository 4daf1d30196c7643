// The limits that a process really has, reached in child processes: descriptors, file size, mappings,
// address space, forbidden system calls. And quire as a guest, which leaves its host enough of each.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "support/child_process.h"
#include "support/forbidden_calls.h"
#include "support/page_faults.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire {
namespace {

using std::string;
using test::Forbidden;
using test::Holdings;
using test::in_child;
using test::kMib;
using test::kPage;
using test::kSanitized;
using test::pattern;

/// What a child returns.
enum Status { Fine = 0, Wrong = 1, NoMemory = 2, NotSetUp = 3 };

/// Made before any limit is in force.
const string& content() {
  static const string text = pattern(3 * kMib + 99);
  return text;
}

/// What was taken from a stream shows the stream's content, with what was written to it until then.
class Life {
 public:
  explicit Life(StorageOptions::Tier tier) : stream_(StorageOptions{.tier = tier}) {}

  void live() {
    for (std::size_t at = 0; at < content().size(); at += 100'000) {
      stream_.write(
          ByteSpan(content()).subspan(at, std::min<std::size_t>(100'000, content().size() - at)));
    }
    stream_ = test::left_before(std::move(stream_));
    keep("built");
    put(5, 'a');
    keep("written after a snapshot");
    put(kMib, 'b');
    put(2 * kMib, 'c');
    keep("written again");
    stream_.seek(0, Whence::End);
    stream_.write(content());
    put(6, 'd');
    keep("grown");
    {
      MutableMemoryView view = stream_.getbuffer();
      note(7, 'e');
      view[7] = std::byte{'e'};
      keep("beside a view");
      note(8, 'f');
      view[8] = std::byte{'f'};
      keep("beside a view again");
    }
    put(9, 'g');
    BytesIO twin = stream_.clone();
    twin.write_at(10, "twin");
    stream_.truncate(content().size());
    stream_.compact();
    put(11, 'h');
    keep("compacted");
  }

  [[nodiscard]] bool right() const {
    bool all = true;
    for (const Kept& kept : kept_) {
      // The second half of the grown stream is the content again.
      const std::size_t first = std::min(kept.bytes.size(), content().size());
      all = all && matches(kept, ByteSpan(kept.bytes).subspan(0, first), kept.writes) &&
            matches(kept, ByteSpan(kept.bytes).subspan(first), 0);
    }
    return all;
  }

 private:
  struct Kept {
    const char* when;
    Bytes bytes;
    std::size_t writes;
  };

  void keep(const char* when) { kept_.push_back({when, stream_.getvalue(), writes_.size()}); }

  void put(std::size_t offset, char c) {
    stream_.write_at(offset, ByteSpan(&c, 1));
    note(offset, c);
  }

  void note(std::size_t offset, char c) { writes_.emplace_back(offset, c); }

  bool matches(const Kept& kept, ByteSpan part, std::size_t writes) const {
    std::size_t at = 0;
    for (std::size_t i = 0; i < writes; ++i) {
      const auto [offset, c] = writes_[i];
      if (static_cast<char>(part[offset]) != last_write(offset, writes)) return wrong(kept, offset);
    }
    std::vector<std::size_t> skipped;
    for (std::size_t i = 0; i < writes; ++i) skipped.push_back(writes_[i].first);
    std::sort(skipped.begin(), skipped.end());
    skipped.push_back(part.size());
    for (const std::size_t next : skipped) {
      if (next > at && std::memcmp(part.data() + at, content().data() + at, next - at) != 0) {
        return wrong(kept, at);
      }
      at = next + 1;
    }
    return true;
  }

  [[nodiscard]] char last_write(std::size_t offset, std::size_t writes) const {
    char last = '\0';
    for (std::size_t i = 0; i < writes; ++i) {
      if (writes_[i].first == offset) last = writes_[i].second;
    }
    return last;
  }

  static bool wrong(const Kept& kept, std::size_t at) {
    std::fprintf(stderr, "the snapshot \"%s\" is wrong after byte %zu\n", kept.when, at);
    return false;
  }

  BytesIO stream_;
  std::vector<Kept> kept_;
  std::vector<std::pair<std::size_t, char>> writes_;
};

/// A life on each tier.
Status live() {
  Status status = Fine;
  for (const StorageOptions::Tier tier : {StorageOptions::automatic, StorageOptions::paged}) {
    Life life(tier);
    try {
      life.live();
    } catch (const std::bad_alloc&) {
      status = NoMemory;
    }
    if (!life.right()) return Wrong;
  }
  return status;
}

class StorageLimits : public testing::Test {
 protected:
  void SetUp() override { content(); }
};

// --- descriptors ---------------------------------------------------------------------------------

bool limit(int resource, rlim_t soft) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return false;
  now.rlim_cur = soft;
  return ::setrlimit(static_cast<__rlimit_resource>(resource), &now) == 0;
}

void use_up_descriptors() {
  while (::dup(STDERR_FILENO) >= 0) {
  }
}

TEST_F(StorageLimits, NoDescriptorsAtAll) {
  QUIRE_SKIP_SANITIZED("a sanitizer needs some to look at memory");
  for (const rlim_t most : {0u, 3u, 8u, 16u, 64u}) {
    EXPECT_EQ(in_child([&] { return limit(RLIMIT_NOFILE, most) ? live() : NotSetUp; }), Fine)
        << most;
  }
}

TEST_F(StorageLimits, AllDescriptorsInUse) {
  QUIRE_SKIP_SANITIZED("a sanitizer needs some to look at memory");
  for (const rlim_t most : {64u, 4096u}) {
    const int status = in_child([&] {
      if (!limit(RLIMIT_NOFILE, most)) return NotSetUp;
      use_up_descriptors();
      return live();
    });
    EXPECT_EQ(status, Fine) << most;
  }
}

TEST_F(StorageLimits, DescriptorsUsedUpAndLimitLoweredWhileStreamsLive) {
  QUIRE_SKIP_SANITIZED("a sanitizer needs some to look at memory");
  const int status = in_child([] {
    BytesIO early{ByteSpan(content())};
    const Bytes snapshot = early.getvalue();
    early.write_at(0, "x");
    if (!limit(RLIMIT_NOFILE, 64)) return NotSetUp;
    const std::size_t before = Holdings::now().memory_files;
    std::vector<Bytes> kept;
    for (int i = 0; i < 20; ++i) {
      BytesIO stream{ByteSpan(content())};
      kept.push_back(stream.getvalue());
      stream.write_at(0, "y");
      kept.push_back(stream.getvalue());
    }
    if (detail::pages::available() && Holdings::now().memory_files > std::max(before, 64ul / 8)) {
      return Wrong;
    }
    use_up_descriptors();
    early.write_at(1, "z");
    return snapshot == content() && early.getvalue().slice(0, 2) == ByteSpan("xz") ? live() : Wrong;
  });
  EXPECT_EQ(status, Fine);
}

// --- file size -----------------------------------------------------------------------------------

constexpr std::array<rlim_t, 5> kFileSizes{0, 1, 4096, kMib, 4 * kMib + 1};

TEST_F(StorageLimits, AMemoryFileCountsAsAFile) {
  // Else the tests below prove nothing.
  const int status = in_child([] {
    const int file = ::memfd_create("control", MFD_CLOEXEC);
    if (file < 0 || !limit(RLIMIT_FSIZE, 4096)) return NotSetUp;
    return ::pwrite(file, "x", 1, 8192) == 1 ? Wrong : Fine;
  });
  EXPECT_EQ(status, -SIGXFSZ);
}

TEST_F(StorageLimits, FileSize) {
  for (const rlim_t most : kFileSizes) {
    EXPECT_EQ(in_child([&] { return limit(RLIMIT_FSIZE, most) ? live() : NotSetUp; }), Fine)
        << most;
  }
}

volatile sig_atomic_t signals_seen = 0;

void see_signal(int) {
  signals_seen = signals_seen + 1;
}

TEST_F(StorageLimits, FileSizeLeavesTheSignalToItsHost) {
  for (const rlim_t most : {rlim_t{0}, rlim_t{4096}, rlim_t{kMib}}) {
    for (const bool blocked : {false, true}) {
      for (const bool pending : {false, true}) {
        if (pending && !blocked) continue;
        const int status = in_child([&] {
          struct sigaction mine {};
          mine.sa_handler = see_signal;
          sigset_t mask;
          ::sigemptyset(&mask);
          ::sigaddset(&mask, SIGXFSZ);
          if (::sigaction(SIGXFSZ, &mine, nullptr) != 0 || !limit(RLIMIT_FSIZE, most)) {
            return NotSetUp;
          }
          if (blocked) ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
          if (pending) ::raise(SIGXFSZ);
          if (const Status lived = live(); lived != Fine) return lived;
          struct sigaction after {};
          sigset_t mask_after;
          sigset_t pending_after;
          ::sigaction(SIGXFSZ, nullptr, &after);
          ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
          ::sigpending(&pending_after);
          const bool same = after.sa_handler == see_signal && signals_seen == 0 &&
                            (::sigismember(&mask_after, SIGXFSZ) == 1) == blocked &&
                            (::sigismember(&pending_after, SIGXFSZ) == 1) == pending;
          return same ? Fine : Wrong;
        });
        EXPECT_EQ(status, Fine) << most << (blocked ? " blocked" : "")
                                << (pending ? " pending" : "");
      }
    }
  }
}

// --- mappings and address space ------------------------------------------------------------------

std::size_t most_mappings() {
  std::size_t most = 65530;
  std::ifstream("/proc/sys/vm/max_map_count") >> most;
  return most;
}

/// Uses up what mappings a process may have. Each step back leaves two more.
class Filler {
 public:
  Filler() {
    size_ = (most_mappings() + 1000) * kPage;
    void* const memory =
        ::mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return;
    memory_ = static_cast<std::byte*>(memory);
    while ((used_ + 1) * 2 * kPage < size_ &&
           ::mprotect(memory_ + used_ * 2 * kPage, kPage, PROT_READ) == 0) {
      ++used_;
    }
    // One more than the limit may be had from mmap itself. Shared mappings do not become one.
    while (!full_ && extra_.size() < 64) {
      void* const extra =
          ::mmap(nullptr, kPage, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      full_ = extra == MAP_FAILED;
      if (!full_) extra_.push_back(extra);
    }
  }

  ~Filler() {
    ::munmap(memory_, size_);
    for (void* const extra : extra_) ::munmap(extra, kPage);
  }

  Filler(const Filler&) = delete;
  Filler& operator=(const Filler&) = delete;

  [[nodiscard]] bool full() const { return full_; }

  void step_back() {
    --used_;
    ::mprotect(memory_ + used_ * 2 * kPage, kPage, PROT_NONE);
  }

 private:
  std::byte* memory_ = nullptr;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
  std::vector<void*> extra_;
  bool full_ = false;
};

TEST_F(StorageLimits, MappingsOfTheProcess) {
  QUIRE_SKIP_SANITIZED("the sanitizers' own memory needs mappings, too");
  const int status = in_child([] {
    int fine = 0;
    {
      Filler filler;
      if (!filler.full()) return NotSetUp;
      for (int step = 0; step < 16; ++step) {
        const Status lived = live();
        if (lived == Wrong) return Wrong;
        if (lived == Fine) ++fine;
        filler.step_back();
      }
    }
    // The first steps leave not even malloc what it asks for; the last have enough.
    if (fine == 0 || live() != Fine) return NoMemory;
    return Holdings::now().memory_files == 0 ? Fine : Wrong;
  });
  EXPECT_EQ(status, Fine);
}

// A life needs many mappings at once: that it comes to its end does not say that anything was copied.
TEST_F(StorageLimits, AWriteCopiesWhenThereAreMappingsForThatAlone) {
  QUIRE_SKIP_SANITIZED("the sanitizers' own memory needs mappings, too");
  const int status = in_child([] {
    int copied = 0;
    for (int steps = 0; steps < 4; ++steps) {
      BytesIO stream{ByteSpan(content())};
      const Bytes snapshot = stream.getvalue();
      release_cached_memory();
      bool written = true;
      {
        Filler filler;
        if (!filler.full()) return NotSetUp;
        for (int i = 0; i < steps; ++i) filler.step_back();
        try {
          stream.write_at(0, "\xff");
        } catch (const std::bad_alloc&) {
          written = false;
        }
      }
      if (written && test::tier_of(stream) != "paged") ++copied;
      string expected = content();
      if (written) expected[0] = '\xff';
      if (snapshot != content() || stream.getvalue() != expected) return Wrong;
    }
    return copied > 0 ? Fine : NoMemory;
  });
  EXPECT_EQ(status, Fine);
}

TEST_F(StorageLimits, MemoryWhoseMappingCannotGoIsGivenBackAllTheSame) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  const int status = in_child([] {
    std::byte* pages = nullptr;
    if (detail::pages::map(3 * kPage, &pages) != 0) return NotSetUp;
    pages[kPage] = std::byte{1};
    const Filler filler;
    if (!filler.full()) return NotSetUp;
    // Without the page in the middle two mappings would be left of one.
    detail::pages::unmap(pages + kPage, kPage);
    return pages[kPage] == std::byte{0} ? Fine : Wrong;
  });
  EXPECT_EQ(status, Fine);
}

TEST_F(StorageLimits, AddressSpace) {
  QUIRE_SKIP_SANITIZED("the shadow memory alone is more than any limit");
  std::array<int, 4> seen{};
  for (const std::size_t more : {0u, 1u, 2u, 4u, 6u, 9u, 12u, 16u, 24u, 48u, 512u}) {
    const int status = in_child([&] {
      std::size_t pages = 0;
      std::ifstream("/proc/self/statm") >> pages;
      return limit(RLIMIT_AS, pages * kPage + more * kMib) ? live() : NotSetUp;
    });
    EXPECT_TRUE(status == Fine || status == NoMemory) << status << " with " << more << " MiB";
    ++seen.at(static_cast<std::size_t>(std::abs(status)) % seen.size());
  }
  EXPECT_NE(seen[Fine], 0);
  EXPECT_NE(seen[NoMemory], 0);
}

// --- forbidden system calls ----------------------------------------------------------------------

TEST_F(StorageLimits, ForbiddenSystemCalls) {
  for (const Forbidden& call : test::kForbidden) {
    if (!may_forbid(call)) continue;
    EXPECT_EQ(in_child([&] { return forbid(call) ? live() : NotSetUp; }), Fine) << call;
  }
}

// Whether a refused mmap() had taken away what was there is asked with msync(). A sandbox that refuses
// both was taken for one that had, and the process ended: there was nothing to put back, and no place.
TEST_F(StorageLimits, NothingIsGivenUpForLostThatCannotBeAskedFor) {
  QUIRE_SKIP_SANITIZED("a sanitizer makes such calls itself");
  const Forbidden over{"mmap over something",    __NR_mmap, EPERM,
                       Forbidden::When::HasBits, 3,         MAP_FIXED};
  const Forbidden look{"msync", __NR_msync, EPERM};
  EXPECT_EQ(in_child([&] { return forbid(over) && forbid(look) ? live() : NotSetUp; }), Fine);
}

// --- quire is a guest ----------------------------------------------------------------------------

/// A thread, 64 MiB from malloc, 100 files.
bool host_can_work() {
  bool thread_ran = false;
  std::thread([&] { thread_ran = true; }).join();
  void* const memory = std::malloc(64 * kMib);
  if (memory != nullptr) std::memset(memory, 1, 64 * kMib);
  std::vector<int> files(100);
  for (int& file : files) file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool opened = std::all_of(files.begin(), files.end(), [](int file) { return file >= 0; });
  for (const int file : files) ::close(file);
  std::free(memory);
  return thread_ran && memory != nullptr && opened;
}

/// What quire may hold of each. The host's own allocations take a few mappings as well.
bool is_modest(const Holdings& before, const Holdings& after, std::size_t most_files) {
  constexpr std::size_t kHost = 64;
  const bool modest = after.memory_files <= most_files &&
                      after.mappings <= before.mappings + most_mappings() / 8 + kHost;
  if (!modest) {
    std::fprintf(stderr, "%zu memory files, %zu mappings more\n", after.memory_files,
                 after.mappings - before.mappings);
  }
  return modest;
}

std::size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::size_t kilobytes = 0;
  for (string word; file >> word;) {
    if (word == "MemAvailable:") file >> kilobytes;
  }
  return kilobytes * 1024;
}

constexpr std::size_t kSmall = std::size_t{64} << 10;

string numbered(string base, std::size_t number) {
  std::memcpy(base.data() + number % 16 * kPage, &number, sizeof(number));
  return base;
}

TEST_F(StorageLimits, ManySnapshotsLeaveTheHostEnough) {
  // Past its mappings quire copies, and then each of them takes what it shows.
  constexpr std::size_t kWanted = kSanitized ? 6'000 : 70'000;
  const std::size_t rounds = std::min(kWanted, available_memory() / 3 / kSmall);
  std::printf("%zu of %zu snapshots\n", rounds, kWanted);
  const int status = in_child([&] {
    const string base = pattern(kSmall);
    const Holdings before = Holdings::now();
    std::vector<BytesIO> streams;
    for (int i = 0; i < 10; ++i) {
      streams.emplace_back(ByteSpan(base), StorageOptions{.tier = StorageOptions::paged});
    }
    std::vector<Bytes> kept;
    for (std::size_t i = 0; i < rounds; ++i) {
      BytesIO& stream = streams[i % streams.size()];
      const std::size_t page = i % 16 * kPage;
      const string original = base.substr(page, sizeof(i));
      stream.write_at(page, ByteSpan(&i, sizeof(i)));
      kept.push_back(stream.getvalue());
      stream.write_at(page, ByteSpan(original));
    }
    if (!host_can_work()) return NoMemory;
    const Holdings after = Holdings::now();
    if (!is_modest(before, after, 512)) return Wrong;
    if (detail::pages::available() && after.mappings < before.mappings + most_mappings() / 16) {
      std::fputs("the limit was not reached\n", stderr);
      return NotSetUp;
    }
    for (std::size_t i = 0; i < rounds; ++i) {
      if (kept[i] != numbered(base, i)) return Wrong;
    }
    return Fine;
  });
  EXPECT_EQ(status, Fine) << rounds << " snapshots";
  if (rounds < kWanted / 2) GTEST_SKIP() << "there is memory for " << rounds << " snapshots only";
}

TEST_F(StorageLimits, ManyStreamsLeaveTheHostEnough) {
  const int status = in_child([] {
    if (!limit(RLIMIT_NOFILE, 1024)) return NotSetUp;
    const string base = pattern(kSmall);
    const Holdings before = Holdings::now();
    std::vector<BytesIO> streams;
    std::vector<Bytes> kept;
    for (std::size_t i = 0; i < 2000; ++i) {
      streams.emplace_back(ByteSpan(base), StorageOptions{.tier = StorageOptions::paged});
      kept.push_back(streams.back().getvalue());
      streams.back().write_at(i % 16 * kPage, ByteSpan(&i, sizeof(i)));
    }
    if (!host_can_work()) return NoMemory;
    const Holdings after = Holdings::now();
    if (!is_modest(before, after, 1024 / 8)) return Wrong;
    if (detail::pages::available() && after.memory_files != 1024 / 8) return NotSetUp;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (kept[i] != base || streams[i].getvalue() != numbered(base, i)) return Wrong;
    }
    return Fine;
  });
  EXPECT_EQ(status, Fine);
}

}  // namespace
}  // namespace quire
