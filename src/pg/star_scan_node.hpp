// Between the star scan's planner side and its node.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/extensible.h"
}

namespace starhouse::pg::star_scan {

// Five lists are a plan's custom_private: the fact's number in the range table (as planned: a plan
// within another one has all of these moved by the same number), the numbers of the tables that it
// is read from, the joins (operators, collations and types of the other sides, then how many
// columns are grouped by), and of each key its join and its place there (see Question).
Node *create_state(CustomScan *plan);

} // namespace starhouse::pg::star_scan
