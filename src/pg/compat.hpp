// What differs between the supported servers (15 to 18), in one place. Include after postgres.hpp
// and the server headers that declare what is wrapped.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "nodes/tidbitmap.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "parser/parse_relation.h"
#include "parser/scansup.h"
#include "partitioning/partdesc.h"
#include "rewrite/rewriteManip.h"
#include "utils/acl.h"
#include "utils/datetime.h"
#include "utils/pg_locale.h"
}

namespace starhouse::pg::compat {

// The current user's right on a database.
inline AclResult database_aclcheck(Oid database, AclMode mode) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(DatabaseRelationId, database, GetUserId(), mode);
#else
  return pg_database_aclcheck(database, GetUserId(), mode);
#endif
}

// The current user's right to call a function.
inline AclResult function_aclcheck(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE);
#else
  return pg_proc_aclcheck(function, role, ACL_EXECUTE);
#endif
}

// Whether the collation compares bytes.
inline bool collation_is_c(Oid collation) {
#if PG_VERSION_NUM >= 180000
  return pg_newlocale_from_collation(collation)->collate_is_c;
#else
  return lc_collate_is_c(collation);
#endif
}

// What a name of a time zone stands for, as in AT TIME ZONE: an abbreviation with an offset to the
// east, in seconds; one whose offset has changed over the years; or a zone. An error (22023) for
// others.
enum class ZoneKind : uint8 { fixed, abbreviation, zone };
inline ZoneKind decode_zone(const char *name, int *east, pg_tz **zone) {
#if PG_VERSION_NUM >= 160000
  switch (DecodeTimezoneName(name, east, zone)) {
  case TZNAME_FIXED_OFFSET:
    return ZoneKind::fixed;
  case TZNAME_DYNTZ:
    return ZoneKind::abbreviation;
  default:
    return ZoneKind::zone;
  }
#else
  char *lower = downcase_truncate_identifier(name, static_cast<int>(std::strlen(name)), false);
  const int type = DecodeTimezoneAbbrev(0, lower, east, zone);
  pfree(lower);
  if (type == TZ || type == DTZ) {
    return ZoneKind::fixed;
  }
  if (type == DYNTZ) {
    return ZoneKind::abbreviation;
  }
  *zone = pg_tzset(name);
  if (*zone == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("time zone \"%s\" not recognized", name)));
  }
  return ZoneKind::zone;
#endif
}

// The index of the primary key, if there is one whose key is checked at once.
inline Oid primary_key_index(Relation relation) {
#if PG_VERSION_NUM >= 180000
  return RelationGetPrimaryKeyIndex(relation, false);
#else
  return RelationGetPrimaryKeyIndex(relation);
#endif
}

// The map from the root's row form to a partition's; null when they are alike.
inline TupleConversionMap *root_to_child_map(ResultRelInfo *child, EState *estate) {
#if PG_VERSION_NUM >= 160000
  return ExecGetRootToChildMap(child, estate);
#else
  (void)estate;
  return child->ri_RootToPartitionMap;
#endif
}

inline List *insert_index_tuples(ResultRelInfo *relation, TupleTableSlot *slot, EState *estate) {
#if PG_VERSION_NUM >= 160000
  return ExecInsertIndexTuples(relation, slot, estate, false, false, nullptr, NIL, false);
#else
  return ExecInsertIndexTuples(relation, slot, estate, false, false, nullptr, NIL);
#endif
}

inline bool check_index_constraints(ResultRelInfo *relation, TupleTableSlot *slot, EState *estate,
                                    ItemPointer conflict, List *arbiters) {
#if PG_VERSION_NUM >= 180000
  ItemPointerData own;
  ItemPointerSetInvalid(&own);
  return ExecCheckIndexConstraints(relation, slot, estate, conflict, &own, arbiters);
#else
  return ExecCheckIndexConstraints(relation, slot, estate, conflict, arbiters);
#endif
}

inline IndexScanDesc index_begin_scan(Relation heap, Relation index, Snapshot snapshot,
                                      int keys = 0) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(heap, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(heap, index, snapshot, keys, 0);
#endif
}

inline IndexScanDesc index_begin_bitmap_scan(Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan_bitmap(index, snapshot, nullptr, keys);
#else
  return index_beginscan_bitmap(index, snapshot, keys);
#endif
}

// Calls `act` with each block of a bitmap.
template <class Act>
void each_block(TIDBitmap *bitmap, Act act) {
#if PG_VERSION_NUM >= 180000
  TBMPrivateIterator *iterator = tbm_begin_private_iterate(bitmap);
  TBMIterateResult result;
  while (tbm_private_iterate(iterator, &result)) {
    act(result.blockno);
  }
  tbm_end_private_iterate(iterator);
#else
  TBMIterator *iterator = tbm_begin_iterate(bitmap);
  while (const TBMIterateResult *result = tbm_iterate(iterator)) {
    act(result->blockno);
  }
  tbm_end_iterate(iterator);
#endif
}

// Range table of one relation that is inserted into, with the caller's INSERT right checked.
inline void init_insert_range_table(EState *estate, Relation relation) {
  ParseState *pstate = make_parsestate(nullptr);
  ParseNamespaceItem *item =
      addRangeTableEntryForRelation(pstate, relation, RowExclusiveLock, nullptr, false, false);
#if PG_VERSION_NUM >= 160000
  item->p_perminfo->requiredPerms = ACL_INSERT;
  ExecCheckPermissions(pstate->p_rtable, list_make1(item->p_perminfo), true);
#else
  item->p_rte->requiredPerms = ACL_INSERT;
  ExecCheckRTPerms(pstate->p_rtable, true);
#endif
#if PG_VERSION_NUM >= 180000
  ExecInitRangeTable(estate, pstate->p_rtable, pstate->p_rteperminfos, bms_make_singleton(1));
#elif PG_VERSION_NUM >= 160000
  ExecInitRangeTable(estate, pstate->p_rtable, pstate->p_rteperminfos);
#else
  ExecInitRangeTable(estate, pstate->p_rtable);
#endif
}

inline bool owns_relation(Oid relation) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(RelationRelationId, relation, GetUserId());
#else
  return pg_class_ownercheck(relation, GetUserId());
#endif
}

// The search path as it is now, to see later whether names still mean the same.
#if PG_VERSION_NUM >= 170000
using SearchPath = SearchPathMatcher;
#else
using SearchPath = OverrideSearchPath;
#endif

inline SearchPath *search_path(MemoryContext context) {
#if PG_VERSION_NUM >= 170000
  return GetSearchPathMatcher(context);
#else
  return GetOverrideSearchPath(context);
#endif
}

inline bool search_path_matches(SearchPath *path) {
#if PG_VERSION_NUM >= 170000
  return SearchPathMatchesCurrentEnvironment(path);
#else
  return OverrideSearchPathMatchesCurrent(path);
#endif
}

// An expression's parts through a function of ours: until 16 their declarations leave the
// function's parameters open, which C++ reads as none.
inline bool walk_expression(Node *node, bool (*walker)(Node *, void *), void *context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  return expression_tree_walker(
      node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
#endif
}

inline Node *mutate_expression(Node *node, Node *(*mutator)(Node *, void *), void *context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_mutator(node, mutator, context);
#else
  return expression_tree_mutator(
      node, reinterpret_cast<Node *(*)()>(reinterpret_cast<void (*)()>(mutator)), context);
#endif
}

// What a query is grouped by, without what the planner found to say nothing more; all of it where
// that is nothing (WHERE city = 'Pune' GROUP BY city), for it is grouped all the same: no row gives
// no group then.
inline List *group_clause(const PlannerInfo *root) {
#if PG_VERSION_NUM >= 160000
  return root->processed_groupClause != NIL ? root->processed_groupClause
                                            : root->parse->groupClause;
#else
  return root->parse->groupClause;
#endif
}

// The equalities that join a relation with others, as far as they follow from classes of equal
// expressions.
inline List *join_equalities(PlannerInfo *root, Relids joined, Relids outer, RelOptInfo *inner) {
#if PG_VERSION_NUM >= 160000
  return generate_join_implied_equalities(root, joined, outer, inner, nullptr);
#else
  return generate_join_implied_equalities(root, joined, outer, inner);
#endif
}

// The number that an outer join has in sets of tables, and in the columns that are NULL by it; 0
// where it has none.
inline int outer_join_number(const SpecialJoinInfo *join) {
#if PG_VERSION_NUM >= 160000
  return static_cast<int>(join->ojrelid);
#else
  (void)join;
  return 0;
#endif
}

// Whether it is that form of a clause of several outer joins that is for another order of them.
inline bool is_other_clone(const RestrictInfo *clause, const Bitmapset *inputs) {
#if PG_VERSION_NUM >= 160000
  return (clause->has_clone || clause->is_clone) &&
         (!bms_is_subset(clause->required_relids, inputs) ||
          bms_overlap(clause->incompatible_relids, inputs));
#else
  (void)clause;
  (void)inputs;
  return false;
#endif
}

// An expression as it is below outer joins.
inline Node *without_nulling(Node *node, const Bitmapset *joins) {
#if PG_VERSION_NUM >= 160000
  return joins == nullptr ? node : remove_nulling_relids(node, joins, nullptr);
#else
  (void)joins;
  return node;
#endif
}

// A table of the plan's range table, which the plan has locked.
inline Relation range_table_relation(EState *estate, Index number) {
#if PG_VERSION_NUM >= 180000
  return ExecGetRangeTableRelation(estate, number, false);
#else
  return ExecGetRangeTableRelation(estate, number);
#endif
}

// What enable_... = off does to a path.
inline void disable_path(Path *path) {
#if PG_VERSION_NUM >= 180000
  ++path->disabled_nodes;
#else
  path->startup_cost += disable_cost;
  path->total_cost += disable_cost;
#endif
}

// Conditions on a window's functions that end it: take(function, comparison, other side, whether
// that is the left one). They are the functions' own from 17 on, else the window's.
template <class Take>
void walk_run_conditions(const WindowFunc *function, Take take) {
#if PG_VERSION_NUM >= 170000
  ListCell *cell = nullptr;
  foreach (cell, function->runCondition) {
    const auto *condition = lfirst_node(WindowFuncRunCondition, cell);
    take(condition->opno, reinterpret_cast<const Node *>(condition->arg), !condition->wfunc_left);
  }
#else
  (void)function;
  (void)take;
#endif
}
template <class Take>
void walk_run_conditions(const WindowClause *window, Take take) {
#if PG_VERSION_NUM >= 170000
  (void)window;
  (void)take;
#else
  ListCell *cell = nullptr;
  foreach (cell, window->runCondition) {
    const auto *condition = static_cast<const Node *>(lfirst(cell));
    if (!IsA(condition, OpExpr) ||
        list_length(reinterpret_cast<const OpExpr *>(condition)->args) != 2) {
      continue;
    }
    const auto *operation = reinterpret_cast<const OpExpr *>(condition);
    const auto *left = static_cast<const Node *>(linitial(operation->args));
    const auto *right = static_cast<const Node *>(lsecond(operation->args));
    if (IsA(left, WindowFunc)) {
      take(reinterpret_cast<const WindowFunc *>(left), operation->opno, right, false);
    } else if (IsA(right, WindowFunc)) {
      take(reinterpret_cast<const WindowFunc *>(right), operation->opno, left, true);
    }
  }
#endif
}

} // namespace starhouse::pg::compat
