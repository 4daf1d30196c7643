// FilterStream: three small filters, stacked and cut into pieces of every size.
#include "quire/filter_stream.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/buffered_io.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<FilterStream>);
static_assert(std::is_nothrow_destructible_v<FilterStream>);

/// Encrypts with a repeating key: a filter that must know how far it is.
class XorStream : public FilterStream {
 public:
  XorStream(StreamHandle inner, string key)
      : FilterStream(std::move(inner)), key_(std::move(key)) {}

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t count = inner().readinto(target);
    apply(target.subspan(0, count));
    return count;
  }

  std::size_t write(ByteSpan data) override {
    std::vector<std::byte> changed(data.begin(), data.end());
    apply(changed);
    return inner().write(changed);
  }

 private:
  void apply(MutableByteSpan bytes) {
    for (std::byte& b : bytes) b ^= static_cast<std::byte>(key_[next_++ % key_.size()]);
  }

  string key_;
  std::size_t next_ = 0;
};

/// Passes bytes through and keeps their CRC-32 and their number.
class ChecksumStream : public FilterStream {
 public:
  using FilterStream::FilterStream;

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t count = inner().readinto(target);
    add(target.subspan(0, count));
    return count;
  }

  std::size_t write(ByteSpan data) override {
    const std::size_t count = inner().write(data);
    add(data.subspan(0, count));
    return count;
  }

  [[nodiscard]] std::uint32_t crc() const { return ~state_; }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  void add(ByteSpan bytes) {
    for (const std::byte b : bytes) {
      state_ ^= static_cast<std::uint32_t>(b);
      for (int i = 0; i < 8; ++i) state_ = (state_ >> 1) ^ (0xEDB88320u & (0u - (state_ & 1u)));
    }
    count_ += bytes.size();
  }

  std::uint32_t state_ = 0xFFFFFFFFu;
  std::size_t count_ = 0;
};

/// Writes each byte as two hexadecimal digits and a closing full stop, and reads that back: a
/// filter whose two sides have different sizes, and which has an end.
class HexStream : public FilterStream {
 public:
  using FilterStream::FilterStream;

  HexStream(HexStream&&) noexcept = default;

  ~HexStream() override { close_quietly(); }

  std::size_t readinto(MutableByteSpan target) override {
    std::size_t count = 0;
    for (; count < target.size(); ++count) {
      std::array<char, 2> digits{};
      if (next_digit(digits[0]) == 0 || next_digit(digits[1]) == 0) break;
      target[count] = static_cast<std::byte>(std::stoi(string(digits.data(), 2), nullptr, 16));
    }
    return count;
  }

  std::size_t write(ByteSpan data) override {
    string digits;
    for (const std::byte b : data) {
      digits += "0123456789abcdef"[static_cast<unsigned>(b) >> 4];
      digits += "0123456789abcdef"[static_cast<unsigned>(b) & 15];
    }
    inner().write(digits);
    return data.size();
  }

 protected:
  void finish() override {
    if (writable()) inner().write(".");
  }

 private:
  std::size_t next_digit(char& digit) {
    if (ended_ || inner().readinto({&digit, 1}) == 0 || digit == '.') ended_ = true;
    return ended_ ? 0 : 1;
  }

  bool ended_ = false;
};

string xored(string data, const string& key) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(data[i] ^ key[i % key.size()]);
  }
  return data;
}

TEST(FilterStream, PassesEverythingThroughWhenNothingIsOverridden) {
  TestStream inner("one\ntwo\n");
  FilterStream filter(inner);
  EXPECT_TRUE(filter.readable() && filter.writable() && !filter.seekable() && !filter.isatty());
  EXPECT_EQ(text(filter.readline()), "one\n");
  filter.write("TWO");
  filter.flush();
  EXPECT_EQ(inner.take_log(), "r1 r1 r1 r1 w3 f");
  EXPECT_EQ(inner.data(), "one\nTWO\n");
  EXPECT_THROW(filter.seek(0), UnsupportedOperation);
  EXPECT_THROW((void)filter.tell(), UnsupportedOperation);
}

TEST(FilterStream, ComputesTheChecksumOfTheCheckString) {
  ChecksumStream sum{BytesIO()};
  sum.write("123456789");
  EXPECT_EQ(sum.crc(), 0xCBF43926u) << "python3: zlib.crc32(b'123456789')";
}

TEST(FilterStream, GivesTheSameBytesWhateverTheSizes) {
  const string key = "key";
  for (const std::size_t size : {0u, 1u, 2u, 3u, 63u, 64u, 65u, 500u}) {
    const string data = pattern(size);
    const string encrypted = xored(data, key);
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, npos}) {
      for (const std::size_t chunk : {1u, 2u, 3u, 63u, 64u, 65u, 1000u}) {
        SCOPED_TRACE("size " + std::to_string(size) + " step " + std::to_string(step) + " chunk " +
                     std::to_string(chunk));
        TestStream written("", {.most_a_call = step});
        XorStream encrypt(written, key);
        for (std::size_t i = 0; i < size; i += chunk) {
          const string piece = data.substr(i, chunk);
          ASSERT_EQ(encrypt.write(piece), piece.size());
        }
        ASSERT_EQ(written.data(), encrypted);
        TestStream stored(encrypted, {.most_a_call = step});
        XorStream decrypt(stored, key);
        string result;
        for (Bytes b = decrypt.read(static_cast<std::ptrdiff_t>(chunk)); !b.empty();
             b = decrypt.read(static_cast<std::ptrdiff_t>(chunk))) {
          result += text(b);
        }
        ASSERT_EQ(result, data);
      }
    }
  }
}

TEST(FilterStream, StacksInBothDirections) {
  for (const std::size_t chunk : {1u, 7u, 64u, 5000u}) {
    const string data = pattern(3000);
    BytesIO bottom;
    ChecksumStream below(bottom);
    HexStream hex(below);
    XorStream encrypt(hex, "secret");
    ChecksumStream above(encrypt);
    for (std::size_t i = 0; i < data.size(); i += chunk) above.write(data.substr(i, chunk));
    above.close();
    EXPECT_FALSE(hex.closed()) << "borrowed streams stay open";
    hex.close();
    EXPECT_EQ(above.count(), 3000u);
    EXPECT_EQ(below.count(), 6001u);
    EXPECT_EQ(bottom.size(), 6001u);

    bottom.seek(0);
    // Owned all the way down, a buffer in the middle and one at the top.
    auto unhex = std::make_unique<HexStream>(
        std::make_unique<BufferedReader>(std::make_unique<ChecksumStream>(bottom), 50));
    BufferedReader top(XorStream(std::move(unhex), "secret"), 100);
    string result;
    for (const Bytes& line : top) result += text(line);
    EXPECT_EQ(result, data);
  }
}

TEST(FilterStream, WritesItsEndOnce) {
  TestStream inner;
  HexStream hex(inner);
  hex.write("A");
  hex.close();
  hex.close();
  EXPECT_EQ(inner.data(), "41.");
  EXPECT_FALSE(inner.closed());
  { HexStream(inner).write("B"); }
  EXPECT_EQ(inner.data(), "41.42.") << "the destructor of the derived class closes";
  HexStream moved(std::move(hex));
  EXPECT_TRUE(moved.closed());
}

TEST(FilterStream, AMovedFromFilterIsClosedAndWritesNoEnd) {
  TestStream inner;
  {
    HexStream first(inner);
    first.write("A");
    HexStream second(std::move(first));
    EXPECT_TRUE(first.closed());
    EXPECT_THROW(first.write("B"), ClosedError);
    second.write("C");
  }
  EXPECT_EQ(inner.data(), "4143.");
}

TEST(FilterStream, ClosesWhatItOwns) {
  const test::TempDirectory directory;
  HexStream hex(BufferedWriter(FileIO(directory.file("f"), "w")));
  hex.write("quire");
  hex.close();
  EXPECT_TRUE(hex.closed());
  EXPECT_EQ(directory.content("f"), "7175697265.");
}

TEST(FilterStream, IsClosedEvenWhenItsEndCannotBeWritten) {
  TestStream inner("", {.fail_write_at = 2});
  HexStream hex(inner);
  hex.write("A");
  EXPECT_THROW(hex.close(), std::system_error);
  EXPECT_TRUE(hex.closed());
  EXPECT_NO_THROW(hex.close());
  EXPECT_NO_THROW(HexStream{inner}) << "in a destructor the failure is swallowed";
}

TEST(FilterStream, RefusesEverythingAfterClose) {
  TestStream inner("abc");
  FilterStream filter(inner);
  filter.close();
  std::byte room[2];
  EXPECT_THROW((void)filter.read(), ClosedError);
  EXPECT_THROW(filter.readinto(room), ClosedError);
  EXPECT_THROW((void)filter.readline(), ClosedError);
  EXPECT_THROW(filter.write("a"), ClosedError);
  EXPECT_THROW(filter.flush(), ClosedError);
  EXPECT_THROW((void)filter.readable(), ClosedError);
  EXPECT_THROW((void)filter.writable(), ClosedError);
  EXPECT_THROW((void)filter.isatty(), ClosedError);
  FilterStream other(inner);
  inner.close();
  EXPECT_TRUE(other.closed()) << "closed underneath";
  EXPECT_NO_THROW(other.close());
}

TEST(FilterStream, RefusesToStandOnNothing) {
  EXPECT_EQ(message_of<std::invalid_argument>([] { FilterStream(std::unique_ptr<Stream>()); }),
            "a filter needs a stream to stand on");
}

}  // namespace
}  // namespace quire
