#include "byte_arguments.h"

#include <cstring>

namespace quire::python {

namespace {

/// An int as a byte. Errors: ValueError.
bool read_byte(PyObject* object, std::byte* byte) {
  const Py_ssize_t value = PyNumber_AsSsize_t(object, nullptr);
  if (value == -1 && PyErr_Occurred() != nullptr) return false;
  if (value < 0 || value > 255) {
    PyErr_SetString(PyExc_ValueError, "byte must be in range(0, 256)");
    return false;
  }
  *byte = static_cast<std::byte>(value);
  return true;
}

Py_ssize_t find_name(const Parameters& parameters, PyObject* keyword) {
  for (Py_ssize_t i = parameters.positional; i < parameters.count; ++i) {
    if (PyUnicode_CompareWithASCIIString(keyword, parameters.names[i]) == 0) return i;
  }
  return -1;
}

}  // namespace

void raise_type(const char* message, PyObject* object) noexcept {
  const Reference name = type_name(object);
  if (name) PyErr_Format(PyExc_TypeError, message, name.get());
}

bool NeedleArgument::acquire(PyObject* object) {
  if (PyObject_CheckBuffer(object)) return bytes_.acquire(object);
  if (!PyIndex_Check(object)) {
    raise_type("argument should be integer or bytes-like object, not '%U'", object);
    return false;
  }
  single_ = true;
  return read_byte(object, &byte_);
}

bool read_bound(PyObject* object, SliceBound* bound) {
  if (object == Py_None) {
    *bound = std::nullopt;
    return true;
  }
  if (!PyIndex_Check(object)) {
    PyErr_SetString(PyExc_TypeError,
                    "slice indices must be integers or None or have an __index__ method");
    return false;
  }
  const Py_ssize_t value = PyNumber_AsSsize_t(object, nullptr);
  if (value == -1 && PyErr_Occurred() != nullptr) return false;
  *bound = value;
  return true;
}

bool read_bounds(PyObject* const* arguments, Py_ssize_t count, SliceBound* start,
                 SliceBound* stop) {
  return (count < 1 || read_bound(arguments[0], start)) &&
         (count < 2 || read_bound(arguments[1], stop));
}

bool read_size(PyObject* object, Py_ssize_t* value) {
  PyObject* const index = PyNumber_Index(object);
  if (index == nullptr) return false;
  *value = PyLong_AsSsize_t(index);
  Py_DECREF(index);
  return *value != -1 || PyErr_Occurred() == nullptr;
}

bool read_fill(const char* function, PyObject* object, std::byte* fill) {
  ByteArgument bytes;
  if (PyObject_CheckBuffer(object)) {
    if (!bytes.acquire(object)) return false;
    if (bytes.span().size() == 1) {
      *fill = bytes.span()[0];
      return true;
    }
  }
  const Reference name = type_name(object);
  if (name) {
    PyErr_Format(PyExc_TypeError, "%s() argument 2 must be a byte string of length 1, not %U",
                 function, name.get());
  }
  return false;
}

const char* read_name(const char* function, const char* parameter, PyObject* object) {
  if (!PyUnicode_Check(object)) {
    const Reference name = type_name(object);
    if (name) {
      PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be str, not %U", function, parameter,
                   name.get());
    }
    return nullptr;
  }
  Py_ssize_t size = 0;
  const char* const name = PyUnicode_AsUTF8AndSize(object, &size);
  if (name != nullptr && std::strlen(name) != static_cast<std::size_t>(size)) {
    PyErr_SetString(PyExc_ValueError, "embedded null character");
    return nullptr;
  }
  return name;
}

bool read_separator(PyObject* object, char* separator) {
  Py_UCS4 character = 0;
  Py_ssize_t length = 0;
  if (PyUnicode_Check(object)) {
    length = PyUnicode_GetLength(object);
    if (length == 1) character = PyUnicode_ReadChar(object, 0);
  } else if (PyBytes_Check(object)) {
    length = PyBytes_Size(object);
    if (length == 1) character = static_cast<unsigned char>(*PyBytes_AsString(object));
  } else {
    PyErr_SetString(PyExc_TypeError, "sep must be str or bytes.");
    return false;
  }
  if (length != 1) {
    PyErr_SetString(PyExc_ValueError, "sep must be length 1.");
    return false;
  }
  if (character > 127) {
    PyErr_SetString(PyExc_ValueError, "sep must be ASCII.");
    return false;
  }
  *separator = static_cast<char>(character);
  return true;
}

bool check_count(const char* function, Py_ssize_t given, Py_ssize_t least, Py_ssize_t most) {
  if (given >= least && given <= most) return true;
  const bool few = given < least;
  const Py_ssize_t limit = few ? least : most;
  PyErr_Format(PyExc_TypeError, "%s expected %s%zd argument%s, got %zd", function,
               least == most ? "" : (few ? "at least " : "at most "), limit, limit == 1 ? "" : "s",
               given);
  return false;
}

bool sort_arguments(const Parameters& parameters, PyObject* const* arguments, Py_ssize_t given,
                    PyObject* keywords, PyObject** sorted) {
  const Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_Size(keywords);
  if (given + named > parameters.count) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %zd argument%s (%zd given)",
                 parameters.function, parameters.count, parameters.count == 1 ? "" : "s",
                 given + named);
    return false;
  }
  for (Py_ssize_t i = 0; i < parameters.count; ++i) sorted[i] = i < given ? arguments[i] : nullptr;
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* const keyword = PyTuple_GetItem(keywords, i);
    const Py_ssize_t at = find_name(parameters, keyword);
    if (at < 0) {
#if PY_VERSION_HEX >= 0x030d0000
      PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%S'",
                   parameters.function, keyword);
#else
      PyErr_Format(PyExc_TypeError, "'%S' is an invalid keyword argument for %s()", keyword,
                   parameters.function);
#endif
      return false;
    }
    if (sorted[at] != nullptr) {
      PyErr_Format(PyExc_TypeError, "argument for %s() given by name ('%S') and position (%zd)",
                   parameters.function, keyword, at + 1);
      return false;
    }
    sorted[at] = arguments[given + i];
  }
  for (Py_ssize_t i = 0; i < parameters.required; ++i) {
    if (sorted[i] != nullptr) continue;
    PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s' (pos %zd)",
                 parameters.function, parameters.names[i], i + 1);
    return false;
  }
  return true;
}

}  // namespace quire::python
