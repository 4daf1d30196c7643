// ModuleState: what the module keeps for itself: its types, and what it looks up once.
//
// A new type is one member, one line in `members`, and one `add_...` in module.cc.
//
// Lifetime: of the module object; each interpreter has its own. Thread: written while the module is
// imported, read afterwards.
#pragma once

#include <array>

#include "python_api.h"

namespace quire::python {

struct ModuleState {
  PyObject* bytes_type;          // quire.Bytes
  PyObject* byte_view_type;      // quire.ByteView
  PyObject* bytes_io_type;       // quire.BytesIO
  PyObject* bytes_io_view_type;  // what a memoryview of a BytesIO is a view of
  PyObject* spooled_io_type;     // quire.SpooledIO
  PyObject* string_io_type;      // quire.StringIO
  PyObject* report_type;         // what quire.track() is made of

  [[nodiscard]] std::array<PyObject**, 7> members() noexcept {
    return {&bytes_type,      &byte_view_type, &bytes_io_type, &bytes_io_view_type,
            &spooled_io_type, &string_io_type, &report_type};
  }
};

/// The state of the module that `type`, one of its own types and not a subclass, belongs to.
[[nodiscard]] inline ModuleState& state_of_own(PyTypeObject* type) noexcept {
  return *static_cast<ModuleState*>(PyType_GetModuleState(type));
}

/// Makes a type of `spec` with one base, or object's if null, keeps it in `*kept` and, unless its
/// name begins with an underscore, adds it to the module. False with an exception set.
[[nodiscard]] bool add_type(PyObject* module, PyType_Spec& spec, PyObject* base, PyObject** kept);

// One line for each file that defines types. False with an exception set.
[[nodiscard]] bool add_bytes(PyObject* module, ModuleState& state);
[[nodiscard]] bool add_byte_view(PyObject* module, ModuleState& state);
[[nodiscard]] bool add_bytes_io(PyObject* module, ModuleState& state);
[[nodiscard]] bool add_spooled_io(PyObject* module, ModuleState& state);
[[nodiscard]] bool add_string_io(PyObject* module, ModuleState& state);
[[nodiscard]] bool add_track(PyObject* module, ModuleState& state);

}  // namespace quire::python
