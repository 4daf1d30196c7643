// Stream: what every byte stream can do (Python's io.IOBase and its Raw and Buffered children).
//
// A derived class gives the few calls it can do well; the rest of the vocabulary stands on those:
// every way of reading on `readinto`, `writelines` on `write`. What a stream cannot do at all
// throws UnsupportedOperation, and `readable`, `writable`, `seekable` tell beforehand.
//
// Lifetime: a resource: it has an identity and a position, is moved and not copied; one that was
// moved from is closed, but a stream over memory is empty instead. A destructor never throws: call
// close() to hear of a failed flush. Thread: const operations may run at once, a mutation needs
// exclusion.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/endian.h"
#include "quire/detail/export.h"
#include "quire/error.h"

namespace quire {

/// Where `seek` counts from.
enum class Whence { Begin = 0, Current = 1, End = 2 };

/// How much `peek` shows and copies move at a time when nobody says: io.DEFAULT_BUFFER_SIZE.
inline constexpr std::size_t kDefaultBufferSize = 8192;

class LineIterator;

namespace detail {

/// Anything to go through that holds what can be written.
template <class Range>
concept LineRange = std::ranges::input_range<Range> &&
    std::convertible_to<std::ranges::range_reference_t<Range>, ByteSpan>;

/// Gives each item to `write`, which returns how much of it was taken.
template <LineRange Lines, class Write>
void write_lines(Lines&& lines, Write write) {
  std::size_t taken = 0;
  for (auto&& line : lines) {
    const ByteSpan data(line);
    const std::size_t count = write(data);
    taken += count;
    if (count != data.size()) throw_lines_cut(taken);
  }
}

}  // namespace detail

class QUIRE_API Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream();

  /// Whether close() has been called.
  [[nodiscard]] virtual bool closed() const noexcept = 0;

  /// Errors: ClosedError, as for the next two.
  [[nodiscard]] virtual bool readable() const;

  [[nodiscard]] virtual bool writable() const;

  [[nodiscard]] virtual bool seekable() const;

  /// Whether a person sits at the other end.
  /// Errors: ClosedError.
  [[nodiscard]] virtual bool isatty() const;

  /// The operating system's descriptor.
  /// Errors: UnsupportedOperation where there is none.
  [[nodiscard]] virtual int fileno() const;

  /// Up to `size` bytes from the current position, all that is left when negative; advances.
  /// Errors: ClosedError. A short result happens at the end of data only; an empty one means that
  ///         there is no more.
  [[nodiscard]] virtual Bytes read(std::ptrdiff_t size = -1);

  /// Up to `size` bytes with at most one call to what lies underneath; advances.
  /// Errors: as read(); a short result does not mean the end, an empty one does.
  [[nodiscard]] virtual Bytes read1(std::ptrdiff_t size = -1);

  /// The number at the current position: `f.read<std::uint32_t>(std::endian::little)`; advances.
  /// A class that overrides read() shows this one with `using Stream::read`, and write() likewise.
  /// Errors: as read(); StructError when the data ends too soon: what there was has been read.
  template <detail::Number T>
  [[nodiscard]] T read(std::endian order = std::endian::native) {
    std::byte bytes[sizeof(T)];
    read_exactly(bytes);
    return detail::load<T>(bytes, order);
  }

  /// Fills `target` from the current position and advances; returns the bytes filled.
  /// Errors: as read(). 0 for a non-empty target means the end of data; fewer bytes than asked for
  ///         do not where the stream stands on a descriptor or on another stream.
  virtual std::size_t readinto(MutableByteSpan target);

  /// One line, its '\n' included, but no more than `size` bytes of it unless negative.
  /// Errors: as read(). Only the last line may lack the '\n'.
  [[nodiscard]] virtual Bytes readline(std::ptrdiff_t size = -1);

  /// Lines to the end, or until they hold more than `hint` bytes when that is positive (a BytesIO
  /// stops at `hint` itself, as in Python).
  /// Errors: as read().
  [[nodiscard]] virtual std::vector<Bytes> readlines(std::ptrdiff_t hint = -1);

  /// Writes all of `data` at the current position and advances; returns its size.
  /// Errors: ClosedError; those of the memory or the system underneath.
  virtual std::size_t write(ByteSpan data);

  /// Writes a number, whose type must be named: `f.write<std::uint16_t>(7, std::endian::big)`.
  template <detail::Number T>
  std::size_t write(std::type_identity_t<T> value, std::endian order = std::endian::native) {
    std::byte bytes[sizeof(T)];
    detail::store<T>(bytes, value, order);
    return write(ByteSpan(bytes));
  }

  /// Writes what the stream takes at one go and advances; returns how much that was. For those who
  /// must know after a failure how far it got: what one call has written, no error hides.
  /// Errors: as write(); nothing has then been written by this call. 0 for non-empty data means
  ///         that the stream takes no more.
  virtual std::size_t write_some(ByteSpan data);

  /// Writes each item, with nothing in between. What came before a failure stays written.
  /// Errors: as write(); std::length_error, which says how much was written, where write() takes only
  ///         a part of an item.
  template <detail::LineRange Lines>
  void writelines(Lines&& lines) {
    check_open();
    detail::write_lines(lines, [this](ByteSpan line) { return write(line); });
  }

  /// Moves the position, also behind the end; returns the new one, counted from the beginning.
  /// Errors: ClosedError; std::invalid_argument for a negative position counted from the beginning
  ///         (on a file std::system_error, as in Python).
  virtual std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin);

  /// The current position.
  [[nodiscard]] virtual std::size_t tell() const;

  /// Cuts the stream to `size` bytes, the current position if none is given; does not move. Returns
  /// the size asked for.
  virtual std::size_t truncate(std::optional<std::size_t> size = std::nullopt);

  /// Hands on what is still buffered.
  /// Errors: ClosedError, as for every operation but close().
  virtual void flush();

  /// Flushes and gives the resources back; a second call does nothing. The stream counts as closed
  /// even when the flush throws.
  virtual void close() = 0;

  /// The lines from the current position on: `for (const Bytes& line : stream)`.
  [[nodiscard]] LineIterator begin() QUIRE_LIFETIMEBOUND;

  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 protected:
  Stream() noexcept = default;
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  /// Errors: ClosedError after close().
  void check_open() const;

  /// What iteration takes next (Python's __next__): readline(), unless the class promises, as
  /// BytesIO does, that its loops do not call what a derived class overrides.
  [[nodiscard]] virtual Bytes next_line() { return readline(); }

 private:
  friend class LineIterator;

  /// Fills all of `target`. Errors: as read(); StructError when the data ends too soon.
  void read_exactly(MutableByteSpan target);
};

/// Walks the lines of a stream; reading each one advances it.
class LineIterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = Bytes;
  using difference_type = std::ptrdiff_t;

  explicit LineIterator(Stream& stream QUIRE_LIFETIMEBOUND)
      : stream_(&stream), line_(stream.next_line()) {}

  [[nodiscard]] const Bytes& operator*() const noexcept { return line_; }

  [[nodiscard]] const Bytes* operator->() const noexcept { return &line_; }

  LineIterator& operator++() {
    line_ = stream_->next_line();
    return *this;
  }

  void operator++(int) { ++*this; }

  [[nodiscard]] friend bool operator==(const LineIterator& it, std::default_sentinel_t) noexcept {
    return it.line_.empty();
  }

 private:
  Stream* stream_;
  Bytes line_;
};

inline LineIterator Stream::begin() {
  return LineIterator(*this);
}

namespace detail {

/// A stream given away as a value: not a reference to one, and nothing sliced off it.
template <class S>
concept WholeStream =
    !std::is_reference_v<S> && std::derived_from<S, Stream> && !std::is_abstract_v<S>;

}  // namespace detail

/// A stream that is owned or borrowed: what a stream that stands on another one is made from.
///
///     BufferedReader a(file);                             // borrows: `file` must outlive it
///     BufferedReader b(FileIO("path"));                   // owns
///     BufferedReader c(std::make_unique<FileIO>("path"))  // owns
///
/// Whoever holds one closes an owned stream with itself; a borrowed one is flushed and left open.
class QUIRE_API StreamHandle {
 public:
  StreamHandle() noexcept = default;

  // NOLINTBEGIN(google-explicit-constructor, bugprone-forwarding-reference-overload): a parameter type
  // that streams become by themselves; the concept refuses the class itself
  StreamHandle(Stream& borrowed QUIRE_LIFETIMEBOUND) noexcept : stream_(&borrowed) {}

  template <std::derived_from<Stream> S>
  StreamHandle(std::unique_ptr<S> owned) noexcept : owned_(std::move(owned)) {
    stream_ = owned_.get();
  }

  template <detail::WholeStream S>
  StreamHandle(S&& owned) : StreamHandle(std::make_unique<S>(std::forward<S>(owned))) {}
  // NOLINTEND(google-explicit-constructor, bugprone-forwarding-reference-overload)

  StreamHandle(const StreamHandle&) = delete;
  StreamHandle& operator=(const StreamHandle&) = delete;

  StreamHandle(StreamHandle&& other) noexcept
      : owned_(std::move(other.owned_)), stream_(std::exchange(other.stream_, nullptr)) {}

  StreamHandle& operator=(StreamHandle&& other) noexcept {
    owned_ = std::move(other.owned_);
    stream_ = std::exchange(other.stream_, nullptr);
    return *this;
  }

  ~StreamHandle() = default;

  /// Whether the stream goes with this handle.
  [[nodiscard]] bool owns() const noexcept { return owned_ != nullptr; }

  explicit operator bool() const noexcept { return stream_ != nullptr; }

  [[nodiscard]] Stream* get() const noexcept { return stream_; }

  /// REQUIRES: *this
  [[nodiscard]] Stream& operator*() const noexcept { return *stream_; }

  /// REQUIRES: *this
  Stream* operator->() const noexcept { return stream_; }

  /// Closes the stream if it is owned, flushes it otherwise.
  /// REQUIRES: *this
  void finish();

 private:
  std::unique_ptr<Stream> owned_;
  Stream* stream_ = nullptr;
};

/// Copies from `source`, to its end or at most `length` bytes, to `target`; returns the bytes moved.
/// When the target takes no more, or fails, what was read too much is given back if the source can
/// seek.
/// Cost:   at most `chunk` bytes of memory, none where the source can hand out its own.
/// Errors: those of both streams; std::invalid_argument when `chunk` is 0.
QUIRE_API std::size_t copyfileobj(Stream& source, Stream& target,
                                  std::optional<std::size_t> length = std::nullopt,
                                  std::size_t chunk = 256 * 1024);

namespace detail {

/// The position that `seek(offset, whence)` means in a stream of `size` bytes at `position`, by
/// BytesIO's rules: from Current and End it stops at 0.
/// Errors: std::invalid_argument, std::length_error past the highest signed position.
[[nodiscard]] QUIRE_API std::size_t seek_target(std::ptrdiff_t offset, Whence whence,
                                                std::size_t position, std::size_t size);

/// The size that `truncate(size)` means at `position`. A negative number that was given as the
/// unsigned one it becomes is told apart: no size is that large.
/// Errors: std::invalid_argument.
[[nodiscard]] QUIRE_API std::size_t truncate_target(std::optional<std::size_t> size,
                                                    std::size_t position);

}  // namespace detail
}  // namespace quire
