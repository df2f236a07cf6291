// The values that a compiled question has only when it is run: constants, parameters, what now()
// and the session's time zone say.
#include "pg/star_scan.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/tupdesc_details.h"
#include "executor/executor.h"
#include "jit/jit.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

#include <algorithm>
#include <limits>
#include <utility>

namespace starhouse::pg::star_scan {

int64 word_of(Oid type, Datum value) {
  switch (type) {
  case BOOLOID:
    return DatumGetBool(value) ? 1 : 0;
  case INT2OID:
    return DatumGetInt16(value);
  case INT4OID:
  case DATEOID:
    return DatumGetInt32(value);
  case FLOAT4OID:
    return scan::as_word(static_cast<double>(DatumGetFloat4(value)));
  case FLOAT8OID:
    return scan::as_word(DatumGetFloat8(value));
  default:
    return DatumGetInt64(value);
  }
}

std::string_view bytes_of(Oid type, Datum value) {
  if (type == UUIDOID) {
    auto *copy = static_cast<char *>(palloc(UUID_LEN));
    std::memcpy(copy, DatumGetPointer(value), UUID_LEN);
    return {copy, UUID_LEN};
  }
  const auto *varlena = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_COPY(value));
  return {VARDATA_ANY(varlena), VARSIZE_ANY_EXHDR(varlena)};
}

namespace {

using scan::Test;

template <class T>
T *new_array(int count) {
  return static_cast<T *>(palloc0(sizeof(T) * static_cast<Size>(Max(count, 1))));
}

template <class T>
const T *as(const ListCell *cell) {
  return static_cast<const T *>(cell->ptr_value);
}

void init_tests(List *tests, PlanState *parent) {
  ListCell *cell = nullptr;
  foreach (cell, tests) {
    auto *test = static_cast<TestPlan *>(lfirst(cell));
    if (test->operand != nullptr) {
      test->state = ExecInitExpr(test->operand, parent);
    }
    init_tests(test->parts, parent);
  }
}

Datum evaluate(ExprState *state, ExprContext *context, bool *null) {
  return ExecEvalExprSwitchContext(state, context, null);
}

// What a comparison with one value asks.
void fill_comparison(Test *test, const TestPlan *plan, Datum value) {
  const int strategy = plan->strategy;
  if (plan->domain == Domain::bytes) {
    auto *bytes = new_array<std::string_view>(1);
    *bytes = bytes_of(plan->operand_type, value);
    test->kind = strategy == 0 ? Test::Kind::bytes_out : Test::Kind::bytes_in;
    test->bytes = {bytes, 1};
    return;
  }
  if (plan->domain == Domain::numeric) {
    auto *bytes = new_array<std::string_view>(1);
    *bytes = bytes_of(plan->operand_type, value);
    test->kind = Test::Kind::numeric;
    test->bytes = {bytes, 1};
    switch (strategy) {
    case BTLessStrategyNumber:
      test->orders = Test::less;
      break;
    case BTLessEqualStrategyNumber:
      test->orders = Test::less | Test::equal;
      break;
    case BTEqualStrategyNumber:
      test->orders = Test::equal;
      break;
    case BTGreaterEqualStrategyNumber:
      test->orders = Test::greater | Test::equal;
      break;
    case BTGreaterStrategyNumber:
      test->orders = Test::greater;
      break;
    default:
      test->orders = Test::less | Test::greater;
      break;
    }
    return;
  }
  constexpr int64 least = std::numeric_limits<int64>::min();
  constexpr int64 most = std::numeric_limits<int64>::max();
  int64 word = word_of(plan->operand_type, value);
  if (plan->domain == Domain::floating) {
    word = scan::float_order(scan::as_double(word));
    test->is_float = true;
  }
  test->kind = Test::Kind::range;
  switch (strategy) {
  case BTLessStrategyNumber:
    test->kind = word == least ? Test::Kind::never : Test::Kind::range;
    test->high = word == least ? word : word - 1;
    break;
  case BTLessEqualStrategyNumber:
    test->high = word;
    break;
  case BTGreaterEqualStrategyNumber:
    test->low = word;
    break;
  case BTGreaterStrategyNumber:
    test->kind = word == most ? Test::Kind::never : Test::Kind::range;
    test->low = word == most ? word : word + 1;
    break;
  default:
    test->kind = strategy == BTEqualStrategyNumber ? Test::Kind::range : Test::Kind::outside;
    test->low = word;
    test->high = word;
    break;
  }
}

// column = ANY (list), column <> ALL (list).
void fill_list(Test *test, const TestPlan *plan, Datum value) {
  const bool in = plan->kind == TestPlan::Kind::one_of;
  Datum *values = nullptr;
  bool *nulls = nullptr;
  int count = 0;
  int16 length = 0;
  bool by_value = false;
  char alignment = 0;
  ArrayType *array = DatumGetArrayTypeP(value);
  get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
  deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment, &values, &nulls,
                    &count);
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    if (!nulls[i]) {
      values[kept++] = values[i];
    } else if (!in) {
      test->kind = Test::Kind::never; // differing from NULL is not known
      return;
    }
  }
  if (kept == 0) {
    test->kind = in ? Test::Kind::never : Test::Kind::always;
    return;
  }
  if (plan->domain == Domain::numeric) {
    auto *parts = new_array<Test>(kept);
    for (int i = 0; i < kept; ++i) {
      auto *bytes = new_array<std::string_view>(1);
      *bytes = bytes_of(plan->operand_type, values[i]);
      parts[i] = Test{};
      parts[i].kind = Test::Kind::numeric;
      parts[i].column = plan->column;
      parts[i].bytes = {bytes, 1};
      parts[i].orders = in ? Test::equal : Test::less | Test::greater;
    }
    test->kind = in ? Test::Kind::any : Test::Kind::all;
    test->parts = {parts, static_cast<std::size_t>(kept)};
    return;
  }
  if (plan->domain == Domain::bytes) {
    auto *bytes = new_array<std::string_view>(kept);
    for (int i = 0; i < kept; ++i) {
      bytes[i] = bytes_of(plan->operand_type, values[i]);
    }
    std::sort(bytes, bytes + kept);
    test->kind = in ? Test::Kind::bytes_in : Test::Kind::bytes_out;
    test->bytes = {bytes, static_cast<std::size_t>(kept)};
    return;
  }
  auto *words = new_array<int64>(kept);
  for (int i = 0; i < kept; ++i) {
    words[i] = word_of(plan->operand_type, values[i]);
    if (plan->domain == Domain::floating) {
      words[i] = scan::float_order(scan::as_double(words[i]));
      test->is_float = true;
    }
  }
  std::sort(words, words + kept);
  test->kind = in ? Test::Kind::word_in : Test::Kind::word_out;
  test->words = {words, static_cast<std::size_t>(kept)};
}

// column LIKE pattern: see compile_like().
void fill_like(Test *test, const TestPlan *plan, Datum value) {
  auto *wanted = new_array<std::string_view>(1);
  *wanted = bytes_of(plan->operand_type, value);
  test->kind = plan->kind == TestPlan::Kind::like ? Test::Kind::like : Test::Kind::not_like;
  test->at_start = !wanted->starts_with('%');
  test->at_end = !wanted->ends_with('%');
  while (wanted->starts_with('%')) {
    wanted->remove_prefix(1);
  }
  while (wanted->ends_with('%')) {
    wanted->remove_suffix(1);
  }
  test->bytes = {wanted, 1};
}

void fill_test(Test *test, const TestPlan *plan, ExprContext *context);

// Up to a part that decides for all rows: the executor asks for no value behind it, and an error
// may come of one.
void fill_parts(Test *test, const TestPlan *plan, ExprContext *context) {
  const bool all = plan->kind == TestPlan::Kind::all;
  const Test::Kind decides = all ? Test::Kind::never : Test::Kind::always;
  auto *parts = new_array<Test>(list_length(plan->parts));
  ListCell *cell = nullptr;
  foreach (cell, plan->parts) {
    Test &part = parts[foreach_current_index(cell)];
    fill_test(&part, as<TestPlan>(cell), context);
    if (part.kind == decides) {
      test->kind = decides;
      return;
    }
  }
  test->kind = all ? Test::Kind::all : Test::Kind::any;
  test->parts = {parts, static_cast<std::size_t>(list_length(plan->parts))};
}

void fill_test(Test *test, const TestPlan *plan, ExprContext *context) {
  *test = Test{};
  test->column = plan->column;
  switch (plan->kind) {
  case TestPlan::Kind::is_null:
    test->kind = Test::Kind::is_null;
    return;
  case TestPlan::Kind::not_null:
    test->kind = Test::Kind::not_null;
    return;
  case TestPlan::Kind::all:
  case TestPlan::Kind::any:
    fill_parts(test, plan, context);
    return;
  default:
    break;
  }
  bool null = false;
  const Datum value = evaluate(plan->state, context, &null);
  if (null) {
    test->kind = Test::Kind::never;
  } else if (plan->kind == TestPlan::Kind::constant) {
    test->kind = DatumGetBool(value) ? Test::Kind::always : Test::Kind::never;
  } else if (plan->kind == TestPlan::Kind::compare) {
    fill_comparison(test, plan, value);
  } else if (plan->kind == TestPlan::Kind::like || plan->kind == TestPlan::Kind::not_like) {
    fill_like(test, plan, value);
  } else {
    fill_list(test, plan, value);
  }
}

std::span<const Test> tests_of(List *plans, ExprContext *context) {
  auto *tests = new_array<Test>(list_length(plans));
  ListCell *cell = nullptr;
  foreach (cell, plans) {
    fill_test(&tests[foreach_current_index(cell)], as<TestPlan>(cell), context);
  }
  return {tests, static_cast<std::size_t>(list_length(plans))};
}

std::span<const Test> never_of(List *plans) {
  auto *tests = new_array<Test>(list_length(plans));
  for (int i = 0; i < list_length(plans); ++i) {
    tests[i] = Test{};
    tests[i].kind = Test::Kind::never;
  }
  return {tests, static_cast<std::size_t>(list_length(plans))};
}

// All of which have to hold: those that are the same for all rows first, as in the executor, and
// up to one that no row passes.
std::span<const Test> conditions_of(List *plans, ExprContext *context) {
  const std::span<const Test> none = never_of(plans);
  auto *tests = new_array<Test>(list_length(plans));
  for (const bool constant : {true, false}) {
    ListCell *cell = nullptr;
    foreach (cell, plans) {
      const auto *plan = as<TestPlan>(cell);
      if ((plan->kind == TestPlan::Kind::constant) != constant) {
        continue;
      }
      Test &test = tests[foreach_current_index(cell)];
      fill_test(&test, plan, context);
      if (test.kind == Test::Kind::never) {
        return none;
      }
    }
  }
  return {tests, none.size()};
}

// The attribute of that name: columns of a partition may be in another order.
AttrNumber attribute_in(TupleDesc table, TupleDesc asked, AttrNumber attribute) {
  if (table == asked) {
    return attribute;
  }
  const char *name = NameStr(TupleDescAttr(asked, attribute - 1)->attname);
  for (int i = 0; i < table->natts; ++i) {
    const auto *own = TupleDescAttr(table, i);
    if (!own->attisdropped && namestrcmp(&const_cast<Form_pg_attribute>(own)->attname, name) == 0) {
      return static_cast<AttrNumber>(i + 1);
    }
  }
  elog(ERROR, "a partition has no column \"%s\"", name);
}

std::span<const scan::Wanted> wanted_of(List *columns, TupleDesc asked, TupleDesc shape) {
  auto *wanted = new_array<scan::Wanted>(list_length(columns));
  ListCell *cell = nullptr;
  foreach (cell, columns) {
    const auto *column = as<ColumnPlan>(cell);
    scan::Wanted &own = wanted[foreach_current_index(cell)];
    const AttrNumber attribute = attribute_in(shape, asked, column->attribute);
    own = {.attribute = static_cast<std::uint16_t>(attribute - 1), .storage = column->storage};
    bool null = true;
    const Datum value = getmissingattr(shape, attribute, &null);
    own.missing.null = null;
    if (!null && scan::is_bytes(column->storage)) {
      own.missing.bytes = bytes_of(column->type, value);
    } else if (!null) {
      own.missing.word = word_of(column->type, value);
    }
  }
  return {wanted, static_cast<std::size_t>(list_length(columns))};
}

std::uint8_t alignment_of(char code) {
  switch (code) {
  case TYPALIGN_CHAR:
    return 1;
  case TYPALIGN_SHORT:
    return ALIGNOF_SHORT;
  case TYPALIGN_INT:
    return ALIGNOF_INT;
  default:
    return ALIGNOF_DOUBLE;
  }
}

std::span<const scan::Attribute> attributes_of(TupleDesc shape) {
  auto *attributes = new_array<scan::Attribute>(shape->natts);
  for (int i = 0; i < shape->natts; ++i) {
    attributes[i] = {.length = TupleDescAttr(shape, i)->attlen,
                     .alignment = alignment_of(TupleDescAttr(shape, i)->attalign)};
  }
  return {attributes, static_cast<std::size_t>(shape->natts)};
}

// Seconds from the epoch of time_t to that of timestamps.
constexpr pg_time_t epoch_difference =
    static_cast<pg_time_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;

scan::ZoneStretch stretch_of(int64 utc, const void *own) noexcept {
  auto *zone = static_cast<pg_tz *>(const_cast<void *>(own));
  const pg_time_t moment = scan::floor_divide(utc, USECS_PER_SEC) + epoch_difference;
  long before = 0;
  long after = 0;
  int before_dst = 0;
  int after_dst = 0;
  pg_time_t boundary = 0;
  const int found =
      pg_next_dst_boundary(&moment, &before, &before_dst, &boundary, &after, &after_dst, zone);
  scan::ZoneStretch stretch{.from = utc, .until = scan::infinite_time, .offset = 0};
  if (found > 0) {
    stretch.until = (boundary - epoch_difference) * USECS_PER_SEC;
  } else if (found < 0) {
    stretch.until = utc + 1;
  }
  stretch.offset = before * USECS_PER_SEC;
  // timestamp2tm() is what the server's functions go by: at the ends of time there is no zone.
  pg_tm fields;
  fsec_t fraction = 0;
  int west = 0;
  if (timestamp2tm(utc, &west, &fields, &fraction, nullptr, zone) == 0 &&
      -static_cast<int64>(west) * USECS_PER_SEC != stretch.offset) {
    stretch.until = utc + 1;
    stretch.offset = -static_cast<int64>(west) * USECS_PER_SEC;
  }
  return stretch;
}

int64 midnight_of(int64 day, const void *zone) noexcept {
  pg_tm fields{};
  j2date(static_cast<int>(day + POSTGRES_EPOCH_JDATE), &fields.tm_year, &fields.tm_mon,
         &fields.tm_mday);
  const int64 west =
      DetermineTimeZoneOffset(&fields, static_cast<pg_tz *>(const_cast<void *>(zone)));
  const int64 utc = day * USECS_PER_DAY + west * USECS_PER_SEC;
  return utc + stretch_of(utc, zone).offset;
}

} // namespace

scan::Zone zone_of(pg_tz *zone) {
  return {.stretch_of = stretch_of, .midnight_of = midnight_of, .zone = zone};
}

void init_expressions(Compiled *compiled, PlanState *parent) {
  // Each is asked once a run: to compile it takes longer.
  const int jit = std::exchange(parent->state->es_jit_flags, PGJIT_NONE);
  init_tests(compiled->tests, parent);
  init_tests(compiled->filters, parent);
  init_tests(compiled->cases, parent);
  ListCell *cell = nullptr;
  foreach (cell, compiled->steps) {
    auto *step = static_cast<StepPlan *>(lfirst(cell));
    if (step->operand != nullptr) {
      step->state = ExecInitExpr(step->operand, parent);
    }
  }
  foreach (cell, compiled->joins) {
    auto *join = static_cast<JoinPlan *>(lfirst(cell));
    join->states = ExecInitExprList(join->outers, parent);
    init_tests(join->tests, parent);
  }
  parent->state->es_jit_flags = jit;
  foreach (cell, compiled->keys) {
    auto *key = static_cast<KeyPlan *>(lfirst(cell));
    if (key->shown != nullptr) {
      key->state = ExecInitExpr(key->shown, parent);
    }
  }
}

scan::Shape shape_of(const Compiled *compiled, TupleDesc asked, TupleDesc table) {
  return {.attributes = attributes_of(table),
          .tested = wanted_of(compiled->tested, asked, table),
          .joined = wanted_of(compiled->joined, asked, table),
          .wanted = wanted_of(compiled->columns, asked, table)};
}

scan::Program program_of(const Compiled *compiled, ExprContext *context, bool no_row) {
  scan::Program program;
  program.tests = no_row ? never_of(compiled->tests) : conditions_of(compiled->tests, context);
  // Then no row comes to the rest.
  const bool none =
      no_row || (!program.tests.empty() && program.tests[0].kind == Test::Kind::never);
  program.filters = none ? never_of(compiled->filters) : tests_of(compiled->filters, context);
  program.cases = none ? never_of(compiled->cases) : tests_of(compiled->cases, context);
  program.zone = zone_of(session_timezone);
  auto *steps = new_array<scan::Step>(list_length(compiled->steps));
  ListCell *cell = nullptr;
  foreach (cell, compiled->steps) {
    const auto *plan = as<StepPlan>(cell);
    scan::Step &step = steps[foreach_current_index(cell)];
    step = plan->step;
    if (plan->state != nullptr && none) {
      step.null = true;
    } else if (plan->state != nullptr) {
      const Datum value = evaluate(plan->state, context, &step.null);
      step.value = step.null ? 0 : word_of(plan->operand_type, value);
    }
  }
  foreach (cell, compiled->zones) {
    const auto *plan = as<ZonePlan>(cell);
    steps[plan->step].clocks = &plan->clocks;
  }
  program.steps = {steps, static_cast<std::size_t>(list_length(compiled->steps))};
  auto *keys = new_array<scan::Key>(list_length(compiled->core_keys));
  foreach (cell, compiled->core_keys) {
    keys[foreach_current_index(cell)] = *as<scan::Key>(cell);
  }
  program.keys = {keys, static_cast<std::size_t>(list_length(compiled->core_keys))};
  auto *aggregates = new_array<scan::Aggregate>(list_length(compiled->aggregates));
  foreach (cell, compiled->aggregates) {
    aggregates[foreach_current_index(cell)] = as<AggregatePlan>(cell)->aggregate;
  }
  program.aggregates = {aggregates, static_cast<std::size_t>(list_length(compiled->aggregates))};
  return program;
}

std::span<const scan::Test> limits_of(const JoinPlan *join, ExprContext *context) {
  return tests_of(join->tests, context);
}

Datum datum_of_word(Oid type, int64 word) {
  switch (getBaseType(type)) {
  case BOOLOID:
    return BoolGetDatum(word != 0);
  case INT2OID:
    return Int16GetDatum(static_cast<int16>(word));
  case INT4OID:
  case DATEOID:
    return Int32GetDatum(static_cast<int32>(word));
  case FLOAT4OID:
    return Float4GetDatum(static_cast<float4>(scan::as_double(word)));
  case FLOAT8OID:
    return Float8GetDatum(scan::as_double(word));
  default:
    return Int64GetDatum(word);
  }
}

} // namespace starhouse::pg::star_scan
