// Blocks whose memory belongs to a Python object: how the core shares what Python already holds.
//
// Lifetime: the block keeps the object. Thread: the last owner may let go on any thread, with the
// interpreter's lock or without; it never waits for the lock. An object that is let go of without it
// is freed a moment later, by whichever thread has it.
#pragma once

#include "python_api.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"

namespace quire::python {

/// Bytes that share the memory of `object`. REQUIRES: exactly of type bytes, and the interpreter's
/// lock held
/// Errors: std::bad_alloc.
[[nodiscard]] Bytes share_object(PyObject* object);

/// Bytes over what any object exports, writable if it can be. False with an exception set.
[[nodiscard]] bool share_buffer(PyObject* object, Bytes* bytes, bool* writable) noexcept;

/// Whether the memory of a block belongs to a Python object, which answers for it.
[[nodiscard]] bool belongs_to_python(const detail::Block& block) noexcept;

/// The object that owns a block made by share_object(); borrowed, null for any other block.
[[nodiscard]] PyObject* object_of(const detail::Block* block) noexcept;

}  // namespace quire::python
