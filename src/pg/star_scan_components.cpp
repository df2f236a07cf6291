// Which tables of a query are joined with one another before they are joined with the fact, and by
// what join: a dimension each.
#include "pg/star_scan_joins.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "optimizer/pathnode.h"
}

namespace starhouse::pg::star_scan {

namespace {

// The server's have_relevant_joinclause, but for equalities with a constant: a.x = 1 AND b.y = 1
// makes one class of a.x and b.y and joins nothing, each table has its own condition.
bool are_joined(const PlannerInfo *root, const RelOptInfo *one, const RelOptInfo *other) {
  ListCell *cell = nullptr;
  foreach (cell, one->joininfo) {
    if (bms_overlap(other->relids, lfirst_node(RestrictInfo, cell)->required_relids)) {
      return true;
    }
  }
  foreach (cell, root->eq_classes) {
    const auto *equal = lfirst_node(EquivalenceClass, cell);
    if (!equal->ec_has_const && is_equality(equal) && bms_overlap(equal->ec_relids, one->relids) &&
        bms_overlap(equal->ec_relids, other->relids)) {
      return true;
    }
  }
  return false;
}

bool is_table(const PlannerInfo *root, int relid) {
  return relid < root->simple_rel_array_size && root->simple_rel_array[relid] != nullptr &&
         root->simple_rel_array[relid]->reloptkind == RELOPT_BASEREL;
}

Component *new_component(Relids tables, SpecialJoinInfo *special) {
  auto *component = static_cast<Component *>(palloc0(sizeof(Component)));
  *component = {.tables = tables, .nulling = nullptr, .special = special};
  return component;
}

// Outer, semi- and anti-joins of the fact with something, whose tables are a component each; false
// where the fact is on the other side, or is not all that they depend on.
bool special_components(PlannerInfo *root, const RelOptInfo *fact, List **components) {
  Relids taken = bms_copy(fact->relids);
  ListCell *cell = nullptr;
  foreach (cell, root->join_info_list) {
    auto *special = lfirst_node(SpecialJoinInfo, cell);
    if (bms_overlap(special->syn_righthand, fact->relids) || special->jointype == JOIN_FULL) {
      return refuse("an outer or semi-join on whose other side the largest table is");
    }
    if (!bms_overlap(special->min_lefthand, fact->relids)) {
      continue; // among the tables of a dimension
    }
    Relids tables = tables_of(root, special->syn_righthand);
    if (!bms_equal(special->min_lefthand, fact->relids) || bms_overlap(tables, taken) ||
        (special->jointype != JOIN_LEFT && special->jointype != JOIN_SEMI &&
         special->jointype != JOIN_ANTI)) {
      return refuse("an outer or semi-join of more than the fact and a dimension");
    }
    taken = bms_add_members(taken, tables);
    *components = lappend(*components, new_component(tables, special));
  }
  return true;
}

// All components that have one of these tables become one, if they may.
bool merge_components(List **components, const SpecialJoinInfo *join, const Bitmapset *tables) {
  Component *merged = nullptr;
  List *others = NIL;
  ListCell *cell = nullptr;
  foreach (cell, *components) {
    auto *component = static_cast<Component *>(lfirst(cell));
    if (!bms_overlap(component->tables, tables)) {
      others = lappend(others, component);
      continue;
    }
    if (merged == nullptr) {
      merged = component;
      continue;
    }
    // What is joined to a dimension that may have no row is NULL with it: (fact LEFT JOIN d) LEFT
    // JOIN e is fact LEFT JOIN (d LEFT JOIN e), where the planner could join these.
    Component *special = merged->special != nullptr ? merged : component;
    Component *plain = special == merged ? component : merged;
    if (plain->special != nullptr ||
        (special->special != nullptr && (special->special->jointype != JOIN_LEFT ||
                                         join == nullptr || join->jointype != JOIN_LEFT))) {
      return refuse("an outer or semi-join of several dimensions");
    }
    special->tables = bms_union(special->tables, plain->tables);
    special->nulling = bms_union(special->nulling, plain->nulling);
    merged = special;
  }
  const int number = join == nullptr ? 0 : compat::outer_join_number(join);
  if (merged != nullptr && number != 0) {
    merged->nulling = bms_add_member(merged->nulling, number);
  }
  *components = merged == nullptr ? others : lappend(others, merged);
  return true;
}

} // namespace

bool is_equality(const EquivalenceClass *equal) {
  int members = 0;
  ListCell *cell = nullptr;
  foreach (cell, equal->ec_members) {
    members += lfirst_node(EquivalenceMember, cell)->em_is_child ? 0 : 1;
  }
  return members > 1;
}

Relids tables_of(const PlannerInfo *root, const Bitmapset *relids) {
  Relids tables = nullptr;
  int relid = -1;
  while ((relid = bms_next_member(relids, relid)) >= 0) {
    if (is_table(root, relid)) {
      tables = bms_add_member(tables, relid);
    }
  }
  return tables;
}

bool components_of(PlannerInfo *root, const Bitmapset *tables, const RelOptInfo *fact,
                   List **components) {
  if (!special_components(root, fact, components)) {
    return false;
  }
  Relids special = nullptr;
  ListCell *cell = nullptr;
  foreach (cell, *components) {
    special = bms_add_members(special, static_cast<Component *>(lfirst(cell))->tables);
  }
  Relids plain = nullptr;
  int relid = -1;
  while ((relid = bms_next_member(tables, relid)) >= 0) {
    if (relid == static_cast<int>(fact->relid) || bms_is_member(relid, special)) {
      continue;
    }
    Relids joined = bms_make_singleton(relid);
    int other = -1;
    while ((other = bms_next_member(plain, other)) >= 0) {
      if (are_joined(root, find_base_rel(root, relid), find_base_rel(root, other))) {
        joined = bms_add_member(joined, other);
      }
    }
    plain = bms_add_member(plain, relid);
    *components = lappend(*components, new_component(bms_make_singleton(relid), nullptr));
    if (!merge_components(components, nullptr, joined)) {
      return false;
    }
  }
  foreach (cell, root->join_info_list) {
    const auto *join = lfirst_node(SpecialJoinInfo, cell);
    if (!bms_overlap(join->min_lefthand, fact->relids) &&
        !merge_components(components, join,
                          tables_of(root, bms_union(join->min_lefthand, join->syn_righthand)))) {
      return false;
    }
  }
  return true;
}

} // namespace starhouse::pg::star_scan
