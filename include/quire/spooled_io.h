// SpooledIO: a BytesIO with a limit. What does not fit below it goes to a temporary file without a
// name (Python's tempfile.SpooledTemporaryFile).
//
//   SpooledIO upload(SpooledOptions{.max_size = 64 << 20});
//
//   in memory   [ heap or mapped, like any BytesIO             ]  up to max_size
//   rolled over [ mapped from the file | changed: memory ... ]    changes are written back in time
//
// Rolled over, all bytes are still contiguous, and still shared with snapshots: they are the pages of
// the file, which the system may drop and read again. Pages that were written to since are the
// stream's own; when they exceed half of the limit and 256 KiB, or 16 MiB with max_size = 0, they go
// back into the file, or, where somebody else sees that, into a new one. A kept snapshot holds the
// pages in which it differs.
//
// It differs from BytesIO as Python's class does: once rolled over truncate() extends, and seek()
// before the beginning is a std::system_error.
//
// Where there is no page-level storage (QUIRE_PAGES=copy, not Linux) the bytes stay on the heap; all
// else, rolled() included, is the same.
//
// Lifetime: as BytesIO; snapshots and views taken before the rollover stay valid. After a fork both
// processes go on with their bytes: the file changes for neither. Thread: as BytesIO.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/detail/export.h"
#include "quire/file_path.h"
#include "quire/slice.h"
#include "quire/stream.h"

namespace quire {

namespace detail {
struct SpillPlace;
}  // namespace detail

/// How a SpooledIO keeps its bytes. An aggregate: name what you change.
struct SpooledOptions {
  /// The most bytes in memory; the write that would make them more moves them all to a file first, and
  /// their memory goes back to the system.
  /// 0, as in Python: only rollover() does, and truncate() to a size.
  std::size_t max_size = 0;

  /// Where the file is made. Empty: the first of $TMPDIR, /var/tmp and /tmp that takes files and does
  /// not keep them in memory. One that does may be named; the file then counts as memory.
  std::string directory = {};

  /// The most bytes the stream may hold at all; past it writes throw std::length_error.
  std::size_t size_limit = npos;
};

class QUIRE_API SpooledIO : public BytesIO {
 public:
  /// Empty.
  SpooledIO() noexcept = default;

  explicit SpooledIO(SpooledOptions options) noexcept;

  /// Starts with `initial`, position 0. Rolled over at once if that is more than the limit.
  /// Lifetime: shares its memory; neither side sees a change of the other.
  /// Errors:   std::length_error past the size limit; as rollover().
  explicit SpooledIO(Bytes initial, SpooledOptions options = {});

  /// Starts with a copy of `initial`, position 0. Errors: as above.
  explicit SpooledIO(ByteSpan initial, SpooledOptions options = {});

  // Neither has a limit: a Bytes that adopts, or a BytesIO, says what is meant.
  template <class... Arguments>
  static BytesIO adopt(Arguments&&...) = delete;
  template <class... Arguments>
  static BytesIO over(Arguments&&...) = delete;

  SpooledIO(const SpooledIO&) = delete;
  SpooledIO& operator=(const SpooledIO&) = delete;
  SpooledIO(SpooledIO&& other) noexcept;
  SpooledIO& operator=(SpooledIO&& other) noexcept;
  ~SpooledIO() override;

  /// Moves all bytes to a temporary file, if they are not in one.
  /// Errors: ClosedError; BufferError while a view pins the stream; std::system_error that names the
  ///         directory. The stream is then unchanged.
  void rollover();

  /// Whether there is a file.
  [[nodiscard]] bool rolled() const noexcept { return rolled_; }

  [[nodiscard]] const SpooledOptions& options() const noexcept { return spooled_; }

  using BytesIO::write;

  /// Cost:   as BytesIO::write() below the limit, and into memory that is written to the file from
  ///         time to time above it.
  /// Errors: as BytesIO::write(), and std::system_error that names the directory: no room on the disk
  ///         is one. The stream is then unchanged; but when the disk itself fails in the middle of a
  ///         large write, what had been overwritten stays so.
  std::size_t write(ByteSpan data) override;

  template <detail::LineRange Lines>
  void writelines(Lines&& lines) {
    check_open();
    for (auto&& line : lines) SpooledIO::write(line);
    SpooledIO::write(ByteSpan());
  }

  /// Errors: as BytesIO::seek(); once rolled over std::system_error for a position before the
  ///         beginning, which BytesIO takes for 0 unless it was counted from there.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;

  /// Cuts the stream; to a size that is more than `max_size` it rolls over first. Once rolled over it
  /// extends the stream as well, with zeros. Errors: as write().
  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;

  /// As BytesIO::readlines(), but once rolled over it stops behind `hint`, not at it.
  [[nodiscard]] std::vector<Bytes> readlines(std::ptrdiff_t hint = -1) override;

  void close() noexcept override;

  /// Writes at `offset` without touching the position, else as write().
  std::size_t write_at(std::size_t offset, ByteSpan data);

  /// Sets the size: cuts, or fills with zeros. Does not move. Errors: as write().
  void resize(std::size_t size);

  /// A second cursor over a snapshot of now, at 0.
  [[nodiscard]] SpooledIO reader() const;

  /// An independent stream with the same bytes, position and limit.
  [[nodiscard]] SpooledIO clone() const;

  /// A descriptor for reading of a file that holds all bytes of now and never changes; unlike
  /// Python's it is not the one that the stream goes on writing to.
  /// Lifetime: of the stream: until the next call, close() or destruction.
  /// Cost:     as as_path().
  /// Errors:   ClosedError, std::system_error.
  [[nodiscard]] int fileno() const override;

  /// As BytesIO::as_path(). Once the stream has rolled over it is a second file beside its own, for
  /// which the system copies the bytes, or shares them where the disk's file system can.
  [[nodiscard]] FilePath as_path() const;

  /// As BytesIO::as_writable_path(), likewise.
  [[nodiscard]] WritablePath as_writable_path();

 private:
  void reach_limit(std::size_t size) override;
  [[nodiscard]] Bytes copy_beside_view(std::size_t offset, std::size_t count) const override;
  void copy_block(std::size_t capacity, CopyReason reason, detail::Range hole) override;
  void take_file(int file) override;

  /// How much BytesIO may hold before it asks.
  [[nodiscard]] static std::size_t memory_limit(const SpooledOptions& options) noexcept;

  /// Whether the bytes are in a file, which rolled() does not promise everywhere.
  [[nodiscard]] bool on_disk() const noexcept;

  void move_to_file();

  /// A block in another file with a part of the bytes, and room on the disk up to `end`.
  [[nodiscard]] detail::BlockRef copied_to_disk(std::size_t offset, std::size_t count,
                                                std::size_t capacity, std::size_t end) const;

  /// What BytesIO may do from here on, with no limit but the last one.
  void mark_rolled() noexcept;

  /// Makes sure that nothing but a broken disk keeps [start, end) from being written.
  void prepare(std::size_t start, std::size_t end);

  /// Writes what is too much for one window.
  std::size_t write_in_steps(ByteSpan data);

  /// Appends zeros up to `size`, a few at a time.
  void extend(std::size_t size);

  /// The most that is written at once.
  [[nodiscard]] std::size_t step() const noexcept;

  SpooledOptions spooled_;
  std::shared_ptr<const detail::SpillPlace> place_;  // where the file is, once there is one
  mutable std::atomic<int> given_ = -1;              // what fileno() gave
  bool rolled_ = false;
};

}  // namespace quire
