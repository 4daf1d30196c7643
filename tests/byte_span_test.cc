// ByteSpan and MutableByteSpan: what becomes one, and how many bytes it then has. What must not is
// in tests/compile_fail.
#include "quire/byte_span.h"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "quire/quire.h"

namespace quire {
namespace {

using std::convertible_to;

static_assert(sizeof(ByteSpan) == 2 * sizeof(void*));
static_assert(std::is_trivially_copyable_v<ByteSpan>);
static_assert(std::is_trivially_copyable_v<MutableByteSpan>);

// Any contiguous range of bytes, by value, by reference, const or not.
static_assert(convertible_to<std::string, ByteSpan>);
static_assert(convertible_to<const std::string&, ByteSpan>);
static_assert(convertible_to<std::string_view, ByteSpan>);
static_assert(convertible_to<std::u8string, ByteSpan>);
static_assert(convertible_to<std::vector<char>, ByteSpan>);
static_assert(convertible_to<std::vector<unsigned char>, ByteSpan>);
static_assert(convertible_to<std::vector<std::byte>, ByteSpan>);
static_assert(convertible_to<std::vector<std::uint8_t>, ByteSpan>);
static_assert(convertible_to<std::array<char, 4>, ByteSpan>);
static_assert(convertible_to<std::span<const std::byte>, ByteSpan>);
static_assert(convertible_to<std::span<char, 3>, ByteSpan>);
static_assert(convertible_to<Bytes, ByteSpan>);
static_assert(convertible_to<ByteArray, ByteSpan>);
static_assert(convertible_to<MemoryView, ByteSpan>);
static_assert(convertible_to<MutableMemoryView, ByteSpan>);
static_assert(convertible_to<MutableByteSpan, ByteSpan>);
static_assert(convertible_to<const char (&)[4], ByteSpan>);
static_assert(convertible_to<unsigned char (&)[4], ByteSpan>);

// Nothing else.
static_assert(!convertible_to<int, ByteSpan>);
static_assert(!convertible_to<char, ByteSpan>);
static_assert(!convertible_to<std::byte, ByteSpan>);
static_assert(!convertible_to<const char*, ByteSpan>);
static_assert(!convertible_to<char*, ByteSpan>);
static_assert(!convertible_to<std::byte*, ByteSpan>);
static_assert(!convertible_to<std::nullptr_t, ByteSpan>);
static_assert(!convertible_to<std::vector<int>, ByteSpan>);
static_assert(!convertible_to<std::vector<bool>, ByteSpan>);
static_assert(!convertible_to<std::vector<signed char>, ByteSpan>);
static_assert(!convertible_to<std::wstring, ByteSpan>);
static_assert(!convertible_to<std::deque<char>, ByteSpan>);
static_assert(!convertible_to<std::list<char>, ByteSpan>);
static_assert(!convertible_to<BytesIO&, ByteSpan>);

// Room to fill must be there to be written to.
static_assert(convertible_to<std::string&, MutableByteSpan>);
static_assert(convertible_to<std::vector<char>&, MutableByteSpan>);
static_assert(convertible_to<std::span<std::byte>, MutableByteSpan>);
static_assert(convertible_to<MutableMemoryView, MutableByteSpan>);
static_assert(convertible_to<char (&)[4], MutableByteSpan>);
static_assert(!convertible_to<const std::string&, MutableByteSpan>);
static_assert(!convertible_to<std::string_view, MutableByteSpan>);
static_assert(!convertible_to<const Bytes&, MutableByteSpan>);
static_assert(!convertible_to<Bytes&, MutableByteSpan>);
static_assert(!convertible_to<MemoryView, MutableByteSpan>);
static_assert(!convertible_to<const char (&)[4], MutableByteSpan>);
static_assert(!convertible_to<char*, MutableByteSpan>);
static_assert(!convertible_to<std::vector<int>&, MutableByteSpan>);

std::size_t size_of(ByteSpan bytes) {
  return bytes.size();
}

std::size_t room_of(MutableByteSpan room) {
  return room.size();
}

TEST(ByteSpan, LiteralIsItsCharactersWithTheNulsInside) {
  EXPECT_EQ(size_of(""), 0u);
  EXPECT_EQ(size_of("abc"), 3u);
  EXPECT_EQ(size_of("\x00\x01\x02hello"), 8u);
  EXPECT_EQ(size_of("\0"), 1u);
  EXPECT_EQ(size_of(u8"\U0001F60A"), 4u);
}

TEST(ByteSpan, ConstantArrayWithoutAClosingNulIsWhole) {
  static constexpr char kMagic[4] = {'R', 'I', 'F', 'F'};
  EXPECT_EQ(size_of(kMagic), 4u);
}

// A constant array cannot be told from a literal: one last NUL is taken for the compiler's.
TEST(ByteSpan, ConstantArrayOfCharactersWithAClosingNulIsTakenForALiteral) {
  static constexpr char kZip[4] = {'P', 'K', '\3', '\0'};
  EXPECT_EQ(size_of(kZip), 3u);
  EXPECT_EQ(Bytes(kZip), Bytes("PK\3"));
  static constexpr char kTwo[4] = {'P', 'K', '\0', '\0'};
  EXPECT_EQ(size_of(kTwo), 3u) << "one, however many there are";
  static constexpr char kNothing[1] = {'\0'};
  EXPECT_EQ(size_of(kNothing), 0u);
  static constexpr char8_t kWide[2] = {u8'a', u8'\0'};
  EXPECT_EQ(size_of(kWide), 1u);

  struct Header {
    char name[8] = "abc";
  };
  Header header;
  EXPECT_EQ(size_of(header.name), 8u);
  const Header& seen = header;
  EXPECT_EQ(size_of(seen.name), 7u) << "constant as seen from here";
  header.name[7] = 'h';
  EXPECT_EQ(size_of(seen.name), 8u);

  // All of it, whatever it holds.
  EXPECT_EQ(ByteSpan(kZip, sizeof kZip).size(), 4u);
  EXPECT_EQ(size_of(std::string_view(kZip, sizeof kZip)), 4u);
  EXPECT_EQ(size_of(std::span<const char>(kZip)), 4u);
  static constexpr std::array<char, 4> kArray = {'P', 'K', '\3', '\0'};
  EXPECT_EQ(size_of(kArray), 4u);
}

TEST(ByteSpan, OfNullAndNothingIsEmpty) {
  static_assert(ByteSpan(nullptr, 0).empty() && ByteSpan(nullptr, 0).data() == nullptr);
  static_assert(MutableByteSpan(nullptr, 0).empty() &&
                MutableByteSpan(nullptr, 0).data() == nullptr);
  EXPECT_EQ(ByteSpan(nullptr, 0), ByteSpan(""));
  EXPECT_EQ(Bytes(ByteSpan(nullptr, 0)), Bytes());
  BytesIO io("abc");
  EXPECT_EQ(io.write(ByteSpan(nullptr, 0)), 0u);
  EXPECT_EQ(io.readinto(MutableByteSpan(nullptr, 0)), 0u);
  EXPECT_EQ(io.getvalue(), Bytes("abc"));
  const void* nowhere = nullptr;
  EXPECT_TRUE(ByteSpan(nowhere, 0).empty());
}

TEST(ByteSpan, BufferIsWholeWhateverItHolds) {
  char text[8] = "abc";
  unsigned char bytes[5] = {};
  const unsigned char constant[5] = {1, 2, 3, 4, 0};
  std::byte raw[6] = {};
  EXPECT_EQ(size_of(text), 8u);
  EXPECT_EQ(size_of(bytes), 5u);
  EXPECT_EQ(size_of(constant), 5u);
  EXPECT_EQ(size_of(raw), 6u);
  EXPECT_EQ(room_of(text), 8u);
  EXPECT_EQ(room_of(bytes), 5u);
  EXPECT_EQ(room_of(raw), 6u);
}

TEST(ByteSpan, StringKeepsItsNuls) {
  EXPECT_EQ(size_of(std::string("a\0b", 3)), 3u);
  EXPECT_EQ(size_of(std::string_view("a\0b", 3)), 3u);
}

TEST(ByteSpan, OfAnyMemory) {
  const std::uint32_t number = 0;
  EXPECT_EQ(ByteSpan(&number, sizeof number).size(), 4u);
  std::uint32_t room = 0;
  EXPECT_EQ(MutableByteSpan(&room, sizeof room).size(), 4u);
}

TEST(ByteSpan, ComparesByContent) {
  EXPECT_EQ(ByteSpan("abc"), ByteSpan(std::string("abc")));
  EXPECT_FALSE(ByteSpan("abc") == ByteSpan("abd"));
  EXPECT_FALSE(ByteSpan("abc") == ByteSpan("abcd"));
  EXPECT_EQ(ByteSpan(), ByteSpan(""));
}

TEST(ByteSpan, SubspansOfBoth) {
  std::string text = "0123456789";
  EXPECT_EQ(ByteSpan(text).subspan(3, 4).as_chars(), "3456");
  EXPECT_EQ(ByteSpan(text).subspan(8).as_chars(), "89");
  const MutableByteSpan room(text);
  room.subspan(2, 1)[0] = std::byte{'x'};
  room.subspan(9)[0] = std::byte{'y'};
  EXPECT_EQ(text, "01x345678y");
}

TEST(ByteSpan, WalksItsBytes) {
  std::size_t sum = 0;
  for (const std::byte b : ByteSpan("\x01\x02\x03")) sum += std::to_integer<std::size_t>(b);
  EXPECT_EQ(sum, 6u);
  EXPECT_EQ(ByteSpan("abc")[1], std::byte{'b'});
}

TEST(ByteSpan, OfAViewWithGapsIsRefused) {
  const std::string text = "0123456789";
  const MemoryView every_second = MemoryView(text).slice(0, 10, 2);
  EXPECT_THROW((void)size_of(every_second), BufferError);
}

}  // namespace
}  // namespace quire
