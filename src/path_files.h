// path_files: the files behind FilePath and WritablePath.
//
// Lifetime: of the results. Thread: any.
#pragma once

#include <functional>
#include <string>

#include "quire/byte_span.h"
#include "quire/file_path.h"

namespace quire::detail {

/// A constant file with these bytes, in memory; `huge_pages` as in StorageOptions.
/// Errors: std::system_error.
[[nodiscard]] FilePath file_in_memory_of(ByteSpan data, bool huge_pages);

/// The same in `directory`, or in memory when that is empty.
[[nodiscard]] FilePath file_of(ByteSpan data, const std::string& directory);

/// An empty file, there likewise.
/// Errors: std::system_error.
[[nodiscard]] FilePath new_path_file(const std::string& directory = {});

/// Calls `take` with one piece of the file after the other.
/// Errors: std::system_error, and those of `take`.
void read_file(int file, const std::function<void(ByteSpan)>& take);

}  // namespace quire::detail
