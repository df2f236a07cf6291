// What a star scan covers: keys that are made of times.
#include "pg/star_scan_compile.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
}

namespace starhouse::pg::star_scan {

using scan::Step;
using Operation = Step::Operation;

namespace {

// What a unit of date_trunc() or extract() leaves apart.
struct Unit {
  const char *name;
  Operation operation;
  int64 width;
  int64 origin;
  int64 part;
  bool infinite_is_null;
};

constexpr Unit day_unit{"day", Operation::multiple, USECS_PER_DAY, 0, 1, false};

const Unit *unit_of(Expr *expr, bool extracted) {
  // 2000-01-03, from which weeks count, is a Monday.
  static constexpr int64 monday = 2 * USECS_PER_DAY;
  static constexpr Unit truncated_units[] = {
      {"second", Operation::multiple, USECS_PER_SEC, 0, 1, false},
      {"minute", Operation::multiple, USECS_PER_MINUTE, 0, 1, false},
      {"hour", Operation::multiple, USECS_PER_HOUR, 0, 1, false},
      {"day", Operation::multiple, USECS_PER_DAY, 0, 1, false},
      {"week", Operation::multiple, 7 * USECS_PER_DAY, monday, 1, false},
      {"month", Operation::month, 1, 0, 1, false},
      {"quarter", Operation::month, 3, 0, 1, false},
      {"year", Operation::month, 12, 0, 1, false},
  };
  static constexpr Unit extracted_units[] = {
      {"minute", Operation::within, USECS_PER_HOUR, 0, USECS_PER_MINUTE, true},
      {"hour", Operation::within, USECS_PER_DAY, 0, USECS_PER_HOUR, true},
      {"dow", Operation::within, 7 * USECS_PER_DAY, monday, USECS_PER_DAY, true},
      {"isodow", Operation::within, 7 * USECS_PER_DAY, monday, USECS_PER_DAY, true},
      {"month", Operation::month_within, 1, 0, 1, true},
      {"quarter", Operation::month_within, 3, 0, 1, true},
      {"year", Operation::month, 12, 0, 1, false},
  };
  if (!IsA(expr, Const) || castNode(Const, expr)->constisnull) {
    return nullptr;
  }
  const char *name = text_to_cstring(DatumGetTextPP(castNode(Const, expr)->constvalue));
  const auto find = [name](const auto &units) -> const Unit * {
    for (const Unit &unit : units) {
      if (pg_strcasecmp(unit.name, name) == 0) {
        return &unit;
      }
    }
    return nullptr;
  };
  return extracted ? find(extracted_units) : find(truncated_units);
}

// The unit that a call of date_bin() is of. Servers before 15.6 or so put a time that is a whole
// number of strides before the origin a stride too early: not for us.
bool bin_of(const FuncExpr *call, Unit *unit) {
  const auto constant = [call](int argument) -> const Const * {
    auto *expr = static_cast<Node *>(list_nth(call->args, argument));
    return IsA(expr, Const) && !castNode(Const, expr)->constisnull ? castNode(Const, expr)
                                                                   : nullptr;
  };
  const Const *stride = constant(0);
  const Const *origin = constant(2);
  if (stride == nullptr || origin == nullptr) {
    return false;
  }
  const Interval *width = DatumGetIntervalP(stride->constvalue);
  const int64 from = DatumGetTimestamp(origin->constvalue);
  constexpr int64 many_days = 100000;
  if (width->month != 0 || width->day < 0 || width->day > many_days || width->time < 0 ||
      width->time > many_days * USECS_PER_DAY || (width->day == 0 && width->time == 0) ||
      TIMESTAMP_NOT_FINITE(from) || from > USECS_PER_DAY * 365 * 1000 ||
      from < -USECS_PER_DAY * 365 * 1000) {
    return false;
  }
  unit->width = width->day * USECS_PER_DAY + width->time;
  unit->origin = from;
  const int64 before = from - unit->width;
  return DatumGetTimestamp(DirectFunctionCall3(timestamp_bin, stride->constvalue,
                                               TimestampGetDatum(before), origin->constvalue)) ==
         before;
}

// Without a cast of a number that is another one for each: of what extract() gives, which has no
// digits behind the point for any of the units.
Expr *uncast(Expr *expr) {
  if (!IsA(expr, FuncExpr)) {
    return expr;
  }
  switch (castNode(FuncExpr, expr)->funcid) {
  case F_INT2_NUMERIC:
  case F_INT4_NUMERIC:
  case F_INT8_NUMERIC:
  case F_FLOAT8_NUMERIC:
  case F_INT2_FLOAT8:
  case F_INT4_FLOAT8:
  case F_INT8_FLOAT8:
  case F_NUMERIC_FLOAT8:
    return bare(static_cast<Expr *>(linitial(castNode(FuncExpr, expr)->args)));
  default:
    return expr;
  }
}

bool is_extracted(Oid function) {
  switch (function) {
  case F_EXTRACT_TEXT_DATE:
  case F_EXTRACT_TEXT_TIMESTAMP:
  case F_EXTRACT_TEXT_TIMESTAMPTZ:
  case F_DATE_PART_TEXT_TIMESTAMP:
  case F_DATE_PART_TEXT_TIMESTAMPTZ:
    return true;
  default:
    return false;
  }
}

bool is_zoned(const Node *node) {
  return IsA(node, FuncExpr) &&
         reinterpret_cast<const FuncExpr *>(node)->funcid == F_TIMEZONE_TEXT_TIMESTAMPTZ;
}

// The expression with a CaseTestExpr in the place of its column, or of what is local in a zone of
// each row.
Node *with_case_value(Node *node, void *nothing) {
  if (node == nullptr) {
    return nullptr;
  }
  if (IsA(node, Var) || is_zoned(node)) {
    auto *value = makeNode(CaseTestExpr);
    value->typeId = exprType(node);
    value->typeMod = exprTypmod(node);
    value->collation = exprCollation(node);
    return reinterpret_cast<Node *>(value);
  }
  return compat::mutate_expression(node, with_case_value, nothing);
}

} // namespace

// AT TIME ZONE of a column and of what is taken of a dimension.
bool Compiler::compile_zoned(Expr *expr, uint32 *number) {
  expr = bare(expr);
  if (!is_zoned(reinterpret_cast<Node *>(expr))) {
    return false;
  }
  const auto *call = castNode(FuncExpr, expr);
  const Expr *zone = bare(static_cast<Expr *>(linitial(call->args)));
  const int take = take_of(zone);
  uint32 column = 0;
  Domain domain{};
  if (take < 0 || !compile_column(static_cast<Expr *>(lsecond(call->args)), &compiled_->columns,
                                  &column, &domain)) {
    return false;
  }
  const int join = static_cast<const TakePlan *>(list_nth(compiled_->takes, take))->join;
  // Of several that are made of it, once.
  ListCell *cell = nullptr;
  foreach (cell, compiled_->zones) {
    const auto *known = static_cast<const ZonePlan *>(lfirst(cell));
    const Step &step = static_cast<StepPlan *>(list_nth(compiled_->steps, known->step))->step;
    if (known->take == take && step.left == column) {
      *number = step.out;
      return true;
    }
  }
  auto *plan = static_cast<ZonePlan *>(palloc0(sizeof(ZonePlan)));
  *plan = {.step = list_length(compiled_->steps), .take = take};
  compiled_->zones = lappend(compiled_->zones, plan);
  add_step(Operation::local_of, column, first_join + static_cast<uint32>(join), number);
  return true;
}

bool Compiler::compile_time(Expr *expr, Time *time) {
  expr = bare(expr);
  *time = Time{};
  if (compile_zoned(expr, &time->column)) {
    time->zoned = true;
    return true;
  }
  if (IsA(expr, FuncExpr)) {
    const auto *call = castNode(FuncExpr, expr);
    if (call->funcid != F_TIMESTAMP_DATE && call->funcid != F_TIMESTAMPTZ_DATE) {
      return false;
    }
    time->of_zone = call->funcid == F_TIMESTAMPTZ_DATE;
    time->of_date = true;
    expr = bare(static_cast<Expr *>(linitial(call->args)));
    if (base_type(expr) != DATEOID) {
      return false;
    }
  }
  Domain domain{};
  const Oid type = base_type(expr);
  if ((type != DATEOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID) ||
      !compile_column(expr, &compiled_->columns, &time->column, &domain)) {
    return false;
  }
  if (type == DATEOID) {
    time->in_days = !time->of_date;
    add_step(time->in_days   ? Operation::day
             : time->of_zone ? Operation::midnight
                             : Operation::day_start,
             time->column, 0, &time->column);
    time->of_date = true;
  }
  time->of_zone = time->of_zone || type == TIMESTAMPTZOID;
  return true;
}

bool Compiler::compile_time_key(Expr *expr, KeyPlan *key, scan::Key *core) {
  expr = bare(expr);
  Expr *number_of_time = uncast(expr);
  if (!IsA(number_of_time, FuncExpr)) {
    return false;
  }
  const auto *call = castNode(FuncExpr, number_of_time);
  if (number_of_time != expr && !is_extracted(call->funcid)) {
    return false;
  }
  const Unit *unit = nullptr;
  Unit bin = day_unit;
  auto *time = static_cast<Expr *>(linitial(call->args));
  switch (call->funcid) {
  case F_DATE_TRUNC_TEXT_TIMESTAMP:
  case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
    unit = unit_of(time, false);
    time = static_cast<Expr *>(lsecond(call->args));
    break;
  case F_EXTRACT_TEXT_DATE:
  case F_EXTRACT_TEXT_TIMESTAMP:
  case F_EXTRACT_TEXT_TIMESTAMPTZ:
  case F_DATE_PART_TEXT_TIMESTAMP:
  case F_DATE_PART_TEXT_TIMESTAMPTZ:
    unit = unit_of(time, true);
    time = static_cast<Expr *>(lsecond(call->args));
    break;
  case F_DATE_TIMESTAMP:
  case F_DATE_TIMESTAMPTZ:
    unit = &day_unit;
    break;
  case F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP:
  case F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ:
    unit = bin_of(call, &bin) ? &bin : nullptr;
    time = static_cast<Expr *>(lsecond(call->args));
    break;
  default:
    return false;
  }
  Time source_time{};
  if (unit == nullptr || !compile_time(time, &source_time)) {
    return false;
  }
  if (unit == &bin) {
    // Of times as they are, whatever the zone.
    if (source_time.of_date) {
      return false;
    }
    source_time.of_zone = false;
  }
  const bool of_month =
      unit->operation == Operation::month || unit->operation == Operation::month_within;
  const bool of_day = of_month || (unit->width >= USECS_PER_DAY && unit->part != USECS_PER_HOUR);
  if (source_time.of_date && !of_day) {
    return false; // hours of a date: an error of the server, most often
  }
  // What is cut to hours keeps the offset of the time; what is cut to days gets that of the day.
  const bool keeps_offset =
      source_time.of_zone && unit->operation == Operation::multiple && !of_day;
  uint32 number = source_time.column;
  if (source_time.of_zone && !source_time.of_date && !keeps_offset) {
    add_step(Operation::local, number, 0, &number);
  }
  Step &step =
      add_step(keeps_offset ? Operation::zone_multiple : unit->operation, number, 0, &core->column)
          ->step;
  const int64 day = source_time.in_days ? USECS_PER_DAY : 1;
  step.width = of_month ? unit->width : unit->width / day;
  step.origin = unit->origin / day;
  step.part = of_month ? 1 : Max(unit->part / day, 1);
  step.day = USECS_PER_DAY / day;
  step.infinite_is_null = unit->infinite_is_null;
  key->shown = reinterpret_cast<Expr *>(with_case_value(reinterpret_cast<Node *>(expr), nullptr));
  if (source_time.zoned) {
    core->source = static_cast<int32>(source_time.column);
    key->source_type = TIMESTAMPOID;
    return true;
  }
  List *vars = pull_var_clause(reinterpret_cast<Node *>(expr), 0);
  auto *source = static_cast<Var *>(linitial(vars));
  uint32 column = 0;
  Domain domain{};
  compile_column(reinterpret_cast<Expr *>(source), &compiled_->columns, &column, &domain);
  core->source = static_cast<int32>(column);
  key->source_type = source->vartype;
  return true;
}

} // namespace starhouse::pg::star_scan
