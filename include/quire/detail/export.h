// QUIRE_API marks what the shared library exports; QUIRE_LIFETIMEBOUND marks what a result borrows.
#pragma once

#if defined(QUIRE_SHARED) && defined(_WIN32)
#  if defined(QUIRE_BUILDING)
#    define QUIRE_API __declspec(dllexport)
#  else
#    define QUIRE_API __declspec(dllimport)
#  endif
#elif defined(__GNUC__)
#  define QUIRE_API __attribute__((visibility("default")))
#else
#  define QUIRE_API
#endif

#if defined(__clang__)
#  define QUIRE_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#  define QUIRE_LIFETIMEBOUND
#endif
