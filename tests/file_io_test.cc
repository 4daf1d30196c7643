// FileIO on real files, pipes, sockets, terminals and devices. What is expected is what io.FileIO
// of Python 3.11 did when asked the same.
#include "quire/file_io.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/ledger.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TempDirectory;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<FileIO>);
static_assert(std::is_nothrow_move_assignable_v<FileIO>);
static_assert(std::is_nothrow_destructible_v<FileIO>);
static_assert(!std::is_copy_constructible_v<FileIO>);
static_assert(!std::is_convertible_v<string, FileIO>);

/// The number and the text of the error that `action` must throw.
template <class Action>
std::pair<int, string> system_error_of(Action&& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().category(), std::generic_category());
    return {error.code().value(), error.what()};
  }
  return {0, "nothing thrown"};
}

using Failure = std::pair<int, string>;

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) >= 0;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    in = ends[0];
    out = ends[1];
  }

  int in = -1;
  int out = -1;
};

// --- opening -------------------------------------------------------------------------------------

TEST(FileIO, TellsWhatItsModeAllows) {
  struct Row {
    const char* given;
    const char* mode;
    bool readable;
    bool writable;
    std::size_t position;
  };

  const TempDirectory directory;
  for (const Row& row : std::vector<Row>{{"r", "rb", true, false, 0},
                                         {"rb", "rb", true, false, 0},
                                         {"br", "rb", true, false, 0},
                                         {"rbb", "rb", true, false, 0},
                                         {"r+", "rb+", true, true, 0},
                                         {"+r", "rb+", true, true, 0},
                                         {"rb+", "rb+", true, true, 0},
                                         {"a", "ab", false, true, 3},
                                         {"a+", "ab+", true, true, 3},
                                         {"w", "wb", false, true, 0},
                                         {"w+", "rb+", true, true, 0},
                                         {"x", "xb", false, true, 0},
                                         {"x+", "xb+", true, true, 0}}) {
    SCOPED_TRACE(row.given);
    const string path = directory.make("f", "abc");
    if (row.given[0] == 'x') ::unlink(path.c_str());
    const FileIO file(path, row.given);
    EXPECT_STREQ(file.mode(), row.mode);
    EXPECT_EQ(file.readable(), row.readable);
    EXPECT_EQ(file.writable(), row.writable);
    EXPECT_TRUE(file.seekable());
    EXPECT_EQ(file.tell(), row.position);
    EXPECT_EQ(file.name(), path);
    EXPECT_TRUE(file.closefd());
    EXPECT_FALSE(file.isatty());
    EXPECT_EQ(directory.content("f"), row.given[0] == 'w' || row.given[0] == 'x' ? "" : "abc");
  }
}

TEST(FileIO, RefusesOtherModes) {
  const TempDirectory directory;
  const string path = directory.make("f", "abc");
  using V = std::invalid_argument;
  for (const string mode : {"q", "rt", "r ", "U", "R"}) {
    EXPECT_EQ(message_of<V>([&] { FileIO(path, mode); }), "invalid mode: " + mode);
    EXPECT_EQ(message_of<V>([&] { FileIO(0, mode); }), "invalid mode: " + mode);
  }
  for (const string mode : {"", "+", "b", "rw", "rr", "r++", "ax", "wa+"}) {
    EXPECT_EQ(message_of<V>([&] { FileIO(path, mode); }),
              "Must have exactly one of create/read/write/append mode and at most one plus: '" +
                  mode + "'");
  }
  EXPECT_EQ(directory.content("f"), "abc");
}

TEST(FileIO, NamesThePathThatItCannotOpen) {
  const TempDirectory directory;
  const string missing = directory.file("missing");
  EXPECT_EQ(system_error_of([&] { FileIO{missing}; }),
            Failure(ENOENT, "open '" + missing + "': No such file or directory"));
  const string present = directory.make("f", "abc");
  EXPECT_EQ(system_error_of([&] { FileIO(present, "x"); }),
            Failure(EEXIST, "open '" + present + "': File exists"));
  for (const char* mode : {"r", "w", "r+", "a"}) {
    EXPECT_EQ(system_error_of([&] { FileIO(directory.path(), mode); }),
              Failure(EISDIR, "open '" + directory.path() + "': Is a directory"))
        << mode;
  }
  EXPECT_EQ(message_of<std::invalid_argument>([&] { FileIO(present + string("\0x", 2)); }),
            "embedded null byte in path '" + present + "' at " + std::to_string(present.size()));
}

TEST(FileIO, DoesNotPassItsDescriptorToOtherPrograms) {
  const TempDirectory directory;
  const FileIO file(directory.make("f", ""));
  EXPECT_EQ(::fcntl(file.fileno(), F_GETFD), FD_CLOEXEC);
}

TEST(FileIO, LeaksNoDescriptorWhenOpeningFails) {
  const TempDirectory directory;
  const int next = ::dup(0);
  ::close(next);
  EXPECT_THROW(FileIO(directory.path()), std::system_error);
  const int after = ::dup(0);
  ::close(after);
  EXPECT_EQ(after, next);
}

TEST(FileIO, AdoptsADescriptor) {
  const TempDirectory directory;
  const int descriptor = ::open(directory.make("f", "abc").c_str(), O_RDONLY);
  {
    FileIO file(descriptor);
    EXPECT_EQ(file.fileno(), descriptor);
    EXPECT_EQ(file.name(), std::to_string(descriptor));
    EXPECT_EQ(text(file.read()), "abc");
  }
  EXPECT_FALSE(is_open(descriptor));
}

TEST(FileIO, LeavesALentDescriptorOpen) {
  const TempDirectory directory;
  const int descriptor = ::open(directory.make("f", "abc").c_str(), O_RDONLY);
  {
    FileIO file(descriptor, "r", false);
    EXPECT_FALSE(file.closefd());
    file.close();
    EXPECT_TRUE(file.closed());
    const FileIO destroyed(descriptor, "r", false);
  }
  EXPECT_TRUE(is_open(descriptor));
  ::close(descriptor);
}

TEST(FileIO, RefusesADescriptorThatIsNone) {
  EXPECT_EQ(message_of<std::invalid_argument>([] { FileIO(-1); }), "negative file descriptor -1");
  EXPECT_EQ(system_error_of([] { FileIO(99999); }),
            Failure(EBADF, "fstat '99999': Bad file descriptor"));
  const TempDirectory directory;
  const int descriptor = ::open(directory.path().c_str(), O_RDONLY);
  EXPECT_EQ(system_error_of([&] { FileIO{descriptor}; }).first, EISDIR);
  EXPECT_TRUE(is_open(descriptor)) << "a refused descriptor is still the caller's";
  ::close(descriptor);
}

// --- the state -----------------------------------------------------------------------------------

TEST(FileIO, MovesItsDescriptor) {
  const TempDirectory directory;
  FileIO first(directory.make("f", "abc"));
  const int descriptor = first.fileno();
  FileIO second(std::move(first));
  EXPECT_TRUE(first.closed());
  EXPECT_EQ(second.fileno(), descriptor);
  FileIO third(directory.make("g", "xyz"));
  const int replaced = third.fileno();
  third = std::move(second);
  EXPECT_TRUE(second.closed());
  EXPECT_FALSE(is_open(replaced));
  EXPECT_EQ(text(third.read()), "abc");
  FileIO& same = third;
  third = std::move(same);
  EXPECT_EQ(third.fileno(), descriptor);
}

TEST(FileIO, RefusesEverythingAfterClose) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "abc"), "r+");
  file.close();
  file.close();
  EXPECT_TRUE(file.closed());
  std::byte room[4];
  EXPECT_THROW((void)file.read(), ClosedError);
  EXPECT_THROW((void)file.read1(), ClosedError);
  EXPECT_THROW(file.readinto(room), ClosedError);
  EXPECT_THROW((void)file.readline(), ClosedError);
  EXPECT_THROW((void)file.read_at(0, 1), ClosedError);
  EXPECT_THROW(file.write(""), ClosedError);
  EXPECT_THROW(file.write_some(""), ClosedError);
  EXPECT_THROW(file.write_at(0, "a"), ClosedError);
  EXPECT_THROW(file.seek(0), ClosedError);
  EXPECT_THROW((void)file.tell(), ClosedError);
  EXPECT_THROW(file.truncate(0), ClosedError);
  EXPECT_THROW(file.flush(), ClosedError);
  EXPECT_THROW((void)file.fileno(), ClosedError);
  EXPECT_THROW((void)file.isatty(), ClosedError);
  EXPECT_THROW((void)file.readable(), ClosedError);
  EXPECT_THROW((void)file.writable(), ClosedError);
  EXPECT_THROW((void)file.seekable(), ClosedError);
  EXPECT_EQ(file.name(), directory.file("f"));
  EXPECT_STREQ(file.mode(), "rb+");
}

TEST(FileIO, RefusesWhatItIsNotOpenFor) {
  const TempDirectory directory;
  const string path = directory.make("f", "abc");
  using U = UnsupportedOperation;
  FileIO reader(path);
  EXPECT_EQ(message_of<U>([&] { reader.write(""); }), "File not open for writing");
  EXPECT_EQ(message_of<U>([&] { reader.write_some("a"); }), "File not open for writing");
  EXPECT_EQ(message_of<U>([&] { reader.write_at(0, "a"); }), "File not open for writing");
  EXPECT_EQ(message_of<U>([&] { reader.truncate(1); }), "File not open for writing");
  FileIO writer(path, "a");
  std::byte room[4];
  EXPECT_EQ(message_of<U>([&] { (void)writer.read(); }), "File not open for reading");
  EXPECT_EQ(message_of<U>([&] { (void)writer.read(0); }), "File not open for reading");
  EXPECT_EQ(message_of<U>([&] { (void)writer.read1(); }), "File not open for reading");
  EXPECT_EQ(message_of<U>([&] { writer.readinto(room); }), "File not open for reading");
  EXPECT_EQ(message_of<U>([&] { (void)writer.readline(); }), "File not open for reading");
  EXPECT_EQ(message_of<U>([&] { (void)writer.read_at(0, 1); }), "File not open for reading");
  EXPECT_EQ(directory.content("f"), "abc");
}

TEST(FileIO, ReportsAnErrorOfCloseAndIsClosedAllTheSame) {
  const TempDirectory directory;
  const string path = directory.make("f", "abc");
  FileIO file(path);
  ::close(file.fileno());
  EXPECT_EQ(system_error_of([&] { file.close(); }),
            Failure(EBADF, "close '" + path + "': Bad file descriptor"));
  EXPECT_TRUE(file.closed());
  EXPECT_NO_THROW(file.close());
}

// --- reading -------------------------------------------------------------------------------------

TEST(FileIO, ReadsTheSameBytesInAnySizes) {
  const TempDirectory directory;
  constexpr std::size_t kAsk = 64 * 1024;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4095},
                                 std::size_t{8192}, kAsk - 1, kAsk, kAsk + 1, 5 * kAsk + 3}) {
    const string data = pattern(size);
    FileIO file(directory.make("f", data));
    for (const std::ptrdiff_t count :
         {std::ptrdiff_t{-1}, std::ptrdiff_t{0}, std::ptrdiff_t{1}, std::ptrdiff_t{8191},
          std::ptrdiff_t{kAsk}, std::ptrdiff_t{kAsk + 1}, PTRDIFF_MAX}) {
      file.seek(0);
      const string expected = data.substr(0, static_cast<std::size_t>(count));
      ASSERT_EQ(text(file.read(count)), expected) << "size " << size << " count " << count;
      ASSERT_EQ(file.tell(), expected.size());
      ASSERT_EQ(text(file.read()), data.substr(expected.size()));
      ASSERT_TRUE(file.read().empty());
      ASSERT_TRUE(file.read(7).empty());
      const auto most = count < 0 ? npos : static_cast<std::size_t>(count);
      ASSERT_EQ(text(file.read_at(size / 2, most)), data.substr(size / 2, most));
      ASSERT_EQ(file.tell(), size) << "read_at moved the position";
    }
  }
}

TEST(FileIO, ReadsAWholeFileIntoOneBlockWithoutACopy) {
  const TempDirectory directory;
  const string data = pattern(20 << 20);
  FileIO file(directory.make("f", data));
  const Ledger before = thread_ledger();
  const Bytes all = file.read();
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_TRUE(text(all) == data);
  EXPECT_LE(all.block()->capacity, data.size() + 1);
}

TEST(FileIO, ReadsAFileThatDoesNotTellItsSize) {
  struct stat status {};

  ASSERT_EQ(::stat("/proc/self/maps", &status), 0);
  ASSERT_EQ(status.st_size, 0);
  FileIO file("/proc/self/maps");
  const Bytes all = file.read();
  EXPECT_GT(all.size(), 100u);
  EXPECT_EQ(all.data()[all.size() - 1], std::byte{'\n'});
}

TEST(FileIO, ReadsWhatAFileGrewByMeanwhile) {
  const TempDirectory directory;
  const string data = pattern(100000);
  const string path = directory.make("f", data);
  FileIO file(path);
  EXPECT_EQ(text(file.read()), data);
  FileIO(path, "a").write("more");
  EXPECT_EQ(text(file.read()), "more");
}

TEST(FileIO, ReadsBeyondTheEndAsNothing) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "0123456789"));
  EXPECT_EQ(file.seek(100), 100u);
  EXPECT_TRUE(file.read().empty());
  EXPECT_TRUE(file.read(1).empty());
  EXPECT_EQ(file.tell(), 100u);
  EXPECT_TRUE(file.read_at(100, 5).empty());
  EXPECT_EQ(text(file.read_at(8, 5)), "89");
}

TEST(FileIO, ReadsLines) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "one\ntwo\n\nlast"));
  EXPECT_EQ(text(file.readline()), "one\n");
  EXPECT_EQ(file.tell(), 4u) << "nothing may be read ahead: there is nowhere to keep it";
  EXPECT_EQ(text(file.readline(2)), "tw");
  EXPECT_EQ(file.readlines().size(), 3u);
}

TEST(FileIO, ReadintoFillsOnlyTheTarget) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "0123456789"));
  string room = "........";
  EXPECT_EQ(file.readinto(MutableByteSpan(room).subspan(2, 4)), 4u);
  EXPECT_EQ(room, "..0123..");
  EXPECT_EQ(file.readinto(MutableByteSpan()), 0u);
  EXPECT_EQ(file.readinto(room), 6u);
  EXPECT_EQ(room, "456789..");
  EXPECT_EQ(file.readinto(room), 0u);
}

// --- writing -------------------------------------------------------------------------------------

TEST(FileIO, WritesWhereItStands) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "0123456789"), "r+");
  file.seek(3);
  EXPECT_EQ(file.write("abc"), 3u);
  EXPECT_EQ(file.tell(), 6u);
  EXPECT_EQ(file.seek(-1, Whence::End), 9u);
  EXPECT_EQ(file.write_some("XYZ"), 3u);
  EXPECT_EQ(file.write_at(0, "__"), 2u);
  EXPECT_EQ(file.tell(), 12u);
  EXPECT_EQ(file.seek(15), 15u);
  EXPECT_EQ(file.write(""), 0u);
  EXPECT_EQ(directory.content("f"), "__2abc678XYZ") << "an empty write must not extend";
  file.write("!");
  EXPECT_EQ(directory.content("f"), string("__2abc678XYZ\0\0\0!", 16));
}

TEST(FileIO, AppendsWhereverItStands) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "01234"), "a+");
  EXPECT_EQ(file.tell(), 5u);
  EXPECT_EQ(file.seek(0), 0u);
  EXPECT_EQ(file.write("Z"), 1u);
  EXPECT_EQ(file.tell(), 6u);
  EXPECT_EQ(directory.content("f"), "01234Z");
}

TEST(FileIO, TruncatesAndExtendsWithoutMoving) {
  const TempDirectory directory;
  FileIO file(directory.make("f", "0123456789"), "r+");
  EXPECT_EQ(file.truncate(20), 20u);
  EXPECT_EQ(file.tell(), 0u);
  EXPECT_EQ(directory.content("f"), "0123456789" + string(10, '\0'));
  file.seek(5);
  EXPECT_EQ(file.truncate(), 5u);
  EXPECT_EQ(directory.content("f"), "01234");
  EXPECT_EQ(file.truncate(2), 2u);
  EXPECT_EQ(file.tell(), 5u);
  EXPECT_EQ(system_error_of([&] { file.truncate(npos); }).first, EINVAL);
}

TEST(FileIO, ReportsAFullDisk) {
  FileIO full("/dev/full", "w");
  EXPECT_EQ(system_error_of([&] { full.write("x"); }),
            Failure(ENOSPC, "write '/dev/full': No space left on device"));
  EXPECT_FALSE(full.closed());
  EXPECT_NO_THROW(full.close());
}

TEST(FileIO, RefusesPositionsBeforeTheBeginning) {
  const TempDirectory directory;
  const string path = directory.make("f", "0123456789");
  FileIO file(path);
  file.seek(4);
  const Failure expected(EINVAL, "seek '" + path + "': Invalid argument");
  EXPECT_EQ(system_error_of([&] { file.seek(-1); }), expected);
  EXPECT_EQ(system_error_of([&] { file.seek(-5, Whence::Current); }), expected);
  EXPECT_EQ(system_error_of([&] { file.seek(-11, Whence::End); }), expected);
  EXPECT_EQ(system_error_of([&] { file.seek(0, static_cast<Whence>(3)); }), expected);
  EXPECT_EQ(file.tell(), 4u);
}

TEST(FileIO, ReachesBeyondFourGigabytes) {
  const TempDirectory directory;
  constexpr std::ptrdiff_t kFar = (std::ptrdiff_t{5} << 30) + 17;
  FileIO file(directory.file("sparse"), "w+");
  EXPECT_EQ(file.seek(kFar), static_cast<std::size_t>(kFar));
  file.write("far away");
  EXPECT_EQ(file.seek(0, Whence::End), static_cast<std::size_t>(kFar) + 8);
  EXPECT_EQ(file.seek(-8, Whence::Current), static_cast<std::size_t>(kFar));
  EXPECT_EQ(text(file.read()), "far away");
  EXPECT_EQ(text(file.read_at(static_cast<std::size_t>(kFar) + 4, 100)), "away");
  file.write_at(static_cast<std::size_t>(kFar), "FAR");
  EXPECT_EQ(text(file.read_at(static_cast<std::size_t>(kFar), 4)), "FAR ");
}

// --- not files -----------------------------------------------------------------------------------

TEST(FileIO, HasNoPositionsOnAPipe) {
  const Pipe pipe;
  FileIO in(pipe.in);
  FileIO out(pipe.out, "w");
  EXPECT_FALSE(in.seekable());
  EXPECT_FALSE(in.isatty());
  EXPECT_EQ(system_error_of([&] { (void)in.tell(); }).first, ESPIPE);
  EXPECT_EQ(system_error_of([&] { in.seek(0); }).first, ESPIPE);
  EXPECT_EQ(system_error_of([&] { (void)in.read_at(0, 1); }).first, ESPIPE);
  EXPECT_EQ(system_error_of([&] { out.truncate(0); }).first, EINVAL);
}

TEST(FileIO, ReadsAPipeToItsEnd) {
  const string data = pattern(1 << 20);
  const Pipe pipe;
  // More than a pipe holds: the writer meets short writes, the reader short reads.
  std::thread writer([&] { FileIO(pipe.out, "w").write(data); });
  FileIO in(pipe.in);
  const Bytes exactly = in.read(100000);
  EXPECT_EQ(exactly.size(), 100000u) << "a short result means the end, on a pipe too";
  const Bytes rest = in.read();
  writer.join();
  EXPECT_TRUE(text(exactly) + text(rest) == data);
  EXPECT_TRUE(in.read(1).empty());
}

TEST(FileIO, GoesOnAfterASignal) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0)
      << "no SA_RESTART: read is to be interrupted";
  const Pipe pipe;
  FileIO in(pipe.in);
  FileIO out(pipe.out, "w");
  const pthread_t reader = ::pthread_self();
  std::thread helper([&] {
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ::pthread_kill(reader, SIGUSR1);
    }
    out.write("abc");
    out.close();
  });
  EXPECT_EQ(text(in.read()), "abc");
  helper.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(FileIO, GivesWhatIsThereToRead1AndReadinto) {
  const Pipe pipe;
  FileIO in(pipe.in);
  FileIO out(pipe.out, "w");
  out.write("abc");
  EXPECT_EQ(text(in.read1()), "abc");
  out.write("de");
  EXPECT_EQ(text(in.read1(100)), "de");
  out.write("fgh");
  string room(100, '.');
  EXPECT_EQ(in.readinto(room), 3u);
}

TEST(FileIO, ReportsThatAReadWouldBlock) {
  const Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.in, F_SETFL, O_NONBLOCK), 0);
  FileIO in(pipe.in);
  FileIO out(pipe.out, "w");
  EXPECT_EQ(system_error_of([&] { (void)in.read(3); }).first, EAGAIN);
  EXPECT_EQ(system_error_of([&] { (void)in.read(); }).first, EAGAIN);
  std::byte room[4];
  EXPECT_EQ(system_error_of([&] { (void)in.readinto(room); }).first, EAGAIN);
  out.write("abc");
  EXPECT_EQ(text(in.read(10)), "abc") << "bytes that arrived must not be lost";
  out.write("def");
  EXPECT_EQ(text(in.read()), "def");
}

TEST(FileIO, TellsHowMuchANonBlockingPipeTook) {
  const Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.out, F_SETFL, O_NONBLOCK), 0);
  FileIO in(pipe.in);
  FileIO out(pipe.out, "w");
  const string data = pattern(1 << 20);
  const std::size_t taken = out.write_some(data);
  EXPECT_GT(taken, 0u);
  EXPECT_LT(taken, data.size());
  EXPECT_EQ(system_error_of([&] { out.write_some(data); }).first, EAGAIN);
  EXPECT_EQ(system_error_of([&] { out.write(data); }).first, EAGAIN);
  out.close();
  EXPECT_TRUE(text(in.read()) == data.substr(0, taken));
}

TEST(FileIO, TalksThroughASocket) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  FileIO here(ends[0], "r+");
  FileIO there(ends[1], "r+");
  EXPECT_FALSE(here.seekable());
  here.write("question");
  EXPECT_EQ(text(there.read1(100)), "question");
  there.write("answer");
  there.close();
  EXPECT_EQ(text(here.read()), "answer");
}

TEST(FileIO, KnowsATerminal) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  const FileIO terminal(::open(::ptsname(master), O_RDWR | O_NOCTTY), "r+");
  EXPECT_TRUE(terminal.isatty());
  EXPECT_FALSE(terminal.seekable());
  ::close(master);
}

TEST(FileIO, CopiesFromMemoryAndBack) {
  const TempDirectory directory;
  const string data = pattern(3000000);
  BytesIO memory(data);
  FileIO file(directory.file("f"), "w+");
  EXPECT_EQ(copyfileobj(memory, file), data.size());
  file.seek(0);
  BytesIO again;
  EXPECT_EQ(copyfileobj(file, again, 2000000, 65536), 2000000u);
  EXPECT_TRUE(text(again.getvalue()) == data.substr(0, 2000000));
  EXPECT_EQ(file.tell(), 2000000u);
}

TEST(FileIO, ReadOfADeviceTakesItsMemoryOnce) {
  // A device does not know its size: the block once started small and was copied as it grew, 10 to
  // 15 MiB for seed 5's 10 MB of /dev/urandom.
  FileIO source("/dev/urandom", "rb");
  const Ledger before = thread_ledger();
  const Bytes content = source.read(1024 * 10000);
  EXPECT_EQ(content.size(), 10'240'000u);
  EXPECT_EQ((thread_ledger() - before).copied_for(CopyReason::Growth), 0u);
  EXPECT_LE(content.retained_bytes(), content.size() * 9 / 8);
}

}  // namespace
}  // namespace quire
