// TextIOWrapper: Python's io.TextIOWrapper, with positions that are code points.
#include "quire/text_io.h"

#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/error.h"
#include "support/allocation_failure.h"
#include "support/piecewise_stream.h"
#include "support/test_stream.h"
#include "support/text_model.h"
#include "support/text_steps.h"

namespace quire {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::message_of;
using test::PiecewiseStream;
using test::TestStream;
using Lines = std::vector<std::string>;

static_assert(std::is_nothrow_move_constructible_v<TextIOWrapper>);
static_assert(std::is_nothrow_move_assignable_v<TextIOWrapper>);
static_assert(!std::is_copy_constructible_v<TextIOWrapper>);

constexpr std::string_view kWide[] = {"utf-8",     "utf-8-sig", "utf-16",   "utf-16-le",
                                      "utf-16-be", "utf-32",    "utf-32-be"};
const std::vector<std::pair<std::string, Newline>> kNewlines = {
    {"None", std::nullopt}, {"''", ""}, {"\\n", "\n"}, {"\\r", "\r"}, {"\\r\\n", "\r\n"}};

std::string content(const BytesIO& io) {
  const Bytes value = io.getvalue();
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

TEST(TextIOWrapper, ReadsAndWritesTextOnABytesIO) {
  BytesIO io;
  TextIOWrapper f(io);
  EXPECT_EQ(f.write("é€\n😀"), 4U);
  EXPECT_EQ(f.tell(), 4U);
  EXPECT_EQ(f.seek(0), 0U);
  EXPECT_EQ(f.readline(), "é€\n");
  EXPECT_EQ(f.tell(), 3U);
  EXPECT_EQ(f.read(), "😀");
  EXPECT_EQ(f.read(), "");
  EXPECT_EQ(content(io), "é€\n😀");
}

// io.TextIOWrapper(io.BytesIO(b"a\r\nb\rc\nd"), newline=...), and what it writes for the same text.
TEST(TextIOWrapper, TranslatesNewlinesAsPython) {
  const std::vector<std::string_view> all = {"\r", "\n", "\r\n"};
  const std::vector<std::pair<Lines, std::string>> expected = {
      {{"a\n", "b\n", "c\n", "d"}, "x\ny\r\nz\r"}, {{"a\r\n", "b\r", "c\n", "d"}, "x\ny\r\nz\r"},
      {{"a\r\n", "b\rc\n", "d"}, "x\ny\r\nz\r"},   {{"a\r", "\nb\r", "c\nd"}, "x\ry\r\rz\r"},
      {{"a\r\n", "b\rc\nd"}, "x\r\ny\r\r\nz\r"},
  };
  for (std::size_t i = 0; i < kNewlines.size(); ++i) {
    const auto& [name, newline] = kNewlines[i];
    BytesIO io("a\r\nb\rc\nd");
    TextIOWrapper f(io, {.newline = newline});
    EXPECT_TRUE(f.newlines().empty()) << name;
    EXPECT_EQ(f.readlines(), expected[i].first) << name;
    EXPECT_EQ(f.newlines(), i < 2 ? all : std::vector<std::string_view>()) << name;
    BytesIO out;
    TextIOWrapper g(out, {.newline = newline});
    EXPECT_EQ(g.write("x\ny\r\nz\r"), 7U) << name;
    g.flush();
    EXPECT_EQ(content(out), expected[i].second) << name;
  }
}

TEST(TextIOWrapper, AnyPieceSizeGivesTheSameText) {
  const std::string text = "a\r\n\ré\n\r\r\n€\r\r😀b\ufeff\r\nc\0\n\u07ff\r"s;
  for (const std::string_view encoding : kWide) {
    std::string bytes = detail::encode(text, encoding);
    bytes.insert(bytes.size() / 2, "\xd8\xff\x80");
    for (const std::string_view errors : {"replace", "ignore", "backslashreplace"}) {
      for (const auto& [name, newline] : kNewlines) {
        std::optional<std::string> whole;
        std::optional<Lines> whole_lines;
        for (std::size_t piece = bytes.size(); piece > 0; --piece) {
          const TextOptions options{encoding, errors, newline};
          PiecewiseStream stream(bytes, piece);
          TextIOWrapper f(stream, options);
          const std::string all = f.read();
          f.seek(0);
          const Lines lines = f.readlines();
          f.seek(0);
          std::string by_one;
          while (true) {
            const std::string one = f.read(1);
            if (one.empty()) break;
            ASSERT_EQ(detail::count_points(one), 1U);
            by_one += one;
          }
          std::string joined;
          for (const std::string& line : lines) joined += line;
          if (!whole) whole = all;
          if (!whole_lines) whole_lines = lines;
          const auto where = [&, how = name] {
            return std::string(encoding) + " " + std::string(errors) + " " + how +
                   " in pieces of " + std::to_string(piece);
          };
          ASSERT_EQ(all, *whole) << where();
          ASSERT_EQ(lines, *whole_lines) << where();
          ASSERT_EQ(joined, *whole) << where();
          ASSERT_EQ(by_one, *whole) << where();
        }
      }
    }
  }
}

/// Text of about `size` code points with every width and every line ending.
std::string long_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::u32string text;
  while (text.size() < size) text += test::random_text(random, 40);
  return test::to_utf8(text);
}

TEST(TextIOWrapper, SeekFindsEveryCodePoint) {
  for (const std::string_view encoding : kWide) {
    for (const auto& [name, newline] : kNewlines) {
      BytesIO io(detail::encode(long_text(30'000, 5), encoding));
      TextIOWrapper f(io, {.encoding = encoding, .newline = newline});
      const std::string text = f.read();
      const std::size_t size = detail::count_points(text);
      std::mt19937 random(3);
      // Half of the seeks on a wrapper that has read nothing yet, and so has no index.
      BytesIO same = io.clone();
      TextIOWrapper fresh(same, {.encoding = encoding, .newline = newline});
      fresh.seek(0);
      for (int i = 0; i < 60; ++i) {
        TextIOWrapper& g = i % 2 == 0 ? f : fresh;
        const std::size_t at = i < 4 ? size - static_cast<std::size_t>(i / 2) : random() % size;
        ASSERT_EQ(g.seek(static_cast<std::ptrdiff_t>(at)), at);
        ASSERT_EQ(g.tell(), at);
        const std::string_view rest = std::string_view(text).substr(detail::point_offset(text, at));
        ASSERT_EQ(g.read(5), rest.substr(0, detail::point_offset(rest, 5)))
            << encoding << " " << name << " at " << at;
        ASSERT_EQ(g.tell(), std::min(at + 5, size));
      }
      ASSERT_EQ(f.seek(0, Whence::End), size) << encoding << " " << name;
      ASSERT_EQ(f.read(), "");
    }
  }
}

TEST(TextIOWrapper, SeekFindsEveryCodePointAmongIllFormedBytes) {
  const std::string text = "a\r\r\n€\r\r😀b\r";
  for (const std::string_view encoding : kWide) {
    for (const std::string_view bad : {"\xd8\xff\x80"sv, "\xe2\x82"sv, "\0\xd8\0"sv, "\xff"sv}) {
      const std::string bytes = detail::encode(text, encoding);
      for (std::size_t at = 4; at <= bytes.size(); at += 1 + bytes.size() / 24) {
        std::string broken = bytes;
        broken.insert(at, bad);
        for (const auto& [name, newline] : kNewlines) {
          PiecewiseStream stream(broken, 100);
          TextIOWrapper f(stream, {.encoding = encoding, .errors = "replace", .newline = newline});
          const std::string whole = f.read();
          for (std::size_t point = detail::count_points(whole); point > 0; --point) {
            f.seek(static_cast<std::ptrdiff_t>(point));
            ASSERT_EQ(f.read(), whole.substr(detail::point_offset(whole, point)))
                << encoding << " " << name << " " << point << " of "
                << testing::PrintToString(broken);
          }
        }
      }
    }
  }
}

TEST(TextIOWrapper, SeekReadsOnlyWhatLiesBetweenTheIndexAndThePosition) {
  PiecewiseStream stream(long_text(200'000, 1), kDefaultBufferSize);
  TextIOWrapper f(stream);
  while (!f.readline().empty()) {
  }
  const std::size_t size = f.tell();
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    stream.bytes_read = 0;
    f.seek(static_cast<std::ptrdiff_t>(random() % size));
    ASSERT_LE(stream.bytes_read, 2 * kDefaultBufferSize);
  }
}

// Only where each write or read had ended was known: after one large write every seek into it read
// all that was before, and so did every seek in front of the place where the stream was wrapped.
TEST(TextIOWrapper, SeekReadsABoundedPieceOfTextThatSeeksHavePassed) {
  constexpr std::size_t kLarge = 64 * 1024;
  for (const std::string_view encoding : {"utf-8", "utf-16-le", "latin-1"}) {
    const std::string text =
        encoding == "latin-1" ? std::string(150'000, 'x') : long_text(150'000, 3);
    const std::string bytes = detail::encode(text, encoding);
    const std::size_t points = detail::count_points(text);
    const TextOptions options{.encoding = encoding, .newline = "\n"};
    const auto expect_bounded = [&](const char* how, PiecewiseStream& stream, TextIOWrapper& f) {
      for (std::size_t point = 2000; point < points; point += 2000) {
        f.seek(static_cast<std::ptrdiff_t>(point));
      }
      std::mt19937 random(4);
      for (int i = 0; i < 50; ++i) {
        const std::size_t point = 1 + random() % (points - 1);
        stream.bytes_read = 0;
        f.seek(static_cast<std::ptrdiff_t>(point));
        ASSERT_LE(stream.bytes_read, 3 * kDefaultBufferSize) << encoding << ", " << how;
        const std::size_t at = detail::point_offset(text, point);
        const std::size_t size = detail::point_offset(std::string_view(text).substr(at), 1);
        ASSERT_EQ(f.read(1), text.substr(at, size)) << encoding << ", " << how << ' ' << point;
      }
    };
    {
      PiecewiseStream stream("", kLarge);
      TextIOWrapper f(stream, options);
      f.write(text);
      f.flush();
      expect_bounded("one large write", stream, f);
    }
    {
      PiecewiseStream stream(bytes, kLarge);
      TextIOWrapper f(stream, options);
      EXPECT_EQ(f.read(), text);
      expect_bounded("one large read", stream, f);
    }
    {
      PiecewiseStream stream(bytes, kLarge);
      TextIOWrapper f(stream, options);
      f.seek(0, Whence::End);
      expect_bounded("seek to the end", stream, f);
    }
    {
      PiecewiseStream stream(bytes, kLarge);
      stream.seek(static_cast<std::ptrdiff_t>(
          detail::encode(std::string_view(text).substr(0, detail::point_offset(text, points / 2)),
                         encoding)
              .size()));
      TextIOWrapper f(stream, options);
      EXPECT_EQ(f.tell(), points / 2);
      expect_bounded("wrapped in the middle", stream, f);
    }
  }
}

TEST(TextIOWrapper, ReadlineReadsNoFurtherThanItMust) {
  PiecewiseStream stream("one\ntwo\n" + std::string(100'000, 'x'), kDefaultBufferSize);
  TextIOWrapper f(stream);
  EXPECT_EQ(f.readline(), "one\n");
  EXPECT_EQ(stream.bytes_read, kDefaultBufferSize);
  EXPECT_EQ(f.readline(), "two\n");
  EXPECT_EQ(stream.bytes_read, kDefaultBufferSize);
}

TEST(TextIOWrapper, TextBeforeIllFormedBytesCanBeRead) {
  for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
    PiecewiseStream stream("é\nok\xe2\x82 end", piece);
    TextIOWrapper f(stream);
    EXPECT_EQ(f.readline(), "é\n") << piece;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(message_of<UnicodeDecodeError>([&] { static_cast<void>(f.read()); }),
                "'utf-8' codec can't decode bytes in position 5-6: invalid continuation byte")
          << piece;
      EXPECT_EQ(f.tell(), 2U) << piece;
    }
    EXPECT_THROW(static_cast<void>(f.readline()), UnicodeDecodeError) << piece;
    EXPECT_THROW(f.seek(0, Whence::End), UnicodeDecodeError) << piece;
    EXPECT_EQ(f.read(2), "ok") << piece;
    EXPECT_EQ(f.tell(), 4U) << piece;
    EXPECT_EQ(f.seek(1), 1U) << piece;
    EXPECT_EQ(f.read(2), "\no") << piece;
  }
}

TEST(TextIOWrapper, AWriteLandsAtThePositionThoughMoreWasRead) {
  for (const std::string_view encoding : kWide) {
    BytesIO io(detail::encode("a\r\né€\n😀z", encoding));
    TextIOWrapper f(io, {.encoding = encoding});
    EXPECT_EQ(f.readline(), "a\n") << encoding;
    EXPECT_EQ(f.read(1), "é") << encoding;
    EXPECT_EQ(f.write("€"), 1U) << encoding;
    EXPECT_EQ(f.tell(), 4U) << encoding;
    EXPECT_EQ(f.read(), "\n😀z") << encoding;
    f.seek(0);
    EXPECT_EQ(f.read(), "a\né€\n😀z") << encoding;
    EXPECT_EQ(content(io), detail::encode("a\r\né€\n😀z", encoding)) << encoding;
  }
}

TEST(TextIOWrapper, PositionsAfterAWriteCountWhatWillBeRead) {
  BytesIO io;
  TextIOWrapper f(io);
  EXPECT_EQ(f.write("a\r"), 2U);
  EXPECT_EQ(f.write("\nb\r\n\rc"), 6U);
  const std::size_t end = f.tell();
  f.seek(0);
  EXPECT_EQ(f.read(), "a\nb\n\nc");
  EXPECT_EQ(end, 6U);
  EXPECT_EQ(f.tell(), end);
  TextIOWrapper narrow(io, {.encoding = "ascii", .errors = "backslashreplace"});
  narrow.seek(0);
  EXPECT_EQ(narrow.write("é€"), 2U);
  EXPECT_EQ(narrow.tell(), 10U);
}

TEST(TextIOWrapper, OverseekThenWritePadsWithNuls) {
  for (const std::string_view encoding : kWide) {
    BytesIO io(detail::encode("é\n", encoding));
    TextIOWrapper f(io, {.encoding = encoding});
    EXPECT_EQ(f.seek(4), 4U) << encoding;
    EXPECT_EQ(f.tell(), 4U) << encoding;
    EXPECT_EQ(f.read(), "") << encoding;
    EXPECT_EQ(f.write("z"), 1U) << encoding;
    f.seek(0);
    EXPECT_EQ(f.read(), "é\n\0\0z"s) << encoding;
  }
}

TEST(TextIOWrapper, TruncateCutsAtACodePointAndDoesNotMove) {
  for (const std::string_view encoding : kWide) {
    BytesIO io(detail::encode("é\n€😀xyz", encoding));
    TextIOWrapper f(io, {.encoding = encoding});
    EXPECT_EQ(f.read(5), "é\n€😀x") << encoding;
    EXPECT_EQ(f.truncate(6), 6U) << encoding;
    EXPECT_EQ(f.tell(), 5U) << encoding;
    EXPECT_EQ(f.read(), "y") << encoding;
    EXPECT_EQ(f.truncate(3), 3U) << encoding;
    EXPECT_EQ(f.tell(), 6U) << encoding;
    EXPECT_EQ(content(io), detail::encode("é\n€", encoding)) << encoding;
    EXPECT_EQ(f.write("w"), 1U) << encoding;
    f.seek(0);
    EXPECT_EQ(f.read(), "é\n€\0\0\0w"s) << encoding;
    f.seek(1);
    EXPECT_EQ(f.truncate(), 1U) << encoding;
    EXPECT_EQ(content(io).size(), detail::encode("é", encoding).size()) << encoding;
  }
}

TEST(TextIOWrapper, PlacesThatWereCutOffAreForgotten) {
  BytesIO io;
  TextIOWrapper f(io);
  for (int i = 0; i < 10000; ++i) f.write("é");
  f.truncate(1);
  f.seek(9000);
  f.write("x");
  f.flush();
  EXPECT_EQ(content(io), "é" + std::string(8999, '\0') + "x");
}

TEST(TextIOWrapper, AMarkIsWrittenAtTheBeginningOnly) {
  BytesIO io;
  TextIOWrapper f(io, {.encoding = "utf-16"});
  f.write("a");
  f.write("b");
  f.seek(0);
  f.write("c");
  f.seek(0, Whence::End);
  f.write("d");
  f.flush();
  EXPECT_EQ(content(io), "\xff\xfe\x63\0\x62\0\x64\0"s);
  TextIOWrapper more(io, {.encoding = "utf-16"});
  more.write("e");
  more.flush();
  EXPECT_EQ(content(io), "\xff\xfe\x63\0\x62\0\x64\0\x65\0"s);
  PiecewiseStream pipe("", 100, false);
  TextIOWrapper out(pipe, {.encoding = "utf-8-sig"});
  out.write("a");
  out.write("b");
  out.flush();
  EXPECT_EQ(pipe.sent, "\xef\xbb\xbf\x61\x62");
}

TEST(TextIOWrapper, LineBufferingAndWriteThroughHandOnAsPythonDoes) {
  BytesIO io;
  TextIOWrapper f(io, {.line_buffering = true});
  f.write("abc");
  EXPECT_EQ(content(io), "");
  f.write("d\n");
  EXPECT_EQ(content(io), "abcd\n");
  f.write("e\r");
  EXPECT_EQ(content(io), "abcd\ne\r");
  f.write("g");
  f.reconfigure({.write_through = true});
  EXPECT_EQ(content(io), "abcd\ne\rg");
  f.write("h");
  EXPECT_EQ(content(io), "abcd\ne\rgh");
  EXPECT_TRUE(f.line_buffering());
  EXPECT_TRUE(f.write_through());
  BytesIO large;
  TextIOWrapper g(large);
  g.write(std::string(kDefaultBufferSize - 1, 'x'));
  EXPECT_EQ(content(large).size(), 0U);
  g.write("y");
  EXPECT_EQ(content(large).size(), kDefaultBufferSize);
}

TEST(TextIOWrapper, WhatTheStreamRefusedIsTriedAgain) {
  PiecewiseStream stream("", 2);
  TextIOWrapper f(stream);
  f.write("abc");
  stream.refuses_writes = true;
  EXPECT_THROW(f.flush(), std::runtime_error);
  f.write("de");
  stream.refuses_writes = false;
  f.flush();
  EXPECT_EQ(stream.data, "abcde");
}

TEST(TextIOWrapper, WhatAFailingStreamTookIsNotSentAgain) {
  TestStream stream("", {.fail_write_at = 2});
  TextIOWrapper f(stream);
  f.write("abc");
  EXPECT_THROW(f.flush(), std::system_error);
  stream.options.fail_write_at = npos;
  f.flush();
  EXPECT_EQ(stream.data(), "abc");
}

TEST(TextIOWrapper, TextTheEncodingHasNoPlaceForIsNotWritten) {
  BytesIO io;
  TextIOWrapper f(io, {.encoding = "ascii"});
  f.write("ok");
  EXPECT_EQ(message_of<UnicodeEncodeError>([&] { f.write("aé"); }),
            "'ascii' codec can't encode character '\\xe9' in position 1: "
            "ordinal not in range(128)");
  EXPECT_THROW(f.write("a\xff"), UnicodeDecodeError);
  EXPECT_EQ(f.tell(), 2U);
  f.flush();
  EXPECT_EQ(content(io), "ok");
}

TEST(TextIOWrapper, AStreamWrappedInItsMiddleCountsFromItsBeginning) {
  for (const std::string_view encoding : {"utf-8", "utf-16-le"}) {
    BytesIO io(detail::encode("é\r\n€😀z", encoding));
    io.seek(static_cast<std::ptrdiff_t>(detail::encode("é\r\n€", encoding).size()));
    TextIOWrapper f(io, {.encoding = encoding});
    EXPECT_EQ(f.read(1), "😀") << encoding;
    EXPECT_EQ(f.tell(), 4U) << encoding;
    EXPECT_EQ(f.read(), "z") << encoding;
    EXPECT_EQ(f.seek(2), 2U) << encoding;
    EXPECT_EQ(f.read(2), "€😀") << encoding;
    EXPECT_EQ(f.seek(0), 0U) << encoding;
    EXPECT_EQ(f.read(), "é\n€😀z") << encoding;
  }
}

TEST(TextIOWrapper, AStreamThatCannotSeekIsReadAndWrittenAllTheSame) {
  PiecewiseStream pipe("one\r\ntwo", 3, false);
  TextIOWrapper f(pipe);
  EXPECT_EQ(f.readline(), "one\n");
  f.write("reply\n");
  EXPECT_EQ(f.read(), "two");
  EXPECT_EQ(pipe.sent, "reply\n");
  const std::string message = "underlying stream is not seekable";
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { static_cast<void>(f.tell()); }), message);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.seek(0); }), message);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.truncate(); }), message);
  EXPECT_FALSE(f.seekable());
}

TEST(TextIOWrapper, ReconfigureChangesWhatHasNotBeenReadYet) {
  BytesIO io("a\xe9\r\n");
  TextIOWrapper f(io);
  f.reconfigure({.encoding = "latin-1", .newline = ""});
  EXPECT_EQ(f.encoding(), "latin-1");
  EXPECT_EQ(f.read(), "aé\r\n");
  const std::string message =
      "It is not possible to set the encoding or newline of stream after the first read";
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.reconfigure({.encoding = "ascii"}); }),
            message);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.reconfigure({.newline = "\n"}); }), message);
  f.reconfigure({.line_buffering = true});
  f.seek(0);
  f.reconfigure({.encoding = "ascii", .errors = "replace"});
  EXPECT_EQ(f.errors(), "replace");
  EXPECT_EQ(f.read(), "a\ufffd\r\n");
  f.seek(0);
  f.reconfigure({.encoding = "ascii"});
  EXPECT_EQ(f.errors(), "strict");
  EXPECT_THROW(f.reconfigure({.encoding = "nope"}), std::invalid_argument);
  EXPECT_EQ(f.encoding(), "ascii");
}

TEST(TextIOWrapper, CloseClosesWhatItOwnsAndFlushesWhatItBorrows) {
  PiecewiseStream borrowed("", 10);
  TextIOWrapper f(borrowed);
  f.write("text");
  f.close();
  f.close();
  EXPECT_TRUE(f.closed());
  EXPECT_FALSE(borrowed.closed());
  EXPECT_EQ(borrowed.data, "text");
  EXPECT_EQ(borrowed.flushes, 1U);
  std::string fate;
  auto owned = std::make_unique<PiecewiseStream>("", 10);
  owned->report_to(fate);
  TextIOWrapper g(std::move(owned));
  g.close();
  EXPECT_EQ(fate, "closed");
}

TEST(TextIOWrapper, ADestructorHandsOnWhatWasWritten) {
  PiecewiseStream stream("", 10);
  { TextIOWrapper(stream).write("gone?"); }
  EXPECT_EQ(stream.data, "gone?");
  EXPECT_FALSE(stream.closed());
  {
    PiecewiseStream other("", 10);
    TextIOWrapper f(stream);
    f.write(" no");
    f = TextIOWrapper(other);
    EXPECT_EQ(stream.data, "gone? no");
  }
  stream.refuses_writes = true;
  { TextIOWrapper(stream).write("lost"); }
}

TEST(TextIOWrapper, DetachGivesTheStreamBack) {
  TextIOWrapper f(std::make_unique<PiecewiseStream>("", 10));
  f.write("é");
  StreamHandle stream = f.detach();
  EXPECT_TRUE(stream.owns());
  EXPECT_EQ(dynamic_cast<PiecewiseStream&>(*stream).data, "é");
  EXPECT_TRUE(f.closed());
  EXPECT_THROW(f.detach(), ClosedError);
}

TEST(TextIOWrapper, MovesItsWholeState) {
  BytesIO io("é\n€z");
  TextIOWrapper f(io);
  EXPECT_EQ(f.readline(), "é\n");
  TextIOWrapper g(std::move(f));
  EXPECT_EQ(g.tell(), 2U);
  EXPECT_EQ(g.read(1), "€");
  BytesIO other;
  TextIOWrapper h(other);
  h = std::move(g);
  EXPECT_EQ(h.read(), "z");
  EXPECT_EQ(&h.buffer(), &io);
}

TEST(TextIOWrapper, RefusesEverythingWhenClosed) {
  const std::vector<std::pair<const char*, void (*)(TextIOWrapper&)>> calls = {
      {"read", [](TextIOWrapper& s) { static_cast<void>(s.read()); }},
      {"readline", [](TextIOWrapper& s) { static_cast<void>(s.readline()); }},
      {"readlines", [](TextIOWrapper& s) { static_cast<void>(s.readlines()); }},
      {"write", [](TextIOWrapper& s) { s.write(""); }},
      {"writelines", [](TextIOWrapper& s) { s.writelines(Lines()); }},
      {"seek", [](TextIOWrapper& s) { s.seek(0); }},
      {"tell", [](TextIOWrapper& s) { static_cast<void>(s.tell()); }},
      {"truncate", [](TextIOWrapper& s) { s.truncate(); }},
      {"flush", [](TextIOWrapper& s) { s.flush(); }},
      {"readable", [](TextIOWrapper& s) { static_cast<void>(s.readable()); }},
      {"writable", [](TextIOWrapper& s) { static_cast<void>(s.writable()); }},
      {"seekable", [](TextIOWrapper& s) { static_cast<void>(s.seekable()); }},
      {"isatty", [](TextIOWrapper& s) { static_cast<void>(s.isatty()); }},
      {"fileno", [](TextIOWrapper& s) { static_cast<void>(s.fileno()); }},
      {"buffer", [](TextIOWrapper& s) { static_cast<void>(s.buffer()); }},
      {"detach", [](TextIOWrapper& s) { s.detach(); }},
      {"reconfigure", [](TextIOWrapper& s) { s.reconfigure({.line_buffering = true}); }},
  };
  BytesIO io("abc");
  TextIOWrapper closed(io);
  closed.close();
  BytesIO gone("abc");
  TextIOWrapper over_closed(gone);
  gone.close();
  TextIOWrapper moved_from(io);
  TextIOWrapper(std::move(moved_from));
  for (TextIOWrapper* f : {&closed, &over_closed, &moved_from}) {
    for (const auto& [name, call] : calls) {
      EXPECT_EQ(message_of<ClosedError>([&, run = call] { run(*f); }),
                "I/O operation on closed file.")
          << name;
    }
    f->close();
  }
  EXPECT_THROW(TextIOWrapper{gone}, ClosedError);
}

TEST(TextIOWrapper, RefusesUnknownNames) {
  BytesIO io;
  EXPECT_EQ(message_of<std::invalid_argument>([&] { TextIOWrapper(io, {.encoding = "nope"}); }),
            "unknown encoding: nope");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { TextIOWrapper(io, {.errors = "nope"}); }),
            "unknown error handler name 'nope'");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { TextIOWrapper(io, {.newline = "x"}); }),
            "illegal newline value: 'x'");
}

TEST(TextIOWrapper, SeekAllowsWhatPythonAllows) {
  BytesIO io("é€");
  TextIOWrapper f(io);
  EXPECT_EQ(f.seek(0, Whence::End), 2U);
  EXPECT_EQ(f.seek(0, Whence::Current), 2U);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.seek(1, Whence::Current); }),
            "can't do nonzero cur-relative seeks");
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.seek(1, Whence::End); }),
            "can't do nonzero end-relative seeks");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { f.seek(-1); }), "negative seek position -1");
  EXPECT_EQ(f.tell(), 2U);
}

/// In an encoding of fixed width a write replaces code points, so the plain model applies.
void compare_with_model(unsigned seed, std::string_view encoding, std::size_t piece,
                        test::TextCounts& ran) {
  std::mt19937 random(seed);
  const bool ascii = encoding == "latin-1" || encoding == "utf-8";
  test::TextModel model;
  model.text = test::random_text(random, random() % 2 == 0 ? 30 : piece < 1000 ? 500 : 9000, ascii);
  PiecewiseStream stream(detail::encode(test::to_utf8(model.text), encoding), piece);
  TextIOWrapper f(stream, {.encoding = encoding, .newline = "\n"});
  for (int step = 0; step < 300; ++step) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(step));
    test::step_both(random, ascii, 8, f, model, ran);
    if (testing::Test::HasFatalFailure()) return;
    if (step % 16 == 0) {
      f.flush();
      ASSERT_EQ(stream.data, detail::encode(test::to_utf8(model.text), encoding));
    }
  }
}

TEST(TextIOWrapper, DoesWhatTheModelDoes) {
  const unsigned first = std::random_device()();
  std::cout << "first seed " << first << "\n";
  test::TextCounts ran;
  constexpr std::string_view kFixed[] = {"utf-32-le", "latin-1", "utf-8", "utf-32-be"};
  constexpr std::size_t kPieces[] = {1, 7, 1000, kDefaultBufferSize};
  for (unsigned i = 0; i < 400 && !HasFatalFailure(); ++i) {
    compare_with_model(first + i, kFixed[i % 4], kPieces[i / 4 % 4], ran);
  }
  test::expect_every_cell(ran, test::kTextStates);
  EXPECT_EQ(ran.size(), 5U);
}

TEST(TextIOWrapper, AFailedAllocationLosesNoText) {
  const std::string text = long_text(20'000, 9);
  struct Subject {
    std::unique_ptr<BytesIO> io;
    TextIOWrapper f;
  };
  const auto prepare = [&] {
    auto io = std::make_unique<BytesIO>(text);
    TextIOWrapper f(*io, {.newline = "\n"});
    static_cast<void>(f.read(3));
    return Subject{std::move(io), std::move(f)};
  };
  const std::string_view rest = std::string_view(text).substr(detail::point_offset(text, 3));
  const auto check = [&](Subject& s) {
    EXPECT_EQ(s.f.tell(), 3U);
    EXPECT_EQ(s.f.read(), rest);
  };
  EXPECT_GE(test::fail_each_allocation(
                prepare, [](Subject& s) { static_cast<void>(s.f.read()); }, check),
            2U);
  EXPECT_GE(test::fail_each_allocation(
                prepare, [](Subject& s) { static_cast<void>(s.f.read(15'000)); }, check),
            2U);
  EXPECT_GE(test::fail_each_allocation(
                prepare, [](Subject& s) { s.f.seek(18'000); }, check),
            1U);
  EXPECT_GE(
      test::fail_each_allocation(
          prepare, [](Subject& s) { s.f.write(std::string_view("a much longer piece of text")); },
          check),
      1U);
}

}  // namespace
}  // namespace quire
