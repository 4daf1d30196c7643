// What retained_bytes(), the ledger and MemoryReport say of each tier, beside what the kernel says:
// /proc/self/smaps and the blocks of the memory files.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "quire/detail/temporary_file.h"
#include "quire/memory_report.h"
#include "quire/spooled_io.h"
#include "support/child_process.h"
#include "support/page_faults.h"
#include "support/skips.h"
#include "support/storage.h"
#include "support/temp_directory.h"

#ifndef PR_SET_VMA
#  define PR_SET_VMA 0x53564d41
#  define PR_SET_VMA_ANON_NAME 0
#endif

namespace quire {
namespace {

using test::kMib;
using test::kPage;
using test::kSanitized;

/// For what the process allocates besides, and a huge page that is not full.
constexpr double kTolerance = static_cast<double>(kMib) / 4;

bool pages_are_shared() {
  return detail::pages::available();
}

/// Pages that processes have for themselves: in mappings of their own, and copied from files.
double own_pages() {
  ::malloc_trim(0);  // what is free is nobody's
  std::ifstream smaps("/proc/self/smaps");
  std::size_t bytes = 0;
  bool counted = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line[0] < 'A' || line[0] > 'Z') {
      counted = line.find("[stack]") == std::string::npos && line.find(".so") == std::string::npos;
    } else if (counted && (line.starts_with("Anonymous:") || line.starts_with("Swap:"))) {
      bytes += std::stoull(line.substr(line.find(':') + 1)) * 1024;
    }
  }
  return static_cast<double>(bytes);
}

double file_pages() {
  return static_cast<double>(test::bytes_in_memory_files());
}

const std::string& a_mebibyte() {
  static const std::string bytes = test::pattern(kMib);
  return bytes;
}

/// What the kernel says that this process has taken since the object was made.
class Kernel {
 public:
  Kernel() {
    release_cached_memory();
    static_cast<void>(a_mebibyte());
    own_ = own_pages();
    files_ = file_pages();
  }

  [[nodiscard]] double own() const { return own_pages() - own_; }

  [[nodiscard]] double files() const { return file_pages() - files_; }

  [[nodiscard]] double all() const { return own() + files(); }

 private:
  double own_ = 0;
  double files_ = 0;
};

void expect_all(const Kernel& kernel, double bytes) {
  // A sanitizer's own pages cannot be told from the program's.
  if (kSanitized) return;
  EXPECT_NEAR(kernel.all(), bytes, kTolerance);
}

/// A stream of that many bytes which has no room besides.
BytesIO stream_of(std::size_t size, StorageOptions::Tier tier = StorageOptions::automatic) {
  BytesIO f(StorageOptions{.tier = tier});
  f.reserve(size);
  for (std::size_t at = 0; at < size; at += kMib) f.write(a_mebibyte());
  return test::left_before(std::move(f));
}

double retained(const BytesIO& f) {
  return static_cast<double>(f.retained_bytes());
}

void dirty_every_tenth_page(BytesIO& f, std::size_t pages) {
  for (std::size_t i = 0; i < pages; ++i) f.write_at(i * 10 * kPage, "dirty");
}

/// The most that a process has taken since `kernel`.
class Peak {
 public:
  explicit Peak(const Kernel& kernel) {
    kernel_ = &kernel;
    most_ = 0;
    looks_ = 0;
    detail::pages::set_fault_hook(look);
  }

  ~Peak() { detail::pages::set_fault_hook(nullptr); }

  Peak(const Peak&) = delete;
  Peak& operator=(const Peak&) = delete;

  [[nodiscard]] static double most() { return most_; }

  [[nodiscard]] static int looks() { return looks_; }

 private:
  static int look(detail::pages::Call call) noexcept {
    // Just before something is given back there is the most.
    if (call != detail::pages::Call::GiveBack && call != detail::pages::Call::MapOver) return 0;
    ++looks_;
    if (!kSanitized && looks_ % 4 == 1) most_ = std::max(most_, kernel_->all());
    return 0;
  }

  static inline const Kernel* kernel_ = nullptr;
  static inline double most_ = 0;
  static inline int looks_ = 0;
};

TEST(StorageAccounting, HeapBlocksTakeTheirCapacity) {
  const Kernel kernel;
  const MemoryReport report;
  const BytesIO f = stream_of(16 * kMib, StorageOptions::heap);
  EXPECT_EQ(f.retained_bytes(), f.capacity());
  expect_all(kernel, retained(f));
  EXPECT_NEAR(static_cast<double>(report.additional_bytes()), retained(f), kTolerance);
}

/// A stream that took over 16 MiB of somebody's, until both it and its snapshot are gone.
void expect_adopted(BytesIO (*adopt)()) {
  const Kernel kernel;
  const MemoryReport report;
  const auto expect = [&](double bytes) {
    expect_all(kernel, bytes);
    if (kSanitized) return;
    EXPECT_NEAR(static_cast<double>(report.additional_bytes()), bytes, kTolerance);
  };
  {
    BytesIO f = adopt();
    EXPECT_EQ(f.retained_bytes(), 16 * kMib);
    expect(16.0 * kMib);
    const Bytes value = f.getvalue();
    EXPECT_EQ(value.retained_bytes(), f.retained_bytes());
    expect(16.0 * kMib);
    EXPECT_EQ(f.ledger().copied_total(), 0U);
    // Such a block has no pages that could be shared.
    f.write_at(0, "x");
    EXPECT_EQ(f.ledger().copied_for(CopyReason::CopyOnWrite), 16 * kMib - 1);
    EXPECT_EQ(value.retained_bytes(), 16 * kMib);
    expect(retained(f) + 16.0 * kMib);
  }
  release_cached_memory();
  expect(0);
}

TEST(StorageAccounting, AdoptedMemoryCountsAsLongAsSomebodyHasIt) {
  expect_adopted([] {
    std::string bytes(16 * kMib, 's');
    return BytesIO::adopt(std::move(bytes));
  });
  expect_adopted([] {
    std::vector<std::uint32_t> items(4 * kMib, 7);
    return BytesIO::adopt(std::move(items));
  });
  expect_adopted([] {
    void* const memory = std::malloc(16 * kMib);
    std::memset(memory, 'm', 16 * kMib);
    return BytesIO::adopt(memory, 16 * kMib, [](void* ours) noexcept { std::free(ours); });
  });
}

// A string that had been larger was said to take no more than its size.
TEST(StorageAccounting, AdoptedRoomThatNothingIsInCountsToo) {
  std::string bytes(16 * kMib, 's');
  bytes.resize(kMib);
  const std::size_t room = bytes.capacity();
  ASSERT_GE(room, 16 * kMib);
  const Bytes value = Bytes::adopt(std::move(bytes));
  EXPECT_EQ(value.retained_bytes(), room);
  const BytesIO f(value);
  EXPECT_EQ(f.retained_bytes(), room);
}

TEST(StorageAccounting, AFixedBufferIsItsOwnersAndWhatIsTakenOfItIsNot) {
  std::vector<std::byte> memory(16 * kMib);
  const Kernel kernel;
  const MemoryReport report;
  const auto expect = [&](double bytes) {
    expect_all(kernel, bytes);
    if (kSanitized) return;
    EXPECT_NEAR(static_cast<double>(report.additional_bytes()), bytes, kTolerance);
  };
  BytesIO f = BytesIO::over(memory);
  for (int i = 0; i < 16; ++i) f.write(a_mebibyte());
  EXPECT_EQ(f.retained_bytes(), 0U);
  expect(0);
  EXPECT_EQ(f.ledger().copied_total(), 16 * kMib);
  EXPECT_EQ(f.ledger().copied_for(CopyReason::Caller), 16 * kMib);
  const Bytes value = f.getvalue();
  EXPECT_EQ(f.retained_bytes(), 0U);
  EXPECT_EQ(value.retained_bytes(), 16 * kMib);
  expect(16.0 * kMib);
  EXPECT_EQ(f.ledger().copied_for(CopyReason::GetValue), 16 * kMib);
  EXPECT_EQ(f.ledger().shared_total(), 0U);
}

TEST(StorageAccounting, RoomThatWasNeverTouchedIsNoMemory) {
  const Kernel kernel;
  BytesIO f;
  f.reserve(64 * kMib);
  EXPECT_LE(retained(f), pages_are_shared() ? kTolerance : 65.0 * kMib);
  for (int i = 0; i < 8; ++i) f.write(a_mebibyte());
  if (!pages_are_shared()) return;
  EXPECT_NEAR(retained(f), 8.0 * kMib, kTolerance);
  expect_all(kernel, retained(f));
  const Bytes value = f.getvalue();
  EXPECT_EQ(value.retained_bytes(), f.retained_bytes());
}

TEST(StorageAccounting, WithoutPagemapAllRoomCounts) {
  BytesIO f;
  f.reserve(4 * kMib);
  const test::PageFaults faults({.call = detail::pages::Call::ReadPagemap,
                                 .after = 0,
                                 .repeat = test::PageFault::Repeat::FromThenOn,
                                 .error = EACCES});
  EXPECT_GE(f.retained_bytes(), 4 * kMib);
}

TEST(StorageAccounting, AConvertedBlockIsItsFileAndThePagesThatDiffer) {
  const Kernel kernel;
  const MemoryReport report;
  BytesIO f = stream_of(16 * kMib);
  const Bytes value = f.getvalue();
  f.write_at(0, "x");
  if (!pages_are_shared()) {
    expect_all(kernel, retained(f) + static_cast<double>(value.retained_bytes()));
    return;
  }
  EXPECT_NEAR(kernel.files(), 16.0 * kMib, kTolerance);
  EXPECT_NEAR(retained(f), 16.0 * kMib, kTolerance);
  EXPECT_EQ(f.retained_bytes(), value.retained_bytes() + kPage) << "one page is its own";
  expect_all(kernel, 16.0 * kMib);
  dirty_every_tenth_page(f, 400);
  EXPECT_EQ(f.retained_bytes(), value.retained_bytes() + 400 * kPage);
  expect_all(kernel, 16.0 * kMib + 400.0 * kPage);
  // What a sanitized process has mapped is not seen, but what a file has is.
  const double seen = kSanitized ? 16.0 * kMib : 16.0 * kMib + 400.0 * kPage;
  EXPECT_NEAR(static_cast<double>(report.additional_bytes()), seen, kTolerance);
}

TEST(StorageAccounting, WhoKeepsAccountIsToldOfPartsThatAreSharedAndWhenTheyGo) {
  QUIRE_SKIP_WITHOUT_PAGES();
  static std::vector<const void*> gone;
  detail::memory_gone = [](const void* memory) noexcept { gone.push_back(memory); };
  BytesIO f = stream_of(2 * kMib);
  Bytes before = f.getvalue();
  f.write_at(0, "x");
  const detail::Block* const theirs = before.block();
  const detail::Block* const ours = f.block();
  ASSERT_NE(theirs, ours);
  const detail::MemoryUse of_snapshot = before.block()->kind->memory(before.block());
  const detail::MemoryUse of_stream = f.block()->kind->memory(f.block());
  const void* const file = of_stream.files[0].name;
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(of_snapshot.files[0].name, file);
  EXPECT_GE(of_stream.files[0].size, 2 * kMib - kPage);
  EXPECT_EQ(of_stream.total(), f.retained_bytes());
  EXPECT_GE(of_stream.own, kPage);
  EXPECT_LT(of_stream.own, 2 * kMib);
  gone.clear();
  f.close();
  EXPECT_EQ(gone, std::vector<const void*>{ours});
  before = Bytes();
  EXPECT_EQ(gone, (std::vector<const void*>{ours, theirs, file}));
  detail::memory_gone = nullptr;
}

TEST(StorageAccounting, PagesWrittenThroughAViewCount) {
  QUIRE_SKIP_WITHOUT_PAGES();
  BytesIO f = stream_of(16 * kMib);
  const Bytes value = f.getvalue();
  f.write_at(0, "x");
  const std::size_t before = f.retained_bytes();
  const MutableMemoryView view = f.getbuffer();
  for (std::size_t page = 1; page <= 200; ++page) {
    view[static_cast<std::ptrdiff_t>(page * 7 * kPage)] = std::byte{'V'};
  }
  EXPECT_EQ(f.retained_bytes(), before + 200 * kPage);
}

TEST(StorageAccounting, KeptSnapshotsTakeThePagesThatTheyDoNotShare) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const Kernel kernel;
  const MemoryReport report;
  BytesIO f = stream_of(16 * kMib, StorageOptions::paged);
  std::vector<Bytes> kept;
  for (std::size_t round = 0; round < 20; ++round) {
    kept.push_back(f.getvalue());
    f.write_at(round * 50 * kPage, "y");
  }
  // The stream's mapping is a new one each time, with the dirty pages of the one before.
  const double own = 20.0 * 21 / 2 * kPage;
  EXPECT_NEAR(kernel.files(), 16.0 * kMib, kTolerance);
  expect_all(kernel, 16.0 * kMib + own);
  EXPECT_NEAR(static_cast<double>(report.additional_bytes()), 16.0 * kMib + (kSanitized ? 0 : own),
              kTolerance);
  for (const Bytes& value : kept) {
    EXPECT_NEAR(static_cast<double>(value.retained_bytes()), 16.0 * kMib, kTolerance);
  }
  kept.clear();
  expect_all(kernel, 16.0 * kMib + 20.0 * kPage);
}

constexpr std::size_t kLeaving = 100 * kMib;

/// 100 MiB in a file that no other stream has, with 60 % of the pages overwritten.
BytesIO mostly_dirty(StorageOptions::Tier tier) {
  BytesIO f = stream_of(kLeaving, tier);
  BytesIO twin = f.clone();
  twin.write_at(0, "x");  // both have the file: until the twin goes nothing is taken out of it
  for (std::size_t page = 0; page < kLeaving / kPage; ++page) {
    if (page % 5 < 3) f.write_at(page * kPage + 9, "dirty");
  }
  return f;
}

void expect_mostly_dirty(const BytesIO& f) {
  std::string page;
  std::size_t wrong = 0;
  const Bytes value = f.getvalue();
  for (std::size_t i = 0; i < kLeaving / kPage; ++i) {
    page = a_mebibyte().substr(i * kPage % kMib, kPage);
    if (i % 5 < 3) page.replace(9, 5, "dirty");
    const auto at = static_cast<std::ptrdiff_t>(i * kPage);
    wrong += value.slice(at, at + static_cast<std::ptrdiff_t>(kPage)) == ByteSpan(page) ? 0U : 1U;
  }
  EXPECT_EQ(wrong, 0U) << "pages";
}

/// A stream leaves a file, in `leave`, while somebody sees the file's pages or not.
void expect_peak(StorageOptions::Tier tier, bool file_is_seen, void (*leave)(BytesIO&)) {
  SCOPED_TRACE(testing::PrintToString(tier) + (file_is_seen ? ", seen" : ", alone"));
  const Kernel kernel;
  BytesIO f = mostly_dirty(tier);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const auto work = [&] {
    // What the child sees, when the parent has left.
    char go = 0;
    if (::read(pipe[0], &go, 1) != 1) return 2;
    expect_mostly_dirty(f);
    return testing::Test::HasFailure() ? 1 : 0;  // of the parent's before, too
  };
  // Alone: data and dirty pages as they were, and one chunk that has been copied and not yet given
  // back. Otherwise the file remains, beside the data.
  const double most = (file_is_seen ? 2.0 : 1.6) * kLeaving + 2.0 * kMib + kTolerance;
  const auto leave_it = [&] {
    expect_all(kernel, 1.6 * kLeaving);
    const MemoryReport report;
    {
      const Peak peak(kernel);
      leave(f);
    }
    EXPECT_LE(Peak::most(), most);
    const bool asks_each_time = !file_is_seen || tier == StorageOptions::paged;
    EXPECT_GE(Peak::looks(), asks_each_time ? 50 : 0) << "a chunk at a time";
    if (file_is_seen && !kSanitized) {
      // The kernel's, since nothing is asked there that could be listened to.
      EXPECT_LE(static_cast<double>(report.peak_bytes()), most - 1.6 * kLeaving);
    }
    EXPECT_EQ(::write(pipe[1], "g", 1), 1);
  };
  if (file_is_seen) {
    EXPECT_EQ(test::in_child(work, leave_it), 0) << "the child's bytes have changed";
  } else {
    leave_it();
  }
  ::close(pipe[0]);
  ::close(pipe[1]);
  expect_mostly_dirty(f);
  // The write that made it leave has a page again.
  EXPECT_LE(f.retained_bytes(), kLeaving + kPage);
  expect_all(kernel, static_cast<double>(kLeaving));
}

// All of the new memory was there before any of the old was gone: 2.6 times the data.
TEST(StorageAccounting, LeavingAFileTakesAChunkMoreThanThereWas) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const auto compact = [](BytesIO& f) { f.compact(); };
  const auto write = [](BytesIO& f) { f.write_at(3 * kPage, a_mebibyte().substr(3 * kPage, 1)); };
  for (const auto tier : {StorageOptions::automatic, StorageOptions::paged}) {
    expect_peak(tier, false, compact);
    expect_peak(tier, false, write);
    expect_peak(tier, true, compact);
  }
}

// It was the whole capacity, as if nothing were on the disk.
TEST(StorageAccounting, SpilledStreamsTakeThePagesThatTheyHaveChanged) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const Kernel kernel;
  const MemoryReport report;
  const auto expect = [&](std::size_t bytes) {
    expect_all(kernel, static_cast<double>(bytes));
    if (kSanitized) return;
    EXPECT_NEAR(static_cast<double>(report.additional_bytes()), static_cast<double>(bytes),
                kTolerance);
  };
  {
    SpooledIO f(SpooledOptions{.max_size = 4 * kMib, .directory = "/var/tmp"});
    for (int i = 0; i < 4; ++i) f.write(a_mebibyte());
    const Bytes before = f.getvalue();
    for (int i = 0; i < 28; ++i) f.write(a_mebibyte());
    ASSERT_TRUE(f.rolled());
    EXPECT_LE(f.retained_bytes(), 2 * kMib) << "half of the limit";
    // Its pages come from the file now.
    EXPECT_LE(before.retained_bytes(), 2 * kPage);
    expect(f.retained_bytes() + before.retained_bytes());
    f.compact();
    const Bytes value = f.getvalue();
    const std::size_t shared = f.retained_bytes();
    EXPECT_EQ(value.retained_bytes(), shared);
    dirty_every_tenth_page(f, 100);
    EXPECT_GE(f.retained_bytes(), 100 * kPage);
    expect(f.retained_bytes() + value.retained_bytes() + before.retained_bytes());
    {
      MutableMemoryView view = f.getbuffer();
      const std::size_t unwritten = f.retained_bytes();
      for (std::ptrdiff_t page = 4000; page < 4200; ++page) {
        view[page * static_cast<std::ptrdiff_t>(kPage)] = std::byte{'V'};
      }
      EXPECT_EQ(f.retained_bytes(), unwritten + 200 * kPage);
    }
    expect(f.retained_bytes() + value.retained_bytes() + before.retained_bytes());
  }
  expect(0);
}

// Its pages were in no report: it had left memory, for a directory that is in memory.
TEST(StorageAccounting, SpilledStreamsInADirectoryInMemoryAreMemory) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::string directory = test::fast_directory();
  if (!detail::temporary_file::in_memory(directory.c_str())) {
    GTEST_SKIP() << directory << " is not in memory";
  }
  static_cast<void>(a_mebibyte());
  const MemoryReport report;
  const auto expect_reported = [&](double bytes) {
    // A file has up to 1 MiB of room ahead.
    EXPECT_NEAR(static_cast<double>(report.additional_bytes()), bytes, kMib + 3 * kTolerance);
  };
  {
    SpooledIO f(SpooledOptions{.max_size = 4 * kMib, .directory = directory});
    for (int i = 0; i < 4; ++i) f.write(a_mebibyte());
    const Bytes before = f.getvalue();
    for (int i = 0; i < 28; ++i) f.write(a_mebibyte());
    ASSERT_TRUE(f.rolled());
    f.compact();
    const Bytes value = f.getvalue();
    EXPECT_GE(f.retained_bytes(), 32 * kMib);
    EXPECT_GE(before.retained_bytes(), 32 * kMib) << "it comes from the same file";
    EXPECT_EQ(value.retained_bytes(), f.retained_bytes());
    // What a sanitized process has mapped is not seen, but what a file has is.
    expect_reported(kSanitized ? 32.0 * kMib : static_cast<double>(f.retained_bytes()));
    const FilePath path = f.as_path();
    expect_reported((kSanitized ? 32.0 * kMib : static_cast<double>(f.retained_bytes())) +
                    32.0 * kMib);
  }
  expect_reported(0);
}

TEST(StorageAccounting, FreedMappingsAreCachedUntilTheyAreReleased) {
  const Kernel kernel;
  std::ostringstream out;
  const MemoryReport report;
  { const BytesIO f = stream_of(16 * kMib); }
  if (!pages_are_shared()) {
    EXPECT_EQ(cached_memory(), 0U);
    return;
  }
  EXPECT_EQ(cached_memory(), 16 * kMib);
  expect_all(kernel, static_cast<double>(cached_memory()));
  report.print(out);
  EXPECT_NE(out.str().find("\n  Cached for reuse 16 MiB\n"), std::string::npos) << out.str();
  EXPECT_EQ(release_cached_memory(), 16 * kMib);
  expect_all(kernel, 0);
  EXPECT_NEAR(static_cast<double>(report.additional_bytes()), 0, kTolerance);
  out.str("");
  report.print(out);
  EXPECT_EQ(out.str().find("Cached"), std::string::npos) << out.str();
}

TEST(StorageAccounting, NothingIsLeftOfDroppedStreamsAndSnapshots) {
  const Kernel kernel;
  const MemoryReport report;
  for (const auto tier : {StorageOptions::heap, StorageOptions::automatic, StorageOptions::paged}) {
    BytesIO f = stream_of(8 * kMib, tier);
    const Bytes value = f.getvalue();
    dirty_every_tenth_page(f, 20);
    const BytesIO clone = f.clone();
    dirty_every_tenth_page(f, 30);
  }
  release_cached_memory();
  EXPECT_EQ(kernel.files(), 0.0);
  expect_all(kernel, 0);
  EXPECT_NEAR(static_cast<double>(report.additional_bytes()), 0, kTolerance);
}

TEST(StorageAccounting, TheLedgerCountsBytesThatMoveAndNoOthers) {
  QUIRE_SKIP_WITHOUT_PAGES();
  release_cached_memory();
  BytesIO f;
  for (int i = 0; i < 16; ++i) f.write(a_mebibyte());
  EXPECT_LE(f.ledger().copied_for(CopyReason::Growth), 4 * kMib) << "mappings grow where they are";
  EXPECT_EQ(f.ledger().copied_for(CopyReason::Caller), 16 * kMib);
  const Bytes first = f.getvalue();
  f.write_at(0, "x");
  const auto moved = f.ledger().copied_for(CopyReason::CopyOnWrite);
  EXPECT_NEAR(static_cast<double>(moved), 16.0 * kMib, kPage);
  const Bytes second = f.getvalue();
  f.write_at(kMib, "x");
  EXPECT_EQ(f.ledger().copied_for(CopyReason::CopyOnWrite), moved + kPage) << "the dirty page";
  EXPECT_EQ(f.ledger().copied_for(CopyReason::GetValue), 0U);
  EXPECT_EQ(f.ledger().shared_for(CopyReason::GetValue), 32 * kMib);
}

/// Whether the kernel lets a process name its memory.
bool kernel_knows_names() {
  void* const memory =
      ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool known = ::prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, kPage, "name") == 0;
  ::munmap(memory, kPage);
  return known;
}

/// The name of the mapping that has that address.
std::string name_of_mapping(const std::byte* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    fields >> std::hex >> begin >> dash >> end;
    if (begin > at || at >= end) continue;
    const std::size_t name = line.find_first_of("/[");
    return name == std::string::npos ? "" : line.substr(name);
  }
  return "nowhere";
}

TEST(StorageAccounting, MappingsAndFilesHaveNames) {
  QUIRE_SKIP_WITHOUT_PAGES();
  BytesIO f = stream_of(4 * kMib);
  const Bytes value = f.getvalue();
  EXPECT_EQ(name_of_mapping(value.data()), kernel_knows_names() ? "[anon:quire:mapped]" : "");
  f.write_at(0, "x");
  EXPECT_EQ(name_of_mapping(value.data()), "/memfd:quire:paged (deleted)");
  EXPECT_EQ(name_of_mapping(f.getvalue().data()), "/memfd:quire:paged (deleted)");
}

}  // namespace
}  // namespace quire
