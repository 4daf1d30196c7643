// quire.Bytes: the core's Bytes as a Python object, with all that Python's bytes can do.
//
// Lifetime: the object shares the block of the Bytes it holds. Thread: it never changes; the
// interpreter's lock protects its hash, which is made once.
#pragma once

#include "module_state.h"
#include "python_api.h"
#include "quire/byte_span.h"
#include "quire/bytes.h"

namespace quire::python {

/// A new quire.Bytes over `bytes`; null with an exception set.
[[nodiscard]] PyObject* wrap_bytes(ModuleState& state, Bytes bytes) noexcept;

/// What a quire.Bytes holds, or null if `object` is none.
[[nodiscard]] const Bytes* unwrap_bytes(ModuleState& state, PyObject* object) noexcept;

/// A bytes object of the same content: the very one that is shared, if it is exactly that.
[[nodiscard]] PyObject* to_python_bytes(const Bytes& bytes) noexcept;

/// Python's own hash of the same bytes; -1 with an exception set.
[[nodiscard]] Py_hash_t hash_bytes(ByteSpan bytes) noexcept;

/// The memory of a bytes, a quire.Bytes or a read-only view of one, if `source` is that: what can be
/// shared because it never changes.
/// Errors: std::bad_alloc.
[[nodiscard]] bool share_frozen(ModuleState& state, PyObject* source, Bytes* shared);

/// The bytes of what a quire.Bytes or quire.ByteView can be compared with.
class Comparable {
 public:
  Comparable() = default;
  Comparable(const Comparable&) = delete;
  Comparable& operator=(const Comparable&) = delete;
  ~Comparable() { PyBuffer_Release(&buffer_); }

  /// False, without an exception, for what is compared otherwise or not at all.
  [[nodiscard]] bool acquire(ModuleState& state, PyObject* object, int operation) noexcept;

  [[nodiscard]] ByteSpan span() const noexcept {
    return {buffer_.buf, static_cast<std::size_t>(buffer_.len)};
  }

 private:
  Py_buffer buffer_{};
};

/// The answer to `a operation b`.
[[nodiscard]] PyObject* compare_bytes(ByteSpan a, ByteSpan b, int operation) noexcept;

}  // namespace quire::python
