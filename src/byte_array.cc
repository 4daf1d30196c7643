#include "quire/byte_array.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <ostream>

#include "quire/ledger.h"

namespace quire {

namespace {

void copy_bytes(std::byte* to, const std::byte* from, std::size_t count) noexcept {
  if (count != 0) std::memmove(to, from, count);
}

}  // namespace

ByteArray::ByteArray(ByteSpan data) {
  copy_bytes(open_gap(0, 0, data.size()), data.data(), data.size());
  detail::count_copied(CopyReason::Caller, data.size());
}

ByteArray::ByteArray(Bytes&& data) {
  detail::Block* const block = data.block();
  if (block == nullptr || !block->unique()) {
    ByteArray(data.span()).swap(*this);
    return;
  }
  block_ = detail::BlockRef::share(block);
  data_ = block->data + (data.data() - block->data);
  size_ = data.size();
  data = Bytes();
}

ByteArray::ByteArray(std::size_t count, std::byte fill) {
  std::fill_n(open_gap(0, 0, count), count, fill);
}

ByteArray ByteArray::slice(SliceBound start, SliceBound stop, std::ptrdiff_t step) const {
  const detail::StridedRange part = detail::resolve(start, stop, step, size_);
  ByteArray result;
  detail::algo::copy_strided(result.grow(part.count), data_, part);
  detail::count_copied(CopyReason::GetValue, part.count);
  return result;
}

std::string ByteArray::to_string() const {
  detail::count_copied(CopyReason::Caller, size_);
  return std::string(span().as_chars());
}

std::string ByteArray::repr() const {
  return "bytearray(" + detail::algo::repr(span()) + ")";
}

void ByteArray::extend(ByteSpan data) {
  const bool own = shows(data);
  const std::ptrdiff_t offset = own ? data.data() - data_ : 0;
  std::byte* const to = grow(data.size());
  copy_bytes(to, own ? data_ + offset : data.data(), data.size());
  detail::count_copied(CopyReason::Caller, data.size());
}

ByteArray& ByteArray::operator*=(std::ptrdiff_t count) {
  const std::size_t once = size_;
  const std::size_t size = detail::checked_multiply(once, count < 0 ? 0 : std::size_t(count));
  if (size < once) {
    clear();
  } else {
    static_cast<void>(grow(size - once));
    detail::algo::repeat_over(data_, once, size);
  }
  return *this;
}

void ByteArray::remove(std::byte value) {
  const std::size_t at = find(value);
  if (at == npos) {
    detail::throw_invalid("value " + std::to_string(std::to_integer<int>(value)) +
                          " not found in bytearray");
  }
  open_gap(at, 1, 0);
}

void ByteArray::reverse() noexcept {
  std::reverse(begin(), end());
}

void ByteArray::erase_slice(SliceBound start, SliceBound stop, std::ptrdiff_t step) {
  if (step == 1) return erase_slice(start, stop);
  const detail::StridedRange part = detail::resolve(start, stop, step, size_);
  if (part.count == 0) return;
  check_resizable();
  // The same bytes in ascending order.
  const auto last = static_cast<std::ptrdiff_t>(part.count - 1) * part.step;
  const auto first = static_cast<std::size_t>(part.start + (part.step < 0 ? last : 0));
  const std::size_t width =
      part.count == 1 ? 1 : static_cast<std::size_t>(part.step < 0 ? -part.step : part.step);
  std::size_t to = first;
  for (std::size_t i = 0; i < part.count; ++i) {
    const std::size_t from = first + i * width + 1;
    const std::size_t next = i + 1 < part.count ? from + width - 1 : size_;
    copy_bytes(data_ + to, data_ + from, next - from);
    to += next - from;
  }
  size_ = to;
}

void ByteArray::assign_slice(SliceBound start, SliceBound stop, ByteSpan data) {
  replace_part(detail::resolve(start, stop, size_), data);
}

void ByteArray::assign_slice(SliceBound start, SliceBound stop, std::ptrdiff_t step,
                             ByteSpan data) {
  if (step == 1) return assign_slice(start, stop, data);
  if (data.empty()) return erase_slice(start, stop, step);
  const detail::StridedRange part = detail::resolve(start, stop, step, size_);
  if (data.size() != part.count) {
    detail::throw_invalid("attempt to assign bytes of size " + std::to_string(data.size()) +
                          " to extended slice of size " + std::to_string(part.count));
  }
  const Bytes aside = shows(data) ? Bytes(data) : Bytes();
  const ByteSpan source = aside.empty() ? data : aside.span();
  for (std::size_t i = 0; i < part.count; ++i) {
    data_[part.start + static_cast<std::ptrdiff_t>(i) * part.step] = source[i];
  }
  detail::count_copied(CopyReason::Caller, data.size());
}

void ByteArray::reserve(std::size_t capacity) {
  if (capacity <= this->capacity()) return;
  check_resizable();
  reallocate(capacity);
}

void ByteArray::resize(std::size_t size, std::byte fill) {
  if (size < size_) {
    open_gap(size, size_ - size, 0);
  } else {
    const std::size_t more = size - size_;
    std::fill_n(grow(more), more, fill);
  }
}

void ByteArray::compact() {
  if ((block_ ? block_->capacity : 0) == size_) return;
  check_resizable();
  if (size_ == 0) {
    ByteArray().swap(*this);
  } else {
    reallocate(size_);
  }
}

Bytes ByteArray::freeze() {
  check_resizable();
  ByteArray taken(std::move(*this));
  if (taken.empty()) return {};
  return {std::move(taken.block_), taken.data_, taken.size_};
}

Buffer ByteArray::export_buffer() {
  if (!block_) reallocate(0);
  return Buffer::live(block_, span());
}

std::byte* ByteArray::open_gap(std::size_t offset, std::size_t removed, std::size_t inserted) {
  const std::size_t size = detail::checked_add(size_ - removed, inserted);
  if (size == size_) return data_ + offset;
  check_resizable();
  if (size > capacity()) make_room(size);
  const std::size_t behind = size_ - offset - removed;
  if (size < size_ && offset < behind) {
    // Fewer bytes stand before the gap than behind it.
    std::byte* const front = data_ + (size_ - size);
    copy_bytes(front, data_, offset);
    data_ = front;
  } else {
    copy_bytes(data_ + offset + inserted, data_ + offset + removed, behind);
  }
  size_ = size;
  if (size_ == 0) data_ = block_->data;
  return data_ + offset;
}

void ByteArray::make_room(std::size_t size) {
  // Moving costs no more than was taken off since the last time.
  if (block_ && size <= block_->capacity && taken_off() >= block_->capacity / 2) {
    move_to_front();
  } else {
    reallocate(block_ ? detail::grown_capacity(capacity(), size) : size);
  }
}

void ByteArray::reallocate(std::size_t capacity) {
  if (block_ && block_->unique()) {
    move_to_front();
    std::size_t copied = 0;
    const bool resized = detail::resize(block_, size_, capacity, &copied);
    detail::count_copied(CopyReason::Growth, copied);
    if (resized) {
      data_ = block_->data;
      return;
    }
  }
  detail::BlockRef fresh = detail::new_heap_block(capacity);
  copy_bytes(fresh->data, data_, size_);
  detail::count_copied(CopyReason::Growth, size_);
  block_ = std::move(fresh);
  data_ = block_->data;
}

void ByteArray::move_to_front() noexcept {
  if (data_ == block_->data) return;
  copy_bytes(block_->data, data_, size_);
  detail::count_copied(CopyReason::Growth, size_);
  data_ = block_->data;
}

void ByteArray::replace_part(detail::Range part, ByteSpan data) {
  const Bytes aside = shows(data) ? Bytes(data) : Bytes();
  const ByteSpan source = aside.empty() ? data : aside.span();
  copy_bytes(open_gap(part.offset, part.count, source.size()), source.data(), source.size());
  detail::count_copied(CopyReason::Caller, source.size());
}

bool ByteArray::shows(ByteSpan data) const noexcept {
  // std::less orders pointers of different objects too.
  const std::less<const std::byte*> before;
  return !data.empty() && !before(data.data(), data_) && before(data.data(), data_ + size_);
}

std::ostream& operator<<(std::ostream& out, const ByteArray& bytes) {
  return out << bytes.repr();
}

}  // namespace quire
