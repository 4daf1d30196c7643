// quire.ByteView: a row of bytes in the memory of any object that exports a buffer, with all that
// bytes can do.
//
//   exporter  [ h e l l o   w o r l d ]      kept and pinned by one memoryview,
//   view                    [ w o r l d ]    which all views of it share
//
// Lifetime: a view keeps the exporter until it is released or goes. Thread: the interpreter's lock; a
// view cannot be released while one of its own buffers is in use.
#pragma once

#include "module_state.h"
#include "python_api.h"

namespace quire::python {

/// The memoryview through which a quire.ByteView looks at its exporter; borrowed, null, without an
/// exception, if `object` is no ByteView or has been released.
[[nodiscard]] PyObject* memoryview_of(ModuleState& state, PyObject* object) noexcept;

}  // namespace quire::python
