// What a star scan covers: numbers of each row, as aggregates have them for arguments.
#include "pg/star_scan_compile.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
}

#include "core/scan/numeric_bytes.hpp"

#include <cmath>

namespace starhouse::pg::star_scan {

using scan::Step;
using scan::Storage;
using Operation = Step::Operation;

namespace {

bool arithmetic_of(Oid function, Operation *operation) {
  switch (function) {
  case F_INT4PL:
  case F_INT24PL:
  case F_INT42PL:
    *operation = Operation::add_int32;
    return true;
  case F_INT4MI:
  case F_INT24MI:
  case F_INT42MI:
    *operation = Operation::subtract_int32;
    return true;
  case F_INT4MUL:
  case F_INT24MUL:
  case F_INT42MUL:
    *operation = Operation::multiply_int32;
    return true;
  case F_INT8PL:
  case F_INT84PL:
  case F_INT48PL:
  case F_INT82PL:
  case F_INT28PL:
    *operation = Operation::add_int64;
    return true;
  case F_INT8MI:
  case F_INT84MI:
  case F_INT48MI:
  case F_INT82MI:
  case F_INT28MI:
    *operation = Operation::subtract_int64;
    return true;
  case F_INT8MUL:
  case F_INT84MUL:
  case F_INT48MUL:
  case F_INT82MUL:
  case F_INT28MUL:
    *operation = Operation::multiply_int64;
    return true;
  case F_FLOAT8PL:
  case F_FLOAT48PL:
  case F_FLOAT84PL:
    *operation = Operation::add_float;
    return true;
  case F_FLOAT8MI:
  case F_FLOAT48MI:
  case F_FLOAT84MI:
    *operation = Operation::subtract_float;
    return true;
  case F_FLOAT8MUL:
  case F_FLOAT48MUL:
  case F_FLOAT84MUL:
    *operation = Operation::multiply_float;
    return true;
  case F_FLOAT8DIV:
  case F_FLOAT48DIV:
  case F_FLOAT84DIV:
    *operation = Operation::divide_float;
    return true;
  default:
    return false;
  }
}

bool decimal_arithmetic_of(Oid function, Operation *operation) {
  switch (function) {
  case F_NUMERIC_ADD:
    *operation = Operation::add_decimal;
    return true;
  case F_NUMERIC_SUB:
    *operation = Operation::subtract_decimal;
    return true;
  case F_NUMERIC_MUL:
    *operation = Operation::multiply_decimal;
    return true;
  default:
    return false;
  }
}

} // namespace

// A number of each row. `may_fail`: an error may come of it.
bool Compiler::compile_number(Expr *expr, uint32 *number, Domain *domain, bool *may_fail) {
  check_stack_depth();
  expr = bare(expr);
  if (IsA(expr, CaseExpr)) {
    return compile_case(castNode(CaseExpr, expr), number, domain);
  }
  if (IsA(expr, CoalesceExpr)) {
    return compile_coalesce(castNode(CoalesceExpr, expr), number, domain, may_fail);
  }
  if (base_type(expr) == NUMERICOID) {
    *domain = Domain::numeric;
    return compile_decimal(expr, number);
  }
  if (IsA(expr, Var)) {
    return compile_column(expr, &compiled_->columns, number, domain) &&
           (*domain == Domain::integer || *domain == Domain::floating);
  }
  if (is_operand(expr)) {
    Storage storage{};
    const Oid type = base_type(expr);
    if (!storage_of(type, &storage, domain) ||
        (*domain != Domain::integer && *domain != Domain::floating)) {
      return false;
    }
    if (may_fail_once(expr)) {
      return false; // it must not where no row asks for it
    }
    StepPlan *step = add_step(Operation::constant, 0, 0, number);
    step->operand = expr;
    step->operand_type = type;
    return true;
  }
  if (IsA(expr, FuncExpr)) {
    const auto *call = castNode(FuncExpr, expr);
    auto *argument = static_cast<Expr *>(linitial(call->args));
    switch (call->funcid) {
    case F_POWER_FLOAT8_FLOAT8:
    case F_POW_FLOAT8_FLOAT8:
      return compile_power(call->args, number, domain, may_fail);
    case F_DATE_PART_TEXT_INTERVAL:
      return compile_seconds(call->args, number, domain, may_fail);
    case F_TIMEZONE_TEXT_TIMESTAMPTZ:
      *domain = Domain::integer;
      *may_fail = true;
      return compile_zoned(expr, number);
    case F_INT4_INT2:
    case F_INT8_INT2:
    case F_INT8_INT4:
    case F_FLOAT8_FLOAT4:
      return compile_number(argument, number, domain, may_fail);
    case F_FLOAT8_NUMERIC:
      // Of a column; a value that is too large is an error.
      if (!compile_column(argument, &compiled_->columns, number, domain)) {
        return false;
      }
      add_step(Operation::numeric_to_float, *number, 0, number);
      *domain = Domain::floating;
      *may_fail = true;
      return true;
    case F_FLOAT8_INT2:
    case F_FLOAT8_INT4:
    case F_FLOAT8_INT8:
      if (!compile_number(argument, number, domain, may_fail)) {
        return false;
      }
      add_step(Operation::to_float, *number, 0, number);
      *domain = Domain::floating;
      return true;
    default:
      return false;
    }
  }
  if (IsA(expr, MinMaxExpr)) {
    return compile_extreme(castNode(MinMaxExpr, expr), number, domain, may_fail);
  }
  if (IsA(expr, OpExpr)) {
    const auto *op = castNode(OpExpr, expr);
    Operation operation{};
    uint32 left = 0;
    uint32 right = 0;
    if (get_opcode(op->opno) == F_DPOW) {
      return compile_power(op->args, number, domain, may_fail);
    }
    if (list_length(op->args) != 2 || !arithmetic_of(get_opcode(op->opno), &operation) ||
        !compile_number(static_cast<Expr *>(linitial(op->args)), &left, domain, may_fail) ||
        !compile_number(static_cast<Expr *>(lsecond(op->args)), &right, domain, may_fail)) {
      return false;
    }
    *may_fail = true;
    add_step(operation, left, right, number);
    *domain = op->opresulttype == FLOAT8OID ? Domain::floating : Domain::integer;
    return true;
  }
  return false;
}

// Of a constant that is finite and above zero.
bool Compiler::compile_power(const List *arguments, uint32 *number, Domain *domain,
                             bool *may_fail) {
  auto *base = static_cast<Expr *>(linitial(arguments));
  uint32 left = 0;
  uint32 right = 0;
  Domain base_domain{};
  if (!IsA(base, Const) || castNode(Const, base)->constisnull) {
    return false;
  }
  const double value = DatumGetFloat8(castNode(Const, base)->constvalue);
  if (!std::isfinite(value) || value <= 0 || !compile_number(base, &left, &base_domain, may_fail) ||
      !compile_number(static_cast<Expr *>(lsecond(arguments)), &right, domain, may_fail) ||
      *domain != Domain::floating) {
    return false;
  }
  *may_fail = true;
  add_step(Operation::power, left, right, number);
  return true;
}

// date_part('epoch', later - earlier) of two times.
bool Compiler::compile_seconds(const List *arguments, uint32 *number, Domain *domain,
                               bool *may_fail) {
  auto *field = static_cast<Expr *>(linitial(arguments));
  auto *between = static_cast<Expr *>(lsecond(arguments));
  if (!IsA(field, Const) || castNode(Const, field)->constisnull || !IsA(between, OpExpr)) {
    return false;
  }
  const auto *op = castNode(OpExpr, between);
  const Oid function = get_opcode(op->opno);
  uint32 later = 0;
  uint32 earlier = 0;
  Domain own{};
  if ((function != F_TIMESTAMPTZ_MI && function != F_TIMESTAMP_MI) ||
      pg_strcasecmp(TextDatumGetCString(castNode(Const, field)->constvalue), "epoch") != 0 ||
      !compile_number(static_cast<Expr *>(linitial(op->args)), &later, &own, may_fail) ||
      !compile_number(static_cast<Expr *>(lsecond(op->args)), &earlier, &own, may_fail)) {
    return false;
  }
  *may_fail = true;
  *domain = Domain::floating;
  add_step(Operation::seconds_between, later, earlier, number)->step.infinite_too =
      PG_VERSION_NUM >= 170000;
  return true;
}

// GREATEST and LEAST of floats, which leave NULLs out: all are asked for.
bool Compiler::compile_extreme(const MinMaxExpr *expr, uint32 *number, Domain *domain,
                               bool *may_fail) {
  if (expr->minmaxtype != FLOAT8OID) {
    return false;
  }
  ListCell *cell = nullptr;
  foreach (cell, expr->args) {
    uint32 value = 0;
    if (!compile_number(static_cast<Expr *>(lfirst(cell)), &value, domain, may_fail) ||
        *domain != Domain::floating) {
      return false;
    }
    if (foreach_current_index(cell) == 0) {
      *number = value;
    } else {
      add_step(expr->op == IS_GREATEST ? Operation::greatest_float : Operation::least_float,
               *number, value, number);
    }
  }
  return true;
}

// Exact, whatever the values: it cannot fail.
bool Compiler::compile_decimal(Expr *expr, uint32 *number) {
  Domain domain{};
  if (IsA(expr, Var)) {
    if (!compile_column(expr, &compiled_->columns, number, &domain)) {
      return false;
    }
    // Each column becomes one once.
    ListCell *cell = nullptr;
    foreach (cell, compiled_->steps) {
      const Step &step = static_cast<StepPlan *>(lfirst(cell))->step;
      if (step.operation == Operation::decimal && step.left == *number) {
        *number = step.out;
        return true;
      }
    }
    add_step(Operation::decimal, *number, 0, number);
    return true;
  }
  if (IsA(expr, Const)) {
    const auto *constant = castNode(Const, expr);
    scan::SmallDecimal value;
    if (!constant->constisnull &&
        !scan::small_decimal(bytes_of(NUMERICOID, constant->constvalue), value)) {
      return false;
    }
    Step &step = add_step(Operation::constant_decimal, 0, 0, number)->step;
    step.null = constant->constisnull;
    step.value = value.digits;
    step.scale = static_cast<std::uint8_t>(value.scale);
    return true;
  }
  bool may_fail = false;
  if (IsA(expr, FuncExpr)) {
    const auto *call = castNode(FuncExpr, expr);
    auto *argument = static_cast<Expr *>(linitial(call->args));
    if ((call->funcid != F_NUMERIC_INT2 && call->funcid != F_NUMERIC_INT4 &&
         call->funcid != F_NUMERIC_INT8) ||
        !compile_number(argument, number, &domain, &may_fail) || may_fail) {
      return false;
    }
    add_step(Operation::int_to_decimal, *number, 0, number);
    return true;
  }
  if (IsA(expr, OpExpr)) {
    const auto *op = castNode(OpExpr, expr);
    Operation operation{};
    uint32 left = 0;
    uint32 right = 0;
    Domain right_domain{};
    if (list_length(op->args) != 2 || !decimal_arithmetic_of(get_opcode(op->opno), &operation) ||
        !compile_number(static_cast<Expr *>(linitial(op->args)), &left, &domain, &may_fail) ||
        !compile_number(static_cast<Expr *>(lsecond(op->args)), &right, &right_domain, &may_fail) ||
        domain != Domain::numeric || right_domain != Domain::numeric) {
      return false;
    }
    add_step(operation, left, right, number);
    return true;
  }
  return false;
}

// CASE WHEN ... THEN ... ELSE ... END, from the last to the first. Its values are computed for all
// rows, and what its conditions compare with before the first, so none may fail.
bool Compiler::compile_case(const CaseExpr *expr, uint32 *number, Domain *domain) {
  if (expr->arg != nullptr) {
    return false;
  }
  Expr *otherwise = expr->defresult != nullptr
                        ? expr->defresult
                        : reinterpret_cast<Expr *>(makeNullConst(expr->casetype, -1, InvalidOid));
  bool may_fail = false;
  if (!compile_number(otherwise, number, domain, &may_fail)) {
    return false;
  }
  for (int i = list_length(expr->args) - 1; i >= 0; --i) {
    const auto *when = list_nth_node(CaseWhen, expr->args, i);
    uint32 value = 0;
    Domain own{};
    TestPlan *test = compile_test(when->expr, &compiled_->columns);
    if (test == nullptr || may_fail_once(test) ||
        !compile_number(when->result, &value, &own, &may_fail) || own != *domain) {
      return false;
    }
    StepPlan *step = add_step(Operation::choose, value, *number, number);
    step->step.test = static_cast<uint32>(list_length(compiled_->cases));
    compiled_->cases = lappend(compiled_->cases, test);
  }
  return !may_fail;
}

bool Compiler::compile_coalesce(const CoalesceExpr *expr, uint32 *number, Domain *domain,
                                bool *may_fail) {
  bool later_fails = false;
  for (int i = list_length(expr->args) - 1; i >= 0; --i) {
    auto *argument = static_cast<Expr *>(list_nth(expr->args, i));
    uint32 value = 0;
    Domain own{};
    // What comes later is not computed by the executor for each row.
    bool *fails = i == 0 ? may_fail : &later_fails;
    if (!compile_number(argument, &value, &own, fails)) {
      return false;
    }
    if (i == list_length(expr->args) - 1) {
      *number = value;
      *domain = own;
    } else if (own != *domain) {
      return false;
    } else {
      add_step(Operation::coalesce, value, *number, number);
    }
  }
  return !later_fails;
}

} // namespace starhouse::pg::star_scan
