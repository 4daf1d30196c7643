// Filters of several adapters on each other: whatever the order and the pieces, the same bytes come back,
// and damage anywhere is refused.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/adapters/hash.h"
#include "quire/adapters/lz4.h"
#include "quire/adapters/sodium.h"
#include "quire/adapters/zlib.h"
#include "quire/adapters/zstd.h"
#include "quire/buffered_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "support/temp_directory.h"

namespace quire {
namespace {

using std::string;
using test::Filter;
using test::on;
using test::text;

const SecretKey& key() {
  static const SecretKey key = SecretKey::generate();
  return key;
}

Filter secret() {
  return {
      "secret",
      [](StreamHandle inner) { return std::make_unique<SecretWriter>(std::move(inner), key()); },
      [](StreamHandle inner) { return std::make_unique<SecretReader>(std::move(inner), key()); },
      false};
}

const Filter gzip = test::filter_of<GzipWriter, GzipReader>("gzip");
const Filter zstd = test::filter_of<ZstdWriter, ZstdReader>("zstd");
const Filter zlib = test::filter_of<ZlibWriter, ZlibReader>("zlib");
const Filter deflate = test::filter_of<DeflateWriter, DeflateReader>("deflate");
const Filter lz4 = test::filter_of<Lz4Writer, Lz4Reader>("lz4");
const Filter crc32 = test::filter_of<HashStream<Crc32>>("crc32");
const Filter xxh3 = test::filter_of<HashStream<Xxh3>>("xxh3");
const Filter sha256 = test::filter_of<HashStream<Sha256>>("sha256");

// What is written is compressed, then encrypted, then hashed, and the other way round.
TEST(Filters, StandOnEachOther) {
  for (const Filter& filter : {on(gzip, on(secret(), sha256)), on(sha256, on(secret(), zstd)),
                               on(secret(), on(lz4, sha256))}) {
    test::expect_any_piece(filter, test::pattern(131'073));
    test::expect_any_piece(filter, test::pattern(100));
    test::expect_any_piece(filter, "");
    test::expect_errors_come_through(filter);
    test::expect_manners(filter);
  }
}

TEST(Filters, EachStandsOnEveryOther) {
  const std::vector<Filter> all = {gzip, zlib, deflate, zstd, lz4, secret(), crc32, xxh3, sha256};
  for (const Filter& outer : all) {
    for (const Filter& inner : all) {
      const Filter filter = on(outer, inner);
      for (const string& data : {string(), test::pattern(1000), test::random_bytes(66'000)}) {
        const string encoded = test::encode(filter, data, 997, 1009);
        EXPECT_TRUE(encoded == test::encode(filter, data) || !filter.repeatable) << filter.name;
        for (const test::Way way : test::kWays) {
          EXPECT_TRUE(test::decode(filter, encoded, way, 3001, 1013) == data)
              << filter.name << ", way " << static_cast<int>(way);
        }
      }
    }
  }
}

// What was written before a flush can be read, through however many there are.
TEST(Filters, AFlushGoesAllTheWayDown) {
  const Filter filter = on(gzip, on(sha256, on(lz4, on(secret(), zstd))));
  const string data = test::pattern(5000);
  BytesIO target;
  const auto writer = filter.writer(target);
  for (std::size_t at = 0; at < data.size(); at += 500) {
    writer->write(ByteSpan(data).subspan(at, 500));
    writer->flush();
    BytesIO so_far = target.reader();
    const auto reader = filter.reader(so_far);
    ASSERT_TRUE(text(reader->read(static_cast<std::ptrdiff_t>(at + 500))) ==
                data.substr(0, at + 500));
    ASSERT_THROW(static_cast<void>(reader->read()), TruncatedError);
  }
}

TEST(Filters, SeekThroughEachOther) {
  const Filter filter = on(zstd, on(secret(), on(lz4, on(zlib, gzip))));
  const string data = test::pattern(150'000);
  BytesIO source{Bytes("before" + test::encode(filter, data))};
  source.seek(6);
  const auto reader = filter.reader(source);
  for (const std::size_t to : {149'999U, 0U, 70'000U, 69'999U, 150'000U, 1U}) {
    EXPECT_EQ(reader->seek(static_cast<std::ptrdiff_t>(to)), to);
    EXPECT_TRUE(text(reader->read(1000)) == data.substr(to, 1000)) << to;
  }
  EXPECT_EQ(reader->seek(-5, Whence::End), data.size() - 5);
  EXPECT_FALSE(on(zstd, sha256).reader(source)->seekable()) << "a hash is of one sequence";
}

// A box whose last message is empty, and missing: all data are there, but who wrote them had not ended.
TEST(Filters, TheEndUnderneathIsReachedWhereMoreCouldFollow) {
  for (const Filter& filter : {gzip, zstd, lz4, zlib, deflate}) {
    BytesIO target;
    SecretWriter box(target, key());
    const auto writer = filter.writer(box);
    writer->write("letter");
    writer->close();
    box.flush();
    const string cut = text(target.getvalue());
    box.close();
    EXPECT_EQ(test::decode(on(filter, secret()), text(target.getvalue())), "letter");
    string data;
    const string message = test::refusal<TruncatedError>(on(filter, secret()), cut, &data);
    const bool stops = filter.name == "zlib" || filter.name == "deflate";
    EXPECT_EQ(message.empty(), stops) << filter.name;
    EXPECT_EQ(data, stops ? "letter" : "") << filter.name;
  }
}

TEST(Filters, AllOrdersGiveTheSameBytes) {
  std::vector<Filter> all = {gzip, zstd, lz4, secret()};
  std::vector<std::size_t> order = {0, 1, 2, 3};
  const string data = test::pattern(70'001) + test::random_bytes(5000);
  do {
    const Filter filter = on(all[order[0]], on(all[order[1]], on(all[order[2]], all[order[3]])));
    const string encoded = test::encode(filter, data, 999, 777);
    EXPECT_TRUE(test::decode(filter, encoded, test::Way::Read, 1001, 555) == data) << filter.name;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Filters, RefuseWhatIsDamagedUnderneath) {
  const Filter filter = on(gzip, on(lz4, on(zstd, secret())));
  const string data = test::pattern(3000);
  const string encoded = test::encode(filter, data);
  for (std::size_t at = 0; at < encoded.size(); at += 7) {
    string changed = encoded;
    changed[at] ^= 0x10;
    string decoded;
    EXPECT_NE(test::refusal<DataError>(filter, changed, &decoded), "") << at;
    EXPECT_NE(test::refusal<DataError>(filter, encoded.substr(0, at), &decoded), "") << at;
  }
}

// Each owns the next: closing the outermost ends them all, in order, and the file is there.
TEST(Filters, OwnEachOtherDownToTheFile) {
  const test::TempDirectory directory;
  const string path = directory.file("box");
  const string data = test::pattern(500'000);
  {
    GzipWriter out{HashStream<Sha256>(SecretWriter(FileIO(path, "w"), key()))};
    out.write(data);
    out.close();
  }
  GzipReader in{HashStream<Sha256>(SecretReader(FileIO(path), key()))};
  EXPECT_TRUE(text(BufferedReader(in).read()) == data);
  EXPECT_EQ(in.tell(), data.size());
}

}  // namespace
}  // namespace quire
