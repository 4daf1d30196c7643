// BytesIO's sharing: the frozen mark, the tail owner, live views; what is copied and what is not.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "support/bytes_io_kinds.h"

namespace quire {
namespace {

using std::string;

string text(ByteSpan bytes) {
  return string(bytes.as_chars());
}

/// Where the bytes lie, to compare with later: the handle need not stay.
const std::byte* address(const Bytes& bytes) {
  return bytes.data();
}

/// What `action` copied on the stream's account, writes from the caller's buffer left out.
template <class Action>
std::uint64_t copied_by(const BytesIO& stream, Action action) {
  const Ledger before = stream.ledger();
  action();
  const Ledger spent = stream.ledger() - before;
  return spent.copied_total() - spent.copied_for(CopyReason::Caller);
}

template <class Stream>
Stream filled(std::size_t size, char fill = 'x') {
  return Stream(string(size, fill));
}

template <class Stream>
class BytesIOSharing : public testing::Test {};

TYPED_TEST_SUITE(BytesIOSharing, test::BytesIOKinds, test::BytesIOKindName);

// --- snapshots -----------------------------------------------------------------------------------

TYPED_TEST(BytesIOSharing, GetvalueSharesAndRepeatsTheSameMemory) {
  TypeParam f = filled<TypeParam>(1000);
  EXPECT_EQ(copied_by(f,
                      [&] {
                        const Bytes a = f.getvalue();
                        const Bytes b = f.getvalue();
                        EXPECT_EQ(a.data(), b.data());
                      }),
            0u);
  EXPECT_EQ(f.ledger().shared_for(CopyReason::GetValue), 2000u);
}

TYPED_TEST(BytesIOSharing, SnapshotStaysWhenTheStreamIsWrittenClosedOrDestroyed) {
  Bytes after_write;
  Bytes after_close;
  Bytes after_destroy;
  {
    TypeParam f("original");
    after_write = f.getvalue();
    f.write("CHANGED!");
    EXPECT_EQ(text(after_write), "original");
    after_close = f.getvalue();
    f.close();
    TypeParam g("destroyed");
    after_destroy = g.getvalue();
  }
  EXPECT_EQ(text(after_write), "original");
  EXPECT_EQ(text(after_close), "CHANGED!");
  EXPECT_EQ(text(after_destroy), "destroyed");
}

TYPED_TEST(BytesIOSharing, AppendAfterGetvalueCopiesNothingWithinTheCapacity) {
  TypeParam f;
  f.reserve(10000);
  f.write("start");
  const Bytes snapshot = f.getvalue();
  EXPECT_EQ(copied_by(f, [&] { f.write("appended"); }), 0u);
  EXPECT_EQ(f.getvalue().data(), snapshot.data());
  EXPECT_EQ(text(snapshot), "start");
  EXPECT_EQ(text(f.getvalue()), "startappended");
}

TYPED_TEST(BytesIOSharing, AppendAndGetvalueInALoopIsLinear) {
  // CPython copies everything at every step: 500 times the data.
  TypeParam f;
  std::vector<Bytes> kept;
  const string piece(4096, 'p');
  for (int i = 0; i < 1000; ++i) {
    f.write(piece);
    kept.push_back(f.getvalue());
  }
  EXPECT_LE(f.ledger().copied_for(CopyReason::Growth), 3 * f.size());
  EXPECT_EQ(f.ledger().copied_for(CopyReason::CopyOnWrite), 0u);
  for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i].size(), (i + 1) * 4096);
}

TEST(BytesIOSharing, OverwriteAfterGetvalueCopiesOnceWhileTheSnapshotLives) {
  BytesIO f = filled<BytesIO>(1000);
  const Bytes snapshot = f.getvalue();
  EXPECT_EQ(copied_by(f, [&] { f.write_at(10, "y"); }), 999u);
  EXPECT_EQ(copied_by(f, [&] { f.write_at(20, "y"); }), 0u);
  EXPECT_EQ(text(snapshot), string(1000, 'x'));
}

TYPED_TEST(BytesIOSharing, OverwriteAfterTheSnapshotIsDroppedCopiesNothing) {
  TypeParam f = filled<TypeParam>(1000);
  const std::byte* const where = address(f.getvalue());
  EXPECT_EQ(copied_by(f, [&] { f.write_at(10, "y"); }), 0u);
  EXPECT_EQ(f.getvalue().data(), where);
}

TEST(BytesIOSharing, WriteThatCoversEverythingNeedNotCopyItFirst) {
  BytesIO f = filled<BytesIO>(1000);
  const Bytes snapshot = f.getvalue();
  EXPECT_EQ(copied_by(f, [&] { f.write_at(0, string(1000, 'y')); }), 0u);
  EXPECT_EQ(text(snapshot), string(1000, 'x'));
  EXPECT_EQ(text(f.getvalue()), string(1000, 'y'));
}

TYPED_TEST(BytesIOSharing, GetvalueTruncateAppendLeavesTheSnapshotAlone) {
  // The mark must not fall on truncate: the bytes behind the new end are still seen.
  TypeParam f("0123456789");
  const Bytes snapshot = f.getvalue();
  f.truncate(4);
  f.seek(0, Whence::End);
  f.write("ABC");
  EXPECT_EQ(text(snapshot), "0123456789");
  EXPECT_EQ(text(f.getvalue()), "0123ABC");
}

TYPED_TEST(BytesIOSharing, GetvalueTruncateOverseekWriteLeavesTheSnapshotAlone) {
  // The gap is filled with zeros: those must not land in what the snapshot shows.
  TypeParam f;
  f.reserve(100);
  f.write("0123456789");
  const Bytes snapshot = f.getvalue();
  f.truncate(4);
  f.seek(12);
  f.write("X");
  EXPECT_EQ(text(snapshot), "0123456789");
  EXPECT_EQ(text(f.getvalue()), string("0123\0\0\0\0\0\0\0\0X", 13));
}

TYPED_TEST(BytesIOSharing, ResizeAfterTruncateLeavesTheSnapshotAlone) {
  TypeParam f("0123456789");
  const Bytes snapshot = f.getvalue();
  f.resize(4);
  f.resize(8);
  EXPECT_EQ(text(snapshot), "0123456789");
  EXPECT_EQ(text(f.getvalue()), string("0123\0\0\0\0", 8));
}

TYPED_TEST(BytesIOSharing, TruncateToZeroAndRewriteCopiesNothing) {
  TypeParam f = filled<TypeParam>(100000);
  const Bytes snapshot = f.getvalue();
  EXPECT_EQ(copied_by(f,
                      [&] {
                        f.truncate(0);
                        f.seek(0);
                        f.write(string(100000, 'y'));
                      }),
            0u);
  EXPECT_EQ(text(snapshot), string(100000, 'x'));
  EXPECT_EQ(text(f.getvalue()), string(100000, 'y'));
}

TYPED_TEST(BytesIOSharing, ClearWithASnapshotAliveLeavesItAlone) {
  TypeParam f("snapshot");
  const Bytes snapshot = f.getvalue();
  f.clear();
  f.write("again");
  EXPECT_EQ(text(snapshot), "snapshot");
}

TYPED_TEST(BytesIOSharing, ReadResultsShareAndStay) {
  TypeParam f("0123456789");
  const Bytes first = f.read(5);
  EXPECT_EQ(copied_by(f, [&] { (void)f.read(2); }), 0u);
  f.write("ABC");  // above every byte handed out
  EXPECT_EQ(text(f.getvalue()), "0123456ABC");
  f.write_at(0, "zzz");
  EXPECT_EQ(text(first), "01234");
}

TEST(BytesIOSharing, WriteAboveWhatWasReadGoesInPlaceWhileTheResultLives) {
  BytesIO f("0123456789");
  const Bytes first = f.read(5);
  EXPECT_EQ(copied_by(f, [&] { f.write_at(5, "ABCDE"); }), 0u);
  EXPECT_EQ(text(first), "01234");
  EXPECT_EQ(copied_by(f, [&] { f.write_at(4, "!"); }), 9u);
  EXPECT_EQ(text(first), "01234");
}

TYPED_TEST(BytesIOSharing, SmallReadsCopyOnceSharingHasHadACost) {
  // Always sharing, this loop copied 256 KiB a round: 2.5 GiB and seconds for 10,000 rounds.
  TypeParam f = filled<TypeParam>(256 * 1024);
  std::vector<Bytes> kept;
  for (std::size_t i = 0; i < 1000; ++i) {
    f.seek(static_cast<std::ptrdiff_t>(i * 200));
    kept.push_back(f.read(100));
    f.write_at(0, "y");
  }
  EXPECT_LE(f.ledger().copied_total(), 2 * 256 * 1024u + 1000 * 101u);
  EXPECT_EQ(kept[0].data()[0], std::byte{'x'});
  EXPECT_EQ(kept[999], Bytes(string(100, 'x')));
}

TEST(BytesIOSharing, LargeReadsAndWholeSnapshotsAlwaysShare) {
  BytesIO f = filled<BytesIO>(256 * 1024);
  const Bytes pin = f.getvalue();
  f.write_at(0, "y");
  EXPECT_EQ(copied_by(f,
                      [&] {
                        f.seek(0);
                        (void)f.read(64 * 1024);
                        (void)f.getvalue();
                        (void)f.slice(3, 5);
                        (void)f.reader();
                        (void)f.clone();
                      }),
            0u);
  f.seek(0);
  EXPECT_EQ(copied_by(f, [&] { (void)f.read(64 * 1024 - 1); }), 64u * 1024 - 1);
}

// --- the tail owner ------------------------------------------------------------------------------

TYPED_TEST(BytesIOSharing, CloneAndOriginalAppendAlternately) {
  // Both have room behind the last byte; only one may use it.
  TypeParam f;
  f.reserve(1000);
  f.write("base");
  TypeParam g = f.clone();
  string expected_f = "base";
  string expected_g = "base";
  for (int i = 0; i < 50; ++i) {
    f.write("f");
    g.write("gg");
    expected_f += "f";
    expected_g += "gg";
    ASSERT_EQ(text(f.getvalue()), expected_f) << i;
    ASSERT_EQ(text(g.getvalue()), expected_g) << i;
  }
}

TYPED_TEST(BytesIOSharing, TwoClonesOfAGoneStreamDoNotShareItsTail) {
  TypeParam a;
  TypeParam b;
  {
    TypeParam f;
    f.reserve(1000);
    f.write("base");
    a = f.clone();
    b = f.clone();
  }
  a.seek(0, Whence::End);
  b.seek(0, Whence::End);
  a.write("-a");
  b.write("-b");
  EXPECT_EQ(text(a.getvalue()), "base-a");
  EXPECT_EQ(text(b.getvalue()), "base-b");
}

TYPED_TEST(BytesIOSharing, TwoStreamsFromOneBytesAreIndependent) {
  const Bytes b("shared");
  TypeParam f(b);
  TypeParam g(b);
  f.seek(0, Whence::End);
  g.seek(0, Whence::End);
  f.write("-f");
  g.write("-g");
  f.write_at(0, "F");
  EXPECT_EQ(text(b), "shared");
  EXPECT_EQ(text(f.getvalue()), "Fhared-f");
  EXPECT_EQ(text(g.getvalue()), "shared-g");
}

TYPED_TEST(BytesIOSharing, StreamFromGetvalueDoesNotWriteIntoTheOriginalsTail) {
  TypeParam f;
  f.reserve(1000);
  f.write("base");
  TypeParam g(f.getvalue());
  g.seek(0, Whence::End);
  g.write("-g");
  f.write("-f");
  EXPECT_EQ(text(f.getvalue()), "base-f");
  EXPECT_EQ(text(g.getvalue()), "base-g");
}

TYPED_TEST(BytesIOSharing, LastStreamOfABlockGetsItsRoom) {
  TypeParam g;
  {
    TypeParam f;
    f.reserve(1000);
    f.write("base");
    g = f.clone();
  }
  EXPECT_GE(g.capacity(), 1000u);
  g.seek(0, Whence::End);
  EXPECT_EQ(copied_by(g, [&] { g.write("more"); }), 0u);
}

TYPED_TEST(BytesIOSharing, TailOwnershipMovesWithTheStream) {
  TypeParam f;
  f.reserve(1000);
  f.write("base");
  const Bytes snapshot = f.getvalue();
  TypeParam moved(std::move(f));
  EXPECT_EQ(copied_by(moved, [&] { moved.write("more"); }), 0u);
  EXPECT_EQ(text(snapshot), "base");
}

TYPED_TEST(BytesIOSharing, ReaderIsACursorOfItsOwn) {
  TypeParam f("one\ntwo\n");
  f.seek(4);
  TypeParam r = f.reader();
  EXPECT_EQ(r.tell(), 0u);
  EXPECT_EQ(text(r.readline()), "one\n");
  EXPECT_EQ(text(f.readline()), "two\n");
  r.close();
  EXPECT_EQ(text(f.getvalue()), "one\ntwo\n");
  f.write_at(0, "ONE");
  TypeParam later = f.reader();
  f.close();
  EXPECT_EQ(text(later.read()), "ONE\ntwo\n");
}

TYPED_TEST(BytesIOSharing, CloneKeepsThePositionAndGoesItsOwnWay) {
  TypeParam f("0123456789");
  f.seek(7);
  TypeParam g = f.clone();
  EXPECT_EQ(g.tell(), 7u);
  g.write("X");
  g.truncate(3);
  EXPECT_EQ(text(f.getvalue()), "0123456789");
  EXPECT_EQ(text(g.getvalue()), "012");
}

// --- live views ----------------------------------------------------------------------------------

TYPED_TEST(BytesIOSharing, ViewAndStreamSeeEachOther) {
  TypeParam f("Hello");
  MutableMemoryView view = f.getbuffer();
  view[0] = std::byte{'J'};
  EXPECT_EQ(text(f.getvalue()), "Jello");
  f.write("M");
  EXPECT_EQ(text(ByteSpan(view)), "Mello");
}

TYPED_TEST(BytesIOSharing, ViewPinsTheSizeAndNothingElse) {
  TypeParam f("0123456789");
  f.reserve(1000);
  {
    const MutableMemoryView view = f.getbuffer();
    f.seek(8);
    EXPECT_THROW(f.write("abc"), BufferError);
    EXPECT_EQ(f.tell(), 8u);
    EXPECT_EQ(f.write("ab"), 2u);
    f.seek(20);
    EXPECT_THROW(f.write("x"), BufferError);
    EXPECT_THROW(f.truncate(3), BufferError);
    EXPECT_THROW(f.resize(30), BufferError);
    EXPECT_THROW(f.resize(3), BufferError);
    EXPECT_THROW(f.clear(), BufferError);
    EXPECT_THROW(f.reserve(100000), BufferError);
    EXPECT_THROW(f.compact(), BufferError);
    EXPECT_EQ(f.truncate(10), 10u);
    EXPECT_EQ(f.write(""), 0u);
    f.seek(0);
    EXPECT_EQ(f.write("0"), 1u);
  }
  EXPECT_EQ(text(f.getvalue()), "01234567ab");
  f.seek(0, Whence::End);
  f.write("grows again");
  EXPECT_EQ(text(f.getvalue()), "01234567abgrows again");
}

TYPED_TEST(BytesIOSharing, RefusalSaysHowManyViewsPin) {
  TypeParam f("abc");
  const MutableMemoryView one = f.getbuffer();
  const MutableMemoryView two = f.getbuffer();
  f.seek(0, Whence::End);
  try {
    f.write("x");
    FAIL();
  } catch (const BufferError& error) {
    EXPECT_NE(string(error.what()).find("2 views"), string::npos) << error.what();
  }
}

TYPED_TEST(BytesIOSharing, CopiesAndSlicesOfAViewPinToo) {
  TypeParam f("0123456789");
  MutableMemoryView view = f.getbuffer();
  MutableMemoryView copy = view;
  MutableMemoryView part = view.slice(2, 4);
  f.seek(0, Whence::End);
  view.release();
  EXPECT_THROW(f.write("x"), BufferError);
  copy.release();
  EXPECT_THROW(f.write("x"), BufferError);
  part.release();
  EXPECT_EQ(f.write("x"), 1u);
}

TYPED_TEST(BytesIOSharing, ViewsAreMadeFromTheStreamItself) {
  TypeParam f("0123456789");
  MutableMemoryView writable(f);
  const MemoryView readonly(f);
  writable[0] = std::byte{'!'};
  EXPECT_EQ(readonly[0], std::byte{'!'});
  f.seek(0, Whence::End);
  EXPECT_THROW(f.write("x"), BufferError);
}

TYPED_TEST(BytesIOSharing, ViewOfAnEmptyStreamPinsItToo) {
  TypeParam f;
  {
    const MutableMemoryView view = f.getbuffer();
    EXPECT_EQ(view.size(), 0u);
    EXPECT_THROW(f.write("x"), BufferError);
  }
  f.write("x");
  EXPECT_EQ(text(f.getvalue()), "x");
}

TYPED_TEST(BytesIOSharing, ViewOutlivesItsStream) {
  TypeParam f("Hello");
  MutableMemoryView closed_view = f.getbuffer();
  f.close();
  closed_view[0] = std::byte{'J'};
  EXPECT_EQ(text(ByteSpan(closed_view)), "Jello");

  MutableMemoryView moved_view = TypeParam("World").getbuffer();
  moved_view[0] = std::byte{'w'};
  EXPECT_EQ(text(ByteSpan(moved_view)), "world");

  TypeParam g("other");
  MutableMemoryView assigned_view = g.getbuffer();
  g = TypeParam("new");
  assigned_view[0] = std::byte{'O'};
  EXPECT_EQ(text(g.getvalue()), "new");
  g.seek(0, Whence::End);
  g.write("!");
  EXPECT_EQ(text(g.getvalue()), "new!");
}

TYPED_TEST(BytesIOSharing, ViewPinsAMovedStreamStill) {
  TypeParam f("abc");
  const MutableMemoryView view = f.getbuffer();
  TypeParam g(std::move(f));
  g.seek(0, Whence::End);
  EXPECT_THROW(g.write("x"), BufferError);
  EXPECT_EQ(text(g.getvalue()), "abc");
}

TYPED_TEST(BytesIOSharing, NothingIsSharedWhileAWritableViewLives) {
  TypeParam f("0123456789");
  MutableMemoryView view = f.getbuffer();
  const Bytes value = f.getvalue();
  const Bytes part = f.read(3);
  const Bytes line = f.readline();
  TypeParam r = f.reader();
  TypeParam c = f.clone();
  view.fill(std::byte{'!'});
  EXPECT_EQ(text(value), "0123456789");
  EXPECT_EQ(text(part), "012");
  EXPECT_EQ(text(line), "3456789");
  EXPECT_EQ(text(r.read()), "0123456789");
  EXPECT_EQ(text(c.getvalue()), "0123456789");
  EXPECT_EQ(text(f.getvalue()), "!!!!!!!!!!");
}

TYPED_TEST(BytesIOSharing, GetbufferLeavesEarlierSnapshotsAlone) {
  TypeParam f("0123456789");
  const Bytes snapshot = f.getvalue();
  MutableMemoryView view = f.getbuffer();
  view[0] = std::byte{'!'};
  EXPECT_EQ(text(snapshot), "0123456789");
  EXPECT_EQ(text(f.getvalue()), "!123456789");
}

TYPED_TEST(BytesIOSharing, GetbufferCopiesNothingWhenNobodyShares) {
  TypeParam f = filled<TypeParam>(1000);
  EXPECT_EQ(copied_by(f, [&] { (void)f.getbuffer(); }), 0u);
  (void)f.getvalue();
  EXPECT_EQ(copied_by(f, [&] { (void)f.getbuffer(); }), 0u);
  const Bytes held = f.getvalue();
  EXPECT_EQ(copied_by(f, [&] { (void)f.getbuffer(); }), 1000u);
}

TYPED_TEST(BytesIOSharing, ViewWrittenReleasedThenSnapshotThenWrite) {
  TypeParam f("0123456789");
  {
    MutableMemoryView view = f.getbuffer();
    view[3] = std::byte{'V'};
  }
  const Bytes snapshot = f.getvalue();
  f.write_at(3, "W");
  EXPECT_EQ(text(snapshot), "012V456789");
  EXPECT_EQ(text(f.getvalue()), "012W456789");
}

TYPED_TEST(BytesIOSharing, AppendAfterAViewWasTakenGoesInPlaceAgain) {
  // The view's end of the stream's room once outlived the view: the next snapshot then made the
  // stream believe that the room behind its bytes was somebody else's, and an append copied it all.
  TypeParam f = filled<TypeParam>(1000);
  f.reserve(10000);
  (void)f.getbuffer();
  const Bytes snapshot = f.getvalue();
  EXPECT_GE(f.capacity(), 10000u);
  f.seek(0, Whence::End);
  EXPECT_EQ(copied_by(f, [&] { f.write("appended"); }), 0u);
  EXPECT_EQ(f.getvalue().data(), snapshot.data());
}

TEST(BytesIOSharing, RetainedBytesTellsWhatAHandleKeeps) {
  BytesIO f = filled<BytesIO>(100000);
  const std::size_t block = f.retained_bytes();
  EXPECT_GE(block, 100000u);
  EXPECT_LE(block, 100000u + 65536u);
}

}  // namespace
}  // namespace quire
