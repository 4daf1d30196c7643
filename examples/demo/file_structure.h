// What a JPEG, PNG or ZIP file is made of, found with views and typed reads: nothing is copied.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "quire/quire.h"

namespace demo {

/// The file is not what it should be; the message says where.
class BadFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Part {
  std::string name;
  std::size_t offset;
  std::size_t size;
  std::string note;
};

/// A change that makes sense for the kind of file.
struct Edit {
  std::string what;
  std::size_t offset;
  quire::Bytes bytes;
  bool ends_file;  ///< what lay behind is gone
};

struct FileStructure {
  std::string kind;
  std::vector<Part> parts;
  std::optional<Edit> edit;
};

/// Walks the whole file.
/// Errors: BadFile for an unknown kind, and for a file that is empty, cut off or inconsistent.
FileStructure walk(const quire::MemoryView& file);

}  // namespace demo
