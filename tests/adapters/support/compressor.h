// What every pair of a compressing and a decompressing stream promises, beside filter_properties.h: what
// the format's own tools write it reads, and the other way round; several in a row; seeking; limits.
//
// Lifetime: none. Thread: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/bytes_io.h"
#include "quire/coding_stream.h"
#include "quire/file_io.h"
#include "quire/ledger.h"
#include "quire/stream.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire::test {

struct Compressor {
  Filter filter;

  /// Makes a reader with options.
  std::function<std::unique_ptr<DecodingStream>(StreamHandle, const DecodingOptions&)> reader;

  /// Commands that compress, and one that decompresses, from stdin to stdout.
  std::vector<std::string> compress;
  std::string decompress;
};

template <class Writer, class Reader>
Compressor compressor_of(std::string name, std::vector<std::string> compress,
                         std::string decompress) {
  return {filter_of<Writer, Reader>(std::move(name)),
          [](StreamHandle inner, const DecodingOptions& options) {
            return std::make_unique<Reader>(std::move(inner), options);
          },
          std::move(compress), std::move(decompress)};
}

/// What a command makes of `input`.
inline std::string run_tool(const std::string& command, const std::string& input) {
  const TempDirectory directory;
  const std::string in = directory.make("in", input);
  const std::string out = directory.file("out");
  const std::string all = command + " < '" + in + "' > '" + out + "'";
  // NOLINTNEXTLINE(cert-env33-c): commands of this test
  EXPECT_EQ(std::system(all.c_str()), 0) << all;
  return directory.content("out");
}

/// A photograph and a program text: data that compress badly and well.
inline std::vector<std::string> real_data() {
  std::vector<std::string> all;
  for (const char* name : {"examples/data/grace_hopper.jpg", "include/quire/stream.h"}) {
    FileIO file(std::string(QUIRE_SOURCE_DIR) + "/" + name);
    all.push_back(text(file.read()));
  }
  return all;
}

inline void expect_tools_agree(const Compressor& compressor) {
  std::vector<std::string> all = real_data();
  all.emplace_back();
  all.push_back(pattern(1'000'000));
  for (const std::string& data : all) {
    EXPECT_TRUE(run_tool(compressor.decompress, encode(compressor.filter, data, 10'000)) == data)
        << compressor.decompress << " of " << data.size() << " bytes";
    for (const std::string& command : compressor.compress) {
      const std::string encoded = run_tool(command, data);
      for (const std::size_t most_a_call : {std::size_t{1000}, npos}) {
        EXPECT_TRUE(decode(compressor.filter, encoded, Way::Read, 4096, most_a_call) == data)
            << command << " of " << data.size() << " bytes";
      }
    }
  }
}

/// One behind the other, as `cat` makes them, is one behind the other.
inline void expect_several(const Compressor& compressor) {
  const std::string first = encode(compressor.filter, "first, ");
  const std::string second = encode(compressor.filter, pattern(100'000));
  const std::string all = first + encode(compressor.filter, "") + second;
  for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{100}, npos}) {
    EXPECT_TRUE(decode(compressor.filter, all, Way::Read, 4096, most_a_call) ==
                "first, " + pattern(100'000));
  }
  EXPECT_TRUE(run_tool(compressor.decompress, all) == "first, " + pattern(100'000));
  BytesIO source{Bytes(all)};
  const auto reader = compressor.reader(source, {.only_first = true});
  EXPECT_EQ(text(reader->read()), "first, ");
  EXPECT_EQ(source.tell(), first.size());
  std::string nothing;
  EXPECT_NE(refusal<DataError>(compressor.filter, all + "more", &nothing), "");
}

inline void expect_seeks(const Compressor& compressor) {
  const std::string data = random_bytes(1000) + pattern(300'000);
  BytesIO source{Bytes("before" + encode(compressor.filter, data))};
  source.seek(6);
  const auto reader = compressor.reader(source, {});
  const std::size_t size = data.size();
  for (const std::size_t to : {size - 1, std::size_t{0}, std::size_t{70'000}, std::size_t{69'999},
                               size, std::size_t{1}, size / 2}) {
    EXPECT_EQ(reader->seek(static_cast<std::ptrdiff_t>(to)), to);
    EXPECT_TRUE(text(reader->read(1000)) == data.substr(to, 1000)) << to;
    EXPECT_EQ(reader->tell(), std::min(to + 1000, size));
  }
  EXPECT_EQ(reader->seek(-5, Whence::End), size - 5);
  EXPECT_EQ(text(reader->read()), data.substr(size - 5));
}

/// What takes little and becomes much is refused where the limit is, without having been made.
inline void expect_bombs_refused(const Compressor& compressor) {
  constexpr std::size_t kSize = std::size_t{64} << 20;
  constexpr std::size_t kLimit = std::size_t{1} << 20;
  BytesIO bomb;
  {
    const auto writer = compressor.filter.writer(bomb);
    const std::string zeros(kLimit, '\0');
    for (std::size_t i = 0; i < kSize / kLimit; ++i) writer->write(zeros);
    writer->close();
  }
  EXPECT_LT(bomb.size(), kSize / 100);
  bomb.seek(0);
  const auto reader = compressor.reader(bomb, {.limit = kLimit});
  BytesIO target;
  EXPECT_THROW(copyfileobj(*reader, target), std::length_error);
  EXPECT_LE(target.size(), kLimit);
  EXPECT_LE(target.retained_bytes(), 2 * kLimit);
  EXPECT_THROW(static_cast<void>(reader->read()), std::length_error);

  bomb.seek(0);
  const auto enough = compressor.reader(bomb, {.limit = kSize});
  EXPECT_EQ(enough->seek(0, Whence::End), kSize);
}

/// Flushing makes all that was written readable, wherever it happens.
inline void expect_flushes(const Compressor& compressor) {
  const std::string data = pattern(10'000);
  BytesIO target;
  const auto writer = compressor.filter.writer(target);
  for (std::size_t at = 0; at < data.size(); at += 1000) {
    writer->write(ByteSpan(data).subspan(at, 1000));
    writer->flush();
    BytesIO so_far = target.reader();
    const auto reader = compressor.reader(so_far, {});
    EXPECT_TRUE(text(reader->read(static_cast<std::ptrdiff_t>(at + 1000))) ==
                data.substr(0, at + 1000));
    EXPECT_THROW(static_cast<void>(reader->read()), TruncatedError);
  }
  const std::size_t size = target.size();
  writer->flush();
  writer->flush();
  EXPECT_EQ(target.size(), size) << "nothing new, nothing written";
  writer->close();
  EXPECT_TRUE(decode(compressor.filter, text(target.getvalue())) == data);
}

/// Writes into the memory of a BytesIO and reads from it: the data themselves are copied nowhere.
inline void expect_no_copies(const Compressor& compressor) {
  const std::string data = random_bytes(3'000'000);
  BytesIO target;
  const Ledger start = thread_ledger();
  {
    const auto writer = compressor.filter.writer(target);
    writer->write(data);
    writer->close();
  }
  EXPECT_EQ((thread_ledger() - start).copied_for(CopyReason::Caller), target.size());
  target.seek(0);
  const auto reader = compressor.reader(target, {});
  std::string room(data.size(), '\0');
  const Ledger before = thread_ledger();
  std::size_t done = 0;
  while (const std::size_t count = reader->readinto(MutableByteSpan(room).subspan(done))) {
    done += count;
  }
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0U);
  EXPECT_TRUE(room == data);
}

}  // namespace quire::test
