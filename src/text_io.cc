#include "quire/text_io.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "do_both.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"
#include "quire/error.h"

namespace quire {
namespace {

constexpr std::size_t kChunk = kDefaultBufferSize;
constexpr std::size_t kLargeChunk = 64 * 1024;
constexpr std::size_t kIndexStep = 4096;
constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();

/// Room for `size` more, growing so that many calls stay linear.
template <class Container>
void make_room(Container& items, std::size_t size) {
  const std::size_t needed = items.size() + size;
  if (needed > items.capacity()) items.reserve(std::max(needed, 2 * items.capacity()));
}

std::size_t count_pairs(std::string_view text) noexcept {
  std::size_t pairs = 0;
  for (std::size_t at = text.find("\r\n"); at != text.npos; at = text.find("\r\n", at + 2)) {
    ++pairs;
  }
  return pairs;
}

}  // namespace

TextIOWrapper::TextIOWrapper(StreamHandle stream, const TextOptions& options)
    : stream_(std::move(stream)),
      line_buffering_(options.line_buffering),
      write_through_(options.write_through),
      cursor_{{codec_, policy_}, detail::NewlineReader(mode_)} {
  check_open();
  seekable_ = stream_->seekable();
  set_encoding(options);
}

TextIOWrapper& TextIOWrapper::operator=(TextIOWrapper&& other) noexcept {
  if (this != &other) {
    send_quietly();
    stream_ = std::move(other.stream_);
    encoding_ = std::move(other.encoding_);
    errors_ = std::move(other.errors_);
    codec_ = other.codec_;
    policy_ = other.policy_;
    mode_ = other.mode_;
    line_buffering_ = other.line_buffering_;
    write_through_ = other.write_through_;
    seekable_ = other.seekable_;
    mark_due_ = other.mark_due_;
    wrote_cr_ = other.wrote_cr_;
    pending_ = std::move(other.pending_);
    cursor_ = std::move(other.cursor_);
    index_ = std::move(other.index_);
    counted_ = other.counted_;
  }
  return *this;
}

TextIOWrapper::~TextIOWrapper() {
  send_quietly();
}

void TextIOWrapper::set_encoding(const TextOptions& options) {
  const detail::Codec codec = detail::find_codec(options.encoding);
  const detail::ErrorPolicy policy = detail::find_error_policy(options.errors);
  const std::size_t start = seekable_ ? stream_->tell() : 0;
  std::string encoding(options.encoding);
  std::string errors(options.errors);
  std::vector<Place> index = {{0, start}};
  // Nothing throws from here on.
  codec_ = codec;
  policy_ = policy;
  mode_ = options.newline.mode();
  encoding_ = std::move(encoding);
  errors_ = std::move(errors);
  index_ = std::move(index);
  counted_ = start == 0;
  wrote_cr_ = false;
  cursor_ = {{codec_, policy_}, detail::NewlineReader(mode_)};
  cursor_.decoder.reset(start, true);
}

// --- what can be done ----------------------------------------------------------------------------

Stream& TextIOWrapper::buffer() const {
  check_open();
  return *stream_;
}

bool TextIOWrapper::readable() const {
  return buffer().readable();
}

bool TextIOWrapper::writable() const {
  return buffer().writable();
}

bool TextIOWrapper::seekable() const {
  return buffer().seekable();
}

bool TextIOWrapper::isatty() const {
  return buffer().isatty();
}

int TextIOWrapper::fileno() const {
  return buffer().fileno();
}

std::vector<std::string_view> TextIOWrapper::newlines() const {
  return cursor_.newlines.seen();
}

void TextIOWrapper::require_seekable() const {
  check_open();
  if (!seekable_) detail::throw_unsupported("underlying stream is not seekable");
}

void TextIOWrapper::require_readable() const {
  if (!buffer().readable()) detail::throw_unsupported("not readable");
}

// --- reading -------------------------------------------------------------------------------------

TextIOWrapper::Cursor TextIOWrapper::cursor_at(Place place, detail::NewlineReader newlines) const {
  Cursor cursor{cursor_.decoder, newlines};
  cursor.decoder.reset(place.byte, place.byte == index_.front().byte);
  cursor.newlines.drop();
  cursor.end = place.point;
  return cursor;
}

void TextIOWrapper::feed(Cursor& cursor, ByteSpan data, bool last) const {
  const std::size_t before = cursor.text.size();
  cursor.decoder.decode(data, last, cursor.text);
  cursor.newlines.read(cursor.text, before, last);
  cursor.end += detail::count_points(std::string_view(cursor.text).substr(before));
}

/// Where the text decoded so far ends.
TextIOWrapper::Place TextIOWrapper::end_of(const Cursor& cursor) const noexcept {
  const std::size_t unread = cursor.newlines.waiting() ? detail::unit_size(codec_) : 0;
  return {cursor.end, cursor.decoder.offset() - unread};
}

/// Reads and decodes about `chunk` more bytes; false at the end.
bool TextIOWrapper::fill(std::size_t chunk) {
  cursor_.decoder.check();
  cursor_.text.erase(0, cursor_.at);
  cursor_.at = 0;
  // All memory is taken before the stream is read, so that no byte of it can get lost.
  make_room(cursor_.text, 4 * (chunk + cursor_.decoder.pending()) + 1);
  cursor_.decoder.reserve(chunk);
  make_room(index_, 1);
  const Bytes data = stream_->read1(static_cast<std::ptrdiff_t>(chunk));
  const std::size_t before = cursor_.text.size();
  cursor_.used = true;
  feed(cursor_, data, data.empty());
  note(end_of(cursor_));
  return !data.empty() || cursor_.text.size() > before;
}

void TextIOWrapper::note(Place place) {
  if (!seekable_) return;
  const auto next =
      std::upper_bound(index_.begin() + 1, index_.end(), place.byte,
                       [](std::size_t byte, const Place& known) { return byte < known.byte; });
  const Place& previous = next[-1];
  if (place.byte < previous.byte + kIndexStep || place.point < previous.point) return;
  // A large write, or what was before the wrapped stream, leaves a gap that seeks fill on their way.
  const bool in_a_gap =
      next == index_.end() || (next->byte >= place.byte + kIndexStep && next->point >= place.point);
  if (in_a_gap) index_.insert(next, place);
}

void TextIOWrapper::prepare_to_read() {
  require_readable();
  send();
  wrote_cr_ = false;
}

std::string TextIOWrapper::take(std::size_t size) {
  std::string result;
  if (cursor_.at == 0 && size == cursor_.text.size()) {
    result.swap(cursor_.text);
  } else {
    result = cursor_.rest().substr(0, size);
    cursor_.at += size;
  }
  return result;
}

std::string TextIOWrapper::read(std::ptrdiff_t size) {
  prepare_to_read();
  if (size < 0) {
    for (std::size_t chunk = kChunk; fill(chunk); chunk = std::min(2 * chunk, kLargeChunk)) {
    }
    return take(cursor_.rest().size());
  }
  const auto points = static_cast<std::size_t>(size);
  std::size_t end = detail::point_offset(cursor_.rest(), points);
  if (end == cursor_.rest().size()) {
    const std::size_t start = cursor_.position();
    while (cursor_.end - start < points && fill(kChunk)) {
    }
    end = detail::point_offset(cursor_.rest(), points);
  }
  return take(end);
}

std::string TextIOWrapper::readline(std::ptrdiff_t limit) {
  prepare_to_read();
  const std::size_t most = limit < 0 ? kEnd : static_cast<std::size_t>(limit);
  const std::size_t start = limit < 0 ? 0 : cursor_.position();
  std::size_t searched = 0;
  while (true) {
    const std::size_t left = cursor_.rest().size();
    // More than 4 bytes a code point cannot be part of the result, and need not be searched.
    const std::size_t size = most < left / 4 ? 4 * most : left;
    std::size_t end = detail::line_end(cursor_.rest().substr(0, size), mode_, searched);
    if (end == std::string_view::npos) {
      searched = left;
      const bool full = limit >= 0 && cursor_.end - start >= most;
      if (!full && fill(kChunk)) continue;
      end = size;
    }
    if (most < end) end = detail::point_offset(cursor_.rest().substr(0, end), most);
    return take(end);
  }
}

// --- writing -------------------------------------------------------------------------------------

void TextIOWrapper::send() {
  std::size_t done = 0;
  try {
    while (done < pending_.size()) {
      const std::size_t left = pending_.size() - done;
      const std::size_t written = stream_->write_some(ByteSpan(pending_.data() + done, left));
      if (written == 0) {
        detail::throw_errno(ENOSPC, "write: the stream underneath takes no more, " +
                                        std::to_string(left) + " bytes are left");
      }
      done += written;
    }
  } catch (...) {
    pending_.erase(0, done);
    throw;
  }
  pending_.clear();
}

void TextIOWrapper::send_quietly() noexcept {
  try {
    if (!closed()) send();
  } catch (...) {
  }
}

/// Moves the stream to the position and forgets what lies behind.
void TextIOWrapper::prepare_to_write() {
  if (!seekable_) return;
  if (cursor_.is_ahead()) go_to(locate(cursor_.position()));
  forget_behind(cursor_.decoder.offset());
}

void TextIOWrapper::forget_behind(std::size_t byte) noexcept {
  while (index_.size() > 1 && index_.back().byte > byte) index_.pop_back();
}

std::size_t TextIOWrapper::write(std::string_view text) {
  if (!buffer().writable()) detail::throw_unsupported("not writable");
  const std::string_view original = text;
  detail::check_utf8(text);
  if (text.empty()) return 0;
  std::string translated;
  text = detail::to_written(text, mode_, translated);
  prepare_to_write();
  make_room(index_, 1);
  const std::size_t before = pending_.size();
  const bool mark = seekable_ ? cursor_.decoder.offset() == 0 : mark_due_;
  detail::encode_to(pending_, text, codec_, policy_, mark);
  mark_due_ = false;
  const std::size_t size = pending_.size() - before;

  if (seekable_) {
    const bool narrow = codec_ == detail::Codec::Ascii || codec_ == detail::Codec::Latin1;
    // With one byte a code point the error policy may have changed how many there are.
    const std::string_view written = narrow ? std::string_view(pending_).substr(before) : text;
    std::size_t points = narrow ? size : detail::count_points(text);
    if (mode_ == detail::NewlineMode::Universal && !written.empty()) {
      points -= count_pairs(written) + (wrote_cr_ && written.front() == '\n' ? 1 : 0);
      wrote_cr_ = written.back() == '\r';
    }
    cursor_.text.clear();
    cursor_.at = 0;
    cursor_.end += points;
    cursor_.used = false;
    cursor_.decoder.reset(cursor_.decoder.offset() + size, false);
    if (!wrote_cr_) note({cursor_.end, cursor_.decoder.offset()});
  }

  const bool line = line_buffering_ && original.find_first_of("\r\n") != original.npos;
  if (line) {
    flush();
  } else if (write_through_ || pending_.size() >= kChunk) {
    send();
  }
  return detail::count_points(original);
}

void TextIOWrapper::flush() {
  check_open();
  send();
  stream_->flush();
}

void TextIOWrapper::close() {
  if (closed()) return;
  detail::do_both([this] { send(); }, [this] { StreamHandle(std::move(stream_)).finish(); });
}

StreamHandle TextIOWrapper::detach() {
  flush();
  return std::move(stream_);
}

// --- positions -----------------------------------------------------------------------------------

std::size_t TextIOWrapper::tell() const {
  require_seekable();
  count_before();
  return cursor_.position();
}

void TextIOWrapper::count_before() const {
  if (counted_) return;
  require_readable();
  const std::size_t start = index_.front().byte;
  const std::size_t place = stream_->tell();
  Cursor cursor{{codec_, policy_}, detail::NewlineReader(mode_)};
  const auto back = [&] { stream_->seek(static_cast<std::ptrdiff_t>(place)); };
  detail::do_both(
      [&] {
        index_.reserve(index_.size() + 1);
        stream_->seek(0);
        for (std::size_t left = start; left != 0;) {
          const Bytes data = stream_->read1(static_cast<std::ptrdiff_t>(std::min(left, kChunk)));
          if (data.empty()) break;
          left -= data.size();
          feed(cursor, data, false);
          cursor.text.clear();
        }
        feed(cursor, {}, true);
        cursor.decoder.check();
      },
      back);
  for (Place& known : index_) known.point += cursor.end;
  index_.insert(index_.begin(), Place{0, 0});
  cursor_.end += cursor.end;
  counted_ = true;
}

void TextIOWrapper::go_to(Place place) {
  Cursor next = cursor_at(place, cursor_.newlines);
  stream_->seek(static_cast<std::ptrdiff_t>(place.byte));
  cursor_ = std::move(next);
}

TextIOWrapper::Place TextIOWrapper::locate(std::size_t point) {
  try {
    return walk(point);
  } catch (...) {
    const std::size_t here = cursor_.decoder.offset() + cursor_.decoder.pending();
    try {
      stream_->seek(static_cast<std::ptrdiff_t>(here));
    } catch (...) {
      // The first failure is the one to tell.
    }
    throw;
  }
}

TextIOWrapper::Place TextIOWrapper::walk(std::size_t point) {
  const auto behind =
      std::upper_bound(index_.begin() + 1, index_.end(), point,
                       [](std::size_t wanted, const Place& place) { return wanted < place.point; });
  // A line ending that is not translated may be cut in two, so none waits here for its other half.
  const bool translates = mode_ == detail::NewlineMode::Universal;
  Cursor cursor =
      cursor_at(behind[-1], detail::NewlineReader(translates ? mode_ : detail::NewlineMode::Lf));
  stream_->seek(static_cast<std::ptrdiff_t>(behind[-1].byte));
  while (cursor.end < point) {
    const Bytes data = stream_->read1(static_cast<std::ptrdiff_t>(kChunk));
    if (data.empty()) {
      const Cursor before = cursor;
      feed(cursor, {}, true);
      cursor.decoder.check();
      if (point != kEnd && point < cursor.end) return {point, inside(before, {}, point)};
      const std::size_t gap = point == kEnd ? 0 : point - cursor.end;
      return {cursor.end + gap,
              detail::checked_add(cursor.decoder.offset(),
                                  detail::checked_multiply(gap, detail::unit_size(codec_)))};
    }
    const Cursor before = cursor;
    feed(cursor, data, false);
    if (cursor.end >= point) {
      cursor = before;
      return {point, step_to(cursor, data, point)};
    }
    cursor.text.clear();
    note(end_of(cursor));
  }
  return end_of(cursor);
}

/// Where a code point begins when `data` ended two of them at once behind `before`: they showed that
/// a '\r' stands alone, or that a sequence is ill-formed.
std::size_t TextIOWrapper::inside(const Cursor& before, ByteSpan data, std::size_t point) const {
  const std::size_t first = before.end + (before.newlines.waiting() ? 1 : 0);
  const std::size_t bad = point == first ? 0 : before.decoder.next_size(data);
  return before.decoder.offset() + bad;
}

/// Finds the byte of a code point that begins in `data` or at its end.
std::size_t TextIOWrapper::step_to(Cursor& cursor, ByteSpan data, std::size_t point) const {
  std::size_t at = 0;
  for (const std::size_t step : {std::size_t{512}, std::size_t{32}, std::size_t{1}}) {
    while (at < data.size()) {
      Cursor before = cursor;
      const std::size_t size = std::min(step, data.size() - at);
      feed(cursor, data.subspan(at, size), false);
      if (cursor.end < point) {
        cursor.text.clear();
        at += size;
        continue;
      }
      if (step != 1) {
        cursor = std::move(before);
        break;
      }
      if (cursor.end == point) return end_of(cursor).byte;
      return inside(before, data.subspan(at, size), point);
    }
  }
  return end_of(cursor).byte;
}

std::size_t TextIOWrapper::seek(std::ptrdiff_t offset, Whence whence) {
  require_seekable();
  detail::check_text_seek(offset, whence);
  send();
  wrote_cr_ = false;
  if (whence == Whence::Begin && offset == 0) {
    // Works on any stream, and takes a fresh look at one that somebody else has written to.
    stream_->seek(0);
    index_.assign(1, Place{0, 0});
    counted_ = true;
    cursor_ = cursor_at({0, 0}, detail::NewlineReader(mode_));
    return 0;
  }
  if (whence == Whence::Current) return tell();
  count_before();
  require_readable();
  const Place place = locate(whence == Whence::End ? kEnd : static_cast<std::size_t>(offset));
  go_to(place);
  return place.point;
}

std::size_t TextIOWrapper::truncate(std::optional<std::size_t> size) {
  require_seekable();
  flush();
  count_before();
  Place here = {cursor_.position(), cursor_.decoder.offset()};
  if (cursor_.is_ahead()) here = locate(here.point);
  const std::size_t wanted = detail::truncate_target(size, here.point);
  const Place cut = wanted == here.point ? here : locate(wanted);
  // What will be behind the end is as far behind it as NULs would be.
  if (here.point > wanted) {
    here.byte = detail::checked_add(
        cut.byte, detail::checked_multiply(here.point - wanted, detail::unit_size(codec_)));
  }
  go_to(here);
  stream_->truncate(cut.byte);
  forget_behind(cut.byte);
  return wanted;
}

void TextIOWrapper::reconfigure(const TextChanges& changes) {
  check_open();
  const bool text_changes = changes.encoding || changes.errors || changes.newline;
  if (text_changes && cursor_.used) {
    detail::throw_unsupported(
        "It is not possible to set the encoding or newline of stream after the first read");
  }
  flush();
  if (text_changes) {
    TextOptions options{encoding_, changes.encoding ? "strict" : std::string_view(errors_),
                        Newline(mode_)};
    if (changes.encoding) options.encoding = *changes.encoding;
    if (changes.errors) options.errors = *changes.errors;
    if (changes.newline) options.newline = *changes.newline;
    set_encoding(options);
  }
  line_buffering_ = changes.line_buffering.value_or(line_buffering_);
  write_through_ = changes.write_through.value_or(write_through_);
}

}  // namespace quire
