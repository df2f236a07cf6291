// The server's numeric as an exact sum of the core (core/exact/values.hpp), and back.
#pragma once

#include "pg/postgres.hpp"

#include "core/exact/values.hpp"

namespace starhouse::pg {

// An error (22003) for more than 38 digits, or for more than 38 of them after the point.
exact::Decimal decimal_of(Datum numeric);

Datum numeric_of(const exact::Decimal &decimal);

// What the server's division of a finite sum by a number of values (above 0) gives, digit by digit.
Datum average_of(const exact::Decimal &sum, int64 count);

} // namespace starhouse::pg
