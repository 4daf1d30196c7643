// TextIOWrapper: text on top of any stream of bytes (Python's io.TextIOWrapper).
//
//   stream   [ bytes ............................................. ]
//   index    |0,0        |4090,8192       |8175,16384    code point, byte: one every few KiB read
//   text                                  [ read ahead, decoded ]
//
// Positions are code points of the text as it is read, with line endings translated; a byte order
// mark is not one of them. (Python's tell() gives a number without meaning.) Seeking goes to the
// nearest place in the index and decodes from there; into what has not been read yet it decodes all
// that is between.
//
// A write lands at the position, also when text has been read ahead. It replaces bytes, not code
// points: over text of another width it leaves what follows in pieces.
//
// Lifetime: the stream is owned or borrowed, see StreamHandle; while it is wrapped nobody else
// should move it. A destructor hands on what was written, but swallows what fails: call close() to
// hear of it. Thread: const operations may run at once, a mutation needs exclusion; the first tell()
// on a stream that was wrapped in its middle is one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quire/detail/codec.h"
#include "quire/detail/export.h"
#include "quire/detail/newlines.h"
#include "quire/stream.h"
#include "quire/text_stream.h"

namespace quire {

struct TextOptions {
  std::string_view encoding = "utf-8";

  /// What to do with bytes, or text, that the encoding has no place for: "strict", "replace",
  /// "ignore" or "backslashreplace".
  std::string_view errors = "strict";
  Newline newline = std::nullopt;
  bool line_buffering = false;  ///< flush after each write that holds `\n` or `\r`
  bool write_through = false;   ///< hand every write on at once
};

/// What reconfigure() changes; the rest stays.
struct TextChanges {
  std::optional<std::string_view> encoding = std::nullopt;
  std::optional<std::string_view> errors = std::nullopt;  ///< "strict" if only `encoding` is given
  std::optional<Newline> newline = std::nullopt;
  std::optional<bool> line_buffering = std::nullopt;
  std::optional<bool> write_through = std::nullopt;
};

class QUIRE_API TextIOWrapper : public TextStream {
 public:
  /// Errors: std::invalid_argument for an unknown encoding or error policy; ClosedError.
  explicit TextIOWrapper(StreamHandle stream, const TextOptions& options = {});

  TextIOWrapper(const TextIOWrapper&) = delete;
  TextIOWrapper& operator=(const TextIOWrapper&) = delete;
  TextIOWrapper(TextIOWrapper&& other) noexcept = default;
  TextIOWrapper& operator=(TextIOWrapper&& other) noexcept;
  ~TextIOWrapper() override;

  /// True also after detach(), and when the stream has been closed by somebody else.
  [[nodiscard]] bool closed() const noexcept override { return !stream_ || stream_->closed(); }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;
  [[nodiscard]] bool isatty() const override;
  [[nodiscard]] int fileno() const override;

  [[nodiscard]] std::optional<std::string_view> encoding() const noexcept override {
    return encoding_;
  }

  [[nodiscard]] std::optional<std::string_view> errors() const noexcept override { return errors_; }

  [[nodiscard]] std::vector<std::string_view> newlines() const override;

  [[nodiscard]] bool line_buffering() const override { return line_buffering_; }

  [[nodiscard]] bool write_through() const noexcept { return write_through_; }

  /// The stream underneath.
  /// Errors: ClosedError.
  [[nodiscard]] Stream& buffer() const;

  /// Cost:   the stream is read 8 KiB at a time, up to 64 KiB when all of it is asked for.
  /// Errors: ClosedError; UnsupportedOperation from a stream that cannot read; UnicodeDecodeError,
  ///         with offsets in the stream, when the text asked for holds ill-formed bytes; those of
  ///         the stream. The position is then unchanged: text before the bad bytes can be read.
  [[nodiscard]] std::string read(std::ptrdiff_t size = -1) override;

  /// Cost, Errors: as read(); reads no more of the stream than the 8 KiB in which the line ends.
  [[nodiscard]] std::string readline(std::ptrdiff_t limit = -1) override;

  /// Cost:   collected to pieces of 8 KiB.
  /// Errors: ClosedError; UnsupportedOperation from a stream that cannot write; UnicodeDecodeError
  ///         for text that is not UTF-8, UnicodeEncodeError for text that the encoding has no place
  ///         for: nothing is then written. Those of the stream: the text has been accepted, stays
  ///         buffered and is tried again by the next call that hands on.
  std::size_t write(std::string_view text) override;

  /// Cost:   a few KiB read and decoded; what lies between the position and the last place known is
  ///         decoded on the way, once. seek(0) is free and forgets the places.
  /// Errors: ClosedError; UnsupportedOperation from a stream that cannot seek, or read;
  ///         UnicodeDecodeError for ill-formed bytes on the way; those of the stream. The position
  ///         is then unchanged.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;

  /// Cost:   O(text read ahead); the first time on a stream that was wrapped in its middle, all that
  ///         is before is read and decoded.
  /// Errors: as seek().
  [[nodiscard]] std::size_t tell() const override;

  /// Errors: as seek().
  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;

  /// Hands on what has been written, and flushes the stream.
  void flush() override;

  /// Flushes; closes the stream if it is owned.
  /// Errors: those of the stream; this counts as closed all the same.
  void close() override;

  /// Flushes and gives the stream back; this is then closed.
  /// Errors: as flush(); nothing is then detached.
  StreamHandle detach();

  /// Flushes, and goes on with other settings from the position reached.
  /// Errors: std::invalid_argument for an unknown encoding or error policy; UnsupportedOperation for
  ///         another encoding, policy or newline when text has been read since the last seek().
  void reconfigure(const TextChanges& changes);

 private:
  /// A place where a code point begins.
  struct Place {
    std::size_t point;
    std::size_t byte;
  };

  /// One walk through the stream.
  struct Cursor {
    detail::IncrementalDecoder decoder;
    detail::NewlineReader newlines;
    std::string text = {};  ///< decoded
    std::size_t at = 0;     ///< what is before has been handed out
    std::size_t end = 0;    ///< position of the text's end
    bool used = false;      ///< whether anything has been read

    [[nodiscard]] std::string_view rest() const noexcept {
      return std::string_view(text).substr(at);
    }

    [[nodiscard]] std::size_t position() const noexcept {
      return end - detail::count_points(rest());
    }

    /// Whether the stream's position is another than this one's.
    [[nodiscard]] bool is_ahead() const noexcept {
      return at != text.size() || decoder.pending() != 0 || newlines.waiting();
    }
  };

  [[nodiscard]] Cursor cursor_at(Place place, detail::NewlineReader newlines) const;
  void go_to(Place place);
  void set_encoding(const TextOptions& options);
  void require_seekable() const;
  void require_readable() const;

  void feed(Cursor& cursor, ByteSpan data, bool last) const;
  [[nodiscard]] Place end_of(const Cursor& cursor) const noexcept;
  bool fill(std::size_t chunk);
  [[nodiscard]] std::string take(std::size_t size);
  void prepare_to_read();
  void prepare_to_write();
  void note(Place place);
  void forget_behind(std::size_t byte) noexcept;
  void send();
  void send_quietly() noexcept;

  /// Reads everything before the place where the stream was wrapped, to learn its position.
  void count_before() const;

  /// The byte where a code point begins; moves the stream. kEnd: the end of the text.
  [[nodiscard]] Place locate(std::size_t point);
  [[nodiscard]] Place walk(std::size_t point);
  [[nodiscard]] std::size_t inside(const Cursor& before, ByteSpan data, std::size_t point) const;
  [[nodiscard]] std::size_t step_to(Cursor& cursor, ByteSpan data, std::size_t point) const;

  // Invariants: the stream is at `cursor_.decoder.offset() + cursor_.decoder.pending()`, less the
  // bytes in `pending_`; what is written is not read ahead: `pending_.empty() || !is_ahead()`,
  // unless the stream cannot seek. `index_` is sorted and never empty.
  StreamHandle stream_;
  std::string encoding_;
  std::string errors_;
  detail::Codec codec_ = detail::Codec::Utf8;
  detail::ErrorPolicy policy_ = detail::ErrorPolicy::Strict;
  detail::NewlineMode mode_ = detail::NewlineMode::Universal;
  bool line_buffering_ = false;
  bool write_through_ = false;
  bool seekable_ = false;
  bool mark_due_ = true;   ///< a stream that cannot seek: nothing has been written yet
  bool wrote_cr_ = false;  ///< the last character written was a '\r'
  std::string pending_;    ///< encoded, not handed on yet
  // Positions count from `index_[0]` until `counted_`; the first tell() makes them absolute.
  mutable Cursor cursor_;
  mutable std::vector<Place> index_;
  mutable bool counted_ = true;
};

}  // namespace quire
