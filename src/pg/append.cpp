// append_facts(fact, query): the SQL entry of the bulk append, and the decision whether the fast
// path may be taken. The plain INSERT … ON CONFLICT DO NOTHING is always right; the fast path is
// taken only where it provably does the same.
#include "pg/append.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
}

namespace starhouse::pg::append {

namespace {

// Types whose equal values have equal bytes, so that bytes decide in the batch's own check.
bool bytes_decide(Oid type, Oid collation) {
  switch (type) {
  case BOOLOID:
  case INT2OID:
  case INT4OID:
  case INT8OID:
  case OIDOID:
  case DATEOID:
  case TIMESTAMPOID:
  case TIMESTAMPTZOID:
  case UUIDOID:
    return true;
  case TEXTOID:
  case VARCHAROID:
    return !OidIsValid(collation) || get_collation_isdeterministic(collation);
  default:
    return false;
  }
}

// Triggers on other commands have nothing to say; those on the statement are fired (Statement).
const char *trigger_obstacle(Relation relation) {
  const TriggerDesc *triggers = relation->trigdesc;
  for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
    const Trigger *trigger = &triggers->triggers[i];
    if (TRIGGER_FOR_INSERT(trigger->tgtype) && TRIGGER_FOR_ROW(trigger->tgtype) &&
        RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_NONE) {
      return "the table has triggers for each row";
    }
  }
  return nullptr;
}

// Reads one foreign key; false when only the row-by-row trigger can check it.
bool read_foreign_key(Relation fact, const ForeignKeyCacheInfo *info, ForeignKey *key) {
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(info->conoid));
  if (!HeapTupleIsValid(tuple)) {
    elog(ERROR, "cache lookup failed for constraint %u", info->conoid);
  }
  auto *constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
  const bool deferrable = constraint->condeferrable;
  ReleaseSysCache(tuple);
  if (deferrable || info->nkeys != 1) {
    return false;
  }
  key->constraint = info->conoid;
  key->referenced = info->confrelid;
  key->fact_column = info->conkey[0];
  key->referenced_column = info->confkey[0];
  Form_pg_attribute column = TupleDescAttr(RelationGetDescr(fact), key->fact_column - 1);
  key->type = column->atttypid;
  Oid referenced_type;
  int32 typmod;
  Oid collation;
  get_atttypetypmodcoll(key->referenced, key->referenced_column, &referenced_type, &typmod,
                        &collation);
  if (referenced_type != key->type || info->conpfeqop[0] >= FirstNormalObjectId ||
      !bytes_decide(key->type, collation)) {
    return false;
  }
  // Row-by-row triggers read the dimension as its owner; here the caller reads and locks it.
  if (pg_class_aclcheck(key->referenced, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
      pg_class_aclcheck(key->referenced, GetUserId(), ACL_UPDATE) != ACLCHECK_OK ||
      check_enable_rls(key->referenced, InvalidOid, true) == RLS_ENABLED) {
    return false;
  }
  value_set_init(&key->keys, column->attbyval, column->attlen,
                 AllocSetContextCreate(CurrentMemoryContext, "starhouse foreign keys",
                                       ALLOCSET_DEFAULT_SIZES));
  return true;
}

bool is_enforced(const ForeignKeyCacheInfo *info) {
#if PG_VERSION_NUM >= 180000
  return info->conenforced;
#else
  (void)info;
  return true;
#endif
}

int enforced_key_count(Relation relation) {
  int count = 0;
  ListCell *cell;
  foreach (cell, RelationGetFKeyList(relation)) {
    count += is_enforced(static_cast<ForeignKeyCacheInfo *>(lfirst(cell))) ? 1 : 0;
  }
  return count;
}

const char *foreign_key_obstacle(Relation fact, Target *target) {
  List *keys = RelationGetFKeyList(fact);
  target->foreign_keys =
      static_cast<ForeignKey *>(palloc0(sizeof(ForeignKey) * (list_length(keys) + 1)));
  ListCell *cell;
  foreach (cell, keys) {
    auto *info = static_cast<ForeignKeyCacheInfo *>(lfirst(cell));
    if (!is_enforced(info)) {
      continue;
    }
    if (!read_foreign_key(fact, info, &target->foreign_keys[target->foreign_key_count])) {
      return "a foreign key has several columns, is deferrable, or its dimension may not be read "
             "and locked by the caller";
    }
    ++target->foreign_key_count;
  }
  return nullptr;
}

const char *index_obstacle(Relation relation, bool record, Target *target) {
  int unique = 0;
  List *indexes = RelationGetIndexList(relation);
  ListCell *cell;
  const char *obstacle = nullptr;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    Form_pg_index form = index->rd_index;
    if (form->indisexclusion) {
      obstacle = "the table has an exclusion constraint";
    } else if (form->indisunique && target->keys_are_new) {
      if (!form->indimmediate) {
        obstacle = "the table has a deferrable unique index";
      }
    } else if (form->indisunique) {
      ++unique;
      if (!form->indimmediate ||
          !heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, nullptr) ||
          !heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr)) {
        obstacle = "the table has a deferrable, partial or expression unique index";
      }
      for (int i = 0; obstacle == nullptr && i < form->indnkeyatts; ++i) {
        const AttrNumber column = form->indkey.values[i];
        Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), column - 1);
        if (!attribute->attnotnull ||
            !bytes_decide(attribute->atttypid, index->rd_indcollation[i])) {
          obstacle = "a column of the unique key may be NULL or is of an unusual type";
        } else if (record) {
          target->unique_columns[target->unique_column_count++] = column;
        }
      }
    }
    index_close(index, AccessShareLock);
  }
  if (obstacle == nullptr && unique > 1) {
    obstacle = "the table has several unique indexes";
  }
  return obstacle;
}

const char *column_obstacle(Relation relation) {
  const TupleConstr *constr = RelationGetDescr(relation)->constr;
  if (constr != nullptr && constr->has_generated_stored) {
    return "the table has generated columns";
  }
  return nullptr;
}

const char *relation_obstacle(Relation relation, bool root, Target *target) {
  const char *obstacle = trigger_obstacle(relation);
  if (obstacle == nullptr && relation->rd_rules != nullptr) {
    obstacle = "the table has rules";
  }
  if (obstacle == nullptr && relation->rd_rel->relrowsecurity) {
    obstacle = "the table has row security";
  }
  if (obstacle == nullptr) {
    obstacle = column_obstacle(relation);
  }
  if (obstacle == nullptr) {
    obstacle = index_obstacle(relation, root, target);
  }
  return obstacle;
}

// Partitions are looked at one by one: a trigger or key of their own closes the fast path.
const char *partition_obstacle(Relation fact, Target *target) {
  const int keys = enforced_key_count(fact);
  ListCell *cell;
  foreach (cell, find_all_inheritors(RelationGetRelid(fact), RowExclusiveLock, nullptr)) {
    if (lfirst_oid(cell) == RelationGetRelid(fact)) {
      continue;
    }
    Relation partition = table_open(lfirst_oid(cell), NoLock);
    const char *obstacle = nullptr;
    if (partition->rd_rel->relkind != RELKIND_RELATION &&
        partition->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) {
      obstacle = "a partition is a foreign table";
    } else {
      obstacle = relation_obstacle(partition, false, target);
    }
    if (obstacle == nullptr && enforced_key_count(partition) != keys) {
      obstacle = "a partition has foreign keys of its own";
    }
    table_close(partition, NoLock);
    if (obstacle != nullptr) {
      return obstacle;
    }
  }
  return nullptr;
}

// The fact's columns as the query names them.
AttrMap *map_columns(Relation fact, TupleDesc source) {
  TupleDesc desc = RelationGetDescr(fact);
  AttrMap *map = make_attrmap(desc->natts);
  for (int i = 0; i < source->natts; ++i) {
    Form_pg_attribute given = TupleDescAttr(source, i);
    const char *name = NameStr(given->attname);
    if (tells_new(fact, given)) {
      continue;
    }
    int found = -1;
    for (int j = 0; j < desc->natts; ++j) {
      if (!TupleDescAttr(desc, j)->attisdropped &&
          std::strcmp(NameStr(TupleDescAttr(desc, j)->attname), name) == 0) {
        found = j;
      }
    }
    if (found < 0) {
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                      errmsg("column \"%s\" of the query is no column of \"%s\"", name,
                             RelationGetRelationName(fact)),
                      errhint("Name each column of the query after a column of the fact.")));
    }
    if (map->attnums[found] != 0) {
      ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
                      errmsg("column \"%s\" occurs more than once in the query", name)));
    }
    map->attnums[found] = static_cast<AttrNumber>(i + 1);
  }
  return map;
}

const char *type_obstacle(Relation fact, TupleDesc source, const AttrMap *map) {
  TupleDesc desc = RelationGetDescr(fact);
  for (int i = 0; i < desc->natts; ++i) {
    Form_pg_attribute column = TupleDescAttr(desc, i);
    if (map->attnums[i] == 0) {
      continue;
    }
    Form_pg_attribute given = TupleDescAttr(source, map->attnums[i] - 1);
    if (given->atttypid != column->atttypid ||
        (column->atttypmod != -1 && given->atttypmod != column->atttypmod)) {
      return "the query's types differ from the table's";
    }
    if (column->attidentity == ATTRIBUTE_IDENTITY_ALWAYS) {
      return "the table has an identity column that is generated always";
    }
  }
  return nullptr;
}

// Default expressions of the columns that the query leaves out.
ExprState **prepare_defaults(Relation fact, const AttrMap *map) {
  TupleDesc desc = RelationGetDescr(fact);
  auto **defaults = static_cast<ExprState **>(palloc0(sizeof(ExprState *) * desc->natts));
  for (int i = 0; i < desc->natts; ++i) {
    if (map->attnums[i] == 0 && !TupleDescAttr(desc, i)->attisdropped) {
      auto *expression = reinterpret_cast<Expr *>(build_column_default(fact, i + 1));
      if (expression != nullptr) {
        defaults[i] = ExecInitExpr(expression_planner(expression), nullptr);
      }
    }
  }
  return defaults;
}

// One by one: REINDEX TABLE would build the TOAST table's too.
void build_indexes(Oid table) {
  Relation relation = table_open(table, NoLock); // held by the writer's transaction
  List *indexes = RelationGetIndexList(relation);
  table_close(relation, NoLock);
  ListCell *cell;
  foreach (cell, indexes) {
    StringInfoData statement;
    initStringInfo(&statement);
    appendStringInfo(
        &statement, "REINDEX INDEX %s",
        quote_qualified_identifier(get_namespace_name(get_rel_namespace(lfirst_oid(cell))),
                                   get_rel_name(lfirst_oid(cell))));
    if (SPI_execute(statement.data, false, 0) != SPI_OK_UTILITY) {
      elog(ERROR, "append_facts could not build indexes: %s", statement.data);
    }
  }
}

ResultRelInfo *open_root(EState *estate, Relation fact) {
  compat::init_insert_range_table(estate, fact);
  ResultRelInfo *root = makeNode(ResultRelInfo);
  ExecInitResultRelation(estate, root, 1);
  return root;
}

void close_all(EState *estate) {
  ExecResetTupleTable(estate->es_tupleTable, false);
  ExecCloseResultRelations(estate);
  ExecCloseRangeTableRelations(estate);
  FreeExecutorState(estate);
}

// Triggers on the statement, as an INSERT fires them: the one before it at once, those after it
// when all rows are in the table and its indexes. Partitions have none that an INSERT into the
// whole would fire.
struct Statement {
  bool fires;
  TransitionCaptureState *capture; // null: none of them asks for the rows
};

Statement begin_statement(Relation fact, EState *estate, ResultRelInfo *root) {
  Statement statement = {false, nullptr};
  const TriggerDesc *triggers = root->ri_TrigDesc;
  statement.fires = triggers != nullptr && (triggers->trig_insert_before_statement ||
                                            triggers->trig_insert_after_statement);
  if (statement.fires) {
    AfterTriggerBeginQuery();
    statement.capture =
        MakeTransitionCaptureState(root->ri_TrigDesc, RelationGetRelid(fact), CMD_INSERT);
    ExecBSInsertTriggers(estate, root);
  }
  return statement;
}

void end_statement(const Statement *statement, Relation fact) {
  if (!statement->fires) {
    return;
  }
  EState *estate = CreateExecutorState();
  MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
  ResultRelInfo *root = open_root(estate, fact);
  ExecASInsertTriggers(estate, root, statement->capture);
  AfterTriggerEndQuery(estate);
  MemoryContextSwitchTo(caller);
  close_all(estate);
}

// Returns whether the rows came far from the key's order.
bool append_fast(Target *target, SPIPlanPtr plan, const AttrMap *map, const Seen *seen,
                 uint64 *selected, uint64 *inserted) {
  Relation fact = target->fact;
  EState *estate = CreateExecutorState();
  MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
  ResultRelInfo *root = open_root(estate, fact);
  MemoryContextSwitchTo(caller); // what triggers are to see outlives the estate
  const Statement statement = begin_statement(fact, estate, root);
  MemoryContextSwitchTo(estate->es_query_cxt);
  ExecOpenIndices(root, false);
  ModifyTableState *mtstate = makeNode(ModifyTableState);
  mtstate->ps.plan = nullptr;
  mtstate->ps.state = estate;
  mtstate->operation = CMD_INSERT;
  mtstate->mt_nrels = 1;
  mtstate->resultRelInfo = root;
  mtstate->rootResultRelInfo = root;
  DestReceiver *writer = create_writer(target, map, prepare_defaults(fact, map), estate, mtstate,
                                       seen, statement.capture);
  MemoryContextSwitchTo(caller);

  SPIExecuteOptions options;
  std::memset(&options, 0, sizeof options);
  options.dest = writer;
  const int result = SPI_execute_plan_extended(plan, &options);
  if (result < 0) {
    elog(ERROR, "append_facts could not run its query: %s", SPI_result_code_string(result));
  }

  const Written written = finish_writer(writer);
  *selected = written.selected;
  *inserted = written.inserted;
  for (int i = 0; i < target->foreign_key_count; ++i) {
    verify_foreign_key(target, &target->foreign_keys[i]);
  }
  close_all(estate);
  ListCell *cell;
  foreach (cell, written.unindexed) {
    build_indexes(lfirst_oid(cell));
  }
  end_statement(&statement, fact);
  return written.out_of_order;
}

// Not parallel: rows are written while the query runs.
SPIPlanPtr prepare(const char *query) {
  SPIPlanPtr plan = SPI_prepare_cursor(query, 0, nullptr, 0);
  if (plan == nullptr) {
    elog(ERROR, "append_facts could not prepare its query: %s", SPI_result_code_string(SPI_result));
  }
  return plan;
}

AttrNumber column_that_tells_new(Relation fact, TupleDesc source) {
  for (int i = 0; i < source->natts; ++i) {
    if (tells_new(fact, TupleDescAttr(source, i))) {
      return static_cast<AttrNumber>(i + 1);
    }
  }
  return 0;
}

} // namespace

bool tells_new(Relation fact, Form_pg_attribute given) {
  constexpr const char *name = "_new";
  return given->atttypid == BOOLOID && std::strcmp(NameStr(given->attname), name) == 0 &&
         get_attnum(RelationGetRelid(fact), name) == InvalidAttrNumber;
}

void inspect(Relation fact, bool keys_are_new, Target *target) {
  std::memset(target, 0, sizeof *target);
  target->fact = fact;
  target->keys_are_new = keys_are_new;
  target->obstacle = relation_obstacle(fact, true, target);
  if (target->obstacle == nullptr && fact->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
    target->obstacle = partition_obstacle(fact, target);
  }
  if (target->obstacle == nullptr) {
    target->obstacle = foreign_key_obstacle(fact, target);
  }
}

} // namespace starhouse::pg::append

using namespace starhouse::pg;

namespace {

// How much the caller vouches for.
enum class Known : std::uint8_t { nothing, rows_are_new, keys_are_new };

// Returns why a plain INSERT ran instead of the fast path; null when it did not.
const char *append_query(Oid relid, const char *query, Known known, ArrayType *statements,
                         uint64 *selected, uint64 *inserted) {
  PreventCommandIfReadOnly("append_facts()");
  PreventCommandIfParallelMode("append_facts()");

  Relation fact = table_open(relid, RowExclusiveLock);
  if (fact->rd_rel->relkind != RELKIND_RELATION &&
      fact->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" is not a table", RelationGetRelationName(fact))));
  }
  if (SPI_connect() != SPI_OK_CONNECT) {
    elog(ERROR, "SPI_connect failed");
  }
  append::name_seen();
  SPIPlanPtr plan = append::prepare(query);
  List *sources = SPI_plan_get_plan_sources(plan);
  if (list_length(sources) != 1 ||
      static_cast<CachedPlanSource *>(linitial(sources))->resultDesc == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("append_facts needs one query that returns rows"),
                    errhint("Give a single SELECT whose columns are named after the fact's.")));
  }
  const auto *parsed = static_cast<CachedPlanSource *>(linitial(sources));
  TupleDesc source = parsed->resultDesc;
  AttrMap *map = append::map_columns(fact, source);

  append::Target target;
  append::inspect(fact, known == Known::keys_are_new, &target);
  target.rows_are_new = known == Known::rows_are_new;
  target.new_column = append::column_that_tells_new(fact, source);
  if (target.obstacle == nullptr) {
    target.obstacle = append::type_obstacle(fact, source, map);
  }
  const char *obstacle = target.obstacle;
  append::Seen seen = {nullptr, nullptr, source};
  if (statements != nullptr) {
    seen.added = tuplestore_begin_heap(false, false, work_mem);
    seen.known = tuplestore_begin_heap(false, false, work_mem);
  }
  if (obstacle == nullptr) {
    const char *sorted =
        append::is_unsorted(relid) ? append::sorted_query(&target, query, parsed, map) : nullptr;
    if (append::append_fast(&target, sorted == nullptr ? plan : append::prepare(sorted), map,
                            statements != nullptr ? &seen : nullptr, selected, inserted)) {
      append::note_unsorted(relid);
    }
  } else {
    append::append_plain(fact, source, plan, statements != nullptr ? &seen : nullptr, selected,
                         inserted);
  }
  if (statements != nullptr) {
    append::run_statements(statements, fact, &seen);
    tuplestore_end(seen.added);
    tuplestore_end(seen.known);
  }
  SPI_finish();
  table_close(fact, NoLock);
  return obstacle;
}

Datum append_rows(FunctionCallInfo fcinfo, Known known, ArrayType *statements) {
  uint64 selected = 0;
  uint64 inserted = 0;
  const char *obstacle = append_query(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
                                      known, statements, &selected, &inserted);

  TupleDesc result;
  if (get_call_result_type(fcinfo, nullptr, &result) != TYPEFUNC_COMPOSITE) {
    elog(ERROR, "return type must be a row type");
  }
  Datum values[3] = {Int64GetDatum(static_cast<int64>(selected)),
                     Int64GetDatum(static_cast<int64>(inserted)), Datum{0}};
  bool nulls[3] = {false, false, obstacle == nullptr};
  if (obstacle != nullptr) {
    values[2] = CStringGetTextDatum(obstacle);
  }
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(result), values, nulls)));
}

} // namespace

// The third argument, where there is one: statements that see what was added.
STARHOUSE_FUNCTION(starhouse_append_facts) {
  return append_rows(fcinfo, Known::nothing, PG_NARGS() > 2 ? PG_GETARG_ARRAYTYPE_P(2) : nullptr);
}

STARHOUSE_FUNCTION(starhouse_append_new_facts) {
  return append_rows(fcinfo, PG_GETARG_BOOL(2) ? Known::rows_are_new : Known::nothing, nullptr);
}

// Groups that a rollup has not stored yet. NULLs are among them, which is no matter: the caller
// has put the rows of a key together, and the unique index would speak up.
STARHOUSE_FUNCTION(starhouse_rollup_append) {
  uint64 selected = 0;
  uint64 inserted = 0;
  append_query(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), Known::keys_are_new,
               nullptr, &selected, &inserted);
  if (inserted != selected) { // a plain INSERT ran, and left out what was there
    ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
                    errmsg("\"%s\" has %s of the groups already", get_rel_name(PG_GETARG_OID(0)),
                           psprintf(UINT64_FORMAT, selected - inserted)),
                    errhint("Nobody but rollup_compact may write it.")));
  }
  PG_RETURN_INT64(static_cast<int64>(inserted));
}
