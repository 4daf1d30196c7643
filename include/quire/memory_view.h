// MutableMemoryView: a writable window over exported bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#include "quire/buffer.h"
#include "quire/byte_span.h"

namespace quire {

class MutableMemoryView {
 public:
  explicit MutableMemoryView(Buffer buffer) noexcept : buffer_(std::move(buffer)) {}

  [[nodiscard]] std::size_t size() const noexcept { return buffer_.size(); }

  [[nodiscard]] std::byte& operator[](std::ptrdiff_t index) const noexcept {
    return data()[index];
  }

  void fill(std::byte value) const noexcept {
    if (size() != 0) std::memset(data(), std::to_integer<int>(value), size());
  }

  operator ByteSpan() const noexcept { return {buffer_.data(), buffer_.size()}; }

  operator MutableByteSpan() const noexcept { return {data(), buffer_.size()}; }

 private:
  [[nodiscard]] std::byte* data() const noexcept { return const_cast<std::byte*>(buffer_.data()); }

  Buffer buffer_;
};

}  // namespace quire
