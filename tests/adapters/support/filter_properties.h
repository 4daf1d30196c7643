// What every filter stream promises, whatever it makes of the bytes: the size of the pieces does not
// matter, errors of the stream underneath come through, what is cut or damaged is refused, and filters
// stand on each other.
//
//     const Filter gzip = filter_of<GzipWriter, GzipReader>("gzip");
//     expect_filter(gzip);
//     expect_cuts_refused<DataError>(gzip);
//     expect_filter(on(secret, on(gzip, sha256)));
//
// Lifetime: a Filter is a value. Thread: one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/stream.h"
#include "support/test_stream.h"

namespace quire::test {

/// How to write through a filter, and how to read what it wrote.
struct Filter {
  std::string name;
  std::function<std::unique_ptr<Stream>(StreamHandle)> writer;
  std::function<std::unique_ptr<Stream>(StreamHandle)> reader;

  /// Whether what it writes depends on the data alone: not on the pieces, nor on chance.
  bool repeatable = true;
};

/// The filter of which one class, or one for each side, is made from a StreamHandle and `arguments`.
template <class Writer, class Reader = Writer, class... Arguments>
Filter filter_of(std::string name, Arguments... arguments) {
  return {
      std::move(name),
      [=](StreamHandle inner) { return std::make_unique<Writer>(std::move(inner), arguments...); },
      [=](StreamHandle inner) { return std::make_unique<Reader>(std::move(inner), arguments...); }};
}

/// `outer` stands on `inner`: what is written goes through `outer` first.
inline Filter on(const Filter& outer, const Filter& inner) {
  return {outer.name + "(" + inner.name + ")",
          [=](StreamHandle stream) { return outer.writer(inner.writer(std::move(stream))); },
          [=](StreamHandle stream) { return outer.reader(inner.reader(std::move(stream))); },
          outer.repeatable && inner.repeatable};
}

/// What `filter` makes of `data` when it is written in pieces, to a stream that takes `most_a_call`.
inline std::string encode(const Filter& filter, const std::string& data, std::size_t piece = npos,
                          std::size_t most_a_call = npos) {
  TestStream target("", {.most_a_call = most_a_call, .log = false});
  const std::unique_ptr<Stream> stream = filter.writer(target);
  for (std::size_t at = 0; at < data.size();) {
    const std::size_t size = std::min(piece, data.size() - at);
    EXPECT_EQ(stream->write(ByteSpan(data).subspan(at, size)), size) << filter.name;
    at += size;
  }
  stream->close();
  return target.data();
}

/// Ways to read a stream to its end.
enum class Way { Read, ReadInto, Read1, ReadLine, ReadAll };

inline constexpr std::array<Way, 5> kWays = {Way::Read, Way::ReadInto, Way::Read1, Way::ReadLine,
                                             Way::ReadAll};

inline std::string read_to_end(Stream& stream, Way way, std::size_t piece) {
  std::string result;
  std::string room(piece, '\0');
  const auto size = static_cast<std::ptrdiff_t>(piece);
  for (;;) {
    const std::size_t before = result.size();
    switch (way) {
      case Way::Read:
        result += text(stream.read(size));
        break;
      case Way::Read1:
        result += text(stream.read1(size));
        break;
      case Way::ReadLine:
        result += text(stream.readline(size));
        break;
      case Way::ReadAll:
        result += text(stream.read());
        break;
      case Way::ReadInto:
        result.append(room, 0, stream.readinto(room));
        break;
    }
    if (result.size() == before) return result;
  }
}

/// What `filter` makes of `encoded`, read from a stream that gives `most_a_call`.
inline std::string decode(const Filter& filter, const std::string& encoded, Way way = Way::ReadAll,
                          std::size_t piece = 4096, std::size_t most_a_call = npos) {
  TestStream source(encoded, {.most_a_call = most_a_call, .log = false});
  return read_to_end(*filter.reader(source), way, piece);
}

inline std::string random_bytes(std::size_t size) {
  std::mt19937_64 random(size);
  std::string result(size, '\0');
  for (char& c : result) c = static_cast<char>(random());
  return result;
}

/// Data that filters fail on: none, little, much, alike, without a pattern, round any buffer's size.
inline std::vector<std::string> filter_data() {
  std::vector<std::string> all = {"",
                                  "a",
                                  std::string("\0", 1),
                                  pattern(100),
                                  std::string(100'000, 'x'),
                                  random_bytes(100'000)};
  for (const std::size_t size : {4096U, 65536U, 131072U}) {
    for (const std::size_t more : {0U, 1U, 2U}) all.push_back(pattern(size - 1 + more));
  }
  return all;
}

/// Pieces of every size give the same bytes, both ways.
inline void expect_any_piece(const Filter& filter, const std::string& data) {
  const std::string whole = encode(filter, data);
  // Byte by byte only where that does not take long.
  const std::size_t least = data.size() <= 4096 ? 1 : 509;
  for (const std::size_t piece : {least, least + 1, least + 6, std::size_t{4095}, std::size_t{4096},
                                  std::size_t{4097}, std::size_t{65536}, std::size_t{70001}}) {
    SCOPED_TRACE(filter.name + ", " + std::to_string(data.size()) + " bytes by " +
                 std::to_string(piece));
    for (const std::size_t most_a_call : {piece, npos}) {
      const std::string encoded = encode(filter, data, piece, most_a_call);
      EXPECT_TRUE(encoded == whole || !filter.repeatable) << "written otherwise";
      EXPECT_TRUE(decode(filter, encoded) == data) << "written in pieces, read at once";
      for (const Way way : kWays) {
        // Lines are read byte by byte, whatever the limit: long data with one and, in effect, none.
        const bool again = piece != least && piece != 70001;
        if (way == Way::ReadLine && data.size() > 4096 && again) continue;
        EXPECT_TRUE(decode(filter, whole, way, piece, most_a_call) == data)
            << "read, way " << static_cast<int>(way) << ", at most " << most_a_call << " a call";
      }
    }
  }
}

/// An error of the stream underneath comes through, wherever it happens, and destroys nothing.
inline void expect_errors_come_through(const Filter& filter) {
  const std::string data = random_bytes(3000);
  const std::string encoded = encode(filter, data);
  for (std::size_t at = 0; at < encoded.size(); at += encoded.size() / 50 + 1) {
    SCOPED_TRACE(filter.name + ", an error at " + std::to_string(at));
    TestStream source(encoded, {.fail_read_at = at, .log = false});
    std::unique_ptr<Stream> reader;
    std::string found;
    std::string room(512, '\0');
    const auto read_rest = [&] {
      if (!reader) reader = filter.reader(source);
      while (const std::size_t size = reader->readinto(room)) found.append(room, 0, size);
    };
    // libzstd took it for damage when it was given nothing for the sixteenth time.
    for (int tries = 0; tries < 20; ++tries) EXPECT_THROW(read_rest(), std::system_error);
    source.options.fail_read_at = npos;
    read_rest();
    EXPECT_TRUE(found == data) << "tried again";

    TestStream target("", {.fail_write_at = at, .log = false});
    EXPECT_THROW(
        {
          const auto stream = filter.writer(target);
          stream->write(data);
          stream->close();
        },
        std::system_error);
    TestStream dropped("", {.fail_write_at = at, .log = false});
    try {
      const auto stream = filter.writer(dropped);
      stream->write(data);  // and the destructor, which must keep quiet
    } catch (const std::system_error&) {
      continue;
    }
  }
}

/// Closing closes what is owned, leaves open what is borrowed, and is the end.
inline void expect_manners(const Filter& filter) {
  SCOPED_TRACE(filter.name);
  const std::string data = pattern(1000);
  TestStream borrowed("", {.log = false});
  auto stream = filter.writer(borrowed);
  EXPECT_EQ(stream->write(ByteSpan()), 0U);
  EXPECT_EQ(stream->write(data), data.size());
  stream->flush();
  EXPECT_TRUE(stream->writable());
  EXPECT_FALSE(stream->closed());
  stream->close();
  const std::string encoded = borrowed.data();
  stream->close();
  EXPECT_TRUE(borrowed.data() == encoded) << "the second close() has written";
  EXPECT_FALSE(borrowed.closed());
  EXPECT_TRUE(stream->closed());
  EXPECT_THROW(stream->write(data), ClosedError);
  EXPECT_THROW(stream->flush(), ClosedError);
  EXPECT_THROW(static_cast<void>(stream->writable()), ClosedError);
  EXPECT_TRUE(decode(filter, encoded) == data) << "after a flush in the middle";

  { const auto dropped = filter.writer(borrowed = TestStream("", {.log = false})); }
  EXPECT_TRUE(decode(filter, borrowed.data()).empty()) << "dropped, not closed";

  auto owned = std::make_unique<BytesIO>(Bytes(encoded));
  const BytesIO* const inner = owned.get();
  stream = filter.reader(std::move(owned));
  std::string nothing;
  EXPECT_EQ(stream->readinto(nothing), 0U);
  EXPECT_TRUE(stream->readable());
  EXPECT_EQ(text(stream->read(10)), data.substr(0, 10));
  EXPECT_TRUE(stream->read(0).empty());
  EXPECT_EQ(text(stream->read()), data.substr(10));
  EXPECT_TRUE(stream->read().empty());
  EXPECT_TRUE(stream->read(1).empty()) << "the end stays the end";
  EXPECT_FALSE(inner->closed());
  stream->close();
  EXPECT_THROW(static_cast<void>(stream->read()), ClosedError);
  EXPECT_THROW(stream->readinto(nothing), ClosedError);
}

/// All that holds for every filter.
inline void expect_filter(const Filter& filter) {
  for (const std::string& data : filter_data()) expect_any_piece(filter, data);
  expect_errors_come_through(filter);
  expect_manners(filter);
}

/// The message of the Error, or of what derives from it, that decoding `encoded` throws; "" for none,
/// with the bytes in `decoded`.
template <class Error>
std::string refusal(const Filter& filter, const std::string& encoded, std::string* decoded) {
  try {
    *decoded = decode(filter, encoded);
  } catch (const Error& error) {
    return *error.what() != '\0' ? error.what() : "an empty message";
  }
  return "";
}

/// What ends too soon is refused with an Error, wherever it ends. `allowed` are the lengths at which a
/// cut leaves something whole, such as 0 for a format of no or more members.
template <class Error>
void expect_cuts_refused(const Filter& filter, const std::vector<std::size_t>& allowed = {}) {
  for (const std::string& data : {std::string(), pattern(700), random_bytes(70'000)}) {
    const std::string encoded = encode(filter, data);
    const std::size_t step = encoded.size() > 4096 ? 997 : 1;
    for (std::size_t size = 0; size < encoded.size(); size += step) {
      if (std::find(allowed.begin(), allowed.end(), size) != allowed.end()) continue;
      std::string decoded;
      EXPECT_NE(refusal<Error>(filter, encoded.substr(0, size), &decoded), "")
          << filter.name << ": " << size << " of " << encoded.size() << " bytes were taken for all";
    }
  }
}

/// No byte can be changed so that other data come out: it is refused with an Error, or has no meaning.
template <class Error>
void expect_changes_refused(const Filter& filter) {
  for (const std::string& data : {std::string(), pattern(700), random_bytes(70'000)}) {
    const std::string encoded = encode(filter, data);
    const std::size_t step = encoded.size() > 4096 ? 997 : 1;
    for (std::size_t at = 0; at < encoded.size(); at += step) {
      for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
        std::string changed = encoded;
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ mask);
        std::string decoded;
        if (refusal<Error>(filter, changed, &decoded).empty()) {
          EXPECT_TRUE(decoded == data)
              << filter.name << ": other data after a change at " << at << " of " << encoded.size();
        }
      }
    }
  }
}

}  // namespace quire::test
