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

struct Known {
  PGFunction transition;
  Make make;
  OwnColumn columns[2];
  double (*bytes)(double rows); // that a state of so many rows refers to, about; null: none
  Oid constants[2];             // types of those that may follow
  int least;                    // of which so many have to
};

// What it takes to send 8 bytes of a state's to another process, and there to merge them, each in
// units of cpu_operator_cost.
double exchange_steps(const Known *known);

// Null: it is none of them.
const Known *known_aggregate(PGFunction transition);

} // namespace starhouse::pg::star_scan
