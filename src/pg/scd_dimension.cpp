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

int add_columns(Relation relation, Column *columns, Datum names) {
  Datum *elements = nullptr;
  int count = 0;
  deconstruct_array(DatumGetArrayTypeP(names), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
                    &elements, nullptr, &count);
  for (int i = 0; i < count; ++i) {
    columns[i] = resolve_column(relation, NameStr(*DatumGetName(elements[i])));
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
  const char *value = psprintf("s.%s", column.quoted);
  const Oid base = getBaseType(column.type);
  const bool length_limited =
      base == VARCHAROID || base == BPCHAROID || base == BITOID || base == VARBITOID;
  const int32 typmod = length_limited ? -1 : column.typmod;
  if (from->atttypid != column.type || (typmod >= 0 && from->atttypmod != typmod)) {
    value = psprintf("CAST(%s AS %s)", value,
                     format_type_extended(column.type, typmod,
                                          FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
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

void check_columns(Relation relation, const Dimension &dimension, const Options &options) {
  StringInfoData missing;
  StringInfoData extra;
  initStringInfo(&missing);
  initStringInfo(&extra);
  for (int i = 0; i < dimension.count(); ++i) {
    if (find_attribute(relation, dimension.columns[i].name) == nullptr) {
      append_name(&missing, dimension.columns[i].name);
    }
  }
  if (options.sequence_column != nullptr &&
      find_attribute(relation, options.sequence_column) == nullptr) {
    append_name(&missing, options.sequence_column);
  }
  if (options.op_column != nullptr && find_attribute(relation, options.op_column) == nullptr) {
    append_name(&missing, options.op_column);
  }
  if (missing.len > 0) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_COLUMN),
             errmsg("columns missing from the source %s: %s",
                    qualified_name(RelationGetRelid(relation)), missing.data),
             errhint("The source needs the key, type-2 and type-1 columns of %s under the same "
                     "names; make a view that has them.",
                     dimension.qualified)));
  }
  const TupleDesc columns = RelationGetDescr(relation);
  for (int a = 0; a < columns->natts; ++a) {
    const Form_pg_attribute attribute = TupleDescAttr(columns, a);
    const char *name = NameStr(attribute->attname);
    bool used =
        attribute->attisdropped ||
        (options.sequence_column != nullptr && strcmp(name, options.sequence_column) == 0) ||
        (options.op_column != nullptr && strcmp(name, options.op_column) == 0);
    for (int i = 0; i < dimension.count() && !used; ++i) {
      used = strcmp(name, dimension.columns[i].name) == 0;
    }
    if (!used) {
      append_name(&extra, name);
    }
  }
  if (extra.len > 0) {
    ereport(NOTICE, (errmsg("columns of the source %s not merged: %s",
                            qualified_name(RelationGetRelid(relation)), extra.data)));
  }
}

const char *sequence_expression(Relation relation, const Options &options) {
  if (options.sequence_column == nullptr) {
    return psprintf("TIMESTAMPTZ %s", quote_literal_cstr(timestamptz_to_str(options.as_of)));
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
  return psprintf("CAST(s.%s AS pg_catalog.timestamptz)",
                  quote_identifier(options.sequence_column));
}

} // namespace

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

Dimension *load_dimension(Oid relation) {
  MemoryContext home = CurrentMemoryContext;
  Oid types[1] = {REGCLASSOID};
  Datum values[1] = {ObjectIdGetDatum(relation)};
  const int result = SPI_execute_with_args(
      "SELECT key_columns, type2_columns, type1_columns, surrogate, valid_from, valid_to, "
      "current_flag, inferred_flag FROM starhouse.scd_dimension WHERE dimension = $1",
      1, types, values, nullptr, false, 1);
  if (result != SPI_OK_SELECT) {
    elog(ERROR, "reading starhouse.scd_dimension: %s", SPI_result_code_string(result));
  }
  if (SPI_processed == 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                    errmsg("%s is not a registered dimension", qualified_name(relation)),
                    errhint("Its owner calls starhouse.scd_register first.")));
  }
  HeapTuple row = SPI_tuptable->vals[0];
  TupleDesc shape = SPI_tuptable->tupdesc;
  Datum fields[8];
  bool nulls[8];
  for (int i = 0; i < 8; ++i) {
    fields[i] = SPI_getbinval(row, shape, i + 1, &nulls[i]);
  }

  MemoryContext spi = MemoryContextSwitchTo(home);
  auto *dimension = static_cast<Dimension *>(palloc0(sizeof(Dimension)));
  Relation table = table_open(relation, NoLock);
  dimension->relation = relation;
  dimension->qualified = qualified_name(relation);
  dimension->columns =
      static_cast<Column *>(palloc0(sizeof(Column) * RelationGetDescr(table)->natts));
  dimension->keys = add_columns(table, dimension->columns, fields[0]);
  dimension->type2 = add_columns(table, dimension->columns + dimension->keys, fields[1]);
  dimension->type1 =
      add_columns(table, dimension->columns + dimension->keys + dimension->type2, fields[2]);
  dimension->surrogate = resolve_column(table, NameStr(*DatumGetName(fields[3])));
  dimension->valid_from = resolve_column(table, NameStr(*DatumGetName(fields[4]))).quoted;
  dimension->valid_to = resolve_column(table, NameStr(*DatumGetName(fields[5]))).quoted;
  if (!nulls[6]) {
    dimension->current_flag = resolve_column(table, NameStr(*DatumGetName(fields[6]))).quoted;
  }
  if (!nulls[7]) {
    dimension->inferred_flag = resolve_column(table, NameStr(*DatumGetName(fields[7]))).quoted;
  }
  dimension->key_indexed = has_key_index(table, *dimension);
  table_close(table, NoLock);
  MemoryContextSwitchTo(spi);
  SPI_freetuptable(SPI_tuptable);
  MemoryContextSwitchTo(home);
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
  check_columns(table, *dimension, options);
  auto *source = static_cast<Source *>(palloc0(sizeof(Source)));
  source->relation = relation;
  source->qualified = qualified_name(relation);
  for (int i = 0; i < dimension->count(); ++i) {
    Column &column = dimension->columns[i];
    const Form_pg_attribute from = find_attribute(table, column.name);
    Oid from_type = from->atttypid;
    if (!can_coerce_type(1, &from_type, &column.type, COERCION_ASSIGNMENT)) {
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("column %s of the source %s is of type %s, of the dimension %s",
                             column.quoted, source->qualified, format_type_be(from_type),
                             format_type_be(column.type)),
                      errhint("Cast it in a view and merge the view.")));
    }
    column.source_value = source_value(column, from);
  }
  source->sequence = sequence_expression(table, options);
  source->operation = "0";
  source->op_text = "NULL";
  if (options.op_column != nullptr) {
    const char *name = quote_identifier(options.op_column);
    if (getBaseType(find_attribute(table, options.op_column)->atttypid) == BOOLOID) {
      source->operation = psprintf("CASE WHEN s.%s THEN 1 ELSE 0 END", name);
    } else {
      source->operation = psprintf(
          "CASE WHEN s.%s IS NULL THEN 0 ELSE CASE pg_catalog.lower(CAST(s.%s AS pg_catalog.text))"
          " WHEN 'd' THEN 1 WHEN 'delete' THEN 1"
          " WHEN 'i' THEN 0 WHEN 'insert' THEN 0 WHEN 'u' THEN 0 WHEN 'update' THEN 0"
          " WHEN 'upsert' THEN 0 WHEN 'c' THEN 0 WHEN 'create' THEN 0 WHEN 'r' THEN 0"
          " WHEN 'read' THEN 0 WHEN '' THEN 0 ELSE 2 END END",
          name, name);
    }
    source->op_text = psprintf("CAST(s.%s AS pg_catalog.text)", name);
  }
  source->unique_key = has_unique_key(table, *dimension);
  relation_close(table, NoLock);
  return source;
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
