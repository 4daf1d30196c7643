// A Python bytes object as the storage of a stream.
#include "bytes_storage.h"

namespace quire::python {

PyObject* new_bytes(const char* data, Py_ssize_t used, Py_ssize_t size) noexcept {
  PyObject* const bytes = PyBytes_FromStringAndSize(nullptr, size);
  if (bytes != nullptr && used != 0) {
    std::memcpy(bytes_data(bytes), data, static_cast<std::size_t>(used));
  }
  return bytes;
}

namespace {

[[nodiscard]] bool replace_bytes(PyObject** bytes, Py_ssize_t size) noexcept {
  const Py_ssize_t used = bytes_size(*bytes) < size ? bytes_size(*bytes) : size;
  PyObject* const replacement = new_bytes(bytes_data(*bytes), used, size);
  if (replacement == nullptr) return false;
  Py_DECREF(std::exchange(*bytes, replacement));
  return true;
}

}  // namespace

bool resize_bytes(PyObject** bytes, Py_ssize_t size) noexcept {
#if defined(Py_LIMITED_API) || defined(Py_TRACE_REFS) || defined(Py_GIL_DISABLED)
  return replace_bytes(bytes, size);
#else
  // Bytes of fewer than two are the interpreter's own and shared by all.
  if (bytes_size(*bytes) < 2 || size < 2) return replace_bytes(bytes, size);
  // _PyBytes_Resize frees the bytes when there is no memory for more; a stream is to keep them.
  auto* const moved = static_cast<PyBytesObject*>(
      PyObject_Realloc(*bytes, kBytesHeader + static_cast<std::size_t>(size)));
  if (moved == nullptr) {
    PyErr_NoMemory();
    return false;
  }
  *bytes = reinterpret_cast<PyObject*>(moved);
  Py_SET_SIZE(reinterpret_cast<PyVarObject*>(moved), size);
  moved->ob_sval[size] = '\0';
  forget_hash(*bytes);
  return true;
#endif
}

}  // namespace quire::python
