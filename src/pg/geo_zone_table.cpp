// zone_of on a table: the zones are read once and kept for the session until they may have changed.
//
// A table has no version number to ask for, so what is kept is held to the snapshot it was read
// under. Two snapshots that agree on which transactions and which commands of the own one they see
// (and no savepoint was rolled back in between) see the same rows; then the kept index is right,
// whatever changed the table: any statement, TRUNCATE, DDL, a rollback, another session. When they
// differ the table is read again. Where nothing writes, lookups cost no reading at all; where
// something does, one reading of the zones for each statement.
//
// That holds for the rows of a plain table. What a view, a foreign table, an inheritance tree or
// row security shows may hang on more (settings, other servers, the clock), so there the zones are
// read for each statement, and once for each call where the statement's end cannot be told (an
// expression of PL/pgSQL).
#include "pg/geo_zone.hpp"
#include "pg/geo.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace {

namespace geo = starhouse::geo;
using namespace starhouse::pg::geo;
using starhouse::Env;
using starhouse::pg::cancel_requested;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;

// What a snapshot sees, as far as two of them can be compared.
struct View {
  TransactionId xmin;
  TransactionId xmax;
  TransactionId own;
  CommandId command;
  uint64 rollbacks; // of savepoints
  Oid user;
  uint32 running_size;
  int32 running_sub_size;
  bool overflowed;
  bool in_recovery;
  TransactionId *running; // then the running subtransactions
  uint32 capacity;
};

uint64 savepoint_rollbacks = 0;

void count_rollback(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
  if (event == SUBXACT_EVENT_ABORT_SUB) {
    ++savepoint_rollbacks;
  }
}

bool sees_the_same(const View &view, Snapshot now) {
  return view.xmin == now->xmin && view.xmax == now->xmax && view.command == now->curcid &&
         view.running_size == now->xcnt && view.running_sub_size == now->subxcnt &&
         view.overflowed == now->suboverflowed && view.in_recovery == now->takenDuringRecovery &&
         view.own == GetTopTransactionIdIfAny() && view.rollbacks == savepoint_rollbacks &&
         view.user == GetUserId() && now->snapshot_type == SNAPSHOT_MVCC &&
         std::memcmp(view.running, now->xip, now->xcnt * sizeof(TransactionId)) == 0 &&
         std::memcmp(view.running + now->xcnt, now->subxip,
                     static_cast<std::size_t>(now->subxcnt) * sizeof(TransactionId)) == 0;
}

void remember(View &view, Snapshot now, MemoryContext context) {
  const uint32 subs = static_cast<uint32>(now->subxcnt);
  if (view.running == nullptr || view.capacity < now->xcnt + subs) {
    if (view.running != nullptr) {
      pfree(view.running);
      view.running = nullptr;
    }
    view.capacity = now->xcnt + subs + 16;
    view.running = static_cast<TransactionId *>(
        MemoryContextAllocHuge(context, view.capacity * sizeof(TransactionId)));
  }
  if (now->xcnt > 0) {
    std::memcpy(view.running, now->xip, now->xcnt * sizeof(TransactionId));
  }
  if (subs > 0) {
    std::memcpy(view.running + now->xcnt, now->subxip, subs * sizeof(TransactionId));
  }
  view.xmin = now->xmin;
  view.xmax = now->xmax;
  view.own = GetTopTransactionIdIfAny();
  view.command = now->curcid;
  view.rollbacks = savepoint_rollbacks;
  view.user = GetUserId();
  view.running_size = now->xcnt;
  view.running_sub_size = now->subxcnt;
  view.overflowed = now->suboverflowed;
  view.in_recovery = now->takenDuringRecovery;
}

// The zones of one table, by two of its columns.
struct Source {
  Oid relation;
  NameData id_column;
  NameData shape_column;
};

bool same_source(const Source &a, const Source &b) {
  return a.relation == b.relation &&
         namestrcmp(const_cast<NameData *>(&a.id_column), // NOLINT
                    NameStr(b.id_column)) == 0 &&
         namestrcmp(const_cast<NameData *>(&a.shape_column), NameStr(b.shape_column)) ==
             0; // NOLINT
}

// Kept for the session.
struct Slot {
  Source source;
  View view;
  ZoneLookup *lookup; // null: free
  TimestampTz read_at;
  uint64 used_at;
};
constexpr int slot_count = 8;
Slot slots[slot_count];
uint64 uses = 0;

// Transaction numbers come round again after 2^32: nothing is kept long enough for that.
constexpr TimestampTz longest_kept = 600 * USECS_PER_SEC;

// Kept behind fn_extra.
struct Kept {
  Source source;
  int slot;
  ZoneLookup *own; // zones that only this statement may use
  bool one_statement;
  // A name resolved by zone_of(text, ...), in memory of its own.
  MemoryContext name_memory;
  char *name;
  Oid name_relation;
  View name_view;
  starhouse::pg::compat::SearchPath *name_path;
};

Kept *kept_of(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    MemoryContext memory = fcinfo->flinfo->fn_mcxt;
    auto *kept = static_cast<Kept *>(MemoryContextAllocZero(memory, sizeof(Kept)));
    kept->slot = -1;
    // Whether the memory of this call's expression lives for one statement: that of an executor
    // started by a portal or by SPI does. PL/pgSQL keeps its expressions for a transaction.
    MemoryContext above = memory->parent;
    kept->one_statement = std::strcmp(memory->name, "ExecutorState") == 0 && above != nullptr &&
                          (std::strcmp(above->name, "PortalContext") == 0 ||
                           std::strcmp(above->name, "SPI Exec") == 0);
    fcinfo->flinfo->fn_extra = kept;
  }
  return static_cast<Kept *>(fcinfo->flinfo->fn_extra);
}

// How to read one of the two columns.
struct Column {
  Oid type;
  const char *cast;
};

Oid column_type(const Source &source, const NameData &column, const char *what,
                const char *parameter) {
  const AttrNumber number = get_attnum(source.relation, NameStr(column));
  if (number == InvalidAttrNumber) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("\"%s\" has no column \"%s\" with the %s of its zones",
                           get_rel_name(source.relation), NameStr(column), what),
                    errhint("Name the column in the parameter %s.", parameter)));
  }
  return getBaseType(get_atttype(source.relation, number));
}

Column id_column(const Source &source) {
  const Oid type = column_type(source, source.id_column, "ids", "id_column");
  const bool number = type == INT2OID || type == INT4OID || type == INT8OID;
  return {number ? static_cast<Oid>(INT8OID) : static_cast<Oid>(TEXTOID),
          number ? "pg_catalog.int8" : "pg_catalog.text"};
}

Column shape_column(const Source &source) {
  const Oid type = column_type(source, source.shape_column, "areas", "shape_column");
  switch (type) {
  case POLYGONOID:
    return {POLYGONOID, "pg_catalog.polygon"};
  case JSONBOID:
    return {JSONBOID, "pg_catalog.jsonb"};
  case BYTEAOID:
    return {BYTEAOID, "pg_catalog.bytea"};
  case TEXTOID:
  case VARCHAROID:
  case BPCHAROID:
  case JSONOID:
    return {TEXTOID, "pg_catalog.text"};
  default:
    break;
  }
  // PostGIS is known by the name of its types; both have a cast to their WKB.
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (HeapTupleIsValid(tuple)) {
    const char *name = NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname);
    const bool postgis = std::strcmp(name, "geometry") == 0 || std::strcmp(name, "geography") == 0;
    ReleaseSysCache(tuple);
    if (postgis) {
      return {BYTEAOID, "pg_catalog.bytea"};
    }
  }
  ereport(
      ERROR,
      (errcode(ERRCODE_DATATYPE_MISMATCH),
       errmsg("column \"%s\" of \"%s\" has type %s, which holds no areas",
              NameStr(source.shape_column), get_rel_name(source.relation), format_type_be(type)),
       errhint("Areas are polygon, text or json (GeoJSON, WKT), jsonb (GeoJSON), bytea (WKB), or "
               "PostGIS's geometry.")));
  pg_unreachable();
}

// The rows of a plain table are what the snapshot says and nothing else.
bool is_plain(Oid relation) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(tuple)) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("there is no relation with OID %u", relation),
             errhint("Give the table of the zones by its name.")));
  }
  const auto *form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
  const bool plain = (form->relkind == RELKIND_RELATION || form->relkind == RELKIND_MATVIEW) &&
                     !form->relhassubclass && !form->relrowsecurity;
  ReleaseSysCache(tuple);
  return plain;
}

Area area_of(Datum value, Oid type) {
  switch (type) {
  case POLYGONOID:
    return polygon_area(value);
  case JSONBOID:
    return jsonb_area(value);
  case BYTEAOID:
    return wkb_area(value);
  default:
    return text_area(value);
  }
}

// Reads all zones of a source, under the active snapshot, with the caller's rights. The lookup is a
// child of the current context.
ZoneLookup *read_zones(const Source &source) {
  MemoryContext result = CurrentMemoryContext;
  const Column id = id_column(source);
  const Column shape = shape_column(source);
  SPI_connect();
  char *relation = quote_qualified_identifier(
      get_namespace_name(get_rel_namespace(source.relation)), get_rel_name(source.relation));
  char *query =
      psprintf("SELECT %s::%s, %s::%s FROM %s", quote_identifier(NameStr(source.id_column)),
               id.cast, quote_identifier(NameStr(source.shape_column)), shape.cast, relation);
  SPIPlanPtr plan = SPI_prepare(query, 0, nullptr);
  Portal cursor =
      plan == nullptr ? nullptr : SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
  if (cursor == nullptr) {
    elog(ERROR, "reading zones failed: %s", SPI_result_code_string(SPI_result));
  }
  auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(CurrentMemoryContext);
  auto *set = static_cast<geo::ZoneSet *>(palloc(sizeof(geo::ZoneSet)));
  new (set) geo::ZoneSet(Env{.memory = memory, .cancel_requested = cancel_requested});
  MemoryContext row =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse zone", ALLOCSET_DEFAULT_SIZES);
  for (;;) {
    SPI_cursor_fetch(cursor, true, 100);
    const uint64 fetched = SPI_processed;
    for (uint64 i = 0; i < fetched; ++i) {
      bool no_id = false;
      bool no_shape = false;
      HeapTuple tuple = SPI_tuptable->vals[i];
      Datum id_value = SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &no_id);
      Datum shape_value = SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &no_shape);
      if (no_id || no_shape) {
        continue;
      }
      MemoryContext caller = MemoryContextSwitchTo(row);
      const ZoneId zone =
          id.type == INT8OID ? number_id(DatumGetInt64(id_value)) : text_id(id_value);
      const Area area = area_of(shape_value, shape.type);
      ContextMemory row_memory(row);
      const Env env{.memory = &row_memory, .cancel_requested = cancel_requested};
      compute([&] { add_zone(*set, zone, area, env); });
      MemoryContextSwitchTo(caller);
      MemoryContextReset(row);
    }
    SPI_freetuptable(SPI_tuptable);
    if (fetched == 0) {
      break;
    }
  }
  SPI_cursor_close(cursor);
  ZoneLookup *lookup = new_zone_lookup(result, *set);
  SPI_finish();
  return lookup;
}

Slot *kept_slot(const Source &source) {
  for (Slot &slot : slots) {
    if (slot.lookup != nullptr && slot.view.user == GetUserId() &&
        same_source(slot.source, source)) {
      return &slot;
    }
  }
  return nullptr;
}

// Puts a lookup just read under `snapshot` into the slot of its source, or that least used.
Slot *keep(const Source &source, Snapshot snapshot, ZoneLookup *lookup) {
  Slot *slot = kept_slot(source);
  if (slot == nullptr) {
    slot = std::min_element(std::begin(slots), std::end(slots),
                            [](const Slot &a, const Slot &b) { return a.used_at < b.used_at; });
  }
  remember(slot->view, snapshot, TopMemoryContext);
  if (slot->lookup != nullptr) {
    MemoryContextDelete(slot->lookup->context);
  }
  MemoryContextSetParent(lookup->context, TopMemoryContext);
  slot->lookup = lookup;
  slot->source = source;
  slot->read_at = GetCurrentStatementStartTimestamp();
  return slot;
}

bool is_current(const Slot &slot, const Source &source, Snapshot snapshot) {
  return slot.lookup != nullptr && sees_the_same(slot.view, snapshot) &&
         same_source(slot.source, source) &&
         GetCurrentStatementStartTimestamp() - slot.read_at < longest_kept;
}

Snapshot active_snapshot() {
  static bool listening = false;
  if (!listening) {
    RegisterSubXactCallback(count_rollback, nullptr);
    listening = true;
  }
  if (!ActiveSnapshotSet()) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("zones of a table were asked for outside a statement"),
                    errhint("Call zone_of in a query.")));
  }
  return GetActiveSnapshot();
}

const ZoneLookup &zones_of_table(FunctionCallInfo fcinfo, Oid relation) {
  Kept *kept = kept_of(fcinfo);
  Source source{};
  source.relation = relation;
  source.id_column = *PG_GETARG_NAME(3);
  source.shape_column = *PG_GETARG_NAME(4);
  Snapshot snapshot = active_snapshot();
  if (kept->own != nullptr) {
    if (kept->one_statement && same_source(kept->source, source)) {
      return *kept->own;
    }
    MemoryContextDelete(kept->own->context);
    kept->own = nullptr;
  } else if (kept->slot >= 0 && is_current(slots[kept->slot], source, snapshot)) {
    return *slots[kept->slot].lookup;
  }
  if (Slot *slot = kept_slot(source); slot != nullptr && is_current(*slot, source, snapshot)) {
    slot->used_at = ++uses;
    kept->slot = static_cast<int>(slot - slots);
    return *slot->lookup;
  }
  kept->source = source;
  if (is_plain(relation)) {
    Slot *slot = keep(source, snapshot, read_zones(source));
    slot->used_at = ++uses;
    kept->slot = static_cast<int>(slot - slots);
    return *slot->lookup;
  }
  kept->slot = -1;
  MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
  kept->own = read_zones(source);
  MemoryContextSwitchTo(caller);
  return *kept->own;
}

// The table a name means here and now; looked up once as long as nothing can have changed that.
Oid named_relation(FunctionCallInfo fcinfo) {
  Kept *kept = kept_of(fcinfo);
  const std::string_view name = view_of(PG_GETARG_TEXT_PP(0));
  Snapshot snapshot = active_snapshot();
  if (kept->name != nullptr && name == kept->name && sees_the_same(kept->name_view, snapshot) &&
      starhouse::pg::compat::search_path_matches(kept->name_path)) {
    return kept->name_relation;
  }
  kept->name = nullptr;
  if (kept->name_memory == nullptr) {
    kept->name_memory = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "starhouse zone table name",
                                              ALLOCSET_SMALL_SIZES);
  }
  MemoryContextReset(kept->name_memory);
  kept->name_view = View{};
  MemoryContext caller = MemoryContextSwitchTo(kept->name_memory);
  char *copy = pnstrdup(name.data(), name.size());
  kept->name_path = starhouse::pg::compat::search_path(kept->name_memory);
  remember(kept->name_view, snapshot, kept->name_memory);
  MemoryContextSwitchTo(caller);
  kept->name_relation = DatumGetObjectId(DirectFunctionCall1(text_regclass, PG_GETARG_DATUM(0)));
  kept->name = copy;
  return kept->name_relation;
}

enum class Answer { text, number };

template <Answer answer>
Datum answered(FunctionCallInfo fcinfo, Oid relation) {
  const ZoneLookup &lookup = zones_of_table(fcinfo, relation);
  const std::uint32_t zone = find_zone(lookup, 0, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
  if (zone == geo::ZoneIndex::none) {
    PG_RETURN_NULL();
  }
  if constexpr (answer == Answer::number) {
    PG_RETURN_INT64(zone_number(lookup, zone));
  }
  // A copy: a row of this statement may wait, in a cursor say, while the next one has the zones
  // read again.
  return datumCopy(lookup.texts[zone], false, -1);
}

} // namespace

STARHOUSE_FUNCTION(starhouse_zone_of_table) {
  return answered<Answer::text>(fcinfo, PG_GETARG_OID(0));
}
STARHOUSE_FUNCTION(starhouse_zone_id_of_table) {
  return answered<Answer::number>(fcinfo, PG_GETARG_OID(0));
}
STARHOUSE_FUNCTION(starhouse_zone_of_named) {
  return answered<Answer::text>(fcinfo, named_relation(fcinfo));
}
STARHOUSE_FUNCTION(starhouse_zone_id_of_named) {
  return answered<Answer::number>(fcinfo, named_relation(fcinfo));
}
