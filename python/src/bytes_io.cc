// quire.BytesIO: io.BytesIO that never copies what it can share.
#include "module_state.h"
#include "python_api.h"

namespace quire::python {

namespace {

/// Begins as the interpreter's own IOBase does, which finds its members there.
struct BytesIOObject {
  PyObject_HEAD
  PyObject* dict;
  PyObject* weak_references;
};

PyType_Slot bytes_io_slots[] = {
    {0, nullptr},
};

PyType_Spec bytes_io_spec = {
    "quire.BytesIO",
    sizeof(BytesIOObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    bytes_io_slots,
};

}  // namespace

bool add_bytes_io(PyObject* module, ModuleState& state) {
  const Reference io(PyImport_ImportModule("_io"));
  if (!io) return false;
  const Reference base(PyObject_GetAttrString(io.get(), "_BufferedIOBase"));
  if (!base) return false;
  return add_type(module, bytes_io_spec, base.get(), &state.bytes_io_type);
}

}  // namespace quire::python
