// Holiday calendars by name: countries by rule and users' tables. A table is scanned directly, not
// by a query: a name may come from data, and reading a plain table runs nobody's code, as a view, a
// policy or a foreign table could.
#include "pg/calendar.hpp"

#include "core/calendar/calendar_name.hpp"

#include <algorithm>

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
}

namespace starhouse::pg::cal {

namespace {

using calendar::TableName;
using calendar::UserDay;

// Longer names would not fit a holiday_name that joins several.
constexpr std::size_t longest_name = 200;

struct TableColumns {
  AttrNumber date;
  AttrNumber name;    // 0: the table has none
  AttrNumber working; // likewise
};

// A column by name and type; 0 when there is none.
AttrNumber find_column(Relation relation, const char *name, Oid type, Oid other_type) {
  const TupleDesc descriptor = RelationGetDescr(relation);
  for (int i = 0; i < descriptor->natts; ++i) {
    const auto *attribute = TupleDescAttr(descriptor, i);
    if (attribute->attisdropped || std::strcmp(NameStr(attribute->attname), name) != 0) {
      continue;
    }
    const Oid base = getBaseType(attribute->atttypid);
    if (base != type && base != other_type) {
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("column \"%s\" of calendar table \"%s\" is of type %s", name,
                             RelationGetRelationName(relation), format_type_be(base)),
                      errhint("It has to be of type %s.", format_type_be(type))));
    }
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
    if (attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("column \"%s\" of calendar table \"%s\" is a virtual generated column",
                             name, RelationGetRelationName(relation)),
                      errhint("Make it STORED.")));
    }
#endif
    return attribute->attnum;
  }
  return 0;
}

void check_right(Relation relation, const TableColumns &columns) {
  const Oid oid = RelationGetRelid(relation);
  if (pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) == ACLCHECK_OK) {
    return;
  }
  for (const AttrNumber column : {columns.date, columns.name, columns.working}) {
    if (column != 0 && pg_attribute_aclcheck(oid, column, GetUserId(), ACL_SELECT) != ACLCHECK_OK) {
      aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(relation));
    }
  }
}

// Refuses whatever a plain scan of this one relation would not show as a query shows it.
TableColumns check_table(Relation relation) {
  const char *name = RelationGetRelationName(relation);
  const char kind = relation->rd_rel->relkind;
  if (kind != RELKIND_RELATION && kind != RELKIND_MATVIEW) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" cannot be a holiday calendar", name),
                    errhint("Use an ordinary table or a materialized view.")));
  }
  if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("temporary table \"%s\" cannot be a holiday calendar", name),
                    errhint("Parallel workers could not read it: use a permanent table.")));
  }
  if (find_inheritance_children(RelationGetRelid(relation), NoLock) != NIL) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" cannot be a holiday calendar: it has child tables", name),
                    errhint("Use a table without any.")));
  }
  if (!RelationIsPopulated(relation)) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("materialized view \"%s\" has not been populated", name),
                    errhint("Use the REFRESH MATERIALIZED VIEW command.")));
  }
  const TableColumns columns{find_column(relation, "date", DATEOID, DATEOID),
                             find_column(relation, "name", TEXTOID, VARCHAROID),
                             find_column(relation, "working", BOOLOID, BOOLOID)};
  if (columns.date == 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("calendar table \"%s\" has no column \"date\"", name),
                    errhint("It needs date date, and may have name text and working boolean.")));
  }
  check_right(relation, columns);
  if (check_enable_rls(RelationGetRelid(relation), InvalidOid, false) == RLS_ENABLED) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("\"%s\" cannot be a holiday calendar: it has row security", name),
                    errhint("Keep holidays in a table without policies.")));
  }
  return columns;
}

UserDay user_day(Relation relation, TupleTableSlot *slot, const TableColumns &columns) {
  const char *table = RelationGetRelationName(relation);
  bool is_null = false;
  const DateADT date = DatumGetDateADT(slot_getattr(slot, columns.date, &is_null));
  if (is_null) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("a date of calendar table \"%s\" is NULL", table),
                    errhint("Delete such rows and declare the column NOT NULL.")));
  }
  UserDay row{day_argument(date, psprintf("date of calendar table \"%s\"", table)), false,
              "Holiday"};
  if (columns.working != 0) {
    const Datum working = slot_getattr(slot, columns.working, &is_null);
    row.working = !is_null && DatumGetBool(working);
  }
  if (columns.name != 0) {
    const Datum value = slot_getattr(slot, columns.name, &is_null);
    if (!is_null) {
      const std::string_view name = view_of(DatumGetTextPCopy(value));
      if (name.size() > longest_name) {
        ereport(
            ERROR,
            (errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
             errmsg("the name of %s in calendar table \"%s\" is too long",
                    DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date))), table),
             errhint("Names have at most %d bytes.", static_cast<int>(longest_name))));
      }
      row.name = name.empty() ? row.name : name;
    }
  }
  return row;
}

void add_user_day(UserDays *days, const UserDay &row) {
  if (days->size == days->capacity) {
    const std::size_t capacity = days->capacity == 0 ? 64 : 2 * days->capacity;
    auto *items =
        static_cast<UserDay *>(palloc_extended(capacity * sizeof(UserDay), MCXT_ALLOC_HUGE));
    std::copy_n(days->items, days->size, items);
    days->items = items;
    days->capacity = capacity;
  }
  days->items[days->size++] = row;
}

// The locks stay to the end of the transaction, as a query's do.
void read_table(const TableName &name, UserDays *days) {
  RangeVar *range =
      makeRangeVar(name.schema.given ? const_cast<char *>(name.schema.bytes.data()) : nullptr,
                   const_cast<char *>(name.table.bytes.data()), -1);
  const Oid oid = RangeVarGetRelid(range, AccessShareLock, true);
  if (!OidIsValid(oid)) {
    compute([&] { calendar::unknown_calendar(name.text); });
  }
  Relation relation = table_open(oid, NoLock);
  const TableColumns columns = check_table(relation);
  TupleTableSlot *slot = table_slot_create(relation, nullptr);
  TableScanDesc scan = table_beginscan(relation, GetActiveSnapshot(), 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    CHECK_FOR_INTERRUPTS();
    add_user_day(days, user_day(relation, slot, columns));
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  table_close(relation, NoLock);
}

} // namespace

calendar::CalendarRules rules_argument(FunctionCallInfo fcinfo, int country_index,
                                       calendar::Weekdays weekend) {
  calendar::CalendarRules rules;
  rules.weekend = weekend;
  if (PG_ARGISNULL(country_index)) {
    return rules;
  }
  const text *country = PG_GETARG_TEXT_PP(country_index);
  calendar::CalendarName name;
  compute([&] { name = calendar::parse_calendar_name(view_of(country)); });
  static_assert(calendar::CalendarName::capacity <= calendar::CalendarRules::max_countries);
  rules.countries = name.countries;
  rules.country_count = name.country_count;
  UserDays days{nullptr, 0, 0};
  for (std::size_t i = 0; i < name.table_count; ++i) {
    read_table(name.tables[i], &days);
  }
  std::sort(days.items, days.items + days.size, [](const UserDay &a, const UserDay &b) {
    return a.day != b.day ? a.day < b.day : a.name < b.name;
  });
  rules.user_days = {days.items, days.size};
  return rules;
}

calendar::Weekdays weekend_argument(FunctionCallInfo fcinfo, int index) {
  refuse_null(fcinfo, index, "weekend");
  ArrayType *array = PG_GETARG_ARRAYTYPE_P(index);
  const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  if (ARR_NDIM(array) > 1 || array_contains_nulls(array)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("weekend must be a one-dimensional array without NULLs"),
                    errhint("Use ISO weekdays, for example '{6,7}' or '{5,6}'.")));
  }
  const auto *days = reinterpret_cast<const int32 *>(ARR_DATA_PTR(array));
  unsigned weekend = 0;
  for (int i = 0; i < count; ++i) {
    weekend |= days[i] >= 1 && days[i] <= 7 ? 1U << days[i] : 1U;
  }
  if ((weekend & 1U) != 0 || weekend == 0xFEU) {
    // Something is wrong: the core says what.
    compute([&] { calendar::weekend_from({days, static_cast<std::size_t>(count)}); });
  }
  return static_cast<calendar::Weekdays>(weekend);
}

} // namespace starhouse::pg::cal
