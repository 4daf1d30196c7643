// What retained_bytes(), the ledger and MemoryReport say of each tier, beside what the kernel says:
// /proc/self/smaps and the blocks of the memory files.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "quire/memory_report.h"
#include "quire/spooled_io.h"
#include "support/page_faults.h"
#include "support/storage.h"

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
  return f;
}

double retained(const BytesIO& f) {
  return static_cast<double>(f.retained_bytes());
}

void dirty_every_tenth_page(BytesIO& f, std::size_t pages) {
  for (std::size_t i = 0; i < pages; ++i) f.write_at(i * 10 * kPage, "dirty");
}

TEST(StorageAccounting, HeapBlocksTakeTheirCapacity) {
  const Kernel kernel;
  const MemoryReport report;
  const BytesIO f = stream_of(16 * kMib, StorageOptions::heap);
  EXPECT_EQ(f.retained_bytes(), f.capacity());
  expect_all(kernel, retained(f));
  EXPECT_NEAR(static_cast<double>(report.additional_bytes()), retained(f), kTolerance);
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

TEST(StorageAccounting, PagesWrittenThroughAViewCount) {
  if (!pages_are_shared()) return;
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
  const Kernel kernel;
  const MemoryReport report;
  BytesIO f = stream_of(16 * kMib, StorageOptions::paged);
  std::vector<Bytes> kept;
  for (std::size_t round = 0; round < 20; ++round) {
    kept.push_back(f.getvalue());
    f.write_at(round * 50 * kPage, "y");
  }
  if (!pages_are_shared()) return;
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

// It was the whole capacity, as if nothing were on the disk.
TEST(StorageAccounting, SpilledStreamsTakeThePagesThatTheyHaveChanged) {
  if (!pages_are_shared()) return;
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
  if (!pages_are_shared()) return;
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
  if (!pages_are_shared()) return;
  BytesIO f = stream_of(4 * kMib);
  const Bytes value = f.getvalue();
  EXPECT_EQ(name_of_mapping(value.data()), kernel_knows_names() ? "[anon:quire:mapped]" : "");
  f.write_at(0, "x");
  EXPECT_EQ(name_of_mapping(value.data()), "/memfd:quire:paged (deleted)");
  EXPECT_EQ(name_of_mapping(f.getvalue().data()), "/memfd:quire:paged (deleted)");
}

}  // namespace
}  // namespace quire
