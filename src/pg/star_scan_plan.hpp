// What the planner's side of star scans knows of a query's tables.
#pragma once

#include "pg/star_scan.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace starhouse::pg::star_scan {

// A dimension, or several that are joined with one another.
struct StarJoin {
  RelOptInfo *rel;
  List *facts;     // the fact's side of each equality
  List *others;    // the other side
  List *operators; // fact = other
  List *collations;
  List *types;  // of the other side
  List *groups; // expressions of it that are grouped by
};

struct Star {
  RelOptInfo *fact;
  List *leaves; // RelOptInfos: the fact or its partitions
  List *joins;  // StarJoins
};

// False where the tables of a grouping's input are no star.
bool star_of(PlannerInfo *root, RelOptInfo *input, Star *star);

// The rows of a dimension: its sides of the equalities, then what is grouped by.
Path *dimension_path(PlannerInfo *root, const StarJoin *join);

} // namespace starhouse::pg::star_scan
