// BytesIO: a growable in-memory byte stream with one position, over storage that snapshots share.
//
//   0            mark                size          room
//   +--------------+-------------------+------------+
//   | may be seen  |  the stream's own | free       |   one block, one contiguous piece
//   | by a Bytes   |                   |            |
//   +--------------+-------------------+------------+
//
// A byte that somebody else can see is never changed in place; a byte that nobody else can see never
// needs copying. `mark` says which is which: `getvalue` and `read` raise it, a write at or above it
// goes in place even while snapshots live, and it falls back when the stream finds itself the only
// owner of the block. `room` is where the stream's own part ends: the block's capacity for the
// stream that created the block, `size` for every other one (clone(), BytesIO(f.getvalue())) until
// it is the only owner. Blocks of pages want to know which pages are written to: they lend the
// stream a window at a time, so that what a write may do at once is [mark, limit), limit <= room. A
// write outside takes the slow path, which may copy.
//
// Lifetime: snapshots, slices, readers and views stay valid and unchanged (views: live) whatever
// becomes of the stream. Thread: const operations may run at once, a mutation needs exclusion;
// handles taken from the stream are free of it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"
#include "quire/detail/export.h"
#include "quire/error.h"
#include "quire/file_path.h"
#include "quire/ledger.h"
#include "quire/memory_view.h"
#include "quire/storage_options.h"
#include "quire/stream.h"

namespace quire {

/// What a stream over a fixed buffer does when a write does not fit.
enum class WhenFull {
  Throw,  ///< std::length_error, nothing written
  Short,  ///< writes what fits and returns how much that was
};

class QUIRE_API BytesIO : public Stream {
 public:
  /// Empty.
  /// Cost: no allocation until the first write.
  // NOLINTNEXTLINE(modernize-use-equals-default): gcc would clear the defaulted one by `rep stos`, 10 ns
  BytesIO() noexcept {}

  explicit BytesIO(const StorageOptions& options) noexcept : options_(options) {}

  /// Starts with `initial`, position 0.
  /// Lifetime: shares its memory; neither side sees a change of the other.
  /// Cost:     O(1). The first write copies, unless no handle of the memory is left.
  explicit BytesIO(Bytes initial, const StorageOptions& options = {});

  /// Starts with a copy of `initial`, position 0.
  explicit BytesIO(ByteSpan initial, const StorageOptions& options = {});

  /// Takes over what a string or a vector of trivially copyable items owns.
  /// Cost:   one small allocation, no copy.
  /// Errors: std::bad_alloc; the container is then unchanged.
  static BytesIO adopt(std::string&& data);

  template <class T>
  requires std::is_trivially_copyable_v<T>
  static BytesIO adopt(std::vector<T>&& data) {
    return BytesIO(detail::adopt_container(std::move(data)));
  }

  /// Takes over `size` bytes at `data`; `deleter(data)` frees them when the last owner goes.
  /// Errors: std::bad_alloc; the memory is then still the caller's.
  static BytesIO adopt(void* data, std::size_t size, void (*deleter)(void*) noexcept);

  /// Works inside `memory`, as an empty stream of that capacity. Nothing is shared and nothing
  /// allocated by write, readinto, seek, truncate, getbuffer; read and getvalue return copies.
  /// Lifetime: `memory` must outlive the stream and its views.
  static BytesIO over(std::span<std::byte> memory QUIRE_LIFETIMEBOUND,
                      WhenFull when_full = WhenFull::Throw) noexcept;

  BytesIO(const BytesIO&) = delete;
  BytesIO& operator=(const BytesIO&) = delete;
  BytesIO(BytesIO&& other) noexcept;
  BytesIO& operator=(BytesIO&& other) noexcept;
  ~BytesIO() override;

  // --- the Stream vocabulary ---------------------------------------------------------------------

  using Stream::read;
  using Stream::write;

  [[nodiscard]] bool closed() const noexcept override { return closed_; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;

  /// Lifetime: shares the stream's memory; stays valid and unchanged whatever happens to the stream.
  /// Cost:     O(1), no copy. Once a write has had to leave a block because handles pinned it,
  ///           results under 64 KiB are copied instead. Copies while a live view of the stream
  ///           exists and over a fixed buffer.
  [[nodiscard]] Bytes read(std::ptrdiff_t size = -1) override;
  [[nodiscard]] Bytes read1(std::ptrdiff_t size = -1) override;
  [[nodiscard]] Bytes readline(std::ptrdiff_t size = -1) override;

  // Python's own loops over lines do not call what a derived class overrides; nor do these.
  [[nodiscard]] std::vector<Bytes> readlines(std::ptrdiff_t hint = -1) override;

  template <detail::LineRange Lines>
  void writelines(Lines&& lines) {
    check_open();
    detail::write_lines(lines, [this](ByteSpan line) { return BytesIO::write(line); });
  }

  std::size_t readinto(MutableByteSpan target) override;

  /// Cost:   amortised O(data). A write to bytes that a snapshot shows copies the stream's bytes. Those of
  ///         a large stream it moves, once; later ones then copy the pages they touch.
  /// Errors: ClosedError; BufferError when the size would change while a view pins it;
  ///         std::length_error past the size limit or the fixed buffer; std::bad_alloc. The stream
  ///         is then unchanged.
  std::size_t write(ByteSpan data) override {
    const std::size_t size = size_;
    // Own bytes, no gap to fill, room enough: the common case is a copy and two additions.
    if (position_ >= mark_.load(std::memory_order_relaxed) && position_ <= size &&
        position_ + data.size() <= limit_) [[likely]] {
      if (data.size() != 0) std::memmove(data_ + position_, data.data(), data.size());
      position_ += data.size();
      if (position_ > size) size_ = position_;
      count_copied(CopyReason::Caller, data.size());
      return data.size();
    }
    return write_slow(data);
  }

  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;

  [[nodiscard]] std::size_t tell() const override {
    check_open();
    return position_;
  }

  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;
  void flush() override;

  /// Lets go of the memory. Snapshots and views keep theirs.
  void close() noexcept override;

  // --- the whole value ---------------------------------------------------------------------------

  /// All bytes, wherever the position is.
  /// Lifetime: shares the stream's memory; stays valid and unchanged whatever happens to the stream.
  /// Cost:     O(1), no copy. While a live view of the stream exists it shares pages and copies
  ///           those that the view may have changed, or all bytes of a stream on the heap. Copies
  ///           over a fixed buffer.
  /// Errors:   ClosedError.
  [[nodiscard]] Bytes getvalue() const;

  /// A writable view of all bytes: what it writes the stream reads, and the other way round.
  /// Lifetime: pins the size: while it lives the stream cannot grow or shrink. It stays valid, on
  ///           the old memory, when the stream is closed, moved or destroyed.
  /// Cost:     O(1); when snapshots share the memory, that of a write to all of it first.
  /// Errors:   ClosedError, std::bad_alloc.
  [[nodiscard]] MutableMemoryView getbuffer();

  /// What getbuffer() is a view of: `MemoryView(stream)` and `MutableMemoryView(stream)` ask for it.
  [[nodiscard]] Buffer export_buffer();

  /// The bytes [start, stop) by Python's rules for slices; always shares, else as getvalue().
  [[nodiscard]] Bytes slice(SliceBound start, SliceBound stop = std::nullopt) const;

  /// A second cursor over a snapshot of now, at 0. Closing either closes nothing of the other.
  /// Cost: O(1).
  [[nodiscard]] BytesIO reader() const;

  /// An independent stream with the same bytes and position.
  /// Cost: O(1); the first write of either to shared bytes copies them, or the pages it touches.
  [[nodiscard]] BytesIO clone() const;

  /// The next bytes without moving: up to `size` of them, some when it is less than 1.
  /// Cost: as read().
  [[nodiscard]] Bytes peek(std::ptrdiff_t size = 0) const;

  /// Up to `size` bytes from `offset`, without touching the position. Cost: as read().
  [[nodiscard]] Bytes read_at(std::size_t offset, std::size_t size) const;

  /// Writes at `offset` without touching the position, else as write().
  std::size_t write_at(std::size_t offset, ByteSpan data);

  /// Offset of `needle` in the bytes [start, stop), or npos.
  [[nodiscard]] std::size_t find(ByteSpan needle, SliceBound start = std::nullopt,
                                 SliceBound stop = std::nullopt) const;

  /// All bytes as a file that never changes, for code that takes a path.
  /// Lifetime: of the FilePath; nothing that happens to the stream changes it.
  /// Cost:     copies the bytes into a file in memory, unless the stream's pages come from one that
  ///           holds them all and in which nothing was overwritten: that one is sealed for good.
  /// Errors:   ClosedError, std::system_error.
  [[nodiscard]] FilePath as_path() const;

  /// An empty file for code that writes to a path; closing the result makes the stream take over what
  /// it then holds.
  /// Errors: ClosedError, std::system_error; UnsupportedOperation over a fixed buffer.
  [[nodiscard]] WritablePath as_writable_path();

  // --- room --------------------------------------------------------------------------------------

  /// Bytes in the stream. Errors: ClosedError.
  [[nodiscard]] std::size_t size() const {
    check_open();
    return size_;
  }

  /// Bytes it can hold without another allocation. Errors: ClosedError.
  [[nodiscard]] std::size_t capacity() const;

  /// Bytes of memory that this stream keeps alive, shared or not. Room that was never used is none,
  /// where the system tells. Cost: O(1); O(pages) for a large stream.
  [[nodiscard]] std::size_t retained_bytes() const noexcept;
  /// The block that keeps it alive; null when empty or over a fixed buffer.
  [[nodiscard]] detail::Block* block() const noexcept { return block_.get(); }

  /// Makes room for `capacity` bytes in all. Errors: as write().
  void reserve(std::size_t capacity);

  /// Sets the size: cuts, or fills with zeros. Does not move. Errors: as write().
  void resize(std::size_t size);

  /// Empties the stream and moves to 0. Keeps the room if nobody shares it.
  /// Errors: ClosedError; BufferError while a view pins a non-empty stream.
  void clear();

  /// Gives back room that is not used. A large stream that owns its pages alone copies them home, out
  /// of the file they came from; a StorageOptions::paged one to another file, if it has any twice.
  /// Errors: ClosedError; BufferError while a view pins room that could be given back.
  void compact();

  /// What this stream has copied and shared.
  [[nodiscard]] Ledger ledger() const noexcept { return counters_.read(); }

 protected:
  void check_open() const {
    if (closed_) [[unlikely]] {
      detail::throw_closed();
    }
  }

  [[nodiscard]] Bytes next_line() override { return BytesIO::readline(); }

 private:
  friend class SpooledIO;
  friend class WritablePath;
  friend class detail::LentRoom;

  /// Called when the stream is to have room for more than `options_.size_limit` allows.
  /// Errors: std::length_error, unless the limit has been raised.
  virtual void reach_limit(std::size_t size);

  /// Copies what the block does not share beside a live view.
  [[nodiscard]] virtual Bytes copy_beside_view(std::size_t offset, std::size_t count) const {
    return copy(offset, count);
  }

  /// Replaces all bytes by those of a file, and moves to 0.
  virtual void take_file(int file);

  /// Over a block that nobody else owns yet, all of it content.
  explicit BytesIO(detail::BlockRef whole) noexcept;

  /// Who the memory belongs to.
  enum class Memory : std::uint8_t {
    Block,       ///< `block_`, or static memory when that is null
    FixedThrow,  ///< the caller's, WhenFull::Throw
    FixedShort,  ///< the caller's, WhenFull::Short
  };

  [[nodiscard]] bool fixed() const noexcept { return memory_ != Memory::Block; }

  [[nodiscard]] bool pinned() const noexcept { return block_ && block_->export_count() != 0; }

  [[nodiscard]] std::size_t write_slow(ByteSpan data);

  /// Writes at the position, where it may: a block gets its pages a few at a time, just before that.
  void fill_in_pieces(const std::byte* data, std::size_t size) noexcept;

  /// Makes all bytes the stream's own, with room for `capacity`, but need not keep what lies in
  /// `hole`, which is about to be overwritten. `reason` is why, should that take a copy. What is
  /// own already stays where it is. The window is left closed.
  void make_own(std::size_t capacity, CopyReason reason, detail::Range hole);

  /// The same, by leaving the block in any case.
  void leave_block(std::size_t capacity, CopyReason reason, detail::Range hole);

  /// The same, by copying what the block did not share.
  virtual void copy_block(std::size_t capacity, CopyReason reason, detail::Range hole);

  /// Goes on in a block that has the bytes from `before` on, which took that many copies.
  void enter_block(detail::BlockRef block, std::size_t before, CopyReason reason,
                   std::size_t copied) noexcept;

  /// The first block, with room for `end` bytes.
  void begin_block(std::size_t end);

  /// Readies [start, end) for writing in place: the size may change, the room may grow.
  /// Errors: as write().
  void make_writable(std::size_t start, std::size_t end);

  /// The same for a stream that has a block, and no window with [start, end) in it.
  void unshare(std::size_t start, std::size_t end);

  /// Asks the block for a window that has [start, end), all of it the stream's own. False: it must
  /// be left.
  bool open_window(std::size_t start, std::size_t end) noexcept;

  /// Nothing goes in place until the block was asked.
  void close_window() noexcept { limit_ = 0; }

  /// Whether its block is of the kind that one of that capacity should be.
  [[nodiscard]] bool suits(std::size_t capacity) const noexcept;

  /// As detail::resize(). REQUIRES: the stream owns the block alone and starts where it does
  bool resize_block(std::size_t capacity, CopyReason reason = CopyReason::Growth,
                    detail::Range hole = {}) noexcept;

  /// A snapshot of [0, size) while a live view can write to the stream's own memory.
  [[nodiscard]] Bytes share_beside_view(std::size_t offset, std::size_t count) const;

  /// Bytes from where the stream starts to the end of the block, whoever may write there, as far as
  /// the size limit lets this stream go.
  [[nodiscard]] std::size_t block_room() const noexcept {
    return block_ ? std::min(block_->capacity - offset_in_block(), options_.size_limit) : 0;
  }

  /// REQUIRES: the stream has a block
  [[nodiscard]] std::size_t offset_in_block() const noexcept {
    return static_cast<std::size_t>(data_ - block_->data);
  }

  /// A block with the same bytes at the same offset, which shares pages; none when that cannot be.
  [[nodiscard]] detail::BlockRef branch(std::size_t capacity, detail::Range hole,
                                        std::size_t* copied) const noexcept;

  /// Where the line at `start` ends, looking at no more than `size` bytes unless negative.
  [[nodiscard]] std::size_t line_end(std::size_t start, std::ptrdiff_t size) const noexcept;

  [[nodiscard]] std::size_t left() const noexcept {
    return position_ < size_ ? size_ - position_ : 0;
  }

  /// The bytes [offset, offset + count), shared if this stream may, copied if not.
  [[nodiscard]] Bytes share(std::size_t offset, std::size_t count) const;

  /// The same, but small results are copied once sharing has had a cost.
  [[nodiscard]] Bytes share_or_copy(std::size_t offset, std::size_t count) const;

  [[nodiscard]] Bytes copy(std::size_t offset, std::size_t count) const;

  void count_copied(CopyReason reason, std::size_t bytes) const noexcept {
    counters_.add_copied(reason, bytes);
    detail::count_copied(reason, bytes);
  }

  void count_shared(CopyReason reason, std::size_t bytes) const noexcept {
    counters_.add_shared(reason, bytes);
    detail::count_shared(reason, bytes);
  }

  void raise_mark(std::size_t end) const noexcept;

  // Invariants, unless closed: `size_ <= room_`, `limit_ <= room_`; with a live view `mark_ == 0 &&
  // room_ == size_`, and `limit_` is 0 where the block records writes, else the size; [0, min(mark_,
  // size_)) may be visible to a Bytes, nothing in [mark_, room_) is. A window may raise `mark_` above
  // that, which costs a copy at worst.
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
  std::size_t limit_ = 0;
  std::size_t position_ = 0;
  mutable std::atomic<std::size_t> mark_ = 0;
  detail::BlockRef block_;
  Memory memory_ = Memory::Block;
  bool closed_ = false;
  bool sharing_has_cost_ = false;
  // A view lowered `room_` to the size; the stream is still the one that may write up to the
  // capacity, once the views are gone.
  bool view_taken_ = false;
  StorageOptions options_;
  mutable detail::LedgerCounters counters_;
};

}  // namespace quire
