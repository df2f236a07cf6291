// Groups as rows.
#include "pg/star_scan_exec.hpp"
#include "pg/star_scan_own.hpp"

#include "pg/decimal.hpp"

#include "core/geo/geohash.hpp"
#include "core/scan/numeric_value.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

#include <algorithm>
#include <array>

namespace starhouse::pg::star_scan {

Datum varlena_of(std::string_view bytes) {
  auto *value = static_cast<struct varlena *>(palloc(VARHDRSZ + bytes.size()));
  SET_VARSIZE(value, VARHDRSZ + bytes.size());
  if (!bytes.empty()) {
    std::memcpy(VARDATA(value), bytes.data(), bytes.size());
  }
  return PointerGetDatum(value);
}

namespace {

Datum wide_numeric(scan::Int128 value) {
  Datum result = 0;
  const exact::Decimal decimal(value, 0);
  result = numeric_of(decimal);
  return result;
}

Datum numeric_sum(const scan::NumericState &state) {
  const exact::Decimal decimal(state.sum.value(), static_cast<unsigned>(state.scale));
  const Datum sum = numeric_of(decimal);
  return state.others == nullptr
             ? sum
             : DirectFunctionCall2(numeric_add, sum, PointerGetDatum(state.others));
}

Datum integer_average(scan::Int128 sum, int64 count) {
  const exact::Decimal decimal(sum, 0);
  return average_of(decimal, count);
}

Datum numeric_average(const scan::NumericState &state) {
  if (state.others != nullptr) {
    return DirectFunctionCall2(numeric_div, numeric_sum(state),
                               NumericGetDatum(int64_to_numeric(state.count)));
  }
  const exact::Decimal sum(state.sum.value(), static_cast<unsigned>(state.scale));
  return average_of(sum, state.count);
}

// NULL without values, as every one of these aggregates but count.
Datum result_of(const AggregatePlan *plan, const char *states, bool *null) {
  using Result = AggregatePlan::Result;
  const char *place = states + plan->aggregate.offset;
  const int64 count = *reinterpret_cast<const int64 *>(place);
  if (plan->result == Result::own) {
    return own_result(plan, place, null);
  }
  *null = count == 0 && plan->result != Result::count;
  if (*null) {
    return 0;
  }
  switch (plan->result) {
  case Result::count:
    return Int64GetDatum(count);
  case Result::integer:
    return datum_of_word(plan->type, reinterpret_cast<const scan::IntState *>(place)->value);
  case Result::floating:
    return datum_of_word(plan->type,
                         scan::as_word(reinterpret_cast<const scan::FloatState *>(place)->value));
  case Result::wide:
    return wide_numeric(reinterpret_cast<const scan::WideState *>(place)->value());
  case Result::average:
    if (plan->type == FLOAT8OID) {
      return Float8GetDatum(reinterpret_cast<const scan::FloatState *>(place)->value /
                            static_cast<double>(count));
    }
    return integer_average(reinterpret_cast<const scan::IntState *>(place)->value, count);
  case Result::wide_average:
    return integer_average(reinterpret_cast<const scan::WideState *>(place)->value(), count);
  case Result::numeric:
    return numeric_sum(*reinterpret_cast<const scan::NumericState *>(place));
  case Result::numeric_average:
    return numeric_average(*reinterpret_cast<const scan::NumericState *>(place));
  case Result::bytes:
    return varlena_of(reinterpret_cast<const scan::BytesState *>(place)->view());
  case Result::own:
    break;
  }
  return 0;
}

Datum key_of(const ScanNode *node, const KeyPlan *plan, std::size_t group, ExprContext *context,
             bool *null) {
  const auto key = static_cast<std::size_t>(plan->number);
  if (plan->join >= 0) {
    const auto number = static_cast<std::size_t>(node->scan->key_word(group, key));
    return group_value(node->dimensions[plan->join].values, number, plan->place, null);
  }
  *null = node->scan->key_is_null(group, key);
  if (*null) {
    return 0;
  }
  if (plan->state != nullptr) {
    context->caseValue_datum = datum_of_word(plan->source_type, node->scan->key_word(group, key));
    context->caseValue_isNull = false;
    return ExecEvalExprSwitchContext(plan->state, context, null);
  }
  const Oid type = plan->type;
  if (plan->cell_text) {
    std::array<char, geo::max_precision> text;
    const int length = geo::to_text(node->scan->key_word(group, key), text);
    return varlena_of({text.data(), static_cast<std::size_t>(length)});
  }
  if (type == NUMERICOID) {
    const std::string_view bytes = node->scan->key_bytes(group, key);
    auto *value = static_cast<struct varlena *>(palloc(VARHDRSZ + bytes.size()));
    const auto scale = static_cast<unsigned>(node->scan->key_word(group, key));
    const std::size_t size = scan::write_numeric_of_key(bytes, scale, VARDATA(value));
    SET_VARSIZE(value, VARHDRSZ + size);
    return PointerGetDatum(value);
  }
  if (type == UUIDOID) {
    const std::string_view bytes = node->scan->key_bytes(group, key);
    auto *copy = static_cast<char *>(palloc(bytes.size()));
    std::memcpy(copy, bytes.data(), bytes.size());
    return PointerGetDatum(copy);
  }
  if (type == TEXTOID || type == VARCHAROID) {
    return varlena_of(node->scan->key_bytes(group, key));
  }
  return datum_of_word(type, node->scan->key_word(group, key));
}

} // namespace

void fill_slot(const ScanNode *node, std::size_t group, TupleTableSlot *slot, ExprContext *context,
               const bool *wanted) {
  ExecClearTuple(slot);
  const int width = slot->tts_tupleDescriptor->natts;
  std::fill_n(slot->tts_isnull, width, true);
  int column = 0;
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->keys) {
    const auto *plan = static_cast<const KeyPlan *>(lfirst(cell));
    if (wanted == nullptr || wanted[column]) {
      slot->tts_values[column] = key_of(node, plan, group, context, &slot->tts_isnull[column]);
    }
    ++column;
  }
  foreach (cell, node->compiled->aggregates) {
    const auto *plan = static_cast<const AggregatePlan *>(lfirst(cell));
    if (wanted == nullptr || wanted[column]) {
      slot->tts_values[column] =
          result_of(plan, node->scan->states(group), &slot->tts_isnull[column]);
    }
    ++column;
  }
  ExecStoreVirtualTuple(slot);
}

} // namespace starhouse::pg::star_scan
