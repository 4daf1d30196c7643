#include "quire/string_io.h"

#include <algorithm>
#include <utility>

#include "quire/detail/block.h"
#include "quire/detail/codec.h"
#include "quire/error.h"
#include "quire/ledger.h"

namespace quire {
namespace {

constexpr std::size_t kStride = 512;

}  // namespace

StringIO::StringIO(std::string_view initial, Newline newline)
    : mode_(newline.mode()), reader_(newline.mode()) {
  write(initial);
  position_ = 0;
  byte_ = 0;
}

StringIO::~StringIO() = default;

void StringIO::swap(StringIO& other) noexcept {
  text_.swap(other.text_);
  index_.swap(other.index_);
  std::swap(points_, other.points_);
  std::swap(position_, other.position_);
  std::swap(byte_, other.byte_);
  std::swap(mode_, other.mode_);
  std::swap(reader_, other.reader_);
  std::swap(closed_, other.closed_);
}

bool StringIO::readable() const {
  check_open();
  return true;
}

bool StringIO::writable() const {
  check_open();
  return true;
}

bool StringIO::seekable() const {
  check_open();
  return true;
}

std::vector<std::string_view> StringIO::newlines() const {
  check_open();
  return reader_.seen();
}

bool StringIO::line_buffering() const {
  check_open();
  return false;
}

std::string_view StringIO::rest() const noexcept {
  if (position_ >= points_) return {};
  return std::string_view(text_).substr(byte_);
}

std::string StringIO::take(std::size_t size, std::size_t points) {
  std::string result(rest().substr(0, size));
  detail::count_copied(CopyReason::GetValue, size);
  position_ += points;
  byte_ += size;
  return result;
}

std::string StringIO::read(std::ptrdiff_t size) {
  check_open();
  const std::string_view left = rest();
  if (left.empty()) return {};
  const std::size_t all = points_ - position_;
  if (size < 0 || static_cast<std::size_t>(size) >= all) return take(left.size(), all);
  const auto points = static_cast<std::size_t>(size);
  return take(ascii() ? points : detail::point_offset(left, points), points);
}

std::string StringIO::readline(std::ptrdiff_t limit) {
  check_open();
  std::string_view window = rest();
  const std::size_t most = limit < 0 ? window.size() : static_cast<std::size_t>(limit);
  // More than 4 bytes a code point cannot be part of the result, and need not be searched.
  if (most < window.size() / 4) window = window.substr(0, 4 * most);
  std::size_t end = std::min(detail::line_end(window, mode_), window.size());
  if (most < end) end = ascii() ? most : detail::point_offset(window.substr(0, end), most);
  const std::size_t points = ascii() ? end : detail::count_points(window.substr(0, end));
  return take(end, points);
}

std::size_t StringIO::write(std::string_view text) {
  check_open();
  detail::check_utf8(text);
  return unchecked_write(text);
}

std::size_t StringIO::unchecked_write(std::string_view text) {
  const std::size_t points = detail::count_points(text);
  if (mode_ == detail::NewlineMode::Universal || mode_ == detail::NewlineMode::Untranslated) {
    // Each write is a text of its own: no '\r' waits for the next one.
    std::string translated(text);
    detail::NewlineReader reader = reader_;
    reader.read(translated, 0, true);
    put(translated);
    reader_ = reader;
  } else {
    std::string buffer;
    put(detail::to_written(text, mode_, buffer));
  }
  detail::count_copied(CopyReason::Caller, text.size());
  return points;
}

void StringIO::put(std::string_view text) {
  if (text.empty()) return;
  const std::size_t count = detail::count_points(text);
  const std::size_t end = detail::checked_add(position_, count);
  if (position_ > points_) {
    const std::size_t gap = position_ - points_;
    const std::size_t size = detail::checked_add(text_.size(), gap);
    text_.reserve(std::max(detail::checked_add(size, text.size()),
                           std::min(2 * text_.size(), text_.max_size())));
    text_.append(gap, '\0');
    text_.append(text);
    byte_ = text_.size();
  } else {
    const std::string_view left = rest();
    const std::size_t replaced = end >= points_ ? left.size()
                                 : ascii()      ? count
                                                : detail::point_offset(left, count);
    text_.replace(byte_, replaced, text);
    index_.resize(std::min(index_.size(), position_ / kStride));
    byte_ += text.size();
  }
  position_ = end;
  points_ = std::max(points_, end);
}

std::size_t StringIO::locate(std::size_t point) {
  if (ascii()) return point;
  if (point == points_) return text_.size();
  const std::string_view text = text_;
  const std::size_t wanted = point / kStride;
  std::size_t known = index_.empty() ? 0 : index_.back();
  while (index_.size() < wanted) {
    known += detail::point_offset(text.substr(known), kStride);
    index_.push_back(known);
  }
  const std::size_t start = wanted == 0 ? 0 : index_[wanted - 1];
  return start + detail::point_offset(text.substr(start), point % kStride);
}

std::size_t StringIO::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  detail::check_text_seek(offset, whence);
  const std::size_t target = whence == Whence::Begin     ? static_cast<std::size_t>(offset)
                             : whence == Whence::Current ? position_
                                                         : points_;
  if (target <= points_) byte_ = locate(target);
  position_ = target;
  return target;
}

std::size_t StringIO::truncate(std::optional<std::size_t> size) {
  check_open();
  const std::size_t wanted = detail::truncate_target(size, position_);
  if (wanted < points_) {
    text_.resize(locate(wanted));
    points_ = wanted;
    index_.resize(std::min(index_.size(), wanted / kStride));
  }
  return wanted;
}

void StringIO::flush() {
  check_open();
}

void StringIO::close() noexcept {
  StringIO closed;
  closed.closed_ = true;
  swap(closed);
}

std::size_t StringIO::retained_bytes() const noexcept {
  // A short string is in the object.
  const std::size_t text = text_.capacity() > std::string().capacity() ? text_.capacity() + 1 : 0;
  return text + index_.capacity() * sizeof(index_[0]);
}

std::string StringIO::getvalue() const& {
  check_open();
  detail::count_copied(CopyReason::GetValue, text_.size());
  return text_;
}

std::string StringIO::getvalue() && {
  check_open();
  return std::move(StringIO(std::move(*this)).text_);
}

}  // namespace quire
