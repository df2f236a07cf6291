// What a star scan covers: columns, WHERE and FILTER.
#include "pg/star_scan_compile.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include <string_view>

namespace starhouse::pg::star_scan {

using scan::Step;
using scan::Storage;
using Operation = Step::Operation;

namespace {

bool is_text(Oid type) {
  return type == TEXTOID || type == VARCHAROID;
}

TestPlan *new_test(TestPlan::Kind kind) {
  auto *test = static_cast<TestPlan *>(palloc0(sizeof(TestPlan)));
  test->kind = kind;
  return test;
}

} // namespace

bool strategy_of(Oid operation, Oid type, int *strategy) {
  const TypeCacheEntry *cache = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
  if (!OidIsValid(cache->btree_opf)) {
    return false;
  }
  *strategy = get_op_opfamily_strategy(operation, cache->btree_opf);
  if (*strategy != 0) {
    return true;
  }
  const Oid negator = get_negator(operation);
  return OidIsValid(negator) &&
         get_op_opfamily_strategy(negator, cache->btree_opf) == BTEqualStrategyNumber;
}

Oid own_operator(Oid family, Oid type, int strategy) {
  const Oid operation = get_opfamily_member(family, type, type, static_cast<int16>(strategy));
  int own = 0;
  return OidIsValid(operation) && strategy_of(operation, type, &own) && own == strategy
             ? operation
             : InvalidOid;
}

bool comparable(Oid column, Oid operand) {
  const auto is_integer = [](Oid type) {
    return type == INT2OID || type == INT4OID || type == INT8OID;
  };
  const auto is_float = [](Oid type) { return type == FLOAT4OID || type == FLOAT8OID; };
  return column == operand || (is_integer(column) && is_integer(operand)) ||
         (is_float(column) && is_float(operand)) || (is_text(column) && is_text(operand));
}

bool storage_of(Oid type, Storage *storage, Domain *domain) {
  *domain = Domain::integer;
  switch (type) {
  case BOOLOID:
    *storage = Storage::boolean;
    return true;
  case INT2OID:
    *storage = Storage::int16;
    return true;
  case INT4OID:
  case DATEOID:
    *storage = Storage::int32;
    return true;
  case INT8OID:
  case TIMEOID:
  case TIMESTAMPOID:
  case TIMESTAMPTZOID:
    *storage = Storage::int64;
    return true;
  case FLOAT4OID:
    *storage = Storage::float32;
    *domain = Domain::floating;
    return true;
  case FLOAT8OID:
    *storage = Storage::float64;
    *domain = Domain::floating;
    return true;
  case UUIDOID:
    *storage = Storage::fixed;
    *domain = Domain::bytes;
    return true;
  case TEXTOID:
  case VARCHAROID:
    *storage = Storage::varlena;
    *domain = Domain::bytes;
    return true;
  case NUMERICOID:
    *storage = Storage::varlena;
    *domain = Domain::numeric;
    return true;
  default:
    return false;
  }
}

Expr *bare(Expr *expr) {
  while (expr != nullptr && IsA(expr, RelabelType)) {
    Expr *inner = castNode(RelabelType, expr)->arg;
    const Oid from = getBaseType(exprType(reinterpret_cast<Node *>(inner)));
    const Oid to = getBaseType(castNode(RelabelType, expr)->resulttype);
    if (from != to && !(is_text(from) && is_text(to))) {
      break;
    }
    expr = inner;
  }
  return expr;
}

Oid base_type(const Expr *expr) {
  return getBaseType(exprType(reinterpret_cast<const Node *>(expr)));
}

bool is_operand(Expr *expr) {
  auto *node = reinterpret_cast<Node *>(expr);
  return !contain_var_clause(node) && !contain_volatile_functions(node) &&
         !contain_subplans(node) && !contain_agg_clause(node);
}

bool deterministic(Oid collation) {
  return OidIsValid(collation) && get_collation_isdeterministic(collation);
}

namespace {

// What is taken of dimensions, in the place of which columns come.
Node *with_takes(Node *node, void *context) {
  if (node == nullptr) {
    return nullptr;
  }
  ListCell *cell = nullptr;
  foreach (cell, static_cast<List *>(context)) {
    if (equal(node, lfirst(cell))) {
      const auto number = static_cast<AttrNumber>(foreach_current_index(cell) + 1);
      return reinterpret_cast<Node *>(
          makeVar(INNER_VAR, number, exprType(node), exprTypmod(node), exprCollation(node), 0));
    }
  }
  return compat::mutate_expression(node, with_takes, context);
}

} // namespace

void Compiler::compile_takes() {
  keys_ = question_.keys;
  arguments_ = question_.arguments;
  filters_ = question_.filters;
  if (question_.takes == NIL) {
    return;
  }
  const auto replace = [this](List *expressions) {
    return reinterpret_cast<List *>(
        with_takes(reinterpret_cast<Node *>(expressions), question_.takes));
  };
  keys_ = replace(keys_);
  arguments_ = replace(arguments_);
  filters_ = replace(filters_);
  ListCell *cell = nullptr;
  foreach (cell, question_.takes) {
    const int number = foreach_current_index(cell);
    auto *take = static_cast<TakePlan *>(palloc0(sizeof(TakePlan)));
    auto *node = static_cast<Node *>(lfirst(cell));
    *take = {.join = list_nth_int(question_.take_joins, number),
             .place = list_nth_int(question_.take_places, number),
             .type = exprType(node),
             .modifier = exprTypmod(node),
             .collation = exprCollation(node)};
    compiled_->takes = lappend(compiled_->takes, take);
  }
}

// The number of what is taken of a dimension; -1: it is something else.
int Compiler::take_of(const Expr *expr) const {
  return IsA(expr, Var) && reinterpret_cast<const Var *>(expr)->varno == INNER_VAR
             ? reinterpret_cast<const Var *>(expr)->varattno - 1
             : -1;
}

Compiled *Compiler::run() {
  compile_takes();
  ListCell *cell = nullptr;
  foreach (cell, question_.quals) {
    auto *condition = static_cast<Expr *>(lfirst(cell));
    if (!compile_condition(condition, &compiled_->tests, &compiled_->conditions)) {
      refuse("a condition", condition);
      return nullptr;
    }
  }
  foreach (cell, compiled_->tests) {
    compiled_->may_fail =
        compiled_->may_fail || may_fail_once(static_cast<const TestPlan *>(lfirst(cell)));
  }
  foreach (cell, question_.joins) {
    if (!compile_join(static_cast<JoinQuestion *>(lfirst(cell)))) {
      refuse("a join's column", static_cast<JoinQuestion *>(lfirst(cell))->facts);
      return nullptr;
    }
  }
  for (int i = 0; i < list_length(keys_); ++i) {
    if (!compile_key(i)) {
      refuse("a key", list_nth(question_.keys, i));
      return nullptr;
    }
  }
  for (int i = 0; i < list_length(question_.aggregates); ++i) {
    if (!compile_aggregate(i)) {
      refuse("an aggregate", list_nth(question_.aggregates, i));
      return nullptr;
    }
  }
  number_steps();
  return compiled_;
}

// Columns
// -------------------------------------------------------------------------------------------

bool Compiler::compile_column(Expr *expr, List **columns, uint32 *number, Domain *domain) {
  expr = bare(expr);
  if (expr == nullptr || !IsA(expr, Var)) {
    return false;
  }
  const auto *var = castNode(Var, expr);
  Storage storage{};
  const Oid type = getBaseType(var->vartype);
  if (var->varno != static_cast<int>(question_.table) || var->varattno <= 0 ||
      var->varlevelsup != 0 || !storage_of(type, &storage, domain)) {
    return false;
  }
  uint32 index = 0;
  ListCell *cell = nullptr;
  foreach (cell, *columns) {
    if (static_cast<ColumnPlan *>(lfirst(cell))->attribute == var->varattno) {
      *number = index;
      return true;
    }
    ++index;
  }
  auto *column = static_cast<ColumnPlan *>(palloc0(sizeof(ColumnPlan)));
  *column = {.attribute = var->varattno, .type = type, .storage = storage};
  *columns = lappend(*columns, column);
  *number = index;
  return true;
}

StepPlan *Compiler::add_step(Operation operation, uint32 left, uint32 right, uint32 *out) {
  auto *plan = static_cast<StepPlan *>(palloc0(sizeof(StepPlan)));
  plan->step = Step{};
  plan->step.operation = operation;
  plan->step.left = left;
  plan->step.right = right;
  *out = first_step + static_cast<uint32>(list_length(compiled_->steps));
  plan->step.out = *out;
  compiled_->steps = lappend(compiled_->steps, plan);
  return plan;
}

namespace {

void number_test(TestPlan *test, const auto &real) {
  real(test->column);
  ListCell *cell = nullptr;
  foreach (cell, test->parts) {
    number_test(static_cast<TestPlan *>(lfirst(cell)), real);
  }
}

} // namespace

void Compiler::number_steps() {
  const auto columns = static_cast<uint32>(list_length(compiled_->columns));
  const auto steps = static_cast<uint32>(list_length(compiled_->steps));
  const auto real = [columns, steps](uint32 &number) {
    number = number < first_step   ? number
             : number < first_join ? number - first_step + columns
                                   : number - first_join + columns + steps;
  };
  ListCell *cell = nullptr;
  foreach (cell, compiled_->steps) {
    Step &step = static_cast<StepPlan *>(lfirst(cell))->step;
    real(step.left);
    real(step.right);
    real(step.out);
  }
  foreach (cell, compiled_->core_keys) {
    auto *key = static_cast<scan::Key *>(lfirst(cell));
    real(key->column);
    if (key->source >= 0) {
      auto source = static_cast<uint32>(key->source);
      real(source);
      key->source = static_cast<int32>(source);
    }
  }
  foreach (cell, compiled_->filters) {
    number_test(static_cast<TestPlan *>(lfirst(cell)), real);
  }
  foreach (cell, compiled_->computed) {
    real(static_cast<ComputedPlan *>(lfirst(cell))->column);
  }
  foreach (cell, compiled_->aggregates) {
    scan::Aggregate &aggregate = static_cast<AggregatePlan *>(lfirst(cell))->aggregate;
    real(aggregate.column);
    real(aggregate.second);
  }
}

// Tests
// -------------------------------------------------------------------------------------------

// A test of the core's, or else one of the executor's.
bool Compiler::compile_condition(Expr *condition, List **tests, List **computed) {
  const int tested = list_length(compiled_->tested);
  if (TestPlan *test = compile_test(condition, &compiled_->tested)) {
    *tests = lappend(*tests, test);
    return true;
  }
  compiled_->tested = list_truncate(compiled_->tested, tested);
  ComputedPlan *plan = compute_of(condition, &compiled_->tested);
  if (plan != nullptr) {
    *computed = lappend(*computed, plan);
  }
  return plan != nullptr;
}

TestPlan *Compiler::compile_test(Expr *expr, List **columns) {
  if (is_operand(expr)) {
    TestPlan *test = new_test(TestPlan::Kind::constant);
    test->operand = expr;
    test->operand_type = BOOLOID;
    return test;
  }
  switch (nodeTag(expr)) {
  case T_OpExpr: {
    const auto *op = castNode(OpExpr, expr);
    if (list_length(op->args) != 2) {
      return nullptr;
    }
    auto *left = static_cast<Expr *>(linitial(op->args));
    auto *right = static_cast<Expr *>(lsecond(op->args));
    const Oid function = get_opcode(op->opno);
    if (function == F_TEXTLIKE || function == F_TEXTNLIKE) {
      return compile_like(op, columns);
    }
    if (is_operand(right)) {
      return compile_comparison(op->opno, op->inputcollid, left, right, columns);
    }
    const Oid turned = get_commutator(op->opno);
    return OidIsValid(turned) && is_operand(left)
               ? compile_comparison(turned, op->inputcollid, right, left, columns)
               : nullptr;
  }
  case T_ScalarArrayOpExpr:
    return compile_list(castNode(ScalarArrayOpExpr, expr), columns);
  case T_NullTest: {
    const auto *null_test = castNode(NullTest, expr);
    TestPlan *test = new_test(null_test->nulltesttype == IS_NULL ? TestPlan::Kind::is_null
                                                                 : TestPlan::Kind::not_null);
    return !null_test->argisrow &&
                   compile_column(null_test->arg, columns, &test->column, &test->domain)
               ? test
               : nullptr;
  }
  case T_BooleanTest:
    return compile_boolean_test(castNode(BooleanTest, expr), columns);
  case T_BoolExpr: {
    const auto *boolean = castNode(BoolExpr, expr);
    if (boolean->boolop == NOT_EXPR) {
      return compile_boolean(static_cast<Expr *>(linitial(boolean->args)), false, columns);
    }
    TestPlan *test =
        new_test(boolean->boolop == AND_EXPR ? TestPlan::Kind::all : TestPlan::Kind::any);
    ListCell *cell = nullptr;
    foreach (cell, boolean->args) {
      TestPlan *part = compile_test(static_cast<Expr *>(lfirst(cell)), columns);
      if (part == nullptr) {
        return nullptr;
      }
      test->parts = lappend(test->parts, part);
    }
    return test;
  }
  case T_RelabelType:
  case T_Var:
    return compile_boolean(expr, true, columns);
  default:
    return nullptr;
  }
}

// Patterns that have % at their ends alone: whatever is between has to be there, byte by byte.
TestPlan *Compiler::compile_like(const OpExpr *like, List **columns) {
  auto *pattern = static_cast<Expr *>(lsecond(like->args));
  if (!IsA(pattern, Const) || castNode(Const, pattern)->constisnull ||
      !deterministic(like->inputcollid)) {
    return nullptr;
  }
  std::string_view wanted = bytes_of(TEXTOID, castNode(Const, pattern)->constvalue);
  TestPlan *test = new_test(get_opcode(like->opno) == F_TEXTLIKE ? TestPlan::Kind::like
                                                                 : TestPlan::Kind::not_like);
  while (!wanted.empty() && wanted.front() == '%') {
    wanted.remove_prefix(1);
  }
  if (wanted.find_first_of("\\_") != std::string_view::npos ||
      wanted.substr(0, wanted.find_last_not_of('%') + 1).find('%') != std::string_view::npos) {
    return nullptr;
  }
  test->operand = pattern;
  test->operand_type = TEXTOID;
  return compile_column(static_cast<Expr *>(linitial(like->args)), columns, &test->column,
                        &test->domain)
             ? test
             : nullptr;
}

TestPlan *Compiler::compile_boolean(Expr *expr, bool value, List **columns) {
  if (base_type(expr) != BOOLOID) {
    return nullptr;
  }
  TestPlan *test = new_test(TestPlan::Kind::compare);
  test->strategy = BTEqualStrategyNumber;
  test->operand = reinterpret_cast<Expr *>(makeBoolConst(value, false));
  test->operand_type = BOOLOID;
  return compile_column(expr, columns, &test->column, &test->domain) ? test : nullptr;
}

TestPlan *Compiler::compile_boolean_test(const BooleanTest *boolean, List **columns) {
  bool value = true;
  bool or_null = false;
  switch (boolean->booltesttype) {
  case IS_TRUE:
    break;
  case IS_FALSE:
    value = false;
    break;
  case IS_NOT_TRUE:
    value = false;
    or_null = true;
    break;
  case IS_NOT_FALSE:
    or_null = true;
    break;
  default: {
    TestPlan *test = new_test(boolean->booltesttype == IS_UNKNOWN ? TestPlan::Kind::is_null
                                                                  : TestPlan::Kind::not_null);
    return compile_column(boolean->arg, columns, &test->column, &test->domain) ? test : nullptr;
  }
  }
  TestPlan *test = compile_boolean(boolean->arg, value, columns);
  if (test == nullptr || !or_null) {
    return test;
  }
  TestPlan *null = new_test(TestPlan::Kind::is_null);
  null->column = test->column;
  TestPlan *either = new_test(TestPlan::Kind::any);
  either->parts = list_make2(test, null);
  return either;
}

bool Compiler::compile_operand(TestPlan *test, Oid operation, Oid collation, Expr *column,
                               Expr *operand, Oid operand_type, List **columns) {
  const Oid type = base_type(column);
  if (!comparable(type, operand_type) || !strategy_of(operation, type, &test->strategy) ||
      !compile_column(column, columns, &test->column, &test->domain)) {
    return false;
  }
  if (test->domain == Domain::bytes) {
    const bool same = test->strategy == 0 || test->strategy == BTEqualStrategyNumber;
    if (!same || (type != UUIDOID && !deterministic(collation))) {
      return false;
    }
  }
  test->operand = operand;
  test->operand_type = operand_type;
  return true;
}

TestPlan *Compiler::compile_comparison(Oid operation, Oid collation, Expr *column, Expr *operand,
                                       List **columns) {
  TestPlan *test = new_test(TestPlan::Kind::compare);
  return compile_operand(test, operation, collation, column, operand, base_type(operand), columns)
             ? test
             : nullptr;
}

TestPlan *Compiler::compile_list(const ScalarArrayOpExpr *list, List **columns) {
  auto *column = static_cast<Expr *>(linitial(list->args));
  auto *operand = static_cast<Expr *>(lsecond(list->args));
  const Oid element = get_element_type(base_type(operand));
  TestPlan *test = new_test(list->useOr ? TestPlan::Kind::one_of : TestPlan::Kind::none_of);
  if (!OidIsValid(element) || !is_operand(operand) ||
      !compile_operand(test, list->opno, list->inputcollid, column, operand, getBaseType(element),
                       columns)) {
    return nullptr;
  }
  return test->strategy == (list->useOr ? BTEqualStrategyNumber : 0) ? test : nullptr;
}

// Joins
// -------------------------------------------------------------------------------------------

bool Compiler::compile_join(const JoinQuestion *question) {
  auto *join = static_cast<JoinPlan *>(palloc0(sizeof(JoinPlan)));
  join->keyed = question->keyed;
  join->kind = question->kind;
  join->outers = question->outers;
  join->has_condition = question->has_condition;
  join->width = list_length(question->facts);
  join->columns = static_cast<uint32 *>(palloc0(sizeof(uint32) * static_cast<Size>(join->width)));
  join->types = static_cast<Oid *>(palloc0(sizeof(Oid) * static_cast<Size>(join->width)));
  join->bytes = static_cast<bool *>(palloc0(sizeof(bool) * static_cast<Size>(join->width)));
  for (int i = 0; i < join->width; ++i) {
    auto *column = static_cast<Expr *>(list_nth(question->facts, i));
    const Oid type = base_type(column);
    int strategy = 0;
    Domain domain{};
    join->types[i] = list_nth_oid(question->types, i);
    if (!comparable(type, join->types[i]) ||
        !strategy_of(list_nth_oid(question->operators, i), type, &strategy) ||
        strategy != BTEqualStrategyNumber ||
        !compile_column(column, &compiled_->joined, &join->columns[i], &domain) ||
        (domain != Domain::integer && domain != Domain::bytes) ||
        (domain == Domain::bytes && type != UUIDOID &&
         !deterministic(list_nth_oid(question->collations, i)))) {
      return false;
    }
    join->bytes[i] = domain == Domain::bytes;
  }
  ListCell *cell = nullptr;
  foreach (cell, question->limits) {
    if (!compile_condition(static_cast<Expr *>(lfirst(cell)), &join->tests, &join->computed)) {
      return false;
    }
  }
  compiled_->limits = list_concat(compiled_->limits, join->computed);
  compiled_->joins = lappend(compiled_->joins, join);
  return true;
}

Compiled *compile(const Question &question) {
#ifdef WORDS_BIGENDIAN
  return nullptr; // the core reads varlenas in their little-endian form
#else
  Compiler compiler(question);
  return compiler.run();
#endif
}

bool groups_by_dimension(const Compiled *compiled) {
  ListCell *cell = nullptr;
  foreach (cell, compiled->keys) {
    if (static_cast<const KeyPlan *>(lfirst(cell))->join >= 0) {
      return true;
    }
  }
  return false;
}

} // namespace starhouse::pg::star_scan
