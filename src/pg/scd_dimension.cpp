// A registered dimension: its registration row read back and resolved against the table as it is
// now, and the source it is merged from.
#include "pg/scd.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/primnodes.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace starhouse::pg::scd {

namespace {

const char *qualified_name(Oid relation) {
  const Oid schema = get_rel_namespace(relation);
  return quote_qualified_identifier(
      isTempNamespace(schema) ? "pg_temp" : get_namespace_name(schema), get_rel_name(relation));
}

Column resolve_column(Relation relation, const char *name) {
  const AttrNumber number = get_attnum(RelationGetRelid(relation), name);
  if (number <= 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("column %s is missing from the dimension %s", quote_identifier(name),
                           qualified_name(RelationGetRelid(relation))),
                    errhint("The table changed since it was registered: call "
                            "starhouse.scd_register again.")));
  }
  const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
  Column column = {};
  column.name = pstrdup(name);
  column.quoted = quote_identifier(column.name);
  column.type = attribute->atttypid;
  column.typmod = attribute->atttypmod;
  column.collation = attribute->attcollation;
  column.length = attribute->attlen;
  column.by_value = attribute->attbyval;
  column.equality = equality_operator(column.type, &column.built_in_equality);
  column.compare =
      lookup_type_cache(column.type, TYPECACHE_EQ_OPR_FINFO | TYPECACHE_HASH_PROC_FINFO);
  return column;
}

bool has_user_triggers(Relation relation) {
  for (int i = 0; relation->trigdesc != nullptr && i < relation->trigdesc->numtriggers; ++i) {
    if (!relation->trigdesc->triggers[i].tgisinternal) {
      return true;
    }
  }
  return false;
}

// Adds the columns that play a part. `sources` names the columns that they are filled from, where
// that is not the column of the same name.
int add_columns(Relation relation, Column *columns, Datum names, Datum sources) {
  Datum *elements = nullptr;
  Datum *from = nullptr;
  int count = 0;
  deconstruct_array(DatumGetArrayTypeP(names), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
                    &elements, nullptr, &count);
  if (sources != 0) {
    deconstruct_array(DatumGetArrayTypeP(sources), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
                      &from, nullptr, &count);
  }
  for (int i = 0; i < count; ++i) {
    columns[i] = resolve_column(relation, NameStr(*DatumGetName(elements[i])));
    columns[i].source_name =
        from != nullptr ? pstrdup(NameStr(*DatumGetName(from[i]))) : columns[i].name;
  }
  return count;
}

// Whether some index finds the versions of a key: it starts with a key column and has no predicate
// other than `column IS NOT NULL`, which the statements imply.
bool has_key_index(Relation relation, const Dimension &dimension) {
  bool found = false;
  List *indexes = RelationGetIndexList(relation);
  ListCell *cell = nullptr;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    List *predicate = RelationGetIndexPredicate(index);
    const AttrNumber first = index->rd_index->indkey.values[0];
    const bool usable =
        index->rd_index->indisvalid &&
        (predicate == NIL || (list_length(predicate) == 1 && IsA(linitial(predicate), NullTest)));
    if (usable && first > 0) {
      const char *name = NameStr(TupleDescAttr(RelationGetDescr(relation), first - 1)->attname);
      for (int i = 0; i < dimension.keys && !found; ++i) {
        found = strcmp(name, dimension.columns[i].name) == 0;
      }
    }
    index_close(index, AccessShareLock);
  }
  return found;
}

// Whether a unique index covers nothing but key columns, so that no key can occur twice.
bool has_unique_key(Relation relation, const Dimension &dimension) {
  bool found = false;
  List *indexes = RelationGetIndexList(relation);
  ListCell *cell = nullptr;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const Form_pg_index form = index->rd_index;
    bool covers = form->indisunique && form->indisvalid && form->indimmediate &&
                  RelationGetIndexPredicate(index) == NIL;
    for (int k = 0; covers && k < form->indnkeyatts; ++k) {
      const AttrNumber number = form->indkey.values[k];
      bool is_key = false;
      for (int i = 0; number > 0 && i < dimension.keys && !is_key; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
        // The index must mean the same equality as the dimension's key.
        is_key = strcmp(NameStr(attribute->attname), dimension.columns[i].name) == 0 &&
                 attribute->atttypid == dimension.columns[i].type &&
                 attribute->attcollation == dimension.columns[i].collation;
      }
      covers = is_key;
    }
    found = found || covers;
    index_close(index, AccessShareLock);
  }
  return found;
}

// The source's column as a value of the dimension's type, under the assignment rules of INSERT. A
// length limit is left to the INSERT, which refuses what does not fit instead of cutting it.
const char *source_value(const Column &column, const Form_pg_attribute from) {
  const char *value = psprintf("s.%s", quote_identifier(column.source_name));
  // A domain's own conditions are left to the INSERT as well: here a row may stand for one that is
  // missing.
  int32 typmod = column.typmod;
  const Oid base = getBaseTypeAndTypmod(column.type, &typmod);
  if (base == VARCHAROID || base == BPCHAROID || base == BITOID || base == VARBITOID) {
    typmod = -1;
  }
  if (from->atttypid != column.type || (typmod >= 0 && from->atttypmod != column.typmod)) {
    value = psprintf(
        "CAST(%s AS %s)", value,
        format_type_extended(base, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
  }
  if (OidIsValid(column.collation) && from->attcollation != column.collation) {
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(column.collation));
    if (!HeapTupleIsValid(tuple)) {
      elog(ERROR, "cache lookup failed for collation %u", column.collation);
    }
    const auto *collation = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
    value = psprintf("%s COLLATE %s", value,
                     quote_qualified_identifier(get_namespace_name(collation->collnamespace),
                                                NameStr(collation->collname)));
    ReleaseSysCache(tuple);
  }
  return value;
}

Form_pg_attribute find_attribute(Relation relation, const char *name) {
  const AttrNumber number = get_attnum(RelationGetRelid(relation), name);
  return number > 0 ? TupleDescAttr(RelationGetDescr(relation), number - 1) : nullptr;
}

void append_name(StringInfo list, const char *name) {
  appendStringInfo(list, "%s%s", list->len > 0 ? ", " : "", quote_identifier(name));
}

bool same_name(const char *a, const char *b) {
  return a != nullptr && b != nullptr && strcmp(a, b) == 0;
}

ArrayType *text_array(ArrayBuildState *names) {
  return names == nullptr ? construct_empty_array(TEXTOID)
                          : DatumGetArrayTypeP(makeArrayResult(names, CurrentMemoryContext));
}

// Compares the columns of the source with what the dimension takes: what is missing is an error or
// noted, what is new is reported.
void check_columns(Relation relation, Dimension *dimension, const Options &options,
                   Source *source) {
  StringInfoData missing;
  StringInfoData kept;
  StringInfoData extra;
  initStringInfo(&missing);
  initStringInfo(&kept);
  initStringInfo(&extra);
  ArrayBuildState *missing_names = nullptr;
  ArrayBuildState *extra_names = nullptr;
  for (int i = 0; i < dimension->event_columns(); ++i) {
    Column &column = dimension->columns[i];
    column.missing = find_attribute(relation, column.source_name) == nullptr;
    if (!column.missing) {
      continue;
    }
    // A companion of type 6 has the column of its twin.
    const bool twin = column.source_name != column.name;
    if (i < dimension->keys || !dimension->keep_missing) {
      if (!twin) {
        append_name(&missing, column.source_name);
      }
    } else if (!twin) {
      append_name(&kept, column.source_name);
      missing_names = accumArrayResult(missing_names, CStringGetTextDatum(column.source_name),
                                       false, TEXTOID, CurrentMemoryContext);
    }
  }
  for (const char *name : {options.sequence_column, options.op_column}) {
    if (name != nullptr && find_attribute(relation, name) == nullptr) {
      append_name(&missing, name);
    }
  }
  if (missing.len > 0) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_COLUMN),
             errmsg("columns missing from the source %s: %s",
                    qualified_name(RelationGetRelid(relation)), missing.data),
             errhint("The source needs the key, type-2 and type-1 columns of %s under the same "
                     "names; make a view that has them.",
                     dimension->qualified)));
  }
  if (kept.len > 0) {
    ereport(NOTICE, (errmsg("columns that the source %s lacks keep what was in force: %s",
                            qualified_name(RelationGetRelid(relation)), kept.data)));
  }
  const TupleDesc columns = RelationGetDescr(relation);
  for (int a = 0; a < columns->natts; ++a) {
    const Form_pg_attribute attribute = TupleDescAttr(columns, a);
    const char *name = NameStr(attribute->attname);
    bool used = attribute->attisdropped || same_name(name, options.sequence_column) ||
                same_name(name, options.op_column);
    for (int i = 0; i < dimension->event_columns() && !used; ++i) {
      used = strcmp(name, dimension->columns[i].source_name) == 0;
    }
    if (!used) {
      append_name(&extra, name);
      extra_names = accumArrayResult(extra_names, CStringGetTextDatum(name), false, TEXTOID,
                                     CurrentMemoryContext);
    }
  }
  if (extra.len > 0) {
    ereport(NOTICE, (errmsg("columns of the source %s not merged: %s",
                            qualified_name(RelationGetRelid(relation)), extra.data)));
  }
  source->new_columns = text_array(extra_names);
  source->missing_columns = text_array(missing_names);
}

const char *sequence_expression(Relation relation, const Dimension &dimension,
                                const Options &options) {
  if (options.sequence_column == nullptr) {
    return in_grain(dimension, psprintf("TIMESTAMPTZ %s",
                                        quote_literal_cstr(timestamptz_to_str(options.as_of))));
  }
  const Form_pg_attribute attribute = find_attribute(relation, options.sequence_column);
  const Oid type = getBaseType(attribute->atttypid);
  if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("sequence column %s is of type %s", quote_identifier(options.sequence_column),
                    format_type_be(attribute->atttypid)),
             errhint("It becomes valid_from: give timestamptz, timestamp or date.")));
  }
  const char *name = quote_identifier(options.sequence_column);
  if (type == TIMESTAMPTZOID || dimension.zone == nullptr) {
    return in_grain(dimension, psprintf("CAST(s.%s AS pg_catalog.timestamptz)", name));
  }
  return in_grain(dimension, psprintf("pg_catalog.timezone(%s, CAST(s.%s AS pg_catalog.timestamp))",
                                      dimension.zone, name));
}

// 0 for an upsert, 1 for a delete, 2 for neither.
const char *operation_expression(Relation relation, const Dimension &dimension,
                                 const Options &options) {
  const char *name = quote_identifier(options.op_column);
  if (dimension.delete_values != 0) {
    return psprintf(
        "CASE WHEN pg_catalog.lower(CAST(s.%s AS pg_catalog.text)) OPERATOR(pg_catalog.=) "
        "ANY (CAST(%s AS pg_catalog.text[])) THEN 1 ELSE 0 END",
        name, quote_literal_cstr(OidOutputFunctionCall(F_ARRAY_OUT, dimension.delete_values)));
  }
  if (getBaseType(find_attribute(relation, options.op_column)->atttypid) == BOOLOID) {
    return psprintf("CASE WHEN s.%s THEN 1 ELSE 0 END", name);
  }
  return psprintf(
      "CASE WHEN s.%s IS NULL THEN 0 ELSE CASE pg_catalog.lower(CAST(s.%s AS pg_catalog.text))"
      " WHEN 'd' THEN 1 WHEN 'delete' THEN 1"
      " WHEN 'i' THEN 0 WHEN 'insert' THEN 0 WHEN 'u' THEN 0 WHEN 'update' THEN 0"
      " WHEN 'upsert' THEN 0 WHEN 'c' THEN 0 WHEN 'create' THEN 0 WHEN 'r' THEN 0"
      " WHEN 'read' THEN 0 WHEN '' THEN 0 ELSE 2 END END",
      name, name);
}

} // namespace

const char *in_grain(const Dimension &dimension, const char *expression) {
  Oid types[2] = {REGCLASSOID, TEXTOID};
  Datum values[2] = {ObjectIdGetDatum(dimension.relation), CStringGetTextDatum(expression)};
  MemoryContext home = CurrentMemoryContext;
  const int result = SPI_execute_with_args(
      "SELECT starhouse.scd_read_instant(d, starhouse.scd_write_instant(d, $2)) "
      "FROM starhouse.scd_dimension AS d WHERE d.dimension = $1",
      2, types, values, nullptr, true, 1);
  if (result != SPI_OK_SELECT || SPI_processed != 1) {
    elog(ERROR, "reading starhouse.scd_dimension: %s", SPI_result_code_string(result));
  }
  char *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
  return MemoryContextStrdup(home, text);
}

const char *equality_operator(Oid type, bool *built_in) {
  const TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR);
  if (!OidIsValid(entry->eq_opr)) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                    errmsg("type %s has no equality operator", format_type_be(type)),
                    errhint("Use a type that can be compared, such as jsonb for json.")));
  }
  HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(entry->eq_opr));
  if (!HeapTupleIsValid(tuple)) {
    elog(ERROR, "cache lookup failed for operator %u", entry->eq_opr);
  }
  const auto *form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
  *built_in =
      form->oprnamespace == PG_CATALOG_NAMESPACE && strcmp(NameStr(form->oprname), "=") == 0;
  const char *text =
      psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
               NameStr(form->oprname));
  ReleaseSysCache(tuple);
  return text;
}

namespace {

// The registration, field by field as selected below.
enum Field : int {
  key_columns,
  type2_columns,
  type1_columns,
  type6_current,
  type6_source,
  type0_columns,
  type3_current,
  type3_previous,
  surrogate_column,
  from_column,
  to_column,
  current_column,
  inferred_column,
  deleted_column,
  read_from,
  read_to,
  open_condition,
  write_from,
  write_to,
  write_from_parameter,
  write_to_parameter,
  lowest,
  zone,
  sequence_name,
  op_name,
  delete_values,
  ignore_nulls,
  keep_missing,
  on_reject,
  repeats,
  memory_table,
  journal_table,
  reject_table,
  fields
};

const char *const registration =
    "SELECT key_columns, type2_columns, type1_columns,"
    " ARRAY(SELECT e.value::pg_catalog.name FROM pg_catalog.jsonb_each_text(type6_columns) AS e "
    "ORDER BY e.key),"
    " ARRAY(SELECT e.key::pg_catalog.name FROM pg_catalog.jsonb_each_text(type6_columns) AS e "
    "ORDER BY e.key),"
    " type0_columns,"
    " ARRAY(SELECT e.key::pg_catalog.name FROM pg_catalog.jsonb_each_text(type3_columns) AS e "
    "ORDER BY e.key),"
    " ARRAY(SELECT e.value::pg_catalog.name FROM pg_catalog.jsonb_each_text(type3_columns) AS e "
    "ORDER BY e.key),"
    " surrogate, valid_from, valid_to, current_flag, inferred_flag, deleted_flag,"
    " starhouse.scd_read_from(d, 'x'), starhouse.scd_read_to(d, 'x'),"
    " starhouse.scd_open_condition(d, 'x'), starhouse.scd_write_instant(d, 'a.f'),"
    " starhouse.scd_write_to(d, 'a.t'),"
    " starhouse.scd_write_instant(d, '$1'), starhouse.scd_write_to(d, '$2'),"
    " pg_catalog.format('CAST(''-infinity'' AS %s)', d.interval_type),"
    " CASE WHEN d.time_zone IS NOT NULL OR d.interval_type OPERATOR(pg_catalog.<>) "
    "'timestamptz'::pg_catalog.regtype"
    " THEN starhouse.scd_zone(d) END,"
    " sequence_column, op_column, delete_values, ignore_null_updates,"
    " missing_columns OPERATOR(pg_catalog.=) 'keep', on_reject, remember_repeats,"
    " memory_table, journal_table, reject_table"
    " FROM starhouse.scd_dimension AS d WHERE dimension = $1";

struct Registration {
  Datum values[fields];
  bool nulls[fields];

  const char *string(Field field) const {
    return nulls[field] ? nullptr : TextDatumGetCString(values[field]);
  }
  const char *name(Field field) const {
    return nulls[field] ? nullptr : pstrdup(NameStr(*DatumGetName(values[field])));
  }
  // The name of a side table, which has to be there.
  const char *side_table(Field field, const char *of) const {
    if (nulls[field]) {
      return nullptr;
    }
    const Oid table = DatumGetObjectId(values[field]);
    if (get_rel_name(table) == nullptr) {
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                      errmsg("a table beside the dimension %s was dropped", of),
                      errhint("Call starhouse.scd_register again: it makes it anew.")));
    }
    return qualified_name(table);
  }
};

void fill_columns(Relation table, Dimension *dimension, const Registration &r) {
  Column *next = static_cast<Column *>(palloc0(sizeof(Column) * RelationGetDescr(table)->natts));
  dimension->columns = next;
  next += dimension->keys = add_columns(table, next, r.values[key_columns], 0);
  next += dimension->type2 = add_columns(table, next, r.values[type2_columns], 0);
  dimension->type1 = add_columns(table, next, r.values[type1_columns], 0);
  next += dimension->type1;
  const int companions = add_columns(table, next, r.values[type6_current], r.values[type6_source]);
  next += companions;
  dimension->type1 += companions;
  next += dimension->type0 = add_columns(table, next, r.values[type0_columns], 0);
  next += dimension->type3 = add_columns(table, next, r.values[type3_current], 0);
  add_columns(table, next, r.values[type3_previous], 0);
  for (int i = 0; i < dimension->type3; ++i) {
    next[i].source_name = nullptr;
  }
}

} // namespace

Dimension *load_dimension(Oid relation) {
  MemoryContext home = CurrentMemoryContext;
  Oid types[1] = {REGCLASSOID};
  Datum values[1] = {ObjectIdGetDatum(relation)};
  const int result = SPI_execute_with_args(registration, 1, types, values, nullptr, false, 1);
  if (result != SPI_OK_SELECT) {
    elog(ERROR, "reading starhouse.scd_dimension: %s", SPI_result_code_string(result));
  }
  if (SPI_processed == 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                    errmsg("%s is not a registered dimension", qualified_name(relation)),
                    errhint("Its owner calls starhouse.scd_register first.")));
  }
  Registration r;
  for (int i = 0; i < fields; ++i) {
    r.values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &r.nulls[i]);
  }

  MemoryContext spi = MemoryContextSwitchTo(home);
  auto *dimension = static_cast<Dimension *>(palloc0(sizeof(Dimension)));
  Relation table = table_open(relation, NoLock);
  dimension->relation = relation;
  dimension->qualified = qualified_name(relation);
  fill_columns(table, dimension, r);
  const auto quoted = [&](Field field) {
    return r.nulls[field] ? nullptr : resolve_column(table, r.name(field)).quoted;
  };
  dimension->surrogate = resolve_column(table, r.name(surrogate_column));
  dimension->valid_from = quoted(from_column);
  dimension->valid_to = quoted(to_column);
  dimension->current_flag = quoted(current_column);
  dimension->inferred_flag = quoted(inferred_column);
  dimension->deleted_flag = quoted(deleted_column);
  dimension->read_from = r.string(read_from);
  dimension->read_to = r.string(read_to);
  dimension->open_condition = r.string(open_condition);
  dimension->write_from = r.string(write_from);
  dimension->write_to = r.string(write_to);
  dimension->write_from_parameter = r.string(write_from_parameter);
  dimension->write_to_parameter = r.string(write_to_parameter);
  dimension->lowest = r.string(lowest);
  dimension->zone = r.string(zone);
  dimension->sequence_column = r.name(sequence_name);
  dimension->op_column = r.name(op_name);
  dimension->delete_values =
      r.nulls[delete_values] ? 0 : datumCopy(r.values[delete_values], false, -1);
  dimension->ignore_nulls = DatumGetBool(r.values[ignore_nulls]);
  dimension->keep_missing = DatumGetBool(r.values[keep_missing]);
  const char *reject = r.string(on_reject);
  dimension->on_reject = strcmp(reject, "fail") == 0         ? OnReject::fail
                         : strcmp(reject, "quarantine") == 0 ? OnReject::quarantine
                                                             : OnReject::list;
  dimension->remember_repeats = DatumGetBool(r.values[repeats]);
  dimension->memory = r.side_table(memory_table, dimension->qualified);
  dimension->journal = r.side_table(journal_table, dimension->qualified);
  dimension->rejects = r.side_table(reject_table, dimension->qualified);
  dimension->key_indexed = has_key_index(table, *dimension);
  dimension->rows = static_cast<double>(table->rd_rel->reltuples);
  dimension->has_triggers = has_user_triggers(table);
  table_close(table, NoLock);
  MemoryContextSwitchTo(spi);
  SPI_freetuptable(SPI_tuptable);
  MemoryContextSwitchTo(home);
  dimension->portable = always_portable || on_citus(relation);
  return dimension;
}

Source *resolve_source(Dimension *dimension, Oid relation, const Options &options) {
  Relation table = relation_open(relation, AccessShareLock);
  switch (table->rd_rel->relkind) {
  case RELKIND_RELATION:
  case RELKIND_VIEW:
  case RELKIND_MATVIEW:
  case RELKIND_FOREIGN_TABLE:
  case RELKIND_PARTITIONED_TABLE:
    break;
  default:
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("%s is neither a table nor a view", qualified_name(relation))));
  }
  auto *source = static_cast<Source *>(palloc0(sizeof(Source)));
  source->relation = relation;
  source->qualified = qualified_name(relation);
  check_columns(table, dimension, options, source);
  for (int i = 0; i < dimension->event_columns(); ++i) {
    Column &column = dimension->columns[i];
    if (column.missing) {
      column.source_value = null_of(column.type);
      continue;
    }
    const Form_pg_attribute from = find_attribute(table, column.source_name);
    Oid from_type = from->atttypid;
    if (!can_coerce_type(1, &from_type, &column.type, COERCION_ASSIGNMENT)) {
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("column %s of the source %s is of type %s, of the dimension %s",
                             quote_identifier(column.source_name), source->qualified,
                             format_type_be(from_type), format_type_be(column.type)),
                      errhint("Cast it in a view and merge the view.")));
    }
    column.source_value = source_value(column, from);
  }
  source->sequence = sequence_expression(table, *dimension, options);
  source->operation = "0";
  source->op_text = "NULL";
  if (options.op_column != nullptr) {
    source->operation = operation_expression(table, *dimension, options);
    source->op_text =
        psprintf("CAST(s.%s AS pg_catalog.text)", quote_identifier(options.op_column));
  }
  source->unique_key = has_unique_key(table, *dimension);
  // Citus joins such a source to a plain dimension no better than the other way round.
  dimension->portable = dimension->portable || on_citus(relation);
  relation_close(table, NoLock);
  return source;
}

// The type without length limit; of a domain the type below, because a domain may refuse NULL.
const char *plain_type(Oid type) {
  return format_type_extended(getBaseType(type), -1,
                              FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

const char *null_of(Oid type) {
  return psprintf("CAST(NULL AS %s)", plain_type(type));
}

} // namespace starhouse::pg::scd

STARHOUSE_FUNCTION(starhouse_scd_comparable) {
  const Oid type = PG_GETARG_OID(0);
  const TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR);
  const char *how = "none";
  if (OidIsValid(entry->lt_opr)) {
    how = "order";
  } else if (OidIsValid(entry->eq_opr)) {
    how = "equality";
  }
  PG_RETURN_TEXT_P(cstring_to_text(how));
}

STARHOUSE_FUNCTION(starhouse_scd_equality_operator) {
  bool built_in = false;
  PG_RETURN_TEXT_P(
      cstring_to_text(starhouse::pg::scd::equality_operator(PG_GETARG_OID(0), &built_in)));
}
