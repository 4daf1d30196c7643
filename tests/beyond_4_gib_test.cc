// Sizes and offsets that do not fit into 32 bits: BytesIO, Bytes, MemoryView and Struct across 2^32.
//
// The memory comes from mmap and is adopted: pages that nothing writes to cost nothing, so that what
// only reads and writes near 2^32 takes neither time nor memory. What must write every byte takes 4 GiB
// of memory, one test at a time.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "quire/bytes_io.h"
#include "quire/memory_view.h"
#include "quire/struct.h"

namespace quire {
namespace {

constexpr std::size_t k4GiB = std::size_t{1} << 32;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kSize = k4GiB + kMiB;

std::string text(ByteSpan bytes) {
  return std::string(bytes.as_chars());
}

/// Zeros that take no memory until they are written to.
void* sparse_memory() {
  void* const memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

void unmap(void* memory) noexcept {
  ::munmap(memory, kSize);
}

BytesIO sparse_stream() {
  return BytesIO::adopt(sparse_memory(), kSize, unmap);
}

/// "..before|after.." around 2^32.
BytesIO marked_stream() {
  BytesIO f = sparse_stream();
  f.write_at(k4GiB - 6, "before|after\n");
  return f;
}

TEST(Beyond4GiB, SeekTellReadAndWriteCrossTheBoundary) {
  BytesIO f = sparse_stream();
  const auto boundary = static_cast<std::ptrdiff_t>(k4GiB);
  EXPECT_EQ(f.seek(boundary - 3), k4GiB - 3);
  EXPECT_EQ(f.write("abcdef"), 6u);
  EXPECT_EQ(f.tell(), k4GiB + 3);
  EXPECT_EQ(f.seek(-6, Whence::Current), k4GiB - 3);
  EXPECT_EQ(text(f.read(4)), "abcd");
  EXPECT_EQ(f.tell(), k4GiB + 1);
  EXPECT_EQ(text(f.peek(2)), "ef");
  std::string target(3, '?');
  EXPECT_EQ(f.readinto(target), 3u);
  EXPECT_EQ(target, std::string("ef\0", 3));
  EXPECT_EQ(f.seek(-static_cast<std::ptrdiff_t>(kMiB), Whence::End), k4GiB);
  EXPECT_EQ(text(f.read(3)), "def");
  EXPECT_EQ(f.seek(1), 1u);
  EXPECT_EQ(f.seek(boundary, Whence::Current), k4GiB + 1);
  EXPECT_EQ(text(f.read(2)), "ef");
  // Had an offset been cut to 32 bits, these bytes would lie at the start.
  EXPECT_EQ(text(f.read_at(0, 4)), std::string(4, '\0'));
  EXPECT_EQ(f.size(), kSize);
  f.seek(1);
  EXPECT_EQ(f.read().size(), kSize - 1);
  EXPECT_EQ(f.tell(), kSize);
}

TEST(Beyond4GiB, PositionalReadsAndWritesCrossTheBoundary) {
  BytesIO f = sparse_stream();
  for (const std::size_t offset : {k4GiB - 2, k4GiB - 1, k4GiB, k4GiB + 1, kSize - 3}) {
    SCOPED_TRACE(offset);
    EXPECT_EQ(f.write_at(offset, "xyz"), 3u);
    EXPECT_EQ(text(f.read_at(offset, 3)), "xyz");
    EXPECT_EQ(text(f.slice(offset, offset + 3)), "xyz");
    EXPECT_EQ(text(f.read_at(offset - k4GiB + 8, 3)), std::string(3, '\0'));
  }
  EXPECT_EQ(f.tell(), 0u);
  EXPECT_EQ(text(f.read_at(kSize - 3, kSize)), "xyz");
  EXPECT_EQ(text(f.slice(-3, std::nullopt)), "xyz");
  EXPECT_TRUE(f.read_at(kSize, 1).empty());
}

TEST(Beyond4GiB, ReadlineFindsNewlinesAcrossTheBoundary) {
  BytesIO f = marked_stream();
  f.write_at(2, "\n");
  EXPECT_EQ(f.readline().size(), 3u);
  // One line of more than 4 GiB.
  EXPECT_EQ(f.readline().size(), k4GiB + 7 - 3);
  EXPECT_EQ(f.tell(), k4GiB + 7);
  f.seek(static_cast<std::ptrdiff_t>(k4GiB) - 6);
  EXPECT_EQ(text(f.readline()), "before|after\n");
  f.seek(static_cast<std::ptrdiff_t>(k4GiB) - 6);
  EXPECT_EQ(text(f.readline(8)), "before|a");
  f.seek(3);
  EXPECT_EQ(f.readline(static_cast<std::ptrdiff_t>(k4GiB) + 1).size(), k4GiB + 1);
  f.seek(3);
  const std::vector<Bytes> lines = f.readlines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), k4GiB + 7 - 3);
  EXPECT_EQ(lines[1].size(), kSize - k4GiB - 7);
}

TEST(Beyond4GiB, FindReturnsOffsetsBeyondTheBoundary) {
  const BytesIO f = marked_stream();
  EXPECT_EQ(f.find("before|after"), k4GiB - 6);
  EXPECT_EQ(f.find("|"), k4GiB);
  EXPECT_EQ(f.find("after", k4GiB), k4GiB + 1);
  EXPECT_EQ(f.find("before", k4GiB - 5), npos);
  EXPECT_EQ(f.find("before", 0, k4GiB - 1), npos);
  const Bytes value = f.getvalue();
  EXPECT_EQ(value.rfind("before|after"), k4GiB - 6);
  EXPECT_EQ(value.rfind("|"), k4GiB);
  EXPECT_EQ(value.index("\n"), k4GiB + 6);
  EXPECT_EQ(value.count("e"), 3u);
  EXPECT_EQ(value.count(std::string(1, '\0')), kSize - 13);
}

TEST(Beyond4GiB, BytesAreSlicedAndComparedAcrossTheBoundary) {
  const BytesIO f = marked_stream();
  const Bytes value = f.getvalue();
  EXPECT_EQ(value.size(), kSize);
  EXPECT_EQ(value[k4GiB], std::byte{'|'});
  EXPECT_EQ(value[-static_cast<std::ptrdiff_t>(kMiB)], std::byte{'|'});
  EXPECT_EQ(text(value.slice(k4GiB - 6, k4GiB + 6)), "before|after");
  const Bytes shifted = value.slice(k4GiB - 6);
  EXPECT_EQ(shifted.size(), kMiB + 6);
  EXPECT_TRUE(shifted.startswith("before"));
  const auto [head, separator, tail] = value.partition("|");
  EXPECT_EQ(head.size(), k4GiB);
  EXPECT_EQ(text(separator), "|");
  EXPECT_TRUE(tail.startswith("after"));
  EXPECT_EQ(value.data(), f.slice(0, 1).data()) << "shared, not copied";
  // Equal but for what lies past 2^32.
  EXPECT_NE(value.slice(0, k4GiB + 1), value.slice(0, k4GiB + 2));
  BytesIO other = marked_stream();
  EXPECT_EQ(value, other.getvalue());
  other.write_at(k4GiB + 1, "A");
  EXPECT_NE(value, other.getvalue());
  EXPECT_GT(value, other.getvalue());
}

TEST(Beyond4GiB, TruncateAndResizeCrossTheBoundary) {
  BytesIO f = marked_stream();
  EXPECT_EQ(f.truncate(k4GiB + 1), k4GiB + 1);
  EXPECT_EQ(f.size(), k4GiB + 1);
  f.resize(k4GiB + 9);
  EXPECT_EQ(text(f.slice(k4GiB - 1, k4GiB + 9)), "e|" + std::string(8, '\0'));
  f.seek(static_cast<std::ptrdiff_t>(k4GiB) - 6);
  EXPECT_EQ(f.truncate(), k4GiB - 6);
  EXPECT_EQ(f.size(), k4GiB - 6);
  // A write past the end fills the gap, across 2^32.
  EXPECT_EQ(f.write_at(k4GiB + 2, "z"), 1u);
  EXPECT_EQ(f.size(), k4GiB + 3);
  EXPECT_EQ(text(f.slice(k4GiB - 7, k4GiB + 3)), std::string(9, '\0') + "z");
}

TEST(Beyond4GiB, ViewsReachEveryByte) {
  BytesIO f = marked_stream();
  MutableMemoryView view = f.getbuffer();
  EXPECT_EQ(view.nbytes(), kSize);
  EXPECT_EQ(view[k4GiB], std::byte{'|'});
  view[k4GiB + 1] = std::byte{'A'};
  view[-1] = std::byte{'Z'};
  EXPECT_EQ(text(f.read_at(k4GiB, 3)), "|Af");
  EXPECT_EQ(text(f.read_at(kSize - 1, 1)), "Z");
  EXPECT_THROW((void)view[kSize], std::out_of_range);
  EXPECT_THROW(f.truncate(k4GiB), BufferError);
  EXPECT_THROW(f.write_at(kSize, "x"), BufferError);
  EXPECT_EQ(view.find("|"), k4GiB);
  // Every second byte, from the end down.
  const MutableMemoryView strided = view.slice(std::nullopt, std::nullopt, -2);
  EXPECT_EQ(strided.size(), kSize / 2);
  EXPECT_EQ(strided[0], std::byte{'Z'});
  EXPECT_EQ(strided[(kSize - 1 - (k4GiB + 1)) / 2], std::byte{'A'});
  view.write<std::uint64_t>(k4GiB - 4, 0x0102030405060708, std::endian::big);
  EXPECT_EQ(view.read<std::uint64_t>(k4GiB - 4, std::endian::big), 0x0102030405060708u);
  EXPECT_THROW((void)view.read<std::uint64_t>(kSize - 7), std::out_of_range);
}

TEST(Beyond4GiB, CastViewsReachEveryItem) {
  BytesIO f = sparse_stream();
  const MutableMemoryView view = f.getbuffer();
  const MutableMemoryView numbers = view.cast("Q");
  EXPECT_EQ(numbers.size(), kSize / 8);
  const auto at = static_cast<std::ptrdiff_t>(k4GiB / 8);
  numbers.set(at, std::uint64_t{1} << 63 | 7);
  EXPECT_EQ(numbers.get<std::uint64_t>(at), std::uint64_t{1} << 63 | 7);
  EXPECT_EQ(view.read<std::uint64_t>(k4GiB), std::uint64_t{1} << 63 | 7);
  EXPECT_EQ(view.cast<std::uint64_t>()[k4GiB / 8], std::uint64_t{1} << 63 | 7);
  // More than 2^32 items, in one dimension and in two.
  const MutableMemoryView small = view.cast("b");
  small.set(static_cast<std::ptrdiff_t>(k4GiB) + 9, -5);
  EXPECT_EQ(small.get<std::int8_t>(static_cast<std::ptrdiff_t>(k4GiB) + 9), -5);
  const MutableMemoryView rows =
      view.cast("B", {static_cast<std::ptrdiff_t>(kSize / kMiB), std::ptrdiff_t{kMiB}});
  EXPECT_EQ(rows.get<std::uint8_t>(4096, 9), 251);
  rows.set({4096, 10}, 42);
  EXPECT_EQ(text(f.read_at(k4GiB + 10, 1)), "*");
  EXPECT_EQ(rows.slice(4096, 4097).nbytes(), kMiB);
  EXPECT_THROW((void)rows.get<std::uint8_t>(4097, 0), std::out_of_range);
  EXPECT_THROW((void)view.cast("B", {static_cast<std::ptrdiff_t>(kMiB)}), TypeError);
}

TEST(Beyond4GiB, StructsArePackedAndUnpackedBeyondTheBoundary) {
  BytesIO f = sparse_stream();
  using Row = std::tuple<std::uint32_t, std::int16_t, double>;
  const Row row{4'000'000'000, -2, 0.5};
  {
    const MutableMemoryView view = f.getbuffer();
    for (const std::size_t offset : {k4GiB - 5, k4GiB, kSize - calcsize("<Ihd")}) {
      SCOPED_TRACE(offset);
      const auto at = static_cast<std::ptrdiff_t>(offset);
      pack_into("<Ihd", view, at, 4'000'000'000, -2, 0.5);
      EXPECT_EQ((unpack_from<std::uint32_t, std::int16_t, double>("<Ihd", view, at)), row);
      EXPECT_EQ((unpack_from<std::uint32_t, std::int16_t, double>(
                    "<Ihd", view, at - static_cast<std::ptrdiff_t>(kSize))),
                row);
      EXPECT_EQ(view.find(pack("<Ihd", 4'000'000'000, -2, 0.5), offset), offset);
    }
    EXPECT_EQ((unpack_from<std::uint32_t, std::int16_t, double>("<Ihd", view, 0)), Row(0, 0, 0.0));
    EXPECT_THROW(pack_into("<Ihd", view, static_cast<std::ptrdiff_t>(kSize) - 13, 1, 1, 1.0),
                 StructError);
  }
  f.seek(static_cast<std::ptrdiff_t>(k4GiB));
  EXPECT_EQ((unpack<std::uint32_t, std::int16_t, double>("<Ihd", f)), row);
  EXPECT_EQ(f.tell(), k4GiB + 14);
  EXPECT_EQ(calcsize("4294967297x"), k4GiB + 1);
}

TEST(Beyond4GiB, AStreamIsCopiedOnWriteAndGrowsAcrossTheBoundary) {
  BytesIO f = marked_stream();
  const Bytes value = f.getvalue();
  BytesIO twin = f.clone();
  f.close();
  twin.seek(static_cast<std::ptrdiff_t>(k4GiB) - 3);
  EXPECT_EQ(twin.write("ORE/AF"), 6u);
  EXPECT_EQ(twin.ledger().copied_for(CopyReason::CopyOnWrite), kSize - 6);
  EXPECT_EQ(text(twin.slice(k4GiB - 6, k4GiB + 6)), "befORE/AFter");
  EXPECT_EQ(text(value.slice(k4GiB - 6, k4GiB + 6)), "before|after");
  twin.seek(0, Whence::End);
  EXPECT_EQ(twin.write("end"), 3u);
  EXPECT_EQ(twin.size(), kSize + 3);
  EXPECT_EQ(text(twin.read_at(kSize - 1, 9)), std::string(1, '\0') + "end");
  EXPECT_EQ(text(twin.slice(k4GiB - 6, k4GiB + 6)), "befORE/AFter");
  twin.truncate(k4GiB + 1);
  twin.compact();
  EXPECT_EQ(twin.capacity(), k4GiB + 1);
  EXPECT_EQ(text(twin.slice(k4GiB - 3, k4GiB + 9)), "ORE/");
}

TEST(Beyond4GiB, LimitsAndFixedBuffersEndBeyondTheBoundary) {
  const std::unique_ptr<void, void (*)(void*)> memory(sparse_memory(), unmap);
  const std::span<std::byte> room(static_cast<std::byte*>(memory.get()), k4GiB + 2);
  BytesIO f = BytesIO::over(room, WhenFull::Short);
  EXPECT_EQ(f.capacity(), k4GiB + 2);
  f.resize(k4GiB - 1);
  f.seek(0, Whence::End);
  EXPECT_EQ(f.write("abcdef"), 3u);
  EXPECT_EQ(f.write("d"), 0u);
  EXPECT_EQ(text(f.read_at(k4GiB - 1, 9)), "abc");

  BytesIO limited(sparse_stream().getvalue(), StorageOptions{.size_limit = kSize});
  EXPECT_EQ(limited.write_at(kSize - 1, "z"), 1u);
  EXPECT_THROW(limited.write_at(kSize - 1, "zz"), std::length_error);
}

}  // namespace
}  // namespace quire
