// quire.ByteView: a row of bytes in the memory of any object that exports a buffer.
#include "byte_view.h"

#include <cstddef>
#include <cstring>
#include <vector>

#include <structmember.h>

#include "byte_vocabulary.h"
#include "bytes.h"
#include "errors.h"
#include "quire/detail/bytes_algorithms.h"
#include "vocabulary_methods.h"

namespace quire::python {

namespace {

struct ByteViewObject {
  PyObject_HEAD ModuleState* state;  // of the module, which the type keeps alive
  PyObject* weak_references;
  PyObject* memoryview;  // null once released
  std::byte* data;
  Py_ssize_t size;
  Py_ssize_t exports;  // buffers handed out, and calls that are looking at the memory
  Py_hash_t hash;      // -1: not asked for yet
  bool readonly;
};

ByteViewObject* as_view(PyObject* object) noexcept {
  return reinterpret_cast<ByteViewObject*>(object);
}

/// False with ValueError set.
bool check(PyObject* self) noexcept {
  if (as_view(self)->memoryview != nullptr) return true;
  PyErr_SetString(PyExc_ValueError, "operation forbidden on released ByteView object");
  return false;
}

/// A view of `[data, data + size)`, which the memoryview keeps.
PyObject* make_view(ModuleState& state, PyObject* memoryview, std::byte* data, Py_ssize_t size,
                    bool readonly) {
  auto* const type = reinterpret_cast<PyTypeObject*>(state.byte_view_type);
  PyObject* const object = PyType_GenericAlloc(type, 0);
  if (object == nullptr) return nullptr;
  ByteViewObject* const view = as_view(object);
  view->state = &state;
  view->memoryview = Py_NewRef(memoryview);
  view->data = data;
  view->size = size;
  view->hash = -1;
  view->readonly = readonly;
  return object;
}

struct ByteViewType {
  /// Keeps the view from being released.
  class Hold {
   public:
    Hold() = default;
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    ~Hold() {
      if (view_ != nullptr) --view_->exports;
    }

    [[nodiscard]] bool acquire(PyObject* self) noexcept {
      if (!check(self)) return false;
      view_ = as_view(self);
      ++view_->exports;
      return true;
    }

    [[nodiscard]] ByteSpan span() const noexcept {
      return {view_->data, static_cast<std::size_t>(view_->size)};
    }

   private:
    ByteViewObject* view_ = nullptr;
  };

  static ModuleState& state(PyObject* self) noexcept { return *as_view(self)->state; }

  static PyObject* piece(PyObject* self, detail::Range part) {
    const ByteViewObject* const view = as_view(self);
    return make_view(*view->state, view->memoryview, view->data + part.offset,
                     static_cast<Py_ssize_t>(part.count), view->readonly);
  }
};

using Vocabulary = ByteVocabulary<ByteViewType>;
using Hold = ByteViewType::Hold;

// --- construction and release --------------------------------------------------------------------

PyObject* construct(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  static const char* names[] = {"", nullptr};
  PyObject* object = nullptr;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O:ByteView", const_cast<char**>(names),
                                   &object)) {
    return nullptr;
  }
  ModuleState& state = state_of_own(type);
  if (Py_TYPE(object) == type) {
    return check(object)
               ? ByteViewType::piece(object, {0, static_cast<std::size_t>(as_view(object)->size)})
               : nullptr;
  }
  if (!PyObject_CheckBuffer(object)) {
    raise_type("a bytes-like object is required, not '%U'", object);
    return nullptr;
  }
  const Reference memoryview(PyMemoryView_FromObject(object));
  Py_buffer buffer{};
  if (!memoryview || PyObject_GetBuffer(memoryview.get(), &buffer, PyBUF_SIMPLE) != 0) {
    return nullptr;
  }
  PyObject* const view = make_view(state, memoryview.get(), static_cast<std::byte*>(buffer.buf),
                                   buffer.len, buffer.readonly != 0);
  PyBuffer_Release(&buffer);
  return view;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(as_view(self)->memoryview);
  return 0;
}

int clear(PyObject* self) {
  if (as_view(self)->exports == 0) Py_CLEAR(as_view(self)->memoryview);
  return 0;
}

void destroy(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (as_view(self)->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  Py_CLEAR(as_view(self)->memoryview);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

PyObject* release(PyObject* self, PyObject*) {
  const Py_ssize_t exports = as_view(self)->exports;
  if (exports > 0) {
    PyErr_Format(PyExc_BufferError, "ByteView has %zd exported buffer%s", exports,
                 exports == 1 ? "" : "s");
    return nullptr;
  }
  Py_CLEAR(as_view(self)->memoryview);
  Py_RETURN_NONE;
}

PyObject* enter(PyObject* self, PyObject*) {
  return check(self) ? Py_NewRef(self) : nullptr;
}

PyObject* leave(PyObject* self, PyObject*) {
  return release(self, nullptr);
}

// --- conversion ----------------------------------------------------------------------------------

PyObject* tobytes(PyObject* self, PyObject*) {
  Hold bytes;
  if (!bytes.acquire(self)) return nullptr;
  PyObject* const copy = PyBytes_FromStringAndSize(bytes.span().as_chars().data(),
                                                   static_cast<Py_ssize_t>(bytes.span().size()));
  if (copy != nullptr) detail::count_copied(CopyReason::GetValue, bytes.span().size());
  return copy;
}

PyObject* tolist(PyObject* self, PyObject*) {
  return PySequence_List(self);
}

PyObject* toreadonly(PyObject* self, PyObject*) {
  if (!check(self)) return nullptr;
  const ByteViewObject* const view = as_view(self);
  return make_view(*view->state, view->memoryview, view->data, view->size, true);
}

PyObject* cast(PyObject* self, PyObject* arguments, PyObject* keywords) {
  const Reference memoryview(PyMemoryView_FromObject(self));
  if (!memoryview) return nullptr;
  const Reference method(PyObject_GetAttrString(memoryview.get(), "cast"));
  return method ? PyObject_Call(method.get(), arguments, keywords) : nullptr;
}

PyObject* represent(PyObject* self) {
  const ByteViewObject* const view = as_view(self);
  if (view->memoryview == nullptr) {
    return PyUnicode_FromFormat("<released quire.ByteView at %p>", self);
  }
  return PyUnicode_FromFormat("<quire.ByteView of %zd bytes at %p%s>", view->size, self,
                              view->readonly ? ", read-only" : "");
}

// --- items ---------------------------------------------------------------------------------------

Py_ssize_t length(PyObject* self) {
  return check(self) ? as_view(self)->size : -1;
}

/// Sets IndexError when it returns false.
bool check_index(PyObject* self, Py_ssize_t index) {
  if (index >= 0 && index < as_view(self)->size) return true;
  PyErr_SetString(PyExc_IndexError, "index out of range");
  return false;
}

PyObject* item(PyObject* self, Py_ssize_t index) {
  if (!check(self) || !check_index(self, index)) return nullptr;
  return PyLong_FromLong(std::to_integer<long>(as_view(self)->data[index]));
}

struct Slice {
  Py_ssize_t start;
  Py_ssize_t stop;
  Py_ssize_t step;

  [[nodiscard]] bool read(PyObject* key) { return PySlice_Unpack(key, &start, &stop, &step) == 0; }

  /// REQUIRES: the view cannot change any more
  [[nodiscard]] std::size_t resolve(Py_ssize_t size) {
    return static_cast<std::size_t>(PySlice_AdjustIndices(size, &start, &stop, step));
  }
};

/// False with an exception set.
bool read_index(PyObject* self, PyObject* key, Py_ssize_t* index) {
  if (!PyIndex_Check(key)) {
    raise_type("byte indices must be integers or slices, not %U", key);
    return false;
  }
  *index = PyNumber_AsSsize_t(key, PyExc_IndexError);
  if (*index == -1 && PyErr_Occurred() != nullptr) return false;
  if (!check(self)) return false;
  if (*index < 0) *index += as_view(self)->size;
  return check_index(self, *index);
}

PyObject* subscript(PyObject* self, PyObject* key) {
  if (!PySlice_Check(key)) {
    Py_ssize_t index = 0;
    return read_index(self, key, &index) ? item(self, index) : nullptr;
  }
  Slice slice{};
  Hold bytes;
  if (!slice.read(key) || !bytes.acquire(self)) return nullptr;
  const std::size_t count = slice.resolve(as_view(self)->size);
  if (slice.step == 1) {
    return ByteViewType::piece(self, {static_cast<std::size_t>(slice.start), count});
  }
  return guarded([&] {
    return wrap_bytes(
        ByteViewType::state(self), detail::make_bytes(count, [&](std::byte* to) {
          algo::copy_strided(to, bytes.span().data(), {slice.start, slice.step, count});
        }));
  });
}

int assign_item(PyObject* self, PyObject* key, PyObject* value) {
  if (!PyIndex_Check(value)) {
    raise_type("an integer is required, not '%U'", value);
    return -1;
  }
  const Py_ssize_t byte = PyNumber_AsSsize_t(value, nullptr);
  if (byte == -1 && PyErr_Occurred() != nullptr) return -1;
  if (byte < 0 || byte > 255) {
    PyErr_SetString(PyExc_ValueError, "byte must be in range(0, 256)");
    return -1;
  }
  Py_ssize_t index = 0;
  if (!read_index(self, key, &index)) return -1;
  as_view(self)->data[index] = static_cast<std::byte>(byte);
  return 0;
}

/// Every `step`th byte; `source` may be the same memory.
void copy_to_strided(std::byte* to, std::ptrdiff_t step, ByteSpan source) {
  const std::vector<std::byte> copy(source.begin(), source.end());
  for (std::size_t i = 0; i < copy.size(); ++i) {
    to[static_cast<std::ptrdiff_t>(i) * step] = copy[i];
  }
}

int assign_slice(PyObject* self, PyObject* key, PyObject* value) {
  Slice slice{};
  ByteArgument source;
  Hold bytes;
  if (!slice.read(key) || !source.acquire(value) || !bytes.acquire(self)) return -1;
  const std::size_t count = slice.resolve(as_view(self)->size);
  if (source.span().size() != count) {
    PyErr_Format(PyExc_ValueError, "ByteView assignment: %zu bytes cannot become %zu", count,
                 source.span().size());
    return -1;
  }
  if (count == 0) return 0;
  std::byte* const to = as_view(self)->data + slice.start;
  if (slice.step != 1) {
    return guarded_void([&] { copy_to_strided(to, slice.step, source.span()); }) ? 0 : -1;
  }
  std::memmove(to, source.span().data(), count);
  detail::count_copied(CopyReason::Caller, count);
  return 0;
}

int assign(PyObject* self, PyObject* key, PyObject* value) {
  if (!check(self)) return -1;
  if (as_view(self)->readonly) {
    PyErr_SetString(PyExc_TypeError, "cannot modify read-only memory");
    return -1;
  }
  if (value == nullptr) {
    PyErr_SetString(PyExc_TypeError, "cannot delete memory");
    return -1;
  }
  return PySlice_Check(key) ? assign_slice(self, key, value) : assign_item(self, key, value);
}

// --- protocols -----------------------------------------------------------------------------------

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  if (as_view(self)->memoryview == nullptr) {
    if (operation != Py_EQ && operation != Py_NE) Py_RETURN_NOTIMPLEMENTED;
    return PyBool_FromLong((self == other) == (operation == Py_EQ) ? 1 : 0);
  }
  Comparable bytes;
  Hold text;
  if (!bytes.acquire(ByteViewType::state(self), other, operation)) Py_RETURN_NOTIMPLEMENTED;
  if (!text.acquire(self)) return nullptr;
  return compare_bytes(text.span(), bytes.span(), operation);
}

Py_hash_t hash(PyObject* self) {
  ByteViewObject* const view = as_view(self);
  if (!check(self)) return -1;
  if (view->hash != -1) return view->hash;
  Bytes shared;
  bool frozen = false;
  if (view->readonly &&
      !guarded_void([&] { frozen = share_frozen(*view->state, self, &shared); })) {
    return -1;
  }
  if (!frozen) {
    PyErr_SetString(PyExc_ValueError, "cannot hash a ByteView of memory that can change");
    return -1;
  }
  view->hash = hash_bytes(shared.span());
  return view->hash;
}

int export_buffer(PyObject* self, Py_buffer* view, int flags) {
  if (!check(self)) {
    view->obj = nullptr;
    return -1;
  }
  ByteViewObject* const exporter = as_view(self);
  if (PyBuffer_FillInfo(view, self, exporter->data, exporter->size, exporter->readonly ? 1 : 0,
                        flags) != 0) {
    return -1;
  }
  ++exporter->exports;
  return 0;
}

void release_buffer(PyObject* self, Py_buffer*) {
  --as_view(self)->exports;
}

PyObject* get_obj(PyObject* self, void*) {
  return check(self) ? PyObject_GetAttrString(as_view(self)->memoryview, "obj") : nullptr;
}

PyObject* get_readonly(PyObject* self, void*) {
  return check(self) ? PyBool_FromLong(as_view(self)->readonly ? 1 : 0) : nullptr;
}

PyObject* get_nbytes(PyObject* self, void*) {
  return check(self) ? PyLong_FromSsize_t(as_view(self)->size) : nullptr;
}

PyDoc_STRVAR(
    byte_view_doc,
    "ByteView(object, /)\n--\n\n"
    "The bytes of any object that exports a buffer without gaps, in place: a memoryview\n"
    "with all that bytes can do.\n\n"
    "Slices with step 1, and what split, strip, partition and their like return, are views\n"
    "of the same memory; slices with another step are quire.Bytes. Items are ints, whatever\n"
    "the exporter's format; cast() makes a memoryview of numbers.\n\n"
    "Writable if the exporter is: view[i] = int, view[i:j] = bytes of the same size, which\n"
    "may overlap. Hashable if read-only over bytes or quire.Bytes.\n\n"
    "Raises TypeError for an object that is not bytes-like, BufferError for one with gaps,\n"
    "ValueError from all methods once released.");

auto methods =
    joined(vocabulary_methods<ByteViewType>(),
           std::to_array<PyMethodDef>({
               {"tobytes", as_method(tobytes), METH_NOARGS,
                "tobytes($self, /)\n--\n\nA copy as a bytes object."},
               {"tolist", as_method(tolist), METH_NOARGS,
                "tolist($self, /)\n--\n\nThe bytes as a list of ints."},
               {"toreadonly", as_method(toreadonly), METH_NOARGS,
                "toreadonly($self, /)\n--\n\nA read-only view of the same bytes."},
               {"cast", as_method(cast), METH_VARARGS | METH_KEYWORDS,
                "cast($self, /, format, shape=...)\n--\n\n"
                "A memoryview of the same bytes as numbers, as memoryview.cast() makes it."},
               {"release", as_method(release), METH_NOARGS,
                "release($self, /)\n--\n\n"
                "Lets go of the exporter, as far as this view is concerned; slices stay.\n"
                "Raises BufferError while a buffer of the view itself is in use."},
               {"__enter__", as_method(enter), METH_NOARGS, "This view."},
               {"__exit__", as_method(leave), METH_VARARGS, "As release()."},
           }));

PyGetSetDef properties[] = {
    {"obj", get_obj, nullptr, "The object whose memory this is.", nullptr},
    {"readonly", get_readonly, nullptr, "Whether the bytes cannot be assigned to.", nullptr},
    {"nbytes", get_nbytes, nullptr, "Bytes in the view, as len().", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ByteViewObject, weak_references), READONLY,
     nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot byte_view_slots[] = {
    {Py_tp_doc, const_cast<char*>(byte_view_doc)},
    {Py_tp_new, as_slot(construct)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_traverse, as_slot(traverse)},
    {Py_tp_clear, as_slot(clear)},
    {Py_tp_methods, methods.data()},
    {Py_tp_getset, properties},
    {Py_tp_members, members},
    {Py_tp_repr, as_slot(represent)},
    {Py_tp_hash, as_slot(hash)},
    {Py_tp_richcompare, as_slot(compare)},
    {Py_tp_iter, as_slot(PySeqIter_New)},
    {Py_sq_length, as_slot(length)},
    {Py_sq_item, as_slot(item)},
    {Py_sq_contains, as_slot(Vocabulary::contains)},
    {Py_mp_length, as_slot(length)},
    {Py_mp_subscript, as_slot(subscript)},
    {Py_mp_ass_subscript, as_slot(assign)},
    {Py_bf_getbuffer, as_slot(export_buffer)},
    {Py_bf_releasebuffer, as_slot(release_buffer)},
    {0, nullptr},
};

PyType_Spec byte_view_spec = {
    "quire.ByteView",
    sizeof(ByteViewObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    byte_view_slots,
};

}  // namespace

PyObject* memoryview_of(ModuleState& state, PyObject* object) noexcept {
  if (reinterpret_cast<PyObject*>(Py_TYPE(object)) != state.byte_view_type) return nullptr;
  return as_view(object)->memoryview;
}

bool add_byte_view(PyObject* module, ModuleState& state) {
  return add_type(module, byte_view_spec, nullptr, &state.byte_view_type);
}

}  // namespace quire::python
