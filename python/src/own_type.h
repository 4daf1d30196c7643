// Which of the module's own types an object or a subclass is made from, in every version.
#pragma once

#include "module_state.h"
#include "python_api.h"

namespace quire::python {

/// The type among `type` and its bases whose deallocator is `dealloc`, which only the type itself has;
/// null if there is none.
[[nodiscard]] inline PyTypeObject* own_type(PyTypeObject* type, destructor dealloc) noexcept {
#ifndef Py_LIMITED_API
  if (type->tp_dealloc == dealloc) [[likely]] {
    return type;
  }
#endif
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

/// As add_type(), with the base that the abstract class io.`name` is made from, and registered with
/// that class.
[[nodiscard]] inline bool add_io_type(PyObject* module, PyType_Spec& spec, const char* name,
                                      PyObject** kept) {
  const Reference io(PyImport_ImportModule("io"));
  const Reference abstract(io ? PyObject_GetAttrString(io.get(), name) : nullptr);
  if (!abstract) return false;
  const Reference base(
      PyObject_GetAttrString(reinterpret_cast<PyObject*>(abstract.get()), "__base__"));
  if (!base || !add_type(module, spec, base.get(), kept)) return false;
  return static_cast<bool>(Reference(PyObject_CallMethod(abstract.get(), "register", "O", *kept)));
}

}  // namespace quire::python
