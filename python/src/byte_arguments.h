// How arguments of the bytes vocabulary are read: bytes, needles, bounds, keywords.
//
// Every function here follows Python's own convention: false means that an exception is set.
//
// Lifetime: a ByteArgument holds its object's buffer until it goes; it lives on the stack of a call.
// Thread: the GIL is held, but not needed between acquire and the end.
#pragma once

#include <cstddef>

#include "python_api.h"
#include "quire/byte_span.h"
#include "quire/slice.h"

namespace quire::python {

/// The name of an object's type, for messages; null with an exception set.
[[nodiscard]] inline Reference type_name(PyObject* object) noexcept {
#ifdef Py_LIMITED_API
  return Reference(PyType_GetName(Py_TYPE(object)));
#else
  return Reference(PyUnicode_FromString(Py_TYPE(object)->tp_name));
#endif
}

/// Sets TypeError: `message` with the name of the object's type in place of its %U.
void raise_type(const char* message, PyObject* object) noexcept;

/// The bytes of any object that exports a buffer without gaps.
class ByteArgument {
 public:
  ByteArgument() = default;
  ByteArgument(const ByteArgument&) = delete;
  ByteArgument& operator=(const ByteArgument&) = delete;

  ~ByteArgument() { PyBuffer_Release(&buffer_); }

  /// Errors: TypeError for an object that is not bytes-like, BufferError for one with gaps.
  [[nodiscard]] bool acquire(PyObject* object) {
    return PyObject_GetBuffer(object, &buffer_, PyBUF_SIMPLE) == 0;
  }

  [[nodiscard]] ByteSpan span() const noexcept {
    return {buffer_.buf, static_cast<std::size_t>(buffer_.len)};
  }

  /// The object that says it exports the buffer; borrowed. REQUIRES: acquired
  [[nodiscard]] PyObject* owner() const noexcept { return buffer_.obj; }

 private:
  Py_buffer buffer_{};
};

/// What find() and its like look for: bytes, or one byte given as an int.
class NeedleArgument {
 public:
  /// Errors: TypeError for neither; ValueError for an int that is no byte.
  [[nodiscard]] bool acquire(PyObject* object);

  [[nodiscard]] ByteSpan span() const noexcept {
    return single_ ? ByteSpan(&byte_, 1) : bytes_.span();
  }

 private:
  ByteArgument bytes_;
  std::byte byte_{};
  bool single_ = false;
};

/// One end of a slice: an int or None.
[[nodiscard]] bool read_bound(PyObject* object, SliceBound* bound);

/// start and stop of `f(x[, start[, stop]])`, as far as they are given.
[[nodiscard]] bool read_bounds(PyObject* const* arguments, Py_ssize_t count, SliceBound* start,
                               SliceBound* stop);

/// Errors: TypeError for no integer, OverflowError for one that is no size.
[[nodiscard]] bool read_size(PyObject* object, Py_ssize_t* value);

/// The one byte to fill with. Errors: TypeError for anything else.
[[nodiscard]] bool read_fill(const char* function, PyObject* object, std::byte* fill);

/// The name of an encoding or an error policy; null with TypeError for anything but str.
/// Lifetime: the object's.
[[nodiscard]] const char* read_name(const char* function, const char* parameter, PyObject* object);

/// What hex() puts between groups. Errors: TypeError, ValueError unless it is one ASCII character.
[[nodiscard]] bool read_separator(PyObject* object, char* separator);

/// Errors: TypeError unless `least <= given <= most`.
[[nodiscard]] bool check_count(const char* function, Py_ssize_t given, Py_ssize_t least,
                               Py_ssize_t most);

/// What a function takes: the first `positional` of `count` names may not be given by name, the first
/// `required` must be given.
struct Parameters {
  const char* function;
  const char* const* names;
  Py_ssize_t count;
  Py_ssize_t positional;
  Py_ssize_t required;
};

/// Sorts the arguments of a METH_FASTCALL | METH_KEYWORDS call; what was not given stays null.
[[nodiscard]] bool sort_arguments(const Parameters& parameters, PyObject* const* arguments,
                                  Py_ssize_t given, PyObject* keywords, PyObject** sorted);

}  // namespace quire::python
