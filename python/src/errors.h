// C++ exceptions as Python exceptions, in one place.
#pragma once

#include <utility>

#include "python_api.h"

namespace quire::python {

/// Sets the Python exception for the C++ exception that is being handled, by the table in
/// quire/error.h. REQUIRES: called in a catch block, with the interpreter's lock held
void set_current_exception() noexcept;

/// What `call` returns, or null with the Python exception set for whatever it throws.
template <class Call>
[[nodiscard]] PyObject* guarded(Call&& call) noexcept {
  try {
    return std::forward<Call>(call)();
  } catch (...) {
    set_current_exception();
    return nullptr;
  }
}

/// The same for calls without a result: false with an exception set.
template <class Call>
[[nodiscard]] bool guarded_void(Call&& call) noexcept {
  try {
    std::forward<Call>(call)();
    return true;
  } catch (...) {
    set_current_exception();
    return false;
  }
}

/// Each sets the exception that Python's own io classes raise there. The result is always null.
PyObject* raise_closed() noexcept;
PyObject* raise_exports() noexcept;

/// io.UnsupportedOperation(`what`).
PyObject* raise_unsupported(const char* what) noexcept;

}  // namespace quire::python
