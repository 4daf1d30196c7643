// A stream and its snapshots in a forked worker, as the seeds hand BytesIO to multiprocessing.
#include <cerrno>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quire/quire.h"

namespace quire {
namespace {

struct Pipe {
  FileIO reader;
  FileIO writer;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) detail::throw_errno(errno, "pipe");
  return {FileIO(ends[0], "r"), FileIO(ends[1], "w")};
}

/// Runs `work` in a child process; returns its exit code.
template <class Work>
int in_worker(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = work();
    } catch (...) {
      code = 98;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class SeedFork : public testing::TestWithParam<std::size_t> {};

TEST_P(SeedFork, TheWorkerReadsWhatItInheritedAndWritesACopyOfItsOwn) {
  const std::string content(GetParam(), 'p');
  BytesIO stream{ByteSpan(content)};
  stream.seek(0, Whence::End);
  stream.write("tail");
  const Bytes snapshot = stream.getvalue();

  const int code = in_worker([&] {
    if (snapshot != content + "tail") return 1;
    if (stream.getvalue() != snapshot) return 2;
    stream.write_at(0, "child");
    stream.write(" of the child");
    if (stream.getvalue().slice(0, 5) != ByteSpan("child")) return 3;
    if (snapshot != content + "tail") return 4;
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(snapshot, content + "tail");
  EXPECT_EQ(stream.getvalue(), snapshot);

  stream.write_at(0, "parent");
  EXPECT_EQ(stream.getvalue().slice(0, 6), ByteSpan("parent"));
  EXPECT_EQ(snapshot, content + "tail");
}

TEST_P(SeedFork, TheWorkerSendsItsStreamBackThroughAPipe) {
  const std::string content(GetParam(), 'p');
  const Bytes snapshot{ByteSpan(content)};
  Pipe pipe = make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    BytesIO stream(snapshot);
    stream.seek(0, Whence::End);
    stream.write(", processed");
    pipe.writer.write(stream.getvalue());
    ::_exit(0);
  }
  pipe.writer.close();
  BytesIO result(pipe.reader.read());
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(result.getvalue(), content + ", processed");
  EXPECT_EQ(snapshot, content);
}

INSTANTIATE_TEST_SUITE_P(SmallAndLarge, SeedFork,
                         testing::Values(std::size_t{16}, std::size_t{10'000'000}));

}  // namespace
}  // namespace quire
