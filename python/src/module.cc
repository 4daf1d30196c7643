// The module quire._quire: what the package quire re-exports.
#include "module_state.h"
#include "python_api.h"

namespace quire::python {

bool add_type(PyObject* module, PyType_Spec& spec, PyObject* base, PyObject** kept) {
  Reference bases;
  if (base != nullptr) {
    bases = Reference(PyTuple_Pack(1, base));
    if (!bases) return false;
  }
  *kept = PyType_FromModuleAndSpec(module, &spec, bases.get());
  if (*kept == nullptr) return false;
  const Reference name(PyObject_GetAttrString(*kept, "__name__"));
  if (!name) return false;
  const Reference text(PyUnicode_AsUTF8String(name.get()));
  if (!text) return false;
  const char* const characters = PyBytes_AsString(text.get());
  if (characters[0] == '_') return true;
  return PyObject_SetAttr(module, name.get(), *kept) == 0;
}

namespace {

ModuleState& state_of(PyObject* module) noexcept {
  return *static_cast<ModuleState*>(PyModule_GetState(module));
}

int execute(PyObject* module) {
  ModuleState& state = state_of(module);
  const bool good = add_bytes(module, state) && add_byte_view(module, state) &&
                    add_bytes_io(module, state) && add_spooled_io(module, state) &&
                    add_string_io(module, state) && add_track(module, state);
  return good ? 0 : -1;
}

int traverse(PyObject* module, visitproc visit, void* arg) {
  for (PyObject** member : state_of(module).members()) Py_VISIT(*member);
  return 0;
}

int clear(PyObject* module) {
  for (PyObject** member : state_of(module).members()) Py_CLEAR(*member);
  return 0;
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, as_slot(execute)},
#if PY_VERSION_HEX >= 0x030d0000 && (!defined(Py_LIMITED_API) || Py_LIMITED_API >= 0x030d0000)
    {Py_mod_gil, Py_MOD_GIL_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "quire._quire",
    "The compiled part of quire.",
    sizeof(ModuleState),
    nullptr,
    slots,
    traverse,
    clear,
    nullptr,
};

}  // namespace
}  // namespace quire::python

PyMODINIT_FUNC PyInit__quire() {
  return PyModuleDef_Init(&quire::python::definition);
}
