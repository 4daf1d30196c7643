// C++ exceptions as Python exceptions, in one place.
#include "errors.h"

#include <new>
#include <stdexcept>
#include <system_error>

#include "quire/error.h"

namespace quire::python {

namespace {

/// Raises what `module.name` is. For exceptions that are so rare that looking them up costs nothing.
void raise_from(const char* module, const char* name, const char* message) noexcept {
  const Reference imported(PyImport_ImportModule(module));
  if (!imported) return;
  const Reference type(PyObject_GetAttrString(imported.get(), name));
  if (!type) return;
  PyErr_SetString(type.get(), message);
}

void raise_system_error(const std::system_error& error) noexcept {
  // Made at once: before 3.12 an exception made later is not caught as the FileNotFoundError it is.
  const Reference made(
      PyObject_CallFunction(PyExc_OSError, "is", error.code().value(), error.what()));
  if (made) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.get())), made.get());
}

/// A Python UnicodeDecodeError wants the codec and the bytes, which nobody kept; its base says as
/// much as there is to say.
void raise_unicode(const UnicodeError& error) noexcept {
  PyErr_SetString(PyExc_UnicodeError, error.what());
}

}  // namespace

void set_current_exception() noexcept {
  try {
    throw;
  } catch (const UnicodeError& error) {
    raise_unicode(error);
  } catch (const TypeError& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  } catch (const BufferError& error) {
    PyErr_SetString(PyExc_BufferError, error.what());
  } catch (const UnsupportedOperation& error) {
    raise_unsupported(error.what());
  } catch (const StructError& error) {
    raise_from("struct", "error", error.what());
  } catch (const std::invalid_argument& error) {  // ClosedError is one
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::out_of_range& error) {
    PyErr_SetString(PyExc_IndexError, error.what());
  } catch (const std::length_error& error) {
    PyErr_SetString(PyExc_OverflowError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::system_error& error) {
    raise_system_error(error);
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

PyObject* raise_closed() noexcept {
  PyErr_SetString(PyExc_ValueError, "I/O operation on closed file.");
  return nullptr;
}

PyObject* raise_exports() noexcept {
  PyErr_SetString(PyExc_BufferError, "Existing exports of data: object cannot be re-sized");
  return nullptr;
}

PyObject* raise_unsupported(const char* what) noexcept {
  raise_from("io", "UnsupportedOperation", what);
  return nullptr;
}

}  // namespace quire::python
