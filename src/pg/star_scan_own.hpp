// Starhouse's own aggregates as a star scan has them: what they take of a row, and what becomes of
// a group's state.
#pragma once

#include "pg/star_scan.hpp"

#include "core/scan/own_states.hpp"

namespace starhouse::pg::star_scan {

// What an aggregate takes a column for.
enum class OwnColumn : uint8 { none, integer, floating, text, uuid };

struct OwnPlan {
  // A group's state as a value of its type, in the current context or the group's memory.
  Datum (*state)(const char *place);
  // What the final function makes of one, where it need not be such a value; null: the same.
  Datum (*result)(const OwnPlan *own, const char *place, bool *null);
  FmgrInfo *final; // null: the state itself is the result
  Oid collation;
};

// A group's result.
Datum own_result(const AggregatePlan *plan, const char *place, bool *null);

} // namespace starhouse::pg::star_scan
