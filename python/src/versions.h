// Where the interpreter's own io.BytesIO differs from version to version, in one place: quire.BytesIO
// does what the one of the interpreter it is compiled for does. What is worded by the interpreter
// itself needs no line here.
#pragma once

#include "python_api.h"

namespace quire::python {

/// Before 3.10 a float was refused as a position in words of its own.
inline constexpr bool kFloatHasOwnMessage = PY_VERSION_HEX < 0x030a0000;

/// From 3.13 on an unknown keyword is "unexpected".
inline constexpr bool kUnknownKeywordIsUnexpected = PY_VERSION_HEX >= 0x030d0000;

/// From 3.12 on the surplus arguments of getbuffer() are not counted in the message.
inline constexpr bool kGetbufferHasPlainMessage = PY_VERSION_HEX >= 0x030c0000;

/// From 3.16 on close() succeeds while a view lives, which then keeps the memory.
inline constexpr bool kCloseUnderView = PY_VERSION_HEX >= 0x03100000;

/// io.DEFAULT_BUFFER_SIZE: how much peek() shows when nobody says.
inline constexpr Py_ssize_t kDefaultBuffer = PY_VERSION_HEX >= 0x030e0000 ? 131072 : 8192;

}  // namespace quire::python
