// quire.Bytes: immutable bytes that share memory.
#include "bytes.h"

#include <new>

#include "errors.h"
#include "quire/byte_span.h"

namespace quire::python {

namespace {

struct BytesObject {
  PyObject_HEAD
  Bytes bytes;
};

BytesObject* as_bytes(PyObject* object) noexcept {
  return reinterpret_cast<BytesObject*>(object);
}

PyObject* wrap_as(PyTypeObject* type, Bytes bytes) noexcept {
  const auto allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject* const object = allocate(type, 0);
  if (object != nullptr) new (&as_bytes(object)->bytes) Bytes(std::move(bytes));
  return object;
}

PyObject* construct(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  static const char* names[] = {"source", nullptr};
  Py_buffer buffer{};
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|y*:Bytes", const_cast<char**>(names),
                                   &buffer)) {
    return nullptr;
  }
  PyObject* const object = guarded([&] {
    return wrap_as(type, Bytes(ByteSpan(buffer.buf, static_cast<std::size_t>(buffer.len))));
  });
  PyBuffer_Release(&buffer);
  return object;
}

void destroy(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  as_bytes(self)->bytes.~Bytes();
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

Py_ssize_t length(PyObject* self) {
  return static_cast<Py_ssize_t>(as_bytes(self)->bytes.size());
}

int export_buffer(PyObject* self, Py_buffer* view, int flags) {
  const Bytes& bytes = as_bytes(self)->bytes;
  return PyBuffer_FillInfo(view, self, const_cast<std::byte*>(bytes.data()),
                           static_cast<Py_ssize_t>(bytes.size()), 1, flags);
}

PyDoc_STRVAR(bytes_doc,
             "Bytes(source=b'', /)\n--\n\n"
             "Immutable bytes that share memory: copies and slices cost nothing.");

PyType_Slot bytes_slots[] = {
    {Py_tp_doc, const_cast<char*>(bytes_doc)},
    {Py_tp_new, as_slot(construct)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_sq_length, as_slot(length)},
    {Py_bf_getbuffer, as_slot(export_buffer)},
    {0, nullptr},
};

PyType_Spec bytes_spec = {
    "quire.Bytes",
    sizeof(BytesObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    bytes_slots,
};

}  // namespace

PyObject* wrap_bytes(ModuleState& state, Bytes bytes) noexcept {
  return wrap_as(reinterpret_cast<PyTypeObject*>(state.bytes_type), std::move(bytes));
}

const Bytes* unwrap_bytes(ModuleState& state, PyObject* object) noexcept {
  if (!PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(state.bytes_type))) {
    return nullptr;
  }
  return &as_bytes(object)->bytes;
}

bool add_bytes(PyObject* module, ModuleState& state) {
  return add_type(module, bytes_spec, nullptr, &state.bytes_type);
}

}  // namespace quire::python
