#include "quire/bytes.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <ostream>

#include "bytes_builder.h"
#include "quire/detail/input_file.h"
#include "quire/error.h"

namespace quire {

namespace {

// What is read at a time from a file that does not tell its size.
constexpr std::size_t kReadStep = 64 * 1024;

void unmap_file(detail::Block* block) noexcept {
  detail::InputFile::unmap(block->data, block->capacity);
  delete block;
}

constexpr detail::BlockKind kFileKind{"file", unmap_file, detail::refuse_resize};

Bytes map_whole(detail::InputFile& file, const std::string& path) {
  auto block =
      std::make_unique<detail::Block>(detail::Block{nullptr, file.size(), &kFileKind, 1, 0});
  if (const int error = file.map(&block->data)) detail::throw_errno(error, path);
  const std::byte* const data = block->data;
  return {detail::BlockRef::adopt(block.release()), data, file.size()};
}

Bytes read_whole(detail::InputFile& file, const std::string& path) {
  detail::BytesBuilder content;
  // One byte more than there should be, so that finding the end takes no more room.
  std::size_t expected = detail::checked_add(file.size(), file.size() == 0 ? kReadStep : 1);
  for (std::size_t filled = 1; filled != 0; expected = 1) {
    const MutableByteSpan room = content.room(expected);
    if (const int error = file.read(room.data(), room.size(), &filled)) {
      detail::throw_errno(error, path);
    }
    content.commit(filled);
  }
  return content.finish();
}

}  // namespace

Bytes::Bytes(ByteSpan data)
    : Bytes(detail::make_bytes(
          data.size(), [&](std::byte* out) { std::memcpy(out, data.data(), data.size()); },
          CopyReason::Caller)) {}

Bytes::Bytes(std::size_t count, std::byte fill)
    : Bytes(detail::make_bytes(count, [&](std::byte* out) { std::fill_n(out, count, fill); })) {}

Bytes Bytes::adopt(void* data, std::size_t size, void (*deleter)(void*) noexcept) {
  auto* const bytes = static_cast<std::byte*>(data);
  detail::BlockRef block = detail::new_adopted_block(bytes, size, deleter, data);
  if (size == 0) return {};
  return {std::move(block), bytes, size};
}

Bytes Bytes::map_file(const std::string& path, FileTrust trust) {
  if (path.find('\0') != std::string::npos) detail::throw_null_in_path(path);
  detail::InputFile file;
  if (const int error = file.open(path.c_str())) detail::throw_errno(error, path);
  const bool map = trust == FileTrust::Stays && file.size() != 0;
  return map ? map_whole(file, path) : read_whole(file, path);
}

Bytes Bytes::slice(SliceBound start, SliceBound stop, std::ptrdiff_t step) const {
  if (step == 1) return slice(start, stop);
  const detail::StridedRange part = detail::resolve(start, stop, step, size_);
  return detail::make_bytes(part.count,
                            [&](std::byte* out) { detail::algo::copy_strided(out, data_, part); });
}

std::string Bytes::to_string() const {
  detail::count_copied(CopyReason::Caller, size_);
  return std::string(span().as_chars());
}

void Bytes::compact() {
  if (retained_bytes() > 2 * size_) *this = Bytes(span());
}

std::ostream& operator<<(std::ostream& out, const Bytes& bytes) {
  return out << bytes.repr();
}

}  // namespace quire
