// Which of the module's own types an object or a subclass is made from, in every version.
#pragma once

#include "module_state.h"
#include "python_api.h"

namespace quire::python {

/// The type among `type` and its bases whose deallocator is `dealloc`, which only the type itself has;
/// null if there is none.
[[nodiscard]] inline PyTypeObject* own_type(PyTypeObject* type, destructor dealloc) noexcept {
  while (type != nullptr && (PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) != 0) {
    if (PyType_GetSlot(type, Py_tp_dealloc) == as_slot(dealloc)) return type;
    type = static_cast<PyTypeObject*>(PyType_GetSlot(type, Py_tp_base));
  }
  return nullptr;
}

/// The state of the module whose type with this deallocator `type` is or inherits.
[[nodiscard]] inline ModuleState& state_of(PyTypeObject* type, destructor dealloc) noexcept {
  return state_of_own(own_type(type, dealloc));
}

}  // namespace quire::python
