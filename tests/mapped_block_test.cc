// MappedBlock: windows, branches, files and going home, without a stream around it.
#include "mapped_block.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mapping_cache.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "support/page_faults.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire::detail {
namespace {

using std::string;
using test::kMib;
using test::kPage;
using test::pattern;

/// A block as a stream uses it: it is written to where a window was lent, and nowhere else.
class Owner {
 public:
  explicit Owner(BlockRef block) : block_(std::move(block)) {}

  explicit Owner(const string& content, Paging paging = Paging::WhenShared,
                 std::size_t capacity = 0)
      : block_(
            BlockRef::adopt(new_mapped_block(std::max(capacity, content.size()), paging, true))) {
    EXPECT_TRUE(write(0, content));
  }

  [[nodiscard]] bool write(std::size_t at, const string& data) {
    const std::size_t end = at + data.size();
    const WriteWindow window = block_->kind->window(block_.get(), at, end, block_->unique());
    if (window.end < end) return false;
    EXPECT_LE(window.begin, at);
    EXPECT_LE(window.end, block_->capacity);
    std::memcpy(block_->data + at, data.data(), data.size());
    return true;
  }

  [[nodiscard]] WriteWindow window(std::size_t begin, std::size_t end) {
    return block_->kind->window(block_.get(), begin, end, block_->unique());
  }

  /// Null when the block refuses.
  [[nodiscard]] Owner branch(std::size_t used, std::size_t capacity, Range hole = {}) {
    copied = 0;
    return Owner(
        BlockRef::adopt(block_->kind->branch(block_.get(), used, capacity, hole, &copied)));
  }

  [[nodiscard]] bool resize(std::size_t used, std::size_t capacity) {
    copied = 0;
    return detail::resize(block_, used, capacity, &copied);
  }

  [[nodiscard]] bool expose() { return block_->kind->expose(block_.get()); }
  [[nodiscard]] string bytes(std::size_t size) const { return {text(), size}; }
  [[nodiscard]] string tier() const { return tier_of(*block_.get()); }
  [[nodiscard]] std::byte* data() const { return block_->data; }
  [[nodiscard]] std::size_t capacity() const { return block_->capacity; }
  [[nodiscard]] const BlockRef& block() const { return block_; }
  explicit operator bool() const { return static_cast<bool>(block_); }

  std::size_t copied = 0;

 private:
  [[nodiscard]] const char* text() const { return reinterpret_cast<const char*>(block_->data); }

  BlockRef block_;
};

class MappedBlock : public testing::Test {
 protected:
  void SetUp() override { QUIRE_SKIP_WITHOUT_PAGES(); }
};

TEST_F(MappedBlock, HasWholePages) {
  for (const std::size_t wanted : {std::size_t{0}, std::size_t{1}, kPage, kPage + 1, kMib}) {
    const Owner block(BlockRef::adopt(new_mapped_block(wanted, Paging::WhenShared, true)));
    ASSERT_TRUE(block);
    EXPECT_GE(block.capacity(), std::max<std::size_t>(wanted, 1));
    EXPECT_EQ(block.capacity() % kPage, 0u);
    EXPECT_EQ(block.tier(), "mapped");
  }
}

TEST_F(MappedBlock, ImpossibleSizesAreRefused) {
  EXPECT_EQ(new_mapped_block(kMaxSize + 1, Paging::WhenShared, true), nullptr);
  EXPECT_EQ(new_mapped_block(kMaxSize, Paging::WhenShared, true), nullptr);
  Owner block(pattern(kMib));
  EXPECT_FALSE(block.resize(kMib, kMaxSize + 1));
  EXPECT_FALSE(block.resize(kMib, kMaxSize));
  EXPECT_EQ(block.bytes(kMib), pattern(kMib));
}

TEST_F(MappedBlock, BranchHasTheSameBytesWhicheverPagesDiffer) {
  // Runs of dirty pages at the start, at the end, across a word of the bitmap, and none.
  const std::vector<std::vector<std::size_t>> dirty_sets{
      {}, {0}, {0, 1, 2}, {63, 64}, {62, 63, 64, 65, 127, 128}, {129}, {5, 50, 95, 129}};
  const string content = pattern(130 * kPage);
  for (const std::vector<std::size_t>& dirty : dirty_sets) {
    for (const std::size_t used : {std::size_t{130 * kPage}, 130 * kPage - 1, 129 * kPage + 1,
                                   std::size_t{64 * kPage}, 63 * kPage + 17}) {
      Owner first(content);
      Owner second = first.branch(content.size(), content.size());
      ASSERT_TRUE(second);
      string model = content;
      for (const std::size_t page : dirty) {
        ASSERT_TRUE(second.write(page * kPage + 3, "dirty"));
        model.replace(page * kPage + 3, 5, "dirty");
      }
      const Owner third = second.branch(used, used);
      ASSERT_TRUE(third);
      const string where =
          std::to_string(dirty.size()) + " dirty, " + std::to_string(used) + " used";
      EXPECT_TRUE(first.bytes(content.size()) == content) << where;
      EXPECT_TRUE(second.bytes(content.size()) == model) << where;
      EXPECT_TRUE(third.bytes(used) == model.substr(0, used)) << where;
      if (used == content.size() && dirty.size() < 6) {
        EXPECT_EQ(second.copied, dirty.size() * kPage) << where;
      }
    }
  }
}

TEST_F(MappedBlock, BranchLeavesTheAddressesAlone) {
  const string content = pattern(9 * kMib + 123);
  Owner first(content);
  const std::byte* const where = first.data();
  Owner second = first.branch(content.size(), content.size());
  EXPECT_EQ(first.data(), where);
  EXPECT_NE(second.data(), where);
  EXPECT_EQ(first.tier(), "paged");
  EXPECT_EQ(second.tier(), "paged");
  EXPECT_TRUE(first.bytes(content.size()) == content);
  EXPECT_TRUE(second.bytes(content.size()) == content);
}

TEST_F(MappedBlock, BranchNeedNotKeepTheHole) {
  const string content = pattern(400 * kPage + 5);
  const std::vector<Range> holes{{0, 100 * kPage},
                                 {1, 100 * kPage},
                                 {kPage - 1, 50 * kPage + 2},
                                 {10 * kPage, 16 * kPage},
                                 {10 * kPage, 17 * kPage},
                                 {300 * kPage + 7, 100 * kPage},
                                 {400 * kPage, 50 * kPage},
                                 {400 * kPage + 5, 50 * kPage},
                                 {390 * kPage - 1, 100 * kPage}};
  for (const Range hole : holes) {
    for (const bool in_file : {false, true}) {
      Owner source(content);
      const Owner other =
          in_file ? source.branch(content.size(), content.size()) : Owner(BlockRef());
      string model = content;
      if (in_file) {
        ASSERT_TRUE(source.write(20 * kPage, "dirty"));
        model.replace(20 * kPage, 5, "dirty");
        ASSERT_TRUE(source.write(399 * kPage, "dirty"));
        model.replace(399 * kPage, 5, "dirty");
      }
      const std::size_t end = hole.offset + hole.count;
      Owner target = source.branch(content.size(), std::max(content.size(), end), hole);
      ASSERT_TRUE(target);
      const string filler = pattern(hole.count, 7);
      ASSERT_TRUE(target.write(hole.offset, filler));
      string expected = model;
      expected.resize(std::max(expected.size(), end));
      expected.replace(hole.offset, hole.count, filler);
      const string where = std::to_string(hole.count) + " at " + std::to_string(hole.offset) +
                           (in_file ? ", in a file" : "");
      EXPECT_TRUE(target.bytes(expected.size()) == expected) << where;
      EXPECT_TRUE(source.bytes(model.size()) == model) << where;
      // And what the branch of the branch has: hole pages are the stream's own.
      const Owner next = target.branch(expected.size(), expected.size());
      ASSERT_TRUE(next);
      EXPECT_TRUE(next.bytes(expected.size()) == expected) << where;
    }
  }
}

TEST_F(MappedBlock, TooLittleOrTooMuchToOverwriteIsNotWorthABranch) {
  const string content = pattern(40 * kPage);
  Owner block(content);
  EXPECT_FALSE(block.branch(0, kMib)) << "nothing";
  EXPECT_FALSE(block.branch(kPage - 1, kMib)) << "no whole page";
  EXPECT_FALSE(block.branch(40 * kPage, kMib, {0, 21 * kPage})) << "most of it overwritten";
  EXPECT_EQ(block.tier(), "mapped");
  EXPECT_TRUE(block.bytes(content.size()) == content);
}

TEST_F(MappedBlock, WindowIsEverythingWhileNothingIsInAFile) {
  Owner block(pattern(kMib));
  const WriteWindow window = block.window(5, 6);
  EXPECT_EQ(window.begin, 0u);
  EXPECT_EQ(window.end, block.capacity());
}

TEST_F(MappedBlock, WindowInAFileIsThePagesAskedFor) {
  const string content = pattern(100 * kPage);
  Owner source(content, Paging::WhenShared, 200 * kPage);
  Owner block = source.branch(content.size(), 200 * kPage);
  const WriteWindow one = block.window(5 * kPage + 3, 5 * kPage + 4);
  EXPECT_EQ(one.begin, 5 * kPage);
  EXPECT_EQ(one.end, 6 * kPage);
  const WriteWindow two = block.window(9 * kPage - 1, 9 * kPage + 1);
  EXPECT_EQ(two.begin, 8 * kPage);
  EXPECT_EQ(two.end, 10 * kPage);
  const WriteWindow into_tail = block.window(99 * kPage, 101 * kPage);
  EXPECT_EQ(into_tail.begin, 99 * kPage);
  EXPECT_EQ(into_tail.end, block.capacity());
  const WriteWindow tail = block.window(120 * kPage, 121 * kPage);
  EXPECT_EQ(tail.begin, 100 * kPage);
  EXPECT_GE(tail.end, 121 * kPage);
  EXPECT_LE(tail.end, block.capacity());
}

TEST_F(MappedBlock, WindowInAPageOfOthersIsRecorded) {
  // One that is written through a window and never told of again: the next branch must have it.
  const string content = pattern(100 * kPage);
  Owner source(content);
  Owner block = source.branch(content.size(), content.size());
  const WriteWindow window = block.window(5 * kPage, 5 * kPage + 1);
  std::memset(block.data() + window.begin, 'w', window.end - window.begin);
  const Owner next = block.branch(content.size(), content.size());
  EXPECT_EQ(next.bytes(6 * kPage).substr(5 * kPage), string(kPage, 'w'));
  EXPECT_EQ(block.copied, kPage);
}

TEST_F(MappedBlock, ExposedBlockIsAskedWhatIsDirty) {
  string content = pattern(100 * kPage);
  Owner source(content);
  Owner block = source.branch(content.size(), content.size());
  ASSERT_TRUE(block.expose());
  // As a view does, with no window.
  for (const std::size_t page : {0U, 7U, 63U, 64U, 99U}) {
    block.data()[page * kPage] = std::byte{'v'};
    content[page * kPage] = 'v';
  }
  const Owner next = block.branch(content.size(), content.size());
  EXPECT_EQ(block.copied, 5 * kPage);
  EXPECT_TRUE(next.bytes(content.size()) == content);
  block.data()[50 * kPage] = std::byte{'v'};
  content[50 * kPage] = 'v';
  const Owner later = block.branch(content.size(), content.size());
  EXPECT_EQ(block.copied, 6 * kPage) << "asked again";
  EXPECT_TRUE(later.bytes(content.size()) == content);
}

TEST_F(MappedBlock, WhatAViewThatIsGoneHasWrittenIsAskedForOnceMuchIsOverwritten) {
  // After a view the record of what is dirty was never kept again, so that the block stayed in its file
  // however much of it was the stream's own.
  const string content = pattern(128 * kPage);
  Owner block(content);
  { const Owner other = block.branch(content.size(), content.size()); }
  string expected = content;
  ASSERT_TRUE(block.expose());
  for (const std::size_t page : {5U, 60U, 127U}) {
    block.data()[page * kPage] = std::byte{'v'};
    expected[page * kPage] = 'v';
  }
  test::PageFaults calls({.after = test::PageFault::kNone});
  const auto asked = [] { return test::PageFaults::let_through(pages::Call::ReadPagemap); };
  ASSERT_TRUE(block.write(0, "x"));
  expected[0] = 'x';
  EXPECT_EQ(asked(), 0u) << "a byte is not worth it";
  ASSERT_TRUE(block.write(7 * kPage, pattern(2 * kPage, 7)));
  expected.replace(7 * kPage, 2 * kPage, pattern(2 * kPage, 7));
  EXPECT_EQ(asked(), 1u);
  for (std::size_t page = 10; page < 20; ++page) {
    ASSERT_TRUE(block.write(page * kPage, "x")) << page;
    expected[page * kPage] = 'x';
  }
  Owner next = block.branch(content.size(), content.size());
  EXPECT_EQ(block.copied, 16 * kPage);
  EXPECT_TRUE(next.bytes(content.size()) == expected);
  EXPECT_EQ(asked(), 1u) << "it is recorded again";
  ASSERT_TRUE(next.write(5 * kPage, "next"));
  EXPECT_TRUE(block.bytes(content.size()) == expected);
}

TEST_F(MappedBlock, WhatAViewHasWrittenIsAskedForLaterIfItCannotBe) {
  const string content = pattern(128 * kPage);
  Owner block(content);
  { const Owner other = block.branch(content.size(), content.size()); }
  string expected = content;
  ASSERT_TRUE(block.expose());
  block.data()[60 * kPage] = std::byte{'v'};
  expected[60 * kPage] = 'v';
  {
    const test::PageFaults refused({.call = pages::Call::ReadPagemap,
                                    .repeat = test::PageFault::Repeat::FromThenOn,
                                    .error = EPERM});
    for (std::size_t page = 0; page < 20; ++page) {
      ASSERT_TRUE(block.write(page * kPage, "x")) << page;
      expected[page * kPage] = 'x';
    }
    EXPECT_FALSE(block.branch(content.size(), content.size())) << "all is to be copied";
  }
  const Owner next = block.branch(content.size(), content.size());
  EXPECT_EQ(block.copied, 21 * kPage);
  EXPECT_TRUE(next.bytes(content.size()) == expected);
}

TEST_F(MappedBlock, BlockInAFileThatOthersOnlyReadBecomesWritableWhenItIsExposed) {
  const string content = pattern(100 * kPage);
  Owner source(content);
  const Owner other = source.branch(content.size(), content.size());
  // The source's pages were mapped to be read: its owner had left it.
  ASSERT_TRUE(source.expose());
  source.data()[0] = std::byte{'v'};
  EXPECT_EQ(source.bytes(1), "v");
  EXPECT_TRUE(other.bytes(content.size()) == content);
}

TEST_F(MappedBlock, AppendedBytesFollowIntoTheFileAndAreThereOnce) {
  string model = pattern(kMib);
  Owner block(model);
  std::vector<Owner> earlier;
  for (unsigned i = 0; i < 20; ++i) {
    const std::size_t size = model.size();
    Owner grown = block.branch(size, size + kMib / 2);
    ASSERT_TRUE(grown);
    EXPECT_LE(block.copied, i == 0 ? kMib : kMib / 2 + 2 * kPage) << i;
    model += pattern(kMib / 2 - 7, i);
    ASSERT_TRUE(grown.write(size, model.substr(size)));
    earlier.push_back(std::exchange(block, std::move(grown)));
  }
  EXPECT_TRUE(block.bytes(model.size()) == model);
  std::size_t size = kMib;
  for (const Owner& before : earlier) {
    EXPECT_TRUE(before.bytes(size) == model.substr(0, size));
    size += kMib / 2 - 7;
  }
}

TEST_F(MappedBlock, TwoBlocksOfOneFileAppendToItInTurn) {
  // Each has pieces all over the file; past eight it moves into a file of its own.
  string of_one = pattern(kMib);
  Owner one(of_one);
  Owner two = one.branch(of_one.size(), 2 * kMib);
  string of_two = of_one;
  for (unsigned i = 0; i < 30; ++i) {
    for (const bool first : {true, false}) {
      Owner& block = first ? one : two;
      string& model = first ? of_one : of_two;
      const std::size_t size = model.size();
      Owner grown = block.branch(size, size + 200'000);
      ASSERT_TRUE(grown) << i;
      model += pattern(200'000, 2 * i + (first ? 1 : 0));
      ASSERT_TRUE(grown.write(size, model.substr(size)));
      block = std::move(grown);
      ASSERT_TRUE(block.bytes(model.size()) == model) << i;
    }
  }
  EXPECT_TRUE(one.bytes(of_one.size()) == of_one);
  EXPECT_TRUE(two.bytes(of_two.size()) == of_two);
}

TEST_F(MappedBlock, PagedFromBirthPutsWholeStepsIntoTheFile) {
  Owner block("", Paging::FromBirth, 4 * kMib);
  EXPECT_EQ(block.tier(), "mapped");
  const string content = pattern(3 * kMib);
  for (std::size_t at = 0; at < content.size(); at += 1000) {
    ASSERT_TRUE(block.write(at, content.substr(at, 1000)));
  }
  EXPECT_EQ(block.tier(), "paged");
  const Owner next = block.branch(content.size(), content.size());
  EXPECT_LE(block.copied, kMib) << "most is in the file already";
  EXPECT_TRUE(next.bytes(content.size()) == content);
  EXPECT_TRUE(block.bytes(content.size()) == content);
}

// Every write was asked about.
TEST_F(MappedBlock, PagedFromBirthIsAskedOnceForEachStepWhenItsFileNoLongerGrows) {
  Owner block(pattern(2 * kMib), Paging::FromBirth, 8 * kMib);
  std::size_t copied = 0;
  int reader = -1;
  ASSERT_TRUE(block.write(2 * kMib, "x"));
  ASSERT_TRUE(give_file(*block.block().get(), 2 * kMib, &copied, &reader));
  temporary_file::close(reader);
  std::size_t asked = 0;
  for (std::size_t at = 2 * kMib; at < 6 * kMib; ++asked) {
    const WriteWindow window = block.window(at, at + 1000);
    ASSERT_LE(window.begin, at);
    ASSERT_GE(window.end, at + 1000);
    at = window.end;
  }
  EXPECT_LE(asked, 4 * kMib / (kMib / 4) + 1);
}

TEST_F(MappedBlock, MostlyDirtyAndAloneItWantsToGoHome) {
  const string content = pattern(100 * kPage);
  Owner block(content);
  { const Owner other = block.branch(content.size(), content.size()); }
  for (std::size_t page = 0; page < 50; ++page) {
    ASSERT_TRUE(block.write(page * kPage, "x")) << page;
  }
  EXPECT_FALSE(block.write(50 * kPage, "x"));
  EXPECT_TRUE(block.resize(content.size(), content.size()));
  EXPECT_EQ(block.tier(), "mapped");
  EXPECT_TRUE(block.write(51 * kPage, "x"));
}

TEST_F(MappedBlock, MostlyDirtyItStaysWhileAnotherHasTheFile) {
  const string content = pattern(100 * kPage);
  Owner block(content);
  const Owner other = block.branch(content.size(), content.size());
  for (std::size_t page = 0; page < 100; ++page) {
    ASSERT_TRUE(block.write(page * kPage, "x")) << page;
  }
  EXPECT_TRUE(other.bytes(content.size()) == content);
}

TEST_F(MappedBlock, CutBesideAnotherBlockOfItsFileItKeepsThePages) {
  string content = pattern(100 * kPage);
  for (const std::size_t capacity : {kPage, 33 * kPage, 64 * kPage, 99 * kPage, 100 * kPage}) {
    Owner source(content);
    Owner block = source.branch(content.size(), content.size());
    string model = content;
    for (const std::size_t page : {std::size_t{0}, capacity / kPage - 1, capacity / kPage}) {
      if (page == 100) continue;
      ASSERT_TRUE(block.write(page * kPage, "dirty"));
      model.replace(page * kPage, 5, "dirty");
    }
    const std::byte* const where = block.data();
    ASSERT_TRUE(block.resize(capacity, capacity));
    EXPECT_EQ(block.copied, 0u);
    EXPECT_EQ(block.data(), where);
    EXPECT_EQ(block.capacity(), capacity);
    EXPECT_TRUE(block.bytes(capacity) == model.substr(0, capacity));
    // Grown again, and shared again: what was behind the cut is gone.
    Owner grown = block.branch(capacity, 200 * kPage);
    ASSERT_TRUE(grown);
    const string more = pattern(100 * kPage, 3);
    ASSERT_TRUE(grown.write(capacity, more));
    const Owner last = grown.branch(capacity + more.size(), capacity + more.size());
    ASSERT_TRUE(last);
    EXPECT_TRUE(last.bytes(capacity + more.size()) == model.substr(0, capacity) + more);
    EXPECT_TRUE(source.bytes(content.size()) == content);
  }
}

TEST_F(MappedBlock, SharedBlockIsFrozenOnlyAsFarAsItIsShared) {
  // The owner of the tail goes on in the page in which the shared part ends, and asks nobody.
  const string content = pattern(10 * kPage + 100);
  Owner owner(content, Paging::WhenShared, 100 * kPage);
  const WriteWindow window = owner.window(content.size(), content.size() + 1);
  EXPECT_GE(window.end, content.size() + 4);
  const BlockRef other = owner.block();
  const Owner branch = owner.branch(content.size(), content.size());
  std::memcpy(owner.data() + content.size(), "tail", 4);
  EXPECT_EQ(owner.bytes(content.size() + 4), content + "tail");
  EXPECT_EQ(branch.bytes(content.size()), content);
}

TEST_F(MappedBlock, PageThatTheSharedBytesEndInIsNotMappedOver) {
  // It has bytes that the file has not: it stays private, however often the rest is shared.
  for (const std::size_t pages : {10u, 700u}) {
    const string content = pattern(pages * kPage + 100);
    Owner owner(content, Paging::WhenShared, 1000 * kPage);
    ASSERT_TRUE(owner.write(content.size(), "tail"));
    const Owner branch = owner.branch(content.size(), content.size());
    std::vector<std::uint64_t> words(pages + 1);
    ASSERT_EQ(detail::pages::read_pagemap(owner.data(), words.size(), words.data()), 0);
    ASSERT_FALSE(detail::pages::is_own_page(words[pages - 1])) << pages;
    ASSERT_TRUE(detail::pages::is_own_page(words[pages])) << pages;
    EXPECT_EQ(owner.bytes(content.size() + 4), content + "tail");
    EXPECT_EQ(branch.bytes(content.size()), content);
  }
}

TEST_F(MappedBlock, OverwrittenPagesStayWhenTheTailFollowsIntoTheFile) {
  string model = pattern(100 * kPage);
  Owner first(model);
  Owner block = first.branch(model.size(), model.size() + kMib);
  ASSERT_TRUE(block.write(5 * kPage + 7, "dirty"));
  const string before = model;
  model.replace(5 * kPage + 7, 5, "dirty");
  const string tail = pattern(kMib / 2, 2);
  ASSERT_TRUE(block.write(model.size(), tail));
  model += tail;
  const Owner next = block.branch(model.size(), model.size());
  EXPECT_EQ(block.copied, kPage + tail.size()) << "the tail followed into the file";
  EXPECT_TRUE(block.bytes(model.size()) == model);
  EXPECT_TRUE(next.bytes(model.size()) == model);
  EXPECT_TRUE(first.bytes(before.size()) == before);
}

TEST_F(MappedBlock, PagesAheadOfTheDataAreFew) {
  for (const std::size_t size : {300 * kPage / 4, 3 * kMib + 1, 21 * kMib, 50 * kMib}) {
    for (const std::size_t piece : {std::size_t{1000}, 4 * kPage, kMib}) {
      release_cached_memory();
      const string text(piece, 'x');
      BytesIO stream;
      while (stream.size() < size) stream.write(text);
      EXPECT_LE(stream.retained_bytes(), stream.size() + stream.size() / 20 + 16 * kPage)
          << size << " bytes in pieces of " << piece;
    }
  }
}

TEST_F(MappedBlock, LargeMappingsInSmallHandsDoNotAddUp) {
  release_cached_memory();
  std::vector<BytesIO> kept(20);
  std::size_t retained = 0;
  for (BytesIO& small : kept) {
    BytesIO(pattern(7 * kMib)).close();  // leaves its mapping to the next that asks
    small.write(pattern(kMib));
    retained += small.retained_bytes();
  }
  // What the cache may keep, and the streams' own.
  EXPECT_LE(retained + cached_memory(), 32 * kMib + kept.size() * (kMib + 32 * kPage));
}

// A stream of 256 KiB that began on the heap was copied out of it on the way: 1.4 times as slow as
// realloc in a loop.
TEST_F(MappedBlock, FreedMappingCountsAllThatWasWrittenToIt) {
  // Pages are got 2 MiB at a time, and only those counted as used when a mapping was kept. resize(), and a
  // write of the stream's own bytes, fill more than that at once: streams of 2 MiB then held mappings of 30
  // MiB, one each, and the limit of the cache never knew.
  const string half = pattern(3 * kMib);
  const StorageOptions paged{.tier = StorageOptions::paged};
  const struct {
    const char* how;
    std::size_t size;
    std::size_t written;
    std::function<BytesIO()> make;
  } ways[] = {
      {"resize", 6 * kMib, 6 * kMib,
       [] {
         BytesIO stream;
         stream.resize(6 * kMib);
         return stream;
       }},
      {"a write of its own bytes", 6 * kMib, 6 * kMib,
       [&] {
         BytesIO stream;
         stream.reserve(6 * kMib);
         stream.write(half);
         const Bytes own = stream.getvalue();
         stream.write(own);
         return stream;
       }},
      {"a copy for more room", 6 * kMib, 3 * kMib,
       [&] {
         BytesIO stream(half);
         const Bytes own = stream.getvalue();
         stream.reserve(6 * kMib);
         return stream;
       }},
      {"a step that is not in the file yet", 50 * kPage, 50 * kPage,
       [&] { return BytesIO(pattern(50 * kPage), paged); }},
  };
  for (const auto& way : ways) {
    release_cached_memory();
    way.make().close();
    std::size_t surplus = 0;
    const Mapping kept = take_cached_mapping(way.size, 0, &surplus);
    EXPECT_GE(kept.size, way.size) << way.how;
    EXPECT_GE(kept.touched, way.written) << way.how;
    give_surplus(surplus);
    cache_or_unmap(kept);
  }
}

TEST_F(MappedBlock, LargeMappingsInSmallHandsDoNotAddUpHoweverTheyWereFilled) {
  release_cached_memory();
  std::vector<BytesIO> kept(20);
  std::size_t retained = 0;
  for (BytesIO& small : kept) {
    BytesIO zeros;
    zeros.resize(7 * kMib);
    zeros.close();
    small.write(pattern(kMib));
    retained += small.retained_bytes();
  }
  EXPECT_LE(retained + cached_memory(), 32 * kMib + kept.size() * (kMib + 32 * kPage));
}

TEST_F(MappedBlock, GrowingStreamTakesAKeptMappingEarly) {
  release_cached_memory();
  BytesIO(pattern(kMib)).close();
  BytesIO stream;
  for (std::size_t size = 0; size < kMib; size += 4 * kPage) stream.write(pattern(4 * kPage));
  EXPECT_EQ(stream.ledger().copied_for(CopyReason::Growth), 0u);
  EXPECT_EQ(cached_memory(), 0u);
}

TEST_F(MappedBlock, StreamThatFindsNoKeptMappingStaysOnTheHeap) {
  release_cached_memory();
  BytesIO stream;
  for (std::size_t size = 0; size < 16 * kPage; size += 4 * kPage) stream.write(pattern(4 * kPage));
  stream.close();
  EXPECT_EQ(cached_memory(), 0u);
}

TEST_F(MappedBlock, SmallStreamsThatLiveLeaveTheCacheToOthers) {
  release_cached_memory();
  std::vector<BytesIO> kept(100);
  for (BytesIO& small : kept) {
    BytesIO(pattern(kMib)).close();
    small.write(pattern(4 * kPage));
  }
  release_cached_memory();
  BytesIO(pattern(7 * kMib)).close();
  EXPECT_GE(cached_memory(), 7 * kMib);
}

TEST_F(MappedBlock, FreedMappingThatIsTooSmallIsNotUsedAgain) {
  release_cached_memory();
  BytesIO(pattern(2 * kMib)).close();
  const BytesIO large(pattern(7 * kMib));
  EXPECT_GE(large.capacity(), 7 * kMib);
  EXPECT_TRUE(large.getvalue() == ByteSpan(pattern(7 * kMib)));
}

TEST_F(MappedBlock, LargeMappingsThatSmallHandsGiveBackCountNoMore) {
  for (int round = 0; round < 12; ++round) {
    release_cached_memory();
    BytesIO(pattern(7 * kMib)).close();
    BytesIO small;
    small.write(pattern(kMib));
    small.close();
    ASSERT_GE(cached_memory(), 7 * kMib) << "the cache keeps less after " << round << " rounds";
  }
  // Nothing is lent now: all of the limit is for what comes.
  release_cached_memory();
  BytesIO(pattern(30 * kMib)).close();
  EXPECT_GE(cached_memory(), 30 * kMib);
}

}  // namespace
}  // namespace quire::detail
