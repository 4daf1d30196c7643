// StringIO: Python's io.StringIO, to the letter.
#include "quire/string_io.h"

#include <chrono>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/detail/codec.h"
#include "quire/error.h"
#include "support/allocation_failure.h"
#include "support/test_stream.h"
#include "support/text_model.h"
#include "support/text_steps.h"

namespace quire {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::message_of;
using Lines = std::vector<std::string>;

static_assert(std::is_nothrow_move_constructible_v<StringIO>);
static_assert(std::is_nothrow_move_assignable_v<StringIO>);
static_assert(std::is_nothrow_destructible_v<StringIO>);
static_assert(!std::is_copy_constructible_v<StringIO>);
static_assert(!std::is_convertible_v<std::string, StringIO>);

TEST(StringIO, StartsAtTheBeginningOfItsInitialText) {
  StringIO f("one\ntwo");
  EXPECT_EQ(f.tell(), 0U);
  EXPECT_EQ(f.readline(), "one\n");
  EXPECT_EQ(f.tell(), 4U);
  EXPECT_EQ(f.read(), "two");
  EXPECT_EQ(f.read(), "");
  EXPECT_EQ(f.getvalue(), "one\ntwo");
}

TEST(StringIO, WritesOverCodePointsNotBytes) {
  StringIO f("aé€z");
  f.seek(1);
  EXPECT_EQ(f.write("😀b"), 2U);
  EXPECT_EQ(f.getvalue(), "a😀bz");
  EXPECT_EQ(f.tell(), 3U);
  EXPECT_EQ(f.read(), "z");
  EXPECT_EQ(f.size(), 4U);
}

TEST(StringIO, ReadCountsCodePoints) {
  StringIO f("é€😀x");
  EXPECT_EQ(f.read(0), "");
  EXPECT_EQ(f.read(2), "é€");
  EXPECT_EQ(f.read(1), "😀");
  EXPECT_EQ(f.read(100), "x");
  EXPECT_EQ(f.tell(), 4U);
}

TEST(StringIO, OverseekThenWritePadsWithNuls) {
  StringIO f("é");
  EXPECT_EQ(f.seek(3), 3U);
  EXPECT_EQ(f.read(), "");
  EXPECT_EQ(f.readline(), "");
  EXPECT_EQ(f.write(""), 0U);
  EXPECT_EQ(f.getvalue(), "é");
  EXPECT_EQ(f.write("x"), 1U);
  EXPECT_EQ(f.getvalue(), "é\0\0x"s);
  EXPECT_EQ(f.tell(), 4U);
}

TEST(StringIO, TruncateCutsAndDoesNotMove) {
  StringIO f("é€😀x");
  f.seek(2);
  EXPECT_EQ(f.truncate(), 2U);
  EXPECT_EQ(f.getvalue(), "é€");
  EXPECT_EQ(f.truncate(1), 1U);
  EXPECT_EQ(f.tell(), 2U);
  EXPECT_EQ(f.truncate(9), 9U);
  EXPECT_EQ(f.getvalue(), "é");
  EXPECT_EQ(f.write("z"), 1U);
  EXPECT_EQ(f.getvalue(), "é\0z"s);
}

struct NewlineRow {
  Newline newline;
  std::string name;
  std::string initial;
  Lines lines;
  std::string written;
  std::vector<std::string_view> seen;
};

// What io.StringIO("a\r\nb\rc\nd", newline) gives, then writing "x\ny\r\nz\r" and "\nq" at its end.
TEST(StringIO, TranslatesNewlinesAsPython) {
  const std::vector<std::string_view> all = {"\r", "\n", "\r\n"};
  const std::vector<NewlineRow> rows = {
      {std::nullopt, "None", "a\nb\nc\nd", {"a\n", "b\n", "c\n", "d"}, "x\ny\nz\n\nq", all},
      {"", "\"\"", "a\r\nb\rc\nd", {"a\r\n", "b\r", "c\n", "d"}, "x\ny\r\nz\r\nq", all},
      {"\n", "\\n", "a\r\nb\rc\nd", {"a\r\n", "b\rc\n", "d"}, "x\ny\r\nz\r\nq", {}},
      {"\r", "\\r", "a\r\rb\rc\rd", {"a\r", "\r", "b\r", "c\r", "d"}, "x\ry\r\rz\r\rq", {}},
      {"\r\n",
       "\\r\\n",
       "a\r\r\nb\rc\r\nd",
       {"a\r\r\n", "b\rc\r\n", "d"},
       "x\r\ny\r\r\nz\r\r\nq",
       {}},
  };
  for (const NewlineRow& row : rows) {
    StringIO f("a\r\nb\rc\nd", row.newline);
    EXPECT_EQ(f.getvalue(), row.initial) << row.name;
    EXPECT_EQ(f.newlines(), row.seen) << row.name;
    EXPECT_EQ(f.readlines(), row.lines) << row.name;
    EXPECT_EQ(f.write("x\ny\r\nz\r"), 7U) << row.name;
    EXPECT_EQ(f.write("\nq"), 2U) << row.name;
    EXPECT_EQ(f.getvalue(), row.initial + row.written) << row.name;
  }
}

TEST(StringIO, KeepsCsvRowsAsTheyAreWithAnEmptyNewline) {
  StringIO f("", "");
  f.write("a,b\r\n");
  f.write("1,\"two\nlines\"\r\n");
  f.seek(0);
  EXPECT_EQ(f.readlines(), (Lines{"a,b\r\n", "1,\"two\n", "lines\"\r\n"}));
  EXPECT_EQ(f.getvalue(), "a,b\r\n1,\"two\nlines\"\r\n");
}

TEST(StringIO, ReadlineStopsAtItsLimitEvenInsideAnEnding) {
  StringIO f("é€\r\n😀", "");
  EXPECT_EQ(f.readline(0), "");
  EXPECT_EQ(f.readline(1), "é");
  EXPECT_EQ(f.readline(2), "€\r");
  EXPECT_EQ(f.readline(5), "\n");
  EXPECT_EQ(f.readline(5), "😀");
}

TEST(StringIO, ReadlinesStopsBehindItsHint) {
  for (const auto& [hint, count] : std::map<std::ptrdiff_t, std::size_t>{
           {-1, 3}, {0, 3}, {1, 1}, {2, 1}, {3, 2}, {5, 2}, {6, 3}, {99, 3}}) {
    StringIO f("éb\ncd\nef");
    EXPECT_EQ(f.readlines(hint).size(), count) << hint;
  }
}

TEST(StringIO, IteratesOverLines) {
  StringIO f("one\ntwo\n\nend");
  Lines lines;
  for (const std::string& line : f) lines.push_back(line);
  EXPECT_EQ(lines, (Lines{"one\n", "two\n", "\n", "end"}));
}

TEST(StringIO, WritelinesAddsNothing) {
  StringIO f;
  f.writelines(Lines{"a", "b\n", "c"});
  f.writelines(std::vector<std::string_view>{"d"});
  EXPECT_EQ(f.getvalue(), "ab\ncd");
}

TEST(StringIO, SeekAllowsWhatPythonAllows) {
  StringIO f("é€😀");
  EXPECT_EQ(f.seek(0, Whence::End), 3U);
  EXPECT_EQ(f.seek(1), 1U);
  EXPECT_EQ(f.seek(0, Whence::Current), 1U);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.seek(1, Whence::Current); }),
            "can't do nonzero cur-relative seeks");
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { f.seek(-1, Whence::End); }),
            "can't do nonzero end-relative seeks");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { f.seek(-1); }), "negative seek position -1");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { f.seek(0, static_cast<Whence>(3)); }),
            "invalid whence (3, should be 0, 1 or 2)");
  EXPECT_EQ(f.tell(), 1U);
  EXPECT_EQ(f.read(), "€😀");
}

TEST(StringIO, RefusesAPositionThatNoTextCanReach) {
  StringIO f("abc");
  EXPECT_EQ(f.seek(PTRDIFF_MAX), static_cast<std::size_t>(PTRDIFF_MAX));
  EXPECT_THROW(f.write("x"), std::length_error);
  EXPECT_EQ(f.getvalue(), "abc");
}

TEST(StringIO, RefusesTextThatIsNotUtf8) {
  StringIO f("é");
  f.seek(1);
  EXPECT_EQ(message_of<UnicodeDecodeError>([&] { f.write("ab\xff"); }),
            "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte");
  EXPECT_THROW(f.write("\xed\xa0\x80"), UnicodeDecodeError);
  EXPECT_THROW(f.write("\xe2\x82"), UnicodeDecodeError);
  EXPECT_THROW(StringIO("\x80"), UnicodeDecodeError);
  EXPECT_EQ(f.getvalue(), "é");
  EXPECT_EQ(f.tell(), 1U);
}

TEST(StringIO, RefusesAnUnknownNewline) {
  EXPECT_EQ(message_of<std::invalid_argument>([] { StringIO("", "x"); }),
            "illegal newline value: 'x'");
  EXPECT_EQ(message_of<std::invalid_argument>([] { StringIO("", "\n\r"); }),
            "illegal newline value: '\\n\\r'");
}

TEST(StringIO, HasTheAttributesOfPython) {
  StringIO f;
  EXPECT_TRUE(f.readable());
  EXPECT_TRUE(f.writable());
  EXPECT_TRUE(f.seekable());
  EXPECT_FALSE(f.isatty());
  EXPECT_FALSE(f.line_buffering());
  EXPECT_EQ(f.encoding(), std::nullopt);
  EXPECT_EQ(f.errors(), std::nullopt);
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { static_cast<void>(f.fileno()); }), "fileno");
  f.flush();
}

TEST(StringIO, RefusesEverythingWhenClosed) {
  StringIO f("abc");
  EXPECT_FALSE(f.closed());
  f.close();
  f.close();
  EXPECT_TRUE(f.closed());
  const std::vector<std::pair<const char*, void (*)(StringIO&)>> calls = {
      {"read", [](StringIO& s) { static_cast<void>(s.read()); }},
      {"readline", [](StringIO& s) { static_cast<void>(s.readline()); }},
      {"readlines", [](StringIO& s) { static_cast<void>(s.readlines()); }},
      {"write", [](StringIO& s) { s.write(""); }},
      {"writelines", [](StringIO& s) { s.writelines(Lines()); }},
      {"seek", [](StringIO& s) { s.seek(0); }},
      {"tell", [](StringIO& s) { static_cast<void>(s.tell()); }},
      {"truncate", [](StringIO& s) { s.truncate(); }},
      {"flush", [](StringIO& s) { s.flush(); }},
      {"getvalue", [](StringIO& s) { static_cast<void>(s.getvalue()); }},
      {"moved getvalue", [](StringIO& s) { static_cast<void>(std::move(s).getvalue()); }},
      {"size", [](StringIO& s) { static_cast<void>(s.size()); }},
      {"readable", [](StringIO& s) { static_cast<void>(s.readable()); }},
      {"writable", [](StringIO& s) { static_cast<void>(s.writable()); }},
      {"seekable", [](StringIO& s) { static_cast<void>(s.seekable()); }},
      {"isatty", [](StringIO& s) { static_cast<void>(s.isatty()); }},
      {"newlines", [](StringIO& s) { static_cast<void>(s.newlines()); }},
      {"line_buffering", [](StringIO& s) { static_cast<void>(s.line_buffering()); }},
      {"begin", [](StringIO& s) { static_cast<void>(s.begin()); }},
  };
  for (const auto& [name, call] : calls) {
    EXPECT_EQ(message_of<ClosedError>([&, run = call] { run(f); }), "I/O operation on closed file.")
        << name;
  }
}

TEST(StringIO, MovesItsWholeState) {
  StringIO f("é€\nx", "\r");
  f.seek(1);
  StringIO g = std::move(f);
  EXPECT_EQ(g.tell(), 1U);
  EXPECT_EQ(g.readline(), "€\r");
  EXPECT_EQ(g.write("\n"), 1U);
  StringIO h;
  h = std::move(g);
  EXPECT_EQ(std::move(h).getvalue(), "é€\r\r");
  h.write("again\n");
  EXPECT_EQ(h.getvalue(), "again\n");
}

/// Writes, seeks, reads and cuts at random; every result must be the model's.
void compare_with_model(unsigned seed, const std::optional<std::u32string>& newline, bool ascii,
                        std::size_t longest, test::TextCounts& ran) {
  std::mt19937 random(seed);
  test::TextModel model;
  model.newline = newline;
  const std::string spelled = newline ? test::to_utf8(*newline) : "";
  const Newline mode = newline ? Newline(spelled) : Newline(std::nullopt);
  const std::u32string initial = test::random_text(random, longest, ascii);
  StringIO f(test::to_utf8(initial), mode);
  model.write(initial);
  model.position = 0;
  for (int step = 0; step < 400; ++step) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(step));
    test::step_both(random, ascii, 700, f, model, ran);
    if (testing::Test::HasFatalFailure()) return;
    ASSERT_EQ(f.size(), model.text.size());
    if (step % 8 == 0) {
      ASSERT_EQ(f.getvalue(), test::to_utf8(model.text));
    }
  }
  ASSERT_EQ(f.getvalue(), test::to_utf8(model.text)) << "seed " << seed;
}

TEST(StringIO, DoesWhatTheModelDoes) {
  const unsigned first = std::random_device()();
  std::cout << "first seed " << first << "\n";
  const std::optional<std::u32string> modes[] = {std::nullopt, U"", U"\n", U"\r", U"\r\n"};
  test::TextCounts ran;
  for (unsigned i = 0; i < 400 && !HasFatalFailure(); ++i) {
    compare_with_model(first + i, modes[i % 5], i % 3 == 0, i % 2 == 0 ? 40 : 3000, ran);
  }
  test::expect_every_cell(ran, test::kTextStates);
  EXPECT_EQ(ran.size(), 5U);
}

/// Best of three.
template <class F>
double seconds(F f) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// Without the index 2000 seeks would be 2000 scans.
TEST(StringIO, RetainsWhatItsTextTakes) {
  StringIO f;
  EXPECT_EQ(f.retained_bytes(), 0u);
  f.write("short");
  EXPECT_EQ(f.retained_bytes(), 0u) << "that is in the object";
  f.write(std::string(100'000, 'x'));
  EXPECT_GE(f.retained_bytes(), 100'005u);
  EXPECT_LE(f.retained_bytes(), 200'100u);
  const std::size_t ascii = f.retained_bytes();
  f.write("\u00e9");
  f.seek(100'004);  // looks for where its code points are
  EXPECT_GT(f.retained_bytes(), ascii);
  f.close();
  EXPECT_EQ(f.retained_bytes(), 0u);
}

TEST(StringIO, SeekDoesNotScan) {
  std::string text;
  for (int i = 0; i < 500'000; ++i) text += "é€z";
  StringIO f(text);
  const double scan = seconds([&] { EXPECT_EQ(detail::count_points(text), 1'500'000U); });
  std::mt19937 random(1);
  const double seeks = seconds([&] {
    for (int i = 0; i < 2000; ++i) {
      const std::size_t at = 1'000'000 + random() % 400'000;
      f.seek(static_cast<std::ptrdiff_t>(at));
      ASSERT_EQ(f.read(1), at % 3 == 0 ? "é" : at % 3 == 1 ? "€" : "z");
    }
  });
  EXPECT_LT(seeks, 100 * scan) << "one scan takes " << scan << " s";
}

// A text with one kind of ending only must not be searched to its end for the others.
TEST(StringIO, ReadlineDoesNotSearchTheWholeText) {
  const auto seconds_of = [](std::string_view ending, Newline newline) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text.append("line").append(ending);
    StringIO f(text, newline);
    return seconds([&] {
      f.seek(0);
      ASSERT_EQ(f.readlines().size(), 200'000U);
    });
  };
  // Searching to the end for each line would take thousands of times as long.
  const double plain = seconds_of("\n", "\n");
  for (const std::string_view ending : {"\r", "\n", "\r\n"}) {
    EXPECT_LT(seconds_of(ending, ""), 100 * plain) << testing::PrintToString(std::string(ending));
  }
}

TEST(StringIO, AFailedAllocationChangesNothing) {
  const std::string initial(600, 'x');
  const auto prepare = [&] {
    StringIO f("é" + initial, std::nullopt);
    f.seek(601);
    return f;
  };
  const std::string more = std::string(3000, 'y') + "\r€";
  const std::size_t writes = test::fail_each_allocation(
      prepare, [&](StringIO& f) { f.write(more); },
      [&](StringIO& f) {
        EXPECT_EQ(f.tell(), 601U);
        EXPECT_EQ(f.newlines().size(), 0U);
        EXPECT_EQ(f.getvalue(), "é" + initial);
      });
  const std::size_t gaps = test::fail_each_allocation(
      [&] {
        StringIO f = prepare();
        f.seek(5000);
        return f;
      },
      [&](StringIO& f) { f.write("z"); },
      [&](StringIO& f) {
        EXPECT_EQ(f.tell(), 5000U);
        EXPECT_EQ(f.getvalue(), "é" + initial);
      });
  const std::size_t seeks = test::fail_each_allocation(
      [&] {
        StringIO f = prepare();
        f.seek(1);
        return f;
      },
      [&](StringIO& f) { f.seek(590); },
      [&](StringIO& f) {
        EXPECT_EQ(f.tell(), 1U);
        EXPECT_EQ(f.read(), initial);
      });
  const std::size_t reads = test::fail_each_allocation(
      [&] {
        StringIO f = prepare();
        f.seek(0);
        return f;
      },
      [](StringIO& f) { static_cast<void>(f.readline()); },
      [](StringIO& f) { EXPECT_EQ(f.tell(), 0U); });
  EXPECT_GE(writes, 2U);
  EXPECT_GE(gaps, 1U);
  EXPECT_GE(seeks, 1U);
  EXPECT_GE(reads, 1U);
}

}  // namespace
}  // namespace quire
