// The same thumbnail by three ways: through streams in memory, through temporary files, through
// std::stringstream.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

/// Prints what each step of each way copied, allocated and took; writes `folder`/report.html and the
/// plot that it shows, report.svg.
/// Errors: std::runtime_error unless all give the same picture; those of files.
void compare_ways(const std::string& path, std::size_t side, const std::filesystem::path& folder);
