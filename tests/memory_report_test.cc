// What MemoryReport sees, each kind of memory by itself.
#include "quire/memory_report.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/detail/pages.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define QUIRE_TEST_SANITIZED 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define QUIRE_TEST_SANITIZED 1
#  endif
#endif
#ifndef QUIRE_TEST_SANITIZED
#  define QUIRE_TEST_SANITIZED 0
#endif

namespace quire {
namespace {

// Mapped memory and the kernel's peak cannot be told from the sanitizer's own.
constexpr bool kSanitized = QUIRE_TEST_SANITIZED != 0;

constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kSize = 50 * kMiB;

double in_mib(double bytes) {
  return bytes / static_cast<double>(kMiB);
}

void expect_additional(const MemoryReport& report, double mib) {
  EXPECT_NEAR(in_mib(static_cast<double>(report.additional_bytes())), mib, 0.3);
}

void expect_peak(const MemoryReport& report, double mib) {
  EXPECT_NEAR(in_mib(static_cast<double>(report.peak_bytes())), mib, 0.5);
}

/// Writes to each page, in a way that compilers cannot leave out.
void touch_pages(void* data, std::size_t size) {
  auto* const bytes = static_cast<volatile char*>(data);
  for (std::size_t at = 0; at < size; at += 4096) bytes[at] = 'x';
}

class Touched {
 public:
  explicit Touched(std::size_t size) : bytes_(size) { touch_pages(bytes_.data(), size); }

 private:
  std::vector<char> bytes_;
};

class Mapping {
 public:
  Mapping(std::size_t size, int flags, int file = -1)
      : size_(size), data_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, file, 0)) {
    if (data_ == MAP_FAILED) throw std::bad_alloc();
  }

  ~Mapping() { ::munmap(data_, size_); }

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void touch() { touch_pages(data_, size_); }

  void look() const {
    const auto* const bytes = static_cast<const volatile char*>(data_);
    for (std::size_t at = 0; at < size_; at += 4096) (void)bytes[at];
  }

 private:
  std::size_t size_;
  void* data_;
};

/// A memfd of kSize bytes, all of them with pages.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("report_test", MFD_CLOEXEC)) {
    const std::string chunk(64 * 1024, 'x');
    for (std::size_t at = 0; at < kSize; at += chunk.size()) {
      if (::write(fd_, chunk.data(), chunk.size()) != static_cast<ssize_t>(chunk.size())) {
        throw std::bad_alloc();
      }
    }
  }

  ~MemoryFile() { ::close(fd_); }

  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

using MallocMemory = std::unique_ptr<void, Free>;

TEST(MemoryReport, NothingIsNothing) {
  const MemoryReport report;
  expect_additional(report, 0);
  expect_peak(report, 0);
  EXPECT_EQ(report.ledger(), Ledger());
  EXPECT_EQ(report.peak_is_kernels(), !kSanitized);
}

TEST(MemoryReport, SeesMalloc) {
  const MemoryReport report;
  {
    const MallocMemory memory(std::malloc(kSize));
    expect_additional(report, 50);
    touch_pages(memory.get(), kSize);
    expect_additional(report, 50);
  }
  expect_additional(report, 0);
  expect_peak(report, 50);
}

TEST(MemoryReport, SeesMallocInSmallPieces) {
  const MemoryReport report;
  {
    std::vector<std::unique_ptr<char[]>> pieces;
    for (std::size_t i = 0; i < 50 * 1024; ++i) pieces.push_back(std::make_unique<char[]>(1024));
    EXPECT_NEAR(in_mib(static_cast<double>(report.additional_bytes())), 51.5, 1.5);
  }
  expect_additional(report, 0);
}

TEST(MemoryReport, SeesMallocOfOtherThreads) {
  const MemoryReport report;
  std::vector<std::unique_ptr<char[]>> pieces;
  std::thread([&] {
    // From the thread's own arena, which is a mapping.
    for (std::size_t i = 0; i < 800; ++i) pieces.push_back(std::make_unique<char[]>(64 * 1024));
  }).join();
  expect_additional(report, 50);
  pieces.clear();
  expect_additional(report, 0);
}

TEST(MemoryReport, SeesAVector) {
  const MemoryReport report;
  const Touched vector(kSize);
  expect_additional(report, 50);
  expect_peak(report, 50);
}

TEST(MemoryReport, SeesWhatWasFreedBeforeTheScopeAsFree) {
  { const Touched before(20 * kMiB); }
  const MemoryReport report;
  { const Touched again(20 * kMiB); }
  expect_additional(report, 0);
  if (!kSanitized) expect_peak(report, 20);
}

TEST(MemoryReport, FreedMemoryIsNegative) {
  std::optional<Touched> memory(std::in_place, kSize);
  const MemoryReport report;
  memory.reset();
  expect_additional(report, -50);
  expect_peak(report, 0);
}

TEST(MemoryReport, SeesAPeakThatNobodyAskedFor) {
  const MemoryReport report;
  { const Touched memory(kSize); }
  expect_additional(report, 0);
  expect_peak(report, kSanitized ? 0 : 50);
}

TEST(MemoryReport, SeesMmap) {
  const MemoryReport report;
  {
    Mapping mapping(kSize, MAP_PRIVATE | MAP_ANONYMOUS);
    expect_additional(report, kSanitized ? 0 : 50);
    mapping.touch();
    expect_additional(report, kSanitized ? 0 : 50);
  }
  expect_additional(report, 0);
  expect_peak(report, kSanitized ? 0 : 50);
}

TEST(MemoryReport, ReservedAddressSpaceCountsWhenTouched) {
  const MemoryReport report;
  Mapping mapping(kSize, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  expect_additional(report, 0);
  mapping.touch();
  expect_additional(report, kSanitized ? 0 : 50);
}

TEST(MemoryReport, SeesSharedAnonymousMemory) {
  const MemoryReport report;
  {
    Mapping mapping(kSize, MAP_SHARED | MAP_ANONYMOUS);
    expect_additional(report, 0);
    mapping.touch();
    expect_additional(report, 50);
  }
  expect_additional(report, 0);
}

TEST(MemoryReport, SeesAMemfdThatIsNotMapped) {
  const MemoryReport report;
  {
    const MemoryFile file;
    expect_additional(report, 50);
  }
  expect_additional(report, 0);
}

TEST(MemoryReport, CountsAMemfdOnceHoweverOftenItIsMappedAndOpen) {
  const MemoryReport report;
  const MemoryFile file;
  const Mapping first(kSize, MAP_SHARED, file.get());
  const Mapping second(kSize, MAP_PRIVATE, file.get());
  const int copy = ::dup(file.get());
  first.look();
  second.look();
  expect_additional(report, 50);
  if (!kSanitized) expect_peak(report, 50);
  ::close(copy);
}

TEST(MemoryReport, SeesAMemfdThatIsMappedAndClosed) {
  const MemoryReport report;
  {
    std::optional<MemoryFile> file(std::in_place);
    const Mapping first(kSize, MAP_PRIVATE, file->get());
    const Mapping second(kSize, MAP_SHARED, file->get());
    // Part of it only, and not from the start.
    const Mapping third(10 * kMiB, MAP_SHARED, file->get());
    file.reset();
    expect_additional(report, 50);
    first.look();
    expect_additional(report, 50);
  }
  expect_additional(report, 0);
}

TEST(MemoryReport, SeesPagesCopiedFromAMemfd) {
  const MemoryFile file;
  const MemoryReport report;
  Mapping mapping(kSize, MAP_PRIVATE, file.get());
  expect_additional(report, 0);
  mapping.touch();
  expect_additional(report, kSanitized ? 0 : 50);
}

TEST(MemoryReport, DoesNotShowAThreadThatWasStarted) {
  const MemoryReport report;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) std::this_thread::yield();
    });
  }
  expect_additional(report, 0);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  expect_additional(report, 0);
}

TEST(MemoryReport, LeavesOutAStackButNotWhatLiesAboveIt) {
  // As the kernel shows a stack and a mapping that it has merged with.
  pthread_attr_t attributes;
  std::size_t stack_size = 0;
  ASSERT_EQ(pthread_getattr_default_np(&attributes), 0);
  pthread_attr_getstacksize(&attributes, &stack_size);
  pthread_attr_destroy(&attributes);
  constexpr std::size_t guard_size = 4096;
  const MemoryReport report;
  const std::size_t size = guard_size + stack_size + 10 * kMiB;
  void* const guard = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(guard, MAP_FAILED);
  char* const stack = static_cast<char*>(guard) + guard_size;
  EXPECT_EQ(::mprotect(stack, stack_size, PROT_READ | PROT_WRITE), 0);
  expect_additional(report, 0);
  EXPECT_EQ(::mprotect(stack, size - guard_size, PROT_READ | PROT_WRITE), 0);
  expect_additional(report, kSanitized ? 0 : 10);
  ::munmap(guard, size);
}

TEST(MemoryReport, InnerScopeKeepsTheOuterPeak) {
  const MemoryReport outer;
  { const Touched before(kSize); }
  {
    const MemoryReport inner;
    { const Touched small(10 * kMiB); }
    expect_peak(inner, kSanitized ? 0 : 10);
    expect_additional(inner, 0);
  }
  expect_peak(outer, kSanitized ? 0 : 50);
  const MemoryReport after;
  expect_peak(after, 0);
  expect_peak(outer, kSanitized ? 0 : 50);
}

TEST(MemoryReport, OuterScopeSeesTheInnerPeak) {
  const MemoryReport outer;
  {
    const MemoryReport inner;
    const Touched memory(kSize);
    expect_peak(inner, 50);
  }
  expect_peak(outer, 50);
  expect_additional(outer, 0);
}

TEST(MemoryReport, ScopesMayOverlap) {
  auto first = std::make_unique<MemoryReport>();
  const Touched one(10 * kMiB);
  const MemoryReport second;
  const Touched two(20 * kMiB);
  expect_additional(*first, 30);
  first.reset();
  expect_additional(second, 20);
  expect_peak(second, 20);
}

TEST(MemoryReport, ScopesOnManyThreadsAreIndependent) {
  const MemoryReport outer;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 5; ++round) {
        const MemoryReport report;
        const Touched memory(10 * kMiB);
        // Of the other threads at most all of it may have come or gone meanwhile.
        const double mib = in_mib(static_cast<double>(report.additional_bytes()));
        EXPECT_GT(mib, 10.0 - 3 * 10.5);
        EXPECT_LT(mib, 10.0 + 3 * 10.5);
        EXPECT_GE(in_mib(static_cast<double>(report.peak_bytes())), mib - 0.5);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect_additional(outer, 0);
  EXPECT_GE(in_mib(static_cast<double>(outer.peak_bytes())), 9.5);
}

TEST(MemoryReport, LedgerIsThatOfTheScopeAndOfAllThreads) {
  const Bytes before("before");
  const MemoryReport report;
  const Bytes here("here");
  std::thread([] { const Bytes there("there"); }).join();
  EXPECT_EQ(report.ledger().copied_for(CopyReason::Caller), 9U);
  EXPECT_EQ(report.ledger().copied_total(), 9U);
}

TEST(MemoryReport, PrintsAsTheSeedsReportAllocated) {
  std::ostringstream out;
  out.width(70);
  out << std::hex;
  {
    const MemoryReport report("Reading", out);
    const std::string data(3 * kMiB + kMiB / 8, 'x');
    const Bytes copy(data);
    EXPECT_EQ(out.str(), "") << "printed too early";
    report.print(out);
  }
  const std::string peak = kSanitized ? "Peak at least " : "Peak ";
  EXPECT_EQ(out.str(),
            "Reading:\n"
            "  Allocated additional 6 MiB\n"
            "  " +
                peak +
                "6 MiB, copied 3 MiB (caller's buffer 3 MiB)\n"
                "\n"
                "Reading:\n"
                "  Allocated additional 0 MiB\n"
                "  " +
                peak +
                "6 MiB, copied 3 MiB (caller's buffer 3 MiB)\n"
                "\n");
}

TEST(MemoryReport, PrintsNoReasonsWithoutCopiesAndNoNameWithoutOne) {
  std::ostringstream out;
  const MemoryReport report;
  report.print(out);
  EXPECT_EQ(out.str(), std::string("  Allocated additional 0 MiB\n") +
                           (kSanitized ? "  Peak at least " : "  Peak ") +
                           "0 MiB, copied 0 MiB\n\n");
}

TEST(MemoryReport, PrintsToTheStandardOutput) {
  testing::internal::CaptureStdout();
  { const MemoryReport report("Nothing"); }
  std::cout.flush();
  EXPECT_TRUE(testing::internal::GetCapturedStdout().starts_with(
      "Nothing:\n  Allocated additional 0 MiB\n"));
}

TEST(MemoryReport, RoundsHalfToEvenAsPython) {
  // round(0.5), round(1.5), round(2.5), round(3.5) == (0, 2, 2, 4)
  const std::vector<std::pair<std::size_t, const char*>> cases = {
      {1, "0"}, {3, "2"}, {5, "2"}, {7, "4"}};
  for (const auto& [halves, wanted] : cases) {
    const std::vector<char> data(halves * kMiB / 2);
    std::ostringstream out;
    const MemoryReport report;
    const Bytes copy(data);
    report.print(out);
    EXPECT_NE(out.str().find(", copied " + std::string(wanted) + " MiB"), std::string::npos)
        << halves << " halves: " << out.str();
  }
}

TEST(MemoryReport, AStreamThatThrowsDoesNotEndTheProgram) {
  struct Broken : std::stringbuf {
    std::streamsize xsputn(const char*, std::streamsize) override {
      throw std::runtime_error("broken");
    }
  } broken;

  std::ostream stream(&broken);
  stream.exceptions(std::ios::badbit);
  { const MemoryReport report("Lost", stream); }
  EXPECT_TRUE(stream.bad());
}

TEST(MemoryReport, SeesWhatAStreamHolds) {
  const bool pages = detail::pages::available();
  // Under a sanitizer nothing is seen of pages but the files that they go to.
  const bool unseen = pages && kSanitized;
  const MemoryReport report;
  BytesIO stream;
  const std::string chunk(kMiB, 'X');
  for (int i = 0; i < 50; ++i) stream.write(chunk);
  const double held = in_mib(static_cast<double>(report.additional_bytes()));
  EXPECT_GE(held, unseen ? 0.0 : 50.0);
  EXPECT_LE(held, 80.0) << "growth of more than half again";
  {
    const MemoryReport snapshot;
    const Bytes value = stream.getvalue();
    expect_additional(snapshot, 0);
    EXPECT_EQ(snapshot.ledger().copied_total(), 0U);
    EXPECT_EQ(snapshot.ledger().shared_for(CopyReason::GetValue), 50 * kMiB);
  }
  {
    const MemoryReport write;
    const Bytes value = stream.getvalue();
    stream.seek(0);
    stream.write("hello");
    // The bytes move to where both find them; nothing is there twice but the page written to. The
    // portable back end copies all but the bytes about to be overwritten.
    expect_additional(write, pages && !unseen ? 0 : 50);
    EXPECT_NEAR(in_mib(static_cast<double>(write.ledger().copied_for(CopyReason::CopyOnWrite))), 50,
                0.01);
  }
}

// malloc's secondary arenas start at multiples of 64 MiB and reserve nothing. So does, now and then, the
// mapping of a file in which a stream shares its pages: it was taken for an arena, and what the stream
// had changed was in no report.
TEST(MemoryReport, CountsChangedPagesOfAFileAtTheAddressOfAnArena) {
  if (kSanitized) GTEST_SKIP() << "the pages of single mappings are not seen";
  constexpr std::size_t kArena = 64 * kMiB;
  const MemoryFile file;
  void* const region =
      ::mmap(nullptr, 2 * kArena, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(region, MAP_FAILED);
  void* const at =
      static_cast<char*>(region) + (-reinterpret_cast<std::uintptr_t>(region) % kArena);
  void* const mapped = ::mmap(at, 10 * kMiB, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, file.get(), 0);
  ASSERT_EQ(mapped, at);
  const MemoryReport report;
  touch_pages(mapped, 10 * kMiB);
  expect_additional(report, 10);
  ::munmap(region, 2 * kArena);
}

}  // namespace
}  // namespace quire
