// The exceptions quire throws, each mapped one to one to a Python exception.
//
//   C++                        Python                  when
//   ClosedError                ValueError              an operation on a closed stream or released view
//   std::invalid_argument      ValueError              an argument with a value that makes no sense
//   UnicodeDecodeError         UnicodeDecodeError      bytes that are not valid text
//   UnicodeEncodeError         UnicodeEncodeError      text that the encoding cannot express
//   TypeError                  TypeError               a format or view of the wrong kind, writing read-only memory
//   BufferError                BufferError             resizing what a view pins; memory not contiguous
//   UnsupportedOperation       io.UnsupportedOperation the stream cannot do that at all
//   StructError                struct.error            bad struct format, value out of its range
//   std::out_of_range          IndexError              an index outside the data
//   std::length_error          OverflowError           a size that no memory can hold
//   std::bad_alloc             MemoryError             no memory
//   std::system_error          OSError                 the operating system said no
//
// End of data is never an error: it is a short or empty result.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "quire/detail/export.h"

namespace quire {

class QUIRE_API ClosedError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

class QUIRE_API TypeError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

class QUIRE_API BufferError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An OSError and a ValueError in Python; here the latter, as there is no error number to report.
class QUIRE_API UnsupportedOperation : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

class QUIRE_API StructError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What every failed conversion between bytes and text tells: where, and why.
class QUIRE_API UnicodeError : public std::invalid_argument {
 public:
  UnicodeError(const std::string& message, std::size_t start, std::size_t end)
      : std::invalid_argument(message), start_(start), end_(end) {}

  /// Offset of the first offending byte (decoding) or code point (encoding).
  [[nodiscard]] std::size_t start() const noexcept { return start_; }

  /// Offset just behind the offending part.
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  std::size_t start_;
  std::size_t end_;
};

class QUIRE_API UnicodeDecodeError : public UnicodeError {
 public:
  using UnicodeError::UnicodeError;
};

class QUIRE_API UnicodeEncodeError : public UnicodeError {
 public:
  using UnicodeError::UnicodeError;
};

namespace detail {

// Cold and out of line, so that the checks that lead here cost one branch and no code.
[[noreturn]] QUIRE_API void throw_closed();
[[noreturn]] QUIRE_API void throw_released();
[[noreturn]] QUIRE_API void throw_pinned(std::size_t views);
[[noreturn]] QUIRE_API void throw_changed_while_lent(std::size_t lost);
[[noreturn]] QUIRE_API void throw_not_contiguous();
[[noreturn]] QUIRE_API void throw_read_only();
[[noreturn]] QUIRE_API void throw_unsupported(const char* operation);
[[noreturn]] QUIRE_API void throw_index(std::ptrdiff_t index, std::size_t size);
[[noreturn]] QUIRE_API void throw_dimension_index(std::ptrdiff_t index, std::size_t dimension,
                                                  std::size_t size);
[[noreturn]] QUIRE_API void throw_range(std::size_t offset, std::size_t count, std::size_t size);
[[noreturn]] QUIRE_API void throw_too_large(std::size_t size);
[[noreturn]] QUIRE_API void throw_position(std::size_t base, std::size_t offset);
[[noreturn]] QUIRE_API void throw_over_limit(std::size_t size, std::size_t limit);
[[noreturn]] QUIRE_API void throw_full(std::size_t needed, std::size_t capacity);
[[noreturn]] QUIRE_API void throw_lines_cut(std::size_t taken);
[[noreturn]] QUIRE_API void throw_invalid(const std::string& message);
[[noreturn]] QUIRE_API void throw_type(const std::string& message);
[[noreturn]] QUIRE_API void throw_struct(const std::string& message);
[[noreturn]] QUIRE_API void throw_null_in_path(const std::string& path);
[[noreturn]] QUIRE_API void throw_errno(int error, const std::string& what);

}  // namespace detail
}  // namespace quire
