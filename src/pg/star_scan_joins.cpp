// How the dimensions of a star scan are joined with the fact: by equality of columns, to rows of
// plans of the planner's own.
#include "pg/star_scan_joins.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_compile.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "access/stratnum.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
}

#include <utility>

namespace starhouse::pg::star_scan {

namespace {

scan::JoinKind kind_of(const SpecialJoinInfo *special) {
  if (special == nullptr) {
    return scan::JoinKind::inner;
  }
  return special->jointype == JOIN_SEMI   ? scan::JoinKind::semi
         : special->jointype == JOIN_ANTI ? scan::JoinKind::anti
                                          : scan::JoinKind::outer;
}

// Whether a row without a partner may be kept: then nothing above the join follows from it.
bool keeps_others(const StarJoin *join) {
  return join->kind == scan::JoinKind::outer || join->kind == scan::JoinKind::anti;
}

// A condition above an outer join that looks at its dimension alone: it says of each row of the
// dimension, and of NULLs, whether rows of the fact that have it are left.
bool is_of_dimension(PlannerInfo *root, const StarJoin *join, const RestrictInfo *restriction) {
  auto *clause = reinterpret_cast<Node *>(restriction->clause);
  return join->kind == scan::JoinKind::outer && restriction->security_level == 0 &&
         bms_is_subset(pull_varnos(root, clause), join->relids) &&
         !contain_volatile_functions(clause) && !contain_subplans(clause) &&
         !may_fail_once(restriction->clause); // it is asked for rows that no fact has, too
}

// A condition in the ON that looks at the fact alone. The executor asks for it where keys are
// equal.
bool is_of_fact(const Star *star, const RestrictInfo *restriction) {
  auto *clause = reinterpret_cast<Node *>(restriction->clause);
  return restriction->security_level == 0 &&
         bms_equal(restriction->clause_relids, star->fact->relids) &&
         !contain_volatile_functions(clause) && !contain_subplans(clause) &&
         !may_fail_once(restriction->clause);
}

// The clauses of an outer or anti-join; false where there are others that a dimension's columns are
// in, such as conditions above the join.
bool outer_clauses(PlannerInfo *root, const Star *star, StarJoin *join, List **clauses) {
  const Bitmapset *both = bms_union(star->fact->relids, join->relids);
  const Bitmapset *inputs = bms_union(star->fact->relids, join->rel->relids);
  List *all = list_copy(join->rel->joininfo);
  ListCell *cell = nullptr;
  foreach (cell, star->fact->joininfo) {
    if (bms_overlap(lfirst_node(RestrictInfo, cell)->required_relids, join->relids)) {
      all = list_append_unique_ptr(all, lfirst(cell));
    }
  }
  foreach (cell, all) {
    auto *restriction = lfirst_node(RestrictInfo, cell);
    if (compat::is_other_clone(restriction, inputs)) {
      continue;
    }
    const bool above = RINFO_IS_PUSHED_DOWN(restriction, both);
    if (!bms_is_subset(restriction->required_relids, both) ||
        (above && !is_of_dimension(root, join, restriction))) {
      return refuse("a condition above an outer join", restriction->clause);
    }
    if (above) {
      join->conditions = lappend(join->conditions, restriction->clause);
    } else if (is_of_fact(star, restriction)) {
      join->limits = lappend(join->limits, restriction->clause);
    } else {
      *clauses = lappend(*clauses, restriction);
    }
  }
  return true;
}

bool add_equality(const Star *star, StarJoin *join, const RestrictInfo *restriction) {
  if (!IsA(restriction->clause, OpExpr) || restriction->security_level > 0) {
    return refuse("a join by more than equality", restriction->clause);
  }
  const auto *op = castNode(OpExpr, restriction->clause);
  auto *left = static_cast<Node *>(linitial(op->args));
  auto *right = static_cast<Node *>(llast(op->args));
  const Bitmapset *others = restriction->right_relids;
  Oid operation = op->opno;
  if (bms_equal(restriction->right_relids, star->fact->relids)) {
    std::swap(left, right);
    others = restriction->left_relids;
    operation = get_commutator(operation);
  } else if (!bms_equal(restriction->left_relids, star->fact->relids)) {
    return refuse("a join by more than equality", restriction->clause);
  }
  if (!OidIsValid(operation) || bms_is_empty(others) || !bms_is_subset(others, join->rel->relids) ||
      contain_volatile_functions(right)) {
    return refuse("a join by more than equality", restriction->clause);
  }
  join->facts = lappend(join->facts, left);
  join->others = lappend(join->others, right);
  join->operators = lappend_oid(join->operators, operation);
  join->collations = lappend_oid(join->collations, op->inputcollid);
  join->types = lappend_oid(join->types, getBaseType(exprType(right)));
  return true;
}

// What the server puts in the place of a clause that follows from constants.
bool is_true(const Expr *clause) {
  return IsA(clause, Const) && !reinterpret_cast<const Const *>(clause)->constisnull &&
         DatumGetBool(reinterpret_cast<const Const *>(clause)->constvalue);
}

// Whether the same constant is a member of both.
bool share_constant(const EquivalenceClass *one, const EquivalenceClass *other) {
  ListCell *cell = nullptr;
  foreach (cell, one->ec_members) {
    const auto *member = lfirst_node(EquivalenceMember, cell);
    ListCell *other_cell = nullptr;
    foreach (other_cell, other->ec_members) {
      const auto *second = lfirst_node(EquivalenceMember, other_cell);
      if (member->em_is_const && second->em_is_const && equal(member->em_expr, second->em_expr)) {
        return true;
      }
    }
  }
  return false;
}

const EquivalenceMember *member_of(const EquivalenceClass *equal, const Bitmapset *tables) {
  ListCell *cell = nullptr;
  foreach (cell, equal->ec_members) {
    const auto *member = lfirst_node(EquivalenceMember, cell);
    if (!member->em_is_child && !bms_is_empty(member->em_relids) &&
        bms_is_subset(member->em_relids, tables)) {
      return member;
    }
  }
  return nullptr;
}

// Whether the rows of the relation's plan have all that the expression is made of.
bool is_given(const RelOptInfo *rel, Expr *expression) {
  ListCell *cell = nullptr;
  foreach (cell, pull_var_clause(reinterpret_cast<Node *>(expression), PVC_INCLUDE_PLACEHOLDERS)) {
    if (!list_member(rel->reltarget->exprs, lfirst(cell))) {
      return false;
    }
  }
  return true;
}

// WHERE fact.key = 5 makes conditions of it, key = 5 on either side, and no join is left: by both
// keys, which are equal wherever there is a row. Of a table alone: among the tables of a snowflake
// what equals the constant may be NULL in the rows they give, and a subquery does not give what
// nobody above it asks for.
void add_constant(const PlannerInfo *root, const Star *star, StarJoin *join) {
  if (join->rel->reloptkind != RELOPT_BASEREL ||
      root->simple_rte_array[join->rel->relid]->rtekind != RTE_RELATION) {
    return;
  }
  ListCell *cell = nullptr;
  foreach (cell, root->eq_classes) {
    const auto *own = lfirst_node(EquivalenceClass, cell);
    const EquivalenceMember *fact =
        own->ec_has_const && !own->ec_has_volatile ? member_of(own, star->fact->relids) : nullptr;
    ListCell *other_cell = nullptr;
    foreach (other_cell, root->eq_classes) {
      const auto *others = lfirst_node(EquivalenceClass, other_cell);
      const EquivalenceMember *other =
          fact != nullptr && others->ec_has_const && !others->ec_has_volatile &&
                  own->ec_collation == others->ec_collation &&
                  equal(own->ec_opfamilies, others->ec_opfamilies) && share_constant(own, others)
              ? member_of(others, join->rel->relids)
              : nullptr;
      const Oid operation =
          other == nullptr || !is_given(join->rel, other->em_expr)
              ? InvalidOid
              : get_opfamily_member(linitial_oid(own->ec_opfamilies), fact->em_datatype,
                                    other->em_datatype, BTEqualStrategyNumber);
      if (OidIsValid(operation)) {
        join->facts = list_make1(fact->em_expr);
        join->others = list_make1(other->em_expr);
        join->operators = list_make1_oid(operation);
        join->collations = list_make1_oid(own->ec_collation);
        join->types =
            list_make1_oid(getBaseType(exprType(reinterpret_cast<const Node *>(other->em_expr))));
        return;
      }
    }
  }
}

// That of the tables, joined with one another. A join that the server may do before or after the
// one with the fact counts as done, in the numbers of the relation, after both.
RelOptInfo *relation_of(PlannerInfo *root, const Bitmapset *tables) {
  int single = 0;
  if (bms_get_singleton_member(tables, &single)) {
    return find_base_rel(root, single);
  }
  ListCell *cell = nullptr;
  foreach (cell, root->join_rel_list) {
    auto *rel = lfirst_node(RelOptInfo, cell);
    if (bms_is_subset(tables, rel->relids) && bms_equal(tables_of(root, rel->relids), tables)) {
      return rel;
    }
  }
  return nullptr;
}

bool dimension_of(PlannerInfo *root, const Star *star, const Component *component, StarJoin *join) {
  RelOptInfo *rel = relation_of(root, component->tables);
  if (rel == nullptr || rel->cheapest_total_path == nullptr ||
      rel->cheapest_total_path->param_info != nullptr || !bms_is_empty(rel->lateral_relids)) {
    return refuse("a dimension that has no plan of its own");
  }
  join->rel = rel;
  join->kind = kind_of(component->special);
  Relids nulling = bms_copy(component->nulling);
  if (component->special != nullptr && compat::outer_join_number(component->special) != 0) {
    nulling = bms_add_member(nulling, compat::outer_join_number(component->special));
  }
  join->relids = bms_union(rel->relids, nulling);
  join->nulling = bms_difference(nulling, rel->relids);
  List *clauses = NIL;
  if (keeps_others(join)) {
    if (!outer_clauses(root, star, join, &clauses)) {
      return false;
    }
  } else if (rel->joininfo != NIL) {
    return refuse("a join by more than equality",
                  linitial_node(RestrictInfo, rel->joininfo)->clause);
  } else {
    clauses = compat::join_equalities(root, bms_union(rel->relids, star->fact->relids),
                                      star->fact->relids, rel);
  }
  ListCell *cell = nullptr;
  foreach (cell, clauses) {
    const auto *restriction = lfirst_node(RestrictInfo, cell);
    if (!is_true(restriction->clause) && !add_equality(star, join, restriction)) {
      return false;
    }
  }
  if (join->facts == NIL) {
    add_constant(root, star, join);
  }
  return (join->facts != NIL && list_length(join->facts) <= 8) ||
         refuse("a dimension that is joined by nothing, or by too much");
}

// What the fact is joined by that is no equality: the ON of an outer join has to be with one that
// looked at it.
bool fact_is_joined(const Star *star) {
  ListCell *cell = nullptr;
  foreach (cell, star->fact->joininfo) {
    const auto *restriction = lfirst_node(RestrictInfo, cell);
    bool known = false;
    ListCell *other = nullptr;
    foreach (other, star->joins) {
      const auto *join = static_cast<StarJoin *>(lfirst(other));
      known = known ||
              (keeps_others(join) && bms_overlap(restriction->required_relids, join->rel->relids));
    }
    if (!known) {
      return refuse("a join by more than equality", restriction->clause);
    }
  }
  return true;
}

// Of a class of equal expressions those of the fact, and of each dimension, are held equal by the
// plans of these, and the fact's to a dimension's by the join: all of them have to be within one of
// the tables, and those of several dimensions equal to one of the fact. What a row without a
// partner may have is equal to nothing else.
bool class_is_held(const Star *star, const EquivalenceClass *equal) {
  bool of_fact = false;
  bool of_outer = false;
  int tables = 0;
  const StarJoin *last = nullptr;
  ListCell *cell = nullptr;
  foreach (cell, equal->ec_members) {
    const auto *member = lfirst_node(EquivalenceMember, cell);
    if (member->em_is_child || member->em_is_const) {
      continue;
    }
    if (bms_is_subset(member->em_relids, star->fact->relids)) {
      of_fact = true;
      continue;
    }
    const StarJoin *own = nullptr;
    ListCell *other = nullptr;
    foreach (other, star->joins) {
      const auto *join = static_cast<StarJoin *>(lfirst(other));
      own = bms_is_subset(member->em_relids, join->rel->relids) ? join : own;
    }
    if (own == nullptr) {
      return refuse("expressions of several tables that are equal", member->em_expr);
    }
    of_outer = of_outer || keeps_others(own);
    tables += own != last ? 1 : 0;
    last = own;
  }
  return tables == 0 || (tables == 1 && !of_fact) || (of_fact && !of_outer) ||
         refuse("columns of several dimensions that are equal",
                linitial_node(EquivalenceMember, equal->ec_members)->em_expr);
}

bool classes_are_held(const PlannerInfo *root, const Star *star) {
  ListCell *cell = nullptr;
  foreach (cell, root->eq_classes) {
    const auto *equal = lfirst_node(EquivalenceClass, cell);
    // Those with a constant are conditions, of one table or of a join.
    if (!equal->ec_has_const && is_equality(equal) && !class_is_held(star, equal)) {
      return false;
    }
  }
  return true;
}

// What is made below an outer join, and is NULL above it as columns are: of a dimension's row
// alone.
bool placeholders_are_of_dimensions(const PlannerInfo *root, const Star *star) {
  ListCell *cell = nullptr;
  foreach (cell, root->placeholder_list) {
    const auto *placeholder = lfirst_node(PlaceHolderInfo, cell);
    bool known = false;
    ListCell *other = nullptr;
    foreach (other, star->joins) {
      const auto *join = static_cast<StarJoin *>(lfirst(other));
      known = known || (bms_is_subset(placeholder->ph_eval_at, join->rel->relids) &&
                        bms_is_empty(placeholder->ph_lateral));
    }
    if (!known) {
      return refuse("an expression below an outer join", placeholder->ph_var->phexpr);
    }
  }
  return true;
}

} // namespace

bool star_of(PlannerInfo *root, RelOptInfo *input, Star *star) {
  if (input->reloptkind == RELOPT_BASEREL) {
    return fact_of(root, input, star);
  }
  if (input->reloptkind != RELOPT_JOINREL || IS_DUMMY_REL(input) || root->hasLateralRTEs ||
      root->hasPseudoConstantQuals) {
    return refuse(input->reloptkind == RELOPT_UPPER_REL ? "not of tables"
                  : root->hasLateralRTEs                ? "a lateral join"
                                                        : "a condition on no table");
  }
  Relids inner = nullptr; // not there for others alone
  const Bitmapset *tables = tables_of(root, input->relids);
  ListCell *cell = nullptr;
  foreach (cell, root->join_info_list) {
    inner = bms_add_members(inner, lfirst_node(SpecialJoinInfo, cell)->syn_righthand);
  }
  RelOptInfo *largest = nullptr;
  int relid = -1;
  while ((relid = bms_next_member(tables, relid)) >= 0) {
    RelOptInfo *rel = find_base_rel(root, relid);
    if (rel->rtekind == RTE_RELATION && !bms_is_member(relid, inner) &&
        (largest == nullptr || tuples_of(rel) > tuples_of(largest))) {
      largest = rel;
    }
  }
  List *components = NIL;
  if (largest == nullptr || !fact_of(root, largest, star) ||
      !components_of(root, tables, largest, &components)) {
    return refuse("no table");
  }
  foreach (cell, components) {
    auto *join = static_cast<StarJoin *>(palloc0(sizeof(StarJoin)));
    if (!dimension_of(root, star, static_cast<const Component *>(lfirst(cell)), join)) {
      return false;
    }
    star->joins = lappend(star->joins, join);
  }
  return fact_is_joined(star) && classes_are_held(root, star) &&
         placeholders_are_of_dimensions(root, star) && list_length(star->joins) <= 16;
}

namespace {

// What is grouped by of a dimension, then the conditions above the join, if there are any.
List *values_of(const StarJoin *join) {
  List *values = list_copy(join->groups);
  return join->conditions == NIL ? values : lappend(values, make_ands_explicit(join->conditions));
}

// The columns of some tables are NULL, and what is made of them below the join.
Node *with_nulls(Node *node, void *tables) {
  if (node != nullptr && IsA(node, PlaceHolderVar)) {
    auto *made = reinterpret_cast<Node *>(castNode(PlaceHolderVar, node)->phexpr);
    return reinterpret_cast<Node *>(
        makeNullConst(exprType(made), exprTypmod(made), exprCollation(made)));
  }
  if (node != nullptr && IsA(node, Var) && castNode(Var, node)->varlevelsup == 0 &&
      bms_is_member(castNode(Var, node)->varno, static_cast<const Bitmapset *>(tables))) {
    const auto *var = castNode(Var, node);
    return reinterpret_cast<Node *>(makeNullConst(var->vartype, var->vartypmod, var->varcollid));
  }
  return node == nullptr ? nullptr : compat::mutate_expression(node, with_nulls, tables);
}

} // namespace

List *outer_groups(const StarJoin *join) {
  return keeps_others(join) ? reinterpret_cast<List *>(with_nulls(
                                  reinterpret_cast<Node *>(values_of(join)), join->rel->relids))
                            : NIL;
}

Path *dimension_path(PlannerInfo *root, const StarJoin *join, bool in_each_process) {
  PathTarget *target = create_empty_pathtarget();
  ListCell *cell = nullptr;
  foreach (cell, join->others) {
    add_column_to_pathtarget(target, static_cast<Expr *>(lfirst(cell)), 0);
  }
  foreach (cell, values_of(join)) {
    // As they are below the join.
    Node *value = compat::without_nulling(static_cast<Node *>(lfirst(cell)), join->nulling);
    add_column_to_pathtarget(target, reinterpret_cast<Expr *>(value), 0);
  }
  set_pathtarget_cost_width(root, target);
  Path *rows = join->rel->cheapest_total_path;
  if (in_each_process && !rows->parallel_safe) {
    rows = nullptr;
    foreach (cell, join->rel->pathlist) {
      auto *path = static_cast<Path *>(lfirst(cell));
      if (path->parallel_safe && path->param_info == nullptr &&
          (rows == nullptr || path->total_cost < rows->total_cost)) {
        rows = path;
      }
    }
    if (rows == nullptr) {
      return nullptr;
    }
  }
  auto *path = reinterpret_cast<Path *>(create_projection_path(root, join->rel, rows, target));
  return in_each_process && !path->parallel_safe ? nullptr : path;
}

} // namespace starhouse::pg::star_scan
