// quire.Bytes: the core's Bytes as a Python object.
//
// Lifetime: the object shares the block of the Bytes it holds. Thread: the interpreter's lock.
#pragma once

#include "module_state.h"
#include "python_api.h"
#include "quire/bytes.h"

namespace quire::python {

/// A new quire.Bytes over `bytes`; null with an exception set.
[[nodiscard]] PyObject* wrap_bytes(ModuleState& state, Bytes bytes) noexcept;

/// What a quire.Bytes holds, or null if `object` is none.
[[nodiscard]] const Bytes* unwrap_bytes(ModuleState& state, PyObject* object) noexcept;

}  // namespace quire::python
