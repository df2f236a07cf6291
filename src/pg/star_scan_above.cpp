// What the planner has to know of a star scan's groups to join them.
//
// Of a grouped subquery's columns the server knows nothing before version 18: it takes 200
// different values for granted, and does not hash the groups, few as they are, for what it is to
// look up in them. A single key is different in each group.
#include "pg/star_scan_plan.hpp"

extern "C" {
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "utils/selfuncs.h"
}

namespace starhouse::pg::star_scan {

namespace {

get_relation_stats_hook_type previous_hook = nullptr;

bool is_made_of_groups(const RelOptInfo *subquery) {
  PlannerInfo *root = subquery->subroot;
  const Path *path = fetch_upper_rel(root, UPPERREL_FINAL, nullptr)->cheapest_total_path;
  while (path != nullptr && (IsA(path, ProjectionPath) || IsA(path, SortPath))) {
    path = IsA(path, ProjectionPath) ? reinterpret_cast<const ProjectionPath *>(path)->subpath
                                     : reinterpret_cast<const SortPath *>(path)->subpath;
  }
  return path != nullptr && is_star_scan(path);
}

bool is_single_key(const Query *query, AttrNumber column) {
  if (list_length(query->groupClause) != 1 || query->groupingSets != NIL || query->hasTargetSRFs ||
      column < 1 || column > list_length(query->targetList)) {
    return false;
  }
  const auto *entry = list_nth_node(TargetEntry, query->targetList, column - 1);
  return entry->ressortgroupref != 0 &&
         entry->ressortgroupref ==
             linitial_node(SortGroupClause, query->groupClause)->tleSortGroupRef;
}

bool tell_statistics(PlannerInfo *root, RangeTblEntry *table, AttrNumber column,
                     VariableStatData *known) {
  if (previous_hook != nullptr && previous_hook(root, table, column, known)) {
    return true;
  }
  const RelOptInfo *rel = known->rel;
  // The column may be one that lies deeper than the relation it is asked for, which has more rows.
  if (enabled && table->rtekind == RTE_SUBQUERY && rel != nullptr && rel->subroot != nullptr &&
      rel->rtekind == RTE_SUBQUERY && planner_rt_fetch(rel->relid, root) == table &&
      is_single_key(table->subquery, column) && is_made_of_groups(rel)) {
    known->isunique = true;
  }
  return false;
}

} // namespace

void install_statistics() {
  previous_hook = get_relation_stats_hook;
  get_relation_stats_hook = tell_statistics;
}

} // namespace starhouse::pg::star_scan
