// Which of starhouse's own aggregates a star scan knows, by the C functions that their transitions
// are.
#pragma once

#include "pg/star_scan_own.hpp"

namespace starhouse::pg::star_scan {

// Arguments behind the columns: constants, none of them NULL.
struct Constants {
  const Const *const *values;
  int count;
};

// False where the transition would refuse one, which is an error of the rows that it comes with.
using Make = bool (*)(AggregatePlan *plan, OwnPlan *own, const Constants &constants);

// What a state refers to, beside its place.
struct Referred {
  double (*bytes)(double rows); // of so many rows, about
  // To send 8 bytes of it to another process, and there to merge them, each in units of
  // cpu_operator_cost.
  double exchange_steps;
};

struct Known {
  PGFunction transition;
  Make make;
  OwnColumn columns[2];
  const Referred *referred; // null: nothing
  Oid constants[2];         // types of those that may follow
  int least;                // of which so many have to
};

// Null: it is none of them.
const Known *known_aggregate(PGFunction transition);

} // namespace starhouse::pg::star_scan
