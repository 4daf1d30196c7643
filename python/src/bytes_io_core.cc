// quire.BytesIO over a stream of the core: the same calls, where pages are shared.
//
// What io.BytesIO would check and say has been checked and said before; only the memory can still
// refuse.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "bytes_io.h"
#include "errors.h"
#include "python_block.h"
#include "quire/detail/pages.h"
#include "storage_away.h"
#include "traced.h"

namespace quire::python {

namespace {

[[nodiscard]] PyObject* as_int(std::size_t size) noexcept {
  return PyLong_FromSize_t(size);
}

/// `call(core)`, or CLOSED.
template <class Call>
[[nodiscard]] PyObject* with_core(BytesIOObject* self, Call&& call) noexcept {
  if (self->core == nullptr) return raise_closed();
  return guarded([&] { return call(*self->core); });
}

/// Runs `call(core)`, which changes that many bytes, or the size: refuses as io.BytesIO does where a view
/// pins the size, and forgets what was true of the bytes before.
template <class Call>
[[nodiscard]] bool change_core(BytesIOObject* self, bool resizes, std::size_t size,
                               Call&& call) noexcept {
  if (self->core == nullptr) {
    raise_closed();
    return false;
  }
  if (self->exports != 0 && resizes) {
    raise_exports();
    return false;
  }
  self->core->value = Reference();
  const bool changed = guarded_void([&] { call(*self->core->stream); });
  self->core->trace(size);
  return changed;
}

/// `call()`, without the interpreter's lock if it copies much and nobody else can look at the memory.
template <class Call>
void copy_in_core(BytesIOObject* self, std::size_t size, Call&& call) {
  std::optional<StorageAway> away;
  if (size >= static_cast<std::size_t>(kLongCopy) && self->exports == 0 && !self->core->foreign) {
    away.emplace(self);
  }
  call();
}

/// A write, after which the stream has left memory that was only lent to it.
template <class Call>
[[nodiscard]] bool write_core(BytesIOObject* self, std::size_t at, const Source& source,
                              Call&& call) noexcept {
  if (self->core != nullptr && source.size == 0) return true;
  const auto size = static_cast<std::size_t>(source.size);
  const bool resizes = self->core != nullptr && at + size > self->core->stream->size();
  if (resizes && at + size > static_cast<std::size_t>(kMaxBytes)) {
    PyErr_SetString(PyExc_OverflowError, "new buffer size too large");
    return false;
  }
  const bool written = change_core(self, resizes, size, [&](quire::BytesIO& stream) {
    const ByteSpan span(source.data, size);
    if (source.frozen) {
      copy_in_core(self, size, [&] { call(stream, span); });
    } else {
      call(stream, span);
    }
  });
  if (!written) return false;
  self->core->lent = {};
  return true;
}

/// A bytes object of `size` bytes that `fill(span)` sets.
template <class Fill>
[[nodiscard]] PyObject* filled(std::size_t size, Fill&& fill) {
  Reference bytes(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size)));
  if (bytes && size != 0) fill(MutableByteSpan(bytes_data(bytes.get()), size));
  return bytes.detach();
}

[[nodiscard]] PyObject* to_python(const quire::Bytes& bytes) noexcept {
  return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()),
                                   static_cast<Py_ssize_t>(bytes.size()));
}

[[nodiscard]] std::size_t left(const quire::BytesIO& stream) {
  return stream.tell() < stream.size() ? stream.size() - stream.tell() : 0;
}

}  // namespace

CoreStream::~CoreStream() {
  if (traced) untrace_memory(this);
}

void CoreStream::trace(std::size_t changed) noexcept {
  detail::Block* const block = stream->block();
  // A write copies a page at least. To look at all pages takes longer than most writes do.
  untold += std::min(changed, stream->size()) + detail::pages::page_size();
  const bool same = std::exchange(told, block) == block;
  if (same && untold < stream->size() / 128) return;
  untold = 0;
  const bool answers = block != nullptr && block->kind->memory != nullptr;
  const bool ours = block != nullptr && !answers && !belongs_to_python(*block);
  // Of a block on the heap the stream that first had it alone was told.
  if (ours && same && !block->unique()) return;
  if (std::exchange(traced, false)) untrace_memory(this);
  if (answers) trace_block(*block);
  if (ours && block->unique()) traced = trace_memory(this, block->capacity);
}

PyObject* core_getvalue(BytesIOObject* self) noexcept {
  return with_core(self, [&](CoreStream& core) -> PyObject* {
    if (core.value) return Py_NewRef(core.value.get());
    const quire::Bytes bytes = core.stream->getvalue();
    Reference value(filled(bytes.size(), [&](MutableByteSpan target) {
      copy_in_core(self, target.size(),
                   [&] { std::memcpy(target.data(), bytes.data(), target.size()); });
    }));
    // What a view may change is copied again the next time.
    if (value && self->exports == 0) core.value = Reference(Py_NewRef(value.get()));
    return value.detach();
  });
}

PyObject* core_read(BytesIOObject* self, Py_ssize_t size) noexcept {
  return with_core(self, [&](CoreStream& core) -> PyObject* {
    quire::BytesIO& stream = *core.stream;
    const std::size_t rest = left(stream);
    const std::size_t count = size < 0 ? rest : std::min(rest, static_cast<std::size_t>(size));
    if (count > 1 && count == stream.size() && core.value) {
      stream.seek(0, Whence::End);
      return Py_NewRef(core.value.get());
    }
    return filled(count, [&](MutableByteSpan target) {
      copy_in_core(self, count, [&] { stream.readinto(target); });
    });
  });
}

PyObject* core_readline(BytesIOObject* self, Py_ssize_t size) noexcept {
  return with_core(self, [&](CoreStream& core) { return to_python(core.stream->readline(size)); });
}

PyObject* core_read_at(BytesIOObject* self, Py_ssize_t at, Py_ssize_t size) noexcept {
  return with_core(self, [&](CoreStream& core) {
    const auto begin = static_cast<std::size_t>(at);
    return to_python(core.stream->read_at(begin, static_cast<std::size_t>(size)));
  });
}

PyObject* core_seek(BytesIOObject* self, Py_ssize_t position) noexcept {
  return with_core(self, [&](CoreStream& core) { return as_int(core.stream->seek(position)); });
}

PyObject* core_tell(BytesIOObject* self) noexcept {
  return with_core(self, [](CoreStream& core) { return as_int(core.stream->tell()); });
}

PyObject* core_size(BytesIOObject* self) noexcept {
  return with_core(self, [](CoreStream& core) { return as_int(core.stream->size()); });
}

PyObject* core_readinto(BytesIOObject* self, const Py_buffer& target) noexcept {
  return with_core(self, [&](CoreStream& core) {
    auto* const data = static_cast<char*>(target.buf);
    return as_int(
        core.stream->readinto(MutableByteSpan(data, static_cast<std::size_t>(target.len))));
  });
}

PyObject* core_truncate(BytesIOObject* self, Py_ssize_t size) noexcept {
  if (self->core == nullptr) return raise_closed();
  std::size_t result = 0;
  const bool done = change_core(self, true, SIZE_MAX, [&](quire::BytesIO& stream) {
    result = size < 0 ? stream.truncate() : stream.truncate(static_cast<std::size_t>(size));
  });
  return done ? as_int(result) : nullptr;
}

bool core_write(BytesIOObject* self, const Source& source) noexcept {
  const std::size_t at = self->core == nullptr ? 0 : self->core->stream->tell();
  return write_core(self, at, source,
                    [](quire::BytesIO& stream, ByteSpan bytes) { stream.write(bytes); });
}

bool core_write_at(BytesIOObject* self, Py_ssize_t at, const Source& source) noexcept {
  const auto begin = static_cast<std::size_t>(at);
  return write_core(self, begin, source,
                    [&](quire::BytesIO& stream, ByteSpan bytes) { stream.write_at(begin, bytes); });
}

bool core_resize(BytesIOObject* self, Py_ssize_t size) noexcept {
  return change_core(self, true, SIZE_MAX, [&](quire::BytesIO& stream) {
    stream.resize(static_cast<std::size_t>(size));
  });
}

bool core_reserve(BytesIOObject* self, Py_ssize_t size) noexcept {
  return change_core(self, true, SIZE_MAX, [&](quire::BytesIO& stream) {
    stream.reserve(static_cast<std::size_t>(size));
  });
}

}  // namespace quire::python
