// What the executor's own expressions say of rows (ComputedPlan): for whatever the core has no
// kernel for. The columns that they need are read by the core already; here they become a row of
// the table again, with nothing else in it. What an expression of one column said of a value lately
// is remembered: days, flags and names are few.
#include "pg/star_scan_exec.hpp"

#include "core/hash.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/uuid.h"
}

#include <algorithm>

namespace starhouse::pg::star_scan {

namespace {

constexpr Size short_bytes = 40;

// A value: a word, or bytes where there are few enough.
struct Value {
  int64 word;
  uint8 size;
  bool null;
  char bytes[short_bytes];
};

struct Remembered {
  bool used;
  uint32 number; // of the dimension that something is taken of
  Value of;
  Value is;
};

} // namespace

struct Memo {
  Size size; // a power of two
  Remembered *values;
  uint64 hits;
  uint64 misses;
};

namespace {

struct Source {
  const scan::Column *column;
  AttrNumber attribute;
  Oid type;
};

// A group's value of a dimension.
struct Taken {
  const scan::Column *numbers;
  const GroupValues *values;
  int number; // of the take
  int place;
};

struct Sources {
  Source all[most_computed_from];
  int count;
  Taken taken[most_computed_from];
  int taken_count;
};

Sources sources_of(const ScanNode *node, const ComputedPlan *plan, const scan::Batch &batch,
                   const List *columns) {
  Sources sources{};
  ListCell *cell = nullptr;
  foreach (cell, plan->columns) {
    const auto number = static_cast<Size>(lfirst_int(cell));
    const auto *column =
        static_cast<const ColumnPlan *>(list_nth(columns, static_cast<int>(number)));
    sources.all[sources.count++] = {
        .column = &batch[number], .attribute = column->attribute, .type = column->type};
  }
  foreach (cell, plan->takes) {
    const int number = lfirst_int(cell);
    const auto *take = static_cast<const TakePlan *>(list_nth(node->compiled->takes, number));
    sources.taken[sources.taken_count++] = {.numbers =
                                                &batch[column_of_join(node->compiled, take->join)],
                                            .values = node->dimensions[take->join].values,
                                            .number = number,
                                            .place = take->place};
  }
  return sources;
}

Datum datum_of(const Source &source, Size row) {
  if (source.column->bytes == nullptr) {
    return datum_of_word(source.type, source.column->words[row]);
  }
  const std::string_view bytes = source.column->bytes[row];
  return source.type == UUIDOID ? PointerGetDatum(bytes.data()) : varlena_of(bytes);
}

Datum evaluate(ScanNode *node, const ComputedPlan *plan, const Sources &sources, Size row,
               bool *null) {
  ExprContext *context = node->row_context;
  TupleTableSlot *slot = context->ecxt_scantuple;
  ResetExprContext(context);
  const MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
  for (int i = 0; i < sources.count; ++i) {
    const Source &source = sources.all[i];
    const int place = source.attribute - 1;
    slot->tts_isnull[place] = source.column->is_null(row);
    slot->tts_values[place] = slot->tts_isnull[place] ? 0 : datum_of(source, row);
  }
  TupleTableSlot *taken = context->ecxt_innertuple;
  for (int i = 0; i < sources.taken_count; ++i) {
    const Taken &own = sources.taken[i];
    taken->tts_values[own.number] =
        group_value(own.values, static_cast<Size>(own.numbers->words[row]), own.place,
                    &taken->tts_isnull[own.number]);
  }
  const Datum value = ExecEvalExpr(plan->state, context, null);
  MemoryContextSwitchTo(old);
  return value;
}

// Of the dimension, where something is taken of one.
uint32 number_of_row(const Sources &sources, Size row) {
  return sources.taken_count == 0 ? 0 : static_cast<uint32>(sources.taken[0].numbers->words[row]);
}

// Where what is remembered of a row's value is; null: nowhere.
Remembered *place_of(const ComputedPlan *plan, const Sources &sources, Size row) {
  Memo *memo = plan->memo;
  constexpr uint64 some = 1024;
  if (memo == nullptr || (memo->misses > some && memo->misses > memo->hits)) {
    return nullptr;
  }
  const uint64 mask = memo->size - 1;
  uint64 hash = number_of_row(sources, row) * uint64{0x9E3779B97F4A7C15U};
  if (sources.count == 0 || sources.all[0].column->is_null(row)) {
    return &memo->values[hash64(hash) & mask];
  }
  const scan::Column &column = *sources.all[0].column;
  if (column.bytes == nullptr) {
    return &memo->values[hash64(hash ^ static_cast<uint64>(column.words[row])) & mask];
  }
  const std::string_view bytes = column.bytes[row];
  return bytes.size() <= short_bytes ? &memo->values[(hash ^ hash64(bytes)) & mask] : nullptr;
}

bool is_of(const Remembered *known, const Sources &sources, Size row) {
  if (!known->used || known->number != number_of_row(sources, row)) {
    return false;
  }
  if (sources.count == 0) {
    return true;
  }
  const scan::Column &column = *sources.all[0].column;
  if (known->of.null != column.is_null(row)) {
    return false;
  }
  if (known->of.null) {
    return true;
  }
  return column.bytes == nullptr
             ? known->of.word == column.words[row]
             : std::string_view(known->of.bytes, known->of.size) == column.bytes[row];
}

void put_bytes(Value *value, std::string_view bytes) {
  value->size = static_cast<uint8>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), static_cast<char *>(value->bytes));
}

Value value_of(const scan::Column &column, Size row);

Remembered remembered_of(const Sources &sources, Size row, const Value &value) {
  return {.used = true,
          .number = number_of_row(sources, row),
          .of = sources.count == 0 ? Value{} : value_of(*sources.all[0].column, row),
          .is = value};
}

Value value_of(const scan::Column &column, Size row) {
  Value value{};
  value.null = column.is_null(row);
  if (value.null) {
    return value;
  }
  if (column.bytes == nullptr) {
    value.word = column.words[row];
  } else {
    put_bytes(&value, column.bytes[row]);
  }
  return value;
}

// Bytes that stay as long as those of the page's other values.
std::string_view kept_bytes(const ScanNode *node, Oid type, Datum value) {
  std::string_view bytes;
  const MemoryContext old = MemoryContextSwitchTo(node->row_context->ecxt_per_tuple_memory);
  if (type == UUIDOID) {
    bytes = {DatumGetPointer(value), UUID_LEN};
  } else {
    const struct varlena *whole = PG_DETOAST_DATUM_PACKED(value);
    bytes = {VARDATA_ANY(whole), VARSIZE_ANY_EXHDR(whole)};
  }
  MemoryContextSwitchTo(old);
  auto *copy = static_cast<char *>(MemoryContextAlloc(node->value_context, bytes.size() + 1));
  std::copy(bytes.begin(), bytes.end(), copy);
  return {copy, bytes.size()};
}

void compute_column(ScanNode *node, const ComputedPlan *plan, Size rows) {
  const Sources sources = sources_of(node, plan, node->scan->batch(), node->compiled->columns);
  scan::Column &out = node->scan->given(plan->column);
  out.any_null = true;
  for (Size row = 0; row < rows; ++row) {
    Remembered *known = place_of(plan, sources, row);
    if (known != nullptr && is_of(known, sources, row)) {
      ++plan->memo->hits;
      out.nulls[row] = known->is.null ? 1 : 0;
      if (known->is.null) {
        continue;
      }
      if (out.bytes == nullptr) {
        out.words[row] = known->is.word;
      } else {
        auto *copy = static_cast<char *>(MemoryContextAlloc(node->value_context, short_bytes));
        std::copy_n(static_cast<const char *>(known->is.bytes), known->is.size, copy);
        out.bytes[row] = {copy, known->is.size};
      }
      continue;
    }
    bool null = false;
    const Datum value = evaluate(node, plan, sources, row, &null);
    out.nulls[row] = null ? 1 : 0;
    if (!null && out.bytes == nullptr) {
      out.words[row] = word_of(plan->type, value);
    } else if (!null) {
      out.bytes[row] = kept_bytes(node, plan->type, value);
    }
    if (known != nullptr &&
        (null || out.bytes == nullptr || out.bytes[row].size() <= short_bytes)) {
      ++plan->memo->misses;
      *known = remembered_of(sources, row, value_of(out, row));
    }
  }
}

bool passes(ScanNode *node, const ComputedPlan *plan, const Sources &sources, Size row) {
  Remembered *known = place_of(plan, sources, row);
  if (known != nullptr && is_of(known, sources, row)) {
    ++plan->memo->hits;
    return known->is.word != 0;
  }
  bool null = false;
  const Datum value = evaluate(node, plan, sources, row, &null);
  const bool holds = !null && DatumGetBool(value);
  if (known != nullptr) {
    ++plan->memo->misses;
    *known = remembered_of(sources, row, Value{});
    known->is.word = holds ? 1 : 0;
  }
  return holds;
}

} // namespace

Size column_of_join(const Compiled *compiled, int join) {
  return static_cast<Size>(list_length(compiled->columns) + list_length(compiled->steps) + join);
}

TupleDesc taken_row(const Compiled *compiled) {
  TupleDesc row = CreateTemplateTupleDesc(list_length(compiled->takes));
  ListCell *cell = nullptr;
  foreach (cell, compiled->takes) {
    const auto *take = static_cast<const TakePlan *>(lfirst(cell));
    const auto number = static_cast<AttrNumber>(foreach_current_index(cell) + 1);
    TupleDescInitEntry(row, number, nullptr, take->type, take->modifier, 0);
    TupleDescInitEntryCollation(row, number, take->collation);
  }
  return row;
}

namespace {

// Of one column at most, and one dimension.
bool may_be_remembered(const Compiled *compiled, const ComputedPlan *plan) {
  int join = -1;
  ListCell *cell = nullptr;
  foreach (cell, plan->takes) {
    const int own =
        static_cast<const TakePlan *>(list_nth(compiled->takes, lfirst_int(cell)))->join;
    if (join >= 0 && own != join) {
      return false;
    }
    join = own;
  }
  return list_length(plan->columns) <= 1;
}

void start_slot(TupleTableSlot *slot) {
  ExecClearTuple(slot);
  std::fill_n(slot->tts_isnull, slot->tts_tupleDescriptor->natts, true);
  ExecStoreVirtualTuple(slot);
}

void forget(Memo *memo) {
  std::fill_n(memo->values, memo->size, Remembered{});
  memo->hits = memo->misses = 0;
}

} // namespace

bool computes_any(const Compiled *compiled) {
  return compiled->conditions != NIL || compiled->limits != NIL || compiled->computed != NIL;
}

void init_computed(Compiled *compiled, PlanState *parent) {
  for (List *plans : {compiled->conditions, compiled->limits, compiled->computed}) {
    ListCell *cell = nullptr;
    foreach (cell, plans) {
      auto *plan = static_cast<ComputedPlan *>(lfirst(cell));
      plan->state = ExecInitExpr(plan->expr, parent);
      if (may_be_remembered(compiled, plan)) {
        // Of a dimension's numbers and the fact's values there are many pairs.
        const bool pairs = plan->columns != NIL && plan->takes != NIL;
        plan->memo = static_cast<Memo *>(palloc0(sizeof(Memo)));
        plan->memo->size = pairs ? 2048 : 256;
        plan->memo->values =
            static_cast<Remembered *>(palloc0(sizeof(Remembered) * plan->memo->size));
      }
    }
  }
}

void start_computed(ScanNode *node) {
  const Compiled *compiled = node->compiled;
  if (!computes_any(compiled)) {
    return;
  }
  // What a parameter was may have gone into what is remembered.
  for (const List *plans : {compiled->conditions, compiled->limits, compiled->computed}) {
    ListCell *cell = nullptr;
    foreach (cell, plans) {
      if (Memo *memo = static_cast<ComputedPlan *>(lfirst(cell))->memo) {
        forget(memo);
      }
    }
  }
  start_slot(node->row_context->ecxt_scantuple);
  start_slot(node->row_context->ecxt_innertuple);
}

void forget_numbers(ScanNode *node) {
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->computed) {
    const auto *plan = static_cast<const ComputedPlan *>(lfirst(cell));
    if (plan->takes != NIL && plan->memo != nullptr) {
      forget(plan->memo);
    }
  }
}

std::span<const scan::Row> meet_conditions(ScanNode *node, std::span<const scan::Row> rows) {
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->conditions) {
    const auto *plan = static_cast<const ComputedPlan *>(lfirst(cell));
    const Sources sources = sources_of(node, plan, node->scan->tested(), node->compiled->tested);
    uint8 holds[most_rows];
    for (Size i = 0; i < rows.size(); ++i) {
      holds[i] = passes(node, plan, sources, node->scan->kept_number(i)) ? 1 : 0;
    }
    rows = node->scan->keep(rows, {holds, rows.size()});
  }
  return rows;
}

void limit_joins(ScanNode *node, Size rows) {
  if (node->compiled->limits == NIL) {
    return;
  }
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->joins) {
    const auto *join = static_cast<const JoinPlan *>(lfirst(cell));
    if (join->computed == NIL) {
      continue;
    }
    const std::span<uint8> holds =
        node->scan->limit(static_cast<Size>(foreach_current_index(cell))).first(rows);
    std::fill(holds.begin(), holds.end(), uint8{1});
    ListCell *condition = nullptr;
    foreach (condition, join->computed) {
      const auto *plan = static_cast<const ComputedPlan *>(lfirst(condition));
      const Sources sources = sources_of(node, plan, node->scan->tested(), node->compiled->tested);
      for (Size i = 0; i < rows; ++i) {
        holds[i] = holds[i] != 0 && passes(node, plan, sources, node->scan->kept_number(i)) ? 1 : 0;
      }
    }
  }
}

void compute_columns(ScanNode *node, Size rows) {
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->computed) {
    compute_column(node, static_cast<const ComputedPlan *>(lfirst(cell)), rows);
  }
}

} // namespace starhouse::pg::star_scan
