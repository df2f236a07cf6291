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

// The rows of a dimension: its sides of the equalities, then what is grouped by. Null if every
// process of several has to have them, and that cannot be.
Path *dimension_path(PlannerInfo *root, const StarJoin *join, bool in_each_process);

// What the paths of a question cost (star_scan_costs.cpp).
struct Costed {
  const Star *star;
  const Compiled *compiled;
  List *having;
  double joined_rows;
  double groups;
  double rows;     // of these, those that HAVING leaves
  double distinct; // values of groups that are counted as different ones
};
// In one process.
void set_costs(CustomPath *path, PlannerInfo *root, const Costed &costed);
// Of one of several processes, and of the node that merges their groups.
void set_partial_costs(CustomPath *path, const Costed &costed);
void set_merging_costs(CustomPath *path, const GatherPath *gather, PlannerInfo *root,
                       const Costed &costed);
// Whether dimensions, and groups of several processes, fit into the memory that there is.
bool dimensions_fit(const Star *star);
bool groups_fit(const Costed &costed);

} // namespace starhouse::pg::star_scan
