// How the arguments of stream methods are read.
#include "argument.h"

#include <climits>

#include "versions.h"

namespace quire::python {

bool read_other_optional_size(PyObject* object, Py_ssize_t* size) noexcept {
  if (object == Py_None) return true;
  if (!PyIndex_Check(object)) {
    raise_type("argument should be integer or None, not '%U'", object);
    return false;
  }
  *size = PyNumber_AsSsize_t(object, PyExc_OverflowError);
  return *size != -1 || PyErr_Occurred() == nullptr;
}

namespace {

/// Before 3.10 a float was refused in words of its own.
bool refuse_float(PyObject* object) noexcept {
  if (!kFloatHasOwnMessage || !PyFloat_Check(object)) return false;
  PyErr_SetString(PyExc_TypeError, "integer argument expected, got float");
  return true;
}

}  // namespace

bool read_offset(PyObject* object, Py_ssize_t* offset) noexcept {
  return !refuse_float(object) && read_size(object, offset);
}

bool read_whence(PyObject* object, int* whence) noexcept {
  if (refuse_float(object)) return false;
  int overflow = 0;
  const long value = PyLong_AsLongAndOverflow(object, &overflow);
  if (value == -1 && PyErr_Occurred() != nullptr) return false;
  if (overflow != 0 || value > INT_MAX || value < INT_MIN) {
    PyErr_SetString(PyExc_OverflowError, "Python int too large to convert to C int");
    return false;
  }
  *whence = static_cast<int>(value);
  return true;
}

void raise_bad_argument(const char* method, const char* expected, PyObject* given) noexcept {
  const Reference name =
      given == Py_None ? Reference(PyUnicode_FromString("None")) : type_name(given);
  if (!name) return;
  PyErr_Format(PyExc_TypeError, "%s() argument must be %s, not %U", method, expected, name.get());
}

}  // namespace quire::python
