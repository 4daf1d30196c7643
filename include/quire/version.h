// The version of quire: the one place it is written; CMake and tools/check_version.py read it here.
#pragma once

#define QUIRE_VERSION_MAJOR 0
#define QUIRE_VERSION_MINOR 1
#define QUIRE_VERSION_PATCH 0
