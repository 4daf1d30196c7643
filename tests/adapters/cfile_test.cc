// FILE* over a Stream beside a FILE* of the system, Streams over FILE*, and code that knows only names
// of files.
#include "quire/adapters/cfile.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdio.h>

#include "adapters/support/filter_properties.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/random_choices.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<CFile>);
static_assert(std::is_nothrow_move_assignable_v<CFileIO>);

const test::TempDirectory& directory() {
  static const test::TempDirectory directory;
  return directory;
}

string content(Stream& stream) {
  const std::size_t at = stream.tell();
  stream.seek(0);
  string all = text(stream.read());
  stream.seek(static_cast<std::ptrdiff_t>(at));
  return all;
}

// --- CFile -----------------------------------------------------------------------------------------

TEST(CFile, PrintsAndScans) {
  BytesIO stream;
  CFile file(stream);
  EXPECT_EQ(std::fprintf(file, "answer %d, %s\n", 42, "in C"), 16);
  EXPECT_EQ(std::fputs("second line\n", file), 1);
  EXPECT_EQ(text(static_cast<BytesIO&>(file.stream()).getvalue()),
            "answer 42, in C\nsecond line\n");
  std::rewind(file);
  int number = 0;
  EXPECT_EQ(std::fscanf(file, "answer %d", &number), 1);
  EXPECT_EQ(number, 42);
  std::array<char, 100> line{};
  EXPECT_STREQ(std::fgets(line.data(), 100, file), ", in C\n");
  EXPECT_EQ(std::ftell(file), 16);
  file.close();
  EXPECT_EQ(stream.tell(), 16U) << "what was read ahead is given back";
  EXPECT_FALSE(stream.closed());
  EXPECT_EQ(file.get(), nullptr);
  EXPECT_THROW(static_cast<void>(file.stream()), ClosedError);
  file.close();
}

TEST(CFile, BeginsWhereTheStreamStands) {
  BytesIO stream(Bytes("0123456789"));
  stream.seek(4);
  CFile file(stream);
  EXPECT_EQ(std::ftell(file), 4);
  EXPECT_EQ(std::fgetc(file), '4');
  EXPECT_EQ(std::ungetc('x', file), 'x');
  EXPECT_EQ(std::fgetc(file), 'x');
  EXPECT_EQ(std::fgetc(file), '5');
}

/// The same random calls of stdio on a file of the system and on a CFile.
void compare_with_a_file(Stream& stream, test::RandomChoices& choices, int steps) {
  std::FILE* const real = std::tmpfile();
  ASSERT_NE(real, nullptr);
  {
    CFile file(stream);
    for (int i = 0; i < steps; ++i) {
      const std::size_t size = choices.below(choices.below(20) == 0 ? 30'000 : 100);
      const auto both = [&](auto call) {
        const auto expected = call(real);
        const auto got = call(file.get());
        ASSERT_EQ(got, expected) << "step " << i;
        ASSERT_EQ(std::feof(file) != 0, std::feof(real) != 0) << "step " << i;
      };
      switch (choices.below(6)) {
        case 0:
        case 1: {
          const string data = pattern(size);
          both([&](std::FILE* f) { return std::fseek(f, 0, SEEK_CUR); });
          both([&](std::FILE* f) { return std::fwrite(data.data(), 1, data.size(), f); });
          both([&](std::FILE* f) { return std::fseek(f, 0, SEEK_CUR); });
          break;
        }
        case 2:
        case 3:
          both([&](std::FILE* f) {
            string target(size, '\0');
            target.resize(std::fread(target.data(), 1, size, f));
            return target;
          });
          break;
        case 4: {
          const auto whence = static_cast<int>(choices.below(3));
          const long offset = static_cast<long>(size) - 50;
          // Negative positions are refused by both, past the end both go.
          both([&](std::FILE* f) { return std::fseek(f, offset, whence) == 0; });
          break;
        }
        default:
          both([](std::FILE* f) { return std::ftell(f); });
      }
      if (testing::Test::HasFatalFailure()) return;
    }
    string expected;
    std::fflush(real);
    std::rewind(real);
    for (int c = std::fgetc(real); c != EOF; c = std::fgetc(real)) {
      expected += static_cast<char>(c);
    }
    EXPECT_TRUE(content(file.stream()) == expected);
  }
  std::fclose(real);
}

TEST(CFile, DoesWhatAFileDoes) {
  test::RandomChoices choices = test::RandomChoices::from_environment();
  const int steps = static_cast<int>(test::steps(400));
  for (const std::size_t most : {3U, 1000U}) {
    TestStream pieces("", {.most_a_call = most, .log = false});
    compare_with_a_file(pieces, choices, steps);
  }
  FileIO file(directory().file("compared"), "w+");
  compare_with_a_file(file, choices, steps);
}

TEST(CFile, MovesAllBytes) {
  const string data = test::random_bytes(300'000);
  for (const std::size_t piece : {1U, 4095U, 4096U, 4097U, 100'000U}) {
    BytesIO stream;
    CFile file(stream);
    for (std::size_t at = 0; at < data.size(); at += piece) {
      const std::size_t size = std::min<std::size_t>(piece, data.size() - at);
      ASSERT_EQ(std::fwrite(data.data() + at, 1, size, file), size);
    }
    std::rewind(file);
    string back(data.size(), '\0');
    for (std::size_t at = 0; at < data.size();) {
      const std::size_t count =
          std::fread(back.data() + at, 1, std::min<std::size_t>(piece, data.size() - at), file);
      ASSERT_NE(count, 0U);
      at += count;
    }
    EXPECT_TRUE(back == data) << piece;
    EXPECT_EQ(std::fgetc(file), EOF);
    EXPECT_TRUE(std::feof(file) != 0);
  }
}

TEST(CFile, OwnsWhatItIsGiven) {
  const string path = directory().file("owned");
  { std::fputs("by destruction", CFile(FileIO(path, "w"))); }
  FileIO back(path);
  EXPECT_EQ(text(back.read()), "by destruction");
  CFile file(FileIO(path, "r+"));
  CFile moved = std::move(file);
  EXPECT_EQ(file.get(), nullptr);  // NOLINT(bugprone-use-after-move): what this is about
  std::fputs("BY", moved);
  file = std::move(moved);
  file.close();
  EXPECT_EQ(text(FileIO(path).read()), "BY destruction");
}

TEST(CFile, CanDoWhatItsStreamCan) {
  const string path = directory().make("three", "abc");
  CFile reads(FileIO(path, "r"));
  EXPECT_EQ(std::fgetc(reads), 'a');
  EXPECT_EQ(std::fputc('x', reads), EOF);
  CFile writes(FileIO(path, "w"));
  EXPECT_EQ(std::fgetc(writes), EOF);
  EXPECT_TRUE(std::ferror(writes) != 0);
  TestStream fixed("abc", {.log = false, .seekable = false});
  CFile pipe(fixed);
  EXPECT_NE(std::fseek(pipe, 1, SEEK_SET), 0);
  TestStream neither("", {.readable = false, .writable = false});
  EXPECT_THROW(CFile{neither}, UnsupportedOperation);
  BytesIO closed;
  closed.close();
  EXPECT_THROW(CFile{closed}, ClosedError);
}

TEST(CFile, ErrorsOfTheStreamAreKept) {
  TestStream failing("", {.fail_write_at = 50, .log = false});
  CFile file(failing);
  EXPECT_NE(std::fputs(pattern(100).c_str(), file), EOF);
  errno = 0;
  EXPECT_NE(std::fflush(file), 0);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_TRUE(std::ferror(file) != 0);
  EXPECT_EQ(message_of<std::system_error>([&] { file.close(); }),
            "test stream: No space left on device");
  EXPECT_EQ(failing.data(), pattern(100).substr(0, 50));

  TestStream unreadable(pattern(10'000), {.fail_read_at = 0, .log = false});
  CFile broken(unreadable);
  EXPECT_EQ(std::fgetc(broken), EOF);
  EXPECT_TRUE(std::ferror(broken) != 0);
  EXPECT_EQ(std::feof(broken), 0) << "no end of data";
  EXPECT_THROW(broken.close(), std::system_error);

  std::array<std::byte, 10> memory{};
  BytesIO full = BytesIO::over(memory);
  CFile narrow(full);
  std::fputs("more than ten bytes", narrow);
  EXPECT_NE(std::fflush(narrow), 0);
  EXPECT_THROW(static_cast<void>(narrow.stream()), std::length_error);
  TestStream refuses("", {.full_at = 3, .log = false});
  CFile stuck(refuses);
  std::fputs("four", stuck);
  EXPECT_EQ(std::fflush(stuck), EOF);
  EXPECT_THROW(stuck.close(), std::system_error);
}

TEST(CFile, WhatTheStreamRefusesIsNotOfferedAgain) {
  TestStream failing("", {.fail_write_at = 50, .log = false});
  CFile file(failing);
  EXPECT_NE(std::fputs(pattern(100).c_str(), file), EOF);
  EXPECT_EQ(std::fflush(file), EOF);
  failing.options.fail_write_at = npos;
  EXPECT_NE(std::fputs("after that", file), EOF);
  EXPECT_EQ(std::fflush(file), 0);
  EXPECT_EQ(failing.data(), pattern(100).substr(0, 50) + "after that");
  EXPECT_THROW(file.close(), std::system_error) << "the error is kept";
}

// C had no function to seek by, and then its fflush() of what was read ahead fails with the errno that is
// there: stream() and close() threw it, be it 0.
TEST(CFile, ReadsAheadOfWhatCannotSeek) {
  for (const int before : {0, EPERM}) {
    TestStream pipe(pattern(100), {.log = false, .seekable = false});
    CFile file(pipe);
    EXPECT_EQ(std::fgetc(file), pattern(100)[0]);
    CFileIO lent(file, false);
    EXPECT_FALSE(lent.seekable());
    EXPECT_EQ(text(lent.read(9)), pattern(100).substr(1, 9));
    errno = before;
    EXPECT_EQ(message_of<std::system_error>([&] { lent.close(); }), "nothing thrown");
    errno = before;
    EXPECT_EQ(message_of<std::system_error>([&] { static_cast<void>(file.stream()); }),
              "nothing thrown");
    EXPECT_EQ(std::fgetc(file), pattern(100)[10]) << "and what C has read is still there";
    errno = before;
    EXPECT_EQ(message_of<std::system_error>([&] { file.close(); }), "nothing thrown");
    EXPECT_EQ(pipe.tell(), 100U) << "nobody has sought";
  }
}

// Before glibc writes, it gives back what was read too much. Where it could not, the bytes were never
// written, and close() did not say so: errno was 0.
TEST(CFile, WhatCannotSeekIsNotWrittenToBeforeAllIsRead) {
  TestStream unread(pattern(100), {.log = false, .seekable = false});
  CFile file(unread);
  EXPECT_EQ(std::fgetc(file), pattern(100)[0]);
  EXPECT_NE(std::fputs("lost", file), EOF);
  errno = 0;
  EXPECT_EQ(std::fflush(file), EOF);
  EXPECT_EQ(errno, ESPIPE);
  errno = 0;
  EXPECT_EQ(message_of<std::system_error>([&] { static_cast<void>(file.stream()); }),
            "fflush: Illegal seek");
  errno = 0;
  EXPECT_EQ(message_of<std::system_error>([&] { file.close(); }), "fclose: Illegal seek");
  EXPECT_EQ(unread.data(), pattern(100));

  TestStream read(pattern(100), {.log = false, .seekable = false});
  CFile both(read);
  string all(100, '\0');
  EXPECT_EQ(std::fread(all.data(), 1, all.size(), both), all.size());
  EXPECT_NE(std::fputs("answer", both), EOF);
  both.close();
  EXPECT_EQ(read.data(), pattern(100) + "answer");
}

TEST(CFile, ABadPositionIsTheCallersErrorAlone) {
  BytesIO stream(Bytes("abc"));
  CFile file(stream);
  EXPECT_NE(std::fseek(file, -1, SEEK_SET), 0);
  EXPECT_EQ(std::fgetc(file), 'a');
  file.close();
}

// --- CFileIO ---------------------------------------------------------------------------------------

TEST(CFileIO, IsAStreamOverAnyFile) {
  BytesIO under;
  CFile cookie(under);
  const std::vector<std::pair<string, std::function<CFileIO()>>> files = {
      {"tmpfile", [] { return CFileIO(std::tmpfile()); }},
      {"cookie", [&] { return CFileIO(cookie, false); }},
  };
  for (const auto& [name, open] : files) {
    SCOPED_TRACE(name);
    CFileIO stream = open();
    EXPECT_TRUE(stream.readable() && stream.writable() && stream.seekable() && !stream.isatty());
    EXPECT_EQ(stream.write("first line\nsecond line\n"), 23U);
    EXPECT_EQ(stream.tell(), 23U);
    EXPECT_EQ(stream.seek(6), 6U);
    EXPECT_EQ(text(stream.readline()), "line\n");
    EXPECT_EQ(stream.tell(), 11U);
    EXPECT_EQ(stream.write("SECOND"), 6U) << "no call between reading and writing";
    EXPECT_EQ(text(stream.readline(3)), " li");
    EXPECT_EQ(stream.seek(-5, Whence::End), 18U);
    EXPECT_EQ(stream.seek(-7, Whence::Current), 11U);
    EXPECT_EQ(text(stream.read()), "SECOND line\n");
    EXPECT_TRUE(stream.read().empty());
    EXPECT_TRUE(stream.readline().empty());
    EXPECT_EQ(stream.write("more"), 4U);
    EXPECT_EQ(stream.seek(23), 23U);
    EXPECT_EQ(text(stream.read()), "more") << "the end was not for ever";
    EXPECT_THROW(stream.seek(-1), std::system_error);
    CFileIO moved = std::move(stream);
    EXPECT_TRUE(stream.closed());  // NOLINT(bugprone-use-after-move): what this is about
    moved.flush();
    moved.close();
    moved.close();
    EXPECT_THROW(static_cast<void>(moved.tell()), ClosedError);
    EXPECT_THROW(moved.write("x"), ClosedError);
    EXPECT_THROW(static_cast<void>(moved.read()), ClosedError);
  }
  EXPECT_EQ(content(cookie.stream()), "first line\nSECOND line\nmore");
}

TEST(CFileIO, MovesAllBytes) {
  const string data = test::random_bytes(300'000);
  const string path = directory().make("bytes", data);
  for (const test::Way way : test::kWays) {
    for (const std::size_t piece : {509U, 4096U, 100'000U}) {
      CFileIO in(std::fopen(path.c_str(), "r"));
      EXPECT_TRUE(test::read_to_end(in, way, piece) == data) << static_cast<int>(way);
      EXPECT_FALSE(in.writable());
      EXPECT_THROW(in.write("x"), UnsupportedOperation);
    }
  }
  const string copy = directory().file("copy");
  CFileIO out(std::fopen(copy.c_str(), "w"));
  EXPECT_THROW(static_cast<void>(out.read()), UnsupportedOperation);
  FileIO source(path);
  EXPECT_EQ(copyfileobj(source, out), data.size());
  EXPECT_EQ(out.truncate(200'000), 200'000U);
  out.close();
  EXPECT_TRUE(text(FileIO(copy).read()) == data.substr(0, 200'000));
}

TEST(CFileIO, SaysWhatFails) {
  EXPECT_THROW(CFileIO(nullptr), std::invalid_argument);
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  CFileIO stream(full);
  stream.write("waits in the buffer");
  EXPECT_EQ(message_of<std::system_error>([&] { stream.flush(); }),
            "fflush: No space left on device");
  stream.write("and once more");
  EXPECT_THROW(stream.close(), std::system_error);
  EXPECT_TRUE(stream.closed());
  TestStream unreadable(pattern(10'000), {.fail_read_at = 5000, .log = false});
  CFile broken(unreadable);
  CFileIO reads(broken, false);
  EXPECT_THROW(static_cast<void>(reads.read()), std::system_error);
  EXPECT_THROW(static_cast<void>(reads.fileno()), UnsupportedOperation);
  EXPECT_THROW(reads.truncate(0), UnsupportedOperation);
}

// A FILE that has its bytes written by a function need not set errno: what was thrown had the number of
// whatever had failed before.
TEST(CFileIO, AnErrorWithoutANumberIsEIO) {
  const cookie_io_functions_t takes_nothing = {
      nullptr, [](void*, const char*, std::size_t) -> ssize_t { return 0; }, nullptr, nullptr};
  CFileIO stream(::fopencookie(nullptr, "w", takes_nothing));
  stream.write("waits in the buffer");
  errno = EPERM;
  EXPECT_EQ(message_of<std::system_error>([&] { stream.flush(); }), "fflush: Input/output error");
  stream.write("and once more");
  errno = EPERM;
  EXPECT_EQ(message_of<std::system_error>([&] { stream.close(); }), "fclose: Input/output error");
}

// What a library that only takes names does: open, write, close; open, read, close.
void write_by_name(const char* path) {
  std::FILE* const file = std::fopen(path, "w");
  ASSERT_NE(file, nullptr);
  std::fputs("written by name", file);
  std::fclose(file);
}

string read_by_name(const char* path) {
  CFileIO file(std::fopen(path, "r"));
  return text(file.read());
}

TEST(AsPath, IsForCodeThatTakesNames) {
  BytesIO stream;
  WritablePath target = stream.as_writable_path();
  write_by_name(target.c_str());
  target.close();
  EXPECT_EQ(read_by_name(stream.as_path().c_str()), "written by name");
  const FilePath path = stream.as_path();
  stream.write("OVER");
  EXPECT_EQ(read_by_name(path.c_str()), "written by name") << "a path is a snapshot";
  EXPECT_EQ(std::fopen(path.c_str(), "w"), nullptr) << "and nobody can write to it";
}

}  // namespace
}  // namespace quire
