// What a memoryview of a stream is a view of: an object that nobody makes or names, as the
// interpreter's own _io._BytesIOBuffer.
//
// Lifetime: it keeps the stream, and while there are views of it the memory that they show, whatever
// becomes of the stream. Thread: the interpreter's lock.
#include <new>

#include "bytes.h"
#include "bytes_io.h"
#include "errors.h"
#include "own_type.h"

namespace quire::python {

namespace {

struct ViewedObject {
  PyObject_HEAD BytesIOObject* stream;
  Py_ssize_t views;    // how many there are; the rest is about the memory they show
  PyObject* bytes;     // the stream's bytes object, or null
  quire::Buffer core;  // the core's own view
  char* data;
  Py_ssize_t size;
  unsigned storage;  // which one of the stream's it is
};

ViewedObject* as_viewed(PyObject* object) noexcept {
  return reinterpret_cast<ViewedObject*>(object);
}

/// Looks for the memory to show: what the stream has now, made its own.
[[nodiscard]] bool bind(ViewedObject* self) noexcept {
  BytesIOObject* const stream = self->stream;
  if (over_bytes(stream)) {
    if (stream->exports == 0 && !is_ours(stream->buf) && !make_own(stream, stream->size)) {
      return false;
    }
    // While it waited for the stream another thread may have come to the end of this.
    if (self->views != 0) return true;
    self->storage = stream->storages;
    self->bytes = Py_NewRef(stream->buf);
    self->data = bytes_data(stream->buf);
    self->size = stream->size;
    return true;
  }
  if (stream->core == nullptr) {
    raise_closed();
    return false;
  }
  if (self->views != 0) return true;
  self->storage = stream->storages;
  return guarded_void([&] {
    self->core = stream->core->stream->export_buffer();
    stream->core->lent = {};
    stream->core->value = Reference();
    self->data = const_cast<char*>(reinterpret_cast<const char*>(self->core.data()));
    self->size = static_cast<Py_ssize_t>(self->core.size());
    stream->core->trace();
  });
}

int acquire(PyObject* object, Py_buffer* view, int flags) noexcept {
  ViewedObject* const self = as_viewed(object);
  if (self->views == 0 && !bind(self)) {
    if (view != nullptr) view->obj = nullptr;
    return -1;
  }
  if (PyBuffer_FillInfo(view, object, self->data, self->size, 0, flags) != 0) return -1;
  ++self->views;
  if (self->storage == self->stream->storages) ++self->stream->exports;
  return 0;
}

void release(PyObject* object, Py_buffer*) noexcept {
  ViewedObject* const self = as_viewed(object);
  --self->views;
  if (self->storage == self->stream->storages) --self->stream->exports;
  if (self->views == 0) {
    Py_CLEAR(self->bytes);
    self->core = quire::Buffer();
    // What it wrote may have taken memory.
    CoreStream* const core = self->stream->core;
    if (core != nullptr && self->storage == self->stream->storages) core->trace();
  }
}

int traverse(PyObject* object, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(as_viewed(object)->stream);
  return 0;
}

// No clear: a view of what is left of it could not be released. A stream's own clear breaks cycles.
void destroy(PyObject* object) noexcept {
  ViewedObject* const self = as_viewed(object);
  PyObject_GC_UnTrack(object);
  self->core.~Buffer();
  Py_XDECREF(self->bytes);
  Py_XDECREF(reinterpret_cast<PyObject*>(self->stream));
  deallocate(object);
}

PyType_Slot view_slots[] = {
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_traverse, as_slot(traverse)},
    {Py_bf_getbuffer, as_slot(acquire)},
    {Py_bf_releasebuffer, as_slot(release)},
    {0, nullptr},
};

PyType_Spec view_spec = {
    "quire._BytesIOBuffer",
    sizeof(ViewedObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
        Py_TPFLAGS_IMMUTABLETYPE,
    view_slots,
};

}  // namespace

PyObject* new_writable_view(BytesIOObject* self) noexcept {
  PyObject* const type = state_of_stream(self).bytes_io_view_type;
  const Reference viewed(allocate(reinterpret_cast<PyTypeObject*>(type)));
  if (!viewed) return nullptr;
  new (&as_viewed(viewed.get())->core) quire::Buffer();
  as_viewed(viewed.get())->stream = as_stream(Py_NewRef(as_object(self)));
  return PyMemoryView_FromObject(viewed.get());
}

PyObject* new_readonly_view(BytesIOObject* self) noexcept {
  quire::Bytes bytes;
  if (over_bytes(self)) {
    const Reference value(value_of(self));
    return value ? PyMemoryView_FromObject(value.get()) : nullptr;
  }
  if (!share_all(self, Sharing::Once, &bytes)) return nullptr;
  const Reference value(wrap_bytes(state_of_stream(self), std::move(bytes)));
  return value ? PyMemoryView_FromObject(value.get()) : nullptr;
}

bool add_bytes_io_view(PyObject* module, ModuleState& state) {
  if (!add_type(module, view_spec, nullptr, &state.bytes_io_view_type)) return false;
#if PY_VERSION_HEX < 0x030a0000
  // The flag that forbids instances is newer.
  reinterpret_cast<PyTypeObject*>(state.bytes_io_view_type)->tp_new = nullptr;
#endif
  return true;
}

}  // namespace quire::python
