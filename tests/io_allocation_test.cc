// Every allocation failing in turn while files, filters and copyfileobj work: nothing leaks, nothing
// is lost, and trying again gives what it would have given.
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

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
