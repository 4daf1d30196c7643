#include "quire/bytes_io.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "mapped_block.h"
#include "path_files.h"
#include "quire/detail/bytes_algorithms.h"
#include "spill_block.h"
#include "storage.h"

namespace quire {

namespace {

// Under this, a copy costs less than what keeping a whole block alive may lead to.
constexpr std::size_t kSmallResult = 64 * 1024;

// What a large write writes at once.
constexpr std::size_t kAtOnce = std::size_t{2} << 20;

// Shrinking smaller blocks gives nothing worth a realloc back.
constexpr std::size_t kShrinkFrom = 64 * 1024;

// No position is at or above it, so that every write of a closed stream takes the slow path.
constexpr std::size_t kClosedMark = std::numeric_limits<std::size_t>::max();

constexpr auto kHighestPosition =
    static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

/// Sets a value back when the scope ends, however it ends.
class Restore {
 public:
  explicit Restore(std::size_t& value) noexcept : value_(value), saved_(value) {}

  ~Restore() { value_ = saved_; }

  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  std::size_t& value_;
  std::size_t saved_;
};

void copy_bytes(std::byte* to, const std::byte* from, std::size_t count) noexcept {
  if (count != 0) std::memcpy(to, from, count);
}

std::size_t wanted(std::ptrdiff_t size, std::size_t available) noexcept {
  return size < 0 ? available : std::min(static_cast<std::size_t>(size), available);
}

}  // namespace

// --- construction --------------------------------------------------------------------------------

// NOLINTNEXTLINE(performance-unnecessary-value-param): a handle moved in must not pin the memory
BytesIO::BytesIO(Bytes initial, const StorageOptions& options)
    : size_(initial.size()),
      room_(initial.size()),
      mark_(initial.size()),
      block_(detail::BlockRef::share(initial.block())),
      options_(options) {
  if (size_ > options.size_limit) detail::throw_over_limit(size_, options.size_limit);
  data_ = const_cast<std::byte*>(initial.data());  // written to only once it is the stream's own
  count_shared(CopyReason::GetValue, size_);
}

BytesIO::BytesIO(ByteSpan initial, const StorageOptions& options) : options_(options) {
  BytesIO::write(initial);
  position_ = 0;
}

BytesIO::BytesIO(detail::BlockRef whole) noexcept
    : data_(whole->data),
      size_(whole->capacity),
      room_(whole->capacity),
      limit_(whole->capacity),
      block_(std::move(whole)) {}

BytesIO BytesIO::adopt(std::string&& data) {
  return BytesIO(detail::adopt_container(std::move(data)));
}

BytesIO BytesIO::adopt(void* data, std::size_t size, void (*deleter)(void*) noexcept) {
  return BytesIO(detail::new_adopted_block(static_cast<std::byte*>(data), size, deleter, data));
}

BytesIO BytesIO::over(std::span<std::byte> memory, WhenFull when_full) noexcept {
  BytesIO stream;
  stream.data_ = memory.data();
  stream.room_ = stream.limit_ = memory.size();
  stream.memory_ = when_full == WhenFull::Throw ? Memory::FixedThrow : Memory::FixedShort;
  return stream;
}

BytesIO::BytesIO(BytesIO&& other) noexcept
    : Stream(static_cast<Stream&&>(other)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      room_(std::exchange(other.room_, 0)),
      limit_(std::exchange(other.limit_, 0)),
      position_(std::exchange(other.position_, 0)),
      mark_(other.mark_.exchange(0, std::memory_order_relaxed)),
      block_(std::move(other.block_)),
      memory_(std::exchange(other.memory_, Memory::Block)),
      closed_(std::exchange(other.closed_, false)),
      sharing_has_cost_(std::exchange(other.sharing_has_cost_, false)),
      view_taken_(std::exchange(other.view_taken_, false)),
      options_(std::exchange(other.options_, StorageOptions{})) {
  counters_.add(other.counters_.take());
}

BytesIO& BytesIO::operator=(BytesIO&& other) noexcept {
  if (this != &other) {
    Stream::operator=(static_cast<Stream&&>(other));
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    room_ = std::exchange(other.room_, 0);
    limit_ = std::exchange(other.limit_, 0);
    position_ = std::exchange(other.position_, 0);
    mark_.store(other.mark_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
    block_ = std::move(other.block_);
    memory_ = std::exchange(other.memory_, Memory::Block);
    closed_ = std::exchange(other.closed_, false);
    sharing_has_cost_ = std::exchange(other.sharing_has_cost_, false);
    view_taken_ = std::exchange(other.view_taken_, false);
    options_ = std::exchange(other.options_, StorageOptions{});
    counters_.take();
    counters_.add(other.counters_.take());
  }
  return *this;
}

BytesIO::~BytesIO() = default;

// --- sharing -------------------------------------------------------------------------------------
// `inline` where a small stream's whole life would feel the call.

inline void BytesIO::raise_mark(std::size_t end) const noexcept {
  // Several threads may take snapshots at once: the highest wins.
  std::size_t mark = mark_.load(std::memory_order_relaxed);
  while (mark < end && !mark_.compare_exchange_weak(mark, end, std::memory_order_relaxed)) {
  }
}

Bytes BytesIO::copy(std::size_t offset, std::size_t count) const {
  if (count == 0) return {};
  detail::BlockRef block = detail::new_heap_block(count);
  std::memcpy(block->data, data_ + offset, count);
  count_copied(CopyReason::GetValue, count);
  const std::byte* const data = block->data;
  return {std::move(block), data, count};
}

inline Bytes BytesIO::share(std::size_t offset, std::size_t count) const {
  if (count == 0) return {};
  if (fixed()) return copy(offset, count);
  if (pinned()) return share_beside_view(offset, count);
  raise_mark(offset + count);
  count_shared(CopyReason::GetValue, count);
  return {block_, data_ + offset, count};
}

Bytes BytesIO::share_beside_view(std::size_t offset, std::size_t count) const {
  // The whole block's pages, for a few bytes, would keep too much alive, unless they are on a disk.
  const bool worth = count >= size_ / 2 || detail::is_spilled(block_.get());
  if (count >= kSmallResult && worth) {
    std::size_t copied = 0;
    detail::BlockRef block = branch(size_, {}, &copied);
    count_copied(CopyReason::GetValue, copied);
    if (block) {
      count_shared(CopyReason::GetValue, count);
      const std::byte* const data = block->data + offset_in_block() + offset;
      return {std::move(block), data, count};
    }
    return copy_beside_view(offset, count);
  }
  return copy(offset, count);
}

detail::BlockRef BytesIO::branch(std::size_t capacity, detail::Range hole,
                                 std::size_t* copied) const noexcept {
  // On the heap pages never move, wherever the block came from.
  if (options_.tier == StorageOptions::heap) return {};
  if (!block_ || block_->kind->branch == nullptr) return {};
  const std::size_t before = offset_in_block();
  const bool grows = before + capacity > block_->capacity;
  if (!detail::wants_sharing(size_, grows, options_)) return {};
  // Who asks beside a live view asks again and again, and leaves nothing.
  if (size_ <= detail::kCopiedOnce && !pinned() && detail::is_left_first(*block_.get())) return {};
  // Pages for the sake of what lies in front of the stream's bytes are no bargain.
  if (before > size_) return {};
  return detail::BlockRef::adopt(block_->kind->branch(
      block_.get(), before + size_, before + capacity, {before + hole.offset, hole.count}, copied));
}

Bytes BytesIO::share_or_copy(std::size_t offset, std::size_t count) const {
  const bool small = count < kSmallResult && (sharing_has_cost_ || pinned());
  return small ? copy(offset, count) : share(offset, count);
}

bool BytesIO::suits(std::size_t capacity) const noexcept {
  return (block_->kind->branch != nullptr) == detail::wants_mapping(capacity, options_);
}

bool BytesIO::resize_block(std::size_t capacity, CopyReason reason, detail::Range hole) noexcept {
  std::size_t copied = 0;
  const bool resized = detail::resize(block_, size_, capacity, &copied, hole);
  count_copied(reason, copied);
  data_ = block_->data;
  room_ = block_room();
  close_window();
  return resized;
}

inline void BytesIO::make_own(std::size_t capacity, CopyReason reason, detail::Range hole) {
  close_window();
  if (block_ && block_->unique()) {
    mark_.store(0, std::memory_order_relaxed);
    room_ = block_room();
    if (capacity <= room_) return;
    if (data_ == block_->data && suits(capacity) && resize_block(capacity)) return;
  }
  leave_block(capacity, reason, hole);
}

void BytesIO::leave_block(std::size_t capacity, CopyReason reason, detail::Range hole) {
  close_window();
  std::size_t copied = 0;
  detail::BlockRef block = branch(capacity, hole, &copied);
  if (!block) return copy_block(capacity, reason, hole);
  const std::size_t before = offset_in_block();
  enter_block(std::move(block), before, reason, copied);
}

void BytesIO::copy_block(std::size_t capacity, CopyReason reason, detail::Range hole) {
  close_window();
  detail::BlockRef block = detail::new_stream_block(capacity, options_);
  // The first write of a stream's life has nothing to keep.
  const std::size_t prefix = std::min(hole.offset, size_);
  const std::size_t suffix = std::min(hole.offset + hole.count, size_);
  if (reason == CopyReason::CopyOnWrite) detail::expect_leaving(*block.get());
  for (std::size_t at = 0; at < size_; at += kAtOnce) {
    const std::size_t end = std::min(at + kAtOnce, size_);
    if (block->kind->window != nullptr) {
      // It is asked as for any other write, so that it gets the pages and knows what is there.
      static_cast<void>(block->kind->window(block.get(), at, end, true));
    }
    const std::size_t before = std::clamp(prefix, at, end);
    const std::size_t after = std::clamp(suffix, at, end);
    copy_bytes(block->data + at, data_ + at, before - at);
    copy_bytes(block->data + after, data_ + after, end - after);
  }
  enter_block(std::move(block), 0, reason, prefix + size_ - suffix);
}

void BytesIO::enter_block(detail::BlockRef block, std::size_t before, CopyReason reason,
                          std::size_t copied) noexcept {
  if (copied != 0) {
    count_copied(reason, copied);
    if (reason == CopyReason::CopyOnWrite && block_ && !block_->unique()) sharing_has_cost_ = true;
  }
  data_ = block->data + before;
  mark_.store(0, std::memory_order_relaxed);
  block_ = std::move(block);
  room_ = block_room();
}

inline bool BytesIO::open_window(std::size_t start, std::size_t end) noexcept {
  if (!block_ || block_->kind->window == nullptr) {
    limit_ = room_;
    return true;
  }
  const std::size_t offset = offset_in_block();
  const detail::WriteWindow window =
      block_->kind->window(block_.get(), offset + start, offset + end, block_->unique());
  if (window.end < offset + end) return false;
  raise_mark(window.begin - std::min(window.begin, offset));
  limit_ = std::min(room_, window.end - offset);
  return true;
}

inline void BytesIO::begin_block(std::size_t end) {
  const std::size_t capacity = std::min(detail::grown_capacity(0, end), options_.size_limit);
  const bool mapped = detail::wants_mapping(capacity, options_);
  block_ = mapped ? detail::new_stream_block(capacity, options_) : detail::new_heap_block(capacity);
  data_ = block_->data;
  room_ = limit_ = capacity;
  if (mapped) {
    room_ = block_room();
    limit_ = end;
    static_cast<void>(open_window(0, end));
  }
}

inline void BytesIO::make_writable(std::size_t start, std::size_t end) {
  if (end > options_.size_limit) [[unlikely]] {
    reach_limit(end);
  }
  if (start >= mark_.load(std::memory_order_relaxed) && end <= limit_) return;
  if (!block_ && size_ == 0) return begin_block(end);
  unshare(start, end);
}

void BytesIO::unshare(std::size_t start, std::size_t end) {
  if (view_taken_ && !pinned()) {
    view_taken_ = false;
    room_ = block_room();
    close_window();
  }
  if (pinned()) {
    // The block does not record what is written while a view lives: it asks the system for it later.
    if (end <= size_) return;
    detail::throw_pinned(block_->export_count());
  }
  if (start >= mark_.load(std::memory_order_relaxed) && end <= room_ && open_window(start, end)) {
    return;
  }
  const std::size_t room = block_room();
  const bool grows = end > room;
  const std::size_t capacity = std::min(
      grows ? detail::grown_capacity(room, end) : std::max(end, size_), options_.size_limit);
  const CopyReason reason = grows ? CopyReason::Growth : CopyReason::CopyOnWrite;
  const detail::Range hole{start, end - start};
  make_own(capacity, reason, hole);
  if (open_window(start, end)) return;
  // Most of the block is there twice, in its file and as the stream's own: it leaves one of them.
  if (data_ == block_->data && suits(block_->capacity) &&
      resize_block(block_->capacity, reason, hole) && open_window(start, end)) {
    return;
  }
  copy_block(std::max(capacity, room_), reason, hole);
  static_cast<void>(open_window(start, end));
}

void BytesIO::reach_limit(std::size_t size) {
  detail::throw_over_limit(size, options_.size_limit);
}

void BytesIO::fill_in_pieces(const std::byte* data, std::size_t size) noexcept {
  // Without a window there is a view, which may go meanwhile.
  const bool asks = position_ + size <= limit_;
  for (std::size_t done = 0; done < size; done += kAtOnce) {
    const std::size_t piece = std::min(kAtOnce, size - done);
    const std::size_t at = position_ + done;
    if (done != 0 && asks) static_cast<void>(open_window(at, at + piece));
    std::memcpy(data_ + at, data + done, piece);
  }
}

std::size_t BytesIO::write_slow(ByteSpan data) {
  check_open();
  if (data.empty()) return 0;
  std::size_t end = detail::checked_add(position_, data.size());
  if (end == data.size() && end < detail::kMappedFrom && end <= options_.size_limit && !block_ &&
      size_ == 0 && !fixed() && options_.tier != StorageOptions::paged) {
    // Many a stream is written to once.
    begin_block(end);
    std::memcpy(data_, data.data(), end);
    position_ = size_ = end;
    count_copied(CopyReason::Caller, end);
    return end;
  }
  if (fixed() && end > room_) {
    if (memory_ == Memory::FixedThrow) detail::throw_full(end, room_);
    if (position_ >= room_) return 0;
    end = room_;
  }
  // Owning it once more keeps the old block alive should `data` lie in it.
  const bool from_itself = block_ && std::less_equal<>()(block_->data, data.data()) &&
                           std::less<>()(data.data(), block_->data + block_->capacity);
  const detail::BlockRef source = from_itself ? block_ : detail::BlockRef();
  make_writable(std::min(position_, size_), end);
  if (position_ > size_) std::memset(data_ + size_, 0, position_ - size_);
  const std::size_t count = end - position_;
  if (count > kAtOnce && !from_itself) [[unlikely]] {
    fill_in_pieces(data.data(), count);
  } else {
    std::memmove(data_ + position_, data.data(), count);
  }
  position_ = end;
  size_ = std::max(size_, end);
  count_copied(CopyReason::Caller, count);
  // Into the file with it now: the write after the next snapshot is not to pay for this one.
  if (options_.tier == StorageOptions::paged && !pinned()) {
    static_cast<void>(open_window(end, end));
  }
  return count;
}

// --- the Stream vocabulary -----------------------------------------------------------------------

bool BytesIO::readable() const {
  check_open();
  return true;
}

bool BytesIO::writable() const {
  check_open();
  return true;
}

bool BytesIO::seekable() const {
  check_open();
  return true;
}

Bytes BytesIO::read(std::ptrdiff_t size) {
  check_open();
  const std::size_t count = wanted(size, left());
  Bytes result = share_or_copy(position_, count);
  position_ += count;
  return result;
}

Bytes BytesIO::read1(std::ptrdiff_t size) {
  return BytesIO::read(size);
}

std::size_t BytesIO::line_end(std::size_t start, std::ptrdiff_t size) const noexcept {
  const std::size_t count = start < size_ ? wanted(size, size_ - start) : 0;
  if (count == 0) return start;
  const void* const newline = std::memchr(data_ + start, '\n', count);
  if (newline == nullptr) return start + count;
  return static_cast<std::size_t>(static_cast<const std::byte*>(newline) - data_) + 1;
}

Bytes BytesIO::readline(std::ptrdiff_t size) {
  check_open();
  const std::size_t end = line_end(position_, size);
  Bytes line = share_or_copy(position_, end - position_);
  position_ = end;
  return line;
}

std::vector<Bytes> BytesIO::readlines(std::ptrdiff_t hint) {
  check_open();
  std::vector<Bytes> lines;
  std::size_t at = position_;
  while (at < size_) {
    const std::size_t end = line_end(at, -1);
    lines.push_back(share_or_copy(at, end - at));
    at = end;
    if (hint > 0 && at - position_ >= static_cast<std::size_t>(hint)) break;
  }
  position_ = at;
  return lines;
}

std::size_t BytesIO::readinto(MutableByteSpan target) {
  check_open();
  const std::size_t count = std::min(target.size(), left());
  if (count == 0) return 0;
  // The target may be a view of this very stream.
  std::memmove(target.data(), data_ + position_, count);
  position_ += count;
  count_copied(CopyReason::Caller, count);
  return count;
}

std::size_t BytesIO::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  position_ = detail::seek_target(offset, whence, position_, size_);
  return position_;
}

std::size_t BytesIO::truncate(std::optional<std::size_t> size) {
  check_open();
  const std::size_t wanted_size = size.value_or(position_);
  if (wanted_size >= size_ && wanted_size <= kHighestPosition) return wanted_size;
  // As in Python, a view is named before a size that makes no sense.
  if (pinned()) detail::throw_pinned(block_->export_count());
  size_ = detail::truncate_target(size, position_);
  if (block_ && block_->capacity >= kShrinkFrom && size_ < block_->capacity / 2 &&
      data_ == block_->data && block_->unique()) {
    // If that fails the room stays, which harms nobody.
    static_cast<void>(resize_block(size_));
    mark_.store(0, std::memory_order_relaxed);
  }
  return wanted_size;
}

void BytesIO::flush() {
  check_open();
}

void BytesIO::close() noexcept {
  closed_ = true;
  block_ = detail::BlockRef();
  view_taken_ = false;
  data_ = nullptr;
  size_ = room_ = limit_ = position_ = 0;
  mark_.store(kClosedMark, std::memory_order_relaxed);
}

// --- the whole value -----------------------------------------------------------------------------

Bytes BytesIO::getvalue() const {
  check_open();
  return share(0, size_);
}

Buffer BytesIO::export_buffer() {
  check_open();
  if (fixed()) return Buffer::borrowed({data_, size_});
  // An empty stream needs a block as well: the view pins the size of that.
  if (!block_ || (!pinned() && !block_->unique())) make_own(size_, CopyReason::CopyOnWrite, {});
  if (!pinned() && block_->kind->expose != nullptr && !block_->kind->expose(block_.get())) {
    leave_block(size_, CopyReason::CopyOnWrite, {});
    static_cast<void>(block_->kind->expose == nullptr || block_->kind->expose(block_.get()));
  }
  mark_.store(0, std::memory_order_relaxed);
  room_ = size_;
  // A block that records writes is to be asked again once the view is gone, of which nobody is told.
  limit_ = block_->kind->window == nullptr ? size_ : 0;
  view_taken_ = true;
  return Buffer::live(block_, {data_, size_});
}

MutableMemoryView BytesIO::getbuffer() {
  return MutableMemoryView(export_buffer());
}

Bytes BytesIO::slice(SliceBound start, SliceBound stop) const {
  check_open();
  const detail::Range range = detail::resolve(start, stop, size_);
  return share(range.offset, range.count);
}

BytesIO BytesIO::reader() const {
  return BytesIO(getvalue(), options_);
}

BytesIO BytesIO::clone() const {
  BytesIO twin(getvalue(), options_);
  twin.position_ = position_;
  return twin;
}

Bytes BytesIO::peek(std::ptrdiff_t size) const {
  check_open();
  return share_or_copy(
      position_, std::min(left(), size < 1 ? kDefaultBufferSize : static_cast<std::size_t>(size)));
}

Bytes BytesIO::read_at(std::size_t offset, std::size_t size) const {
  check_open();
  return offset < size_ ? share_or_copy(offset, std::min(size, size_ - offset)) : Bytes();
}

std::size_t BytesIO::write_at(std::size_t offset, ByteSpan data) {
  const Restore position(position_);
  position_ = offset;
  return BytesIO::write(data);
}

std::size_t BytesIO::find(ByteSpan needle, SliceBound start, SliceBound stop) const {
  check_open();
  return detail::algo::find({data_, size_}, needle, start, stop);
}

// --- as a file -----------------------------------------------------------------------------------

FilePath BytesIO::as_path() const {
  check_open();
  if (block_ && data_ == block_->data && !pinned() && options_.tier != StorageOptions::heap) {
    // What moves is no longer to be written to in place.
    raise_mark(size_);
    std::size_t copied = 0;
    int file = -1;
    const bool given = detail::give_file(*block_.get(), size_, &copied, &file);
    count_copied(CopyReason::GetValue, copied);
    if (given) {
      count_shared(CopyReason::GetValue, size_ - copied);
      return FilePath(file);
    }
  }
  FilePath file = detail::file_in_memory_of({data_, size_}, options_.huge_pages);
  count_copied(CopyReason::GetValue, size_);
  return file;
}

WritablePath BytesIO::as_writable_path() {
  check_open();
  if (fixed()) detail::throw_unsupported("as_writable_path");
  return {*this, detail::new_path_file()};
}

void BytesIO::take_file(int file) {
  check_open();
  if (pinned()) detail::throw_pinned(block_->export_count());
  BytesIO fresh(options_);
  detail::read_file(file, [&](ByteSpan data) { fresh.BytesIO::write(data); });
  fresh.position_ = 0;
  BytesIO::operator=(std::move(fresh));
}

// --- room ----------------------------------------------------------------------------------------

std::size_t BytesIO::capacity() const {
  check_open();
  if (!block_) return room_;
  return block_->unique() || (view_taken_ && !pinned()) ? block_room() : room_;
}

std::size_t BytesIO::retained_bytes() const noexcept {
  return block_ ? block_->memory() : 0;
}

void BytesIO::reserve(std::size_t wanted_capacity) {
  check_open();
  if (wanted_capacity <= capacity()) return;
  if (fixed()) detail::throw_full(wanted_capacity, room_);
  if (wanted_capacity > options_.size_limit) reach_limit(wanted_capacity);
  if (pinned()) detail::throw_pinned(block_->export_count());
  make_own(wanted_capacity, CopyReason::Growth, {});
}

void BytesIO::resize(std::size_t size) {
  check_open();
  if (size <= size_) {
    BytesIO::truncate(size);
    return;
  }
  if (fixed() && size > room_) detail::throw_full(size, room_);
  make_writable(size_, size);
  std::memset(data_ + size_, 0, size - size_);
  size_ = size;
}

void BytesIO::clear() {
  check_open();
  if (size_ != 0 && pinned()) detail::throw_pinned(block_->export_count());
  size_ = position_ = 0;
}

void BytesIO::compact() {
  check_open();
  if (!block_ || (block_->capacity == size_ && block_->kind->branch == nullptr)) return;
  if (pinned()) detail::throw_pinned(block_->export_count());
  if (data_ == block_->data && suits(size_) && block_->unique() && resize_block(size_)) {
    mark_.store(0, std::memory_order_relaxed);
  } else {
    leave_block(size_, CopyReason::Growth, {});
  }
}

}  // namespace quire
