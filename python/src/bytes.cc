// quire.Bytes: immutable bytes that share memory.
#include "bytes.h"

#include <cstddef>
#include <new>

#include <structmember.h>

#include "byte_view.h"
#include "byte_vocabulary.h"
#include "errors.h"
#include "own_type.h"
#include "python_block.h"
#include "quire/byte_span.h"
#include "quire/detail/bytes_algorithms.h"
#include "traced.h"
#include "vocabulary_methods.h"

namespace quire::python {

namespace {

struct BytesObject {
  PyObject_HEAD ModuleState* state;  // of the module, which the type keeps alive
  PyObject* weak_references;
  Py_hash_t hash;  // -1: not asked for yet
  bool traced;     // whether tracemalloc was told of the memory
  Bytes bytes;
};

BytesObject* as_bytes(PyObject* object) noexcept {
  return reinterpret_cast<BytesObject*>(object);
}

void destroy(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  if (as_bytes(self)->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  if (as_bytes(self)->traced) untrace_memory(self);
  as_bytes(self)->bytes.~Bytes();
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

PyObject* wrap_as(ModuleState& state, PyTypeObject* type, Bytes bytes) noexcept {
  const auto allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject* const object = allocate(type, 0);
  if (object == nullptr) return nullptr;
  as_bytes(object)->state = &state;
  as_bytes(object)->hash = -1;
  const Bytes& held = *new (&as_bytes(object)->bytes) Bytes(std::move(bytes));
  detail::Block* const block = held.block();
  if (block != nullptr && block->unique() && !belongs_to_python(*block)) {
    // Who is the first to hold a block of the core's answers for it, unless it does so itself.
    if (block->kind->memory != nullptr) {
      trace_block(*block);
    } else {
      as_bytes(object)->traced = trace_memory(object, held.size());
    }
  }
  return object;
}

struct BytesType {
  class Hold {
   public:
    [[nodiscard]] bool acquire(PyObject* self) noexcept {
      span_ = as_bytes(self)->bytes.span();
      return true;
    }

    [[nodiscard]] ByteSpan span() const noexcept { return span_; }

   private:
    ByteSpan span_;
  };

  static ModuleState& state(PyObject* self) noexcept { return *as_bytes(self)->state; }

  static bool exact(PyObject* self) noexcept {
    return reinterpret_cast<PyObject*>(Py_TYPE(self)) == state(self).bytes_type;
  }

  static PyObject* piece(PyObject* self, detail::Range part) {
    const Bytes& bytes = as_bytes(self)->bytes;
    if (part.count == bytes.size() && exact(self)) return Py_NewRef(self);
    return wrap_bytes(state(self), bytes.piece(part));
  }
};

using Vocabulary = ByteVocabulary<BytesType>;

// --- construction and conversion -----------------------------------------------------------------

/// Whatever bytes(...) makes of the arguments, which says exactly what is wrong with them.
PyObject* construct_as_bytes(ModuleState& state, PyTypeObject* type, PyObject* arguments,
                             PyObject* keywords) {
  Reference made(PyObject_Call(reinterpret_cast<PyObject*>(&PyBytes_Type), arguments, keywords));
  if (!made) return nullptr;
  if (!PyBytes_CheckExact(made.get())) {  // what a __bytes__ method may return
    made = Reference(
        PyBytes_FromStringAndSize(PyBytes_AsString(made.get()), PyBytes_Size(made.get())));
    if (!made) return nullptr;
  }
  return guarded([&] { return wrap_as(state, type, share_object(made.get())); });
}

PyObject* construct(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  ModuleState& state = state_of(type, destroy);
  if (keywords == nullptr && PyTuple_Size(arguments) == 1) {
    Bytes shared;
    bool frozen = false;
    if (!guarded_void(
            [&] { frozen = share_frozen(state, PyTuple_GetItem(arguments, 0), &shared); })) {
      return nullptr;
    }
    if (frozen) return wrap_as(state, type, std::move(shared));
  }
  return construct_as_bytes(state, type, arguments, keywords);
}

/// Subclasses may hand on to it whatever they were constructed with.
int initialize(PyObject*, PyObject*, PyObject*) {
  return 0;
}

PyObject* tobytes(PyObject* self, PyObject*) {
  return to_python_bytes(as_bytes(self)->bytes);
}

PyObject* fromhex(PyObject* type, PyObject* digits) {
  const Reference bytes(
      PyObject_CallMethod(reinterpret_cast<PyObject*>(&PyBytes_Type), "fromhex", "O", digits));
  return bytes ? PyObject_CallFunctionObjArgs(type, bytes.get(), nullptr) : nullptr;
}

PyObject* maketrans(PyObject*, PyObject* arguments) {
  const Reference function(
      PyObject_GetAttrString(reinterpret_cast<PyObject*>(&PyBytes_Type), "maketrans"));
  return function ? PyObject_CallObject(function.get(), arguments) : nullptr;
}

PyObject* compact(PyObject* self, PyObject*) {
  return guarded([&] {
    Bytes bytes = as_bytes(self)->bytes;
    bytes.compact();
    if (bytes.data() == as_bytes(self)->bytes.data() && BytesType::exact(self)) {
      return Py_NewRef(self);
    }
    return wrap_bytes(BytesType::state(self), std::move(bytes));
  });
}

PyObject* retained_bytes(PyObject* self, void*) {
  return PyLong_FromSize_t(as_bytes(self)->bytes.retained_bytes());
}

PyObject* represent(PyObject* self) {
  const Reference name(
      PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(self)), "__name__"));
  const Reference bytes(tobytes(self, nullptr));
  if (!name || !bytes) return nullptr;
  return PyUnicode_FromFormat("%U(%R)", name.get(), bytes.get());
}

// --- copying and pickling ------------------------------------------------------------------------

/// The attributes of an instance of a subclass; null, without an exception, when it has none.
Reference attributes_of(PyObject* self) {
  if (BytesType::exact(self)) return {};
  Reference attributes(PyObject_GetAttrString(self, "__dict__"));
  if (!attributes) PyErr_Clear();
  return attributes;
}

PyObject* pickle_buffer(PyObject* self) {
#ifdef Py_LIMITED_API
  const Reference module(PyImport_ImportModule("pickle"));
  return module ? PyObject_CallMethod(module.get(), "PickleBuffer", "O", self) : nullptr;
#else
  return PyPickleBuffer_FromObject(self);
#endif
}

/// From protocol 5 on the bytes travel as a PickleBuffer, which need not be copied.
PyObject* reduce(PyObject* self, PyObject* argument) {
  Py_ssize_t protocol = 0;
  if (!read_size(argument, &protocol)) return nullptr;
  const Reference content(protocol >= 5 ? pickle_buffer(self) : tobytes(self, nullptr));
  if (!content) return nullptr;
  const Reference attributes = attributes_of(self);
  PyObject* const type = reinterpret_cast<PyObject*>(Py_TYPE(self));
  return Py_BuildValue("O(O)O", type, content.get(), attributes ? attributes.get() : Py_None);
}

/// A copy of an instance of a subclass, which may have attributes of its own; `memo`: as deepcopy's.
PyObject* copy_subclass(PyObject* self, PyObject* memo) {
  const Reference shared(wrap_bytes(BytesType::state(self), as_bytes(self)->bytes));
  if (!shared) return nullptr;
  Reference copy(PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(Py_TYPE(self)),
                                              shared.get(), nullptr));
  Reference attributes = attributes_of(self);
  if (!copy || !attributes) return copy.detach();
  if (memo != nullptr) {
    const Reference module(PyImport_ImportModule("copy"));
    if (!module) return nullptr;
    attributes =
        Reference(PyObject_CallMethod(module.get(), "deepcopy", "OO", attributes.get(), memo));
    if (!attributes) return nullptr;
  }
  const Reference target(PyObject_GetAttrString(copy.get(), "__dict__"));
  if (!target || PyDict_Update(target.get(), attributes.get()) < 0) return nullptr;
  return copy.detach();
}

PyObject* shallow_copy(PyObject* self, PyObject*) {
  return BytesType::exact(self) ? Py_NewRef(self) : copy_subclass(self, nullptr);
}

PyObject* deep_copy(PyObject* self, PyObject* memo) {
  return BytesType::exact(self) ? Py_NewRef(self) : copy_subclass(self, memo);
}

// --- protocols -----------------------------------------------------------------------------------

Py_ssize_t length(PyObject* self) {
  return static_cast<Py_ssize_t>(as_bytes(self)->bytes.size());
}

PyObject* item(PyObject* self, Py_ssize_t index) {
  const Bytes& bytes = as_bytes(self)->bytes;
  if (index < 0 || static_cast<std::size_t>(index) >= bytes.size()) {
    PyErr_SetString(PyExc_IndexError, "index out of range");
    return nullptr;
  }
  return PyLong_FromLong(std::to_integer<long>(bytes.data()[index]));
}

PyObject* slice(PyObject* self, PyObject* key) {
  Py_ssize_t start = 0;
  Py_ssize_t stop = 0;
  Py_ssize_t step = 0;
  if (PySlice_Unpack(key, &start, &stop, &step) < 0) return nullptr;
  const Bytes& bytes = as_bytes(self)->bytes;
  const Py_ssize_t count = PySlice_AdjustIndices(length(self), &start, &stop, step);
  const auto size = static_cast<std::size_t>(count);
  if (step == 1) return BytesType::piece(self, {static_cast<std::size_t>(start), size});
  return guarded([&] {
    return wrap_bytes(BytesType::state(self), detail::make_bytes(size, [&](std::byte* to) {
                        algo::copy_strided(to, bytes.data(), {start, step, size});
                      }));
  });
}

PyObject* subscript(PyObject* self, PyObject* key) {
  if (PySlice_Check(key)) return slice(self, key);
  if (!PyIndex_Check(key)) {
    raise_type("byte indices must be integers or slices, not %U", key);
    return nullptr;
  }
  const Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
  if (index == -1 && PyErr_Occurred() != nullptr) return nullptr;
  return item(self, index < 0 ? index + length(self) : index);
}

PyObject* concatenate(PyObject* self, PyObject* other) {
  ByteArgument bytes;
  if (!bytes.acquire(other)) {
    const Reference theirs = type_name(other);
    const Reference ours = type_name(self);
    if (!theirs || !ours) return nullptr;
    PyErr_Format(PyExc_TypeError, "can't concat %U to %U", theirs.get(), ours.get());
    return nullptr;
  }
  return guarded([&] {
    return wrap_bytes(BytesType::state(self),
                      algo::concatenate(as_bytes(self)->bytes.span(), bytes.span()));
  });
}

PyObject* repeat(PyObject* self, Py_ssize_t count) {
  if (count == 1 && BytesType::exact(self)) return Py_NewRef(self);
  return guarded([&] {
    return wrap_bytes(BytesType::state(self), algo::repeat(as_bytes(self)->bytes.span(), count));
  });
}

/// `self % values`; only the left operand can be the format.
PyObject* format(PyObject* self, PyObject* values) {
  if (own_type(Py_TYPE(self), destroy) == nullptr) Py_RETURN_NOTIMPLEMENTED;
  const Reference pattern(tobytes(self, nullptr));
  if (!pattern) return nullptr;
  const Reference text(PyNumber_Remainder(pattern.get(), values));
  if (!text) return nullptr;
  return guarded([&] { return wrap_bytes(BytesType::state(self), share_object(text.get())); });
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  Comparable bytes;
  if (!bytes.acquire(BytesType::state(self), other, operation)) Py_RETURN_NOTIMPLEMENTED;
  return compare_bytes(as_bytes(self)->bytes.span(), bytes.span(), operation);
}

Py_hash_t hash(PyObject* self) {
  BytesObject* const object = as_bytes(self);
  if (object->hash == -1) object->hash = hash_bytes(object->bytes.span());
  return object->hash;
}

int export_buffer(PyObject* self, Py_buffer* view, int flags) {
  static std::byte nothing{};
  const Bytes& bytes = as_bytes(self)->bytes;
  auto* const data = bytes.empty() ? &nothing : const_cast<std::byte*>(bytes.data());
  return PyBuffer_FillInfo(view, self, data, static_cast<Py_ssize_t>(bytes.size()), 1, flags);
}

PyDoc_STRVAR(bytes_doc,
             "Bytes(source=b'', encoding=..., errors=...)\n--\n\n"
             "Immutable bytes that share memory.\n\n"
             "Takes what bytes() takes. All that bytes can do works alike, and equals, hashes and\n"
             "sorts as bytes of the same content. Slices with step 1, and what split, strip,\n"
             "partition and their like return, share the memory of the whole and cost no copy;\n"
             "so does Bytes(x) of a bytes object or a read-only view of one.\n\n"
             "Goes wherever a bytes-like object does: file.write, socket.send, hashlib, struct.");

auto methods = joined(
    vocabulary_methods<BytesType>(),
    std::to_array<PyMethodDef>({
        {"tobytes", as_method(tobytes), METH_NOARGS,
         "tobytes($self, /)\n--\n\n"
         "The same as a bytes object. A copy, unless this is the whole of one."},
        {"compact", as_method(compact), METH_NOARGS,
         "compact($self, /)\n--\n\n"
         "The same bytes in memory of their own if they keep more than twice their size alive,\n"
         "otherwise this object."},
        {"fromhex", as_method(fromhex), METH_O | METH_CLASS,
         "fromhex($type, string, /)\n--\n\n"
         "From pairs of hexadecimal digits; whitespace between pairs is skipped.\n"
         "Raises ValueError naming the position of anything else."},
        {"maketrans", as_method(maketrans), METH_VARARGS | METH_STATIC,
         "maketrans(frm, to, /)\n--\n\n"
         "The table that makes translate() turn each byte of frm into the one of to at its place."},
        {"__bytes__", as_method(tobytes), METH_NOARGS, "As tobytes()."},
        {"__copy__", as_method(shallow_copy), METH_NOARGS, "This object: it never changes."},
        {"__deepcopy__", as_method(deep_copy), METH_O, "This object: it never changes."},
        {"__reduce_ex__", as_method(reduce), METH_O,
         "For pickle; from protocol 5 on the bytes can travel out of band."},
    }));

PyGetSetDef properties[] = {
    {"retained_bytes", retained_bytes, nullptr,
     "Bytes of memory that this object keeps alive, shared or not.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(BytesObject, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot bytes_slots[] = {
    {Py_tp_doc, const_cast<char*>(bytes_doc)},
    {Py_tp_new, as_slot(construct)},
    {Py_tp_init, as_slot(initialize)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_methods, methods.data()},
    {Py_tp_getset, properties},
    {Py_tp_members, members},
    {Py_tp_repr, as_slot(represent)},
    {Py_tp_hash, as_slot(hash)},
    {Py_tp_richcompare, as_slot(compare)},
    {Py_tp_iter, as_slot(PySeqIter_New)},
    {Py_sq_length, as_slot(length)},
    {Py_sq_item, as_slot(item)},
    {Py_sq_concat, as_slot(concatenate)},
    {Py_sq_repeat, as_slot(repeat)},
    {Py_sq_contains, as_slot(Vocabulary::contains)},
    {Py_mp_length, as_slot(length)},
    {Py_mp_subscript, as_slot(subscript)},
    {Py_nb_remainder, as_slot(format)},
    {Py_bf_getbuffer, as_slot(export_buffer)},
    {0, nullptr},
};

PyType_Spec bytes_spec = {
    "quire.Bytes",
    sizeof(BytesObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    bytes_slots,
};

}  // namespace

PyObject* wrap_bytes(ModuleState& state, Bytes bytes) noexcept {
  return wrap_as(state, reinterpret_cast<PyTypeObject*>(state.bytes_type), std::move(bytes));
}

const Bytes* unwrap_bytes(ModuleState& state, PyObject* object) noexcept {
  if (!PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(state.bytes_type))) {
    return nullptr;
  }
  return &as_bytes(object)->bytes;
}

PyObject* to_python_bytes(const Bytes& bytes) noexcept {
  PyObject* const whole = object_of(bytes.block());
  if (whole != nullptr && static_cast<std::size_t>(PyBytes_Size(whole)) == bytes.size()) {
    return Py_NewRef(whole);
  }
  PyObject* const copy = PyBytes_FromStringAndSize(bytes.span().as_chars().data(),
                                                   static_cast<Py_ssize_t>(bytes.size()));
  if (copy != nullptr) detail::count_copied(CopyReason::GetValue, bytes.size());
  return copy;
}

Py_hash_t hash_bytes(ByteSpan bytes) noexcept {
  const auto size = static_cast<Py_ssize_t>(bytes.size());
#if !defined(Py_LIMITED_API) && PY_VERSION_HEX < 0x030d0000
  return _Py_HashBytes(bytes.data(), size);
#elif !defined(Py_LIMITED_API) && PY_VERSION_HEX >= 0x030e0000
  return Py_HashBuffer(bytes.data(), size);
#else
  // A read-only view that belongs to no object hashes as its bytes do, in every version.
  static char nothing;
  char* const data =
      size == 0 ? &nothing : const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
  const Reference view(PyMemoryView_FromMemory(data, size, PyBUF_READ));
  return view ? PyObject_Hash(view.get()) : -1;
#endif
}

bool share_frozen(ModuleState& state, PyObject* source, Bytes* shared) {
  if (PyBytes_CheckExact(source)) {
    *shared = share_object(source);
    return true;
  }
  if (PyObject_TypeCheck(source, reinterpret_cast<PyTypeObject*>(state.bytes_type))) {
    *shared = as_bytes(source)->bytes;
    return true;
  }
  ByteArgument part;
  if (!PyObject_CheckBuffer(source) || !part.acquire(source)) {
    PyErr_Clear();  // released, or with gaps
    return false;
  }
  // A view exports itself; others that stand for an object export that.
  Reference owner(Py_NewRef(part.owner()));
  if (owner.get() == source) {
    PyObject* const view = PyMemoryView_Check(source) ? source : memoryview_of(state, source);
    if (view == nullptr) return false;
    owner = Reference(PyObject_GetAttrString(view, "obj"));
    if (!owner) PyErr_Clear();
  }
  Bytes whole;
  if (!owner || !share_frozen(state, owner.get(), &whole)) return false;
  if (part.span().empty()) return true;
  *shared = whole.piece(
      {static_cast<std::size_t>(part.span().data() - whole.data()), part.span().size()});
  return true;
}

bool Comparable::acquire(ModuleState& state, PyObject* object, int operation) noexcept {
  const bool equality = operation == Py_EQ || operation == Py_NE;
  const bool bytes = PyBytes_Check(object) || PyByteArray_Check(object) ||
                     unwrap_bytes(state, object) != nullptr ||
                     memoryview_of(state, object) != nullptr;
  if (!bytes && !(equality && PyMemoryView_Check(object))) return false;
  if (PyObject_GetBuffer(object, &buffer_, PyBUF_FORMAT) != 0) {
    PyErr_Clear();  // released, or with gaps: memoryview compares that itself
    return false;
  }
  // Only a memoryview has a format to speak of; it compares by the values of its items.
  return bytes || buffer_.format == nullptr ||
         (buffer_.format[0] == 'B' && buffer_.format[1] == '\0');
}

PyObject* compare_bytes(ByteSpan a, ByteSpan b, int operation) noexcept {
  if (operation == Py_EQ || operation == Py_NE) {
    return PyBool_FromLong((a == b) == (operation == Py_EQ) ? 1 : 0);
  }
  Py_RETURN_RICHCOMPARE(algo::compare(a, b), 0, operation);
}

bool add_bytes(PyObject* module, ModuleState& state) {
  return add_type(module, bytes_spec, nullptr, &state.bytes_type);
}

}  // namespace quire::python
