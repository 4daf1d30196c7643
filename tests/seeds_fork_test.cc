// A stream and its snapshots in a forked worker, as the seeds hand BytesIO to multiprocessing.
#include <cerrno>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "quire/quire.h"
#include "support/child_process.h"

namespace quire {
namespace {

using test::in_child;

struct Pipe {
  FileIO reader;
  FileIO writer;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) detail::throw_errno(errno, "pipe");
  return {FileIO(ends[0], "r"), FileIO(ends[1], "w")};
}

class SeedFork : public testing::TestWithParam<std::size_t> {};

TEST_P(SeedFork, TheWorkerReadsWhatItInheritedAndWritesACopyOfItsOwn) {
  const std::string content(GetParam(), 'p');
  BytesIO stream{ByteSpan(content)};
  stream.seek(0, Whence::End);
  stream.write("tail");
  const Bytes snapshot = stream.getvalue();

  const int code = in_child([&] {
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
  Bytes received;
  const int code = in_child(
      [&] {
        BytesIO stream(snapshot);
        stream.seek(0, Whence::End);
        stream.write(", processed");
        pipe.writer.write(stream.getvalue());
        return 0;
      },
      [&] {
        pipe.writer.close();
        received = pipe.reader.read();
      });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(received, content + ", processed");
  EXPECT_EQ(snapshot, content);
}

INSTANTIATE_TEST_SUITE_P(SmallAndLarge, SeedFork,
                         testing::Values(std::size_t{16}, std::size_t{10'000'000}));

}  // namespace
}  // namespace quire
