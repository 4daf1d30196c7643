// Every allocation failing in turn while files, filters, pairs and copyfileobj work: nothing leaks,
// nothing is lost, and trying again gives what it would have given.
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "quire/buffered_io.h"
#include "quire/bytes_io.h"
#include "quire/file_io.h"
#include "quire/filter_stream.h"
#include "support/allocation_failure.h"
#include "support/temp_directory.h"

namespace quire {
namespace {

using std::string;

string text(ByteSpan bytes) {
  return string(bytes.as_chars());
}

string lines_of(std::size_t size) {
  string lines;
  while (lines.size() < size) lines += "line " + std::to_string(lines.size()) + "\n";
  return lines;
}

class Upper : public FilterStream {
 public:
  using FilterStream::FilterStream;

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t count = inner().readinto(target);
    for (std::byte& b : std::span(target.data(), count)) {
      if (b >= std::byte{'a'} && b <= std::byte{'z'}) b ^= std::byte{0x20};
    }
    return count;
  }
};

TEST(IoAllocation, OpeningAFileFailsWithoutLeavingItOpen) {
  const test::TempDirectory directory;
  const string path = directory.make("file", "content");
  const int before = FileIO(path).fileno();
  const std::size_t failures =
      test::fail_each_allocation([] { return 0; }, [&](int) { FileIO file(path); }, [](int) {});
  EXPECT_GE(failures, 1u);
  EXPECT_EQ(FileIO(path).fileno(), before) << "a descriptor leaked";
}

TEST(IoAllocation, ReadsOfAFileGiveTheSameAfterAFailure) {
  const test::TempDirectory directory;
  const string content = lines_of(200'000);
  const string path = directory.make("file", content);
  const auto prepare = [&] {
    auto file = std::make_unique<FileIO>(path);
    file->seek(3);
    return file;
  };
  const auto unmoved = [](const std::unique_ptr<FileIO>& file) { EXPECT_EQ(file->tell(), 3u); };
  EXPECT_GE(test::fail_each_allocation(
                prepare, [](std::unique_ptr<FileIO>& file) { (void)file->read(); }, unmoved),
            1u);
  EXPECT_GE(test::fail_each_allocation(
                prepare, [](std::unique_ptr<FileIO>& file) { (void)file->read(100'000); }, unmoved),
            1u);
  EXPECT_GE(
      test::fail_each_allocation(
          prepare, [](std::unique_ptr<FileIO>& file) { (void)file->read_at(5, 100); }, unmoved),
      1u);
}

TEST(IoAllocation, AFilterReadsOnAfterAFailure) {
  const string content = lines_of(3000);
  string upper = content;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const auto prepare = [&] { return std::make_unique<Upper>(std::make_unique<BytesIO>(content)); };
  const std::size_t failures = test::fail_each_allocation(
      prepare, [](std::unique_ptr<Upper>& filter) { (void)filter->read(10); },
      [&](std::unique_ptr<Upper>& filter) { EXPECT_EQ(text(filter->read()), upper); });
  EXPECT_GE(failures, 1u);
}

/// A pair of memory streams with a small buffer, so that large pieces pass it and small ones do not.
struct Ends {
  explicit Ends(const string& content) : in(content), pair(in, out, 16) {}

  BytesIO in;
  BytesIO out;
  BufferedRWPair pair;
};

TEST(IoAllocation, APairIsMadeOrNotAndClosesNothingItBorrowed) {
  struct Two {
    BytesIO in{"in"};
    BytesIO out;
  };
  const std::size_t failures = test::fail_each_allocation(
      [] { return Two(); }, [](Two& two) { BufferedRWPair(two.in, two.out).write("x"); },
      [](Two& two) {
        EXPECT_FALSE(two.in.closed() || two.out.closed());
        EXPECT_EQ(text(two.in.read()), "in");
        EXPECT_EQ(two.out.size(), 0u);
      });
  EXPECT_GE(failures, 1u);
}

TEST(IoAllocation, APairReadsOnAfterAFailure) {
  const string content = lines_of(300'000);
  const auto prepare = [&] {
    auto ends = std::make_unique<Ends>(content);
    EXPECT_EQ(text(ends->pair.read(3)), content.substr(0, 3));
    return ends;
  };
  using Read = void (*)(BufferedRWPair&);
  const std::pair<const char*, Read> reads[] = {
      {"read()", [](BufferedRWPair& pair) { (void)pair.read(); }},
      {"read(5)", [](BufferedRWPair& pair) { (void)pair.read(5); }},
      {"read(70'000)", [](BufferedRWPair& pair) { (void)pair.read(70'000); }},
      {"read1()", [](BufferedRWPair& pair) { (void)pair.read1(); }},
      {"readline()", [](BufferedRWPair& pair) { (void)pair.readline(); }},
      {"readlines()", [](BufferedRWPair& pair) { (void)pair.readlines(100); }},
      {"peek()", [](BufferedRWPair& pair) { (void)pair.peek(); }},
  };
  std::size_t failures = 0;
  for (const auto& [name, read] : reads) {
    failures += test::fail_each_allocation(
        prepare, [&run = read](std::unique_ptr<Ends>& ends) { run(ends->pair); },
        [&, what = name](std::unique_ptr<Ends>& ends) {
          const string rest = text(ends->pair.read());
          // Lines that readlines() had taken off before it failed went with the list.
          const bool some = what == std::string_view("readlines()");
          EXPECT_TRUE(some ? content.ends_with(rest) : rest == content.substr(3)) << what;
          EXPECT_EQ(ends->out.size(), 0u) << what;
        });
  }
  EXPECT_GE(failures, std::size(reads) - 1);
}

TEST(IoAllocation, APairWritesNothingTwiceAndLosesNothingAfterAFailure) {
  for (const std::size_t size : {1u, 5u, 16u, 40u, 5000u, 300'000u}) {
    const string data = lines_of(size).substr(0, size);
    const std::size_t failures = test::fail_each_allocation(
        [] {
          auto ends = std::make_unique<Ends>("in");
          ends->pair.write("before|");
          return ends;
        },
        [&](std::unique_ptr<Ends>& ends) {
          ends->pair.write(data);
          ends->pair.flush();
        },
        [&](std::unique_ptr<Ends>& ends) {
          ends->pair.flush();
          const string sent = text(ends->out.getvalue());
          EXPECT_TRUE(("before|" + data).starts_with(sent) && sent.starts_with("before|"))
              << size << ": " << sent.substr(0, 40);
          const std::size_t done = sent.size() - 7;
          ends->pair.write(ByteSpan(data).subspan(done));
          ends->pair.flush();
          EXPECT_EQ(text(ends->out.getvalue()), "before|" + data) << size;
          EXPECT_EQ(text(ends->pair.read()), "in") << size;
        });
    EXPECT_GE(failures, 1u) << size;
  }
}

TEST(IoAllocation, CopyfileobjThatFailedGoesOnWhereItStopped) {
  const string content = lines_of(5000);
  struct Pair {
    BytesIO source;
    BytesIO target;
  };
  const auto prepare = [&] { return Pair{BytesIO(content), BytesIO()}; };
  for (const std::size_t chunk : {100u, 4096u, 100'000u}) {
    const std::size_t failures = test::fail_each_allocation(
        prepare, [&](Pair& pair) { copyfileobj(pair.source, pair.target, std::nullopt, chunk); },
        [&](Pair& pair) {
          EXPECT_EQ(pair.source.tell(), pair.target.size()) << chunk;
          copyfileobj(pair.source, pair.target, std::nullopt, chunk);
          EXPECT_EQ(text(pair.target.getvalue()), content) << chunk;
        });
    EXPECT_GE(failures, 1u);
  }
}

}  // namespace
}  // namespace quire
