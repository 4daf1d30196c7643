// How the arguments of stream methods are read: sizes and positions, as the interpreter's own io
// classes read them, and with their messages.
//
// Every function here follows Python's own convention: false means that an exception is set.
#pragma once

#include "byte_arguments.h"
#include "python_api.h"

namespace quire::python {

/// The slow part of read_optional_size: anything but a plain int.
[[nodiscard]] bool read_other_optional_size(PyObject* object, Py_ssize_t* size) noexcept;

/// A size: an int, what can be one, or None, which leaves `*size` as it is.
[[nodiscard]] inline bool read_optional_size(PyObject* object, Py_ssize_t* size) noexcept {
  if (PyLong_CheckExact(object)) {
    const Py_ssize_t value = PyLong_AsSsize_t(object);
    if (value != -1) [[likely]] {
      *size = value;
      return true;
    }
  }
  return read_other_optional_size(object, size);
}

/// The same for the only argument of a method, which need not be given.
[[nodiscard]] inline bool read_size_argument(const char* method, PyObject* const* arguments,
                                             Py_ssize_t count, Py_ssize_t* size) noexcept {
  if (count == 0) return true;
  if (count != 1) [[unlikely]]
    return check_count(method, count, 0, 1);
  return read_optional_size(arguments[0], size);
}

/// The offset of a seek.
[[nodiscard]] bool read_offset(PyObject* object, Py_ssize_t* offset) noexcept;

/// Where a seek counts from; any int is taken here.
[[nodiscard]] bool read_whence(PyObject* object, int* whence) noexcept;

/// TypeError as the interpreter's argument parser words it.
void raise_bad_argument(const char* method, const char* expected, PyObject* given) noexcept;

}  // namespace quire::python
