#include "quire/error.h"

#include <string>
#include <system_error>

namespace quire {
namespace detail {

void throw_closed() {
  throw ClosedError("I/O operation on closed file.");
}

void throw_released() {
  throw ClosedError("operation forbidden on released memoryview object");
}

void throw_pinned(std::size_t views) {
  throw BufferError("Existing exports of data: object cannot be re-sized (" +
                    std::to_string(views) + (views == 1 ? " view is" : " views are") +
                    " alive: release them first)");
}

void throw_changed_while_lent(std::size_t lost) {
  throw BufferError("the stream was changed while an adapter wrote to its memory (" +
                    std::to_string(lost) + " bytes are lost: flush the adapter first)");
}

void throw_not_contiguous() {
  throw BufferError("memoryview: underlying buffer is not C-contiguous (copy it with tobytes())");
}

void throw_read_only() {
  throw TypeError("cannot modify read-only memory");
}

void throw_unsupported(const char* operation) {
  throw UnsupportedOperation(operation);
}

void throw_index(std::ptrdiff_t index, std::size_t size) {
  throw std::out_of_range("index " + std::to_string(index) + " out of range for size " +
                          std::to_string(size));
}

void throw_dimension_index(std::ptrdiff_t index, std::size_t dimension, std::size_t size) {
  throw std::out_of_range("index out of bounds on dimension " + std::to_string(dimension) +
                          " (index " + std::to_string(index) + ", length " + std::to_string(size) +
                          ")");
}

void throw_range(std::size_t offset, std::size_t count, std::size_t size) {
  throw std::out_of_range(std::to_string(count) + " bytes at offset " + std::to_string(offset) +
                          " do not fit into size " + std::to_string(size));
}

void throw_too_large(std::size_t size) {
  throw std::length_error("new buffer size too large (" + std::to_string(size) + " bytes)");
}

void throw_position(std::size_t base, std::size_t offset) {
  throw std::length_error("new position too large (" + std::to_string(base) + " + " +
                          std::to_string(offset) + ")");
}

void throw_over_limit(std::size_t size, std::size_t limit) {
  throw std::length_error("new buffer size too large (" + std::to_string(size) +
                          " bytes, the stream's size_limit is " + std::to_string(limit) + ")");
}

void throw_full(std::size_t needed, std::size_t capacity) {
  throw std::length_error("the fixed buffer of " + std::to_string(capacity) +
                          " bytes is full: " + std::to_string(needed) + " bytes needed");
}

void throw_lines_cut(std::size_t taken) {
  throw std::length_error("the stream is full: writelines wrote only " + std::to_string(taken) +
                          " bytes");
}

void throw_invalid(const std::string& message) {
  throw std::invalid_argument(message);
}

void throw_type(const std::string& message) {
  throw TypeError(message);
}

void throw_struct(const std::string& message) {
  throw StructError(message);
}

void throw_null_in_path(const std::string& path) {
  const std::size_t at = path.find('\0');
  throw std::invalid_argument("embedded null byte in path '" + path.substr(0, at) + "' at " +
                              std::to_string(at));
}

void throw_errno(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace detail
}  // namespace quire
