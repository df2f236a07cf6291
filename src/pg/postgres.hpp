// The server's headers, in the one order that works from C++, and the entry-point macro. Only files
// in src/pg include this; the core never does.
#pragma once

// The server redefines printf and its sisters as macros, which breaks standard headers read after
// it: they go first, and the macros go away again below.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
}

#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf

// An SQL-callable function. The library is built with -fvisibility=hidden and PGDLLEXPORT is empty
// on 15, so entry points are declared inside a visibility push.
#define STARHOUSE_FUNCTION(name)                                                                   \
  _Pragma("GCC visibility push(default)") extern "C" {                                             \
    PG_FUNCTION_INFO_V1(name);                                                                     \
    Datum name(PG_FUNCTION_ARGS);                                                                  \
  }                                                                                                \
  _Pragma("GCC visibility pop") Datum name(PG_FUNCTION_ARGS)
