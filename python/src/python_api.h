// Python.h, and names for what is spelled differently from version to version. Every file of the
// module includes this and never Python.h itself.
//
// With Py_LIMITED_API (3.11 and later) the module uses the stable interface only. What that cannot
// do is slower there, never different.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if PY_VERSION_HEX < 0x03090000
#  error "quire needs CPython 3.9 or later"
#endif
#if defined(Py_LIMITED_API) && Py_LIMITED_API < 0x030b0000
#  error "the buffer protocol is in the stable interface from 3.11 on"
#endif

#if PY_VERSION_HEX < 0x030a0000
#  define Py_TPFLAGS_IMMUTABLETYPE 0UL
#  define Py_TPFLAGS_DISALLOW_INSTANTIATION 0UL

inline PyObject* Py_NewRef(PyObject* object) {
  Py_INCREF(object);
  return object;
}

inline PyObject* Py_XNewRef(PyObject* object) {
  Py_XINCREF(object);
  return object;
}
#endif

#include <utility>

namespace quire::python {

/// What a type of this module is made of: a PyCFunction that takes other arguments than its type
/// says, as METH_FASTCALL and its like do.
template <class Function>
PyCFunction as_method(Function* function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

template <class Function>
void* as_slot(Function* function) noexcept {
  return reinterpret_cast<void*>(function);
}

[[nodiscard]] inline PyObject* allocate(PyTypeObject* type) noexcept {
#ifdef Py_LIMITED_API
  return reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc))(type, 0);
#else
  return type->tp_alloc(type, 0);
#endif
}

/// Gives back the memory of an object of a heap type, and its reference to the type.
inline void deallocate(PyObject* object) noexcept {
  PyTypeObject* const type = Py_TYPE(object);
#ifdef Py_LIMITED_API
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
#else
  type->tp_free(object);
#endif
  Py_DECREF(type);
}

/// One reference to a Python object, let go of at the end of the scope. Null means an exception.
class Reference {
 public:
  Reference() noexcept = default;

  /// Takes over a reference that the caller has.
  explicit Reference(PyObject* object) noexcept : object_(object) {}

  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  Reference(Reference&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

  Reference& operator=(Reference&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  ~Reference() { Py_XDECREF(object_); }

  [[nodiscard]] PyObject* get() const noexcept { return object_; }

  explicit operator bool() const noexcept { return object_ != nullptr; }

  /// Gives the reference to the caller.
  [[nodiscard]] PyObject* detach() noexcept { return std::exchange(object_, nullptr); }

 private:
  PyObject* object_ = nullptr;
};

}  // namespace quire::python
