// quire.SpooledIO: tempfile.SpooledTemporaryFile over the core's SpooledIO.
//
//   binary   `spool` holds the bytes, in memory or in a file
//   text     `text` is a TextIOWrapper over `binary`, another SpooledIO, and all calls go to it
//
// Lifetime: as Python's. Thread: the interpreter's lock, which is let go of around whatever may wait
// for a disk; another thread that uses the stream meanwhile waits for it.
#include "quire/spooled_io.h"

#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "argument.h"
#include "byte_arguments.h"
#include "bytes.h"
#include "errors.h"
#include "module_state.h"
#include "own_type.h"
#include "python_api.h"
#include "quire/error.h"
#include "traced.h"
#include "without_lock.h"

namespace quire::python {

namespace {

/// The core's stream, which one thread at a time works on without the interpreter's lock.
struct Spool {
  explicit Spool(SpooledOptions options) : stream(std::move(options)) {}

  SpooledIO stream;
  std::mutex mutex;     // held by the thread that is busy
  bool busy = false;    // guarded by the interpreter's lock
  int file = -1;        // what fileno() gave, as long as it has the stream's bytes
  bool traced = false;  // whether tracemalloc was told of the memory
};

/// Begins as the interpreter's own IOBase does, which finds its members there.
struct SpooledIOObject {
  PyObject_HEAD PyObject* dict;
  PyObject* weak_references;
  PyObject* text;    // null in binary mode
  PyObject* binary;  // what `text` wraps
  PyObject* mode;
  Spool* spool;  // null in text mode, and before __init__
};

SpooledIOObject* as_stream(PyObject* object) noexcept {
  return reinterpret_cast<SpooledIOObject*>(object);
}

/// Waits until no other thread works on the stream. Null with ValueError set if there is none.
Spool* ready(PyObject* object) noexcept {
  Spool* const spool = as_stream(object)->spool;
  if (spool == nullptr) {
    PyErr_SetString(PyExc_ValueError, "I/O operation on uninitialized object");
    return nullptr;
  }
  while (spool->busy) [[unlikely]] {
      const WithoutLock without_lock;
      const std::lock_guard done(spool->mutex);
    }
  return spool;
}

/// The same for a stream that is open.
Spool* open_spool(PyObject* object) noexcept {
  Spool* const spool = ready(object);
  if (spool != nullptr && spool->stream.closed()) {
    raise_closed();
    return nullptr;
  }
  return spool;
}

// What takes less does not notice the interpreter's lock.
constexpr std::size_t kLeastUnlocked = std::size_t{64} << 10;

/// `call(stream)`, without the interpreter's lock if it may take long. False with an exception set.
template <class Call>
bool work(Spool& spool, bool is_long, Call&& call) noexcept {
  if (!is_long) return guarded_void([&] { call(spool.stream); });
  std::exception_ptr error;
  spool.mutex.lock();
  spool.busy = true;
  {
    const WithoutLock without_lock;
    try {
      call(spool.stream);
    } catch (...) {
      error = std::current_exception();
    }
  }
  spool.busy = false;
  spool.mutex.unlock();
  return error == nullptr || guarded_void([&] { std::rethrow_exception(error); });
}

bool is_long(const Spool& spool, std::size_t bytes) noexcept {
  return bytes >= kLeastUnlocked || spool.stream.rolled();
}

/// Tells tracemalloc what is in memory: what is in a file is not.
void trace(Spool& spool) noexcept {
  const bool holds = !spool.stream.closed() && !spool.stream.rolled();
  const std::size_t size = holds ? spool.stream.size() : 0;
  if (size != 0) {
    spool.traced = trace_memory(&spool, size);
  } else if (std::exchange(spool.traced, false)) {
    untrace_memory(&spool);
  }
}

// --- text mode -----------------------------------------------------------------------------------

bool is_text(PyObject* object) noexcept {
  return as_stream(object)->text != nullptr;
}

/// `text.name(*arguments)`.
PyObject* call_text(PyObject* object, const char* name, PyObject* const* arguments,
                    Py_ssize_t count) {
  const Reference method(PyObject_GetAttrString(as_stream(object)->text, name));
  const Reference tuple(method ? PyTuple_New(count) : nullptr);
  if (!tuple) return nullptr;
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (PyTuple_SetItem(tuple.get(), i, Py_NewRef(arguments[i])) < 0) return nullptr;
  }
  return PyObject_CallObject(method.get(), tuple.get());
}

/// The same, and then hands on what the wrapper keeps back: whether the stream has to roll over is
/// known only below it.
PyObject* change_text(PyObject* object, const char* name, PyObject* const* arguments,
                      Py_ssize_t count) {
  Reference result(call_text(object, name, arguments, count));
  if (!result) return nullptr;
  const Reference flushed(call_text(object, "flush", nullptr, 0));
  return flushed ? result.detach() : nullptr;
}

// --- reading -------------------------------------------------------------------------------------

/// A new bytes object with the next `size` bytes at most.
PyObject* take(Spool& spool, Py_ssize_t size) {
  const std::size_t end = spool.stream.size();
  const std::size_t position = spool.stream.tell();
  std::size_t count = position < end ? end - position : 0;
  if (size >= 0 && static_cast<std::size_t>(size) < count) count = static_cast<std::size_t>(size);
  Reference result(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(count)));
  if (!result) return nullptr;
  const MutableByteSpan target(PyBytes_AsString(result.get()), count);
  if (!work(spool, is_long(spool, count), [&](SpooledIO& stream) { stream.readinto(target); })) {
    return nullptr;
  }
  return result.detach();
}

PyObject* read(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  if (is_text(self)) return call_text(self, "read", arguments, count);
  Py_ssize_t size = -1;
  if (!read_size_argument("read", arguments, count, &size)) return nullptr;
  Spool* const spool = open_spool(self);
  return spool != nullptr ? guarded([&] { return take(*spool, size); }) : nullptr;
}

PyObject* read1(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  return is_text(self) ? call_text(self, "read1", arguments, count) : read(self, arguments, count);
}

PyObject* readinto(PyObject* self, PyObject* target) noexcept {
  if (is_text(self)) return call_text(self, "readinto", &target, 1);
  Py_buffer buffer{};
  if (PyObject_GetBuffer(target, &buffer, PyBUF_WRITABLE) != 0) {
    PyErr_Clear();
    raise_type("readinto() argument must be read-write bytes-like object, not %U", target);
    return nullptr;
  }
  const MutableByteSpan room(buffer.buf, static_cast<std::size_t>(buffer.len));
  std::size_t done = 0;
  Spool* const spool = open_spool(self);
  const bool good =
      spool != nullptr && work(*spool, is_long(*spool, room.size()),
                               [&](SpooledIO& stream) { done = stream.readinto(room); });
  PyBuffer_Release(&buffer);
  return good ? PyLong_FromSize_t(done) : nullptr;
}

PyObject* line_of(Spool& spool, Py_ssize_t size) {
  Bytes line;
  if (!work(spool, spool.stream.rolled(),
            [&](SpooledIO& stream) { line = stream.SpooledIO::readline(size); })) {
    return nullptr;
  }
  return to_python_bytes(line);
}

PyObject* readline(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  if (is_text(self)) return call_text(self, "readline", arguments, count);
  Py_ssize_t size = -1;
  if (!read_size_argument("readline", arguments, count, &size)) return nullptr;
  Spool* const spool = open_spool(self);
  return spool != nullptr ? line_of(*spool, size) : nullptr;
}

PyObject* readlines(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  if (is_text(self)) return call_text(self, "readlines", arguments, count);
  Py_ssize_t hint = -1;
  if (!read_size_argument("readlines", arguments, count, &hint)) return nullptr;
  Reference lines(PyList_New(0));
  if (!lines) return nullptr;
  for (Py_ssize_t total = 0; hint <= 0 || total < hint;) {
    Spool* const spool = open_spool(self);
    const Reference line(spool != nullptr ? line_of(*spool, -1) : nullptr);
    if (!line) return nullptr;
    if (PyBytes_Size(line.get()) == 0) break;
    if (PyList_Append(lines.get(), line.get()) < 0) return nullptr;
    total += PyBytes_Size(line.get());
  }
  return lines.detach();
}

PyObject* iterate(PyObject* self) noexcept {
  if (is_text(self)) return PyIter_Next(as_stream(self)->text);
  Spool* const spool = open_spool(self);
  Reference line(spool != nullptr ? line_of(*spool, -1) : nullptr);
  return line && PyBytes_Size(line.get()) != 0 ? line.detach() : nullptr;
}

PyObject* iterator(PyObject* self) noexcept {
  if (is_text(self)) return PyObject_GetIter(as_stream(self)->text);
  return open_spool(self) != nullptr ? Py_NewRef(self) : nullptr;
}

// --- writing -------------------------------------------------------------------------------------

/// The number of bytes written; -1 with an exception set. No bytes may roll over as well: it is the
/// position that counts.
Py_ssize_t write_span(PyObject* self, ByteSpan data) {
  Spool* const spool = open_spool(self);
  if (spool == nullptr) return -1;
  spool->file = -1;
  const bool good =
      work(*spool, is_long(*spool, data.size()), [&](SpooledIO& stream) { stream.write(data); });
  trace(*spool);
  return good ? static_cast<Py_ssize_t>(data.size()) : -1;
}

Py_ssize_t write_bytes(PyObject* self, PyObject* data) {
  ByteArgument bytes;
  return bytes.acquire(data) ? write_span(self, bytes.span()) : -1;
}

PyObject* write(PyObject* self, PyObject* data) noexcept {
  if (is_text(self)) return change_text(self, "write", &data, 1);
  const Py_ssize_t written = write_bytes(self, data);
  return written >= 0 ? PyLong_FromSsize_t(written) : nullptr;
}

PyObject* writelines(PyObject* self, PyObject* lines) noexcept {
  if (is_text(self)) return change_text(self, "writelines", &lines, 1);
  if (open_spool(self) == nullptr) return nullptr;
  const Reference iterator(PyObject_GetIter(lines));
  if (!iterator) return nullptr;
  for (;;) {
    const Reference line(PyIter_Next(iterator.get()));
    if (!line) break;
    if (write_bytes(self, line.get()) < 0) return nullptr;
  }
  if (PyErr_Occurred() != nullptr || write_span(self, {}) < 0) return nullptr;
  Py_RETURN_NONE;
}

PyObject* truncate(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t size = -1;
  if (is_text(self)) return change_text(self, "truncate", arguments, count);
  if (!read_size_argument("truncate", arguments, count, &size)) return nullptr;
  const bool given = count == 1 && arguments[0] != Py_None;
  if (given && size < 0) {
    PyErr_Format(PyExc_ValueError, "negative size value %zd", size);
    return nullptr;
  }
  Spool* const spool = open_spool(self);
  if (spool == nullptr) return nullptr;
  spool->file = -1;
  std::size_t result = 0;
  const auto wanted =
      given ? std::optional<std::size_t>(static_cast<std::size_t>(size)) : std::nullopt;
  if (!work(*spool, true, [&](SpooledIO& stream) { result = stream.truncate(wanted); })) {
    return nullptr;
  }
  trace(*spool);
  return PyLong_FromSize_t(result);
}

// --- position ------------------------------------------------------------------------------------

PyObject* seek(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
  if (is_text(self)) return call_text(self, "seek", arguments, count);
  Py_ssize_t offset = 0;
  int whence = 0;
  if (!check_count("seek", count, 1, 2) || !read_offset(arguments[0], &offset) ||
      (count == 2 && !read_whence(arguments[1], &whence))) {
    return nullptr;
  }
  if (whence < 0 || whence > 2) {
    PyErr_Format(PyExc_ValueError, "invalid whence (%i, should be 0, 1 or 2)", whence);
    return nullptr;
  }
  Spool* const spool = open_spool(self);
  if (spool == nullptr) return nullptr;
  if (whence == 0 && offset < 0) {
    PyErr_Format(PyExc_ValueError, "negative seek value %zd", offset);
    return nullptr;
  }
  return guarded(
      [&] { return PyLong_FromSize_t(spool->stream.seek(offset, static_cast<Whence>(whence))); });
}

PyObject* tell(PyObject* self, PyObject*) noexcept {
  if (is_text(self)) return call_text(self, "tell", nullptr, 0);
  Spool* const spool = open_spool(self);
  return spool != nullptr ? PyLong_FromSize_t(spool->stream.tell()) : nullptr;
}

PyObject* flush(PyObject* self, PyObject*) noexcept {
  if (is_text(self)) return call_text(self, "flush", nullptr, 0);
  if (open_spool(self) == nullptr) return nullptr;
  Py_RETURN_NONE;
}

PyObject* answer(PyObject* self, const char* name, bool result) {
  if (is_text(self)) return call_text(self, name, nullptr, 0);
  return open_spool(self) != nullptr ? PyBool_FromLong(result ? 1 : 0) : nullptr;
}

PyObject* readable(PyObject* self, PyObject*) noexcept {
  return answer(self, "readable", true);
}

PyObject* writable(PyObject* self, PyObject*) noexcept {
  return answer(self, "writable", true);
}

PyObject* seekable(PyObject* self, PyObject*) noexcept {
  return answer(self, "seekable", true);
}

PyObject* isatty(PyObject* self, PyObject*) noexcept {
  return answer(self, "isatty", false);
}

// --- the file ------------------------------------------------------------------------------------

PyObject* rollover(PyObject* self, PyObject*) noexcept {
  if (is_text(self)) {
    const Reference flushed(call_text(self, "flush", nullptr, 0));
    return flushed ? rollover(as_stream(self)->binary, nullptr) : nullptr;
  }
  Spool* const spool = open_spool(self);
  if (spool == nullptr || !work(*spool, true, [](SpooledIO& stream) { stream.rollover(); })) {
    return nullptr;
  }
  trace(*spool);
  Py_RETURN_NONE;
}

PyObject* fileno(PyObject* self, PyObject*) noexcept {
  const Reference done(rollover(self, nullptr));
  if (!done) return nullptr;
  if (is_text(self)) return fileno(as_stream(self)->binary, nullptr);
  Spool* const spool = open_spool(self);
  if (spool == nullptr) return nullptr;
  if (spool->file < 0 &&
      !work(*spool, true, [&](SpooledIO& stream) { spool->file = stream.fileno(); })) {
    return nullptr;
  }
  return PyLong_FromLong(spool->file);
}

/// The stream that holds the bytes; null with an exception set.
Spool* lowest(PyObject* self) noexcept {
  return ready(is_text(self) ? as_stream(self)->binary : self);
}

PyObject* get_rolled(PyObject* self, void*) noexcept {
  const Spool* const spool = lowest(self);
  return spool != nullptr ? PyBool_FromLong(spool->stream.rolled() ? 1 : 0) : nullptr;
}

PyObject* get_name(PyObject* self, void*) noexcept {
  const Spool* const spool = lowest(self);
  if (spool == nullptr) return nullptr;
  if (!spool->stream.rolled()) Py_RETURN_NONE;
  return fileno(self, nullptr);
}

PyObject* get_mode(PyObject* self, void*) noexcept {
  const Spool* const spool = lowest(self);
  if (spool == nullptr) return nullptr;
  // As the files that the standard library opens call themselves.
  if (spool->stream.rolled() && !is_text(self)) return PyUnicode_FromString("rb+");
  return Py_NewRef(as_stream(self)->mode);
}

/// What only text has.
PyObject* get_of_text(PyObject* self, void* name) noexcept {
  const char* const attribute = static_cast<const char*>(name);
  if (is_text(self)) return PyObject_GetAttrString(as_stream(self)->text, attribute);
  PyErr_Format(PyExc_AttributeError, "'SpooledIO' object in binary mode has no attribute '%s'",
               attribute);
  return nullptr;
}

/// Where the standard library's class keeps what it wraps, which programs have come to use.
PyObject* get_file(PyObject* self, void*) noexcept {
  return Py_NewRef(is_text(self) ? as_stream(self)->text : self);
}

// --- the whole value -----------------------------------------------------------------------------

/// All bytes, shared.
bool value_of(PyObject* self, Bytes* value) {
  if (is_text(self)) {
    const Reference flushed(call_text(self, "flush", nullptr, 0));
    return flushed && value_of(as_stream(self)->binary, value);
  }
  Spool* const spool = open_spool(self);
  return spool != nullptr &&
         work(*spool, false, [&](SpooledIO& stream) { *value = stream.getvalue(); });
}

PyObject* getvalue(PyObject* self, PyObject*) noexcept {
  Bytes value;
  return value_of(self, &value) ? to_python_bytes(value) : nullptr;
}

void destroy(PyObject* object) noexcept;

PyObject* snapshot(PyObject* self, PyObject*) noexcept {
  Bytes value;
  if (!value_of(self, &value)) return nullptr;
  return wrap_bytes(state_of(Py_TYPE(self), destroy), std::move(value));
}

// --- life ----------------------------------------------------------------------------------------

PyObject* close(PyObject* self, PyObject*) noexcept {
  if (is_text(self)) return call_text(self, "close", nullptr, 0);
  Spool* const spool = ready(self);
  if (spool == nullptr) return nullptr;
  spool->file = -1;
  spool->stream.close();
  trace(*spool);
  Py_RETURN_NONE;
}

PyObject* get_closed(PyObject* self, void*) noexcept {
  if (is_text(self)) return PyObject_GetAttrString(as_stream(self)->text, "closed");
  const Spool* const spool = ready(self);
  return spool != nullptr ? PyBool_FromLong(spool->stream.closed() ? 1 : 0) : nullptr;
}

PyObject* detach(PyObject* self, PyObject*) noexcept {
  return is_text(self) ? call_text(self, "detach", nullptr, 0) : raise_unsupported("detach");
}

/// 1, 0, or -1 with an exception set.
int is_closed(PyObject* self) noexcept {
  const Reference closed(get_closed(self, nullptr));
  return closed ? PyObject_IsTrue(closed.get()) : -1;
}

PyObject* enter(PyObject* self, PyObject*) noexcept {
  const int closed = is_closed(self);
  if (closed == 0) return Py_NewRef(self);
  if (closed > 0) PyErr_SetString(PyExc_ValueError, "Cannot enter context with closed file");
  return nullptr;
}

PyObject* leave(PyObject* self, PyObject*) noexcept {
  return PyObject_CallMethod(self, "close", nullptr);
}

/// What a dropped stream does: a warning where the standard library's class warns, and close().
void finalize(PyObject* self) noexcept {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  const bool made = as_stream(self)->spool != nullptr || is_text(self);
  if (made && is_closed(self) == 0) {
#if PY_VERSION_HEX >= 0x030b0000
    if (PyErr_ResourceWarning(self, 1, "Unclosed file %R", self) < 0) PyErr_WriteUnraisable(self);
#endif
    const Reference closed(PyObject_CallMethod(self, "close", nullptr));
    if (!closed) PyErr_WriteUnraisable(self);
  }
  PyErr_Restore(type, value, traceback);
}

int traverse(PyObject* object, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(as_stream(object)->dict);
  Py_VISIT(as_stream(object)->text);
  Py_VISIT(as_stream(object)->binary);
  return 0;
}

int clear(PyObject* object) noexcept {
  Py_CLEAR(as_stream(object)->dict);
  Py_CLEAR(as_stream(object)->text);
  Py_CLEAR(as_stream(object)->binary);
  return 0;
}

void destroy(PyObject* object) noexcept {
#ifndef Py_LIMITED_API  // which lets only a subclass warn and close
  if (PyObject_CallFinalizerFromDealloc(object) < 0) return;
#endif
  SpooledIOObject* const self = as_stream(object);
  PyObject_GC_UnTrack(object);
  if (self->weak_references != nullptr) PyObject_ClearWeakRefs(object);
  clear(object);
  Py_CLEAR(self->mode);
  if (self->spool != nullptr && self->spool->traced) untrace_memory(self->spool);
  delete self->spool;
  deallocate(object);
}

/// Where files are to be made: a path as the system takes it. Errors: TypeError, ValueError.
bool read_directory(PyObject* object, std::string* directory) {
  if (object == nullptr || object == Py_None) return true;
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(object, &encoded) == 0) return false;
  const Reference path(encoded);
  return guarded_void([&] {
    directory->assign(PyBytes_AsString(encoded), static_cast<std::size_t>(PyBytes_Size(encoded)));
  });
}

int init_text(SpooledIOObject* self, PyObject* object, PyObject* encoding, PyObject* errors,
              PyObject* newline, Py_ssize_t max_size, PyObject* directory) {
  auto* const type = reinterpret_cast<PyObject*>(own_type(Py_TYPE(object), destroy));
  const Reference io(PyImport_ImportModule("io"));
  const Reference wrapper(io ? PyObject_GetAttrString(io.get(), "TextIOWrapper") : nullptr);
  const Reference keywords(
      wrapper ? Py_BuildValue("{s:n,s:O}", "max_size", max_size, "dir", directory) : nullptr);
  const Reference nothing(keywords ? PyTuple_New(0) : nullptr);
  Reference binary(nothing ? PyObject_Call(type, nothing.get(), keywords.get()) : nullptr);
  if (!binary) return -1;
  Reference text(
      PyObject_CallFunction(wrapper.get(), "OOOO", binary.get(), encoding, errors, newline));
  if (!text) {
    as_stream(binary.get())->spool->stream.close();  // nobody is to be warned of it
    return -1;
  }
  self->binary = binary.detach();
  self->text = text.detach();
  return 0;
}

int init(PyObject* object, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"max_size", "mode",   "buffering", "encoding", "newline",
                                "suffix",   "prefix", "dir",       "errors",   nullptr};
  Py_ssize_t max_size = 0;
  PyObject* mode = nullptr;
  PyObject* encoding = Py_None;
  PyObject* newline = Py_None;
  PyObject* directory = Py_None;
  PyObject* errors = Py_None;
  PyObject* ignored = nullptr;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|nUOOOOOO$O:SpooledIO",
                                   const_cast<char**>(names), &max_size, &mode, &ignored, &encoding,
                                   &newline, &ignored, &ignored, &directory, &errors)) {
    return -1;
  }
  if (max_size < 0) {
    PyErr_Format(PyExc_ValueError, "negative max_size %zd", max_size);
    return -1;
  }
  SpooledIOObject* const self = as_stream(object);
  if (self->spool != nullptr || self->text != nullptr) {
    PyErr_SetString(PyExc_ValueError, "a SpooledIO cannot be initialized again");
    return -1;
  }
  const Reference used(mode != nullptr ? Py_NewRef(mode) : PyUnicode_FromString("w+b"));
  if (!used) return -1;
  const Py_ssize_t binary =
      PyUnicode_FindChar(used.get(), 'b', 0, PyUnicode_GetLength(used.get()), 1);
  if (binary == -2) return -1;
  if (binary == -1) {
    if (init_text(self, object, encoding, errors, newline, max_size, directory) < 0) return -1;
  } else {
    SpooledOptions options{.max_size = static_cast<std::size_t>(max_size)};
    if (!read_directory(directory, &options.directory) ||
        !guarded_void([&] { self->spool = new Spool(std::move(options)); })) {
      return -1;
    }
  }
  self->mode = Py_NewRef(used.get());
  return 0;
}

PyDoc_STRVAR(
    spooled_io_doc,
    "SpooledIO(max_size=0, mode='w+b', buffering=-1, encoding=None, newline=None,\n"
    "          suffix=None, prefix=None, dir=None, *, errors=None)\n--\n\n"
    "A stream in memory that moves to a temporary file without a name when it has more\n"
    "than max_size bytes; 0: only when rollover() or fileno() is called. Takes the place\n"
    "of tempfile.SpooledTemporaryFile.\n\n"
    "dir is where the file is made; None: the first of $TMPDIR, /var/tmp and /tmp that\n"
    "does not keep its files in memory. buffering, suffix and prefix are not used: there is\n"
    "no buffer and no name.\n\n"
    "Without a 'b' in mode it reads and writes str, as io.TextIOWrapper does.\n\n"
    "Sizes and positions are bytes. Raises OSError naming the directory when the disk is\n"
    "full; the stream is then as it was. Methods but close() raise ValueError once it is\n"
    "closed.");

PyMethodDef methods[] = {
    {"read", as_method(read), METH_FASTCALL,
     "read($self, size=-1, /)\n--\n\nUp to size bytes from the position on; all when negative."},
    {"read1", as_method(read1), METH_FASTCALL,
     "read1($self, size=-1, /)\n--\n\nAs read(): all bytes are at hand."},
    {"readinto", as_method(readinto), METH_O,
     "readinto($self, buffer, /)\n--\n\nFills buffer as far as there are bytes; how many."},
    {"readinto1", as_method(readinto), METH_O, "readinto1($self, buffer, /)\n--\n\nAs readinto()."},
    {"readline", as_method(readline), METH_FASTCALL,
     "readline($self, size=-1, /)\n--\n\nUp to and with the next newline, size bytes at most."},
    {"readlines", as_method(readlines), METH_FASTCALL,
     "readlines($self, hint=-1, /)\n--\n\nThe lines left, or as many as make hint bytes."},
    {"write", as_method(write), METH_O,
     "write($self, data, /)\n--\n\nWrites all of data at the position; how many bytes."},
    {"writelines", as_method(writelines), METH_O,
     "writelines($self, lines, /)\n--\n\nWrites each of lines."},
    {"truncate", as_method(truncate), METH_FASTCALL,
     "truncate($self, size=None, /)\n--\n\n"
     "Cuts to size, or to the position. Rolls over when size is more than max_size; once rolled\n"
     "over it extends as well, with zeros. The new size."},
    {"seek", as_method(seek), METH_FASTCALL,
     "seek($self, offset, whence=0, /)\n--\n\n"
     "Moves to offset from the beginning (0), the position (1) or the end (2); the new position."},
    {"tell", as_method(tell), METH_NOARGS, "tell($self, /)\n--\n\nThe position."},
    {"flush", as_method(flush), METH_NOARGS, "flush($self, /)\n--\n\nNothing is kept back."},
    {"readable", as_method(readable), METH_NOARGS, "readable($self, /)\n--\n\nTrue."},
    {"writable", as_method(writable), METH_NOARGS, "writable($self, /)\n--\n\nTrue."},
    {"seekable", as_method(seekable), METH_NOARGS, "seekable($self, /)\n--\n\nTrue."},
    {"isatty", as_method(isatty), METH_NOARGS, "isatty($self, /)\n--\n\nFalse."},
    {"rollover", as_method(rollover), METH_NOARGS,
     "rollover($self, /)\n--\n\nMoves all bytes to a temporary file, if they are not in one."},
    {"fileno", as_method(fileno), METH_NOARGS,
     "fileno($self, /)\n--\n\n"
     "A descriptor, for reading, of a file with all bytes of now; rolls over first. It is the\n"
     "stream's: valid until close() and, once the stream was written to, the next fileno()."},
    {"getvalue", as_method(getvalue), METH_NOARGS,
     "getvalue($self, /)\n--\n\nAll bytes, as a bytes object: a copy."},
    {"snapshot", as_method(snapshot), METH_NOARGS,
     "snapshot($self, /)\n--\n\n"
     "All bytes, as a quire.Bytes that shares memory, or the file, with the stream."},
    {"close", as_method(close), METH_NOARGS,
     "close($self, /)\n--\n\nLets go of the memory and the file."},
    {"detach", as_method(detach), METH_NOARGS,
     "detach($self, /)\n--\n\nThe bytes below the text; io.UnsupportedOperation in binary mode."},
    {"__enter__", as_method(enter), METH_NOARGS, "This stream."},
    {"__exit__", as_method(leave), METH_VARARGS, "As close()."},
    {"__class_getitem__", as_method(Py_GenericAlias), METH_O | METH_CLASS,
     "For annotations: SpooledIO[bytes], SpooledIO[str]."},
    {nullptr, nullptr, 0, nullptr},
};

char name_of_encoding[] = "encoding";
char name_of_errors[] = "errors";
char name_of_newlines[] = "newlines";

PyGetSetDef attributes[] = {
    {"closed", get_closed, nullptr, "Whether close() was called.", nullptr},
    {"_rolled", get_rolled, nullptr, "Whether the bytes are in a file.", nullptr},
    {"_file", get_file, nullptr, "What methods are called on.", nullptr},
    {"name", get_name, nullptr, "None in memory, then as fileno().", nullptr},
    {"mode", get_mode, nullptr, "As given; 'rb+' once bytes are in a file.", nullptr},
    {"encoding", get_of_text, nullptr, "Of text only.", name_of_encoding},
    {"errors", get_of_text, nullptr, "Of text only.", name_of_errors},
    {"newlines", get_of_text, nullptr, "Of text only.", name_of_newlines},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot spooled_io_slots[] = {
    {Py_tp_doc, const_cast<char*>(spooled_io_doc)},
    {Py_tp_new, as_slot(PyType_GenericNew)},
    {Py_tp_init, as_slot(init)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_finalize, as_slot(finalize)},
    {Py_tp_traverse, as_slot(traverse)},
    {Py_tp_clear, as_slot(clear)},
    {Py_tp_iter, as_slot(iterator)},
    {Py_tp_iternext, as_slot(iterate)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, nullptr},
};

PyType_Spec spooled_io_spec = {
    "quire.SpooledIO",
    sizeof(SpooledIOObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    spooled_io_slots,
};

}  // namespace

bool add_spooled_io(PyObject* module, ModuleState& state) {
  return add_io_type(module, spooled_io_spec, "IOBase", &state.spooled_io_type);
}

}  // namespace quire::python
