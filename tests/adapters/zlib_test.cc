// gzip, zlib and raw deflate against gzip(1), python3 and zlib itself.
#include "quire/adapters/zlib.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "adapters/support/compressor.h"
#include "adapters/support/filter_properties.h"
#include "quire/buffered_io.h"
#include "quire/error.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::Compressor;
using test::message_of;
using test::pattern;
using test::text;

string python(const string& expression) {
  return "python3 -c 'import gzip, sys, zlib; data = sys.stdin.buffer.read(); "
         "sys.stdout.buffer.write(" +
         expression + ")'";
}

Compressor gzip() {
  return test::compressor_of<GzipWriter, GzipReader>(
      "gzip", {"gzip -c", "gzip -9c", "gzip -1c", python("gzip.compress(data)")}, "gzip -dc");
}

Compressor zlib() {
  return test::compressor_of<ZlibWriter, ZlibReader>("zlib", {python("zlib.compress(data, 9)")},
                                                     python("zlib.decompress(data)"));
}

Compressor deflate() {
  return test::compressor_of<DeflateWriter, DeflateReader>(
      "deflate", {python("zlib.compress(data)[2:-4]")}, python("zlib.decompress(data, -15)"));
}

class ZlibTest : public testing::TestWithParam<Compressor> {};

INSTANTIATE_TEST_SUITE_P(Formats, ZlibTest, testing::Values(gzip(), zlib(), deflate()),
                         [](const auto& format) { return format.param.filter.name; });

TEST_P(ZlibTest, KeepsWhatFiltersPromise) {
  test::expect_filter(GetParam().filter);
  test::expect_cuts_refused<TruncatedError>(GetParam().filter);
}

TEST_P(ZlibTest, AgreesWithTheTools) {
  test::expect_tools_agree(GetParam());
}

TEST_P(ZlibTest, Seeks) {
  test::expect_seeks(GetParam());
}

TEST_P(ZlibTest, RefusesBombs) {
  test::expect_bombs_refused(GetParam());
}

TEST_P(ZlibTest, Flushes) {
  test::expect_flushes(GetParam());
}

TEST_P(ZlibTest, CopiesNoData) {
  test::expect_no_copies(GetParam());
}

TEST(Gzip, ReadsSeveralMembersAndRefusesChanges) {
  test::expect_several(gzip());
  test::expect_changes_refused<DataError>(gzip().filter);
  test::expect_changes_refused<DataError>(zlib().filter);
}

// As tapes and some programs leave them.
TEST(Gzip, SkipsZerosBehindAMember) {
  const string once = test::encode(gzip().filter, "data");
  const string zeros(100'000, '\0');
  for (const std::size_t most_a_call : {std::size_t{999}, npos}) {
    EXPECT_EQ(
        test::decode(gzip().filter, once + zeros + once + zeros, test::Way::Read, 100, most_a_call),
        "datadata");
  }
  EXPECT_THROW(test::decode(gzip().filter, zeros + once), DataError);
}

TEST(Gzip, EqualDataMakeEqualFiles) {
  const string bytes = test::encode(gzip().filter, "data");
  EXPECT_EQ(bytes, test::encode(gzip().filter, "data"));
  // A magic number, deflate, no flags, no time, no hint, Unix.
  EXPECT_EQ(bytes.substr(0, 10), string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10));
}

TEST(Gzip, ReadsAHeaderWithAllThatIsOptional) {
  const string file = test::run_tool(
      "python3 -c '"
      "import gzip, io, sys\n"
      "out = io.BytesIO()\n"
      "f = gzip.GzipFile(\"a name.txt\", \"wb\", fileobj=out, mtime=7)\n"
      "f.write(b\"named\")\n"
      "f.close()\n"
      "sys.stdout.buffer.write(out.getvalue())'",
      "");
  EXPECT_NE(file.find("a name.txt"), npos);
  EXPECT_EQ(test::decode(gzip().filter, file), "named");
}

TEST(Zlib, LeavesAloneWhatFollows) {
  for (const Compressor& format : {zlib(), deflate()}) {
    for (const std::size_t size : {0U, 4U, 100'000U}) {
      const string data = pattern(size);
      const string encoded = test::encode(format.filter, data);
      BytesIO source{Bytes(encoded + "what follows")};
      const auto reader = format.reader(source, {});
      EXPECT_TRUE(text(reader->read()) == data);
      EXPECT_EQ(source.tell(), encoded.size());
    }
  }
}

TEST(Zlib, NamesWhatIsWrong) {
  const auto message = [](const Compressor& format, const string& bytes) {
    string decoded;
    return test::refusal<DataError>(format.filter, bytes, &decoded);
  };
  string damaged = test::encode(gzip().filter, "some data");
  damaged[damaged.size() - 6] ^= 1;
  EXPECT_EQ(message(gzip(), "no gzip file"), "gzip: incorrect header check, at byte 2");
  EXPECT_EQ(message(gzip(), damaged),
            "gzip: incorrect data check, at byte " + std::to_string(damaged.size() - 4));
  EXPECT_EQ(message(gzip(), damaged.substr(0, 12)),
            "gzip: the bytes end before the data do, at byte 12");
  EXPECT_EQ(message(zlib(), test::encode(gzip().filter, "x")),
            "zlib: incorrect header check, at byte 2");
  EXPECT_EQ(message(deflate(), "\x07"), "deflate: invalid block type, at byte 1");
  const string with_dictionary = test::run_tool(python("(lambda c: c.compress(data) + c.flush())"
                                                       "(zlib.compressobj(zdict=b\"hello\"))"),
                                                "hello");
  EXPECT_EQ(message(zlib(), with_dictionary), "zlib: a preset dictionary is needed, at byte 6");
}

TEST(Zlib, LevelsMatter) {
  const string data = test::real_data()[1];
  std::size_t last = npos;
  for (const int level : {0, 1, 6, 9}) {
    BytesIO target;
    GzipWriter out(target, level);
    out.write(data);
    out.close();
    EXPECT_LT(target.size(), last) << level;
    last = target.size();
    EXPECT_TRUE(test::decode(gzip().filter, text(target.getvalue())) == data);
  }
  BytesIO target;
  EXPECT_EQ(message_of<std::invalid_argument>([&] { GzipWriter(target, 10); }),
            "zlib level 10 is not in [0, 9]");
  EXPECT_THROW(ZlibWriter(target, -1), std::invalid_argument);
}

// zlib itself made these, by its simplest function.
TEST(Zlib, ReadsAndWritesWhatZlibDoes) {
  for (const string& data : test::real_data()) {
    uLongf size = compressBound(data.size());
    string expected(size, '\0');
    ASSERT_EQ(compress(reinterpret_cast<Bytef*>(expected.data()), &size,
                       reinterpret_cast<const Bytef*>(data.data()), data.size()),
              Z_OK);
    expected.resize(size);
    EXPECT_TRUE(test::encode(zlib().filter, data, 100) == expected) << "not a byte differs";
    EXPECT_TRUE(test::decode(zlib().filter, expected) == data);
  }
}

TEST(Gzip, LinesComeThroughABuffer) {
  BytesIO source{Bytes(test::encode(gzip().filter, "one\ntwo\nthree"))};
  BufferedReader lines(GzipReader{source});
  EXPECT_EQ(lines.readlines(), (std::vector<Bytes>{"one\n"_b, "two\n"_b, "three"_b}));
}

}  // namespace
}  // namespace quire
