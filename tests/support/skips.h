// Why a whole test is skipped: it says so, rather than pass. tests/expected_skips.txt names each of
// them and the stages of `./run test` in which it may.
//
// Lifetime: none. Thread: any.
#pragma once

#include <gtest/gtest.h>

#include "quire/detail/pages.h"
#include "support/storage.h"

/// First in a test of what the portable back end has not: mappings, memory files, files to spill to.
#define QUIRE_SKIP_WITHOUT_PAGES() \
  if (!::quire::detail::pages::available()) GTEST_SKIP() << "the portable back end has no pages"

/// First in a test that a sanitizer itself would disturb; `why` says how.
#define QUIRE_SKIP_SANITIZED(why) \
  if (::quire::test::kSanitized) GTEST_SKIP() << "under a sanitizer: " << why
