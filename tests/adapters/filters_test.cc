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
const Filter lz4 = test::filter_of<Lz4Writer, Lz4Reader>("lz4");
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
