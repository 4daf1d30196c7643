// quire.BytesIO over a bytes object: io.BytesIO's methods, call by call.
//
// The order of checks in each method, and every message, is that of the interpreter's own class.
// What quire adds stands in bytes_io_sharing.cc.
#include "bytes_io.h"

#include <algorithm>
#include <cstddef>
#include <mutex>

#include "argument.h"
#include "errors.h"
#include "locked.h"
#include "own_type.h"
#include "quire/ledger.h"
#include "quire/stream.h"
#include "storage_away.h"
#include "versions.h"

namespace quire::python {

namespace {

/// Whole reads of less are copied when sharing would have to cut the storage first.
constexpr Py_ssize_t kSmallRead = 4096;

[[nodiscard]] std::size_t as_size(Py_ssize_t size) noexcept {
  return static_cast<std::size_t>(size);
}

[[nodiscard]] Py_ssize_t left(const BytesIOObject* self) noexcept {
  return self->pos < self->size ? self->size - self->pos : 0;
}

/// CLOSED unless the stream is open; REQUIRES: no `buf`
[[nodiscard]] bool check_core(BytesIOObject* self) noexcept {
  if (self->core != nullptr) return true;
  raise_closed();
  return false;
}

[[nodiscard]] bool check_open(BytesIOObject* self) noexcept {
  if (is_open(self)) [[likely]] {
    return true;
  }
  raise_closed();
  return false;
}

[[nodiscard]] bool check_exports(BytesIOObject* self) noexcept {
  if (self->exports == 0) [[likely]] {
    return true;
  }
  raise_exports();
  return false;
}

/// `buf` itself, which the stream no longer changes in place.
[[nodiscard]] PyObject* hand_out(BytesIOObject* self) noexcept {
  if (is_ours(self->buf)) forget_hash(self->buf);
  quire::detail::count_shared(CopyReason::GetValue, as_size(self->size));
  return Py_NewRef(self->buf);
}

/// The next `size` bytes, which are there, and advances.
[[nodiscard]] PyObject* take(BytesIOObject* self, Py_ssize_t size) noexcept {
  if (size == self->size && size > 1 && self->pos == 0 && self->exports == 0 &&
      (bytes_size(self->buf) == size || size >= kSmallRead)) {
    if (!trim(self)) return nullptr;
    self->pos = size;
    return hand_out(self);
  }
  const Py_ssize_t at = self->pos;
  self->pos += size;
  PyObject* const bytes = copy_out(self, at, size);
  if (bytes == nullptr) [[unlikely]]
    self->pos = at;
  return bytes;
}

/// How long the line at the position is, looking at no more than `limit` bytes unless negative.
[[nodiscard]] Py_ssize_t line_size(const BytesIOObject* self, Py_ssize_t limit) noexcept {
  Py_ssize_t size = left(self);
  if (limit >= 0 && limit < size) size = limit;
  if (size == 0) return 0;
  const char* const start = bytes_data(self->buf) + self->pos;
  const void* const end = std::memchr(start, '\n', as_size(size));
  return end == nullptr ? size : static_cast<const char*>(end) - start + 1;
}

// --- storage -------------------------------------------------------------------------------------

/// Readies [pos, pos + size) for writing: the slow part of a write. False with an exception set.
[[nodiscard]] bool prepare_write(BytesIOObject* self, Py_ssize_t size) noexcept {
  if (self->exports != 0) {
    // A view keeps the size as it is; what stays inside it moves nothing.
    if (self->pos <= self->size && size <= self->size - self->pos) return true;
    raise_exports();
    return false;
  }
  if (size > kMaxBytes || self->pos > kMaxBytes - size) {
    PyErr_SetString(PyExc_OverflowError, "new buffer size too large");
    return false;
  }
  const Py_ssize_t end = self->pos + size;
  const Py_ssize_t room = bytes_size(self->buf);
  if (end > room || !is_ours(self->buf)) {
    const Py_ssize_t needed = std::max(end, self->size);
    // What others have is left for little more than is needed: it will be shared again.
    const Py_ssize_t grown = is_ours(self->buf) ? grown_size(room, needed) : slack_size(needed);
    const Py_ssize_t wanted = end > room ? grown : needed;
    if (!make_own(self, wanted)) {
      if (wanted == needed || !PyErr_ExceptionMatches(PyExc_MemoryError)) return false;
      PyErr_Clear();
      if (!make_own(self, needed)) return false;
    }
  }
  if (self->pos > self->size) {
    std::memset(bytes_data(self->buf) + self->size, 0, as_size(self->pos - self->size));
  }
  return true;
}

[[gnu::noinline]] void put_much(BytesIOObject* self, const Source& source) noexcept {
  char* const target = bytes_data(self->buf) + self->pos;
  const StorageAway away(self);
  std::memcpy(target, source.data, as_size(source.size));
}

void put(BytesIOObject* self, const Source& source) noexcept {
  if (source.size >= kLongCopy && source.frozen && self->exports == 0) [[unlikely]] {
    put_much(self, source);
  } else {
    // With a view alive the data may be the stream's own.
    std::memmove(bytes_data(self->buf) + self->pos, source.data, as_size(source.size));
  }
}

[[nodiscard]] bool write_source(BytesIOObject* self, const Source& source) noexcept {
  if (!over_bytes(self)) [[unlikely]]
    return core_write(self, source);
  if (source.size == 0) return true;
  const std::size_t end = as_size(self->pos) + as_size(source.size);
  if (self->pos > self->size || end > as_size(bytes_size(self->buf)) || !is_ours(self->buf))
      [[unlikely]] {
    if (!prepare_write(self, source.size)) return false;
  }
  put(self, source);
  self->pos = static_cast<Py_ssize_t>(end);
  if (self->pos > self->size) self->size = self->pos;
  quire::detail::count_copied(CopyReason::Caller, as_size(source.size));
  return true;
}

/// Writes what any object exports; the number of bytes, or -1 with an exception set. Acquiring the
/// buffer may run code that closes or exports this very stream: all checks come after it.
[[nodiscard]] Py_ssize_t write_object(BytesIOObject* self, PyObject* data) noexcept {
  if (PyBytes_CheckExact(data)) [[likely]] {
    const Source source{bytes_data(data), bytes_size(data), true};
    return write_source(self, source) ? source.size : -1;
  }
  if (!check_open(self)) return -1;
  Py_buffer buffer;
  if (PyObject_GetBuffer(data, &buffer, PyBUF_CONTIG_RO) != 0) return -1;
  const Py_ssize_t size = buffer.len;
  const bool written = write_source(self, source_of(buffer));
  PyBuffer_Release(&buffer);
  return written ? size : -1;
}

// --- reading -------------------------------------------------------------------------------------

PyObject* read(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t size = -1;
  if (!read_size_argument("read", arguments, count, &size)) return nullptr;
  BytesIOObject* const self = as_stream(object);
  if (!over_bytes(self)) [[unlikely]]
    return core_read(self, size);
  const Py_ssize_t rest = left(self);
  return take(self, size < 0 || size > rest ? rest : size);
}

PyObject* read1(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  if (count > 1 && !check_count("read1", count, 0, 1)) return nullptr;
  return read(object, arguments, count);
}

PyObject* next_line(BytesIOObject* self, Py_ssize_t limit) noexcept {
  const Py_ssize_t size = line_size(self, limit);
  return take(self, size);
}

PyObject* readline(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t limit = -1;
  if (!read_size_argument("readline", arguments, count, &limit)) return nullptr;
  BytesIOObject* const self = as_stream(object);
  if (!over_bytes(self)) [[unlikely]]
    return core_readline(self, limit);
  return next_line(self, limit);
}

PyObject* iterate(PyObject* object) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (!over_bytes(self)) [[unlikely]] {
    Reference line(core_readline(self, -1));
    if (line && PyBytes_Size(line.get()) == 0) return nullptr;
    return line.detach();
  }
  const Py_ssize_t size = line_size(self, -1);
  return size == 0 ? nullptr : take(self, size);
}

/// An int, and nothing else that could be one.
[[nodiscard]] bool read_hint(PyObject* object, Py_ssize_t* hint) noexcept {
  if (object == Py_None) return true;
  if (!PyLong_Check(object)) {
    raise_type("integer argument expected, got '%U'", object);
    return false;
  }
  *hint = PyLong_AsSsize_t(object);
  return *hint != -1 || PyErr_Occurred() == nullptr;
}

PyObject* readlines(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (count > 1 && !check_count("readlines", count, 0, 1)) return nullptr;
  if (!check_open(self)) return nullptr;
  Py_ssize_t hint = -1;
  if (count == 1 && !read_hint(arguments[0], &hint)) return nullptr;
  Reference lines(PyList_New(0));
  if (!lines) return nullptr;
  for (Py_ssize_t total = 0;;) {
    const Reference line(over_bytes(self) ? next_line(self, -1) : core_readline(self, -1));
    if (!line) return nullptr;
    const Py_ssize_t size = PyBytes_Size(line.get());
    if (size == 0) return lines.detach();
    if (PyList_Append(lines.get(), line.get()) != 0) return nullptr;
    total += size;
    if (hint > 0 && total >= hint) return lines.detach();
  }
}

PyObject* readinto(PyObject* object, PyObject* target) noexcept {
  BytesIOObject* const self = as_stream(object);
  Py_buffer buffer;
  if (PyObject_GetBuffer(target, &buffer, PyBUF_WRITABLE) != 0) {
    PyErr_Clear();
    raise_bad_argument("readinto", "read-write bytes-like object", target);
    return nullptr;
  }
  PyObject* result = nullptr;
  if (!over_bytes(self)) [[unlikely]] {
    result = core_readinto(self, buffer);
  } else {
    const Py_ssize_t size = std::min(left(self), buffer.len);
    if (size != 0) {
      // The target may be a view of this stream.
      std::memmove(buffer.buf, bytes_data(self->buf) + self->pos, as_size(size));
      self->pos += size;
      quire::detail::count_copied(CopyReason::Caller, as_size(size));
    }
    result = PyLong_FromSsize_t(size);
  }
  PyBuffer_Release(&buffer);
  return result;
}

PyObject* getvalue(PyObject* object, PyObject*) noexcept {
  return value_of(as_stream(object));
}

// --- writing -------------------------------------------------------------------------------------

PyObject* write(PyObject* object, PyObject* data) noexcept {
  const Py_ssize_t size = write_object(as_stream(object), data);
  return size < 0 ? nullptr : PyLong_FromSsize_t(size);
}

PyObject* writelines(PyObject* object, PyObject* lines) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (!check_open(self)) return nullptr;
  const Reference iterator(PyObject_GetIter(lines));
  if (!iterator) return nullptr;
  for (;;) {
    const Reference line(PyIter_Next(iterator.get()));
    if (!line) break;
    if (write_object(self, line.get()) < 0) return nullptr;
  }
  if (PyErr_Occurred() != nullptr) return nullptr;
  Py_RETURN_NONE;
}

PyObject* truncate(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  BytesIOObject* const self = as_stream(object);
  Py_ssize_t size = -1;
  const bool given = count != 0 && arguments[0] != Py_None;
  if (!read_size_argument("truncate", arguments, count, &size)) return nullptr;
  if (!check_open(self) || !check_exports(self)) return nullptr;
  if (given && size < 0) {
    PyErr_Format(PyExc_ValueError, "negative size value %zd", size);
    return nullptr;
  }
  if (!over_bytes(self)) [[unlikely]]
    return core_truncate(self, given ? size : -1);
  if (!given) size = self->pos;
  if (size < self->size) {
    // Gives memory back only when it is much: the stream may well grow again.
    const Py_ssize_t room = bytes_size(self->buf);
    if (!is_ours(self->buf) || size < room / 2) {
      const Py_ssize_t before = std::exchange(self->size, size);
      if (!make_own(self, size)) {
        self->size = before;
        return nullptr;
      }
    }
    self->size = size;
  }
  return PyLong_FromSsize_t(size);
}

// --- position ------------------------------------------------------------------------------------

/// Where `seek(offset, whence)` leads from `pos` in a stream of `size` bytes; -1 with an exception set.
[[nodiscard]] Py_ssize_t seek_target(Py_ssize_t offset, int whence, Py_ssize_t pos,
                                     Py_ssize_t size) noexcept {
  if (whence == 0) {
    if (offset >= 0) return offset;
    PyErr_Format(PyExc_ValueError, "negative seek value %zd", offset);
    return -1;
  }
  if (whence != 1 && whence != 2) {
    PyErr_Format(PyExc_ValueError, "invalid whence (%i, should be 0, 1 or 2)", whence);
    return -1;
  }
  const Py_ssize_t base = whence == 1 ? pos : size;
  if (offset > PY_SSIZE_T_MAX - base) {
    PyErr_SetString(PyExc_OverflowError, "new position too large");
    return -1;
  }
  return std::max<Py_ssize_t>(base + offset, 0);
}

PyObject* seek(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  if ((count < 1 || count > 2) && !check_count("seek", count, 1, 2)) return nullptr;
  BytesIOObject* const self = as_stream(object);
  Py_ssize_t offset = 0;
  int whence = 0;
  if (!read_offset(arguments[0], &offset)) return nullptr;
  if (count == 2 && !read_whence(arguments[1], &whence)) return nullptr;
  if (!over_bytes(self)) [[unlikely]] {
    if (!check_core(self)) return nullptr;
    quire::BytesIO& stream = *self->core->stream;
    const Py_ssize_t to = seek_target(offset, whence, static_cast<Py_ssize_t>(stream.tell()),
                                      static_cast<Py_ssize_t>(stream.size()));
    return to < 0 ? nullptr : core_seek(self, to);
  }
  const Py_ssize_t to = seek_target(offset, whence, self->pos, self->size);
  if (to < 0) return nullptr;
  self->pos = to;
  return PyLong_FromSsize_t(to);
}

PyObject* tell(PyObject* object, PyObject*) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (!over_bytes(self)) [[unlikely]]
    return core_tell(self);
  return PyLong_FromSsize_t(self->pos);
}

// --- state ---------------------------------------------------------------------------------------

PyObject* unless_closed(PyObject* object, PyObject* result) noexcept {
  return check_open(as_stream(object)) ? Py_NewRef(result) : nullptr;
}

PyObject* answer_true(PyObject* object, PyObject*) noexcept {
  return unless_closed(object, Py_True);
}

PyObject* answer_false(PyObject* object, PyObject*) noexcept {
  return unless_closed(object, Py_False);
}

PyObject* answer_none(PyObject* object, PyObject*) noexcept {
  return unless_closed(object, Py_None);
}

PyObject* close(PyObject* object, PyObject*) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (self->keep_open) Py_RETURN_NONE;
  wait_for_work(self);
  if (!kCloseUnderView && !self->closes_under_view && !check_exports(self)) return nullptr;
  drop_storage(self);
  Py_RETURN_NONE;
}

PyObject* get_closed(PyObject* object, void*) noexcept {
  return PyBool_FromLong(!is_open(as_stream(object)));
}

PyObject* get_keep_open(PyObject* object, void*) noexcept {
  return PyBool_FromLong(as_stream(object)->keep_open);
}

int set_keep_open(PyObject* object, PyObject* value, void*) noexcept {
  if (value == nullptr) {
    PyErr_SetString(PyExc_AttributeError, "keep_open cannot be deleted");
    return -1;
  }
  const int truth = PyObject_IsTrue(value);
  if (truth < 0) return -1;
  as_stream(object)->keep_open = truth != 0;
  return 0;
}

PyObject* get_size(PyObject* object, void*) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (!over_bytes(self)) return core_size(self);
  return PyLong_FromSsize_t(self->size);
}

PyObject* get_state(PyObject* object, PyObject*) noexcept {
  BytesIOObject* const self = as_stream(object);
  const Reference value(value_of(self));
  if (!value) return nullptr;
  const Reference position(tell(object, nullptr));
  if (!position) return nullptr;
  const Reference dict(self->dict == nullptr ? Py_NewRef(Py_None) : PyDict_Copy(self->dict));
  if (!dict) return nullptr;
  return PyTuple_Pack(3, value.get(), position.get(), dict.get());
}

/// The bytes object to start with: `initial` itself, or a copy of what it exports.
[[nodiscard]] PyObject* initial_bytes(PyObject* initial) noexcept {
  if (PyBytes_CheckExact(initial)) return Py_NewRef(initial);
  Py_buffer buffer;
  if (PyObject_GetBuffer(initial, &buffer, PyBUF_CONTIG_RO) != 0) return nullptr;
  PyObject* const bytes =
      PyBytes_FromStringAndSize(static_cast<const char*>(buffer.buf), buffer.len);
  quire::detail::count_copied(CopyReason::Caller, as_size(buffer.len));
  PyBuffer_Release(&buffer);
  return bytes;
}

/// Starts again with `bytes`, position 0, unless the arguments have run code that took a view of this
/// stream. False with BufferError set.
[[nodiscard]] bool restart(BytesIOObject* self, PyObject* bytes) noexcept {
  wait_for_work(self);
  if (!check_exports(self)) return false;
  drop_storage(self);
  begin_with(self, bytes);
  return true;
}

PyObject* set_state(PyObject* object, PyObject* state) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (!PyTuple_Check(state) || PyTuple_Size(state) < 3) {
    const Reference own = type_name(object);
    const Reference given = type_name(state);
    if (own && given) {
      PyErr_Format(PyExc_TypeError, "%U.__setstate__ argument should be 3-tuple, got %U", own.get(),
                   given.get());
    }
    return nullptr;
  }
  if (!check_exports(self) || !check_open(self)) return nullptr;
  const Reference bytes(initial_bytes(PyTuple_GetItem(state, 0)));
  if (!bytes) return nullptr;
  PyObject* const position = PyTuple_GetItem(state, 1);
  if (!PyLong_Check(position)) {
    raise_type("second item of state must be an integer, not %U", position);
    return nullptr;
  }
  const Py_ssize_t pos = PyLong_AsSsize_t(position);
  if (pos == -1 && PyErr_Occurred() != nullptr) return nullptr;
  if (pos < 0) {
    PyErr_SetString(PyExc_ValueError, "position value cannot be negative");
    return nullptr;
  }
  PyObject* const dict = PyTuple_GetItem(state, 2);
  if (dict != Py_None) {
    if (!PyDict_Check(dict)) {
      raise_type("third item of state should be a dict, got a %U", dict);
      return nullptr;
    }
    if (self->dict == nullptr) self->dict = PyDict_New();
    if (self->dict == nullptr || PyDict_Update(self->dict, dict) != 0) return nullptr;
  }
  if (!restart(self, bytes.get())) return nullptr;
  self->pos = pos;
  Py_RETURN_NONE;
}

PyObject* size_in_memory(PyObject* object, PyObject*) noexcept {
  BytesIOObject* const self = as_stream(object);
  std::size_t size = sizeof(BytesIOObject);
  if (over_bytes(self) && (is_ours(self->buf) || self->exports != 0)) {
    size += as_size(bytes_size(self->buf)) + kBytesHeader;
  } else if (self->core != nullptr) {
    size += sizeof(CoreStream) + self->core->stream->retained_bytes();
  }
  return PyLong_FromSize_t(size);
}

// --- construction and destruction ----------------------------------------------------------------

struct Arguments {
  PyObject* initial = nullptr;
  PyObject* keep_open = nullptr;
};

/// Takes one keyword argument. False with an exception set.
[[nodiscard]] bool take_keyword(PyObject* name, PyObject* value, Arguments* arguments) noexcept {
  if (PyUnicode_CompareWithASCIIString(name, "initial_bytes") == 0) {
    arguments->initial = value;
    return true;
  }
  if (PyUnicode_CompareWithASCIIString(name, "keep_open") == 0) {
    arguments->keep_open = value;
    return true;
  }
  PyErr_Format(PyExc_TypeError,
               kUnknownKeywordIsUnexpected ? "BytesIO() got an unexpected keyword argument '%U'"
                                           : "'%U' is an invalid keyword argument for BytesIO()",
               name);
  return false;
}

/// `given` counts what io.BytesIO knows: all arguments but keep_open.
[[nodiscard]] bool check_argument_count(Py_ssize_t given) noexcept {
  if (given <= 1) return true;
  PyErr_Format(PyExc_TypeError, "BytesIO() takes at most 1 argument (%zd given)", given);
  return false;
}

[[nodiscard]] bool is_keep_open(PyObject* name) noexcept {
  return PyUnicode_CompareWithASCIIString(name, "keep_open") == 0;
}

/// What __init__ does. A stream that cannot be started again is left as it was.
[[nodiscard]] bool initialise(BytesIOObject* self, const Arguments& arguments) noexcept {
  if (!check_exports(self)) return false;
  int keep_open = 0;
  if (arguments.keep_open != nullptr) {
    keep_open = PyObject_IsTrue(arguments.keep_open);
    if (keep_open < 0) return false;
  }
  const bool given = arguments.initial != nullptr && arguments.initial != Py_None;
  if (!is_open(self)) {
    // A closed stream opens again for bytes only; for other buffers that is a write.
    if (!given) return true;
    if (!PyBytes_CheckExact(arguments.initial)) {
      raise_closed();
      return false;
    }
  }
  const Reference bytes(given ? initial_bytes(arguments.initial)
                              : PyBytes_FromStringAndSize(nullptr, 0));
  if (!bytes || !restart(self, bytes.get())) return false;
  self->keep_open = keep_open != 0;
  return true;
}

int init(PyObject* object, PyObject* positional, PyObject* keywords) noexcept {
  Arguments arguments;
  Py_ssize_t given = PyTuple_Size(positional);
  if (given != 0) arguments.initial = PyTuple_GetItem(positional, 0);
  if (keywords != nullptr) {
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    for (Py_ssize_t i = 0; PyDict_Next(keywords, &i, &name, &value) != 0;) {
      if (!is_keep_open(name)) ++given;
    }
    if (!check_argument_count(given)) return -1;
    for (Py_ssize_t i = 0; PyDict_Next(keywords, &i, &name, &value) != 0;) {
      if (!take_keyword(name, value, &arguments)) return -1;
    }
  } else if (!check_argument_count(given)) {
    return -1;
  }
  return initialise(as_stream(object), arguments) ? 0 : -1;
}

PyObject* make_empty(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  BytesIOObject* const self = new_stream(type);
  if (self == nullptr) return nullptr;
  self->buf = PyBytes_FromStringAndSize(nullptr, 0);
  if (!over_bytes(self)) {
    Py_DECREF(as_object(self));
    return nullptr;
  }
  return as_object(self);
}

#ifndef Py_LIMITED_API

PyObject* construct_slowly(PyTypeObject* type, PyObject* const* values, Py_ssize_t count,
                           PyObject* names) noexcept {
  Arguments arguments;
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  Py_ssize_t given = count;
  for (Py_ssize_t i = 0; i < named; ++i) given += is_keep_open(PyTuple_GET_ITEM(names, i)) ? 0 : 1;
  if (!check_argument_count(given)) return nullptr;
  if (count != 0) arguments.initial = values[0];
  for (Py_ssize_t i = 0; i < named; ++i) {
    if (!take_keyword(PyTuple_GET_ITEM(names, i), values[count + i], &arguments)) return nullptr;
  }
  Reference self(make_empty(type, nullptr, nullptr));
  if (!self || !initialise(as_stream(self.get()), arguments)) return nullptr;
  return self.detach();
}

/// `BytesIO(...)` of the class itself; subclasses come in by make_empty and init.
PyObject* construct(PyObject* type, PyObject* const* values, std::size_t flags,
                    PyObject* names) noexcept {
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  auto* const own = reinterpret_cast<PyTypeObject*>(type);
  if (names != nullptr || count > 1 ||
      (count == 1 && !PyBytes_CheckExact(values[0]) && values[0] != Py_None)) {
    return construct_slowly(own, values, count, names);
  }
  if (count == 0 || values[0] == Py_None) return make_empty(own, nullptr, nullptr);
  BytesIOObject* const self = new_stream(own);
  if (self != nullptr) begin_with(self, values[0]);
  return as_object(self);
}

#endif

int traverse(PyObject* object, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(as_stream(object)->dict);
  return 0;
}

int clear(PyObject* object) noexcept {
  BytesIOObject* const self = as_stream(object);
  Py_CLEAR(self->dict);
  return 0;
}

void destroy(PyObject* object) noexcept {
  BytesIOObject* const self = as_stream(object);
  PyObject_GC_UnTrack(object);
  if (self->weak_references != nullptr) PyObject_ClearWeakRefs(object);
  Py_XDECREF(self->buf);
  if (self->core != nullptr) [[unlikely]]
    delete self->core;
  Py_XDECREF(self->dict);
  deallocate(object);
}

[[nodiscard]] destructor finalizer_of_base(PyObject* object) noexcept {
  PyTypeObject* const own = own_type(Py_TYPE(object), destroy);
#ifdef Py_LIMITED_API
  auto* const base = static_cast<PyTypeObject*>(PyType_GetSlot(own, Py_tp_base));
  return reinterpret_cast<destructor>(PyType_GetSlot(base, Py_tp_finalize));
#else
  return own->tp_base->tp_finalize;
#endif
}

/// IOBase's own, which closes. A view that is collected together with the stream is no reason not to.
void finalize(PyObject* object) noexcept {
  BytesIOObject* const self = as_stream(object);
  const bool before = std::exchange(self->closes_under_view, true);
  finalizer_of_base(object)(object);
  self->closes_under_view = before;
}

PyObject* getbuffer(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                    PyObject* names) noexcept {
  BytesIOObject* const self = as_stream(object);
  int readonly = 0;
  if (count != 0) {
    if (kGetbufferHasPlainMessage) {
      PyErr_SetString(PyExc_TypeError, "getbuffer() takes no arguments");
    } else {
      PyErr_Format(PyExc_TypeError, "BytesIO.getbuffer() takes no arguments (%zd given)", count);
    }
    return nullptr;
  }
  if (names != nullptr) {
    static constexpr const char* kNames[] = {"readonly"};
    static constexpr Parameters kParameters{"getbuffer", kNames, 1, 0, 0};
    PyObject* value = nullptr;
    if (!sort_arguments(kParameters, arguments, count, names, &value)) return nullptr;
    if (value != nullptr) readonly = PyObject_IsTrue(value);
    if (readonly < 0) return nullptr;
  }
  if (!check_open(self)) return nullptr;
  return readonly != 0 ? new_readonly_view(self) : new_writable_view(self);
}

PyDoc_STRVAR(
    bytes_io_doc,
    "BytesIO(initial_bytes=b'', *, keep_open=False)\n--\n\n"
    "A stream of bytes in memory: io.BytesIO, which never copies what it can share.\n\n"
    "initial_bytes is any bytes-like object; exact bytes are shared, others copied.\n"
    "With keep_open, close() and the end of a with block do nothing, so that code which\n"
    "closes what it is given leaves the stream usable; set keep_open to False to close.\n\n"
    "Sizes and positions are bytes. Methods but close() raise ValueError once it is closed.");

PyMethodDef methods[] = {
    {"readable", locked<answer_true>, METH_NOARGS,
     "readable($self, /)\n--\n\nTrue. ValueError if closed."},
    {"seekable", locked<answer_true>, METH_NOARGS,
     "seekable($self, /)\n--\n\nTrue. ValueError if closed."},
    {"writable", locked<answer_true>, METH_NOARGS,
     "writable($self, /)\n--\n\nTrue. ValueError if closed."},
    {"isatty", locked<answer_false>, METH_NOARGS,
     "isatty($self, /)\n--\n\nFalse. ValueError if closed."},
    {"flush", locked<answer_none>, METH_NOARGS,
     "flush($self, /)\n--\n\nDoes nothing. ValueError if closed."},
    {"close", locked<close>, METH_NOARGS,
     "close($self, /)\n--\n\n"
     "Let go of the memory; a second call does nothing.\n\n"
     "Nothing happens while keep_open is true. BufferError while a writable view lives, as in\n"
     "io.BytesIO; streams from reader() and clone() close all the same."},
    {"tell", locked<tell>, METH_NOARGS,
     "tell($self, /)\n--\n\nThe position, in bytes from the beginning."},
    {"seek", as_method(locked<seek>), METH_FASTCALL,
     "seek($self, pos, whence=0, /)\n--\n\n"
     "Move to `pos` bytes from the beginning (0), the position (1) or the end (2).\n\n"
     "Returns the new position, which may be behind the end. ValueError for a negative position\n"
     "from the beginning, and another whence."},
    {"read", as_method(locked<read>), METH_FASTCALL,
     "read($self, size=-1, /)\n--\n\n"
     "The next `size` bytes, or all that are left if negative or None; b'' at the end.\n\n"
     "Reading everything from position 0 shares the stream's memory and copies nothing."},
    {"read1", as_method(locked<read1>), METH_FASTCALL,
     "read1($self, size=-1, /)\n--\n\nThe same as read()."},
    {"readline", as_method(locked<readline>), METH_FASTCALL,
     "readline($self, size=-1, /)\n--\n\n"
     "The next line with its b'\\n', at most `size` bytes of it; b'' at the end."},
    {"readlines", as_method(locked<readlines>), METH_FASTCALL,
     "readlines($self, size=None, /)\n--\n\n"
     "A list of the lines that are left, or of as many as make `size` bytes."},
    {"readinto", locked<readinto>, METH_O,
     "readinto($self, buffer, /)\n--\n\n"
     "Fill a writable buffer from the position; the number of bytes, 0 at the end.\n\n"
     "TypeError for what is no writable buffer."},
    {"write", locked<write>, METH_O,
     "write($self, b, /)\n--\n\n"
     "Write all bytes of a bytes-like object at the position; returns how many they are.\n\n"
     "What lies between the end and a position behind it becomes zeros. BufferError if the size\n"
     "would change while a writable view lives; MemoryError leaves the stream as it was."},
    {"writelines", locked<writelines>, METH_O,
     "writelines($self, lines, /)\n--\n\n"
     "Write each item. What came before an error stays written."},
    {"truncate", as_method(locked<truncate>), METH_FASTCALL,
     "truncate($self, size=None, /)\n--\n\n"
     "Cut to `size` bytes, by default the position, which does not move; returns `size`.\n\n"
     "Never extends: see resize(). BufferError while a writable view lives, ValueError for a\n"
     "negative size."},
    {"getvalue", locked<getvalue>, METH_NOARGS,
     "getvalue($self, /)\n--\n\n"
     "All bytes, wherever the position is. Shared, not copied, unless a writable view lives."},
    {"getbuffer", as_method(locked<getbuffer>), METH_FASTCALL | METH_KEYWORDS,
     "getbuffer($self, /, *, readonly=False)\n--\n\n"
     "A memoryview of all bytes: 1-D, format 'B'.\n\n"
     "What it writes the stream reads, and the other way round; the stream keeps its size while\n"
     "the view lives. With readonly the view shows the bytes of now, copies nothing and hinders\n"
     "nothing."},
    {"snapshot", locked<snapshot>, METH_NOARGS,
     "snapshot($self, /)\n--\n\n"
     "All bytes of now as a quire.Bytes, which no later write changes.\n\n"
     "Nothing is copied. A stream of 1 MiB or more moves, the first time, to memory that shares\n"
     "pages, which takes as long as one copy; later snapshots take no time, and a write copies\n"
     "only the pages that it touches."},
    {"reader", locked<reader>, METH_NOARGS,
     "reader($self, /)\n--\n\n"
     "A second stream over the bytes of now, at position 0. Costs what snapshot() costs.\n\n"
     "Neither stream sees what the other writes, or notices that it is closed."},
    {"clone", locked<clone>, METH_NOARGS,
     "clone($self, /)\n--\n\nThe same as reader(), at this stream's position."},
    {"peek", as_method(locked<peek>), METH_FASTCALL,
     "peek($self, size=0, /)\n--\n\n"
     "Up to `size` bytes from the position, which stays; io.DEFAULT_BUFFER_SIZE if less than 1."},
    {"read_at", as_method(locked<read_at>), METH_FASTCALL,
     "read_at($self, offset, size, /)\n--\n\n"
     "Up to `size` bytes from `offset`, whatever the position is, which stays.\n\n"
     "ValueError if either is negative."},
    {"write_at", as_method(locked<write_at>), METH_FASTCALL,
     "write_at($self, offset, b, /)\n--\n\n"
     "Write all bytes of `b` at `offset`; returns how many they are. The position stays.\n\n"
     "Errors as write(); ValueError for a negative offset."},
    {"read_view", as_method(locked<read_view>), METH_FASTCALL,
     "read_view($self, size=-1, /)\n--\n\n"
     "The same as read(), as a quire.Bytes that shares the stream's memory.\n\n"
     "The first write while one lives leaves the shared memory and copies all bytes."},
    {"resize", locked<resize>, METH_O,
     "resize($self, size, /)\n--\n\n"
     "Cut to `size` bytes, or fill up with zeros; returns `size`. The position stays.\n\n"
     "BufferError while a writable view lives, ValueError for a negative size."},
    {"reserve", locked<reserve>, METH_O,
     "reserve($self, size, /)\n--\n\n"
     "Make room for `size` bytes in all, so that writes up to there move nothing.\n\n"
     "BufferError and ValueError as resize(), MemoryError."},
    {"adopt", adopt, METH_O | METH_CLASS,
     "adopt($type, buffer, /)\n--\n\n"
     "A stream over the memory of a bytes-like object, which is not copied.\n\n"
     "Writes change a writable buffer in place; a read-only one is copied by the first of them.\n"
     "The buffer is held until the stream grows beyond it or is closed; who changes it from\n"
     "outside meanwhile changes what the stream and its snapshots show.\n\n"
     "TypeError for what is no buffer, BufferError for one with gaps."},
    {"__getstate__", locked<get_state>, METH_NOARGS, nullptr},
    {"__setstate__", locked<set_state>, METH_O, nullptr},
    {"__sizeof__", locked<size_in_memory>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"closed", get_closed, nullptr, "Whether close() has been called.", nullptr},
    {"size", get_size, nullptr, "How many bytes the stream holds. ValueError if closed.", nullptr},
    {"keep_open", get_keep_open, set_keep_open, "While true, close() does nothing.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot bytes_io_slots[] = {
    {Py_tp_doc, const_cast<char*>(bytes_io_doc)},
    {Py_tp_new, as_slot(make_empty)},
    {Py_tp_init, as_slot(init)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_traverse, as_slot(traverse)},
    {Py_tp_clear, as_slot(clear)},
    {Py_tp_finalize, as_slot(finalize)},
    {Py_tp_iter, as_slot(PyObject_SelfIter)},
    {Py_tp_iternext, as_slot(locked<iterate>)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, nullptr},
};

PyType_Spec bytes_io_spec = {
    "quire.BytesIO",
    sizeof(BytesIOObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_FINALIZE |
        Py_TPFLAGS_IMMUTABLETYPE,
    bytes_io_slots,
};

/// The members that quire.BytesIO takes over from its base have to be where it expects them.
[[nodiscard]] bool check_base(PyObject* base) noexcept {
  const struct {
    const char* name;
    std::size_t value;
  } expected[] = {
      {"__basicsize__", offsetof(BytesIOObject, buf)},
      {"__dictoffset__", offsetof(BytesIOObject, dict)},
      {"__weakrefoffset__", offsetof(BytesIOObject, weak_references)},
  };
  for (const auto& [name, value] : expected) {
    const Reference found(PyObject_GetAttrString(base, name));
    if (!found) return false;
    if (PyLong_AsSize_t(found.get()) != value) {
      PyErr_Format(PyExc_ImportError, "io.BufferedIOBase of this interpreter has another %s", name);
      return false;
    }
  }
  return true;
}

}  // namespace

// --- for the other files of the type -------------------------------------------------------------

ModuleState& state_of_stream(BytesIOObject* self) noexcept {
  return state_of(Py_TYPE(as_object(self)), destroy);
}

BytesIOObject* new_stream(PyTypeObject* type) noexcept {
  return as_stream(allocate(type));
}

bool trim(BytesIOObject* self) noexcept {
  return bytes_size(self->buf) == self->size || make_own(self, self->size);
}

bool make_own(BytesIOObject* self, Py_ssize_t room) noexcept {
  if (is_ours(self->buf)) return resize_bytes(&self->buf, room);
  PyObject* const own = PyBytes_FromStringAndSize(nullptr, room);
  if (own == nullptr) return false;
  const char* const data = bytes_data(self->buf);
  if (self->size >= kLongCopy) {
    const StorageAway away(self);
    std::memcpy(bytes_data(own), data, as_size(self->size));
  } else if (self->size != 0) {
    std::memcpy(bytes_data(own), data, as_size(self->size));
  }
  quire::detail::count_copied(CopyReason::CopyOnWrite, as_size(self->size));
  Py_DECREF(std::exchange(self->buf, own));
  return true;
}

bool write_any(BytesIOObject* self, const Source& source) noexcept {
  return write_source(self, source);
}

namespace {

[[nodiscard, gnu::noinline]] PyObject* copy_much(BytesIOObject* self, Py_ssize_t at,
                                                 Py_ssize_t size) noexcept {
  Reference copy(PyBytes_FromStringAndSize(nullptr, size));
  if (!copy) return nullptr;
  // One more reference makes whoever writes meanwhile leave the bytes as they are.
  const Reference source(Py_NewRef(self->buf));
  const WithoutLock without_lock;
  std::memcpy(bytes_data(copy.get()), bytes_data(source.get()) + at, as_size(size));
  return copy.detach();
}

}  // namespace

PyObject* copy_out(BytesIOObject* self, Py_ssize_t at, Py_ssize_t size) noexcept {
  quire::detail::count_copied(CopyReason::GetValue, as_size(size));
  if (size >= kLongCopy && self->exports == 0) [[unlikely]] {
    return copy_much(self, at, size);
  }
  return PyBytes_FromStringAndSize(bytes_data(self->buf) + at, size);
}

PyObject* value_of(BytesIOObject* self) noexcept {
  if (!over_bytes(self)) [[unlikely]]
    return core_getvalue(self);
  if (self->size <= 1 || self->exports != 0) return copy_out(self, 0, self->size);
  if (!trim(self)) return nullptr;
  return hand_out(self);
}

void wait_for_work(BytesIOObject* self) noexcept {
  ++self->waiting;
  while (self->work != nullptr) {
    // The thread that worked when its process forked is not here, nor are those that waited for it: the
    // storage is gone.
    if (self->work->process != getpid()) {
      self->work = nullptr;
      self->waiting = 0;
      return;
    }
    const std::shared_ptr<Work> work = self->work->shared_from_this();
    const WithoutLock without_lock;
    const std::lock_guard done(work->mutex);
  }
  --self->waiting;
}

void drop_storage(BytesIOObject* self) noexcept {
  PyObject* const buf = std::exchange(self->buf, nullptr);
  CoreStream* const core = std::exchange(self->core, nullptr);
  self->pos = 0;
  self->size = 0;
  self->exports = 0;
  ++self->storages;
  Py_XDECREF(buf);
  delete core;
}

namespace {

/// Makes isinstance() know what the class is, as it does of the interpreter's own.
[[nodiscard]] bool register_type(PyObject* type) noexcept {
  const Reference io(PyImport_ImportModule("io"));
  if (!io) return false;
  const Reference base(PyObject_GetAttrString(io.get(), "BufferedIOBase"));
  if (!base) return false;
  const Reference registered(PyObject_CallMethod(base.get(), "register", "O", type));
  return static_cast<bool>(registered);
}

}  // namespace

bool add_bytes_io(PyObject* module, ModuleState& state) {
  const Reference io(PyImport_ImportModule("_io"));
  if (!io) return false;
  const Reference base(PyObject_GetAttrString(io.get(), "_BufferedIOBase"));
  if (!base || !check_base(base.get())) return false;
  if (!add_type(module, bytes_io_spec, base.get(), &state.bytes_io_type)) return false;
#ifndef Py_LIMITED_API
  reinterpret_cast<PyTypeObject*>(state.bytes_io_type)->tp_vectorcall = construct;
#endif
  return register_type(state.bytes_io_type) && add_bytes_io_view(module, state);
}

}  // namespace quire::python
