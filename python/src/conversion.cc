// How a large stream moves from a bytes object to the core.
#include "conversion.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>

#include "quire/detail/pages.h"
#include "quire/storage_options.h"
#include "storage_away.h"

#ifdef __linux__
#  include <sys/mman.h>
#endif

namespace quire::python {

namespace {

constexpr std::size_t kChunk = std::size_t{4} << 20;

/// Gives the memory of the whole pages in [begin, end) back; what is read there afterwards is zeros,
/// or what it was.
void give_back(char* begin, char* end) noexcept {
#ifdef __linux__
  const std::size_t page = detail::pages::page_size();
  const std::size_t skip = (page - reinterpret_cast<std::uintptr_t>(begin) % page) % page;
  if (static_cast<std::size_t>(end - begin) < skip + page) return;
  const std::size_t size = detail::pages::round_down(static_cast<std::size_t>(end - begin) - skip);
  // A refusal only costs memory for a moment.
  static_cast<void>(madvise(begin + skip, size, MADV_DONTNEED));
#else
  static_cast<void>(begin);
  static_cast<void>(end);
#endif
}

/// Copies the stream's bytes to `target`, or else back. True if they are there.
[[nodiscard]] bool move_bytes(char* data, std::size_t size, quire::BytesIO& target) noexcept {
  std::size_t moved = 0;
  try {
    target.reserve(size);
    while (moved < size) {
      const std::size_t count = std::min(kChunk, size - moved);
      target.write(ByteSpan(data + moved, count));
      give_back(data + moved, data + moved + count);
      moved += count;
    }
    return true;
  } catch (const std::exception&) {
    target.seek(0);
    target.readinto(MutableByteSpan(data, moved));
    return false;
  }
}

}  // namespace

void convert_if_large(BytesIOObject* self) noexcept {
  if (!over_bytes(self) || self->exports != 0 || self->size < kLargeStream || !is_ours(self->buf) ||
      !detail::pages::available()) {
    return;
  }
  std::unique_ptr<CoreStream> core;
  try {
    core = std::make_unique<CoreStream>(
        std::make_unique<quire::BytesIO>(StorageOptions{.tier = StorageOptions::paged}), false);
  } catch (const std::bad_alloc&) {
    return;
  }
  char* const data = bytes_data(self->buf);
  bool moved = false;
  {
    const StorageAway away(self);
    moved = move_bytes(data, static_cast<std::size_t>(self->size), *core->stream);
  }
  if (!moved) return;
  core->stream->seek(self->pos);
  Py_CLEAR(self->buf);
  core->trace();
  self->core = core.release();
}

}  // namespace quire::python
