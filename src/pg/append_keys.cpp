// Key bookkeeping of the bulk append: sets of distinct key values, and the set-wise check of
// foreign keys.
#include "pg/append.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
}

namespace starhouse::pg::append {

namespace {

constexpr uint32 initial_capacity = 256;

uint64 mix(uint64 x) { // the finaliser of MurmurHash3
  x ^= x >> 33U;
  x *= UINT64CONST(0xff51afd7ed558ccd);
  x ^= x >> 33U;
  x *= UINT64CONST(0xc4ceb9fe1a85ec53);
  x ^= x >> 33U;
  return x;
}

bool same_datum(Datum a, Datum b, bool by_value, int16 length) {
  if (by_value) {
    return a == b;
  }
  if (length == -1) {
    auto *left = reinterpret_cast<struct varlena *>(DatumGetPointer(a));
    auto *right = reinterpret_cast<struct varlena *>(DatumGetPointer(b));
    const Size size = VARSIZE_ANY_EXHDR(left);
    return size == VARSIZE_ANY_EXHDR(right) &&
           std::memcmp(VARDATA_ANY(left), VARDATA_ANY(right), size) == 0;
  }
  return std::memcmp(DatumGetPointer(a), DatumGetPointer(b), static_cast<Size>(length)) == 0;
}

void place(ValueSet *set, uint32 index) {
  const uint32 mask = 2 * set->capacity - 1;
  auto slot =
      static_cast<uint32>(hash_datum(set->values[index], set->by_value, set->length, 0)) & mask;
  while (set->slots[slot] != 0) {
    slot = (slot + 1) & mask;
  }
  set->slots[slot] = index + 1;
}

void grow(ValueSet *set) {
  set->capacity *= 2;
  set->values = static_cast<Datum *>(repalloc_huge(set->values, sizeof(Datum) * set->capacity));
  pfree(set->slots);
  set->slots = static_cast<uint32 *>(MemoryContextAllocExtended(
      set->context, sizeof(uint32) * 2 * set->capacity, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  for (uint32 i = 0; i < set->count; ++i) {
    place(set, i);
  }
}

} // namespace

uint64 hash_datum(Datum value, bool by_value, int16 length, uint64 seed) {
  if (by_value) {
    return mix(static_cast<uint64>(value) + seed * UINT64CONST(0x9e3779b97f4a7c15));
  }
  const char *bytes = DatumGetPointer(value);
  int size = length;
  if (length == -1) {
    const auto *packed = reinterpret_cast<const struct varlena *>(bytes);
    size = static_cast<int>(VARSIZE_ANY_EXHDR(packed));
    bytes = VARDATA_ANY(packed);
  }
  return mix(hash_bytes_extended(reinterpret_cast<const unsigned char *>(bytes), size, seed));
}

void value_set_init(ValueSet *set, bool by_value, int16 length, MemoryContext context) {
  set->by_value = by_value;
  set->length = length;
  set->count = 0;
  set->latest = 0;
  set->capacity = initial_capacity;
  set->context = context;
  set->slots =
      static_cast<uint32 *>(MemoryContextAllocZero(context, sizeof(uint32) * 2 * set->capacity));
  set->values = static_cast<Datum *>(MemoryContextAlloc(context, sizeof(Datum) * set->capacity));
}

void value_set_clear(ValueSet *set) {
  MemoryContextReset(set->context);
  value_set_init(set, set->by_value, set->length, set->context);
}

void value_set_add(ValueSet *set, Datum value) {
  // Facts come sorted by time and basket: a key is often the one before.
  if (set->count > 0 && same_datum(set->values[set->latest], value, set->by_value, set->length)) {
    return;
  }
  const uint32 mask = 2 * set->capacity - 1;
  auto slot = static_cast<uint32>(hash_datum(value, set->by_value, set->length, 0)) & mask;
  for (; set->slots[slot] != 0; slot = (slot + 1) & mask) {
    if (same_datum(set->values[set->slots[slot] - 1], value, set->by_value, set->length)) {
      set->latest = set->slots[slot] - 1;
      return;
    }
  }
  if (set->count == set->capacity) {
    grow(set);
  }
  MemoryContext caller = MemoryContextSwitchTo(set->context);
  set->values[set->count] = datumCopy(value, set->by_value, set->length);
  MemoryContextSwitchTo(caller);
  place(set, set->count);
  set->latest = set->count++;
}

void hash_set_init(HashSet *set, uint64 capacity) {
  uint64 size = 1024;
  while (size < 2 * capacity) {
    size *= 2;
  }
  set->mask = size - 1;
  set->count = 0;
  set->slots = static_cast<KeyHash *>(MemoryContextAllocExtended(
      CurrentMemoryContext, sizeof(KeyHash) * size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
}

bool hash_set_add(HashSet *set, KeyHash hash) {
  hash.low |= 1U;
  uint64 slot = hash.high & set->mask;
  for (; set->slots[slot].low != 0; slot = (slot + 1) & set->mask) {
    if (set->slots[slot].low == hash.low && set->slots[slot].high == hash.high) {
      return true;
    }
  }
  set->slots[slot] = hash;
  if (++set->count * 2 > set->mask) {
    HashSet larger;
    MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(set->slots));
    // By four: each growth places every key anew.
    hash_set_init(&larger, 2 * (set->mask + 1));
    MemoryContextSwitchTo(caller);
    for (uint64 i = 0; i <= set->mask; ++i) {
      if (set->slots[i].low != 0) {
        hash_set_add(&larger, set->slots[i]);
      }
    }
    pfree(set->slots);
    *set = larger;
  }
  return false;
}

namespace {

constexpr uint64 small_group = 16; // looked through one by one
constexpr uint64 initial_rows = 16384;

void use_set(SeenRows *seen, uint64 capacity) {
  MemoryContext caller = MemoryContextSwitchTo(seen->context);
  hash_set_init(&seen->set, capacity);
  MemoryContextSwitchTo(caller);
  seen->set_in_use = true;
}

void drop_set(SeenRows *seen) {
  if (seen->set_in_use) {
    pfree(seen->set.slots);
    seen->set_in_use = false;
  }
}

void end_order(SeenRows *seen) {
  drop_set(seen);
  use_set(seen, Max(seen->count, initial_rows));
  for (uint64 i = 0; i < seen->count; ++i) {
    hash_set_add(&seen->set, seen->hashes[i]);
  }
  pfree(seen->hashes);
  seen->ordered = false;
}

void start_group(SeenRows *seen) {
  seen->group = seen->count;
  seen->ascending = true;
  drop_set(seen);
}

struct Bytes {
  const char *start;
  Size size;
};

Bytes bytes_of(const LatestValue *column, Datum value) {
  const char *bytes = DatumGetPointer(value);
  if (column->length != -1) {
    return {bytes, static_cast<Size>(column->length)};
  }
  const auto *packed = reinterpret_cast<const struct varlena *>(bytes);
  return {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
}

// Negative, zero or positive as the value sorts before, is, or sorts after the latest.
int compare_to_latest(const LatestValue *latest, Datum value) {
  if (latest->by_value) {
    const auto left = static_cast<int64>(value);
    const auto right = static_cast<int64>(latest->value);
    return static_cast<int>(left > right) - static_cast<int>(left < right);
  }
  const Bytes bytes = bytes_of(latest, value);
  const int order = std::memcmp(bytes.start, latest->bytes, Min(bytes.size, latest->size));
  return order != 0 ? order
                    : static_cast<int>(bytes.size > latest->size) -
                          static_cast<int>(bytes.size < latest->size);
}

void keep_latest(SeenRows *seen, const Datum *key, int first_that_differs) {
  for (int i = first_that_differs; i < seen->columns; ++i) {
    LatestValue *latest = &seen->latest[i];
    if (latest->by_value) {
      latest->value = key[i];
      continue;
    }
    const Bytes bytes = bytes_of(latest, key[i]);
    if (latest->room < bytes.size) {
      latest->room = 2 * bytes.size;
      pfree(latest->bytes);
      latest->bytes = static_cast<char *>(MemoryContextAlloc(seen->context, latest->room));
    }
    std::memcpy(latest->bytes, bytes.start, bytes.size);
    latest->size = bytes.size;
  }
}

bool group_add(SeenRows *seen, KeyHash hash) {
  if (seen->count - seen->group < small_group) {
    for (uint64 i = seen->group; i < seen->count; ++i) {
      if (seen->hashes[i].low == hash.low && seen->hashes[i].high == hash.high) {
        return true;
      }
    }
    return false;
  }
  if (!seen->set_in_use) {
    use_set(seen, 0);
    for (uint64 i = seen->group; i < seen->count; ++i) {
      hash_set_add(&seen->set, seen->hashes[i]);
    }
  }
  return hash_set_add(&seen->set, hash);
}

} // namespace

void seen_rows_init(SeenRows *seen, int columns, const Form_pg_attribute *key) {
  constexpr Size usual_size = 32;
  std::memset(seen, 0, sizeof *seen);
  seen->context = CurrentMemoryContext;
  seen->ordered = true;
  seen->room = initial_rows;
  seen->hashes = static_cast<KeyHash *>(palloc(sizeof(KeyHash) * seen->room));
  seen->columns = columns;
  for (int i = 0; i < columns; ++i) {
    LatestValue *latest = &seen->latest[i];
    latest->by_value = key[i]->attbyval;
    latest->length = key[i]->attlen;
    latest->room = usual_size;
    latest->bytes = static_cast<char *>(palloc(usual_size));
  }
}

bool seen_rows_add(SeenRows *seen, const Datum *key, KeyHash hash) {
  hash.low |= 1U; // as the set keeps it
  int order = 1;  // beside the row before
  int differs = 0;
  if (seen->ordered && seen->count > 0) {
    order = 0;
    while (differs < seen->columns &&
           (order = compare_to_latest(&seen->latest[differs], key[differs])) == 0) {
      ++differs;
    }
    if (order < 0 && differs == 0) {
      end_order(seen);
    }
  }
  if (!seen->ordered) {
    return hash_set_add(&seen->set, hash);
  }
  if (differs == 0) {
    start_group(seen);
  }
  if (seen->ascending && order == 0) {
    return true;
  }
  keep_latest(seen, key, differs);
  seen->ascending = seen->ascending && order > 0;
  if (!seen->ascending && group_add(seen, hash)) {
    return true;
  }
  if (seen->count == seen->room) {
    seen->room *= 2;
    seen->hashes =
        static_cast<KeyHash *>(repalloc_huge(seen->hashes, sizeof(KeyHash) * seen->room));
  }
  seen->hashes[seen->count++] = hash;
  return false;
}

namespace {

void run(const char *query, Oid *types, Datum *values) {
  if (SPI_execute_with_args(query, 1, types, values, nullptr, false, 0) != SPI_OK_SELECT) {
    elog(ERROR, "foreign key check failed: %s", query);
  }
}

[[noreturn]] void raise_missing(const Target *target, const ForeignKey *key) {
  const char *missing = SPI_processed > 0
                            ? SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)
                            : "deleted meanwhile";
  const char *constraint = get_constraint_name(key->constraint);
  ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                  errmsg("insert or update on table \"%s\" violates foreign key constraint \"%s\"",
                         RelationGetRelationName(target->fact), constraint),
                  errdetail("Key (%s)=(%s) is not present in table \"%s\".",
                            get_attname(RelationGetRelid(target->fact), key->fact_column, false),
                            missing, get_rel_name(key->referenced)),
                  errhint("A load creates missing members before its facts: put a \"members\" step "
                          "before the \"facts\" step."),
                  errtableconstraint(target->fact, constraint)));
  pg_unreachable();
}

} // namespace

void verify_foreign_key(const Target *target, ForeignKey *key) {
  if (key->keys.count == 0) {
    return;
  }
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(key->type, &length, &by_value, &alignment);
  ArrayType *keys = construct_array(key->keys.values, static_cast<int>(key->keys.count), key->type,
                                    length, by_value, alignment);
  const char *referenced = quote_qualified_identifier(
      get_namespace_name(get_rel_namespace(key->referenced)), get_rel_name(key->referenced));
  const char *column =
      quote_identifier(get_attname(key->referenced, key->referenced_column, false));
  const char *only = get_rel_relkind(key->referenced) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ";
  // What is found here is held until commit: the referenced row cannot be deleted meanwhile. The
  // referenced column is unique and bytes decide equality, so counting suffices.
  StringInfoData query;
  initStringInfo(&query);
  appendStringInfo(&query,
                   "SELECT pg_catalog.count(*) FROM (SELECT FROM %s%s x"
                   " WHERE x.%s OPERATOR(pg_catalog.=) ANY ($1) FOR KEY SHARE OF x) held",
                   only, referenced, column);
  Oid types[1] = {get_array_type(key->type)};
  Datum values[1] = {PointerGetDatum(keys)};
  run(query.data, types, values);
  bool is_null;
  const int64 found =
      DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
  SPI_freetuptable(SPI_tuptable);
  if (found != static_cast<int64>(key->keys.count)) {
    resetStringInfo(&query);
    appendStringInfo(&query,
                     "SELECT given.k FROM pg_catalog.unnest($1) AS given(k)"
                     " EXCEPT SELECT x.%s FROM %s%s x"
                     " WHERE x.%s OPERATOR(pg_catalog.=) ANY ($1) ORDER BY 1 LIMIT 1",
                     column, only, referenced, column);
    run(query.data, types, values);
    raise_missing(target, key);
  }
  value_set_clear(&key->keys);
}

} // namespace starhouse::pg::append
