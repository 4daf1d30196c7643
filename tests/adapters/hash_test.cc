// The hashes against published values, in pieces and copies; the filter; VerifiedStream.
#include "quire/adapters/hash.h"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/adapters/gtest.h"
#include "quire/buffered_io.h"
#include "quire/error.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::pattern;
using test::TestStream;
using test::text;

template <class H>
class HashTest : public testing::Test {};

using Hashes = testing::Types<Crc32, Xxh3, Sha256>;
TYPED_TEST_SUITE(HashTest, Hashes);

static_assert(Hash<Crc32> && Hash<Xxh3> && Hash<Sha256>);
static_assert(std::is_nothrow_move_constructible_v<HashStream<Sha256>>);
static_assert(std::is_nothrow_move_constructible_v<VerifiedStream<Sha256>>);
static_assert(std::is_nothrow_move_assignable_v<VerifiedStream<Sha256>>);

template <class H>
string hash_of(ByteSpan data) {
  return H::digest_of(data).hex();
}

// The check value of the CRC catalogue, and those of python3's zlib.crc32.
TEST(Crc32, GivesThePublishedValues) {
  EXPECT_EQ(hash_of<Crc32>(""), "00000000");
  EXPECT_EQ(hash_of<Crc32>("123456789"), "cbf43926");
  EXPECT_EQ(hash_of<Crc32>("The quick brown fox jumps over the lazy dog"), "414fa339");
  Crc32 crc;
  crc.update("123456789");
  EXPECT_EQ(crc.value(), 0xCBF43926U);
}

// From xxHash's own sanity table for no bytes, and xxhsum -H3 for the others.
TEST(Xxh3, GivesThePublishedValues) {
  EXPECT_EQ(hash_of<Xxh3>(""), "2d06800538d394c2");
  EXPECT_EQ(Xxh3().value(), 0x2D06800538D394C2U);
  EXPECT_EQ(hash_of<Xxh3>("123456789"), "72dcb18b67a17dff");
}

// From FIPS 180-4's examples.
TEST(Sha256, GivesThePublishedValues) {
  EXPECT_EQ(hash_of<Sha256>(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of<Sha256>("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of<Sha256>("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of<Sha256>(string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TYPED_TEST(HashTest, PiecesDoNotMatter) {
  const string data = pattern(3000);
  const string whole = hash_of<TypeParam>(data);
  for (const std::size_t piece : {1U, 2U, 63U, 64U, 65U, 255U, 256U, 257U, 1024U, 2999U}) {
    TypeParam hash;
    for (std::size_t at = 0; at < data.size(); at += piece) {
      hash.update(std::string_view(data).substr(at, piece));
      hash.update(ByteSpan());
    }
    EXPECT_EQ(hash.hexdigest(), whole) << piece;
    EXPECT_EQ(hash.hexdigest(), whole) << "asking changes nothing";
    EXPECT_EQ(hash.digest().size(), TypeParam::digest_size);
  }
}

TYPED_TEST(HashTest, CopiesGoTheirOwnWays) {
  TypeParam first;
  first.update("quire");
  TypeParam second = first;
  second.update("s");
  EXPECT_EQ(first.hexdigest(), hash_of<TypeParam>("quire"));
  EXPECT_EQ(second.hexdigest(), hash_of<TypeParam>("quires"));
  second = first;
  EXPECT_EQ(second.hexdigest(), hash_of<TypeParam>("quire"));
  const TypeParam third = std::move(second);
  EXPECT_EQ(third.hexdigest(), hash_of<TypeParam>("quire"));
  first = TypeParam();
  EXPECT_EQ(first.hexdigest(), hash_of<TypeParam>(""));
  const TypeParam nothing = first;
  EXPECT_EQ(nothing.hexdigest(), hash_of<TypeParam>(""));
}

TYPED_TEST(HashTest, FilterKeepsItsPromises) {
  test::expect_filter(test::filter_of<HashStream<TypeParam>>("hash"));
}

TYPED_TEST(HashTest, FilterHashesWhatPassesEitherWay) {
  const string data = pattern(10'000);
  for (const test::Way way : test::kWays) {
    for (const std::size_t most_a_call : {std::size_t{7}, npos}) {
      TestStream source(data, {.most_a_call = most_a_call, .log = false});
      HashStream<TypeParam> stream(source);
      EXPECT_EQ(test::read_to_end(stream, way, 100), data);
      EXPECT_EQ(stream.hash().hexdigest(), hash_of<TypeParam>(data)) << static_cast<int>(way);
    }
  }
  TestStream target;
  HashStream<TypeParam> stream(target);
  stream.write(std::string_view(data).substr(0, 5000));
  stream.template write<std::uint16_t>(0x4142);
  stream.close();
  EXPECT_EQ(stream.hash().hexdigest(), hash_of<TypeParam>(target.data()));
}

// A read from a BytesIO shares its memory, and hashing needs none of its own.
TYPED_TEST(HashTest, FilterCopiesNothing) {
  BytesIO source(Bytes(pattern(100'000)));
  HashStream<TypeParam> stream(source);
  EXPECT_COPIED_AT_MOST(0) {
    while (!stream.read(1000).empty()) {
    }
  }
  EXPECT_EQ(stream.hash().hexdigest(), hash_of<TypeParam>(source.getvalue()));
}

// copyfileobj gives back what the target did not take; neither hash may have it.
TEST(HashStream, HashesWhatWasTakenBeforeAnError) {
  const string data = pattern(1000);
  TestStream full("", {.most_a_call = 64, .fail_write_at = 500, .log = false});
  HashStream<Crc32> out(full);
  BytesIO source{Bytes(data)};
  EXPECT_THROW(copyfileobj(source, out), std::system_error);
  EXPECT_EQ(source.tell(), 500U);
  EXPECT_EQ(out.hash().hexdigest(), hash_of<Crc32>(data.substr(0, 500)));

  TestStream closed_up("", {.full_at = 300, .log = false});
  HashStream<Crc32> out_again(closed_up);
  EXPECT_EQ(copyfileobj(source, out_again), 300U);
  EXPECT_EQ(out_again.hash().hexdigest(), hash_of<Crc32>(data.substr(500, 300)));
}

TEST(HashStream, DoesNotSeek) {
  BytesIO inner(Bytes("abc"));
  HashStream<Crc32> stream(inner);
  EXPECT_FALSE(stream.seekable());
  EXPECT_THROW(stream.seek(0), UnsupportedOperation);
}

TEST(HashStream, KeepsItsHashWhenItMoves) {
  BytesIO inner;
  HashStream<Sha256> stream(inner);
  stream.write("abc");
  HashStream<Sha256> moved = std::move(stream);
  moved.write("def");
  EXPECT_EQ(moved.hash().hexdigest(), hash_of<Sha256>("abcdef"));
  EXPECT_TRUE(stream.closed());  // NOLINT(bugprone-use-after-move): what this is about
}

template <class H>
class VerifiedStreamTest : public testing::Test {};

TYPED_TEST_SUITE(VerifiedStreamTest, Hashes);

/// Its bytes are `expected`, and it says so.
template <class H>
void expect_verified(const VerifiedStream<H>& stream, const string& expected) {
  EXPECT_EQ(text(stream.getvalue()), expected);
  EXPECT_TRUE(stream.verify()) << expected;
  EXPECT_EQ(stream.hash().hexdigest(), hash_of<H>(expected)) << expected;
}

TYPED_TEST(VerifiedStreamTest, FollowsEveryChangeOfItsOwn) {
  VerifiedStream<TypeParam> stream;
  expect_verified(stream, "");
  stream.write("hello");
  expect_verified(stream, "hello");
  stream.write(", world");
  expect_verified(stream, "hello, world");
  stream.seek(0);
  stream.write("J");
  expect_verified(stream, "Jello, world");
  stream.seek(10);
  stream.write("ly!!");  // over the end
  expect_verified(stream, "Jello, worly!!");
  stream.write_at(0, "H");
  expect_verified(stream, "Hello, worly!!");
  stream.write_at(16, "?");
  expect_verified(stream, string("Hello, worly!!\0\0?", 17));
  stream.resize(5);
  expect_verified(stream, "Hello");
  stream.resize(7);
  expect_verified(stream, string("Hello\0\0", 7));
  stream.truncate(4);
  expect_verified(stream, "Hell");
  stream.truncate(100);
  expect_verified(stream, "Hell");
  stream.seek(6);
  stream.write("x");  // a gap
  expect_verified(stream, string("Hell\0\0x", 7));
  stream.seek(0, Whence::End);
  stream.writelines(std::vector<string>{"one", "two"});
  stream.template write<std::uint8_t>(0x21);
  expect_verified(stream, string("Hell\0\0xonetwo!", 14));
  stream.write(stream.getvalue());
  stream.write(ByteSpan());
  expect_verified(stream, string("Hell\0\0xonetwo!Hell\0\0xonetwo!", 28));
  stream.clear();
  expect_verified(stream, "");
  expect_verified(VerifiedStream<TypeParam>(Bytes("initial")), "initial");
}

TYPED_TEST(VerifiedStreamTest, NoticesEveryBitThatChanges) {
  const string data = pattern(300);
  for (std::size_t at = 0; at < data.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      VerifiedStream<TypeParam> stream;
      stream.write(data);
      stream.getbuffer()[at] ^= static_cast<std::byte>(1 << bit);
      EXPECT_FALSE(stream.verify()) << "byte " << at << ", bit " << bit;
    }
  }
}

// Were the hash made anew from damaged bytes, the next write would bless them.
TYPED_TEST(VerifiedStreamTest, WritingDoesNotBlessWhatIsDamaged) {
  const auto damaged = [] {
    VerifiedStream<TypeParam> stream;
    stream.write("0123456789");
    stream.getbuffer()[4] = std::byte{'x'};
    return stream;
  };
  VerifiedStream<TypeParam> stream = damaged();
  stream.seek(0);
  stream.write("abc");
  EXPECT_FALSE(stream.verify());
  stream.write("defghi");  // over the damage: it has been seen before
  EXPECT_FALSE(stream.verify());
  stream = damaged();
  stream.truncate(8);
  EXPECT_FALSE(stream.verify());
  stream = damaged();
  stream.seek(0, Whence::End);
  stream.write("more");
  EXPECT_FALSE(stream.verify());
  stream.clear();
  stream.write("sound again");
  EXPECT_TRUE(stream.verify());
}

TYPED_TEST(VerifiedStreamTest, IsABytesIOToThoseWhoWriteToOne) {
  VerifiedStream<TypeParam> stream;
  BytesIO& plain = stream;
  Stream& plainest = stream;
  plain.write("through a BytesIO, ");
  plainest.write("and a Stream");
  plain.seek(0);
  plain.write("T");
  plain.truncate(17);
  expect_verified(stream, "Through a BytesIO");
  plain.write_at(0, "t");  // not virtual: somebody else's change
  EXPECT_FALSE(stream.verify());
}

TYPED_TEST(VerifiedStreamTest, AFailedChangeChangesNothing) {
  VerifiedStream<TypeParam> stream;
  stream.write("pinned");
  {
    const MutableMemoryView view = stream.getbuffer();
    EXPECT_THROW(stream.write("more"), BufferError);
    stream.seek(3);
    EXPECT_THROW(stream.write("more"), BufferError);
    EXPECT_THROW(stream.truncate(0), BufferError);
    EXPECT_THROW(stream.clear(), BufferError);
  }
  expect_verified(stream, "pinned");
  stream.close();
  EXPECT_THROW(static_cast<void>(stream.verify()), ClosedError);
  EXPECT_THROW(stream.write("x"), ClosedError);
}

TYPED_TEST(VerifiedStreamTest, MovesWithItsHashAndLeavesAnEmptyStream) {
  VerifiedStream<TypeParam> stream;
  stream.write("abc");
  VerifiedStream<TypeParam> moved = std::move(stream);
  expect_verified(moved, "abc");
  // NOLINTNEXTLINE(bugprone-use-after-move): what this is about
  expect_verified(stream, "");
  stream = std::move(moved);
  expect_verified(stream, "abc");
  expect_verified(moved, "");  // NOLINT(bugprone-use-after-move)
}

TYPED_TEST(VerifiedStreamTest, AppendingCopiesNothingButTheData) {
  VerifiedStream<TypeParam> stream;
  stream.reserve(100'000);
  const string data = pattern(1000);
  EXPECT_STREAM_COPIED_AT_MOST(stream, 100'000) {
    for (int i = 0; i < 100; ++i) stream.write(data);
  }
  EXPECT_TRUE(stream.verify());
}

}  // namespace
}  // namespace quire
