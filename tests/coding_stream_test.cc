// EncodingStream and DecodingStream with a small format of their own: what a coder need not care about.
#include "quire/coding_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/ledger.h"
#include "quire/spooled_io.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<EncodingStream>);
static_assert(std::is_nothrow_move_assignable_v<EncodingStream>);
static_assert(std::is_nothrow_move_constructible_v<DecodingStream>);
static_assert(std::is_nothrow_move_assignable_v<DecodingStream>);

constexpr char kDigits[] = "0123456789abcdef";

/// Hexadecimal digits in groups of five bytes, "(6162636465)", and a full stop at the end.
class HexEncoder : public Encoder {
 public:
  explicit HexEncoder(std::size_t least_room = 1, std::size_t fails_at = npos)
      : least_room_(least_room), fails_at_(fails_at) {}

  [[nodiscard]] std::size_t least_room() const noexcept override { return least_room_; }

  Step encode(ByteSpan data, MutableByteSpan room, Goal goal) override {
    EXPECT_GE(room.size(), least_room_);
    EXPECT_TRUE(goal == Goal::Go || data.empty());
    Step step;
    for (;;) {
      const std::size_t count = std::min(waiting_.size(), room.size() - step.made);
      std::memcpy(room.data() + step.made, waiting_.data(), count);
      waiting_.erase(0, count);
      step.made += count;
      if (!waiting_.empty()) return step;
      if (step.taken < data.size()) {
        if (++seen_ > fails_at_) throw std::bad_alloc();
        group_ += static_cast<char>(data[step.taken++]);
        if (group_.size() == 5) end_group();
      } else if (goal != Goal::Go && !group_.empty()) {
        end_group();
      } else if (goal == Goal::End && !ended_) {
        waiting_ = ".";
        ended_ = true;
      } else {
        step.done = true;
        return step;
      }
    }
  }

 private:
  void end_group() {
    waiting_ = "(";
    for (const char c : group_) {
      waiting_ += kDigits[static_cast<unsigned char>(c) >> 4];
      waiting_ += kDigits[static_cast<unsigned char>(c) & 15];
    }
    waiting_ += ')';
    group_.clear();
  }

  std::size_t least_room_;
  std::size_t fails_at_;
  std::size_t seen_ = 0;
  string group_;
  string waiting_;
  bool ended_ = false;
};

class HexDecoder : public Decoder {
 public:
  explicit HexDecoder(Rest rest = Rest::Another) : rest_(rest) {}

  [[nodiscard]] const char* name() const noexcept override { return "hex"; }

  [[nodiscard]] Rest rest() const noexcept override { return rest_; }

  [[nodiscard]] std::size_t padding(ByteSpan bytes) const noexcept override {
    const std::size_t first = bytes.as_chars().find_first_not_of(' ');
    return first == npos ? bytes.size() : first;
  }

  Step decode(ByteSpan bytes, MutableByteSpan room) override {
    EXPECT_FALSE(room.empty());
    Step step;
    for (; step.taken < bytes.size() && step.made < room.size(); ++step.taken) {
      const char c = bytes.as_chars()[step.taken];
      if (c == '!') return step;  // a decoder that hangs
      if (c == '.' && !inside_) {
        ++step.taken;
        step.ended = true;
        return step;
      }
      if ((c == '(') == inside_ && (c == '(' || c == ')')) return wrong(step, "a wrong bracket");
      if (c == '(' || c == ')') {
        inside_ = c == '(';
        continue;
      }
      const auto* const digit = std::find(kDigits, kDigits + 16, c);
      if (digit == kDigits + 16 || !inside_) return wrong(step, "no digit");
      const auto value = static_cast<unsigned>(digit - kDigits);
      if (half_ < 0) {
        half_ = static_cast<int>(value);
      } else {
        room[step.made++] = static_cast<std::byte>(static_cast<unsigned>(half_) * 16 + value);
        half_ = -1;
      }
    }
    return step;
  }

  void restart() override {
    inside_ = false;
    half_ = -1;
  }

 private:
  static Step wrong(Step step, const char* what) {
    step.wrong = what;
    return step;
  }

  Rest rest_;
  bool inside_ = false;
  int half_ = -1;
};

class HexWriter : public EncodingStream {
 public:
  explicit HexWriter(StreamHandle inner, std::size_t least_room = 1, std::size_t fails_at = npos)
      : EncodingStream(std::move(inner), std::make_unique<HexEncoder>(least_room, fails_at)) {}
};

class HexReader : public DecodingStream {
 public:
  explicit HexReader(StreamHandle inner, Decoder::Rest rest = Decoder::Rest::Another,
                     const DecodingOptions& options = {})
      : DecodingStream(std::move(inner), std::make_unique<HexDecoder>(rest), options) {}
};

test::Filter hex(std::size_t least_room = 1) {
  test::Filter filter = test::filter_of<HexReader>("hex");
  filter.writer = [=](StreamHandle inner) {
    return std::make_unique<HexWriter>(std::move(inner), least_room);
  };
  return filter;
}

string encoded(const string& data) {
  return test::encode(hex(), data);
}

TEST(CodingStream, KeepsWhatFiltersPromise) {
  EXPECT_EQ(encoded("abcdefg"), "(6162636465)(6667).");
  test::expect_filter(hex());
  const test::Filter both = test::on(hex(3000), hex(100'000));
  for (const string& data : {string(), pattern(100), pattern(131'073)}) {
    test::expect_any_piece(both, data);
  }
  test::expect_errors_come_through(both);
  test::expect_manners(both);
  test::expect_cuts_refused<TruncatedError>(hex());
}

// --- encoding ------------------------------------------------------------------------------------

// Over every tier, and where bytes are overwritten first.
TEST(EncodingStream, PutsItsBytesIntoTheMemoryOfTheStreamUnderneath) {
  for (const auto tier : {StorageOptions::automatic, StorageOptions::heap, StorageOptions::paged}) {
    for (const std::size_t size : {0U, 1U, 1000U, 500'000U}) {
      for (const std::size_t piece : {3U, 5000U, 500'000U}) {
        const string data = pattern(size);
        const string expected = encoded(data);
        BytesIO target(StorageOptions{.tier = tier});
        target.write("0123456789 and more to be overwritten, or not");
        target.seek(5);
        HexWriter out(target);
        const Ledger before = thread_ledger();
        for (std::size_t at = 0; at < size; at += piece) {
          out.write(ByteSpan(data).subspan(at, std::min(piece, size - at)));
        }
        out.close();
        const auto written = (thread_ledger() - before).copied_for(CopyReason::Caller);
        EXPECT_EQ(written, expected.size()) << size << " by " << piece;
        EXPECT_EQ(target.tell(), 5 + expected.size());
        EXPECT_EQ(text(target.getvalue()).substr(5, expected.size()), expected);
        EXPECT_EQ(text(target.getvalue().slice(0, 5)), "01234");
      }
    }
  }
}

TEST(EncodingStream, SnapshotsOfTheStreamUnderneathNeverChange) {
  BytesIO target;
  HexWriter out(target);
  std::vector<std::pair<Bytes, string>> snapshots;
  for (int i = 0; i < 100; ++i) {
    out.write(pattern(37));
    snapshots.emplace_back(target.getvalue(), text(target.getvalue()));
  }
  out.close();
  for (const auto& [snapshot, was] : snapshots) EXPECT_EQ(text(snapshot), was);
}

TEST(EncodingStream, FollowsAStreamIntoItsFile) {
  const string data = pattern(100'000);
  SpooledIO target({.max_size = 10'000});
  HexWriter out(target);
  out.write(data);
  out.close();
  EXPECT_TRUE(target.rolled());
  EXPECT_EQ(text(target.getvalue()), encoded(data));
}

TEST(EncodingStream, FillsAFixedBufferToTheLastByte) {
  const string data = pattern(1000);
  const string expected = encoded(data);
  for (const std::size_t least_room : {1U, 2000U}) {
    for (const WhenFull when_full : {WhenFull::Throw, WhenFull::Short}) {
      std::vector<std::byte> memory(expected.size());
      BytesIO target = BytesIO::over(memory, when_full);
      HexWriter out(target, least_room);
      out.write(data);
      out.close();
      EXPECT_EQ(text(memory), expected);

      memory.pop_back();
      BytesIO small = BytesIO::over(memory, when_full);
      HexWriter cut(small, least_room);
      EXPECT_ANY_THROW({
        cut.write(data);
        cut.close();
      });
      EXPECT_EQ(text(memory), expected.substr(0, memory.size()));
    }
  }
}

// A stream with a limit was asked for more room than the data needed: what was to fit was refused.
TEST(EncodingStream, FillsAStreamUpToItsLimit) {
  const string data = pattern(1000);
  const string expected = encoded(data);
  for (const std::size_t least_room : {1U, 300U, 2000U, 100'000U}) {
    for (const std::size_t missing : {0U, 1U, 1500U}) {
      const std::size_t limit = expected.size() - missing;
      SCOPED_TRACE(std::to_string(limit) + " bytes, asked for " + std::to_string(least_room));
      std::vector<std::unique_ptr<BytesIO>> targets;
      targets.push_back(std::make_unique<BytesIO>(StorageOptions{.size_limit = limit}));
      targets.push_back(std::make_unique<SpooledIO>(SpooledOptions{.size_limit = limit}));
      targets.push_back(
          std::make_unique<SpooledIO>(SpooledOptions{.max_size = 500, .size_limit = limit}));
      for (const auto& target : targets) {
        HexWriter out(*target, least_room);
        const auto write = [&] {
          out.write(data);
          out.close();
        };
        if (missing == 0) {
          EXPECT_NO_THROW(write());
          EXPECT_EQ(text(target->getvalue()), expected);
        } else {
          EXPECT_THROW(write(), std::length_error);
          EXPECT_TRUE(expected.starts_with(text(target->getvalue())));
        }
      }
    }
  }
}

// What write_some() has taken is taken for good, and what the stream underneath refused comes again.
TEST(EncodingStream, GoesOnAfterAnErrorOfTheStreamUnderneath) {
  const string data = pattern(200'000);
  TestStream target("", {.fail_write_at = 100'000, .log = false});
  HexWriter out(target);
  std::size_t done = 0;
  int errors = 0;
  while (done < data.size()) {
    try {
      const std::size_t taken = out.write_some(ByteSpan(data).subspan(done));
      ASSERT_NE(taken, 0U);
      done += taken;
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), ENOSPC);
      if (++errors == 3) target.options.fail_write_at = npos;
    }
  }
  EXPECT_EQ(errors, 3);
  target.options.full_at = target.data().size();
  EXPECT_NE(message_of<std::system_error>([&] { out.flush(); }).find("takes no more"), npos);
  target.options.full_at = npos;
  out.flush();
  EXPECT_TRUE(test::decode(hex(), target.data() + ".") == data);
  out.close();
  EXPECT_TRUE(target.data() == encoded(data));
}

TEST(EncodingStream, FlushHandsOnAllThatWasWritten) {
  TestStream target;
  HexWriter out(target);
  out.write("ab");
  EXPECT_EQ(target.data(), "");
  out.flush();
  EXPECT_EQ(target.data(), "(6162)");
  EXPECT_EQ(target.take_log().back(), 'f');
  out.flush();
  EXPECT_EQ(target.data(), "(6162)") << "nothing new, nothing written";
  out.close();
  EXPECT_EQ(target.data(), "(6162).");
}

TEST(EncodingStream, IsOfNoUseOnceItsEncoderHasFailed) {
  TestStream target;
  {
    HexWriter out(target, 1, 7);
    EXPECT_THROW(out.write("abcdefghij"), std::bad_alloc);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(message_of<std::system_error>([&] { out.write("k"); }),
                "write: encoding has failed before: Input/output error");
      EXPECT_THROW(out.flush(), std::system_error);
    }
    EXPECT_THROW(out.close(), std::system_error);
    EXPECT_TRUE(out.closed());
    EXPECT_THROW(out.write("k"), ClosedError);
    out.close();
  }
  EXPECT_EQ(target.data(), "") << "an end would make it look whole";
  HexWriter dropped(target, 1, 7);
  EXPECT_THROW(dropped.write("abcdefghij"), std::bad_alloc);
}

TEST(EncodingStream, EndsWhenItGoes) {
  TestStream first;
  TestStream second;
  {
    HexWriter out(first);
    out.write("a");
    HexWriter moved = std::move(out);
    EXPECT_TRUE(out.closed());  // NOLINT(bugprone-use-after-move): what this is about
    moved.write("b");
    HexWriter other(second);
    other.write("c");
    moved = std::move(other);
    EXPECT_EQ(first.data(), "(6162).") << "assigned over";
    moved.write("d");
  }
  EXPECT_EQ(first.data(), "(6162).");
  EXPECT_EQ(second.data(), "(6364).");
}

TEST(EncodingStream, OnlyWrites) {
  TestStream target;
  HexWriter out(target);
  char c = 0;
  EXPECT_FALSE(out.readable());
  EXPECT_TRUE(out.writable());
  EXPECT_FALSE(out.seekable());
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { out.readinto({&c, 1}); }), "read");
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { static_cast<void>(out.read()); }), "read");
  EXPECT_THROW(out.seek(0), UnsupportedOperation);
  EXPECT_THROW(static_cast<void>(out.tell()), UnsupportedOperation);
  target.close();
  EXPECT_TRUE(out.closed()) << "by somebody else";
  EXPECT_THROW(out.write("x"), ClosedError);
  out.close();
  EXPECT_THROW(out.write("x"), ClosedError);
}

// --- decoding ------------------------------------------------------------------------------------

/// All that comes before an error or the end, and the error's message.
std::pair<string, string> read_until_error(Stream& stream) {
  string result;
  std::array<char, 7> room{};
  try {
    while (const std::size_t count = stream.readinto(room)) result.append(room.data(), count);
  } catch (const std::exception& error) {
    return {result, error.what()};
  }
  return {result, ""};
}

TEST(DecodingStream, TakesItsBytesFromTheMemoryOfTheStreamUnderneath) {
  const string data = pattern(300'000);
  BytesIO source{Bytes(encoded(data))};
  HexReader in(source);
  string room(data.size(), '\0');
  const Ledger before = thread_ledger();
  std::size_t done = 0;
  while (const std::size_t count = in.readinto(MutableByteSpan(room).subspan(done))) done += count;
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0U);
  EXPECT_TRUE(room == data);
}

// What a decoder must have in one piece, such as an encrypted message, it need not put together then.
TEST(DecodingStream, HandsOnAllThatABytesIOHasInOnePiece) {
  class Watching : public HexDecoder {
   public:
    explicit Watching(std::size_t& most) : most_(most) {}

    Step decode(ByteSpan bytes, MutableByteSpan room) override {
      most_ = std::max(most_, bytes.size());
      return HexDecoder::decode(bytes, room);
    }

   private:
    std::size_t& most_;
  };

  const string data = pattern(100'000);
  const string all = encoded(data);
  const auto most_at_once = [&](Stream& source) {
    std::size_t most = 0;
    DecodingStream stream(source, std::make_unique<Watching>(most));
    EXPECT_TRUE(text(stream.read()) == data);
    return most;
  };
  BytesIO bytes{Bytes(all)};
  EXPECT_EQ(most_at_once(bytes), all.size());
  SpooledIO spooled{Bytes(all)};
  EXPECT_EQ(most_at_once(spooled), all.size());
  TestStream other(all);
  EXPECT_EQ(most_at_once(other), 65536U) << "no more memory than that";
}

TEST(DecodingStream, ReadsOneBehindTheOther) {
  const string many = encoded("one, ") + encoded("") + "   " + encoded("two") + "  ";
  for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{2}, npos}) {
    for (const test::Way way : test::kWays) {
      EXPECT_EQ(test::decode(hex(), many, way, 3, most_a_call), "one, two");
    }
  }
  EXPECT_THROW(test::decode(hex(), many + "("), TruncatedError);
  EXPECT_THROW(test::decode(hex(), many + "x"), DataError);
}

TEST(DecodingStream, LeavesAloneWhatIsBehindTheOnlyOne) {
  const string both = encoded("data") + "something else";
  for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{5}, npos}) {
    for (const bool foreign : {false, true}) {
      for (const bool seekable : {true, false}) {
        TestStream source("begin" + both,
                          {.most_a_call = most_a_call, .log = false, .seekable = seekable});
        source.seek(5);
        HexReader in(source, foreign ? Decoder::Rest::Foreign : Decoder::Rest::Another,
                     {.only_first = !foreign});
        EXPECT_EQ(text(in.read(4)), "data");
        EXPECT_EQ(text(in.read()), "");
        const string rest = text(in.unused()) + text(source.read());
        EXPECT_EQ(rest, "something else") << most_a_call << foreign << seekable;
        EXPECT_TRUE(in.unused().empty() || !seekable);
        EXPECT_EQ(text(in.read()), "") << "the end stays the end";
      }
    }
  }
}

TEST(DecodingStream, KeepsWhatItCannotGiveBack) {
  class Stubborn : public BytesIO {
   public:
    using BytesIO::BytesIO;

    std::size_t seek(std::ptrdiff_t, Whence) override { detail::throw_errno(EIO, "seek"); }
  };
  Stubborn source(Bytes(encoded("data") + "rest"));
  HexReader in(source, Decoder::Rest::Foreign);
  EXPECT_EQ(text(in.read()), "data");
  EXPECT_EQ(text(in.unused()), "rest");
}

TEST(DecodingStream, RefusesWhatIsBehindAnEndThatMustBeTheLast) {
  const string once = encoded("data");
  BytesIO good{Bytes(once)};
  EXPECT_EQ(text(HexReader(good, Decoder::Rest::Nothing).read()), "data");
  for (const string& more : {string(" x"), string("x"), once}) {
    BytesIO source{Bytes(once + more)};
    HexReader in(source, Decoder::Rest::Nothing);
    const auto [data, error] = read_until_error(in);
    EXPECT_EQ(data, "data");
    EXPECT_EQ(error.substr(0, 47), "hex: there are bytes behind the end, at byte " +
                                       std::to_string(once.size() + (more[0] == ' ' ? 1 : 0)));
  }
}

TEST(DecodingStream, NamesWhatIsWrongAndWhere) {
  struct Case {
    string bytes, data, message;
  };
  for (const Case& c : std::vector<Case>{
           {"", "", "hex: there are no bytes, at byte 0"},
           {"x", "", "hex: no digit, at byte 0"},
           {"(61(", "a", "hex: a wrong bracket, at byte 3"},
           {"(6162)(63z", "abc", "hex: no digit, at byte 9"},
           {"(6162)(63", "abc", "hex: the bytes end before the data do, at byte 9"},
           {"(6162).  (63", "abc", "hex: the bytes end before the data do, at byte 12"},
           {"(6162).  )", "ab", "hex: a wrong bracket, at byte 9"},
           {"(6162!", "ab", "hex: decoding does not get on, at byte 5"}}) {
    for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{4}, npos}) {
      TestStream source(c.bytes, {.most_a_call = most_a_call, .log = false});
      HexReader in(source);
      EXPECT_EQ(read_until_error(in), std::pair(c.data, c.message)) << most_a_call;
      EXPECT_EQ(read_until_error(in), std::pair(string(), c.message)) << "and again";
      EXPECT_EQ(in.tell(), c.data.size());
    }
  }
  BytesIO source("(6162)(63"_b);
  HexReader in(source);
  try {
    static_cast<void>(in.read());
    ADD_FAILURE();
  } catch (const TruncatedError& error) {
    EXPECT_EQ(error.position(), 9U);
  }
  EXPECT_EQ(in.seek(1), 1U) << "before what is wrong";
  EXPECT_EQ(read_until_error(in).first, "bc");
}

TEST(DecodingStream, StopsAtItsLimit) {
  const string data = pattern(1000);
  const string once = encoded(data);
  const string bytes = once + encoded("") + once;
  for (const std::size_t limit : {0U, 1U, 999U, 1000U, 1999U, 2000U, 2001U}) {
    for (const test::Way way : test::kWays) {
      BytesIO source{Bytes(bytes)};
      HexReader in(source, Decoder::Rest::Another, {.limit = limit});
      const auto read = [&] { return test::read_to_end(in, way, 64); };
      if (limit >= 2000) {
        EXPECT_TRUE(read() == data + data) << limit;
        continue;
      }
      for (int i = 0; i < 2; ++i) {
        const string message = message_of<std::length_error>([&] { static_cast<void>(read()); });
        EXPECT_EQ(message.find("hex: more than the limit of " + std::to_string(limit) + " bytes"),
                  0U)
            << message;
      }
      EXPECT_EQ(in.tell(), limit);
      EXPECT_EQ(in.seek(0), 0U);
      EXPECT_TRUE(text(in.read(static_cast<std::ptrdiff_t>(limit))) ==
                  (data + data).substr(0, limit));
    }
  }
}

TEST(DecodingStream, SeeksFromEverywhereToEverywhere) {
  const string data = pattern(40);
  const string bytes = encoded(data.substr(0, 17)) + " " + encoded(data.substr(17));
  for (std::size_t from = 0; from <= data.size(); ++from) {
    for (std::size_t to = 0; to <= data.size() + 3; ++to) {
      BytesIO source{Bytes("before" + bytes)};
      source.seek(6);
      HexReader in(source);
      EXPECT_TRUE(in.seekable());
      EXPECT_EQ(text(in.read(static_cast<std::ptrdiff_t>(from))), data.substr(0, from));
      EXPECT_EQ(in.tell(), from);
      const std::size_t reached = std::min(to, data.size());
      const auto target = static_cast<std::ptrdiff_t>(to);
      const auto start = static_cast<std::ptrdiff_t>(from);
      const auto end = static_cast<std::ptrdiff_t>(data.size());
      EXPECT_EQ(in.seek(target), reached);
      EXPECT_EQ(text(in.read()), data.substr(reached));
      in.seek(start);
      EXPECT_EQ(in.seek(target - start, Whence::Current), reached);
      EXPECT_EQ(text(in.read(5)), data.substr(reached, 5));
      in.seek(start);
      EXPECT_EQ(in.seek(target - end, Whence::End), reached);
      EXPECT_EQ(in.tell(), reached);
      EXPECT_EQ(text(in.read()), data.substr(reached));
    }
  }
}

TEST(DecodingStream, SeeksToTheEndOfWhatItHasNotRead) {
  BytesIO source{Bytes(encoded(pattern(100'000)))};
  HexReader in(source);
  EXPECT_EQ(in.seek(-10, Whence::End), 99'990U);
  EXPECT_EQ(text(in.read()), pattern(100'000).substr(99'990));
  EXPECT_THROW(in.seek(-1), std::invalid_argument);
  EXPECT_EQ(in.seek(-1'000'000, Whence::Current), 0U);
  EXPECT_EQ(text(in.read(3)), pattern(3));
}

// Nothing that was decoded is lost, and nothing comes twice.
TEST(DecodingStream, GoesOnAfterAnErrorOfTheStreamUnderneath) {
  const string data = pattern(100);
  const string bytes = encoded(data);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    TestStream source(bytes, {.most_a_call = 10, .fail_read_at = at, .log = false});
    HexReader in(source);
    string result = read_until_error(in).first;
    EXPECT_THROW(static_cast<void>(in.read()), std::system_error);
    source.options.fail_read_at = npos;
    result += text(in.read());
    EXPECT_EQ(result, data) << at;
  }
}

TEST(DecodingStream, OnlyReads) {
  TestStream source(encoded("ab"), {.seekable = false});
  HexReader in(source);
  EXPECT_TRUE(in.readable());
  EXPECT_FALSE(in.writable());
  EXPECT_FALSE(in.seekable());
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { in.write("x"); }), "write");
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { in.seek(0); }), "seek");
  EXPECT_THROW(in.truncate(), UnsupportedOperation);
  HexReader moved = std::move(in);
  EXPECT_TRUE(in.closed());  // NOLINT(bugprone-use-after-move): what this is about
  EXPECT_EQ(text(moved.read()), "ab");
  moved.close();
  EXPECT_THROW(static_cast<void>(moved.read()), ClosedError);
  EXPECT_THROW(static_cast<void>(moved.tell()), ClosedError);
  EXPECT_THROW(static_cast<void>(moved.seekable()), ClosedError);
  EXPECT_TRUE(moved.unused().empty());
}

}  // namespace
}  // namespace quire
