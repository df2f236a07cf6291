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
  Relids relids;  // its tables, and the joins that its columns are NULL by: within it, and to it
  Relids nulling; // the latter
  scan::JoinKind kind;
  List *facts;     // the fact's side of each equality
  List *others;    // the other side
  List *operators; // fact = other
  List *collations;
  List *types;      // of the other side
  List *groups;     // expressions of it that are grouped by, then others that are taken of it
  int keyed;        // how many of these are grouped by
  List *conditions; // above an outer join, of its columns alone
  List *limits;     // in its ON, or an anti-join's, of the fact's columns alone
};

struct Star {
  RelOptInfo *fact;
  List *leaves; // RelOptInfos: the fact or its partitions
  List *joins;  // StarJoins
};

// False where the tables of a grouping's input are no star.
bool star_of(PlannerInfo *root, RelOptInfo *input, Star *star);

// Rows of a table, or of all partitions of it that the planner does not leave out: its own number
// for a partitioned table is that of the rows which pass conditions.
double tuples_of(const RelOptInfo *table);

// The rows of a dimension: its sides of the equalities, what is grouped by, and whether conditions
// above the join hold, if there are any. Null if every process of several has to have them, and
// that cannot be.
Path *dimension_path(PlannerInfo *root, const StarJoin *join, bool in_each_process);

// The same without the equalities, for a row of the fact that has no partner there.
List *outer_groups(const StarJoin *join);

// How much of a table, the fact or one of its partitions, a scan reads (star_scan_shares.cpp).
struct Share {
  double blocks = 1;      // 0 to 1
  double entries = 0;     // of indexes that name rows
  double descents = 0;    // into indexes, in the planner's units
  double known_later = 1; // as the server guesses it
};
Share share_of(PlannerInfo *root, const RelOptInfo *fact, const RelOptInfo *table);

// What the paths of a question cost (star_scan_costs.cpp).
struct Costed {
  const Star *star;
  const Compiled *compiled;
  List *having;
  double joined_rows;
  double groups;
  double rows;     // of these, those that HAVING leaves, and are needed
  double distinct; // values of groups that are counted as different ones
  List *foremost;  // which of them are
};
// How many times as many rows as the server expects its ranges that are known later leave, of the
// fact: it takes ranges of several columns for independent of each other.
double more_rows(PlannerInfo *root, const RelOptInfo *fact);
bool is_star_scan(const Path *path);
// More rows, and groups, than costs were reckoned with: for what is planned above.
void expect_more(RelOptInfo *grouped, const Costed &costed, double rows, double groups);
// The first groups alone, if no others are needed, as how many rows it takes them for; NIL: all
// (star_scan_foremost_plan.cpp).
List *foremost_of(PlannerInfo *root, const RelOptInfo *grouped, double groups, double *rows);
// The same with columns of a plan's target list.
List *placed_foremost(const List *foremost, const List *tlist);
// Lets the planner know what is different in each group (star_scan_above.cpp).
void install_statistics();

// The library was loaded with the server: no worker has to.
extern bool preloaded;
// How many workers a scan of so many pages has: 0 where it is not worth one.
int workers_for(const Star *star, double pages);
// In one process.
void set_costs(CustomPath *path, PlannerInfo *root, const Costed &costed);
// Of one of several processes, and of the node that merges their groups.
void set_partial_costs(CustomPath *path, PlannerInfo *root, const Costed &costed);
void set_merging_costs(CustomPath *path, const GatherPath *gather, PlannerInfo *root,
                       const Costed &costed);
// Whether dimensions, and groups of several processes, fit into the memory that there is.
bool dimensions_fit(const Star *star);
bool groups_fit(const Costed &costed);

} // namespace starhouse::pg::star_scan
