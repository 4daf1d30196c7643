// FilePath: when it is the file that a stream's pages come from, and that nothing changes it then.
#include "quire/file_path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <semaphore>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "quire/spooled_io.h"
#include "support/child_process.h"
#include "support/file_content.h"
#include "support/forbidden_calls.h"
#include "support/random_choices.h"
#include "support/skips.h"
#include "support/storage.h"
#include "support/temp_directory.h"

namespace quire::test {
namespace {

bool shares() {
  return detail::pages::available();
}

std::string content(const FilePath& path) {
  return file_content(path.str());
}

std::string content(const BytesIO& stream) {
  return std::string(ByteSpan(stream.getvalue()).as_chars());
}

/// Which file it is.
ino_t file_of(const FilePath& path) {
  struct stat status {};
  EXPECT_EQ(::fstat(path.fileno(), &status), 0);
  return status.st_ino;
}

void expect_sealed(const FilePath& path) {
  EXPECT_EQ(::fcntl(path.fileno(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(::fcntl(path.fileno(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  const int seals = ::fcntl(path.fileno(), F_GET_SEALS);
  for (const int seal : {F_SEAL_WRITE, F_SEAL_GROW, F_SEAL_SHRINK, F_SEAL_SEAL}) {
    EXPECT_TRUE((seals & seal) != 0) << "no seal " << seal;
  }
  EXPECT_EQ(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC), -1);
  // Root may open it for writing, which is all.
  const int writer = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (writer < 0) return;
  EXPECT_EQ(::pwrite(writer, "!", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_NE(::ftruncate(writer, 1), 0);
  ::close(writer);
}

/// A handle of `data` whose pages all come from a file.
Bytes in_a_file(const std::string& data) {
  BytesIO stream = test::left_before(BytesIO(ByteSpan(data)));
  Bytes bytes = stream.getvalue();
  stream.write_at(0, "!");
  EXPECT_EQ(tier_of(bytes), shares() ? "paged" : "heap");
  return bytes;
}

constexpr StorageOptions kPaged{.tier = StorageOptions::paged};

TEST(FilePath, IsTheFileOfTheBytesThemselves) {
  for (const std::size_t size : {kMib, kMib + 1, 5 * kMib - 1}) {
    SCOPED_TRACE(size);
    const std::string data = pattern(size);
    const Bytes bytes = in_a_file(data);
    const BytesIO stream(bytes);
    const FilePath path = stream.as_path();
    // The end, less than a page, was not in the file.
    EXPECT_EQ(copied(stream), shares() ? size % kPage : size);
    expect_sealed(path);
    EXPECT_TRUE(content(path) == data);
    const FilePath again = stream.as_path();
    const BytesIO other(bytes);
    const FilePath of_another = other.as_path();
    EXPECT_TRUE(content(again) == data);
    EXPECT_TRUE(content(of_another) == data);
    if (!shares()) continue;
    EXPECT_EQ(copied(stream), size % kPage) << "the second time nothing was missing";
    EXPECT_EQ(copied(other), 0u);
    EXPECT_EQ(file_of(again), file_of(path));
    EXPECT_EQ(file_of(of_another), file_of(path));
  }
}

TEST(FilePath, OfAStreamThatIsPagedFromBirthCopiesWhatIsNotYetInTheFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (const std::size_t size : {3 * kMib, 3 * kMib + 77}) {
    SCOPED_TRACE(size);
    const std::string data = pattern(size);
    BytesIO stream(ByteSpan(data), kPaged);
    const FilePath path = stream.as_path();
    EXPECT_LE(copied(stream), kMib);
    expect_sealed(path);
    EXPECT_TRUE(content(path) == data);
  }
}

// What was at the end moved into the file while the stream held a window to write there in place.
TEST(FilePath, ShowsNothingThatTheStreamWritesAfterwards) {
  for (const std::size_t size : {3 * kMib, 3 * kMib + 77, 3 * kMib + 100 * kKib}) {
    SCOPED_TRACE(size);
    std::string data = pattern(size);
    BytesIO stream(ByteSpan(data).subspan(0, 3 * kMib), kPaged);
    stream.seek(0, Whence::End);
    stream.write(ByteSpan(data).subspan(3 * kMib));
    const FilePath path = stream.as_path();
    const std::string data_then = data;
    stream.write_at(size - kPage, "first");
    data.replace(size - kPage, 5, "first");
    for (std::size_t at = 0; at < size; at += size / 61) {
      stream.write_at(at, "changed");
      if (at + 7 > data.size()) data.resize(at + 7);
      data.replace(at, 7, "changed");
    }
    const Bytes snapshot = stream.getvalue();
    const std::string data_of_snapshot = data;
    stream.write_at(data.size(), pattern(5 * kMib, 2));
    data += pattern(5 * kMib, 2);
    stream.write_at(10, "again");
    data.replace(10, 5, "again");
    EXPECT_TRUE(content(path) == data_then);
    EXPECT_TRUE(ByteSpan(snapshot).as_chars() == data_of_snapshot);
    EXPECT_TRUE(content(stream) == data);
    EXPECT_TRUE(content(stream.as_path()) == data);
  }
}

TEST(FilePath, IsACopyOfWhatWasOverwritten) {
  std::string data = pattern(2 * kMib);
  BytesIO stream = test::left_before(BytesIO(ByteSpan(data)));
  const Bytes before = stream.getvalue();
  stream.write_at(kMib, "changed");
  data.replace(kMib, 7, "changed");
  const std::uint64_t copied_before = copied(stream);
  const FilePath path = stream.as_path();
  EXPECT_EQ(copied(stream) - copied_before, data.size());
  EXPECT_NE(file_of(path), file_of(BytesIO(before).as_path()));
  EXPECT_TRUE(content(path) == data);
  expect_sealed(path);
}

// The file still had the end that it was sealed with.
TEST(FilePath, IsACopyOfAnEndThatWasOverwritten) {
  std::string data = pattern(2 * kMib + 100);
  BytesIO stream(ByteSpan(data), kPaged);
  const FilePath first = stream.as_path();
  stream.truncate(2 * kMib + 50);
  stream.write_at(2 * kMib + 50, std::string(50, '!'));
  const FilePath second = stream.as_path();
  EXPECT_TRUE(content(first) == data);
  data.replace(2 * kMib + 50, 50, std::string(50, '!'));
  EXPECT_TRUE(content(second) == data);
}

TEST(FilePath, IsACopyOfAPartOfTheFile) {
  const std::string data = pattern(2 * kMib);
  const Bytes bytes = in_a_file(data);
  EXPECT_TRUE(content(BytesIO(bytes.slice(0, kMib)).as_path()) == data.substr(0, kMib));
  EXPECT_TRUE(content(BytesIO(bytes.slice(kMib)).as_path()) == data.substr(kMib));
  EXPECT_TRUE(content(BytesIO(bytes).as_path()) == data);
}

TEST(FilePath, AsksWhatAViewHasWritten) {
  std::string data = pattern(2 * kMib);
  for (const bool writes : {false, true}) {
    SCOPED_TRACE(writes);
    BytesIO stream(in_a_file(data));
    MutableMemoryView view = stream.getbuffer();
    const FilePath during = stream.as_path();
    if (writes) view[kMib] = std::byte{'!'};
    EXPECT_TRUE(content(during) == data);
    view.release();
    const std::uint64_t copied_before = copied(stream);
    const FilePath after = stream.as_path();
    if (writes) data[kMib] = '!';
    EXPECT_TRUE(content(after) == data);
    EXPECT_EQ(copied(stream) - copied_before, writes || !shares() ? data.size() : 0);
  }
}

TEST(FilePath, OfAStreamOnTheHeapIsACopy) {
  const std::string data = pattern(2 * kMib);
  const Bytes bytes = in_a_file(data);
  const BytesIO stream(bytes, StorageOptions{.tier = StorageOptions::heap});
  EXPECT_NE(file_of(stream.as_path()), file_of(BytesIO(bytes).as_path()));
  EXPECT_TRUE(content(stream.as_path()) == data);
}

TEST(FilePath, IsACopyWhenTheSystemRefusesTheRest) {
  const std::string data = pattern(2 * kMib + 77);
  const Bytes bytes = in_a_file(data);
  const BytesIO stream(bytes);
  detail::pages::set_fault_hook([](detail::pages::Call call) noexcept {
    return call == detail::pages::Call::Append ? ENOSPC : 0;
  });
  const FilePath refused = stream.as_path();
  detail::pages::set_fault_hook(nullptr);
  EXPECT_TRUE(content(refused) == data);
  const FilePath given = stream.as_path();
  EXPECT_NE(file_of(given), file_of(refused));
  EXPECT_TRUE(content(given) == data);
  EXPECT_EQ(copied(stream), data.size() + (shares() ? 77 : data.size()));
}

using FileCall = detail::temporary_file::Call;

FileCall refused_call{};
int refusal = 0;
int let_through = 0;
bool goes_on = false;

int refuse(FileCall call) noexcept {
  if (call != refused_call || let_through-- > 0) return 0;
  return let_through == -1 || goes_on ? refusal : 0;
}

/// The next call of that kind, after so many, and those after it if `from_then_on`.
void refuse_call(FileCall call, int error, int after = 0, bool from_then_on = false) {
  refused_call = call;
  refusal = error;
  let_through = after;
  goes_on = from_then_on;
  detail::temporary_file::set_fault_hook(refuse);
}

// The stream's own file was given out, which root could then change under all its snapshots.
TEST(FilePath, IsACopyWhenTheSystemDoesNotSeal) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::string data = pattern(2 * kMib + 77);
  for (const int error : {EPERM, EINVAL, ENOMEM}) {
    const Bytes bytes = in_a_file(data);
    const BytesIO stream(bytes);
    refuse_call(FileCall::Seal, error);
    const FilePath copy = stream.as_path();
    refuse_call(FileCall::Seal, error, 0, true);
    EXPECT_THROW((void)stream.as_path(), std::system_error);
    detail::temporary_file::set_fault_hook(nullptr);
    expect_sealed(copy);
    EXPECT_NE(file_of(copy), file_of(stream.as_path()));
    EXPECT_TRUE(content(copy) == data);
    EXPECT_TRUE(content(stream) == data);
  }
}

TEST(FilePath, IsAllOfItOrNoneWhenACallIsRefused) {
  const std::string data = pattern(2 * kMib + 77);
  int refusals = 0;
  for (int call = 0; call < detail::temporary_file::kCalls; ++call) {
    for (int after = 0;; ++after) {
      SCOPED_TRACE(testing::Message() << "call " << call << " after " << after);
      const Bytes bytes = in_a_file(data);
      BytesIO stream(bytes);
      refuse_call(static_cast<FileCall>(call), EIO, after);
      try {
        // Its own file, then a copy, then one of what is on the heap.
        EXPECT_TRUE(content(stream.as_path()) == data);
        stream.write_at(0, data.substr(0, 1));
        EXPECT_TRUE(content(stream.as_path()) == data);
        EXPECT_EQ(content(BytesIO(ByteSpan("small")).as_path()), "small");
      } catch (const std::system_error& refused) {
        EXPECT_EQ(refused.code().value(), EIO);
      }
      detail::temporary_file::set_fault_hook(nullptr);
      EXPECT_TRUE(content(stream) == data);
      EXPECT_TRUE(content(stream.as_path()) == data);
      if (let_through >= 0) break;
      ++refusals;
      ASSERT_LT(after, 100) << "no end";
    }
  }
  EXPECT_GE(refusals, 15);
}

/// The file in memory that is being made into a path.
int writable_path_file() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const int file = std::stoi(entry.path().filename());
    const std::string name = std::filesystem::read_symlink(entry.path(), gone).string();
    const bool writable = (::fcntl(file, F_GETFL) & O_ACCMODE) == O_RDWR;
    if (writable && name.find("quire:path") != std::string::npos) return file;
  }
  return -1;
}

// as_path() failed once, on a busy machine: "Device or resource busy". A seal is refused while anybody has a
// page of the file in hand; here that is a pipe.
TEST(FilePath, WaitsForWhoHasAPageInHand) {
  static int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  static std::thread reader;
  static ssize_t in_hand = 0;
  detail::temporary_file::set_fault_hook([](FileCall call) noexcept {
    if (call != FileCall::Seal || reader.joinable()) return 0;
    in_hand = ::splice(writable_path_file(), nullptr, ends[1], nullptr, kPage, 0);
    reader = std::thread([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(400));
      ::close(ends[1]);
      ::close(ends[0]);
    });
    return 0;
  });
  const std::string data = pattern(2 * kPage);
  const BytesIO stream{ByteSpan(data)};
  const FilePath path = stream.as_path();
  detail::temporary_file::set_fault_hook(nullptr);
  ASSERT_TRUE(reader.joinable());
  reader.join();
  EXPECT_GT(in_hand, 0);
  expect_sealed(path);
  EXPECT_TRUE(content(path) == data);
}

/// A fork in another thread, begun while part of a file is mapped to be one huge page.
struct Fork {
  std::binary_semaphore wanted{0};
  std::binary_semaphore done{0};
  std::binary_semaphore over{0};
  bool mapping = false;
  bool asked_for = false;
};

Fork* fork_meanwhile = nullptr;

int wait_for_fork(detail::pages::Call call) noexcept {
  Fork& fork = *fork_meanwhile;
  fork.mapping = fork.mapping || call == detail::pages::Call::Collapse;
  if (call != detail::pages::Call::Advise || !fork.mapping || fork.asked_for) return 0;
  fork.asked_for = true;
  fork.wanted.release();
  // Not for ever: it may itself have to wait until the mapping is gone.
  (void)fork.done.try_acquire_for(std::chrono::milliseconds(300));
  return 0;
}

// as_path() failed when another thread forked: "Device or resource busy". The child had the mapping that huge
// pages are written through, and while it lived the file could not be sealed.
TEST(FilePath, IsSealedWhateverIsForkedMeanwhile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  std::string data = pattern(6 * kMib + 77);
  for (const auto tier : {StorageOptions::heap, StorageOptions::automatic}) {
    BytesIO stream = test::left_before(BytesIO(ByteSpan(data), StorageOptions{.tier = tier}));
    const Bytes snapshot = stream.getvalue();
    stream.write_at(kMib, "changed");
    data.replace(kMib, 7, "changed");
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    Fork fork;
    std::thread forker([&] {
      fork.wanted.acquire();
      const auto live_on = [&] {
        char end;
        ::close(ends[1]);
        return ::read(ends[0], &end, 1) == 0 ? 0 : 1;
      };
      const int status = in_child(live_on, [&] {
        fork.done.release();
        fork.over.acquire();
        ::close(ends[1]);
      });
      EXPECT_EQ(status, 0);
    });
    fork_meanwhile = &fork;
    detail::pages::set_fault_hook(wait_for_fork);
    try {
      const FilePath path = stream.as_path();
      expect_sealed(path);
      EXPECT_TRUE(content(path) == data);
    } catch (const std::system_error& error) {
      ADD_FAILURE() << error.what();
    }
    detail::pages::set_fault_hook(nullptr);
    EXPECT_TRUE(fork.asked_for) << "no part was mapped";
    if (!fork.asked_for) fork.wanted.release();
    fork.over.release();
    forker.join();
    ::close(ends[0]);
  }
}

// With the sysctl vm.memfd_noexec at 2, as on hardened systems, it was refused.
TEST(FilePath, IsNoneThatCouldBeExecuted) {
  const Forbidden executable{
      "executable files in memory", __NR_memfd_create, EACCES, Forbidden::When::LacksBits, 1, 0x8};
  const int status = in_child([&] {
    if (!forbid(executable)) return 3;
    return content(BytesIO(ByteSpan("small")).as_path()) == "small" ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(FilePath, ThatCannotBeReadBackLeavesTheStreamAsItWas) {
  BytesIO stream(ByteSpan("before"));
  WritablePath path = stream.as_writable_path();
  std::ofstream(path.str()) << "after";
  for (const int after : {0, 1}) {
    refuse_call(FileCall::Read, EIO, after);
    EXPECT_THROW(path.close(), std::system_error);
    detail::temporary_file::set_fault_hook(nullptr);
    EXPECT_EQ(content(stream), "before");
  }
  path.close();
  EXPECT_EQ(content(stream), "after");
}

TEST(FilePath, IsACopyWhenTheSealedFileCannotBeReadBack) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::string data = pattern(2 * kMib + 77);
  const Bytes bytes = in_a_file(data);
  const BytesIO stream(bytes);
  const FilePath first = stream.as_path();
  detail::pages::set_fault_hook([](detail::pages::Call call) noexcept {
    return call == detail::pages::Call::ReadBack ? EPERM : 0;
  });
  const FilePath second = stream.as_path();
  detail::pages::set_fault_hook(nullptr);
  EXPECT_NE(file_of(first), file_of(second));
  EXPECT_TRUE(content(second) == data);
  EXPECT_EQ(file_of(first), file_of(stream.as_path()));
}

TEST(FilePath, OfAForkedChildDoesNotSealTheFileOfItsParent) {
  std::string data = pattern(2 * kMib);
  BytesIO stream(ByteSpan(data), kPaged);
  const Bytes snapshot = stream.getvalue();
  EXPECT_EQ(in_child([&] { return content(stream.as_path()) == data ? 0 : 1; }), 0);
  stream.write_at(data.size(), pattern(kMib, 2));
  data += pattern(kMib, 2);
  const std::uint64_t copied_before = copied(stream);
  const FilePath path = stream.as_path();
  EXPECT_LE(copied(stream) - copied_before, shares() ? kMib : data.size());
  EXPECT_TRUE(content(path) == data);
  // What is sealed stays so in a child.
  EXPECT_EQ(in_child([&] {
              const FilePath of_child = stream.as_path();
              return content(of_child) == data && (!shares() || file_of(of_child) == file_of(path))
                         ? 0
                         : 1;
            }),
            0);
}

// A child's own descriptor was named as its parent's: once that had closed it, and had another file under the
// same number, the child read that one, and wrote to it.
TEST(FilePath, OfAForkedChildIsItsOwn) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  BytesIO stream(ByteSpan("before"));
  std::optional<FilePath> path = stream.as_path();
  std::optional<FilePath> detached = stream.as_path();
  std::optional<WritablePath> writable = stream.as_writable_path();
  const std::array<int, 3> files{path->fileno(), detached->detach(), writable->fileno()};
  const std::string of_parent = path->str();
  const auto work = [&] {
    char go = 0;
    EXPECT_EQ(::read(pipe[0], &go, 1), 1);
    EXPECT_EQ(content(*path), "before");
    EXPECT_EQ(file_content(path->c_str()), "before");
    EXPECT_EQ(file_content(*path), "before");
    EXPECT_EQ(content(*detached), "before");
    const FilePath moved = *std::move(path);
    EXPECT_EQ(content(moved), "before");
    EXPECT_EQ(path->str(), "");
    // Whoever has to open it in another process.
    EXPECT_EQ(in_child([&] { return file_content(moved.str()) == "before" ? 0 : 1; }), 0);
    std::ofstream(writable->str()) << "after";
    writable->close();
    EXPECT_EQ(content(stream), "after");
    return testing::Test::HasFailure() ? 1 : 0;
  };
  const TempDirectory directory;
  const int other = ::open(directory.make("other", "other").c_str(), O_RDWR | O_CLOEXEC);
  const auto reuse_numbers = [&] {
    EXPECT_EQ(path->str(), of_parent);
    path.reset();
    detached.reset();
    writable.reset();
    for (const int file : files) EXPECT_EQ(::dup3(other, file, O_CLOEXEC), file);
    EXPECT_EQ(::write(pipe[1], "g", 1), 1);
  };
  EXPECT_EQ(in_child(work, reuse_numbers), 0);
  EXPECT_EQ(directory.content("other"), "other");
  for (const int file : files) ::close(file);
  for (const int file : {other, pipe[0], pipe[1]}) ::close(file);
}

TEST(FilePath, GivesAllDescriptorsBack) {
  const auto next = [] {
    const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(file);
    return file;
  };
  const int before = next();
  for (int i = 0; i < 3; ++i) {
    const Bytes bytes = in_a_file(pattern(2 * kMib + 5));
    const FilePath path = BytesIO(bytes).as_path();
    const FilePath copy = BytesIO(bytes.slice(1)).as_path();
    SpooledIO spooled(bytes, SpooledOptions{.max_size = 1});
    (void)spooled.fileno();
    const FilePath second = spooled.as_path();
  }
  EXPECT_EQ(next(), before);
}

TEST(FilePath, HoldsWhatAStringHeldAtEveryStep) {
  for (unsigned seed = 1; seed <= (kSanitized ? 2u : 4u); ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) {
      return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    std::string data = pattern(kMib);
    BytesIO stream(ByteSpan(data), seed % 2 == 0 ? kPaged : StorageOptions{});
    std::vector<std::pair<Bytes, std::string>> snapshots;
    std::vector<std::pair<FilePath, std::string>> paths;
    for (int step = 0; step < static_cast<int>(steps(120)); ++step) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
      const std::size_t at = below(data.size() + 1);
      const std::string bytes = pattern(below(3) == 0 ? below(300 * kKib) : below(100), random());
      switch (below(7)) {
        case 0:
          stream.write_at(data.size(), bytes);
          data += bytes;
          break;
        case 1:
          stream.write_at(at, bytes);
          data.resize(std::max(data.size(), at + bytes.size()));
          data.replace(at, bytes.size(), bytes);
          break;
        case 2:
          snapshots.emplace_back(stream.getvalue(), data);
          break;
        case 3:
          if (data.size() > 2 * kMib || below(4) == 0) {
            stream.resize(at);
            data.resize(at);
          }
          break;
        case 4:
          stream = BytesIO(stream.getvalue(), kPaged);
          break;
        default:
          paths.emplace_back(stream.as_path(), data);
          break;
      }
      while (paths.size() > 4) paths.erase(paths.begin() + static_cast<std::ptrdiff_t>(below(4)));
      if (snapshots.size() > 3 || below(8) == 0) snapshots.clear();
      for (const auto& [path, expected] : paths) ASSERT_TRUE(content(path) == expected);
      for (const auto& [snapshot, expected] : snapshots) {
        ASSERT_TRUE(ByteSpan(snapshot).as_chars() == expected);
      }
      std::string now(data.size() + 1, '\0');
      stream.seek(0);
      ASSERT_EQ(stream.readinto(now), data.size());
      ASSERT_TRUE(now.compare(0, data.size(), data) == 0);
    }
  }
}

}  // namespace
}  // namespace quire::test
