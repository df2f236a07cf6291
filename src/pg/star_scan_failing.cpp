// Which expressions cannot fail, whatever their columns have: those alone are asked for rows, or
// at times, where the executor may not ask. What is not known here may.
#include "pg/star_scan_compile.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

#include <algorithm>
#include <span>
#include <string_view>

namespace starhouse::pg::star_scan {

namespace {

const Const *constant_of(const List *arguments, int number) {
  const auto *node = static_cast<const Node *>(list_nth(arguments, number));
  return IsA(node, Const) && !reinterpret_cast<const Const *>(node)->constisnull
             ? reinterpret_cast<const Const *>(node)
             : nullptr;
}

// A distance of times that leads out of the calendar from its end alone: from years past 290000.
bool is_near(const Const *distance) {
  constexpr int64 most_days = 1000000;
  constexpr int64 most_months = most_days / 31;
  if (distance == nullptr) {
    return false;
  }
  if (distance->consttype == INT4OID) {
    return std::abs(int64{DatumGetInt32(distance->constvalue)}) <= most_days;
  }
  const Interval *interval = DatumGetIntervalP(distance->constvalue);
  return std::abs(int64{interval->month}) <= most_months &&
         std::abs(int64{interval->day}) <= most_days &&
         interval->time / USECS_PER_DAY <= most_days &&
         interval->time / USECS_PER_DAY >= -most_days;
}

// By which nothing that is divided overflows.
bool is_divisor(const Const *divisor) {
  if (divisor == nullptr) {
    return false;
  }
  int64 number = 0;
  switch (divisor->consttype) {
  case INT2OID:
    number = DatumGetInt16(divisor->constvalue);
    break;
  case INT4OID:
    number = DatumGetInt32(divisor->constvalue);
    break;
  case INT8OID:
    number = DatumGetInt64(divisor->constvalue);
    break;
  default:
    return false;
  }
  return number != 0 && number != -1;
}

using Names = std::span<const std::string_view>;

// The part of a time that is asked for, or truncated to; empty: it is known later.
std::string_view field_of(const List *arguments) {
  const Const *field = constant_of(arguments, 0);
  return field == nullptr ? std::string_view{} : TextDatumGetCString(field->constvalue);
}

bool is_among(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::string_view fields_of_days[]{"day", "week",   "month", "quarter",
                                            "dow", "isodow", "doy"};
constexpr std::string_view fields_of_times[]{"hour", "minute", "second"};
constexpr std::string_view years[]{"year", "isoyear", "decade", "century"};
constexpr std::string_view units[]{"hour",  "minute",  "second", "day",    "week",
                                   "month", "quarter", "year",   "decade", "century"};

// A part that goes round: of an infinite time it is NULL, and of others it has a few digits.
bool goes_round(const Node *number) {
  if (!IsA(number, FuncExpr)) {
    return false;
  }
  const List *arguments = reinterpret_cast<const FuncExpr *>(number)->args;
  switch (reinterpret_cast<const FuncExpr *>(number)->funcid) {
  case F_EXTRACT_TEXT_DATE:
  case F_DATE_PART_TEXT_DATE:
    return is_among(field_of(arguments), fields_of_days);
  case F_EXTRACT_TEXT_TIMESTAMP:
  case F_EXTRACT_TEXT_TIMESTAMPTZ:
  case F_DATE_PART_TEXT_TIMESTAMP:
  case F_DATE_PART_TEXT_TIMESTAMPTZ:
    return is_among(field_of(arguments), fields_of_days) ||
           is_among(field_of(arguments), fields_of_times);
  default:
    return false;
  }
}

// As text any value of the server's types can be shown.
bool is_shown(Oid type) {
  return type == UNKNOWNOID || (type < FirstNormalObjectId && get_typtype(type) == TYPTYPE_BASE);
}

bool are_shown(const List *arguments) {
  ListCell *cell = nullptr;
  foreach (cell, arguments) {
    if (!is_shown(base_type(static_cast<Expr *>(lfirst(cell))))) {
      return false;
    }
  }
  return true;
}

// One of LIKE that does not end in half an escape.
bool is_pattern(const Const *pattern) {
  if (pattern == nullptr) {
    return false;
  }
  const std::string_view bytes = TextDatumGetCString(pattern->constvalue);
  const std::size_t end = bytes.find_last_not_of('\\') + 1; // npos + 1 is 0
  return (bytes.size() - end) % 2 == 0;
}

// Whether a function does not fail of itself, whatever its arguments are but these constants.
bool is_harmless(Oid function, const List *arguments, Oid collation) {
  switch (function) {
  case F_NOW:
  case F_DATE_TIMESTAMP:
  case F_DATE_TIMESTAMPTZ:
  case F_TIMESTAMP_DATE: // at the end of the calendar alone, as what follows
  case F_TIMESTAMPTZ_DATE:
  case F_TIMESTAMP_TIMESTAMPTZ:
  case F_TIMESTAMPTZ_TIMESTAMP:
  case F_INT4_INT2:
  case F_INT8_INT2:
  case F_INT8_INT4:
  case F_FLOAT4_INT2:
  case F_FLOAT4_INT4:
  case F_FLOAT8_INT2:
  case F_FLOAT8_INT4:
  case F_FLOAT8_INT8:
  case F_FLOAT8_FLOAT4:
  case F_NUMERIC_INT2:
  case F_NUMERIC_INT4:
  case F_NUMERIC_INT8:
  case F_INT4_BOOL:
  case F_FLOOR_FLOAT8:
  case F_FLOOR_NUMERIC:
  case F_CEIL_FLOAT8:
  case F_CEIL_NUMERIC:
  case F_ROUND_FLOAT8:
  case F_ROUND_NUMERIC_INT4:
  case F_TRUNC_FLOAT8:
  case F_TRUNC_NUMERIC_INT4:
  case F_ABS_FLOAT4:
  case F_ABS_FLOAT8:
  case F_ABS_NUMERIC:
  case F_SIGN_FLOAT8:
  case F_SIGN_NUMERIC:
  case F_LEFT:
  case F_RIGHT:
  case F_LENGTH_TEXT:
  case F_CHAR_LENGTH_TEXT:
  case F_CHARACTER_LENGTH_TEXT:
  case F_OCTET_LENGTH_TEXT:
  case F_BTRIM_TEXT:
  case F_BTRIM_TEXT_TEXT:
  case F_LTRIM_TEXT:
  case F_LTRIM_TEXT_TEXT:
  case F_RTRIM_TEXT:
  case F_RTRIM_TEXT_TEXT:
  case F_TRANSLATE:
  case F_TEXTCAT:
  case F_SUBSTR_TEXT_INT4:
  case F_SUBSTRING_TEXT_INT4:
  case F_MD5_TEXT:
  case F_TEXT_BOOL:
  case F_TO_CHAR_TIMESTAMP_TEXT:
  case F_TO_CHAR_TIMESTAMPTZ_TEXT:
  case F_ISFINITE_DATE:
  case F_ISFINITE_TIMESTAMP:
  case F_ISFINITE_TIMESTAMPTZ:
    return true;
  case F_UPPER_TEXT: // which fail where it is not known by which collation
  case F_LOWER_TEXT:
  case F_INITCAP:
  case F_STRPOS: // and, before 18, of one that is not deterministic
  case F_POSITION_TEXT_TEXT:
  case F_STARTS_WITH:
  case F_REPLACE:
    return deterministic(collation);
  case F_TEXTLIKE:
  case F_TEXTNLIKE:
    return deterministic(collation) && is_pattern(constant_of(arguments, 1));
  case F_CONCAT:
  case F_CONCAT_WS:
    return are_shown(arguments);
  case F_SUBSTR_TEXT_INT4_INT4:
  case F_SUBSTRING_TEXT_INT4_INT4: {
    const Const *length = constant_of(arguments, 2);
    return length != nullptr && DatumGetInt32(length->constvalue) >= 0;
  }
  case F_VARCHAR_VARCHAR_INT4_BOOL: { // cuts off what is beyond where it is asked for by name
    const Const *by_name = constant_of(arguments, 2);
    return by_name != nullptr && DatumGetBool(by_name->constvalue);
  }
  case F_TIMESTAMPTZ_PL_INTERVAL:
  case F_TIMESTAMPTZ_MI_INTERVAL:
  case F_TIMESTAMP_PL_INTERVAL:
  case F_TIMESTAMP_MI_INTERVAL:
  case F_DATE_PL_INTERVAL:
  case F_DATE_MI_INTERVAL:
  case F_DATE_PLI:
  case F_DATE_MII:
    return is_near(constant_of(arguments, 1));
  case F_DATE_TRUNC_TEXT_TIMESTAMP:
  case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
    return is_among(field_of(arguments), units);
  case F_EXTRACT_TEXT_TIMESTAMP:
  case F_EXTRACT_TEXT_TIMESTAMPTZ:
  case F_DATE_PART_TEXT_TIMESTAMP:
  case F_DATE_PART_TEXT_TIMESTAMPTZ:
  case F_EXTRACT_TEXT_DATE:
  case F_DATE_PART_TEXT_DATE:
    return is_among(field_of(arguments), fields_of_days) || is_among(field_of(arguments), years) ||
           (function != F_EXTRACT_TEXT_DATE && function != F_DATE_PART_TEXT_DATE &&
            is_among(field_of(arguments), fields_of_times));
  case F_INT2_NUMERIC:
  case F_INT4_NUMERIC:
  case F_INT8_NUMERIC:
  case F_INT2_FLOAT8:
  case F_INT4_FLOAT8:
  case F_INT8_FLOAT8:
    return goes_round(static_cast<const Node *>(linitial(arguments)));
  case F_INT2DIV:
  case F_INT4DIV:
  case F_INT8DIV:
  case F_INT24DIV:
  case F_INT42DIV:
  case F_INT28DIV:
  case F_INT82DIV:
  case F_INT48DIV:
  case F_INT84DIV:
  case F_INT2MOD:
  case F_INT4MOD:
  case F_INT8MOD:
  case F_MOD_INT2_INT2:
  case F_MOD_INT4_INT4:
  case F_MOD_INT8_INT8:
    return is_divisor(constant_of(arguments, 1));
  default:
    return false;
  }
}

// Values of the server's own types can be ordered, texts where it is known by which collation.
bool is_ordered(Oid type, Oid collation) {
  return type < FirstNormalObjectId && (OidIsValid(collation) || !type_is_collatable(type));
}

// By their own order; any does for equality of texts and the like.
bool is_comparison(Oid operation, const List *arguments, Oid collation) {
  const Oid type = base_type(static_cast<Expr *>(linitial(arguments)));
  int strategy = 0;
  return is_ordered(type, collation) && strategy_of(operation, type, &strategy);
}

bool is_text(Oid type) {
  return type == TEXTOID || type == VARCHAROID;
}

bool may_fail(Node *node, void *context) {
  if (node == nullptr) {
    return false;
  }
  switch (nodeTag(node)) {
  case T_Const:
  case T_Param:
  case T_Var:
  case T_SQLValueFunction:
  case T_CaseTestExpr:
    return false;
  case T_List:
  case T_PlaceHolderVar:
  case T_CoalesceExpr:
  case T_RelabelType:
  case T_NullTest:
  case T_BooleanTest:
  case T_BoolExpr:
  case T_ArrayExpr:
  case T_CaseExpr:
  case T_CaseWhen:
    break;
  case T_CoerceViaIO: {
    const auto *cast = castNode(CoerceViaIO, node);
    if (!is_text(cast->resulttype) || !is_shown(base_type(cast->arg))) {
      return true;
    }
    break;
  }
  case T_FuncExpr: {
    const auto *call = castNode(FuncExpr, node);
    if (!is_harmless(call->funcid, call->args, call->inputcollid)) {
      return true;
    }
    break;
  }
  case T_MinMaxExpr: {
    const auto *most = castNode(MinMaxExpr, node);
    if (!is_ordered(most->minmaxtype, most->inputcollid)) {
      return true;
    }
    break;
  }
  case T_ScalarArrayOpExpr: {
    const auto *op = castNode(ScalarArrayOpExpr, node);
    if (!is_comparison(op->opno, op->args, op->inputcollid)) {
      return true;
    }
    break;
  }
  case T_NullIfExpr:
  case T_DistinctExpr:
  case T_OpExpr: {
    const auto *op = reinterpret_cast<const OpExpr *>(node);
    if (!is_harmless(get_opcode(op->opno), op->args, op->inputcollid) &&
        !is_comparison(op->opno, op->args, op->inputcollid)) {
      return true;
    }
    break;
  }
  default:
    return true;
  }
  return compat::walk_expression(node, may_fail, context);
}

} // namespace

bool may_fail_once(Expr *operand) {
  return may_fail(reinterpret_cast<Node *>(operand), nullptr);
}

bool may_fail_once(const TestPlan *test) {
  ListCell *cell = nullptr;
  foreach (cell, test->parts) {
    if (may_fail_once(static_cast<const TestPlan *>(lfirst(cell)))) {
      return true;
    }
  }
  return test->operand != nullptr && may_fail_once(test->operand);
}

} // namespace starhouse::pg::star_scan
