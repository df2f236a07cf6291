// Between the star scan's planner side and its node.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/extensible.h"
}

namespace starhouse::pg::star_scan {

// What a node does of a scan: all of it; a process's share, whose groups it gives away; or making
// one of these.
enum class Role : int { whole, partial, merged };

// Nine lists are a plan's custom_private: its role, the fact's number in the range table (as
// planned: a plan within another one has all of these moved by the same number), the numbers of the
// tables that it is read from, the joins (operators, collations and types of the other sides, then
// how many columns are taken of it, the kind, whether there is a condition above it, and how many
// of the columns are grouped by), and of each key, and of whatever else is taken, its join and its
// place there (see Question); last which groups are needed (star_scan_foremost_plan.cpp).
// The last two columns of a partial node's scan tuple are its pieces (star_scan_exchange.cpp).
Node *create_state(CustomScan *plan);

} // namespace starhouse::pg::star_scan
