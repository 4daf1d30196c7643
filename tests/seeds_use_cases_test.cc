// What the seeds use streams for, with real files where they name files: docs/seeds.md lists each
// test beside the lines that it is about.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/quire.h"
#include "support/temp_directory.h"

namespace quire {
namespace {

using test::TempDirectory;

// --- code that takes a stream and need not know which -------------------------------------------

std::size_t count_words(Stream& stream) {
  std::size_t words = 0;
  for (const Bytes& line : stream) words += line.split().size();
  return words;
}

TEST(SeedUseCases, CodeForFilesIsTestedWithoutOne) {
  const std::string text = "It was the best of times,\nit was the worst of times\n\n";
  BytesIO stream{ByteSpan(text)};
  EXPECT_EQ(count_words(stream), 12u);

  const TempDirectory directory;
  BufferedReader file(FileIO(directory.make("tale.txt", text)));
  EXPECT_EQ(count_words(file), 12u);
}

struct Size {
  std::uint32_t width;
  std::uint32_t height;

  friend bool operator==(const Size&, const Size&) = default;
};

Size png_size(Stream& stream) {
  if (stream.read(8) != ByteSpan("\x89PNG\r\n\x1a\n")) throw std::invalid_argument("not a PNG");
  (void)stream.read(8);
  const auto width = stream.read<std::uint32_t>(std::endian::big);
  return {width, stream.read<std::uint32_t>(std::endian::big)};
}

// The seeds' upload handlers: the body of the request becomes a stream without a copy, and every
// consumer has a cursor of its own.
TEST(SeedUseCases, AnUploadBecomesAStreamWithoutACopy) {
  const Bytes body = Bytes::map_file(QUIRE_SOURCE_DIR "/examples/data/grace_hopper.png");
  const Ledger before = thread_ledger();
  BytesIO stream(body);
  const Size size = png_size(stream);
  EXPECT_GT(size.width, 0u);
  BytesIO second = stream.reader();
  EXPECT_EQ(png_size(second), size);
  EXPECT_LT((thread_ledger() - before).copied_total(), 100u) << "the numbers, not the picture";

  BytesIO text(ByteSpan("a,b\n1,2\n"));
  EXPECT_THROW((void)png_size(text), std::invalid_argument);
}

TEST(SeedUseCases, ReadingTwiceWithoutRewindingFindsNothing) {
  BytesIO upload(ByteSpan("a,b\n1,2\n"));
  EXPECT_EQ(count_words(upload), 2u);
  EXPECT_EQ(count_words(upload), 0u);
  upload.seek(0);
  EXPECT_EQ(count_words(upload), 2u);
  BytesIO again = upload.reader();
  EXPECT_EQ(count_words(again), 2u) << "a reader starts at the beginning, wherever the stream is";
}

// --- files --------------------------------------------------------------------------------------

TEST(SeedUseCases, AViewIsWrittenToAFileWithoutACopy) {
  const TempDirectory directory;
  BytesIO stream;
  for (int i = 0; i < 1000; ++i) stream.write("all work and no play\n");
  const Ledger before = thread_ledger();
  FileIO(directory.file("work.txt"), "w").write(stream.getbuffer());
  FileIO(directory.file("part.txt"), "w").write(stream.getbuffer().slice(4, 8));
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_EQ(stream.getvalue(), ByteSpan(directory.content("work.txt")));
  EXPECT_EQ(directory.content("part.txt"), "work");
}

TEST(SeedUseCases, DocumentsAreMergedIntoOneStream) {
  const TempDirectory directory;
  BytesIO merged;
  for (const char* const page : {"first", "second", "third"}) {
    FileIO document(directory.make(page, std::string(page) + " page\n"));
    copyfileobj(document, merged);
  }
  merged.write_at(0, "FIRST");
  EXPECT_EQ(merged.getvalue(), ByteSpan("FIRST page\nsecond page\nthird page\n"));
}

/// Takes everything, keeps nothing but numbers.
class Meter : public Stream {
 public:
  std::size_t total = 0;
  std::size_t longest = 0;

  [[nodiscard]] bool closed() const noexcept override { return false; }

  void close() override {}

  std::size_t write(ByteSpan data) override {
    total += data.size();
    longest = std::max(longest, data.size());
    return data.size();
  }

  std::size_t write_some(ByteSpan data) override { return write(data); }
};

TEST(SeedUseCases, LargeDataPassInChunks) {
  FileIO source("/dev/zero");
  Meter target;
  EXPECT_EQ(copyfileobj(source, target, 64 * 1024 * 1024, 64 * 1024), 64u * 1024 * 1024);
  EXPECT_EQ(target.total, 64u * 1024 * 1024);
  EXPECT_LE(target.longest, 64u * 1024);
}

TEST(SeedUseCases, ACacheServesBlobsFromOneBlockAndSpillsThemToAFile) {
  std::map<std::string, Bytes, std::less<>> cache;
  BytesIO store;
  for (int i = 0; i < 100; ++i) {
    const std::size_t start = store.tell();
    store.write("blob number " + std::to_string(i));
    cache["key " + std::to_string(i)] = store.slice(start, store.tell());
  }
  EXPECT_EQ(cache["key 42"], ByteSpan("blob number 42"));

  const TempDirectory directory;
  FileIO(directory.file("cache"), "w").write(store.getvalue());
  store.close();
  EXPECT_EQ(cache["key 99"], ByteSpan("blob number 99")) << "blobs outlive the stream";
  EXPECT_TRUE(directory.content("cache").starts_with("blob number 0blob number 1"));
}

TEST(SeedUseCases, AScopeClosesItsStreamAndAClosedOneSaysSo) {
  Bytes value;
  {
    BytesIO buf;
    buf.write("Data inside context manager");
    value = buf.getvalue();
    buf.close();
    EXPECT_TRUE(buf.closed());
    EXPECT_THROW((void)buf.read(), ClosedError);
    EXPECT_THROW(buf.write("more"), ClosedError);
    EXPECT_THROW((void)buf.getvalue(), ClosedError);
  }
  EXPECT_EQ(value, ByteSpan("Data inside context manager"));
}

// --- classes of one's own -----------------------------------------------------------------------

class VerifiedStream : public BytesIO {
 public:
  using BytesIO::write;

  std::size_t write(ByteSpan data) override {
    for (const std::byte byte : data) sum_ += std::to_integer<unsigned>(byte);
    return BytesIO::write(data);
  }

  [[nodiscard]] bool verify() const {
    unsigned sum = 0;
    for (const std::byte byte : getvalue()) sum += std::to_integer<unsigned>(byte);
    return sum == sum_;
  }

 private:
  unsigned sum_ = 0;
};

TEST(SeedUseCases, AnOverrideIsReachedThroughTheBase) {
  VerifiedStream stream;
  BytesIO& as_bytes_io = stream;
  as_bytes_io.write("through BytesIO&, ");
  as_bytes_io.write<std::uint8_t>('!');
  Stream& as_stream = stream;
  as_stream.write("through Stream&");
  BytesIO source(ByteSpan("through copyfileobj"));
  copyfileobj(source, stream);
  EXPECT_EQ(stream.getvalue(), ByteSpan("through BytesIO&, !through Stream&through copyfileobj"));
  EXPECT_TRUE(stream.verify());

  stream.BytesIO::write("past the override");
  EXPECT_FALSE(stream.verify());
}

/// "Encryption streams": every byte is masked by the next one of a key, both ways.
class MaskedStream : public FilterStream {
 public:
  MaskedStream(StreamHandle inner, std::string key)
      : FilterStream(std::move(inner)), key_(std::move(key)) {}

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t count = inner().readinto(target);
    mask(target.subspan(0, count));
    return count;
  }

  std::size_t write(ByteSpan data) override {
    std::vector<std::byte> masked(data.begin(), data.end());
    mask(masked);
    return inner().write(masked);
  }

 private:
  void mask(MutableByteSpan bytes) {
    for (std::byte& byte : bytes) byte ^= std::byte(key_[at_++ % key_.size()]);
  }

  std::string key_;
  std::size_t at_ = 0;
};

TEST(SeedUseCases, AMaskingStreamStandsInForAnyOther) {
  BytesIO secret;
  MaskedStream(secret, "quire").write("It was the best of times,\n");
  EXPECT_FALSE(secret.getvalue().contains("best"));
  secret.seek(0);
  MaskedStream masked(secret, "quire");
  EXPECT_EQ(count_words(masked), 6u);
}

}  // namespace
}  // namespace quire
