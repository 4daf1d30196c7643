// What the seeds say about copies, asked of the ledger: docs/seeds.md lists each test beside the
// claim that it is about.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "quire/quire.h"

namespace quire {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;

/// Copies and shares since it was made, on this thread.
class Since {
 public:
  [[nodiscard]] std::uint64_t copied() const { return (thread_ledger() - start_).copied_total(); }

  [[nodiscard]] std::uint64_t copied(CopyReason reason) const {
    return (thread_ledger() - start_).copied_for(reason);
  }

  [[nodiscard]] std::uint64_t shared() const { return (thread_ledger() - start_).shared_total(); }

 private:
  Ledger start_ = thread_ledger();
};

BytesIO fifty_mebibytes() {
  BytesIO f;
  const std::string chunk(kMebibyte, 'X');
  for (int i = 0; i < 50; ++i) f.write(chunk);
  f.seek(0);
  return f;
}

TEST(SeedCopying, ReadSharesAllFiftyMebibytes) {
  BytesIO f = fifty_mebibytes();
  const Since start;
  const Bytes data = f.read();
  EXPECT_EQ(data.size(), 50 * kMebibyte);
  EXPECT_EQ(start.copied(), 0u);
  EXPECT_EQ(start.shared(), 50 * kMebibyte);
}

TEST(SeedCopying, GetbufferCopiesNothingAndBytesOfItEverything) {
  BytesIO f = fifty_mebibytes();
  const Since start;
  const MutableMemoryView view = f.getbuffer();
  EXPECT_EQ(start.copied(), 0u);
  const Bytes data(view);
  EXPECT_EQ(start.copied(), 50 * kMebibyte);
  EXPECT_EQ(data.size(), 50 * kMebibyte);
}

TEST(SeedCopying, GetvalueIsTheStreamsOwnMemory) {
  BytesIO f = fifty_mebibytes();
  const Since start;
  const Bytes data = f.getvalue();
  EXPECT_EQ(start.copied(), 0u);
  EXPECT_EQ(data.data(), f.getvalue().data());
  EXPECT_EQ(data.data(), f.read().data());
}

TEST(SeedCopying, AWriteBehindASnapshotCopiesNothingAndOneIntoItAllOnce) {
  BytesIO f = fifty_mebibytes();
  f.reserve(51 * kMebibyte);
  const Bytes data = f.getvalue();
  const Since start;
  f.seek(0, Whence::End);
  f.write("hello");
  EXPECT_EQ(start.copied(), 5u);

  f.seek(0);
  f.write("hello");
  EXPECT_NEAR(static_cast<double>(start.copied(CopyReason::CopyOnWrite)), 50.0 * kMebibyte, 10);
  EXPECT_EQ(data.size(), 50 * kMebibyte);
  EXPECT_EQ(data.slice(0, 5), ByteSpan("XXXXX"));

  const Since second;
  f.write("world");
  EXPECT_EQ(second.copied(), 5u);
}

TEST(SeedCopying, GetvalueCopiesWhileABufferLiesAround) {
  BytesIO i(Bytes(1'000'000, std::byte{'f'}));
  const Bytes before = i.getvalue();
  MutableMemoryView x = i.getbuffer();
  const Since start;
  const Bytes copy = i.getvalue();
  EXPECT_EQ(start.copied(CopyReason::GetValue), 1'000'000u);
  x[0] = std::byte{'g'};
  EXPECT_EQ(copy, before);

  x.release();
  const Since released;
  EXPECT_EQ(i.getvalue()[0], std::byte{'g'});
  EXPECT_EQ(released.copied(), 0u);
}

// The seed: "Every time you write, obj.getvalue() will need to create a new, complete value". Here
// an append is no reason.
TEST(SeedCopying, AppendingDoesNotMakeTheNextGetvalueCopy) {
  BytesIO log;
  std::vector<Bytes> kept;
  const Since start;
  for (int i = 0; i < 1000; ++i) {
    log.write("a line of a log\n");
    kept.push_back(log.getvalue());
  }
  EXPECT_EQ(start.copied(CopyReason::GetValue), 0u);
  EXPECT_EQ(start.copied(CopyReason::CopyOnWrite), 0u);
  EXPECT_LT(start.copied(CopyReason::Growth), 3 * log.size());
  for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i].size(), 16 * (i + 1));
}

TEST(SeedCopying, RandomAccessThroughGetbufferCopiesNothing) {
  BytesIO f(Bytes(1'000'000, std::byte{0}));
  const MutableMemoryView buffer = f.getbuffer();
  std::mt19937 random(7);
  const Since start;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const std::size_t at = random() % 249'999 * 4;
    buffer.write<std::uint32_t>(at, i);
    ASSERT_EQ(buffer.read<std::uint32_t>(at), i);
    f.seek(static_cast<std::ptrdiff_t>(at));
    std::uint32_t seen = 0;
    f.readinto(MutableByteSpan(&seen, sizeof seen));
    ASSERT_EQ(seen, i) << "the stream sees what the view writes";
  }
  EXPECT_EQ(start.copied(), 10'000u * 4) << "into `seen`, and nothing else";
}

TEST(SeedCopying, AnotherStreamFromGetvalueSharesTheMemory) {
  BytesIO f = fifty_mebibytes();
  const Since start;
  BytesIO other(f.getvalue());
  EXPECT_EQ(other.getvalue().data(), f.getvalue().data());
  EXPECT_EQ(start.copied(), 0u);

  other.write("J");
  EXPECT_EQ(f.read(1), ByteSpan("X"));
}

TEST(SeedCopying, GetvalueTakesAllAndReadWhatIsLeft) {
  BytesIO f(ByteSpan("0123456789"));
  f.seek(4);
  EXPECT_EQ(f.getvalue(), ByteSpan("0123456789"));
  EXPECT_EQ(f.tell(), 4u);
  EXPECT_EQ(f.read(), ByteSpan("456789"));
  EXPECT_EQ(f.tell(), 10u);
}

TEST(SeedCopying, ASliceOfTenMegabytesSharesThem) {
  const Bytes content = FileIO("/dev/urandom").read(1024 * 10000);
  ASSERT_EQ(content.size(), 10'240'000u);
  const Since start;
  const Bytes slice = content.slice(1024);
  const MemoryView view = MemoryView(content).slice(1024);
  FileIO target("/dev/null", "w");
  EXPECT_EQ(target.write(slice), 10'238'976u);
  EXPECT_EQ(target.write(view), 10'238'976u);
  EXPECT_EQ(start.copied(), 0u);
  EXPECT_EQ(slice.data(), content.data() + 1024);
  EXPECT_EQ(view.data(), content.data() + 1024);
}

TEST(SeedCopying, ReadintoFillsTheMiddleOfAnArrayAndNothingElse) {
  FileIO source("/dev/urandom");
  std::vector<unsigned char> array(1000, 0);
  const MutableMemoryView middle = MutableMemoryView(array).slice(400, 600);
  const unsigned char* const memory = array.data();
  EXPECT_EQ(source.readinto(middle), 200u);
  EXPECT_EQ(array.data(), memory);
  EXPECT_EQ(MemoryView(array).slice(0, 400).count('\0'), 400u);
  EXPECT_EQ(MemoryView(array).slice(600).count('\0'), 400u);
  EXPECT_LT(middle.count('\0'), 200u);
}

// "A 4.5MB image requires 18MB+ as a Python unicode string": as four-byte code points, that is.
TEST(SeedCopying, AnImageTakesItsOwnSizeAndNotFourTimesThat) {
  const std::string image(4'500'000, '\x89');
  BytesIO f;
  f.write(image);
  EXPECT_LE(f.retained_bytes(), image.size() * 105 / 100);

  std::u32string text;
  for (const char c : image) text.push_back(static_cast<unsigned char>(c));
  EXPECT_EQ(text.size() * sizeof text[0], 18'000'000u);
  EXPECT_EQ(Bytes(image).decode("latin-1").size(), 9'000'000u) << "as UTF-8";
}

}  // namespace
}  // namespace quire
