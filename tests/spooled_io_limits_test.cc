// SpooledIO at its limits: how much memory it takes, and what happens when the disk, the directory or
// the system does not let it.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "quire/spooled_io.h"
#include "spill_file.h"
#include "support/child_process.h"
#include "support/file_content.h"
#include "support/page_faults.h"
#include "support/random_choices.h"
#include "support/skips.h"
#include "support/storage.h"
#include "support/temp_directory.h"

namespace quire::test {
namespace {

// --- memory --------------------------------------------------------------------------------------

/// Bytes of anonymous memory in the process: what the kernel cannot take back. Pages of files on disk
/// are not among them, those of memory files are counted apart. What is kept for reuse counts.
std::size_t own_memory() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string word;
  std::size_t kib = 0;
  while (rollup >> word) {
    if (word == "Anonymous:") rollup >> kib;
  }
  return kib * kKib + detail::read_process_memory().shared;
}

std::size_t own_memory_before() {
  release_cached_memory();
  return own_memory();
}

/// What stands at each place: a number of its own, and how often it was written.
std::uint64_t stamp(std::size_t page, std::uint32_t round) {
  return (std::uint64_t{round} << 40) | page;
}

/// Writes `total` bytes through a limit, overwrites a page here and there, takes a snapshot and goes
/// on, and asks for the memory all the time.
void expect_within(std::size_t total, std::size_t limit, std::size_t overwrites) {
  const std::size_t before = own_memory_before();
  std::size_t most = 0;
  const auto look = [&] { most = std::max(most, own_memory() - std::min(own_memory(), before)); };
  SpooledIO stream(SpooledOptions{.max_size = limit});
  const std::size_t pages = total / kPage;
  std::vector<std::uint32_t> rounds(pages, 0);
  std::string piece(16 * kPage, 'x');
  for (std::size_t page = 0; page < pages; page += 16) {
    for (std::size_t i = 0; i < 16; ++i) {
      const std::uint64_t value = stamp(page + i, 0);
      std::memcpy(piece.data() + i * kPage, &value, sizeof(value));
    }
    stream.write(piece);
    if (page % (2 * kMib / kPage) == 0) look();
  }
  EXPECT_TRUE(stream.rolled());
  std::mt19937_64 random(7);
  const auto overwrite = [&] {
    for (std::size_t i = 0; i < overwrites; ++i) {
      const std::size_t page = random() % pages;
      const std::uint64_t value = stamp(page, ++rounds[page]);
      stream.write_at(page * kPage, ByteSpan(reinterpret_cast<const char*>(&value), sizeof(value)));
      if (i % (overwrites / 16) == 0) look();
    }
  };
  overwrite();
  const std::vector<std::uint32_t> rounds_then = rounds;
  const Bytes snapshot = stream.getvalue();
  overwrite();
  overwrite();
  look();
  const auto right = [&](const Bytes& bytes, const std::vector<std::uint32_t>& expected) {
    for (std::size_t page = 0; page < pages; ++page) {
      if (bytes.read<std::uint64_t>(page * kPage) != stamp(page, expected[page])) return page;
    }
    return pages;
  };
  EXPECT_EQ(right(stream.getvalue(), rounds), pages);
  EXPECT_EQ(right(snapshot, rounds_then), pages);
  look();
  std::printf("%zu MiB through %zu MiB: %zu MiB of memory\n", total / kMib, limit / kMib,
              most / kMib);
  EXPECT_LE(most, limit + 16 * kMib);
}

TEST(SpooledIOLimits, KeepsNoMoreInMemoryThanItMay) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  expect_within(256 * kMib, 16 * kMib, 20000);
  // As much as may be kept for reuse.
  expect_within(128 * kMib, 32 * kMib, 10000);
  if (std::getenv("QUIRE_NIGHTLY") != nullptr) expect_within(2048 * kMib, 64 * kMib, 100000);
}

// What it left was kept for reuse.
TEST(SpooledIOLimits, FreesTheMemoryThatItLeaves) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  const std::size_t before = own_memory_before();
  SpooledIO stream(SpooledOptions{.max_size = 24 * kMib});
  stream.write(pattern(24 * kMib));
  EXPECT_GE(own_memory(), before + 23 * kMib);
  stream.write("over the limit");
  EXPECT_LE(own_memory(), before + 4 * kMib);
  EXPECT_EQ(cached_memory(), 0u);
}

TEST(SpooledIOLimits, FreesTheMemoryOfASnapshotFromBeforeTheRollover) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  const std::size_t before = own_memory_before();
  SpooledIO stream(SpooledOptions{.max_size = 40 * kMib});
  stream.write(pattern(40 * kMib));
  const Bytes snapshot = stream.getvalue();
  EXPECT_GE(own_memory(), before + 39 * kMib);
  stream.rollover();
  EXPECT_LE(own_memory(), before + 4 * kMib);
  EXPECT_EQ(ByteSpan(snapshot).as_chars(), pattern(40 * kMib));
}

/// Lets a stream of 40 MiB become paged, and end within a page of its memory file.
void page_and_cut(SpooledIO& stream) {
  stream.write(pattern(40 * kMib));
  {
    const Bytes snapshot = stream.getvalue();
    stream.write_at(0, "X");
  }
  stream.truncate(40 * kMib - 5);
}

// The page that it ends in kept all of the memory file, and retained_bytes() said 0.
TEST(SpooledIOLimits, FreesTheMemoryOfAPagedSnapshotThatEndsWithinAPage) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  const std::size_t before = own_memory_before();
  SpooledIO stream(SpooledOptions{.max_size = 40 * kMib});
  page_and_cut(stream);
  const Bytes snapshot = stream.getvalue();
  EXPECT_GE(own_memory(), before + 39 * kMib);
  stream.rollover();
  EXPECT_EQ(snapshot.retained_bytes(), kPage);
  EXPECT_LE(own_memory(), before + 4 * kMib);
  EXPECT_EQ(ByteSpan(snapshot).as_chars(), "X" + pattern(40 * kMib).substr(1, 40 * kMib - 6));
}

TEST(SpooledIOLimits, RetainsAllOfAMemoryFileThatOthersHadAtTheRollover) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::size_t before = detail::read_process_memory().shared;
  SpooledIO stream(SpooledOptions{.max_size = 40 * kMib});
  page_and_cut(stream);
  Bytes older = stream.getvalue();
  stream.write_at(1, "Y");
  const Bytes snapshot = stream.getvalue();
  stream.rollover();
  EXPECT_EQ(older.retained_bytes(), 40 * kMib + kPage) << "a page of its own, where the X is";
  older = Bytes();
  EXPECT_EQ(detail::read_process_memory().shared - before, 40 * kMib);
  EXPECT_EQ(snapshot.retained_bytes(), 40 * kMib);
}

int files_made = 0;

int count_files(detail::temporary_file::Call call) noexcept {
  if (call == detail::temporary_file::Call::Create) ++files_made;
  return 0;
}

/// Files in that directory, with or without a name, that the process has open.
std::size_t open_files_in(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string name = std::filesystem::read_symlink(entry.path(), gone).string();
    count += name.starts_with(directory + "/") ? 1U : 0U;
  }
  return count;
}

// A snapshot from before the rollover, and streams over it, have their pages from the file of the stream
// until so much was changed that they move to a file in memory. They kept the first all the same, without
// a page of it: it took its room when the stream was gone, as memory in a directory that is in memory, and
// while the stream was there it could not write back what it had changed.
TEST(SpooledIOLimits, SharesItsFileWithNobodyWhoHasLeftIt) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::string directory = fast_directory();
  std::string data = pattern(2 * kMib);
  Bytes left;
  {
    SpooledIO stream(SpooledOptions{.max_size = data.size(), .directory = directory});
    stream.write(data);
    {
      BytesIO other(stream.getvalue());
      stream.rollover();
      std::vector<Bytes> kept;
      for (const char round : {'a', 'b', 'c'}) {
        for (std::size_t at = 0; at < data.size(); at += 2 * kPage) {
          other.write_at(at, std::string(1, round));
          if (round != 'c') data[at] = round;
        }
        kept.push_back(other.getvalue());
      }
      // The third would have had as many pages copied over the file as that has.
      left = kept[1];
    }
    files_made = 0;
    detail::temporary_file::set_fault_hook(count_files);
    stream.write_at(0, pattern(2 * kMib, 2));
    detail::temporary_file::set_fault_hook(nullptr);
    EXPECT_EQ(files_made, 0) << "it has its own to itself";
    EXPECT_TRUE(ByteSpan(stream.getvalue()).as_chars() == pattern(2 * kMib, 2));
    EXPECT_EQ(left.retained_bytes(), 2 * kMib) << "of its file in memory";
  }
  EXPECT_EQ(open_files_in(directory), 0u);
  EXPECT_TRUE(ByteSpan(left).as_chars() == data);
}

// A slice of less than half of the bytes was copied to the heap, however large it was.
TEST(SpooledIOLimits, KeepsSlicesBesideAViewInTheFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  const std::size_t before = own_memory_before();
  std::string data = pattern(48 * kMib);
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = 4 * kMib});
  MutableMemoryView view = stream.getbuffer();
  std::vector<std::pair<Bytes, std::string>> slices;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t at = i * 12 * kMib;
    slices.emplace_back(stream.slice(at, at + 12 * kMib), data.substr(at, 12 * kMib));
    EXPECT_EQ(tier_of(slices.back().first), "file");
    // As much as the limit is, in pages of the stream's own.
    for (std::size_t page = 0; page < 1024; ++page) {
      view[static_cast<std::ptrdiff_t>(page * 4 * kPage)] = std::byte{'v'};
      data[page * 4 * kPage] = 'v';
    }
  }
  for (const auto& [slice, expected] : slices) EXPECT_EQ(ByteSpan(slice).as_chars(), expected);
  EXPECT_EQ(ByteSpan(stream.getvalue()).as_chars(), data);
  std::size_t strings = data.size();
  for (const auto& [slice, expected] : slices) strings += expected.size();
  EXPECT_LE(own_memory(), before + strings + 20 * kMib);
}

// It said the whole capacity, which is on the disk.
TEST(SpooledIOLimits, RetainsWhatTheDiskDoesNotHave) {
  QUIRE_SKIP_WITHOUT_PAGES();
  SpooledIO stream(SpooledOptions{.max_size = 4 * kMib});
  stream.write(pattern(8 * kMib));
  EXPECT_LE(stream.retained_bytes(), 3 * kMib);
  SpooledIO twin = stream.clone();
  for (std::size_t page = 0; page < 10; ++page) twin.write_at(page * 64 * kPage, "x");
  EXPECT_EQ(twin.retained_bytes(), 10 * kPage);
}

TEST(SpooledIOLimits, DoesNotKeepThePagesOfEachSnapshotInMemory) {
  QUIRE_SKIP_WITHOUT_PAGES();
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  // So many pages that some go back on the way, and so few that all of them are left in the end.
  for (const std::size_t stride : {4 * kPage, 7 * kPage}) {
    SCOPED_TRACE(stride);
    const std::size_t before = own_memory_before();
    SpooledIO stream(SpooledOptions{.max_size = 4 * kMib});
    stream.write(pattern(8 * kMib));
    std::vector<Bytes> kept;
    for (int i = 0; i < 40; ++i) {
      for (std::size_t at = 0; at < stream.size(); at += stride) {
        stream.write_at(at, std::string(1, static_cast<char>(i)));
      }
      kept.push_back(stream.getvalue());
    }
    EXPECT_LE(own_memory(), before + 12 * kMib);
    for (int i = 0; i < 40; ++i) {
      EXPECT_EQ(std::to_integer<int>(kept[static_cast<std::size_t>(i)].data()[2 * stride]), i);
    }
  }
}

// --- errors --------------------------------------------------------------------------------------

/// Expects a std::system_error with this number that names the directory.
template <class Action>
void expect_refused(int error, const std::string& directory, Action action) {
  try {
    action();
    ADD_FAILURE() << "was not refused";
  } catch (const std::system_error& refusal) {
    EXPECT_EQ(refusal.code().value(), error) << refusal.what();
    EXPECT_NE(std::string(refusal.what()).find("'" + directory + "'"), std::string::npos)
        << refusal.what();
  }
}

TEST(SpooledIOLimits, NamesTheDirectoryThatIsMissing) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (const std::size_t size : {std::size_t{100}, 2 * kMib}) {
    SpooledIO stream(SpooledOptions{.max_size = size, .directory = "/nowhere/at all"});
    const std::string data = pattern(size);
    stream.write(data);
    expect_refused(ENOENT, "/nowhere/at all", [&] { stream.write("x"); });
    expect_refused(ENOENT, "/nowhere/at all", [&] { stream.rollover(); });
    expect_refused(ENOENT, "/nowhere/at all", [&] { stream.truncate(size + 1); });
    EXPECT_FALSE(stream.rolled());
    EXPECT_EQ(stream.tell(), size);
    EXPECT_EQ(ByteSpan(stream.getvalue()).as_chars(), data);
    // What stays below the limit is still possible.
    stream.seek(0);
    EXPECT_EQ(stream.write("still here"), 10u);
  }
}

TEST(SpooledIOLimits, NamesTheDirectoryThatIsNotWritable) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const TempDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0555), 0);
  const int status = in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
    SpooledIO stream(SpooledOptions{.max_size = 3, .directory = directory.path()});
    stream.write("abc");
    expect_refused(EACCES, directory.path(), [&] { stream.write("d"); });
    EXPECT_EQ(ByteSpan(stream.getvalue()).as_chars(), "abc");
    return testing::Test::HasFailure() ? 2 : 0;
  });
  EXPECT_EQ(status, 0);
}

constexpr int kNotAllowed = 97;

int mount_tmpfs(const std::string& where, const char* options) {
  return ::mount("quire", where.c_str(), "tmpfs", 0, options);
}

/// Runs `work` where it may mount what it likes and `directory` is a disk of 4 MiB. Returns kNotAllowed
/// where the system refuses, as many containers do.
int on_small_disk(const std::string& directory, const std::function<int()>& work) {
  return in_child([&] {
    const auto user = std::to_string(::geteuid());
    const auto group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return kNotAllowed;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
    std::ofstream("/proc/self/gid_map") << "0 " + group + " 1";
    return mount_tmpfs(directory, "size=4m") == 0 ? work() : kNotAllowed;
  });
}

/// Whether a failed write has changed nothing, and all of it can still be had.
void expect_unchanged(SpooledIO& stream, const std::string& data) {
  EXPECT_EQ(stream.size(), data.size());
  EXPECT_TRUE(ByteSpan(stream.getvalue()).as_chars() == data) << "bytes have changed";
}

/// On a disk of 4 MiB, in writes that are less than what a stream is lent at a time.
int fill_a_disk_in_drops(const std::string& directory) {
  SpooledIO stream(SpooledOptions{.max_size = 1000, .directory = directory});
  const std::string drop = pattern(1000);
  std::string data;
  bool full = false;
  while (!full && data.size() < 10 * kMib) {
    try {
      stream.write(drop);
      data += drop;
    } catch (const std::system_error& refusal) {
      EXPECT_EQ(refusal.code().value(), ENOSPC);
      full = true;
    }
  }
  EXPECT_TRUE(full);
  EXPECT_GE(data.size(), 4 * kMib - kPage - drop.size()) << "not all of the disk was used";
  expect_unchanged(stream, data);
  return testing::Test::HasFailure() ? 1 : 0;
}

/// On a disk of 4 MiB.
int fill_a_disk(const std::string& directory) {
  const SpooledOptions options{.max_size = 1000, .directory = directory};
  std::string data;
  SpooledIO stream(options);
  const std::string piece = pattern(100 * kKib);
  // In small and in large pieces, at the end and in the middle, with a snapshot that needs a second
  // file and without.
  bool full = false;
  while (!full && data.size() < 10 * kMib) {
    const std::size_t position = stream.tell();
    try {
      stream.write(piece);
      data += piece;
    } catch (const std::system_error&) {
      full = true;
      EXPECT_EQ(stream.tell(), position);
    }
  }
  EXPECT_TRUE(full);
  EXPECT_GE(data.size(), 3 * kMib) << "the disk was not used";
  expect_unchanged(stream, data);
  expect_refused(ENOSPC, directory, [&] { stream.write(pattern(kMib)); });
  expect_unchanged(stream, data);
  expect_refused(ENOSPC, directory, [&] { stream.resize(20 * kMib); });
  expect_unchanged(stream, data);
  expect_refused(ENOSPC, directory, [&] { stream.write_at(20 * kMib, "x"); });
  expect_unchanged(stream, data);
  // What is there can be overwritten.
  stream.write_at(0, pattern(2 * kMib, 3));
  data.replace(0, 2 * kMib, pattern(2 * kMib, 3));
  expect_unchanged(stream, data);
  const Bytes snapshot = stream.getvalue();
  const std::string snapshot_data = data;
  expect_refused(ENOSPC, directory, [&] { stream.write_at(kMib, pattern(2 * kMib, 4)); });
  expect_unchanged(stream, data);
  bool refused = false;
  for (std::size_t at = 0; at + 1 < data.size() && !refused; at += kPage) {
    try {
      stream.write_at(at, "!");
      data[at] = '!';
    } catch (const std::system_error&) {
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  expect_unchanged(stream, data);
  EXPECT_TRUE(ByteSpan(snapshot).as_chars() == snapshot_data) << "a snapshot has changed";
  expect_refused(ENOSPC, directory, [&] { (void)stream.as_path(); });
  SpooledIO another(options);
  another.write("small");
  expect_refused(ENOSPC, directory, [&] { another.write(pattern(kMib)); });
  EXPECT_EQ(ByteSpan(another.getvalue()).as_chars(), "small");
  // With room again it goes on.
  stream.truncate(kMib);
  data.resize(kMib);
  expect_unchanged(stream, data);
  return testing::Test::HasFailure() ? 1 : 0;
}

TEST(SpooledIOLimits, LosesNothingOnAFullDisk) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const TempDirectory directory;
  const int status = on_small_disk(directory.path(), [&] {
    const int in_drops = fill_a_disk_in_drops(directory.path());
    return in_drops != 0 ? in_drops : fill_a_disk(directory.path());
  });
  if (status == kNotAllowed) GTEST_SKIP() << "no mounts of one's own";
  EXPECT_EQ(status, 0);
}

TEST(SpooledIOLimits, TakesADirectoryInMemoryOnlyWhenAskedTo) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const TempDirectory directory;
  const int status = on_small_disk(directory.path(), [&] {
    EXPECT_TRUE(detail::temporary_file::in_memory(directory.path().c_str()));
    ::setenv("TMPDIR", directory.path().c_str(), 1);
    // As the default it is passed over: more fits than it has room for.
    SpooledIO by_default(SpooledOptions{.max_size = 10});
    by_default.write(pattern(6 * kMib));
    SpooledIO asked(SpooledOptions{.max_size = 10, .directory = directory.path()});
    asked.write(pattern(2 * kMib));
    EXPECT_TRUE(asked.rolled());
    expect_refused(ENOSPC, directory.path(), [&] { asked.write(pattern(6 * kMib)); });
    // With nothing but memory everywhere it says so.
    if (mount_tmpfs("/var/tmp", "size=1m") != 0 || mount_tmpfs("/tmp", "size=1m") != 0) {
      return 95;
    }
    SpooledIO nowhere(SpooledOptions{.max_size = 3});
    nowhere.write("abc");
    expect_refused(ENOENT, "/var/tmp", [&] { nowhere.write("d"); });
    EXPECT_EQ(ByteSpan(nowhere.getvalue()).as_chars(), "abc");
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (status == kNotAllowed) GTEST_SKIP() << "no mounts of one's own";
  EXPECT_EQ(status, 0);
}

TEST(SpooledIOLimits, DoesWithoutRoomInAdvanceWhereThereIsNone) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const TempDirectory directory;
  const int status = on_small_disk(directory.path(), [&] {
    if (::mount("quire", directory.path().c_str(), "ramfs", 0, nullptr) != 0) return kNotAllowed;
    const int probe = ::open(directory.make("probe", "").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(::fallocate(probe, 0, 0, 4096), -1) << "else this test proves nothing";
    EXPECT_EQ(errno, EOPNOTSUPP);
    ::close(probe);
    SpooledIO stream(SpooledOptions{.max_size = 1000, .directory = directory.path()});
    std::string data = pattern(3 * kMib);
    for (std::size_t at = 0; at < data.size(); at += 32 * kKib) {
      stream.write(ByteSpan(data).subspan(at, 32 * kKib));
    }
    EXPECT_TRUE(stream.rolled());
    const Bytes snapshot = stream.getvalue();
    stream.write_at(kMib, pattern(kMib, 2));
    stream.resize(5 * kMib);
    EXPECT_TRUE(ByteSpan(snapshot).as_chars() == data);
    data.replace(kMib, kMib, pattern(kMib, 2));
    data.resize(5 * kMib);
    expect_unchanged(stream, data);
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (status == kNotAllowed) GTEST_SKIP() << "no mounts of one's own";
  EXPECT_EQ(status, 0);
}

/// Two of a kind make room in one file, where there is no room in advance; `beside` runs one beside the other.
template <class Beside>
void expect_room_for_both(Beside beside) {
  const TempDirectory directory;
  const int status = on_small_disk(directory.path(), [&] {
    if (::mount("quire", directory.path().c_str(), "ramfs", 0, nullptr) != 0) return kNotAllowed;
    // Time for the other one to ask as well.
    detail::temporary_file::set_fault_hook([](detail::temporary_file::Call call) noexcept {
      using Call = detail::temporary_file::Call;
      if (call == Call::Write || call == Call::SetSize) ::usleep(2000);
      return 0;
    });
    const auto place = detail::spill_place(directory.path(), 0);
    for (int round = 0; round < 20; ++round) {
      int error = 0;
      detail::SpillFile* const file = detail::SpillFile::create(place, &error);
      beside([&] { EXPECT_EQ(file->make_room(2 * kMib), 0); },
             [&] { EXPECT_EQ(file->make_room(9 * kMib), 0); });
      std::byte* data = nullptr;
      EXPECT_EQ(file->map(9 * kMib, &data), 0);
      data[9 * kMib - 1] = std::byte{1};  // SIGBUS where there is no room
      detail::pages::unmap(data, 9 * kMib);
      file->release();
    }
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (status == kNotAllowed) GTEST_SKIP() << "no mounts of one's own";
  EXPECT_EQ(status, 0);
}

// Both asked how large the file was, and then the one that wanted less cut it under the other's feet.
TEST(SpooledIOLimits, BlocksOfOneFileMakeRoomWithoutTakingItFromEachOther) {
  QUIRE_SKIP_WITHOUT_PAGES();
  expect_room_for_both([](auto less, auto more) {
    std::thread other(less);
    more();
    other.join();
  });
}

// The same of two processes, which have no lock in common.
TEST(SpooledIOLimits, ForkedProcessesMakeRoomWithoutTakingItFromEachOther) {
  QUIRE_SKIP_WITHOUT_PAGES();
  expect_room_for_both([](auto less, auto more) {
    const pid_t child = ::fork();
    if (child == 0) {
      less();
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    more();
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
}

// It failed with "Cannot allocate memory" once streams in memory had used up quire's mappings, which copy
// then. Who asks for a disk is short of memory already.
TEST(SpooledIOLimits, StillSpillsWhenStreamsInMemoryHaveAllMappings) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::size_t taken = test::Allowance::now().mappings;
  ASSERT_TRUE(detail::pages::take_mappings(taken));
  SpooledIO stream(SpooledOptions{.max_size = 1000});
  std::string data = pattern(300 * kKib);
  stream.write(data);
  EXPECT_TRUE(stream.rolled());
  const Bytes snapshot = stream.getvalue();
  stream.write_at(5, "changed");
  EXPECT_TRUE(ByteSpan(snapshot).as_chars() == data);
  data.replace(5, 7, "changed");
  expect_unchanged(stream, data);
  detail::pages::give_mappings(taken);
}

TEST(SpooledIOLimits, PassesOverADefaultThatIsMissing) {
  const int status = in_child([] {
    ::setenv("TMPDIR", "/nowhere/at all", 1);
    SpooledIO stream(SpooledOptions{.max_size = 3});
    stream.write("abcd");
    return stream.rolled() ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(SpooledIOLimits, IsNotKilledByTheFileSizeLimit) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const int status = in_child([] {
    const rlimit limit{kMib, kMib};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    SpooledIO stream(SpooledOptions{.max_size = 10, .directory = "/var/tmp"});
    std::string data = pattern(kMib - 10);
    stream.write(data);
    expect_refused(EFBIG, "/var/tmp", [&] { stream.write("more than ten bytes"); });
    expect_refused(EFBIG, "/var/tmp", [&] { stream.write(pattern(5 * kMib)); });
    expect_unchanged(stream, data);
    stream.write("ten bytes!");
    expect_unchanged(stream, data + "ten bytes!");
    return testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(status, 0);
}

// --- each call refused ---------------------------------------------------------------------------

using FileCall = detail::temporary_file::Call;

int refused_call = -1;
int calls_before = 0;
bool was_refused = false;
bool old_system = false;

/// Systems without these have others in their place.
int refuse_what_is_new(FileCall call) noexcept {
  const bool is_new =
      call == FileCall::Create || call == FileCall::Allocate || call == FileCall::Copy;
  return old_system && is_new ? EOPNOTSUPP : 0;
}

int refuse_one(FileCall call) noexcept {
  if (static_cast<int>(call) != refused_call || calls_before-- != 0) {
    return refuse_what_is_new(call);
  }
  was_refused = true;
  return EIO;
}

int refuse_pages(detail::pages::Call) noexcept {
  return --calls_before == -1 ? (was_refused = true, ENOMEM) : 0;
}

std::string content(const FilePath& path) {
  return file_content(path.str());
}

/// A life with all that can go wrong in it; each step happens, or throws and changes nothing.
void live(bool overwrites_much) {
  SpooledIO stream(SpooledOptions{.max_size = 2 * kMib, .directory = fast_directory()});
  std::string data;
  std::vector<std::pair<Bytes, std::string>> kept;
  const auto attempt = [&](auto&& change, auto&& same_on_string) {
    try {
      change();
      same_on_string();
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
    ASSERT_TRUE(ByteSpan(stream.getvalue()).as_chars() == data);
    for (const auto& [bytes, expected] : kept) ASSERT_TRUE(ByteSpan(bytes).as_chars() == expected);
  };
  const auto write = [&](std::size_t at, const std::string& bytes) {
    attempt([&] { stream.write_at(at, bytes); },
            [&] {
              if (data.size() < at + bytes.size()) data.resize(at + bytes.size());
              data.replace(at, bytes.size(), bytes);
            });
  };
  write(0, pattern(2 * kMib, 2));
  kept.emplace_back(stream.getvalue(), data);
  write(data.size(), pattern(100 * kKib, 3));
  for (std::size_t i = 0; i < 6; ++i) {
    if (data.empty()) return;
    write(i * 100 * kKib, pattern(50, i));
    kept.emplace_back(stream.getvalue(), data);
    write(data.size(), pattern(300 * kKib, i));
    write(0, pattern(overwrites_much ? 2 * kMib : 10 * kPage, i));
    if (i == 3) kept.clear();
  }
  attempt([&] { ASSERT_TRUE(content(stream.as_path()) == data); }, [] {});
  const std::string other = pattern(3 * kMib, 9);
  attempt(
      [&] {
        WritablePath path = stream.as_writable_path();
        std::ofstream(path.str(), std::ios::binary) << other;
        path.close();
      },
      [&] { data = other; });
  attempt([&] { stream.truncate(kMib); }, [&] { data.resize(std::min(data.size(), kMib)); });
}

/// Plays a life for each call that `hook` may refuse, until there is none left. Returns how many there
/// were.
template <class Hook>
int refuse_one_after_the_other(void (*set_hook)(Hook), Hook hook, bool overwrites_much) {
  // Far more than there are: a life ends.
  constexpr int kMost = 2000;
  for (int before = 0; before < kMost; ++before) {
    SCOPED_TRACE(testing::Message() << "after " << before << " calls");
    calls_before = before;
    was_refused = false;
    set_hook(hook);
    live(overwrites_much);
    set_hook(nullptr);
    if (testing::Test::HasFatalFailure()) return before;
    if (!was_refused) return before;
  }
  ADD_FAILURE() << "the end was not reached after " << kMost << " calls";
  return kMost;
}

/// Each call of that kind.
int refuse_each(FileCall kind) {
  SCOPED_TRACE(testing::Message() << "call " << static_cast<int>(kind));
  refused_call = static_cast<int>(kind);
  // A large overwriting is not undone when the disk breaks in the middle of it.
  const bool much = kind != FileCall::Write;
  return refuse_one_after_the_other(detail::temporary_file::set_fault_hook, refuse_one, much);
}

TEST(SpooledIOLimits, ChangesNothingWhenACallIsRefused) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (int call = 0; call < detail::temporary_file::kCalls; ++call) {
    const auto kind = static_cast<FileCall>(call);
    const bool only_on_old_systems = kind == FileCall::CreateNamed || kind == FileCall::Unlink;
    EXPECT_EQ(refuse_each(kind) == 0, only_on_old_systems) << "call " << call << " was never made";
    ASSERT_FALSE(HasFailure());
  }
}

TEST(SpooledIOLimits, ChangesNothingWhenACallIsRefusedOnAnOldSystem) {
  QUIRE_SKIP_WITHOUT_PAGES();
  old_system = true;
  for (const FileCall kind :
       {FileCall::CreateNamed, FileCall::Unlink, FileCall::Status, FileCall::Write}) {
    EXPECT_NE(refuse_each(kind), 0) << "call " << static_cast<int>(kind) << " was never made";
    if (HasFailure()) break;
  }
  old_system = false;
}

TEST(SpooledIOLimits, ChangesNothingWhenACallForMemoryIsRefused) {
  QUIRE_SKIP_WITHOUT_PAGES();
  EXPECT_GE(refuse_one_after_the_other(detail::pages::set_fault_hook, refuse_pages, true), 30);
}

// Its name stayed in the directory, for others to open, and the stream wrote to it.
TEST(SpooledIOLimits, KeepsNoFileWhoseNameCannotGo) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const TempDirectory directory;
  SpooledIO stream(SpooledOptions{.max_size = 3, .directory = directory.path()});
  stream.write("abc");
  old_system = true;
  refused_call = static_cast<int>(FileCall::Unlink);
  calls_before = 0;
  detail::temporary_file::set_fault_hook(refuse_one);
  expect_refused(EIO, directory.path(), [&] { stream.write("d"); });
  detail::temporary_file::set_fault_hook(nullptr);
  old_system = false;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    EXPECT_EQ(entry.file_size(), 0u) << entry.path();
  }
  stream.write("d");
  EXPECT_TRUE(stream.rolled());
  EXPECT_EQ(ByteSpan(stream.getvalue()).as_chars(), "abcd");
}

int refuse_to_allocate_on(detail::temporary_file::Call call) noexcept {
  return call != detail::temporary_file::Call::Allocate || calls_before-- > 0 ? 0 : EIO;
}

int refuse_every_resize(detail::pages::Call call) noexcept {
  return call == detail::pages::Call::Resize ? ENOMEM : 0;
}

// A refusal that harms nobody was remembered, and thrown by a later write that nobody refused.
TEST(SpooledIOLimits, TellsNobodyOfARefusalThatDidNotMatter) {
  QUIRE_SKIP_WITHOUT_PAGES();
  SpooledIO stream(ByteSpan(pattern(kMib)), SpooledOptions{.max_size = 1});
  SpooledIO end(stream.slice(700 * kKib), stream.options());
  SpooledIO other(ByteSpan(pattern(kMib)), SpooledOptions{.max_size = 1});
  detail::pages::set_fault_hook(refuse_every_resize);
  other.truncate(7);
  detail::pages::set_fault_hook(nullptr);
  {
    const MutableMemoryView view = end.getbuffer();
    EXPECT_NO_THROW((void)end.getvalue());
  }
  const Bytes value = end.getvalue();
  EXPECT_NO_THROW(end.write_at(0, "x"));
  expect_unchanged(end, "x" + pattern(kMib).substr(700 * kKib + 1));
}

// Its last part was moved to a new file that had no room for what was to be written there.
TEST(SpooledIOLimits, MovesToAFileThatHasRoomForTheWriteAsWell) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const int status = in_child([] {
    const SpooledIO stream(ByteSpan(pattern(kMib)), SpooledOptions{.max_size = 1});
    SpooledIO end(stream.slice(700 * kKib), stream.options());
    for (const int allowed : {0, 1}) {
      calls_before = allowed;
      detail::temporary_file::set_fault_hook(refuse_to_allocate_on);
      try {
        end.BytesIO::write_at(end.size(), pattern(3 * kMib));
        return 1;
      } catch (const std::system_error&) {
      }
      detail::temporary_file::set_fault_hook(nullptr);
      expect_unchanged(end, pattern(kMib).substr(700 * kKib));
    }
    return testing::Test::HasFailure() ? 2 : 0;
  });
  EXPECT_EQ(status, 0);
}

int tear_a_mapping(detail::pages::Call call) noexcept {
  if (call != detail::pages::Call::MapOverTorn) return 0;
  was_refused = true;
  return ENOMEM;
}

// Where the system took the pages of a file away and was to map those of another one, the bytes were
// put back into memory of no file. They were lost when the stream wrote them back and forgot them as
// changes to a file.
TEST(SpooledIOLimits, KeepsWhatIsInMemoryOfNoFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  std::string data = pattern(700 * kKib);
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = 1});
  const auto overwrite = [&](std::uint64_t seed) {
    for (std::size_t at = 0; at < data.size(); at += 100 * kKib) {
      const std::string piece = pattern(100 * kKib, seed + at);
      stream.BytesIO::write_at(at, piece);
      data.replace(at, piece.size(), piece);
    }
  };
  {
    const Bytes snapshot = stream.getvalue();
    stream.write_at(0, "leaves it");
    data.replace(0, 9, "leaves it");
    was_refused = false;
    detail::pages::set_fault_hook(tear_a_mapping);
    overwrite(2);
    detail::pages::set_fault_hook(nullptr);
    EXPECT_TRUE(was_refused);
    expect_unchanged(stream, data);
  }
  overwrite(3);
  expect_unchanged(stream, data);
}

int torn_calls = 0;

int tear_the_second_and_refuse_others(detail::pages::Call call) noexcept {
  if (call == detail::pages::Call::MapOverTorn) return ++torn_calls == 2 ? ENOMEM : 0;
  return call == detail::pages::Call::MapOver && torn_calls >= 2 ? ENOMEM : 0;
}

// Where the system took away the pages behind the end of a stream, and refused others, a hole was left
// in what the stream may write to, for another thread's memory to come to lie in.
TEST(SpooledIOLimitsDeathTest, AHoleBehindTheEndEndsTheProcess) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const auto lose = [] {
    SpooledIO stream(ByteSpan(pattern(700 * kKib)), SpooledOptions{.max_size = 1});
    const Bytes snapshot = stream.getvalue();
    stream.write_at(0, "leaves it");
    stream.reserve(2 * kMib);
    detail::pages::set_fault_hook(tear_the_second_and_refuse_others);
    for (std::size_t at = 0; at < stream.size(); at += 100 * kKib) {
      stream.BytesIO::write_at(at, pattern(100 * kKib, at));
    }
  };
  EXPECT_DEATH(lose(), "quire: the system took away a mapping that is in use");
}

// When the disk refuses the bytes of a snapshot, these stay in pages of its own. The stream that left
// it then cut their common file, of which nothing was written yet, and the system took the pages away.
TEST(SpooledIOLimits, CutsNoFileThatASnapshotHas) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const int status = in_child([] {
    SpooledIO stream(SpooledOptions{.directory = fast_directory()});
    stream.rollover();
    stream.write(pattern(5 * kPage));
    const Bytes snapshot = stream.getvalue();
    refused_call = static_cast<int>(detail::temporary_file::Call::Write);
    calls_before = 0;
    detail::temporary_file::set_fault_hook(refuse_one);
    stream.write_at(0, "changed");
    detail::temporary_file::set_fault_hook(nullptr);
    stream.truncate(7);
    return was_refused && ByteSpan(snapshot).as_chars() == pattern(5 * kPage) ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(SpooledIOLimits, ADiskThatBreaksInALargeWriteLeavesSizeAndPosition) {
  QUIRE_SKIP_WITHOUT_PAGES();
  SpooledIO stream(SpooledOptions{.max_size = 1000, .directory = fast_directory()});
  stream.write(pattern(2 * kMib));
  stream.seek(100);
  // A part of it has been written by then.
  calls_before = 4;
  detail::temporary_file::set_fault_hook([](detail::temporary_file::Call call) noexcept {
    return call == detail::temporary_file::Call::Write && --calls_before < 0 ? EIO : 0;
  });
  EXPECT_THROW(stream.write(pattern(4 * kMib, 2)), std::system_error);
  detail::temporary_file::set_fault_hook(nullptr);
  EXPECT_EQ(stream.tell(), 100u);
  EXPECT_EQ(stream.size(), 2 * kMib);
}

}  // namespace
}  // namespace quire::test
