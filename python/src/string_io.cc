// quire.StringIO: io.StringIO over the core's StringIO.
//
// The core keeps UTF-8. Lone surrogates, which Python's str can hold and UTF-8 cannot, are kept in the
// three bytes that they would have.
//
// Lifetime: as Python's. Thread: the interpreter's lock.
#include "quire/string_io.h"

#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "argument.h"
#include "byte_arguments.h"
#include "errors.h"
#include "module_state.h"
#include "own_type.h"
#include "python_api.h"
#include "traced.h"

namespace quire::python {

namespace {

struct Text : quire::StringIO {
  using StringIO::put;
  using StringIO::StringIO;
  using StringIO::unchecked_write;
};

/// Begins as the interpreter's own IOBase does, which finds its members there.
struct StringIOObject {
  PyObject_HEAD PyObject* dict;
  PyObject* weak_references;
  PyObject* newline;  // as it was given; null before __init__
  std::size_t told;   // bytes of memory that tracemalloc was told of
  Text text;
};

StringIOObject* as_stream(PyObject* object) noexcept {
  return reinterpret_cast<StringIOObject*>(object);
}

/// The text of a stream that is open; null with ValueError set.
Text* open_text(PyObject* object) noexcept {
  StringIOObject* const self = as_stream(object);
  if (self->newline == nullptr) {
    PyErr_SetString(PyExc_ValueError, "I/O operation on uninitialized object");
    return nullptr;
  }
  if (self->text.closed()) {
    PyErr_SetString(PyExc_ValueError, "I/O operation on closed file");
    return nullptr;
  }
  return &self->text;
}

/// Tells tracemalloc what memory the stream has now.
void trace(StringIOObject* self) noexcept {
  const std::size_t size = self->text.retained_bytes();
  if (std::exchange(self->told, size) == size) return;
  if (size != 0) {
    trace_memory(self, size);
  } else {
    untrace_memory(self);
  }
}

PyObject* to_str(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogatepass");
}

/// `call(self->text, text)` with the UTF-8 of a str. False with an exception set.
template <class Call>
bool with_utf8(StringIOObject* self, PyObject* str, Call&& call) {
  const Reference bytes(PyUnicode_AsEncodedString(str, "utf-8", "surrogatepass"));
  if (!bytes) return false;
  const std::string_view text(PyBytes_AsString(bytes.get()),
                              static_cast<std::size_t>(PyBytes_Size(bytes.get())));
  const bool good = guarded_void([&] { call(self->text, text); });
  trace(self);
  return good;
}

// --- life ----------------------------------------------------------------------------------------

PyObject* construct(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  PyObject* const object = allocate(type);
  if (object != nullptr) new (&as_stream(object)->text) Text();
  return object;
}

int traverse(PyObject* object, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(as_stream(object)->dict);
  return 0;
}

int clear(PyObject* object) noexcept {
  Py_CLEAR(as_stream(object)->dict);
  return 0;
}

void destroy(PyObject* object) noexcept {
  StringIOObject* const self = as_stream(object);
  PyObject_GC_UnTrack(object);
  if (self->weak_references != nullptr) PyObject_ClearWeakRefs(object);
  clear(object);
  Py_CLEAR(self->newline);
  if (self->told != 0) untrace_memory(self);
  self->text.~Text();
  deallocate(object);
}

/// What is at fault is named first, as the interpreter's own StringIO does.
bool check_str(const char* what, PyObject* object) {
  if (object == Py_None || PyUnicode_Check(object)) return true;
  const Reference name = type_name(object);
  if (name) PyErr_Format(PyExc_TypeError, "%s must be str or None, not %U", what, name.get());
  return false;
}

/// Starts again, empty. False with an exception set.
bool start(StringIOObject* self, PyObject* newline) {
  const auto begin = [&](Newline ending) {
    const bool good = guarded_void([&] { self->text = Text(std::string_view(), ending); });
    trace(self);
    return good;
  };
  if (newline == Py_None) return begin(std::nullopt);
  const Reference utf8(PyUnicode_AsEncodedString(newline, "utf-8", "surrogatepass"));
  if (!utf8) return false;
  const std::string_view ending(PyBytes_AsString(utf8.get()),
                                static_cast<std::size_t>(PyBytes_Size(utf8.get())));
  for (const std::string_view known : {"", "\n", "\r", "\r\n"}) {
    if (ending == known) return begin(ending);
  }
  PyErr_Format(PyExc_ValueError, "illegal newline value: %R", newline);
  return false;
}

int init(PyObject* object, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"initial_value", "newline", nullptr};
  PyObject* initial = nullptr;
  PyObject* newline = nullptr;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|OO:StringIO", const_cast<char**>(names),
                                   &initial, &newline)) {
    return -1;
  }
  if ((newline != nullptr && !check_str("newline", newline)) ||
      (initial != nullptr && !check_str("initial_value", initial))) {
    return -1;
  }
  StringIOObject* const self = as_stream(object);
  const Reference used(newline != nullptr ? Py_NewRef(newline) : PyUnicode_FromString("\n"));
  if (!used || !start(self, used.get())) return -1;
  Py_XDECREF(std::exchange(self->newline, Py_NewRef(used.get())));
  if (initial == nullptr || initial == Py_None) return 0;
  const bool good = with_utf8(self, initial, [](Text& text, std::string_view utf8) {
    text.unchecked_write(utf8);
    text.seek(0);
  });
  return good ? 0 : -1;
}

// --- reading and writing -------------------------------------------------------------------------

PyObject* read(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t size = -1;
  if (!read_size_argument("read", arguments, count, &size)) return nullptr;
  Text* const text = open_text(self);
  return text != nullptr ? guarded([&] { return to_str(text->read(size)); }) : nullptr;
}

PyObject* readline(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t size = -1;
  if (!read_size_argument("readline", arguments, count, &size)) return nullptr;
  Text* const text = open_text(self);
  return text != nullptr ? guarded([&] { return to_str(text->readline(size)); }) : nullptr;
}

PyObject* iterate(PyObject* self) noexcept {
  Text* const text = open_text(self);
  if (text == nullptr) return nullptr;
  Reference line;
  if (own_type(Py_TYPE(self), destroy) == Py_TYPE(self)) {
    line = Reference(guarded([&] { return to_str(text->readline()); }));
  } else {
    // A subclass may have lines of its own.
    line = Reference(PyObject_CallMethod(self, "readline", nullptr));
    if (line && !PyUnicode_Check(line.get())) {
      const Reference name = type_name(line.get());
      if (name) {
        PyErr_Format(PyExc_OSError, "readline() should have returned a str object, not '%U'",
                     name.get());
      }
      return nullptr;
    }
  }
  return line && PyUnicode_GetLength(line.get()) != 0 ? line.detach() : nullptr;
}

PyObject* write(PyObject* self, PyObject* data) noexcept {
  if (!PyUnicode_Check(data)) {
    raise_type("string argument expected, got '%U'", data);
    return nullptr;
  }
  if (open_text(self) == nullptr) return nullptr;
  const auto write = [](Text& text, std::string_view utf8) { text.unchecked_write(utf8); };
  if (!with_utf8(as_stream(self), data, write)) return nullptr;
  return PyLong_FromSsize_t(PyUnicode_GetLength(data));
}

PyObject* getvalue(PyObject* self, PyObject*) noexcept {
  const Text* const text = open_text(self);
  return text != nullptr ? guarded([&] { return to_str(text->getvalue()); }) : nullptr;
}

// --- position ------------------------------------------------------------------------------------

PyObject* tell(PyObject* self, PyObject*) noexcept {
  const Text* const text = open_text(self);
  return text != nullptr ? PyLong_FromSize_t(text->tell()) : nullptr;
}

PyObject* truncate(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Text* const text = open_text(self);
  if (text == nullptr) return nullptr;
  auto size = static_cast<Py_ssize_t>(text->tell());
  if (!read_size_argument("truncate", arguments, count, &size)) return nullptr;
  if (size < 0) {
    PyErr_Format(PyExc_ValueError, "Negative size value %zd", size);
    return nullptr;
  }
  return guarded([&] { return PyLong_FromSize_t(text->truncate(static_cast<std::size_t>(size))); });
}

PyObject* seek(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t offset = 0;
  int whence = 0;
  if (!check_count("seek", count, 1, 2) || !read_offset(arguments[0], &offset) ||
      (count == 2 && !read_whence(arguments[1], &whence))) {
    return nullptr;
  }
  Text* const text = open_text(self);
  if (text == nullptr) return nullptr;
  if (whence < 0 || whence > 2) {
    PyErr_Format(PyExc_ValueError, "Invalid whence (%i, should be 0, 1 or 2)", whence);
    return nullptr;
  }
  if (whence == 0 && offset < 0) {
    PyErr_Format(PyExc_ValueError, "Negative seek position %zd", offset);
    return nullptr;
  }
  if (whence != 0 && offset != 0) {
    PyErr_SetString(PyExc_OSError, "Can't do nonzero cur-relative seeks");
    return nullptr;
  }
  return guarded(
      [&] { return PyLong_FromSize_t(text->seek(offset, static_cast<Whence>(whence))); });
}

PyObject* close(PyObject* self, PyObject*) noexcept {
  as_stream(self)->text.close();
  trace(as_stream(self));
  Py_RETURN_NONE;
}

PyObject* yes(PyObject* self, PyObject*) noexcept {
  if (open_text(self) == nullptr) return nullptr;
  Py_RETURN_TRUE;
}

// --- pickling ------------------------------------------------------------------------------------

PyObject* getstate(PyObject* object, PyObject*) noexcept {
  const Reference value(getvalue(object, nullptr));
  if (!value) return nullptr;
  StringIOObject* const self = as_stream(object);
  const Reference dict(self->dict == nullptr ? Py_NewRef(Py_None) : PyDict_Copy(self->dict));
  if (!dict) return nullptr;
  return Py_BuildValue("(OOnO)", value.get(), self->newline,
                       static_cast<Py_ssize_t>(self->text.tell()), dict.get());
}

/// The position of a state. False with an exception set.
bool read_state_position(PyObject* object, Py_ssize_t* position) {
  if (!PyLong_Check(object)) {
    raise_type("third item of state must be an integer, got %U", object);
    return false;
  }
  *position = PyLong_AsSsize_t(object);
  if (*position == -1 && PyErr_Occurred() != nullptr) return false;
  if (*position >= 0) return true;
  PyErr_SetString(PyExc_ValueError, "position value cannot be negative");
  return false;
}

bool restore_attributes(PyObject* object, PyObject* attributes) {
  if (attributes == Py_None) return true;
  if (!PyDict_Check(attributes)) {
    raise_type("fourth item of state should be a dict, got a %U", attributes);
    return false;
  }
  const Reference dict(PyObject_GetAttrString(object, "__dict__"));
  return dict && PyDict_Update(dict.get(), attributes) == 0;
}

PyObject* setstate(PyObject* object, PyObject* state) noexcept {
  StringIOObject* const self = as_stream(object);
  if (self->text.closed()) {
    PyErr_SetString(PyExc_ValueError, "__setstate__ on closed file");
    return nullptr;
  }
  if (!PyTuple_Check(state) || PyTuple_Size(state) < 4) {
    const Reference name = type_name(object);
    const Reference got = type_name(state);
    if (name && got) {
      PyErr_Format(PyExc_TypeError, "%U.__setstate__ argument should be 4-tuple, got %U",
                   name.get(), got.get());
    }
    return nullptr;
  }
  PyObject* const value = PyTuple_GetItem(state, 0);
  PyObject* const newline = PyTuple_GetItem(state, 1);
  Py_ssize_t position = 0;
  if (!check_str("initial_value", value) || !check_str("newline", newline) ||
      !read_state_position(PyTuple_GetItem(state, 2), &position) || !start(self, newline)) {
    return nullptr;
  }
  Py_XDECREF(std::exchange(self->newline, Py_NewRef(newline)));
  // As it is: the line endings in it have been translated once.
  const auto put = [](Text& text, std::string_view utf8) { text.put(utf8); };
  const bool good = value == Py_None || with_utf8(self, value, put);
  if (!good || !guarded_void([&] { self->text.seek(position); }) ||
      !restore_attributes(object, PyTuple_GetItem(state, 3))) {
    return nullptr;
  }
  Py_RETURN_NONE;
}

// --- attributes ----------------------------------------------------------------------------------

PyObject* get_closed(PyObject* self, void*) noexcept {
  if (as_stream(self)->newline == nullptr) {
    PyErr_SetString(PyExc_ValueError, "I/O operation on uninitialized object");
    return nullptr;
  }
  return PyBool_FromLong(as_stream(self)->text.closed() ? 1 : 0);
}

PyObject* get_line_buffering(PyObject* self, void*) noexcept {
  if (open_text(self) == nullptr) return nullptr;
  Py_RETURN_FALSE;
}

/// None, one line ending, or a tuple of several.
PyObject* get_newlines(PyObject* self, void*) noexcept {
  const Text* const text = open_text(self);
  if (text == nullptr) return nullptr;
  return guarded([&]() -> PyObject* {
    const std::vector<std::string_view> seen = text->newlines();
    if (seen.empty()) Py_RETURN_NONE;
    if (seen.size() == 1) return to_str(seen[0]);
    Reference tuple(PyTuple_New(static_cast<Py_ssize_t>(seen.size())));
    for (std::size_t i = 0; tuple && i < seen.size(); ++i) {
      if (PyTuple_SetItem(tuple.get(), static_cast<Py_ssize_t>(i), to_str(seen[i])) < 0) {
        return nullptr;
      }
    }
    return tuple.detach();
  });
}

PyDoc_STRVAR(string_io_doc,
             "StringIO(initial_value='', newline='\\n')\n--\n\n"
             "Text in memory: io.StringIO, kept as UTF-8, so that ASCII takes a byte a character\n"
             "whatever else is written. Positions are characters. newline is as for open(), but\n"
             "its default is '\\n', which translates nothing.\n\n"
             "Methods but close() raise ValueError once it is closed.");

PyMethodDef methods[] = {
    {"read", as_method(read), METH_FASTCALL,
     "read($self, size=-1, /)\n--\n\n"
     "Up to size characters from the position on; all that are left when negative or None."},
    {"readline", as_method(readline), METH_FASTCALL,
     "readline($self, size=-1, /)\n--\n\n"
     "Up to and with the next line ending, size characters at most; '' at the end."},
    {"write", as_method(write), METH_O,
     "write($self, s, /)\n--\n\n"
     "Writes s at the position; how many characters it has. TypeError if it is no str."},
    {"getvalue", as_method(getvalue), METH_NOARGS,
     "getvalue($self, /)\n--\n\nAll text, wherever the position is."},
    {"tell", as_method(tell), METH_NOARGS, "tell($self, /)\n--\n\nThe position, in characters."},
    {"seek", as_method(seek), METH_FASTCALL,
     "seek($self, pos, whence=0, /)\n--\n\n"
     "Moves to pos from the beginning (0), stays (1, with pos 0), or moves to the end (2, with "
     "pos\n"
     "0); the new position."},
    {"truncate", as_method(truncate), METH_FASTCALL,
     "truncate($self, pos=None, /)\n--\n\nCuts the text at pos, or at the position; pos."},
    {"close", as_method(close), METH_NOARGS, "close($self, /)\n--\n\nLets go of the text."},
    {"readable", as_method(yes), METH_NOARGS, "readable($self, /)\n--\n\nTrue."},
    {"writable", as_method(yes), METH_NOARGS, "writable($self, /)\n--\n\nTrue."},
    {"seekable", as_method(yes), METH_NOARGS, "seekable($self, /)\n--\n\nTrue."},
    {"__getstate__", as_method(getstate), METH_NOARGS, "For pickle."},
    {"__setstate__", as_method(setstate), METH_O, "For pickle."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"closed", get_closed, nullptr, "Whether close() was called.", nullptr},
    {"newlines", get_newlines, nullptr,
     "The line endings that were translated or seen: None, one of them, or a tuple.", nullptr},
    {"line_buffering", get_line_buffering, nullptr, "False.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot string_io_slots[] = {
    {Py_tp_doc, const_cast<char*>(string_io_doc)},
    {Py_tp_new, as_slot(construct)},
    {Py_tp_init, as_slot(init)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_traverse, as_slot(traverse)},
    {Py_tp_clear, as_slot(clear)},
    {Py_tp_iternext, as_slot(iterate)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, nullptr},
};

PyType_Spec string_io_spec = {
    "quire.StringIO",
    sizeof(StringIOObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    string_io_slots,
};

}  // namespace

bool add_string_io(PyObject* module, ModuleState& state) {
  return add_io_type(module, string_io_spec, "TextIOBase", &state.string_io_type);
}

}  // namespace quire::python
