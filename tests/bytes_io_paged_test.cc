// BytesIO over large blocks: what snapshots, clones, readers and views share by the page, and that
// none of them ever changes. The tests of a kind of storage run on all of them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire {
namespace {

using std::string;
using test::copied;
using test::kMib;
using test::kPage;
using test::memory_in_use;
using test::pattern;
using test::shares_pages;
using test::tier_of;
using Tier = StorageOptions::Tier;

/// A view of the bytes as text, for comparisons.
std::string_view text(ByteSpan bytes) {
  return bytes.as_chars();
}

/// Names the first byte that is not what it should be: nobody reads 2 MiB of them.
void expect_same(ByteSpan bytes, const string& expected, const string& what) {
  ASSERT_EQ(bytes.size(), expected.size()) << what;
  if (text(bytes) == expected) return;
  const auto at = std::mismatch(expected.begin(), expected.end(), text(bytes).begin()).first;
  FAIL() << what << ": byte " << at - expected.begin() << " of " << expected.size() << " is wrong";
}

/// A handle and what it showed when it was taken.
class Kept {
 public:
  explicit Kept(Bytes bytes) : bytes_(std::move(bytes)), shown_(text(bytes_)) {}

  void check(const string& what = "") const {
    ASSERT_NO_FATAL_FAILURE(expect_same(bytes_, shown_, what + ": a handle changed"));
  }

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  string shown_;
};

void expect_content(const BytesIO& stream, const string& expected, const string& what = "") {
  expect_same(stream.getvalue(), expected, what);
}

/// Where the bytes lie, to compare with later: the handle need not stay.
const std::byte* address(const Bytes& bytes) {
  return bytes.data();
}

void overwrite(BytesIO& stream, string& model, std::size_t at, const string& data) {
  if (model.size() < at + data.size()) model.resize(at + data.size());
  std::copy(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(at));
  stream.write_at(at, data);
}

std::size_t mappings_of_the_process() {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (string line; std::getline(maps, line);) ++lines;
  return lines;
}

class BytesIOTiers : public testing::TestWithParam<Tier> {
 protected:
  static BytesIO filled(const string& content) {
    return test::left_before(BytesIO(ByteSpan(content), StorageOptions{.tier = GetParam()}));
  }

  static bool shares() { return shares_pages(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Every, BytesIOTiers,
                         testing::Values(Tier::automatic, Tier::paged, Tier::heap),
                         testing::PrintToStringParamName());

// --- the mark and the tail -----------------------------------------------------------------------

TEST_P(BytesIOTiers, AppendAfterGetvalueCopiesNothingWithinTheCapacity) {
  BytesIO f(StorageOptions{.tier = GetParam()});
  f.reserve(4 * kMib);
  string model = pattern(2 * kMib);
  f.write(model);
  const Kept before(f.getvalue());
  const std::uint64_t copied_before = copied(f);
  const string more = pattern(kMib, 2);
  f.write(more);
  EXPECT_EQ(copied(f), copied_before);
  EXPECT_EQ(f.getvalue().data(), before.bytes().data());
  before.check();
  expect_content(f, model + more);
}

TEST_P(BytesIOTiers, AppendAndGetvalueInALoopIsLinear) {
  BytesIO f(StorageOptions{.tier = GetParam()});
  const string piece = pattern(16 * 1024);
  std::vector<Kept> kept;
  for (int i = 0; i < 200; ++i) {
    f.write(piece);
    if (i % 10 == 0) kept.emplace_back(f.getvalue());
  }
  EXPECT_LE(copied(f), 4 * f.size());
  EXPECT_EQ(f.ledger().copied_for(CopyReason::CopyOnWrite), 0u);
  for (const Kept& snapshot : kept) snapshot.check();
}

TEST_P(BytesIOTiers, MarkFallsBackWhenTheLastOutsideOwnerGoes) {
  BytesIO f = filled(pattern(2 * kMib));
  const string tier = tier_of(f);
  const std::byte* where = nullptr;
  {
    const Bytes a = f.getvalue();
    const BytesIO b = f.clone();
    const Bytes c = f.slice(100, 200);
    where = a.data();
  }
  const std::uint64_t before = copied(f);
  f.write_at(150, "in place");
  EXPECT_EQ(copied(f), before);
  EXPECT_EQ(f.getvalue().data(), where);
  EXPECT_EQ(tier_of(f), tier);
}

TEST_P(BytesIOTiers, MarkFallsBackWhenAnotherThreadDropsTheLastOwner) {
  BytesIO f = filled(pattern(2 * kMib));
  Bytes handle = f.getvalue();
  const std::byte* const where = handle.data();
  std::thread([mine = std::move(handle)]() mutable { mine = Bytes(); }).join();
  const std::uint64_t before = copied(f);
  f.write_at(150, "in place");
  EXPECT_EQ(copied(f), before);
  EXPECT_EQ(f.getvalue().data(), where);
}

TEST_P(BytesIOTiers, MarkDoesNotFallOnTruncate) {
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  const Kept before(f.getvalue());
  f.truncate(kMib + 100);
  f.seek(0, Whence::End);
  f.write("behind the new end");
  before.check();
  expect_content(f, content.substr(0, kMib + 100) + "behind the new end");
}

TEST_P(BytesIOTiers, TruncateToLessThanHalfLeavesASnapshotItsPages) {
  const string content = pattern(4 * kMib);
  BytesIO f = filled(content);
  const Kept before(f.getvalue());
  f.truncate(kMib);
  before.check();
  f.write_at(0, "x");
  before.check();
  expect_content(f, "x" + content.substr(1, kMib - 1));
}

TEST_P(BytesIOTiers, RegrowthAfterTruncateShowsZerosAndNotOldBytes) {
  const string content = pattern(2 * kMib);
  for (const bool kept : {false, true}) {
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, kPage, kMib + 1, 2 * kMib - 1}) {
      BytesIO f = filled(content);
      const Kept before(kept ? f.getvalue() : Bytes());
      // In the file already, with pages of its own behind the cut.
      f.write_at(kMib, "x");
      f.write_at(kMib, ByteSpan(content).subspan(kMib, 1));
      f.truncate(cut);
      string model = content.substr(0, cut);
      overwrite(f, model, 2 * kMib + 5, "end");
      const string where = "cut at " + std::to_string(cut) + (kept ? ", kept" : "");
      before.check(where);
      expect_content(f, model, where);
      f.resize(10);
      f.resize(3 * kMib);
      model.resize(10);
      model.resize(3 * kMib);
      expect_content(f, model, where + ", resized");
      before.check(where);
    }
  }
}

TEST_P(BytesIOTiers, ClearWithASnapshotAliveCopiesNothing) {
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  const Kept before(f.getvalue());
  f.clear();
  const std::uint64_t copied_before = copied(f);
  f.write("new");
  EXPECT_EQ(copied(f), copied_before);
  before.check();
  expect_content(f, "new");
}

TEST_P(BytesIOTiers, ClearAloneKeepsTheRoom) {
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  f.write_at(0, "x");
  const std::size_t room = f.capacity();
  f.clear();
  EXPECT_EQ(f.capacity(), room);
  f.write(content);
  EXPECT_EQ(f.capacity(), room);
  expect_content(f, content);
}

TEST_P(BytesIOTiers, ReserveWithASnapshotAliveLeavesItAlone) {
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  const Kept before(f.getvalue());
  f.reserve(5 * kMib);
  EXPECT_GE(f.capacity(), 5 * kMib);
  before.check();
  string model = content;
  overwrite(f, model, kMib, "changed");
  overwrite(f, model, 3 * kMib, "behind a gap");
  before.check();
  expect_content(f, model);
}

TEST_P(BytesIOTiers, SizeLimitHoldsInABlockThatHasMoreRoom) {
  BytesIO f(StorageOptions{.tier = GetParam(), .size_limit = 2 * kMib + 100});
  const string content = pattern(2 * kMib);
  f.write(content);
  const Kept before(f.getvalue());
  f.write_at(0, "x");
  EXPECT_THROW(f.write(pattern(101)), std::length_error);
  f.truncate(kMib - 100);
  f.seek(0, Whence::End);
  EXPECT_THROW(f.write(pattern(kMib + 201)), std::length_error);
  f.write(pattern(kMib + 200));
  EXPECT_EQ(f.size(), 2 * kMib + 100);
  EXPECT_LE(f.capacity(), 2 * kMib + 100);
  before.check();
}

// --- clones, readers, slices ---------------------------------------------------------------------

TEST_P(BytesIOTiers, ClonesAppendAlternatelyAndSeeOnlyTheirOwn) {
  const string content = pattern(kMib + 300);
  BytesIO f = filled(content);
  f.reserve(4 * kMib);
  BytesIO g = f.clone();
  BytesIO h = g.clone();
  string of_f = content;
  string of_g = content;
  string of_h = content;
  for (unsigned i = 0; i < 60; ++i) {
    overwrite(f, of_f, of_f.size(), pattern(20'000, 3 * i));
    overwrite(g, of_g, of_g.size(), pattern(30'000, 3 * i + 1));
    if (i % 3 == 0) overwrite(h, of_h, of_h.size(), pattern(10'000, 3 * i + 2));
    if (i == 30) h = g.clone(), of_h = of_g;
  }
  expect_content(f, of_f, "f");
  expect_content(g, of_g, "g");
  expect_content(h, of_h, "h");
}

TEST_P(BytesIOTiers, CloneOfACloneIsIndependentOfBoth) {
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  BytesIO g = f.clone();
  string of_g = content;
  overwrite(g, of_g, 5000, "g");
  BytesIO h = g.clone();
  string of_h = of_g;
  overwrite(h, of_h, 5001, "h");
  overwrite(g, of_g, kMib, "g again");
  string of_f = content;
  overwrite(f, of_f, 5000, "f");
  expect_content(f, of_f, "f");
  expect_content(g, of_g, "g");
  expect_content(h, of_h, "h");
  f.close();
  overwrite(g, of_g, 0, "g");
  h.close();
  overwrite(g, of_g, 9000, "g");
  expect_content(g, of_g, "g, alone");
}

TEST_P(BytesIOTiers, ReaderShowsWhatWasThereWhenItWasMade) {
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  BytesIO reader = f.reader();
  f.write_at(kMib, "changed");
  f.truncate(10);
  EXPECT_EQ(text(reader.read()), std::string_view(content));
}

TEST_P(BytesIOTiers, StreamOverASliceReadsAndWritesItsOwnPart) {
  const string content = pattern(4 * kMib);
  for (const std::size_t start : {std::size_t{1}, kPage, kMib + 17, 3 * kMib}) {
    for (const bool stays : {true, false}) {
      for (const bool paged_before : {false, true}) {
        BytesIO f = filled(content);
        string of_f = content;
        const Bytes other = paged_before ? f.getvalue() : Bytes();
        overwrite(f, of_f, start + 7, "before");
        const std::size_t stop = std::min(start + kMib + 33, content.size());
        string of_g = of_f.substr(start, stop - start);
        BytesIO g(f.slice(start, stop), StorageOptions{.tier = GetParam()});
        const string where = "from " + std::to_string(start) + (stays ? ", shared" : ", alone") +
                             (paged_before ? ", of a file" : "");
        if (!stays) f.close();
        overwrite(g, of_g, 3, "part");
        expect_content(g, of_g, where);
        const Kept middle(g.getvalue());
        overwrite(g, of_g, of_g.size() / 2, "part again");
        overwrite(g, of_g, of_g.size(), pattern(100'000, 5));
        expect_content(g, of_g, where + ", grown");
        middle.check(where);
        {
          MutableMemoryView view = g.getbuffer();
          const Kept beside(g.getvalue());
          beside.check(where);
          ASSERT_EQ(text(beside.bytes()), std::string_view(of_g)) << where;
          view[0] = std::byte{'!'};
          of_g[0] = '!';
          beside.check(where);
        }
        expect_content(g, of_g, where + ", viewed");
        g.compact();
        expect_content(g, of_g, where + ", compacted");
        if (stays) expect_content(f, of_f, where + ", the whole");
      }
    }
  }
}

TEST_P(BytesIOTiers, GetvalueUnderAViewOfASliceShowsTheSlice) {
  // The view keeps the stream on a block of which its bytes are only a part.
  const string content = pattern(4 * kMib);
  BytesIO g = [&] {
    BytesIO f = filled(content);
    return BytesIO(f.slice(kMib + 5, 3 * kMib), StorageOptions{.tier = GetParam()});
  }();
  MutableMemoryView view = g.getbuffer();
  EXPECT_TRUE(g.getvalue() == ByteSpan(content).subspan(kMib + 5, 2 * kMib - 5));
  EXPECT_TRUE(g.slice(1, -1) == ByteSpan(content).subspan(kMib + 6, 2 * kMib - 7));
}

TEST_P(BytesIOTiers, WriteOfItsOwnBytes) {
  string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  f.seek(0, Whence::End);
  f.write(f.getvalue());
  content += content;
  expect_content(f, content, "appended");
  f.write_at(5000, f.slice(4000, kMib));
  content.replace(5000, kMib - 4000, string(content, 4000, kMib - 4000));
  expect_content(f, content, "overlapping, from a snapshot");
  const Kept before(f.getvalue());
  f.write_at(1, f.getvalue());
  content = content[0] + content;
  expect_content(f, content, "moved by one");
  before.check();
  {
    const MutableMemoryView view = f.getbuffer();
    f.write_at(100, ByteSpan(view).subspan(0, kMib));
    content.replace(100, kMib, string(content, 0, kMib));
  }
  expect_content(f, content, "from a view of itself");
}

TEST_P(BytesIOTiers, OverwriteThatCrossesTheEndOfWhatIsShared) {
  const string content = pattern(2 * kMib + 1234);
  for (const std::size_t before_end : {std::size_t{1}, kPage, 100 * kPage + 1, 2 * kMib}) {
    for (const std::size_t behind_end : {std::size_t{1}, kPage, kMib}) {
      BytesIO f = filled(content);
      string model = content;
      const Kept first(f.getvalue());
      overwrite(f, model, 77, "now in a file");
      const Kept second(f.getvalue());
      overwrite(f, model, content.size() - before_end, pattern(before_end + behind_end, 9));
      const string where = std::to_string(before_end) + " before the end and " +
                           std::to_string(behind_end) + " behind it";
      expect_content(f, model, where);
      const Kept third(f.getvalue());
      overwrite(f, model, model.size(), "x");
      overwrite(f, model, model.size() - 2, "y");
      expect_content(f, model, where);
      for (const Kept* kept : {&first, &second, &third}) kept->check(where.c_str());
    }
  }
}

TEST_P(BytesIOTiers, LargeWritesOverASharedBlock) {
  // Whole pages that are about to be overwritten are neither mapped nor copied.
  const string content = pattern(2 * kMib + 99);
  const std::vector<std::size_t> starts{0, 1, kPage - 1, kPage, kMib + 1, 2 * kMib};
  for (const std::size_t start : starts) {
    for (const std::size_t size :
         {64 * 1024 + kPage, 64 * 1024 + 2 * kPage - 1, kMib + 1, 2 * kMib, 2 * kMib + 99}) {
      for (const int rounds : {1, 3}) {
        BytesIO f = filled(content);
        string model = content;
        std::vector<Kept> kept;
        for (int round = 0; round < rounds; ++round) {
          kept.emplace_back(f.getvalue());
          overwrite(f, model, start, pattern(size, static_cast<unsigned>(round) + 2));
          overwrite(f, model, start / 2, "small");
        }
        const string where = std::to_string(size) + " at " + std::to_string(start) + ", round " +
                             std::to_string(rounds);
        expect_content(f, model, where);
        for (const Kept& snapshot : kept) snapshot.check(where);
      }
    }
  }
}

TEST(BytesIOConversion, LeavesWhatIsReadWhereItIsThousandsOfTimes) {
  const bool shares = shares_pages(Tier::automatic);
  const int rounds = test::kSanitized ? 200 : 3000;
  std::mt19937 random(3);
  std::vector<Kept> kept;
  for (int round = 0; round < rounds; ++round) {
    const string where = "round " + std::to_string(round);
    string model = pattern(kMib + kPage, static_cast<unsigned>(round));
    BytesIO f = test::left_before(BytesIO(ByteSpan(model)));
    if (random() % 2 == 0) {
      // With a view of the past, so that the system has to be asked what differs.
      MutableMemoryView view = f.getbuffer();
      view[5] = std::byte{'v'};
      model[5] = 'v';
    }
    const Kept& before = kept.emplace_back(f.getvalue());
    const std::byte* const data = before.bytes().data();
    overwrite(f, model, random() % model.size(), "x");
    ASSERT_EQ(tier_of(before.bytes()), shares ? "paged" : "heap") << where;
    ASSERT_EQ(before.bytes().data(), data) << where;
    kept.emplace_back(f.getvalue());
    overwrite(f, model, random() % model.size(), "y");
    ASSERT_NO_FATAL_FAILURE(expect_content(f, model, where));
    while (kept.size() > 16 || (!kept.empty() && random() % 3 == 0)) {
      const std::size_t gone = random() % kept.size();
      ASSERT_NO_FATAL_FAILURE(kept[gone].check(where));
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(gone));
    }
  }
  for (const Kept& snapshot : kept) ASSERT_NO_FATAL_FAILURE(snapshot.check("in the end"));
}

TEST_P(BytesIOTiers, SnapshotsKeptAndDroppedInAnyOrder) {
  const std::size_t smallest = kMib + kPage;
  for (const std::size_t size : {GetParam() == Tier::paged ? 64 * 1024 : smallest, smallest}) {
    const int rounds = test::kSanitized ? 400 : 3000;
    for (const int order : {0, 1, 2}) {
      std::mt19937 random(static_cast<unsigned>(order) + 1);
      const auto below = [&](std::size_t limit) { return random() % limit; };
      string model = pattern(size);
      BytesIO f = filled(model);
      std::vector<Kept> kept;
      for (int round = 0; round < rounds; ++round) {
        const string where = "size " + std::to_string(size) + ", order " + std::to_string(order) +
                             ", round " + std::to_string(round);
        if (below(3) != 0) kept.emplace_back(f.getvalue());
        const std::size_t at = below(model.size() - 3 * kPage);
        switch (below(4)) {
          case 0:
            overwrite(f, model, at, pattern(1, random()));
            break;
          case 1:
            overwrite(f, model, at / kPage * kPage, pattern(kPage, random()));
            break;
          case 2:
            overwrite(f, model, at / kPage * kPage + kPage - 1,
                      pattern(2 + below(kPage), random()));
            break;
          default:
            overwrite(f, model, at, pattern(1 + below(2 * kPage), random()));
        }
        const std::size_t most = 12;
        if (kept.size() > most || below(4) == 0) {
          if (!kept.empty()) {
            const std::size_t gone = order == 0   ? 0
                                     : order == 1 ? kept.size() - 1
                                                  : below(kept.size());
            ASSERT_NO_FATAL_FAILURE(kept[gone].check(where));
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(gone));
          }
        }
        if (round % 16 == 0) {
          ASSERT_NO_FATAL_FAILURE(expect_content(f, model, where));
        }
      }
      for (const Kept& snapshot : kept) ASSERT_NO_FATAL_FAILURE(snapshot.check("in the end"));
      ASSERT_NO_FATAL_FAILURE(expect_content(f, model, "in the end"));
    }
  }
}

// --- writable views ------------------------------------------------------------------------------

TEST_P(BytesIOTiers, WhatAReleasedViewWroteIsInTheSnapshotAndStays) {
  // The pages that a view wrote to are known to nobody: asked for again at each mapping, also long
  // after the view is gone.
  string model = pattern(2 * kMib);
  for (const bool in_file : {false, true}) {
    BytesIO f = filled(model);
    const Bytes other = in_file ? f.getvalue() : Bytes();
    if (in_file) overwrite(f, model, 0, "into a file");
    {
      MutableMemoryView view = f.getbuffer();
      for (const std::size_t at : {std::size_t{10}, kPage, kMib, 2 * kMib - 1}) {
        view[at] = std::byte{'v'};
        model[at] = 'v';
      }
    }
    const Kept first(f.getvalue());
    ASSERT_EQ(text(first.bytes()), std::string_view(model));
    overwrite(f, model, kMib + 1, "after");
    expect_content(f, model, "after the first");
    const Kept second(f.getvalue());
    overwrite(f, model, 20, "after");
    expect_content(f, model, "after the second");
    first.check();
    second.check();
  }
}

TEST_P(BytesIOTiers, NothingTakenBesideALiveViewSeesWhatItWrites) {
  string model = pattern(2 * kMib);
  for (std::size_t i = 10'000; i < model.size(); i += 70'000) model[i] = '\n';
  for (const bool in_file : {false, true}) {
    BytesIO f = filled(model);
    const Bytes other = in_file ? f.getvalue() : Bytes();
    if (in_file) overwrite(f, model, 0, "into a file");
    MutableMemoryView view = f.getbuffer();
    for (int round = 0; round < 3; ++round) {
      f.seek(0);
      std::vector<Kept> kept;
      kept.emplace_back(f.getvalue());
      kept.emplace_back(f.slice(1, kMib + 1));
      kept.emplace_back(f.slice(kMib, kMib + 100));
      kept.emplace_back(f.readline());
      kept.emplace_back(f.read(100));
      kept.emplace_back(f.read(kMib));
      kept.emplace_back(f.read());
      kept.emplace_back(f.read_at(5, 1000));
      kept.emplace_back(f.peek(1000));
      for (Bytes& line : f.reader().readlines()) kept.emplace_back(std::move(line));
      BytesIO reader = f.reader();
      BytesIO clone = f.clone();
      const string before = model;
      for (std::size_t at = 0; at < model.size(); at += 3 * kPage + 1) {
        const char changed = static_cast<char>(~model[at]);
        view[at] = static_cast<std::byte>(changed);
        model[at] = changed;
      }
      for (const Kept& snapshot : kept) snapshot.check("beside a view");
      EXPECT_TRUE(reader.read() == ByteSpan(before));
      string of_clone = before;
      overwrite(clone, of_clone, kMib, "clone");
      expect_content(clone, of_clone, "clone");
      EXPECT_TRUE(ByteSpan(view) == ByteSpan(model)) << "the stream's own";
    }
    view.release();
    expect_content(f, model);
  }
}

TEST_P(BytesIOTiers, GetvalueBeforeGetbufferStaysWhenTheViewWrites) {
  string model = pattern(2 * kMib);
  BytesIO f = filled(model);
  const Kept first(f.getvalue());
  MutableMemoryView view = f.getbuffer();
  view[kMib] = std::byte{'v'};
  view[0] = std::byte{'v'};
  model[kMib] = model[0] = 'v';
  first.check();
  const Kept second(f.getvalue());
  EXPECT_EQ(text(second.bytes()), std::string_view(model));
  view[kMib] = std::byte{'w'};
  model[kMib] = 'w';
  second.check();
  f.seek(kMib);
  EXPECT_EQ(text(f.read(1)), "w");
  view.release();
  overwrite(f, model, kMib - 1, "the stream");
  first.check();
  second.check();
  expect_content(f, model);
}

TEST_P(BytesIOTiers, ViewOutlivesTheStream) {
  string model = pattern(2 * kMib);
  MutableMemoryView view;
  {
    BytesIO f = filled(model);
    const Kept before(f.getvalue());
    view = f.getbuffer();
    const Kept beside(f.getvalue());
    f.close();
    view[5] = std::byte{'v'};
    model[5] = 'v';
    before.check();
    beside.check();
  }
  EXPECT_TRUE(ByteSpan(view) == ByteSpan(model));
}

TEST_P(BytesIOTiers, StreamWritesInPlaceUnderAView) {
  string model = pattern(2 * kMib);
  BytesIO f = filled(model);
  const Kept before(f.getvalue());
  MutableMemoryView view = f.getbuffer();
  const Kept beside(f.getvalue());
  overwrite(f, model, kMib - 3, pattern(5 * kPage, 4));
  EXPECT_TRUE(ByteSpan(view) == ByteSpan(model));
  EXPECT_THROW(f.write_at(2 * kMib, "grow"), BufferError);
  const Kept again(f.getvalue());
  overwrite(f, model, kMib - 3, "x");
  view[kMib] = std::byte{'v'};
  model[kMib] = 'v';
  before.check();
  beside.check();
  again.check();
  expect_content(f, model);
}

TEST_P(BytesIOTiers, LargeWritesUnderAViewAreKeptWhenItIsGone) {
  string model = pattern(8 * kMib);
  BytesIO f = filled(model);
  {
    const Kept before(f.getvalue());
    overwrite(f, model, 0, "x");
  }
  MutableMemoryView view = f.getbuffer();
  overwrite(f, model, kMib + 7, pattern(5 * kMib, 4));
  EXPECT_TRUE(ByteSpan(view) == ByteSpan(model));
  view.release();
  for (const std::size_t size : {std::size_t{1}, kMib / 4, 3 * kMib}) {
    SCOPED_TRACE(size);
    overwrite(f, model, 7 * kMib - size, pattern(size, size));
    const Kept after(f.getvalue());
    overwrite(f, model, 3 * kMib, pattern(3 * kPage, size));
    after.check();
    expect_content(f, model);
  }
}

TEST_P(BytesIOTiers, SnapshotsKeptAndDroppedBesideViews) {
  std::mt19937 random(7);
  string model = pattern(kMib + kMib / 2);
  BytesIO f = filled(model);
  std::vector<Kept> kept;
  for (int round = 0; round < 200; ++round) {
    const string where = "round " + std::to_string(round);
    MutableMemoryView view = round % 3 == 0 ? f.getbuffer() : MutableMemoryView();
    if (random() % 2 == 0) kept.emplace_back(f.getvalue());
    if (view.size() != 0) {
      const std::size_t at = random() % model.size();
      model[at] = static_cast<char>(random());
      view[at] = static_cast<std::byte>(model[at]);
    }
    if (random() % 2 == 0) kept.emplace_back(f.getvalue());
    overwrite(f, model, random() % (model.size() - kPage), pattern(1 + random() % kPage, random()));
    ASSERT_NO_FATAL_FAILURE(expect_content(f, model, where));
    view.release();
    while (kept.size() > 8 || (!kept.empty() && random() % 3 == 0)) {
      const std::size_t gone = random() % kept.size();
      ASSERT_NO_FATAL_FAILURE(kept[gone].check(where));
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(gone));
    }
  }
}

// --- going home ----------------------------------------------------------------------------------

TEST_P(BytesIOTiers, CompactKeepsTheBytesAndTheSnapshots) {
  for (const bool kept : {false, true}) {
    string model = pattern(2 * kMib);
    BytesIO f = filled(model);
    Kept before(f.getvalue());
    overwrite(f, model, kMib, pattern(kMib / 2, 3));
    if (!kept) before = Kept(Bytes());
    f.reserve(8 * kMib);
    f.compact();
    EXPECT_LE(f.capacity(), 2 * kMib);
    before.check();
    expect_content(f, model);
    const Kept after(f.getvalue());
    overwrite(f, model, 5, "once more");
    after.check();
    expect_content(f, model);
  }
}

// --- what is shared, and what it takes -----------------------------------------------------------

class BytesIOPaged : public testing::TestWithParam<Tier> {
 protected:
  static BytesIO filled(const string& content) {
    return test::left_before(BytesIO(ByteSpan(content), StorageOptions{.tier = GetParam()}));
  }

  static bool shares() { return shares_pages(GetParam()); }

  /// What a whole copy of `size` bytes would be, or with sharing, `much`.
  static std::uint64_t at_most(std::uint64_t much, std::uint64_t size) {
    return shares() ? much : size;
  }
};

INSTANTIATE_TEST_SUITE_P(BothWaysIn, BytesIOPaged, testing::Values(Tier::automatic, Tier::paged),
                         testing::PrintToStringParamName());

TEST_P(BytesIOPaged, FirstWriteAfterGetvalueMakesItPagedAndSharesPages) {
  const string content = pattern(16 * kMib);
  BytesIO f = filled(content);
  const std::ptrdiff_t memory = memory_in_use();
  const Bytes snapshot = f.getvalue();
  f.write_at(5 * kMib, "x");
  if (shares()) {
    EXPECT_EQ(tier_of(f), "paged");
    EXPECT_EQ(tier_of(snapshot), "paged");
    EXPECT_LE(memory_in_use() - memory, static_cast<std::ptrdiff_t>(kMib / 2));
  } else {
    EXPECT_EQ(tier_of(f), "heap");
  }
  EXPECT_TRUE(snapshot == ByteSpan(content));
}

TEST_P(BytesIOPaged, SecondSnapshotCopiesTheDirtyPagesOnly) {
  BytesIO f = filled(pattern(8 * kMib));
  const Bytes first = f.getvalue();
  f.write_at(kMib, "x");
  const std::uint64_t before = copied(f);
  const Bytes second = f.getvalue();
  f.write_at(3 * kMib, "y");
  EXPECT_LE(copied(f) - before, at_most(70'000, 8 * kMib));
  EXPECT_GE(copied(f) - before, 1u);
}

TEST_P(BytesIOPaged, AloneAgainItWritesInPlace) {
  BytesIO f = filled(pattern(8 * kMib));
  {
    const Bytes snapshot = f.getvalue();
    f.write_at(kMib, "x");
  }
  const std::uint64_t before = copied(f);
  const std::byte* where = address(f.getvalue());
  for (std::size_t i = 0; i < 300; ++i) {
    static_cast<void>(f.getvalue());
    f.write_at(i * 7919 % (8 * kMib), "z");
  }
  EXPECT_EQ(copied(f), before);
  EXPECT_EQ(f.getvalue().data(), where);
}

TEST_P(BytesIOPaged, GrowthOfASharedBlockSharesPages) {
  const string content = pattern(8 * kMib);
  const string more = pattern(4 * kMib, 2);
  BytesIO f = filled(content);
  f.compact();
  f.seek(0, Whence::End);
  const std::ptrdiff_t memory = memory_in_use();
  const Bytes first = f.getvalue();
  f.write(more);
  const Bytes second = f.getvalue();
  f.write(more);
  f.write(more);
  if (shares()) {
    EXPECT_EQ(tier_of(f), "paged");
    // The 8 MiB from before are there once, as are the 12 MiB behind them.
    EXPECT_LE(memory_in_use() - memory, static_cast<std::ptrdiff_t>(13 * kMib));
  }
  expect_same(first, content, "first");
  expect_same(second, content + more, "second");
  expect_content(f, content + more + more + more);
}

TEST_P(BytesIOPaged, AppendsWithEverySnapshotKeptTakeTheDataOnce) {
  BytesIO f(StorageOptions{.tier = GetParam()});
  const string piece = pattern(4096 + 1);
  std::vector<Bytes> kept;
  const std::ptrdiff_t memory = memory_in_use();
  const std::size_t rounds = 10'000;  // below 8 MiB each growth copies
  for (std::size_t i = 0; i < rounds; ++i) {
    f.write(piece);
    kept.push_back(f.getvalue());
  }
  if (shares()) {
    EXPECT_LE(memory_in_use() - memory, static_cast<std::ptrdiff_t>(f.size() * 3 / 2));
  }
  for (std::size_t i = 0; i < rounds; i += 97) {
    ASSERT_EQ(kept[i].size(), (i + 1) * piece.size());
    for (std::size_t at = 0; at < kept[i].size(); at += piece.size() * (1 + i / 50)) {
      ASSERT_TRUE(kept[i].slice(at, at + piece.size()) == ByteSpan(piece)) << i << " at " << at;
    }
  }
}

TEST_P(BytesIOPaged, ThousandKeptSnapshotsTakeAtMostTwiceTheBestChoice) {
  // The best number of snapshots a file serves is 71: 10 MiB / 71 of file and 71 / 2 pages of
  // overlay each.
  const std::size_t snapshots = test::kSanitized ? 200 : 1000;
  const auto best = static_cast<std::ptrdiff_t>(snapshots * 290'000);
  std::mt19937 random(3);
  string model = pattern(10 * kMib);
  BytesIO f = filled(model);
  const std::ptrdiff_t memory = memory_in_use();
  std::vector<Bytes> kept;
  std::vector<std::size_t> hashes;
  const std::hash<std::string_view> hash;
  for (std::size_t i = 0; i < (shares() ? snapshots : 20); ++i) {
    kept.push_back(f.getvalue());
    if (i % 20 == 0) hashes.push_back(hash(model));
    overwrite(f, model, random() % model.size(), pattern(1, random()));
  }
  if (shares()) {
    EXPECT_LE(memory_in_use() - memory, 2 * best);
  }
  if (shares()) {
    EXPECT_GE(copied(f), snapshots * kPage);
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    ASSERT_EQ(hash(text(kept[i * 20])), hashes[i]) << "snapshot " << i * 20;
  }
  expect_content(f, model);
}

TEST_P(BytesIOPaged, NewFileWhenAsMuchWasCopiedOverTheOldOne) {
  // The same few pages are dirty each time: without a new file each snapshot would copy them again.
  const string content = pattern(2 * kMib);
  BytesIO f = filled(content);
  std::vector<Bytes> kept;
  std::uint64_t overlaid = 0;
  bool renewed = false;
  for (std::size_t i = 0; i < 60; ++i) {
    kept.push_back(f.getvalue());
    const std::uint64_t before = copied(f);
    f.write_at(i * 9 * kPage % (2 * kMib), "x");
    const std::uint64_t now = copied(f) - before;
    if (i > 0 && now >= 2 * kMib - 128 * 1024) {
      renewed = true;
      if (shares()) {
        EXPECT_GE(overlaid, kMib) << "too early";
      }
      overlaid = 0;
    } else if (i > 0) {
      overlaid += now;
    }
    if (shares()) {
      ASSERT_LE(overlaid, 5 * kMib / 2) << "too late";
    }
  }
  EXPECT_TRUE(renewed);
}

TEST_P(BytesIOPaged, RewritingAllOfItCopiesNothingFirst) {
  const string content = pattern(4 * kMib);
  BytesIO f = filled(content);
  const Kept before(f.getvalue());
  f.write_at(7, "x");
  const Kept second(f.getvalue());
  const std::uint64_t copied_before = copied(f);
  f.write_at(0, pattern(4 * kMib, 2));
  EXPECT_LE(copied(f) - copied_before, 2 * kPage);
  before.check();
  second.check();
  expect_content(f, pattern(4 * kMib, 2));
}

TEST_P(BytesIOPaged, LargeOverwritesKeepWhatIsAroundThem) {
  // Where a write covers most of a huge page the stream gets a new one, and copies the rest into it.
  constexpr std::size_t kSize = 13 * kMib + 777;
  string model = pattern(kSize);
  BytesIO f = filled(model);
  std::vector<Kept> kept;
  kept.emplace_back(f.getvalue());
  unsigned round = 0;
  for (const std::size_t size : {kMib - 1, kMib, kMib + kPage + 1, 2 * kMib, 5 * kMib + 1}) {
    for (const std::size_t at : {std::size_t{0}, kMib, kMib - 5, 2 * kMib, 3 * kMib + 7 * kPage + 3,
                                 6 * kMib - 1, kSize - size}) {
      const string text = pattern(size, ++round);
      f.write_at(at, text);
      model.replace(at, size, text);
      f.write_at(at / 2, "small");
      model.replace(at / 2, 5, "small");
      if (round % 4 == 0) kept.emplace_back(f.getvalue());
      if (round % 11 == 0) kept.erase(kept.begin() + 1);
      ASSERT_TRUE(f.getvalue() == ByteSpan(model)) << size << " at " << at;
    }
  }
  for (const Kept& value : kept) value.check();
}

TEST_P(BytesIOPaged, RewritingInSequenceTakesFewMappings) {
  BytesIO f = filled(pattern(24 * kMib));
  const Bytes before = f.getvalue();
  f.write_at(7, "x");
  const std::size_t mappings = mappings_of_the_process();
  for (std::size_t at = 0; at + kMib <= f.size(); at += kMib) f.write_at(at, pattern(kMib, at));
  EXPECT_LE(mappings_of_the_process(), mappings + 6);
}

TEST_P(BytesIOPaged, GetvalueBesideAViewSharesPages) {
  string model = pattern(8 * kMib);
  BytesIO f = filled(model);
  MutableMemoryView view = f.getbuffer();
  view[0] = std::byte{'v'};
  const Bytes first = f.getvalue();
  const std::uint64_t before = copied(f);
  const std::ptrdiff_t memory = memory_in_use();
  std::vector<Bytes> kept;
  for (std::size_t i = 0; i < 10; ++i) {
    view[i * kPage * 10] = static_cast<std::byte>('a' + i);
    kept.push_back(f.getvalue());
  }
  EXPECT_LE(copied(f) - before, at_most(10 * 80'000, 80 * kMib));
  if (shares()) {
    EXPECT_LE(memory_in_use() - memory, static_cast<std::ptrdiff_t>(kMib));
  }
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(kept[i][i * kPage * 10], static_cast<std::byte>('a' + i));
    if (i > 0) {
      EXPECT_EQ(kept[i - 1][i * kPage * 10], static_cast<std::byte>(model[i * kPage * 10]));
    }
  }
}

TEST_P(BytesIOPaged, MostlyDirtyAndAloneItGoesHome) {
  string model = pattern(4 * kMib);
  BytesIO f = filled(model);
  {
    const Bytes snapshot = f.getvalue();
    f.write_at(0, ByteSpan(model).subspan(0, 1));
  }
  if (shares()) {
    EXPECT_EQ(tier_of(f), "paged");
  }
  const std::uint64_t before = copied(f);
  for (std::size_t page = 0; page < 600; ++page) {
    overwrite(f, model, page * kPage, pattern(1, page));
  }
  expect_content(f, model);
  if (!shares()) return;
  EXPECT_LE(copied(f) - before, 4 * kMib) << "once";
  // Who asked for pages gets a new file, of which nothing is dirty.
  EXPECT_EQ(tier_of(f), GetParam() == Tier::automatic ? "mapped" : "paged");
  const std::uint64_t at_home = copied(f);
  for (std::size_t page = 600; page < 1000; ++page) {
    overwrite(f, model, page * kPage, pattern(1, page));
  }
  EXPECT_EQ(copied(f), at_home);
  expect_content(f, model);
}

TEST_P(BytesIOPaged, MostlyDirtyAfterAViewItGoesHome) {
  // One writable view, long gone, and the stream kept its file beside as many pages of its own for good.
  string model = pattern(4 * kMib);
  BytesIO f = filled(model);
  for (const std::size_t size : {std::size_t{1}, 2 * kPage, 4 * kMib}) {
    SCOPED_TRACE(size);
    {
      const Bytes snapshot = f.getvalue();
      overwrite(f, model, 0, "x");
    }
    {
      MutableMemoryView view = f.getbuffer();
      view[kMib] = std::byte{'v'};
      model[kMib] = 'v';
    }
    const std::uint64_t before = copied(f);
    for (std::size_t page = 0; page < 600; ++page) {
      if (page * kPage + size > 4 * kMib) break;
      overwrite(f, model, page * kPage, pattern(size, page));
    }
    expect_content(f, model);
    if (!shares()) continue;
    EXPECT_LE(copied(f) - before, 4 * kMib) << "once";
    if (GetParam() == Tier::automatic) {
      EXPECT_EQ(tier_of(f), "mapped");
    }
  }
}

TEST_P(BytesIOPaged, HugePagesThatWritesReplaceCountAsItsOwn) {
  // Of each only half is written to, but the file has all of them a second time.
  string model = pattern(8 * kMib);
  BytesIO f = filled(model);
  {
    const Bytes snapshot = f.getvalue();
    overwrite(f, model, 0, "x");
  }
  overwrite(f, model, 0, pattern(kMib, 2));
  overwrite(f, model, 2 * kMib, pattern(kMib, 3));
  if (shares()) {
    EXPECT_EQ(tier_of(f), "paged") << "half of it";
  }
  overwrite(f, model, 4 * kMib, "x");
  expect_content(f, model);
  if (shares() && GetParam() == Tier::automatic) {
    EXPECT_EQ(tier_of(f), "mapped") << "more than half of it";
  }
}

TEST_P(BytesIOPaged, CompactLeavesNoPageInMemoryTwice) {
  string model = pattern(16 * kMib);
  BytesIO f = filled(model);
  f.compact();
  const string written = pattern(4 * kMib, 2);  // malloc may keep what it had, once it is freed
  const std::ptrdiff_t memory = memory_in_use();
  {
    const Bytes snapshot = f.getvalue();
    overwrite(f, model, 0, "x");
    overwrite(f, model, kMib, written);
  }
  if (shares()) {
    EXPECT_EQ(tier_of(f), "paged");
  }
  f.compact();
  if (shares()) {
    EXPECT_LE(memory_in_use() - memory, static_cast<std::ptrdiff_t>(kMib / 4));
    const bool automatic = GetParam() == Tier::automatic;
    EXPECT_EQ(tier_of(f), automatic ? "mapped" : "paged");
    EXPECT_EQ(detail::read_process_memory().shared, automatic ? 0u : 16 * kMib);
  }
  expect_content(f, model);
}

long page_faults() {
  rusage usage{};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

// One write over all of it went into new memory page fault by page fault and then into a second file:
// 4.6 times as long as a copy.
TEST(BytesIOPagedFromBirth, RewritingAllWantsNeitherAFaultForEachPageNorAnotherFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  string model = pattern(16 * kMib);
  BytesIO f(ByteSpan(model), StorageOptions{.tier = Tier::paged});
  const std::size_t files = detail::read_process_memory().shared;
  for (const std::size_t size : {4 * kMib, 16 * kMib}) {
    const Kept snapshot(f.getvalue());
    const string written = pattern(size, 7);
    const long before = page_faults();
    f.write_at(0, written);
    EXPECT_LT(page_faults() - before, static_cast<long>(size / kPage / 2)) << size << " bytes";
    model.replace(0, size, written);
    EXPECT_EQ(detail::read_process_memory().shared, files);
    snapshot.check();
    expect_content(f, model);
  }
}

// Past one writable view, long gone, what was appended no longer followed into the file, and the first write
// after a snapshot paid for all of it.
TEST(BytesIOPagedFromBirth, WhatIsAppendedAfterAViewFollowsIntoTheFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  string model = pattern(kMib);
  BytesIO f(StorageOptions{.tier = Tier::paged});
  f.reserve(16 * kMib);
  f.write(model);
  f.getbuffer().release();
  for (std::size_t piece = 0; piece < 14; ++piece) {
    overwrite(f, model, model.size(), pattern(kMib, piece));
  }
  const Kept snapshot(f.getvalue());
  const std::uint64_t before = copied(f);
  overwrite(f, model, 5, "x");
  EXPECT_LE(copied(f) - before, kMib);
  snapshot.check();
  expect_content(f, model);
}

// It took the bytes out of their file, and the write after the next snapshot had to move all of them
// into another one.
TEST(BytesIOPagedFromBirth, CompactKeepsThemInAFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  string model = pattern(16 * kMib + 5);
  BytesIO f(ByteSpan(model), StorageOptions{.tier = Tier::paged});
  const auto expect_compacted = [&](const char* when) {
    SCOPED_TRACE(when);
    f.compact();
    EXPECT_EQ(tier_of(f), "paged");
    EXPECT_EQ(f.capacity(), (model.size() + kPage - 1) / kPage * kPage);
    EXPECT_LE(f.retained_bytes(), model.size() + kPage);
    EXPECT_GE(detail::read_process_memory().shared, model.size() / kPage * kPage);
    const std::uint64_t before = copied(f);
    f.compact();
    EXPECT_EQ(copied(f), before) << "there is nothing to do";
    expect_content(f, model);
    const Kept snapshot(f.getvalue());
    overwrite(f, model, kMib, "x");
    EXPECT_LE(copied(f) - before, 2 * kPage) << "the page at the end";
    snapshot.check();
    expect_content(f, model);
  };
  expect_compacted("full");
  f.reserve(40 * kMib);
  for (std::size_t page = 0; page < 4000; page += 3) overwrite(f, model, page * kPage, "dirty");
  expect_compacted("with dirty pages and room");
  model.resize(9 * kMib + 77);
  f.truncate(model.size());
  expect_compacted("after truncate()");
  {
    MutableMemoryView view = f.getbuffer();
    view[3 * kMib] = std::byte{'v'};
    model[3 * kMib] = 'v';
  }
  expect_compacted("after a view");
  const string more = pattern(kMib, 3);
  overwrite(f, model, model.size(), more);
  expect_compacted("grown again");
}

TEST_P(BytesIOPaged, CompactBesideASnapshotDoesNotDoubleTheBytes) {
  const string content = pattern(16 * kMib);
  BytesIO f = filled(content);
  const Bytes snapshot = f.getvalue();
  f.write_at(kMib, "x");
  const std::ptrdiff_t memory = memory_in_use();
  f.compact();
  if (shares()) {
    EXPECT_LE(memory_in_use() - memory, static_cast<std::ptrdiff_t>(kMib));
  }
  EXPECT_TRUE(snapshot == ByteSpan(content));
}

TEST_P(BytesIOPaged, TruncateBesideASnapshotCopiesNothing) {
  const string content = pattern(16 * kMib);
  BytesIO f = filled(content);
  const Bytes snapshot = f.getvalue();
  f.write_at(kMib, "x");
  const std::uint64_t before = copied(f);
  f.truncate(7 * kMib);
  if (shares()) {
    EXPECT_EQ(copied(f), before);
  }
  string model = content.substr(0, 7 * kMib);
  model[kMib] = 'x';
  expect_content(f, model);
  EXPECT_TRUE(snapshot == ByteSpan(content));
}

TEST_P(BytesIOPaged, StreamOnTheHeapNeverTakesPartInPaging) {
  // StorageOptions::heap promises that pages never move, also where the bytes came from elsewhere.
  const string content = pattern(2 * kMib);
  BytesIO g = [&] {
    BytesIO f = filled(content);
    return BytesIO(f.getvalue(), StorageOptions{.tier = StorageOptions::heap});
  }();
  const string tier = tier_of(g);
  MutableMemoryView view = g.getbuffer();
  const Bytes beside = g.getvalue();
  EXPECT_EQ(tier_of(beside), "heap");
  view.release();
  const Bytes after = g.getvalue();
  EXPECT_EQ(tier_of(after), tier);
  g.write("x");
  EXPECT_EQ(tier_of(g), "heap");
  EXPECT_TRUE(after == ByteSpan(content));
}

TEST_P(BytesIOPaged, NothingIsLeftBehind) {
  release_cached_memory();
  const detail::ProcessMemory before = detail::read_process_memory();
  {
    BytesIO f = filled(pattern(4 * kMib));
    std::vector<Bytes> kept;
    for (std::size_t i = 0; i < 50; ++i) {
      kept.push_back(f.getvalue());
      f.write_at(i * 33 * kPage % (4 * kMib), "x");
    }
  }
  release_cached_memory();
  const detail::ProcessMemory after = detail::read_process_memory();
  EXPECT_EQ(after.shared, before.shared);
  if (!test::kSanitized) {
    EXPECT_LE(after.mapped, before.mapped + 64 * 1024);
  }
}

// --- the first write of all ----------------------------------------------------------------------

/// The tier of a large stream that shares pages, or does not yet.
string when_shared() {
  return shares_pages(Tier::automatic) ? "paged" : "heap";
}

string when_copied() {
  return shares_pages(Tier::automatic) ? "mapped" : "heap";
}

TEST(BytesIOFirstWrite, CopiesUpTo8MebibytesAndTheSecondSharesPages) {
  for (const std::size_t size : {kMib, 3 * kMib + 77, 8 * kMib}) {
    string model = pattern(size);
    BytesIO f{ByteSpan(model)};
    const Kept first(f.getvalue());
    overwrite(f, model, 5, "copied");
    EXPECT_EQ(tier_of(f), when_copied()) << size;
    EXPECT_EQ(f.ledger().copied_for(CopyReason::CopyOnWrite), size - 6);
    const Kept second(f.getvalue());
    overwrite(f, model, size / 2, "shared");
    EXPECT_EQ(tier_of(f), when_shared()) << size;
    const Kept third(f.getvalue());
    const std::uint64_t before = copied(f);
    overwrite(f, model, size / 3, "shared again");
    EXPECT_LE(copied(f) - before, shares_pages(Tier::automatic) ? 80'000 : size);
    for (const Kept* const kept : {&first, &second, &third}) kept->check();
    expect_content(f, model);
  }
}

TEST(BytesIOFirstWrite, SharesPagesAtOncePast8Mebibytes) {
  string model = pattern(8 * kMib + kPage);
  BytesIO f{ByteSpan(model)};
  const Kept before(f.getvalue());
  overwrite(f, model, 5, "x");
  EXPECT_EQ(tier_of(f), when_shared());
  before.check();
  expect_content(f, model);
}

TEST(BytesIOFirstWrite, OfTheSecondCloneSharesPages) {
  const string content = pattern(2 * kMib);
  const BytesIO f{ByteSpan(content)};
  BytesIO first = f.clone();
  BytesIO second = f.clone();
  first.write("copied");
  EXPECT_EQ(tier_of(first), when_copied());
  EXPECT_EQ(tier_of(f), when_copied());
  second.write("shared");
  EXPECT_EQ(tier_of(second), when_shared());
  EXPECT_EQ(tier_of(f), when_shared());
  expect_content(f, content);
  EXPECT_EQ(first.slice(0, 6), "copied");
  EXPECT_EQ(second.slice(0, 6), "shared");
}

TEST(BytesIOFirstWrite, IsNotWaitedForBesideAView) {
  BytesIO f{ByteSpan(pattern(2 * kMib))};
  const MutableMemoryView view = f.getbuffer();
  EXPECT_EQ(tier_of(f.getvalue()), when_shared());
}

// --- huge pages ----------------------------------------------------------------------------------

/// Bytes of the process that are mapped huge pages, its own or a memory file's.
std::size_t bytes_in_huge_pages() {
  release_cached_memory();
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::size_t kib = 0;
  for (string word; rollup >> word;) {
    std::size_t value = 0;
    if ((word == "AnonHugePages:" || word == "ShmemPmdMapped:") && rollup >> value) kib += value;
  }
  return kib * 1024;
}

/// Whether the system gives them to whom asks.
bool system_has_huge_pages() {
  std::ifstream enabled("/sys/kernel/mm/transparent_hugepage/enabled");
  string words;
  std::getline(enabled, words);
  return words.find("[madvise]") != string::npos || words.find("[always]") != string::npos;
}

TEST(BytesIOHugePages, AreAskedForUnlessTheOptionSaysNo) {
  const string content = pattern(9 * kMib);
  for (const bool wanted : {true, false}) {
    const std::size_t before = bytes_in_huge_pages();
    BytesIO f(ByteSpan(content), StorageOptions{.huge_pages = wanted});
    const auto more_than_before = [&] { return bytes_in_huge_pages() - before; };
    if (!wanted || !shares_pages(Tier::automatic)) {
      EXPECT_EQ(more_than_before(), 0u) << "mapped";
    } else if (system_has_huge_pages()) {
      EXPECT_GE(more_than_before(), 4 * kMib) << "mapped";
    }
    const Bytes value = f.getvalue();
    f.write_at(5 * kMib, "x");
    const Bytes second = f.getvalue();
    f.write_at(0, content.substr(0, 4 * kMib));
    expect_same(value, content, "snapshot");
    if (!wanted) {
      EXPECT_EQ(more_than_before(), 0u) << "paged";
    }
  }
}

}  // namespace
}  // namespace quire
