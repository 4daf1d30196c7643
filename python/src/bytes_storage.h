// A Python bytes object as the storage of a stream: how it is made, resized, and known to be ours.
//
// A bytes object that only the stream refers to may be changed and moved; one that anybody else refers
// to is never touched again. Lifetime: as any Python object. Thread: the interpreter's lock.
#pragma once

#include <cstddef>
#include <cstring>

#include "python_api.h"

namespace quire::python {

/// The most bytes that one bytes object can hold.
inline constexpr Py_ssize_t kMaxBytes = PY_SSIZE_T_MAX - 64;

/// What sys.getsizeof() says of an empty one.
inline constexpr std::size_t kBytesHeader = sizeof(PyVarObject) + sizeof(Py_hash_t) + 1;

#ifdef Py_LIMITED_API

[[nodiscard]] inline char* bytes_data(PyObject* bytes) noexcept {
  return PyBytes_AsString(bytes);
}

[[nodiscard]] inline Py_ssize_t bytes_size(PyObject* bytes) noexcept {
  return PyBytes_Size(bytes);
}

inline void forget_hash(PyObject*) noexcept {}

#else

[[nodiscard]] inline char* bytes_data(PyObject* bytes) noexcept {
  return reinterpret_cast<PyBytesObject*>(bytes)->ob_sval;
}

[[nodiscard]] inline Py_ssize_t bytes_size(PyObject* bytes) noexcept {
  return PyBytes_GET_SIZE(bytes);
}

/// Somebody who had the object may have asked for its hash before the stream changed the bytes.
inline void forget_hash(PyObject* bytes) noexcept {
  _Py_COMP_DIAG_PUSH _Py_COMP_DIAG_IGNORE_DEPR_DECLS reinterpret_cast<PyBytesObject*>(bytes)
      ->ob_shash = -1;
  _Py_COMP_DIAG_POP
}

#endif

/// Whether nobody but the caller, who has one reference, can see the bytes.
[[nodiscard]] inline bool is_ours(PyObject* bytes) noexcept {
#if defined(Py_GIL_DISABLED) && PY_VERSION_HEX >= 0x030e0000
  return PyUnstable_Object_IsUniquelyReferenced(bytes) != 0;
#elif defined(Py_GIL_DISABLED)
  return _Py_IsOwnedByCurrentThread(bytes) != 0 &&
         _Py_atomic_load_uint32_relaxed(&bytes->ob_ref_local) == 1 &&
         _Py_atomic_load_ssize_relaxed(&bytes->ob_ref_shared) == 0;
#else
  return Py_REFCNT(bytes) == 1;
#endif
}

/// Gives bytes that are ours another size and keeps the first of them; they may move. False with
/// MemoryError set, and with `*bytes` as it was, when there is no memory.
[[nodiscard]] bool resize_bytes(PyObject** bytes, Py_ssize_t size) noexcept;

/// New bytes of which the first `used` are those at `data`. Null with MemoryError set.
[[nodiscard]] PyObject* new_bytes(const char* data, Py_ssize_t used, Py_ssize_t size) noexcept;

/// The room to ask for so that a series of appends stays linear: exactly what is needed at first, and
/// then half as much again as there was.
[[nodiscard]] inline Py_ssize_t grown_size(Py_ssize_t room, Py_ssize_t needed) noexcept {
  const Py_ssize_t grown = room > kMaxBytes / 2 ? kMaxBytes : room + room / 2;
  return grown > needed ? grown : needed;
}

/// The room for `needed` bytes and some appended ones, of a stream that may stay as it is.
[[nodiscard]] inline Py_ssize_t slack_size(Py_ssize_t needed) noexcept {
  return needed > kMaxBytes / 2 ? needed : needed + needed / 8;
}

}  // namespace quire::python
