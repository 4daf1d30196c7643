#include "quire/adapters/zip.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <utility>

#include <zip.h>

#include "quire/error.h"

namespace quire {

namespace {

// How many bytes deflate makes of one at the most.
constexpr std::uint64_t kMostDeflated = 1032;

// What an archive without members is.
constexpr char kEmptyArchive[22] = {'P', 'K', 5, 6};

/// What libzip calls back. No exception may pass through it: the first one is kept.
class Callbacks {
 public:
  Callbacks() noexcept { zip_error_init(&error_); }

  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  ~Callbacks() { zip_error_fini(&error_); }

  [[nodiscard]] zip_error_t* error() noexcept { return &error_; }

  /// What `action` returns; -1 when it throws.
  template <class Action>
  zip_int64_t keep_errors(std::exception_ptr& thrown, int code, Action action) noexcept {
    try {
      return action();
    } catch (...) {
      if (!thrown) thrown = std::current_exception();
      zip_error_set(&error_, code, EIO);
      return -1;
    }
  }

  zip_int64_t tell_error(void* data, zip_uint64_t size) noexcept {
    return zip_error_to_data(&error_, data, size);
  }

 private:
  zip_error_t error_;
};

template <class... Commands>
constexpr zip_int64_t commands(Commands... each) noexcept {
  return (ZIP_SOURCE_MAKE_COMMAND_BITMASK(each) | ...);
}

constexpr zip_int64_t kReads = commands(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                        ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE);

constexpr zip_int64_t kSeeks = commands(ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS);

constexpr zip_int64_t kWrites =
    commands(ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_BEGIN_WRITE_CLONING, ZIP_SOURCE_COMMIT_WRITE,
             ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
             ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE);

void write_all(Stream& stream, ByteSpan data) {
  while (!data.empty()) {
    const std::size_t count = stream.write_some(data);
    if (count == 0) detail::throw_errno(ENOSPC, "the archive's stream takes no more");
    data = data.subspan(count);
  }
}

zip_int64_t size_of(Stream& stream) {
  return static_cast<zip_int64_t>(stream.seek(0, Whence::End));
}

[[noreturn]] void throw_zip(zip_error_t* error, const std::string& what) {
  const int code = zip_error_code_zip(error);
  if (code == ZIP_ER_MEMORY) throw std::bad_alloc();
  throw ZipError(code, what + ": " + zip_error_strerror(error));
}

}  // namespace

namespace detail {

struct ZipArchive {
  ZipArchive(StreamHandle handle, const std::string& how);

  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  ~ZipArchive() {
    if (zip != nullptr) zip_discard(zip);
  }

  static zip_int64_t call(void* archive, void* data, zip_uint64_t size, zip_source_cmd_t command) {
    auto& self = *static_cast<ZipArchive*>(archive);
    if (command == ZIP_SOURCE_ERROR) return self.callbacks.tell_error(data, size);
    const bool writes = command == ZIP_SOURCE_WRITE || command == ZIP_SOURCE_COMMIT_WRITE;
    return self.callbacks.keep_errors(self.thrown, writes ? ZIP_ER_WRITE : ZIP_ER_READ,
                                      [&] { return self.handle(data, size, command); });
  }

  zip_int64_t handle(void* data, zip_uint64_t size, zip_source_cmd_t command);

  /// Where writing goes on, counted from the archive's beginning.
  [[nodiscard]] std::size_t written() const { return kept + out->tell(); }

  void begin_write(std::size_t keep);
  void commit_write();

  /// Throws what the stream has thrown, or else what libzip says.
  [[noreturn]] void fail(zip_error_t* error, const std::string& what) {
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
    throw_zip(error, what);
  }

  StreamHandle stream;
  bool reads_only;
  bool fresh;
  zip_t* zip = nullptr;
  Callbacks callbacks;
  std::exception_ptr thrown;
  std::size_t position = 0;
  // A new archive is written straight to a stream that can seek; else beside, and what it does not
  // share with the old one is copied in the end.
  BytesIO beside;
  Stream* out = nullptr;
  std::size_t kept = 0;
};

ZipArchive::ZipArchive(StreamHandle handle, const std::string& how)
    : stream(std::move(handle)), reads_only(how == "r"), fresh(how == "w") {
  if (!stream) throw_invalid("an archive needs a stream to be in");
  if (how != "r" && how != "w" && how != "a") throw_invalid("invalid mode: '" + how + "'");
  if (!fresh && (!stream->readable() || !stream->seekable())) throw_unsupported("seek");
  if (!reads_only && !stream->writable()) throw_unsupported("write");
  if (fresh && stream->seekable()) {
    stream->seek(0);
    stream->truncate();
  }
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_function_create(call, this, &error);
  if (source != nullptr) {
    const int flags = reads_only ? ZIP_RDONLY : fresh ? ZIP_CREATE | ZIP_TRUNCATE : ZIP_CREATE;
    zip = zip_open_from_source(source, flags, &error);
    if (zip == nullptr) zip_source_free(source);
  }
  if (zip != nullptr && reads_only && stream->seek(0, Whence::End) == 0) {
    // libzip takes it for an archive without members.
    zip_discard(std::exchange(zip, nullptr));
    zip_error_set(&error, ZIP_ER_NOZIP, 0);
  }
  if (zip == nullptr) {
    struct Fini {
      zip_error_t* error;

      ~Fini() { zip_error_fini(error); }
    } const fini{&error};
    fail(&error, "opening the archive");
  }
  zip_error_fini(&error);
}

void ZipArchive::begin_write(std::size_t keep) {
  kept = keep;
  beside = BytesIO();
  out = fresh && stream->seekable() ? &*stream : &beside;
}

void ZipArchive::commit_write() {
  if (out == &beside) {
    if (stream->seekable()) stream->seek(static_cast<std::ptrdiff_t>(kept));
    write_all(*stream, beside.getvalue());
    if (stream->seekable()) stream->truncate();
    beside = BytesIO();
  } else {
    stream->seek(0, Whence::End);
  }
  out = nullptr;
}

zip_int64_t ZipArchive::handle(void* data, zip_uint64_t size, zip_source_cmd_t command) {
  switch (command) {
    case ZIP_SOURCE_OPEN:
      position = 0;
      return 0;
    case ZIP_SOURCE_READ: {
      if (stream->tell() != position) stream->seek(static_cast<std::ptrdiff_t>(position));
      const std::size_t count = stream->readinto({data, size});
      position += count;
      return static_cast<zip_int64_t>(count);
    }
    case ZIP_SOURCE_STAT: {
      auto* const stat = static_cast<zip_stat_t*>(data);
      zip_stat_init(stat);
      stat->size = fresh ? 0 : static_cast<zip_uint64_t>(size_of(*stream));
      stat->valid = ZIP_STAT_SIZE;
      return sizeof(*stat);
    }
    case ZIP_SOURCE_SEEK: {
      const zip_int64_t target = zip_source_seek_compute_offset(
          position, static_cast<zip_uint64_t>(size_of(*stream)), data, size, callbacks.error());
      if (target < 0) return -1;
      position = static_cast<std::size_t>(target);
      return 0;
    }
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(position);
    case ZIP_SOURCE_BEGIN_WRITE:
      begin_write(0);
      return 0;
    case ZIP_SOURCE_BEGIN_WRITE_CLONING:
      begin_write(size);
      return 0;
    case ZIP_SOURCE_COMMIT_WRITE:
      commit_write();
      return 0;
    case ZIP_SOURCE_ROLLBACK_WRITE:
      if (out != nullptr && out != &beside) out->truncate(0);
      beside = BytesIO();
      out = nullptr;
      return 0;
    case ZIP_SOURCE_WRITE:
      write_all(*out, {static_cast<const std::byte*>(data), size});
      return static_cast<zip_int64_t>(size);
    case ZIP_SOURCE_SEEK_WRITE: {
      const std::size_t at = out->tell();
      const auto end = static_cast<zip_uint64_t>(size_of(*out)) + kept;
      const zip_int64_t target =
          zip_source_seek_compute_offset(kept + at, end, data, size, callbacks.error());
      const bool there = target >= static_cast<zip_int64_t>(kept);
      out->seek(there ? target - static_cast<zip_int64_t>(kept) : static_cast<zip_int64_t>(at));
      return there ? 0 : -1;
    }
    case ZIP_SOURCE_TELL_WRITE:
      return static_cast<zip_int64_t>(written());
    case ZIP_SOURCE_SUPPORTS:
      return kReads | kSeeks | (reads_only ? 0 : kWrites);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
    case ZIP_SOURCE_REMOVE:  // close() makes of it what an archive without members is
      return 0;
    default:
      zip_error_set(callbacks.error(), ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

}  // namespace detail

namespace {

using detail::ZipArchive;

/// What a member is written from. libzip frees it.
struct Content {
  StreamHandle stream;
  std::optional<std::size_t> start;  // where it can be read again from
  ZipArchive* archive;
  Callbacks callbacks;

  static zip_int64_t call(void* content, void* data, zip_uint64_t size, zip_source_cmd_t command) {
    auto* const self = static_cast<Content*>(content);
    if (command == ZIP_SOURCE_ERROR) return self->callbacks.tell_error(data, size);
    if (command == ZIP_SOURCE_FREE) {
      delete self;
      return 0;
    }
    return self->callbacks.keep_errors(self->archive->thrown, ZIP_ER_READ,
                                       [&] { return self->handle(data, size, command); });
  }

  zip_int64_t handle(void* data, zip_uint64_t size, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_OPEN:
        if (start) stream->seek(static_cast<std::ptrdiff_t>(*start));
        return 0;
      case ZIP_SOURCE_READ:
        return static_cast<zip_int64_t>(stream->readinto({data, size}));
      case ZIP_SOURCE_STAT: {
        auto* const stat = static_cast<zip_stat_t*>(data);
        zip_stat_init(stat);
        if (start) {
          const std::size_t at = stream->tell();
          const auto end = static_cast<std::size_t>(size_of(*stream));
          stream->seek(static_cast<std::ptrdiff_t>(at));
          stat->size = end > *start ? end - *start : 0;
          stat->valid = ZIP_STAT_SIZE;
        }
        return sizeof(*stat);
      }
      case ZIP_SOURCE_SUPPORTS:
        return kReads | commands(ZIP_SOURCE_SUPPORTS);
      case ZIP_SOURCE_CLOSE:
        return 0;
      default:
        zip_error_set(callbacks.error(), ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }
};

ZipInfo info_at(ZipArchive& archive, zip_uint64_t index) {
  zip_stat_t stat;
  if (zip_stat_index(archive.zip, index, 0, &stat) != 0) {
    archive.fail(zip_get_error(archive.zip), "member " + std::to_string(index));
  }
  ZipInfo info;
  if ((stat.valid & ZIP_STAT_NAME) != 0) info.filename = stat.name;
  if ((stat.valid & ZIP_STAT_SIZE) != 0) info.file_size = stat.size;
  if ((stat.valid & ZIP_STAT_COMP_SIZE) != 0) info.compress_size = stat.comp_size;
  if ((stat.valid & ZIP_STAT_CRC) != 0) info.crc = stat.crc;
  if ((stat.valid & ZIP_STAT_MTIME) != 0) info.mtime = stat.mtime;
  return info;
}

bool has_members(zip_t* zip) {
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(zip, 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    // One that was removed has kept its number, but no name.
    if (zip_get_name(zip, i, 0) != nullptr) return true;
  }
  return false;
}

/// libzip has nothing to say of an archive without members but that it should be removed.
void write_empty(Stream& stream) {
  if (stream.seekable()) stream.seek(0);
  write_all(stream, {kEmptyArchive, sizeof kEmptyArchive});
  if (stream.seekable()) stream.truncate();
}

std::string member_name(const std::string& name) {
  return "member '" + name + "'";
}

zip_uint64_t index_of(ZipArchive& archive, const std::string& name) {
  const zip_int64_t index = zip_name_locate(archive.zip, name.c_str(), ZIP_FL_ENC_GUESS);
  if (index < 0) archive.fail(zip_get_error(archive.zip), member_name(name));
  return static_cast<zip_uint64_t>(index);
}

}  // namespace

// --- ZipMember -----------------------------------------------------------------------------------

ZipMember::ZipMember(std::shared_ptr<detail::ZipArchive> archive, std::uint64_t index, ZipInfo info)
    : archive_(std::move(archive)), index_(index), info_(std::move(info)) {
  open();
}

ZipMember::ZipMember(ZipMember&& other) noexcept
    : Stream(static_cast<Stream&&>(other)),
      archive_(std::move(other.archive_)),
      file_(std::exchange(other.file_, nullptr)),
      index_(other.index_),
      position_(other.position_),
      info_(std::move(other.info_)) {}

ZipMember& ZipMember::operator=(ZipMember&& other) noexcept {
  if (this != &other) {
    ZipMember::close();
    Stream::operator=(static_cast<Stream&&>(other));
    archive_ = std::move(other.archive_);
    file_ = std::exchange(other.file_, nullptr);
    index_ = other.index_;
    position_ = other.position_;
    info_ = std::move(other.info_);
  }
  return *this;
}

ZipMember::~ZipMember() {
  ZipMember::close();
}

void ZipMember::open() {
  if (archive_->zip == nullptr) detail::throw_closed();
  zip_file* const file = zip_fopen_index(archive_->zip, index_, 0);
  if (file == nullptr) {
    archive_->fail(zip_get_error(archive_->zip), "opening " + member_name(info_.filename));
  }
  if (file_ != nullptr) zip_fclose(file_);
  file_ = file;
  position_ = 0;
}

bool ZipMember::readable() const {
  check_open();
  return true;
}

bool ZipMember::seekable() const {
  check_open();
  return true;
}

std::size_t ZipMember::read_some(MutableByteSpan target) {
  const zip_int64_t count = zip_fread(file_, target.data(), target.size());
  if (count < 0) {
    archive_->fail(zip_file_get_error(file_), "reading " + member_name(info_.filename));
  }
  return static_cast<std::size_t>(count);
}

std::size_t ZipMember::readinto(MutableByteSpan target) {
  check_open();
  if (target.empty()) return 0;
  if (position_ >= info_.file_size) {
    // The checksum is compared at the end, and a member that has none is a bomb.
    std::byte more{};
    if (position_ == info_.file_size && read_some({&more, 1}) != 0) {
      throw ZipError(ZIP_ER_INCONS, "reading " + member_name(info_.filename) +
                                        ": it holds more than its " +
                                        std::to_string(info_.file_size) + " bytes");
    }
    return 0;
  }
  const auto left = static_cast<std::size_t>(info_.file_size - position_);
  const std::size_t count = read_some(target.subspan(0, std::min(target.size(), left)));
  if (count == 0) {
    throw ZipError(ZIP_ER_EOF, "reading " + member_name(info_.filename) + ": it ends after " +
                                   std::to_string(position_) + " of its " +
                                   std::to_string(info_.file_size) + " bytes");
  }
  position_ += count;
  return count;
}

std::size_t ZipMember::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  const std::size_t target =
      detail::seek_target(offset, whence, position_, static_cast<std::size_t>(info_.file_size));
  if (target < position_) open();
  std::byte skipped[4096];
  while (position_ < target) {
    const std::size_t count = readinto({skipped, std::min(sizeof skipped, target - position_)});
    // Behind the end there is nothing to read.
    if (count == 0) position_ = target;
  }
  return position_;
}

std::size_t ZipMember::tell() const {
  check_open();
  return position_;
}

void ZipMember::close() noexcept {
  if (file_ != nullptr) zip_fclose(std::exchange(file_, nullptr));
  archive_.reset();
}

// --- ZipFile -------------------------------------------------------------------------------------

ZipFile::ZipFile(StreamHandle stream, const std::string& mode)
    : archive_(std::make_shared<detail::ZipArchive>(std::move(stream), mode)) {}

ZipFile::ZipFile(ZipFile&& other) noexcept = default;

ZipFile& ZipFile::operator=(ZipFile&& other) noexcept {
  ZipFile before(std::move(other));
  std::swap(archive_, before.archive_);
  return *this;
}

ZipFile::~ZipFile() {
  try {
    close();
  } catch (...) {
    return;  // a destructor has nobody to tell
  }
}

detail::ZipArchive& ZipFile::archive() const {
  if (!archive_) detail::throw_closed();
  return *archive_;
}

detail::ZipArchive& ZipFile::writable() const {
  if (archive().reads_only) detail::throw_unsupported("write");
  return *archive_;
}

std::vector<ZipInfo> ZipFile::infolist() const {
  ZipArchive& from = archive();
  std::vector<ZipInfo> result;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(from.zip, 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    if (zip_get_name(from.zip, i, 0) != nullptr) result.push_back(info_at(from, i));
  }
  return result;
}

std::vector<std::string> ZipFile::namelist() const {
  std::vector<std::string> result;
  for (ZipInfo& info : infolist()) result.push_back(std::move(info.filename));
  return result;
}

ZipInfo ZipFile::getinfo(const std::string& name) const {
  return info_at(archive(), index_of(archive(), name));
}

ZipMember ZipFile::open(const std::string& name) const {
  const zip_uint64_t index = index_of(archive(), name);
  return {archive_, index, info_at(*archive_, index)};
}

Bytes ZipFile::read(const std::string& name) const {
  ZipMember member = open(name);
  // No more memory than may well be needed: the sizes may be lies.
  const auto archive_size = static_cast<std::uint64_t>(size_of(*archive_->stream));
  const std::uint64_t compressed = std::min(member.info().compress_size, archive_size);
  const std::uint64_t size = member.info().file_size;
  if (size > kMostDeflated * compressed) return member.read();
  return detail::make_bytes(static_cast<std::size_t>(size), [&](std::byte* target) {
    MutableByteSpan rest(target, static_cast<std::size_t>(size));
    while (!rest.empty()) rest = rest.subspan(member.readinto(rest));
    // The checksum is compared at the end.
    std::byte more{};
    static_cast<void>(member.readinto({&more, 1}));
  });
}

std::optional<std::string> ZipFile::testzip() const {
  for (const ZipInfo& info : infolist()) {
    if (info.is_dir()) continue;
    try {
      ZipMember member = open(info.filename);
      while (!member.read(64 << 10).empty()) {
      }
    } catch (const ZipError&) {
      return info.filename;
    }
  }
  return std::nullopt;
}

void ZipFile::setpassword(const std::string& password) {
  if (zip_set_default_password(archive().zip, password.c_str()) != 0) {
    archive_->fail(zip_get_error(archive_->zip), "setting a password");
  }
}

Stream& ZipFile::add_source(const std::string& name, StreamHandle content,
                            std::optional<std::size_t> start, const ZipOptions& options) {
  ZipArchive& to = writable();
  Stream& stream = *content;
  auto owned = std::make_unique<Content>();
  owned->stream = std::move(content);
  owned->start = start;
  owned->archive = &to;
  const std::string what = "adding " + member_name(name);
  zip_source_t* const source = zip_source_function(to.zip, Content::call, owned.get());
  if (source == nullptr) to.fail(zip_get_error(to.zip), what);
  owned.release();  // NOLINT(bugprone-unused-return-value): `source` frees it now
  const zip_int64_t index = zip_file_add(to.zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    to.fail(zip_get_error(to.zip), what);
  }
  const auto at = static_cast<zip_uint64_t>(index);
  const bool stored = options.compression == ZipCompression::Stored;
  const bool set = zip_set_file_compression(to.zip, at, stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE,
                                            static_cast<zip_uint32_t>(options.level)) == 0 &&
                   (!options.mtime || zip_file_set_mtime(to.zip, at, *options.mtime, 0) == 0);
  if (!set) {
    zip_delete(to.zip, at);
    to.fail(zip_get_error(to.zip), what);
  }
  return stream;
}

void ZipFile::writestr(const std::string& name, Bytes data, const ZipOptions& options) {
  static_cast<void>(add_source(name, BytesIO(std::move(data)), 0, options));
}

void ZipFile::add(const std::string& name, StreamHandle content, const ZipOptions& options) {
  if (!content) detail::throw_invalid(member_name(name) + " has no stream");
  if (!content->readable()) detail::throw_unsupported("read");
  std::optional<std::size_t> start;
  if (content->seekable()) start = content->tell();
  static_cast<void>(add_source(name, std::move(content), start, options));
}

BytesIO& ZipFile::create(const std::string& name, const ZipOptions& options) {
  return static_cast<BytesIO&>(add_source(name, BytesIO(), 0, options));
}

void ZipFile::remove(const std::string& name) {
  ZipArchive& from = writable();
  if (zip_delete(from.zip, index_of(from, name)) != 0) {
    from.fail(zip_get_error(from.zip), "removing " + member_name(name));
  }
}

Bytes ZipFile::comment() const {
  int size = 0;
  const char* const comment = zip_get_archive_comment(archive().zip, &size, ZIP_FL_ENC_RAW);
  return Bytes(ByteSpan(comment, comment == nullptr ? 0 : static_cast<std::size_t>(size)));
}

void ZipFile::set_comment(ByteSpan comment) {
  ZipArchive& to = writable();
  const std::size_t size = std::min<std::size_t>(comment.size(), ZIP_UINT16_MAX);
  if (size != comment.size() || zip_set_archive_comment(to.zip, comment.as_chars().data(),
                                                        static_cast<zip_uint16_t>(size)) != 0) {
    zip_error_set(zip_get_error(to.zip), ZIP_ER_INVAL, 0);
    to.fail(zip_get_error(to.zip), "a comment of " + std::to_string(comment.size()) + " bytes");
  }
}

void ZipFile::close() {
  const std::shared_ptr<detail::ZipArchive> last = std::move(archive_);
  if (!last) return;
  std::exception_ptr error;
  const auto attempt = [&error](auto action) {
    try {
      action();
    } catch (...) {
      if (!error) error = std::current_exception();
    }
  };
  attempt([&] {
    zip_t* const zip = std::exchange(last->zip, nullptr);
    if (last->reads_only || !has_members(zip)) {
      zip_discard(zip);
      if (!last->reads_only) write_empty(*last->stream);
    } else if (zip_close(zip) != 0) {
      struct Discard {
        zip_t* zip;

        ~Discard() { zip_discard(zip); }
      } const discard{zip};
      last->fail(zip_get_error(zip), "writing the archive");
    }
  });
  attempt([&] { last->stream.finish(); });
  last->stream = {};
  if (error) std::rethrow_exception(error);
}

}  // namespace quire
