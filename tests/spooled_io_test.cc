// SpooledIO: when it rolls over, what then holds the bytes, and that nobody's bytes change by it.
#include "quire/spooled_io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "support/child_process.h"
#include "support/file_content.h"
#include "support/random_choices.h"
#include "support/storage.h"
#include "support/temp_directory.h"

namespace quire::test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<SpooledIO>);
static_assert(std::is_nothrow_move_assignable_v<SpooledIO>);
static_assert(!std::is_copy_constructible_v<SpooledIO>);

bool spills() {
  return detail::pages::available();
}

/// What a limit is called when it is the smallest that makes sense: half of it would be less than
/// what is changed in memory at least.
constexpr std::size_t kSmall = 1000;
constexpr std::size_t kLeastShare = 256 * kKib;

std::string text(const Bytes& bytes) {
  return std::string(ByteSpan(bytes).as_chars());
}

std::string content(const SpooledIO& stream) {
  return text(stream.getvalue());
}

SpooledIO filled(std::size_t limit, const std::string& data) {
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = limit});
  EXPECT_EQ(stream.rolled(), data.size() > limit);
  return stream;
}

// --- when ----------------------------------------------------------------------------------------

TEST(SpooledIO, RollsOverWithTheByteThatIsTooMuch) {
  for (const std::size_t limit : {std::size_t{1}, kSmall, 5 * kMib, 64 * kMib}) {
    SCOPED_TRACE(limit);
    const std::string data = pattern(limit + 1);
    SpooledIO stream(SpooledOptions{.max_size = limit});
    stream.write(ByteSpan(data).subspan(0, limit));
    EXPECT_FALSE(stream.rolled());
    stream.write(ByteSpan(data).subspan(limit));
    EXPECT_TRUE(stream.rolled());
    EXPECT_EQ(stream.tell(), limit + 1);
    EXPECT_EQ(content(stream), data);
    EXPECT_TRUE(!spills() || tier_of(stream) == "file");
  }
}

TEST(SpooledIO, NeverRollsOverByItselfWithoutALimit) {
  SpooledIO stream;
  stream.write(pattern(3 * kMib));
  EXPECT_FALSE(stream.rolled());
  stream.rollover();
  EXPECT_TRUE(stream.rolled());
  EXPECT_EQ(content(stream), pattern(3 * kMib));
}

TEST(SpooledIO, RollsOverWheneverThePositionPassesTheLimitAsInPython) {
  const auto made = [] { return SpooledIO(SpooledOptions{.max_size = 10}); };
  SpooledIO empty_write = made();
  empty_write.seek(11);
  EXPECT_FALSE(empty_write.rolled());
  empty_write.write("");
  EXPECT_TRUE(empty_write.rolled());
  SpooledIO no_lines = made();
  no_lines.seek(11);
  no_lines.writelines(std::vector<std::string>());
  EXPECT_TRUE(no_lines.rolled());
  SpooledIO cut = made();
  cut.truncate(10);
  EXPECT_FALSE(cut.rolled());
  EXPECT_EQ(cut.size(), 0u);
  EXPECT_EQ(cut.truncate(11), 11u);
  EXPECT_TRUE(cut.rolled());
  EXPECT_EQ(content(cut), std::string(11, '\0'));
}

TEST(SpooledIO, AsksForTheFileInEveryWayOfGrowing) {
  const std::string data = pattern(2000);
  const auto rolled = [&](auto&& grow) {
    SpooledIO stream(ByteSpan("0123456789"), SpooledOptions{.max_size = kSmall});
    grow(stream);
    return stream.rolled();
  };
  EXPECT_TRUE(rolled([&](SpooledIO& s) { s.write_at(0, data); }));
  EXPECT_TRUE(rolled([&](SpooledIO& s) { s.write_at(kSmall, "x"); }));
  EXPECT_TRUE(rolled([&](SpooledIO& s) { s.resize(kSmall + 1); }));
  EXPECT_TRUE(rolled([&](SpooledIO& s) { s.reserve(kSmall + 1); }));
  EXPECT_TRUE(rolled([&](SpooledIO& s) { s.writelines(std::vector<std::string>{"a", data}); }));
  EXPECT_FALSE(rolled([&](SpooledIO& s) { s.write_at(kSmall - 1, "x"); }));
  EXPECT_FALSE(rolled([&](SpooledIO& s) { s.resize(kSmall); }));
  // Whoever knows only a BytesIO, or a Stream, does not get past it.
  EXPECT_TRUE(rolled([&](BytesIO& s) { s.write_at(0, data); }));
  EXPECT_TRUE(rolled([&](BytesIO& s) { s.resize(kSmall + 1); }));
  EXPECT_TRUE(rolled([&](Stream& s) { s.write(data); }));
}

TEST(SpooledIO, KeepsTheSizeLimit) {
  SpooledIO stream(SpooledOptions{.max_size = 10, .size_limit = 20});
  stream.write("0123456789abcdefghij");
  EXPECT_TRUE(stream.rolled());
  EXPECT_THROW(stream.write("k"), std::length_error);
  EXPECT_THROW(stream.resize(21), std::length_error);
  EXPECT_THROW(stream.truncate(21), std::length_error);
  EXPECT_EQ(content(stream), "0123456789abcdefghij");
  SpooledIO small(SpooledOptions{.max_size = 10, .size_limit = 5});
  EXPECT_THROW(small.write("123456"), std::length_error);
  EXPECT_FALSE(small.rolled());
}

TEST(SpooledIO, RollsAnInitialValueOver) {
  const Bytes initial(pattern(3 * kMib));
  const SpooledIO shared(initial, SpooledOptions{.max_size = 4 * kMib});
  EXPECT_FALSE(shared.rolled());
  EXPECT_EQ(shared.getvalue().data(), initial.data());
  const SpooledIO rolled(initial, SpooledOptions{.max_size = 2 * kMib});
  EXPECT_TRUE(rolled.rolled());
  EXPECT_EQ(rolled.tell(), 0u);
  EXPECT_EQ(rolled.getvalue(), initial);
  EXPECT_EQ(content(filled(kSmall, pattern(5000))), pattern(5000));
}

// --- Python's file -------------------------------------------------------------------------------

TEST(SpooledIO, RefusesWhatAFileRefusesOnceItIsOne) {
  SpooledIO stream(ByteSpan("abc"), SpooledOptions{.max_size = 10});
  EXPECT_EQ(stream.seek(-5, Whence::End), 0u);
  EXPECT_THROW(stream.seek(-1), std::invalid_argument);
  EXPECT_THROW(stream.truncate(static_cast<std::size_t>(-1)), std::invalid_argument);
  stream.rollover();
  EXPECT_THROW(stream.seek(-5, Whence::End), std::system_error);
  EXPECT_THROW(stream.seek(-1), std::system_error);
  EXPECT_THROW(stream.truncate(static_cast<std::size_t>(-1)), std::system_error);
  EXPECT_EQ(stream.seek(-3, Whence::End), 0u);
  EXPECT_EQ(stream.truncate(5), 5u);
  EXPECT_EQ(content(stream), std::string("abc\0\0", 5));
}

TEST(SpooledIO, IsClosedLikeAnyStream) {
  SpooledIO stream = filled(kSmall, pattern(5000));
  const Bytes value = stream.getvalue();
  stream.close();
  stream.close();
  EXPECT_TRUE(stream.closed());
  EXPECT_TRUE(stream.rolled());
  EXPECT_NO_THROW(stream.rollover());
  EXPECT_THROW(stream.write("x"), ClosedError);
  EXPECT_THROW(stream.truncate(5), ClosedError);
  EXPECT_THROW((void)stream.fileno(), ClosedError);
  EXPECT_THROW((void)stream.as_path(), ClosedError);
  EXPECT_EQ(text(value), pattern(5000));
  SpooledIO small(SpooledOptions{.max_size = 5});
  small.close();
  EXPECT_THROW(small.rollover(), ClosedError);
  EXPECT_FALSE(small.rolled());
}

TEST(SpooledIO, MovesWithAllItHas) {
  SpooledIO stream = filled(kSmall, pattern(5000));
  stream.seek(7);
  SpooledIO moved = std::move(stream);
  EXPECT_TRUE(moved.rolled());
  EXPECT_EQ(moved.tell(), 7u);
  EXPECT_EQ(moved.options().max_size, kSmall);
  // NOLINTNEXTLINE(bugprone-use-after-move): it promises to be an empty stream
  EXPECT_FALSE(stream.rolled());
  stream.write(pattern(5000));
  EXPECT_FALSE(stream.rolled());
  stream = std::move(moved);
  EXPECT_EQ(content(stream), pattern(5000));
  EXPECT_EQ(stream.options().max_size, kSmall);
}

// --- whoever has bytes of it ---------------------------------------------------------------------

TEST(SpooledIO, LeavesSnapshotsAndViewsFromBeforeTheRolloverAsTheyWere) {
  for (const std::size_t size : {std::size_t{900}, 300 * kKib, 3 * kMib + 77}) {
    for (const bool paged_before : {false, true}) {
      SCOPED_TRACE(testing::Message() << size << " paged " << paged_before);
      std::string data = pattern(size);
      SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = size});
      std::optional<Bytes> first;
      if (paged_before) {
        first = stream.getvalue();
        stream.write_at(size / 2, "!");
      }
      const Bytes snapshot = stream.getvalue();
      const MemoryView view{snapshot};
      const Bytes slice = stream.slice(size / 3);
      const std::byte* const address = snapshot.data();
      BytesIO reader = stream.BytesIO::reader();
      stream.seek(0, Whence::End);
      stream.write("more");
      ASSERT_TRUE(stream.rolled());
      stream.write_at(0, std::string(size, 'Z'));
      if (first) {
        EXPECT_EQ(text(*first), data);
        data[size / 2] = '!';
      }
      EXPECT_EQ(snapshot.data(), address);
      EXPECT_EQ(text(snapshot), data);
      EXPECT_EQ(text(view.tobytes()), data);
      EXPECT_EQ(text(slice), data.substr(size / 3));
      EXPECT_EQ(text(reader.read()), data);
      EXPECT_EQ(content(stream), std::string(size, 'Z') + "more");
      // What is made from the old handles is a stream like any other.
      BytesIO other(snapshot);
      other.write_at(1, "?");
      EXPECT_EQ(text(snapshot), data);
      BytesIO appended(snapshot);
      appended.seek(0, Whence::End);
      appended.write(pattern(size));
      EXPECT_EQ(text(appended.getvalue()), data + pattern(size));
      EXPECT_EQ(text(snapshot), data);
      EXPECT_EQ(content(stream), std::string(size, 'Z') + "more");
    }
  }
}

TEST(SpooledIO, LetsTheOnlyHandleThatIsLeftBecomeAStreamThatWrites) {
  const std::string data = pattern(3 * kMib);
  std::optional<BytesIO> heir;
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = data.size()});
  {
    const Bytes snapshot = stream.getvalue();
    stream.rollover();
    heir = BytesIO(snapshot);
  }
  const Bytes from_file = stream.getvalue();
  heir->write_at(kMib, "changed");
  heir->resize(5 * kMib);
  heir->write_at(5 * kMib - 1, "x");
  EXPECT_EQ(content(stream), data);
  stream.write_at(0, "also");
  heir->compact();
  EXPECT_EQ(text(heir->slice(0, 4)), data.substr(0, 4));
  EXPECT_EQ(text(from_file), data);
}

TEST(SpooledIO, LeavesASnapshotThePagesThatItsFileDoesNotHaveWhenTheirOwnFileIsGivenUp) {
  const std::string data = pattern(3 * kMib);
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = data.size()});
  Bytes first = stream.getvalue();
  stream.write_at(0, "X");
  const Bytes second = stream.getvalue();
  // The first third of `second` comes from the disk from now on, the rest from where `first` is.
  stream.truncate(kMib + 100);
  stream.rollover();
  BytesIO heir(std::move(first));
  heir.write_at(5, "Y");
  heir.compact();
  EXPECT_TRUE(text(second) == "X" + data.substr(1));
  EXPECT_TRUE(text(heir.getvalue()) == data.substr(0, 5) + "Y" + data.substr(6));
  EXPECT_TRUE(content(stream) == "X" + data.substr(1, kMib + 99));
}

TEST(SpooledIO, DoesNotRollOverUnderAView) {
  for (const std::size_t size : {kSmall, 2 * kMib}) {
    SpooledIO stream(ByteSpan(pattern(size)), SpooledOptions{.max_size = size});
    MutableMemoryView view = stream.getbuffer();
    EXPECT_THROW(stream.rollover(), BufferError);
    EXPECT_FALSE(stream.rolled());
    view[0] = std::byte{'!'};
    view.release();
    stream.rollover();
    EXPECT_EQ(content(stream), "!" + pattern(size).substr(1));
  }
}

TEST(SpooledIO, LendsWritableViewsOfAFile) {
  std::string data = pattern(3 * kMib);
  SpooledIO stream = filled(kSmall, data);
  const Bytes before = stream.getvalue();
  MutableMemoryView view = stream.getbuffer();
  for (std::size_t i = 0; i < data.size(); i += kPage / 2) {
    view[static_cast<std::ptrdiff_t>(i)] = std::byte{'v'};
  }
  EXPECT_EQ(text(before), data);
  for (std::size_t i = 0; i < data.size(); i += kPage / 2) data[i] = 'v';
  const Bytes during = stream.getvalue();
  view[0] = std::byte{'w'};
  EXPECT_EQ(text(during), data);
  data[0] = 'w';
  EXPECT_EQ(content(stream), data);
  EXPECT_THROW(stream.resize(1), BufferError);
  view.release();
  stream.write_at(5, "after");
  data.replace(5, 5, "after");
  const Bytes after = stream.getvalue();
  stream.write_at(0, pattern(kMib, 2));
  EXPECT_EQ(text(after), data);
}

TEST(SpooledIO, WritesFromItself) {
  std::string data = pattern(kMib);
  SpooledIO stream = filled(kSmall, data);
  stream.seek(0, Whence::End);
  stream.write(stream.getvalue());
  EXPECT_EQ(content(stream), data + data);
  stream.write_at(1000, stream.slice(0, kMib));
  EXPECT_EQ(content(stream).substr(1000, kMib), data);
  {
    const MutableMemoryView view = stream.getbuffer();
    const std::string now = content(stream);
    stream.write_at(1000, ByteSpan(view).subspan(0, kMib));
    EXPECT_EQ(content(stream).substr(1000, kMib), now.substr(0, kMib));
  }
}

TEST(SpooledIO, ClonesGoTheirOwnWays) {
  const std::string data = pattern(2 * kMib + 5);
  SpooledIO stream = filled(kSmall, data);
  SpooledIO twin = stream.clone();
  SpooledIO reader = stream.reader();
  EXPECT_TRUE(twin.rolled());
  EXPECT_EQ(reader.tell(), 0u);
  // Both append behind the same bytes, more than either keeps in memory.
  for (int i = 0; i < 20; ++i) {
    stream.seek(0, Whence::End);
    stream.write(std::string(100 * kKib, 's'));
    twin.seek(0, Whence::End);
    twin.write(std::string(100 * kKib, 't'));
  }
  EXPECT_EQ(content(stream), data + std::string(2000 * kKib, 's'));
  EXPECT_EQ(content(twin), data + std::string(2000 * kKib, 't'));
  EXPECT_EQ(text(reader.read()), data);
  BytesIO plain = twin.BytesIO::clone();
  plain.write_at(0, std::string(kMib, 'p'));
  EXPECT_EQ(content(twin), data + std::string(2000 * kKib, 't'));
  EXPECT_EQ(text(plain.slice(0, kMib)), std::string(kMib, 'p'));
}

// A large write looked at the pages known to be changed before it asked for those that a view had
// changed, and moved to a new file without them.
TEST(SpooledIO, KeepsWhatAViewWroteWhenALargeWriteNeedsANewFile) {
  std::string data = pattern(700 * kKib);
  SpooledIO stream = filled(kSmall, data);
  SpooledIO twin = stream.clone();
  {
    const MutableMemoryView view = twin.getbuffer();
    for (std::size_t i = 0; i < 300 * kKib; ++i) {
      view[static_cast<std::ptrdiff_t>(i)] = std::byte{'v'};
    }
  }
  twin.write_at(400 * kKib, std::string(200 * kKib, 'w'));
  EXPECT_EQ(content(stream), data);
  data.replace(0, 300 * kKib, std::string(300 * kKib, 'v'));
  data.replace(400 * kKib, 200 * kKib, std::string(200 * kKib, 'w'));
  EXPECT_EQ(content(twin), data);
}

// A stream over the last part of a block in a file does not take the pages in front along: it was
// copied, into memory, where it then grew without a limit.
TEST(SpooledIO, StaysInAFileWhenItBeginsFarInsideABlock) {
  std::string data = pattern(kMib);
  const SpooledIO whole = filled(kSmall, data);
  SpooledIO end(whole.slice(700 * kKib), whole.options());
  end.write_at(5, "changed");
  end.write_at(end.size(), "more");
  EXPECT_TRUE(!spills() || tier_of(end) == "file");
  EXPECT_EQ(content(whole), data);
  data = data.substr(700 * kKib) + "more";
  data.replace(5, 7, "changed");
  EXPECT_EQ(content(end), data);
}

// A clone that wrote got a file of its own and took the stream's bytes along, all but the last page, which
// the stream still writes. Room for what came next was made in the new file, while the pages were the old
// one's: past its end the stream died of SIGBUS, as storage_model_test once had.
TEST(SpooledIO, WritesBehindWhatAClonesFileTookAlong) {
  std::string expected(1280 * kKib, 'a');
  SpooledIO stream = filled(kSmall, expected);
  const Bytes before = stream.getvalue();
  for (std::size_t page = 0; page < 40; ++page) {
    stream.write_at(page * kPage, "b");
    expected[page * kPage] = 'b';
  }
  stream.reserve(expected.size() + 100 * kKib);
  BytesIO clone = stream.clone();
  clone.write_at(0, "c");
  const std::string more = pattern(50 * kKib);
  stream.write_at(expected.size(), more);
  EXPECT_EQ(content(stream), expected + more);
  EXPECT_EQ(text(clone.getvalue()), "c" + expected.substr(1));
  EXPECT_EQ(text(before), std::string(1280 * kKib, 'a'));
}

TEST(SpooledIO, RemembersChangesToAPageThatWasWrittenBackForAnother) {
  std::string data = pattern(kMib);
  SpooledIO stream = filled(kSmall, data);
  stream.write_at(0, "first");
  {
    SpooledIO twin = stream.clone();
    twin.write_at(kMib / 2, "x");
  }
  stream.write_at(100, "second");
  const Bytes value = stream.getvalue();
  stream.write_at(200, "third");
  data.replace(0, 5, "first");
  data.replace(100, 6, "second");
  EXPECT_EQ(text(value), data);
  data.replace(200, 5, "third");
  EXPECT_EQ(content(stream), data);
}

// --- at random -----------------------------------------------------------------------------------

/// Streams of a spooled kind and all that was taken from them, beside strings.
class Machine {
 public:
  explicit Machine(unsigned seed) : random_(seed) { add(std::string()); }

  void step() {
    Subject& s = *subjects_[below(subjects_.size())];
    switch (below(15)) {
      case 0:
        write(s, s.data.size(), below(100));
        break;
      case 1:
        write(s, s.data.size(), below(200 * kKib));
        break;
      case 2:
        write_somewhere(s, 3 * kPage);
        break;
      case 3:
        write_somewhere(s, 700 * kKib);
        break;
      case 4:
        for (int i = 0; i < 60; ++i) write(s, below(s.data.size() + 1), 1);
        break;
      case 5:
        keep(s.stream.getvalue(), s.data);
        break;
      case 6: {
        const std::size_t from = below(s.data.size() + 1);
        keep(s.stream.slice(from), s.data.substr(from));
        break;
      }
      case 7:
        clone(s);
        break;
      case 8:
        if (s.data.size() > kMib || below(6) == 0) cut(s, below(s.data.size() + 1));
        break;
      case 9:
        cut(s, s.data.size() + below(300 * kKib));
        break;
      case 10:
        view(s);
        break;
      case 11:
        if (s.view) s.view.reset();
        break;
      case 12:
        if (!s.view) s.stream.compact();
        break;
      case 13: {
        SpooledIO moved = std::move(s.stream);
        s.stream = std::move(moved);
        break;
      }
      case 14:
        if (below(4) == 0 && !s.view) {
          // A stream that begins inside a block.
          const std::size_t from = std::min(below(5000), s.data.size());
          s.stream = SpooledIO(s.stream.slice(from), s.stream.options());
          s.data = s.data.substr(from);
        }
        break;
    }
    while (kept_.size() > 6 || (!kept_.empty() && below(10) == 0)) {
      std::swap(kept_[below(kept_.size())], kept_.back());
      kept_.pop_back();
    }
    while (subjects_.size() > 4) subjects_.erase(subjects_.begin() + index(subjects_.size()));
  }

  /// Not through getvalue(), which would change who shares what.
  [[nodiscard]] bool right() {
    for (const auto& s : subjects_) {
      s->stream.seek(0);
      buffer_.resize(s->data.size() + 1);
      if (s->stream.readinto(buffer_) != s->data.size()) return false;
      if (buffer_.compare(0, s->data.size(), s->data) != 0) return false;
    }
    for (const auto& [bytes, expected] : kept_) {
      if (ByteSpan(bytes).as_chars() != expected) return false;
    }
    return true;
  }

 private:
  struct Subject {
    SpooledIO stream;
    std::string data;
    std::optional<MutableMemoryView> view = std::nullopt;
  };

  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  std::ptrdiff_t index(std::size_t n) { return static_cast<std::ptrdiff_t>(below(n)); }

  void add(std::string data) {
    constexpr std::array<std::size_t, 4> kLimits = {0, kSmall, 100 * kKib, 1500 * kKib};
    auto s = std::make_unique<Subject>(Subject{
        SpooledIO(ByteSpan(data), SpooledOptions{.max_size = kLimits[below(kLimits.size())]}),
        data});
    subjects_.push_back(std::move(s));
  }

  void write(Subject& s, std::size_t at, std::size_t count) {
    if (s.view && at + count > s.data.size()) count = s.data.size() - at;
    const std::string bytes = pattern(count, random_());
    s.stream.write_at(at, bytes);
    if (at + count > s.data.size()) s.data.resize(at + count);
    s.data.replace(at, count, bytes);
  }

  // One decision a statement, so that every compiler makes them in the same order.
  void write_somewhere(Subject& s, std::size_t most) {
    const std::size_t at = below(s.data.size() + 1);
    write(s, at, below(most));
  }

  void cut(Subject& s, std::size_t size) {
    if (s.view) return;
    s.stream.resize(size);
    s.data.resize(size);
  }

  void keep(Bytes bytes, std::string expected) {
    kept_.emplace_back(std::move(bytes), std::move(expected));
  }

  void clone(Subject& s) {
    if (below(3) == 0) return add(s.data);
    subjects_.push_back(std::make_unique<Subject>(Subject{s.stream.clone(), s.data}));
  }

  void view(Subject& s) {
    if (!s.view) s.view = s.stream.getbuffer();
    for (int i = 0; i < 20 && !s.data.empty(); ++i) {
      const std::size_t at = below(s.data.size());
      (*s.view)[static_cast<std::ptrdiff_t>(at)] = std::byte{'v'};
      s.data[at] = 'v';
    }
  }

  std::mt19937 random_;
  std::string buffer_;
  std::vector<std::unique_ptr<Subject>> subjects_;
  std::vector<std::pair<Bytes, std::string>> kept_;
};

TEST(SpooledIO, HoldsAtEveryStepWhatAStringHolds) {
  for (unsigned seed = 1; seed <= (kSanitized ? 4u : 12u); ++seed) {
    Machine machine(seed);
    for (int step = 0; step < static_cast<int>(steps(200)); ++step) {
      machine.step();
      ASSERT_TRUE(machine.right()) << "seed " << seed << " step " << step;
    }
  }
}

// --- fork ----------------------------------------------------------------------------------------

TEST(SpooledIO, IsTwoStreamsAfterAFork) {
  for (const std::size_t size : {std::size_t{5000}, 2 * kMib + 1}) {
    for (const bool snapshot_kept : {false, true}) {
      SCOPED_TRACE(testing::Message() << size << " kept " << snapshot_kept);
      const std::string data = pattern(size);
      SpooledIO stream = filled(kSmall, data);
      std::optional<Bytes> kept;
      if (snapshot_kept) kept = stream.getvalue();
      // More than what stays in memory, in both and at the same time.
      const auto go_on = [&](char mark) {
        const std::string marks(size, mark);
        const std::string more(3 * kLeastShare, mark);
        for (int round = 0; round < 3; ++round) {
          stream.write_at(0, marks);
          stream.write_at(size, more);
          if (content(stream) != marks + more || (kept && text(*kept) != data)) return 1;
        }
        const Bytes value = stream.getvalue();
        stream.truncate(10);
        stream.write_at(5, "grown");
        return content(stream) == marks.substr(0, 5) + "grown" && text(value) == marks + more ? 0
                                                                                              : 2;
      };
      int here = 0;
      EXPECT_EQ(in_child([&] { return go_on('c'); }, [&] { here = go_on('p'); }), 0);
      EXPECT_EQ(here, 0);
    }
  }
}

/// What was done to a stream in memory before the process forks.
enum class InMemory { Filled, SnapshotKept, SharedAndWritten, ViewTaken };

TEST(SpooledIO, RollsOverOnEitherSideOfAForkWhatWasInMemoryBefore) {
  for (const std::size_t size : {std::size_t{900}, 2 * kMib + 1}) {
    for (const InMemory before : {InMemory::Filled, InMemory::SnapshotKept,
                                  InMemory::SharedAndWritten, InMemory::ViewTaken}) {
      for (const auto& which :
           {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}}) {
        const bool child_rolls = which.first;
        const bool parent_rolls = which.second;
        SCOPED_TRACE(testing::Message()
                     << size << ", state " << static_cast<int>(before)
                     << (child_rolls ? ", the child" : "") << (parent_rolls ? ", the parent" : ""));
        std::string data = pattern(size);
        const std::string first = data;
        SpooledIO stream = filled(size + 100, data);
        std::optional<Bytes> kept;
        if (before == InMemory::ViewTaken) {
          stream.getbuffer()[7] = std::byte{'v'};
          data[7] = 'v';
        }
        if (before == InMemory::SnapshotKept || before == InMemory::SharedAndWritten) {
          kept = stream.getvalue();
        }
        if (before == InMemory::SharedAndWritten) {
          stream.write_at(size / 2, "w");
          data[size / 2] = 'w';
        }
        ASSERT_FALSE(stream.rolled());
        // Both go on at the same time; each has its own byte 3 and its own end.
        const auto go_on = [&](char mark, bool rolls) {
          std::string model = data;
          for (int round = 0; round < 3; ++round) {
            const std::string more(rolls ? 3 * kLeastShare : 50, mark);
            stream.write_at(3, std::string(1, mark));
            model[3] = mark;
            const Bytes value = stream.getvalue();
            stream.write_at(size, more);
            const std::string valued = model;
            model.resize(size);
            model += more;
            if (stream.rolled() != rolls) return 1;
            if (rolls && spills() && tier_of(stream) != "file") return 2;
            if (content(stream) != model) return 3;
            if (text(value) != valued) return 4;
            if (kept && text(*kept) != first) return 5;
          }
          return 0;
        };
        int here = 99;
        EXPECT_EQ(in_child([&] { return go_on('c', child_rolls); },
                           [&] { here = go_on('p', parent_rolls); }),
                  0);
        EXPECT_EQ(here, 0);
      }
    }
  }
}

TEST(SpooledIO, ShowsAChildWhatItWasForkedWith) {
  const std::string data = pattern(2 * kMib);
  SpooledIO stream = filled(kSmall, data);
  std::array<int, 2> done{};
  ASSERT_EQ(::pipe(done.data()), 0);
  const int status = in_child(
      [&] {
        char byte;
        if (::read(done[0], &byte, 1) != 1) return 1;
        return content(stream) == data ? 0 : 2;
      },
      [&] {
        stream.write_at(0, std::string(data.size(), 'p'));
        stream.truncate(kPage);
        stream.compact();
        stream.write_at(0, std::string(3 * kMib, 'q'));
        EXPECT_EQ(::write(done[1], "x", 1), 1);
      });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content(stream), std::string(3 * kMib, 'q'));
  ::close(done[0]);
  ::close(done[1]);
}

TEST(SpooledIO, LeavesNoDescriptorToAProgramThatIsStarted) {
  const auto files = [](bool that_survive) {
    int count = 0;
    for (int file = 0; file < 1000; ++file) {
      const int flags = ::fcntl(file, F_GETFD);
      if (flags >= 0 && (!that_survive || (flags & FD_CLOEXEC) == 0)) ++count;
    }
    return count;
  };
  const int before = files(false);
  const int surviving = files(true);
  SpooledIO stream = filled(kSmall, pattern(kMib));
  const FilePath path = stream.as_path();
  const FilePath in_memory = BytesIO(pattern(kMib)).as_path();
  const WritablePath writable = stream.as_writable_path();
  const WritablePath writable_in_memory = BytesIO().as_writable_path();
  (void)stream.fileno();
  EXPECT_GE(files(false), before + 5);
  EXPECT_EQ(files(true), surviving);
}

// --- files for others ----------------------------------------------------------------------------

TEST(SpooledIO, GivesAFileThatNobodyChanges) {
  for (const bool rolled : {false, true}) {
    SCOPED_TRACE(rolled);
    const std::string data = pattern(kMib + 3);
    SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = rolled ? kSmall : 0});
    const Bytes snapshot = stream.getvalue();
    const int descriptor = stream.fileno();
    EXPECT_EQ(::fcntl(descriptor, F_GETFL) & O_ACCMODE, O_RDONLY);
    EXPECT_EQ(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(rolled, stream.rolled());
    const FilePath path = stream.as_path();
    stream.write_at(0, "changed");
    EXPECT_EQ(file_content(path), data);
    EXPECT_EQ(file_content(detail::temporary_file::path_of(descriptor)), data);
    // Whoever opens it to write, and even empties it as root, harms neither stream nor snapshot.
    const int writer = ::open(path.c_str(), O_RDWR | O_TRUNC | O_CLOEXEC);
    EXPECT_TRUE(rolled || writer == -1) << "a sealed file was opened for writing";
    if (writer >= 0) {
      EXPECT_EQ(::pwrite(writer, "hostile", 7, 0), 7);
      ::close(writer);
    }
    EXPECT_EQ(text(snapshot), data);
    EXPECT_EQ(content(stream), "changed" + data.substr(7));
    EXPECT_EQ(file_content(stream.as_path()), "changed" + data.substr(7));
  }
}

// A file in a tmpfs is one in memory, but not made to be sealed: that the system refused it was taken
// for an error.
TEST(SpooledIO, GivesAFileFromADirectoryInMemory) {
  const std::string data = pattern(kMib);
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = 1, .directory = fast_directory()});
  EXPECT_EQ(file_content(stream.as_path()), data);
  EXPECT_EQ(file_content(detail::temporary_file::path_of(stream.fileno())), data);
}

TEST(SpooledIO, RefusesWritersOfItsFilesWithoutPrivileges) {
  const SpooledIO stream = filled(kSmall, pattern(5000));
  const FilePath path = stream.as_path();
  EXPECT_EQ(in_child([&] {
              if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
              return ::open(path.c_str(), O_WRONLY | O_CLOEXEC) == -1 && errno == EACCES ? 0 : 2;
            }),
            0);
}

TEST(BytesIO, GivesAFileThatNobodyChanges) {
  BytesIO stream(ByteSpan("the bytes"));
  EXPECT_THROW((void)stream.fileno(), UnsupportedOperation);
  std::optional<FilePath> path = stream.as_path();
  stream.write("new");
  EXPECT_EQ(file_content(*path), "the bytes");
  EXPECT_EQ(::open(path->c_str(), O_RDWR | O_TRUNC | O_CLOEXEC), -1);
  const std::string name = *path;
  FilePath moved = std::move(*path);
  path.reset();
  EXPECT_EQ(file_content(moved), "the bytes");
  EXPECT_EQ(file_content(BytesIO().as_path()), "");
  std::array<std::byte, 10> memory{};
  BytesIO over = BytesIO::over(memory);
  over.write("fixed");
  EXPECT_EQ(file_content(over.as_path()), "fixed");
  EXPECT_THROW((void)over.as_writable_path(), UnsupportedOperation);
}

template <class Stream>
void expect_adopts(Stream stream) {
  const Bytes before = stream.getvalue();
  const std::string old = text(before);
  {
    WritablePath path = stream.as_writable_path();
    std::ofstream(path.str(), std::ios::binary) << pattern(kMib);
    EXPECT_EQ(text(stream.getvalue()), old);
    {
      const MutableMemoryView view = stream.getbuffer();
      EXPECT_THROW(path.close(), BufferError);
    }
    path.close();
    EXPECT_EQ(text(stream.getvalue()), pattern(kMib));
    EXPECT_EQ(stream.tell(), 0u);
    std::ofstream(path.str(), std::ios::binary) << "too late";
    path.close();
  }
  EXPECT_EQ(text(stream.getvalue()), pattern(kMib));
  {
    const WritablePath given_up = stream.as_writable_path();
    std::ofstream(given_up.str(), std::ios::binary) << "never";
  }
  EXPECT_EQ(text(stream.getvalue()), pattern(kMib));
  EXPECT_EQ(text(before), old);
}

TEST(SpooledIO, TakesOverWhatWasWrittenToAPath) {
  expect_adopts(SpooledIO(ByteSpan("old"), SpooledOptions{.max_size = kSmall}));
  expect_adopts(filled(kSmall, pattern(5000, 2)));
  expect_adopts(SpooledIO(ByteSpan("old"), SpooledOptions{.max_size = 2 * kMib}));
  expect_adopts(BytesIO(ByteSpan("old")));
  BytesIO limited(ByteSpan("old"), StorageOptions{.size_limit = 5});
  WritablePath path = limited.as_writable_path();
  std::ofstream(path.str(), std::ios::binary) << "too long";
  EXPECT_THROW(path.close(), std::length_error);
  EXPECT_EQ(text(limited.getvalue()), "old");
}

}  // namespace
}  // namespace quire::test
