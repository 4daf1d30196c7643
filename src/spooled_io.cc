#include "quire/spooled_io.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "mapped_block.h"
#include "path_files.h"
#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "quire/error.h"
#include "spill_block.h"
#include "spill_file.h"

namespace quire {

namespace {

// What is written at once where the limit allows: large enough that asking costs nothing.
constexpr std::size_t kMostStep = std::size_t{256} << 10;

}  // namespace

std::size_t SpooledIO::memory_limit(const SpooledOptions& options) noexcept {
  return options.max_size == 0 ? options.size_limit
                               : std::min(options.max_size, options.size_limit);
}

SpooledIO::SpooledIO(SpooledOptions options) noexcept
    : BytesIO(StorageOptions{.size_limit = memory_limit(options)}), spooled_(std::move(options)) {}

SpooledIO::SpooledIO(Bytes initial, SpooledOptions options)
    : BytesIO(std::move(initial), StorageOptions{.size_limit = options.size_limit}),
      spooled_(std::move(options)) {
  if (on_disk() || (spooled_.max_size != 0 && size_ > spooled_.max_size)) {
    rollover();
  } else {
    options_.size_limit = memory_limit(spooled_);
  }
}

SpooledIO::SpooledIO(ByteSpan initial, SpooledOptions options) : SpooledIO(std::move(options)) {
  SpooledIO::write(initial);
  position_ = 0;
}

SpooledIO::SpooledIO(SpooledIO&& other) noexcept
    : BytesIO(static_cast<BytesIO&&>(other)),
      spooled_(std::exchange(other.spooled_, {})),
      place_(std::move(other.place_)),
      given_(other.given_.exchange(-1)),
      rolled_(std::exchange(other.rolled_, false)) {}

SpooledIO& SpooledIO::operator=(SpooledIO&& other) noexcept {
  if (this != &other) {
    SpooledIO::close();
    BytesIO::operator=(static_cast<BytesIO&&>(other));
    spooled_ = std::exchange(other.spooled_, {});
    place_ = std::move(other.place_);
    given_ = other.given_.exchange(-1);
    rolled_ = std::exchange(other.rolled_, false);
  }
  return *this;
}

SpooledIO::~SpooledIO() {
  SpooledIO::close();
}

void SpooledIO::close() noexcept {
  if (const int file = given_.exchange(-1); file >= 0) detail::temporary_file::close(file);
  BytesIO::close();
}

// --- into the file -------------------------------------------------------------------------------

bool SpooledIO::on_disk() const noexcept {
  return detail::is_spilled(block_.get());
}

void SpooledIO::mark_rolled() noexcept {
  rolled_ = true;
  options_.size_limit = spooled_.size_limit;
}

void SpooledIO::move_to_file() {
  if (on_disk()) {
    place_ = detail::spill_place_of(*block_.get());
    options_.tier = StorageOptions::paged;
    return;
  }
  std::shared_ptr<const detail::SpillPlace> place =
      detail::spill_place(spooled_.directory, spooled_.max_size);
  detail::BlockRef block =
      detail::new_spill_block(place, data_, size_, detail::grown_capacity(0, size_));
  if (block_ && !block_->unique() && data_ == block_->data) {
    detail::SpillFile& file = detail::spill_file_of(*block.get());
    file.retain();
    detail::rebase(*block_.get(), size_, detail::MemoryFileRef::adopt(&file));
    file.share();
  }
  close_window();
  view_taken_ = false;
  mark_.store(0, std::memory_order_relaxed);
  block_ = std::move(block);
  data_ = block_->data;
  options_.tier = StorageOptions::paged;
  options_.size_limit = spooled_.size_limit;
  room_ = block_room();
  place_ = std::move(place);
}

void SpooledIO::rollover() {
  if (rolled_) return;
  check_open();
  if (pinned()) detail::throw_pinned(block_->export_count());
  if (detail::pages::available()) move_to_file();
  mark_rolled();
}

void SpooledIO::reach_limit(std::size_t size) {
  if (rolled_ || size > spooled_.size_limit) {
    detail::throw_over_limit(size, spooled_.size_limit);
  }
  rollover();
}

detail::BlockRef SpooledIO::copied_to_disk(std::size_t offset, std::size_t count,
                                           std::size_t capacity, std::size_t end) const {
  detail::BlockRef block = detail::new_spill_block(place_, data_ + offset, count, capacity);
  if (const int error = detail::prepare_spill(*block.get(), {0, end})) {
    detail::throw_spill_error(error, *place_);
  }
  return block;
}

Bytes SpooledIO::copy_beside_view(std::size_t offset, std::size_t count) const {
  if (!on_disk()) return BytesIO::copy_beside_view(offset, count);
  detail::BlockRef block = copied_to_disk(offset, count, count, count);
  count_copied(CopyReason::GetValue, count);
  const std::byte* const data = block->data;
  return {std::move(block), data, count};
}

void SpooledIO::copy_block(std::size_t capacity, CopyReason reason, detail::Range hole) {
  if (!on_disk()) return BytesIO::copy_block(capacity, reason, hole);
  close_window();
  const std::size_t end = std::max(size_, hole.offset + hole.count);
  enter_block(copied_to_disk(0, size_, capacity, end), 0, reason, size_);
}

// --- writing -------------------------------------------------------------------------------------

std::size_t SpooledIO::step() const noexcept {
  return std::min(kMostStep, place_->share / 4);
}

std::size_t SpooledIO::write(ByteSpan data) {
  const std::size_t end = detail::checked_add(BytesIO::tell(), data.size());
  if (!rolled_ && spooled_.max_size != 0 && end > spooled_.max_size && end <= spooled_.size_limit) {
    rollover();
  }
  const bool fits =
      data.empty() || !on_disk() || pinned() || (data.size() <= step() && position_ <= size_);
  return fits ? BytesIO::write(data) : write_in_steps(data);
}

void SpooledIO::prepare(std::size_t start, std::size_t end) {
  if (end > spooled_.size_limit) detail::throw_over_limit(end, spooled_.size_limit);
  if (end > detail::kMaxSize) detail::throw_too_large(end);
  if (end > block_room()) {
    BytesIO::reserve(std::min(detail::grown_capacity(block_room(), end), spooled_.size_limit));
  }
  const bool own =
      block_->unique() || (start >= mark_.load(std::memory_order_relaxed) && end <= room_);
  if (!own) {
    leave_block(std::max(end, size_), CopyReason::CopyOnWrite, {start, end - start});
  }
  close_window();
  if (const int error =
          detail::prepare_spill(*block_.get(), {offset_in_block() + start, end - start})) {
    detail::throw_spill_error(error, *place_);
  }
}

std::size_t SpooledIO::write_in_steps(ByteSpan data) {
  const std::size_t old_size = size_;
  const std::size_t old_position = position_;
  prepare(std::min(position_, size_), position_ + data.size());
  try {
    if (position_ > size_) extend(position_);
    for (std::size_t done = 0; done < data.size();) {
      const std::size_t count = std::min(step(), data.size() - done);
      done += BytesIO::write(data.subspan(done, count));
    }
  } catch (...) {
    size_ = old_size;
    position_ = old_position;
    throw;
  }
  return data.size();
}

void SpooledIO::extend(std::size_t size) {
  const std::size_t old_size = size_;
  try {
    while (size_ < size) BytesIO::resize(std::min(size, size_ + step()));
  } catch (...) {
    size_ = old_size;
    throw;
  }
}

std::size_t SpooledIO::write_at(std::size_t offset, ByteSpan data) {
  check_open();
  const std::size_t position = std::exchange(position_, offset);
  try {
    const std::size_t written = SpooledIO::write(data);
    position_ = position;
    return written;
  } catch (...) {
    position_ = position;
    throw;
  }
}

void SpooledIO::resize(std::size_t size) {
  check_open();
  if (size > size_ && size > options_.size_limit) reach_limit(size);
  if (!on_disk() || size <= size_ || pinned()) return BytesIO::resize(size);
  prepare(size_, size);
  extend(size);
}

std::size_t SpooledIO::truncate(std::optional<std::size_t> size) {
  check_open();
  // To Python a file refuses a negative size, not the class.
  if (rolled_ && size && *size > detail::kMaxSize) detail::throw_errno(EINVAL, "truncate");
  const std::size_t wanted = detail::truncate_target(size, position_);
  if (size && wanted > spooled_.max_size) rollover();
  if (!rolled_ || wanted <= size_) return BytesIO::truncate(size);
  SpooledIO::resize(wanted);
  return wanted;
}

// --- where it is a file to Python ----------------------------------------------------------------

std::size_t SpooledIO::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  if (rolled_ && offset < 0) {
    const std::size_t from = whence == Whence::Current ? position_
                             : whence == Whence::End   ? size_
                                                       : 0;
    if (std::size_t{0} - static_cast<std::size_t>(offset) > from) {
      detail::throw_errno(EINVAL,
                          "seek by " + std::to_string(offset) + " from " + std::to_string(from));
    }
  }
  return BytesIO::seek(offset, whence);
}

std::vector<Bytes> SpooledIO::readlines(std::ptrdiff_t hint) {
  return rolled_ ? Stream::readlines(hint) : BytesIO::readlines(hint);
}

// --- copies --------------------------------------------------------------------------------------

SpooledIO SpooledIO::reader() const {
  SpooledIO made(getvalue(), spooled_);
  if (rolled_) made.rollover();
  return made;
}

SpooledIO SpooledIO::clone() const {
  SpooledIO made = SpooledIO::reader();
  made.position_ = position_;
  return made;
}

int SpooledIO::fileno() const {
  FilePath file = SpooledIO::as_path();
  const int made = file.detach();
  if (const int before = given_.exchange(made); before >= 0) detail::temporary_file::close(before);
  return made;
}

FilePath SpooledIO::as_path() const {
  if (!on_disk()) return BytesIO::as_path();
  int file = -1;
  const bool whole = data_ == block_->data;
  const bool copied = whole && detail::copy_spill(*block_.get(), size_, &file) == 0;
  FilePath path = copied ? FilePath(file) : detail::file_of({data_, size_}, place_->directory);
  count_copied(CopyReason::GetValue, size_);
  return path;
}

WritablePath SpooledIO::as_writable_path() {
  check_open();
  return {*this, detail::new_path_file(place_ ? place_->directory : std::string())};
}

void SpooledIO::take_file(int file) {
  check_open();
  if (pinned()) detail::throw_pinned(block_->export_count());
  SpooledIO fresh(spooled_);
  if (rolled_) fresh.rollover();
  detail::read_file(file, [&](ByteSpan data) { fresh.SpooledIO::write(data); });
  fresh.position_ = 0;
  *this = std::move(fresh);
}

}  // namespace quire
