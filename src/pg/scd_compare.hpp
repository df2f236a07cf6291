// Comparing a snapshot with the versions in force, row by row in the order of the key.
#pragma once

#include "pg/scd.hpp"

namespace starhouse::pg::scd {

// What the comparison leaves: rows of the source that are not plainly what is in force, as they
// came, and keys in force that the source lacks.
struct Differences {
  Work candidates;
  Work missing;
  int64 source_rows;
};

// Whether this snapshot can be compared so; otherwise a join finds the differences.
bool compares_in_order(const Dimension &dimension, const Source &source, const Options &options);

// Under the active snapshot.
Differences compare_in_order(const Dimension &dimension, const Source &source,
                             const Options &options);

} // namespace starhouse::pg::scd
