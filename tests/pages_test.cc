// pages: what the storage asks of the system, and the decoder of /proc/self/pagemap.
#include "quire/detail/pages.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quire/detail/process_memory.h"
#include "support/child_process.h"
#include "support/skips.h"

namespace quire::detail::pages {
namespace {

constexpr std::uint64_t bit(int number) {
  return std::uint64_t{1} << number;
}

// --- the decoder ---------------------------------------------------------------------------------

TEST(Pages, OwnPageIsOneThatIsPresentOrSwappedAndNotTheFiles) {
  constexpr std::uint64_t kPresent = bit(63);
  constexpr std::uint64_t kSwapped = bit(62);
  constexpr std::uint64_t kOfFile = bit(61);
  constexpr std::uint64_t kRest = ~(kPresent | kSwapped | kOfFile);
  for (const std::uint64_t rest : {std::uint64_t{0}, std::uint64_t{1}, bit(55), bit(56), kRest}) {
    EXPECT_FALSE(is_own_page(rest)) << std::hex << rest;
    EXPECT_TRUE(is_own_page(rest | kPresent)) << std::hex << rest;
    EXPECT_TRUE(is_own_page(rest | kSwapped)) << std::hex << rest;
    EXPECT_TRUE(is_own_page(rest | kPresent | kSwapped)) << std::hex << rest;
    EXPECT_FALSE(is_own_page(rest | kOfFile)) << std::hex << rest;
    EXPECT_FALSE(is_own_page(rest | kOfFile | kPresent)) << std::hex << rest;
    EXPECT_FALSE(is_own_page(rest | kOfFile | kSwapped)) << std::hex << rest;
  }
}

TEST(Pages, RecordedWordsOfAPrivateMappingAreReadRight) {
  // Recorded from a private mapping of a memfd. Without CAP_SYS_ADMIN the frame number is 0.
  EXPECT_TRUE(is_own_page(0x8100'0000'002a'd9c5)) << "written to";
  EXPECT_TRUE(is_own_page(0x8100'0000'0000'0000)) << "written to, frame hidden";
  EXPECT_TRUE(is_own_page(0x8000'0000'002a'd9c5)) << "written to, shared with a forked child";
  EXPECT_TRUE(is_own_page(0x4080'0000'0000'2a02)) << "written to, then swapped out";
  EXPECT_FALSE(is_own_page(0xa000'0000'002a'd9c7)) << "read, the file's";
  EXPECT_FALSE(is_own_page(0xa100'0000'0035'1348)) << "read, the file's, mapped once";
  EXPECT_FALSE(is_own_page(0x2000'0000'0000'0000)) << "the file's, not present";
  EXPECT_FALSE(is_own_page(0x0000'0000'0000'0000)) << "never touched";
  EXPECT_FALSE(is_own_page(0x0080'0000'0000'0000)) << "never touched, soft-dirty";
}

// --- the system ----------------------------------------------------------------------------------

/// A memory file of `count` pages, the i-th filled with 'a' + i, and a private mapping of it.
class MappedFile {
 public:
  explicit MappedFile(std::size_t count) : size_(count * page_size()) {
    EXPECT_EQ(create_file(&file_), 0);
    for (std::size_t i = 0; i < count; ++i) {
      const std::vector<std::byte> page(page_size(), static_cast<std::byte>('a' + i));
      EXPECT_EQ(append(file_, page.data(), page.size(), i * page_size(), false), 0);
    }
    EXPECT_EQ(map(size_, &data_), 0);
    bool torn = true;
    EXPECT_EQ(map_over(data_, size_, file_, 0, Access::ReadWrite, &torn), 0);
    EXPECT_FALSE(torn);
  }

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  ~MappedFile() {
    unmap(data_, size_);
    close_file(file_);
  }

  [[nodiscard]] std::byte& page(std::size_t index) const { return data_[index * page_size()]; }
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] int file() const { return file_; }

  /// One letter a page: 'o' its own, '-' not.
  [[nodiscard]] std::string own() const {
    std::vector<std::uint64_t> words(size_ / page_size());
    EXPECT_EQ(read_pagemap(data_, words.size(), words.data()), 0);
    std::string letters;
    for (const std::uint64_t word : words) letters += is_own_page(word) ? 'o' : '-';
    return letters;
  }

 private:
  std::size_t size_;
  int file_ = -1;
  std::byte* data_ = nullptr;
};

TEST(Pages, PagemapTellsWhichPagesAMappingHasWrittenTo) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(8);
  EXPECT_EQ(mapped.own(), "--------");
  EXPECT_EQ(mapped.page(3), std::byte{'d'});
  EXPECT_EQ(mapped.own(), "--------") << "read only";
  mapped.page(3) = std::byte{'d'};
  mapped.page(7) = std::byte{'x'};
  EXPECT_EQ(mapped.own(), "---o---o") << "written to, one with what was there";
}

TEST(Pages, PagemapTellsTheSameInAForkedChild) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(4);
  mapped.page(1) = std::byte{'x'};
  const int status = test::in_child([&] {
    if (mapped.own() != "-o--") return 1;
    mapped.page(2) = std::byte{'y'};
    return mapped.own() == "-oo-" ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(mapped.own(), "-o--");
}

TEST(Pages, WritesToAMappingReachNeitherTheFileNorOtherMappings) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(2);
  std::byte* other = nullptr;
  ASSERT_EQ(map(page_size(), &other), 0);
  bool torn = true;
  ASSERT_EQ(map_over(other, page_size(), mapped.file(), 0, Access::ReadWrite, &torn), 0);
  mapped.page(0) = std::byte{'x'};
  EXPECT_EQ(*other, std::byte{'a'});
  std::byte in_file{};
  EXPECT_EQ(read_back(mapped.file(), &in_file, 1, 0), 0);
  EXPECT_EQ(in_file, std::byte{'a'});
  unmap(other, page_size());
}

TEST(Pages, FileCannotShrink) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(2);
  EXPECT_EQ(::ftruncate(mapped.file(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(mapped.page(1), std::byte{'b'});
}

TEST(Pages, FileIsNamedAndDoesNotSurviveExec) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(1);
  EXPECT_NE(::fcntl(mapped.file(), F_GETFD) & FD_CLOEXEC, 0);
  const std::string link = "/proc/self/fd/" + std::to_string(mapped.file());
  std::array<char, 100> name{};
  ASSERT_GT(::readlink(link.c_str(), name.data(), name.size() - 1), 0);
  EXPECT_TRUE(std::string(name.data()).starts_with("/memfd:quire:")) << name.data();
}

TEST(Pages, ReadAccessBecomesWritableOnDemand) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(2);
  bool torn = true;
  ASSERT_EQ(map_over(mapped.data(), page_size(), mapped.file(), page_size(), Access::Read, &torn),
            0);
  EXPECT_EQ(mapped.page(0), std::byte{'b'});
  ASSERT_EQ(make_writable(mapped.data(), 2 * page_size()), 0);
  mapped.page(0) = std::byte{'x'};
  EXPECT_EQ(mapped.own(), "o-");
}

TEST(Pages, RenewedMemoryIsZero) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(2);
  EXPECT_EQ(renew(mapped.data(), page_size()), EEXIST) << "something is there";
  EXPECT_EQ(mapped.page(0), std::byte{'a'});
  unmap(mapped.data(), page_size());
  ASSERT_EQ(renew(mapped.data(), page_size()), 0);
  EXPECT_EQ(mapped.page(0), std::byte{0});
  EXPECT_EQ(mapped.page(1), std::byte{'b'});
}

TEST(Pages, MappingKeepsItsBytesWhenItGrowsAndIsCut) {
  QUIRE_SKIP_WITHOUT_PAGES();
  std::byte* data = nullptr;
  ASSERT_EQ(map(2 * page_size(), &data), 0);
  data[0] = std::byte{'a'};
  data[2 * page_size() - 1] = std::byte{'b'};
  ASSERT_EQ(resize(&data, 2 * page_size(), 300 * page_size()), 0);
  EXPECT_EQ(data[0], std::byte{'a'});
  EXPECT_EQ(data[2 * page_size() - 1], std::byte{'b'});
  EXPECT_EQ(data[300 * page_size() - 1], std::byte{0});
  ASSERT_EQ(resize(&data, 300 * page_size(), page_size()), 0);
  EXPECT_EQ(data[0], std::byte{'a'});
  unmap(data, page_size());
}

TEST(Pages, ForkedChildHasAnotherGeneration) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::uint64_t mine = process_generation();
  const int status = test::in_child([&] {
    const std::uint64_t childs = process_generation();
    if (childs == mine) return 1;
    return test::in_child([&] { return process_generation() == childs ? 2 : 0; });
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(process_generation(), mine);
}

TEST(Pages, RoundingKeepsWholePages) {
  const std::size_t page = page_size();
  EXPECT_EQ(page & (page - 1), 0u);
  EXPECT_EQ(round_up(0), 0u);
  EXPECT_EQ(round_up(1), page);
  EXPECT_EQ(round_up(page), page);
  EXPECT_EQ(round_down(page - 1), 0u);
  EXPECT_EQ(round_down(2 * page + 1), 2 * page);
}

TEST(Pages, LargeMappingsBeginWithAHugePage) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (const std::size_t size : {2 * kHugePage, 2 * kHugePage + page_size(), 5 * kHugePage - 1}) {
    const std::size_t whole = round_up(size);
    std::byte* data = nullptr;
    ASSERT_EQ(map(whole, &data), 0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % kHugePage, 0u) << size;
    data[whole - 1] = std::byte{1};
    unmap(data, whole);
    EXPECT_EQ(::msync(data + whole - page_size(), page_size(), MS_ASYNC), -1) << "all of it";
  }
}

// --- refusing ------------------------------------------------------------------------------------

std::vector<Call> refused;

int refuse(Call call) noexcept {
  return std::find(refused.begin(), refused.end(), call) == refused.end() ? 0 : ENOMEM;
}

class RefusedCall {
 public:
  explicit RefusedCall(std::vector<Call> calls) {
    refused = std::move(calls);
    set_fault_hook(refuse);
  }

  explicit RefusedCall(Call call) : RefusedCall(std::vector{call}) {}

  RefusedCall(const RefusedCall&) = delete;
  RefusedCall& operator=(const RefusedCall&) = delete;
  ~RefusedCall() { set_fault_hook(nullptr); }
};

TEST(Pages, MapOverIsRefusedInBothWays) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(1);
  bool torn = true;
  {
    const RefusedCall call(Call::MapOver);
    EXPECT_EQ(map_over(mapped.data(), page_size(), mapped.file(), 0, Access::Read, &torn), ENOMEM);
  }
  EXPECT_FALSE(torn);
  EXPECT_EQ(mapped.page(0), std::byte{'a'}) << "still there";
  {
    const RefusedCall call(Call::MapOverTorn);
    EXPECT_EQ(map_over(mapped.data(), page_size(), mapped.file(), 0, Access::Read, &torn), ENOMEM);
  }
  EXPECT_TRUE(torn);
  EXPECT_EQ(::msync(mapped.data(), page_size(), MS_ASYNC), -1) << "gone";
  EXPECT_EQ(renew(mapped.data(), page_size()), 0);
}

/// Of the first `count` pages, those that are in memory.
std::size_t pages_in_memory(const std::byte* data, std::size_t count) {
  std::vector<std::uint64_t> words(count);
  EXPECT_EQ(read_pagemap(data, count, words.data()), 0);
  return static_cast<std::size_t>(std::count_if(
      words.begin(), words.end(), [](std::uint64_t word) { return word >> 63 != 0; }));
}

TEST(Pages, MemoryThatIsNotUnmappedIsGivenBackAndItsAddressesStayTaken) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (const auto& calls : {std::vector{Call::Unmap}, std::vector{Call::Unmap, Call::MapOver},
                            std::vector{Call::Unmap, Call::Advise}}) {
    std::byte* data = nullptr;
    ASSERT_EQ(map(3 * page_size(), &data), 0);
    std::memset(data, 1, 3 * page_size());
    EXPECT_EQ(pages_in_memory(data, 3), 3u);
    {
      const RefusedCall now(calls);
      unmap(data, 3 * page_size());
    }
    EXPECT_EQ(pages_in_memory(data, 3), 0u) << calls.size() << " calls refused";
    EXPECT_EQ(renew(data, 3 * page_size()), EEXIST) << "nobody else may get them";
    unmap(data, 3 * page_size());
  }
}

TEST(Pages, FileWhoseMappingIsNotUnmappedIsGone) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::size_t before = detail::read_process_memory().shared;
  {
    const MappedFile mapped(20);
    mapped.page(3) = std::byte{'x'};
    EXPECT_GE(detail::read_process_memory().shared, before + 20 * page_size());
    refused = {Call::Unmap};
    set_fault_hook(refuse);
  }
  set_fault_hook(nullptr);
  EXPECT_EQ(detail::read_process_memory().shared, before);
}

TEST(Pages, FileThatCannotBeSealedIsNone) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const RefusedCall call(Call::Seal);
  int file = -1;
  // Each would take one of the descriptors that quire allows itself.
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(create_file(&file), ENOMEM);
  EXPECT_EQ(file, -1);
}

TEST(Pages, ReadingBackIsRefused) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(1);
  const RefusedCall call(Call::ReadBack);
  std::byte byte{};
  std::uint64_t word = 0;
  EXPECT_EQ(read_back(mapped.file(), &byte, 1, 0), ENOMEM);
  EXPECT_EQ(read_pagemap(mapped.data(), 1, &word), ENOMEM);
}

TEST(Pages, WhatIsGivenBackTakesNoMemoryAndReadsAsZeros) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const MappedFile mapped(3);
  ASSERT_EQ(give_back(mapped.file(), page_size(), page_size()), 0);
  struct stat status {};
  ASSERT_EQ(::fstat(mapped.file(), &status), 0);
  EXPECT_EQ(static_cast<std::size_t>(status.st_blocks) * 512, 2 * page_size());
  EXPECT_EQ(mapped.page(0), std::byte{'a'});
  EXPECT_EQ(mapped.page(1), std::byte{0});
  EXPECT_EQ(mapped.page(2), std::byte{'c'});
  const RefusedCall call(Call::GiveBack);
  EXPECT_EQ(give_back(mapped.file(), 0, page_size()), ENOMEM);
  EXPECT_EQ(mapped.page(0), std::byte{'a'});
}

// --- huge pages in memory files ------------------------------------------------------------------

/// Bytes of this process that are mapped huge pages of files in memory.
std::size_t bytes_in_huge_file_pages() {
  std::ifstream smaps("/proc/self/smaps");
  std::size_t kib = 0;
  for (std::string word; smaps >> word;) {
    std::size_t value = 0;
    if (word == "ShmemPmdMapped:" && smaps >> value) kib += value;
  }
  return kib * 1024;
}

/// Whether this system makes huge pages of a memory file's on demand.
bool system_collapses() {
  constexpr int kCollapse = 25;
  int file = -1;
  std::byte* reserved = nullptr;
  if (create_file(&file) != 0 || map(2 * kHugePage, &reserved) != 0) return false;
  bool collapses = ::ftruncate(file, kHugePage) == 0 && ::pwrite(file, "a", 1, 0) == 1;
  void* const mapped =
      ::mmap(reserved, kHugePage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
  collapses = collapses && mapped != MAP_FAILED && ::madvise(mapped, kHugePage, kCollapse) == 0;
  unmap(reserved, 2 * kHugePage);
  close_file(file);
  return collapses;
}

/// Appends `before` bytes and then three huge pages and a bit, and reads all of it through a private
/// mapping. Returns the bytes that are mapped as huge pages.
std::size_t huge_bytes_appended(std::size_t before, bool huge = true) {
  const std::size_t size = round_up(before + 3 * kHugePage + 100);
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>(i * 7 + i / 4096);
  int file = -1;
  std::byte* data = nullptr;
  EXPECT_EQ(create_file(&file), 0);
  EXPECT_EQ(append(file, content.data(), before, 0, huge), 0);
  EXPECT_EQ(append(file, content.data() + before, size - before, before, huge), 0);
  struct stat status {};
  EXPECT_EQ(::fstat(file, &status), 0);
  EXPECT_EQ(static_cast<std::size_t>(status.st_size), size);
  EXPECT_EQ(static_cast<std::size_t>(status.st_blocks) * 512, size) << "no more than was written";
  EXPECT_EQ(map(size, &data), 0);
  bool torn = true;
  EXPECT_EQ(map_over(data, size, file, 0, Access::ReadWrite, &torn), 0);
  const std::size_t huge_before = bytes_in_huge_file_pages();
  EXPECT_EQ(std::memcmp(data, content.data(), size), 0) << before;
  const std::size_t huge_bytes = bytes_in_huge_file_pages() - huge_before;
  unmap(data, size);
  close_file(file);
  return huge_bytes;
}

TEST(Pages, WhatIsAppendedIsInHugePagesWhereTheSystemMakesThem) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::size_t huge = system_collapses() ? kHugePage : 0;
  EXPECT_EQ(huge_bytes_appended(0), 3 * huge);
  EXPECT_EQ(huge_bytes_appended(page_size()), 2 * huge) << "the first one was begun before";
  EXPECT_EQ(huge_bytes_appended(kHugePage), 4 * huge);
}

TEST(Pages, WhatIsAppendedIsTheSameWithoutHugePages) {
  QUIRE_SKIP_WITHOUT_PAGES();
  EXPECT_EQ(huge_bytes_appended(page_size(), false), 0u);
  for (const Call kind : {Call::Collapse, Call::Advise}) {
    const RefusedCall call(kind);
    EXPECT_EQ(huge_bytes_appended(page_size()), 0u);
  }
}

std::vector<std::byte*> mapped_meanwhile;

// A huge page was written through a mapping over addresses that were reserved. Older kernels may refuse such
// a mapping after they took away what was there; what another thread then mapped in the hole went with the rest.
TEST(Pages, WhatIsMappedWhereAHugePageWasToBeStays) {
  QUIRE_SKIP_WITHOUT_PAGES();
  mapped_meanwhile.clear();
  set_fault_hook([](Call call) noexcept {
    if (call != Call::Collapse) return 0;
    // The system gives out the addresses that were free a moment ago.
    void* const mapped = ::mmap(nullptr, 2 * kHugePage, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return 0;
    mapped_meanwhile.push_back(static_cast<std::byte*>(mapped));
    for (std::size_t at = 0; at < 2 * kHugePage; at += page_size()) {
      mapped_meanwhile.back()[at] = std::byte{'m'};
    }
    return 0;
  });
  EXPECT_EQ(huge_bytes_appended(0), 0u) << "the place was free";
  set_fault_hook(nullptr);
  EXPECT_EQ(mapped_meanwhile.size(), 3u);
  for (std::byte* const data : mapped_meanwhile) {
    ASSERT_EQ(::msync(data, 2 * kHugePage, MS_ASYNC), 0) << "gone";
    for (std::size_t at = 0; at < 2 * kHugePage; at += page_size()) {
      ASSERT_EQ(data[at], std::byte{'m'}) << at;
    }
    unmap(data, 2 * kHugePage);
  }
}

}  // namespace
}  // namespace quire::detail::pages
