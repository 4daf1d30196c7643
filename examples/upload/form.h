// The files in a form, which is multipart/form-data: RFC 7578, and what it takes from RFC 2046.
//
// Lifetime: what was taken out of a form shares its memory. Thread: plain functions.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "quire/bytes.h"

/// What is no form, or not a whole one; the message says where.
struct FormError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct FormFile {
  std::string name;  ///< the file's, or the field's where there is none; no control characters
  quire::Bytes content;
};

/// The value of `name=value` or `name="value"` in what a header says; empty if there is none.
[[nodiscard]] std::string parameter(std::string_view header, std::string_view name);

/// All parts of a form between its boundaries.
/// Cost:   no copy but of the names.
/// Errors: FormError; std::length_error past `most` files.
[[nodiscard]] std::vector<FormFile> files_of(const quire::Bytes& form, std::string_view boundary,
                                             std::size_t most);
