// A block whose memory is a Python bytes object: how quire.Bytes shares what Python already holds.
//
// Lifetime: the block keeps a reference to the object. Thread: the last owner may let go on any
// thread, with the interpreter's lock or without.
#pragma once

#include "python_api.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"

namespace quire::python {

/// Bytes that share the memory of `object`. REQUIRES: exactly of type bytes, and the interpreter's
/// lock held
/// Errors: std::bad_alloc.
[[nodiscard]] Bytes share_object(PyObject* object);

/// The object that owns a block made by share_object(); borrowed, null for any other block.
[[nodiscard]] PyObject* object_of(const detail::Block* block) noexcept;

}  // namespace quire::python
