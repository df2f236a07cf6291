// Dimensions: all rows of a plan, hashed by what they are joined by, and numbered by what is
// grouped by of them. Which values are equal there the type's own functions say, so a dimension may
// be grouped by whatever can be hashed. What expressions take of it besides has to be the same
// bytes: 1.0 is not 1.00 to who adds it up.
#include "pg/star_scan.hpp"

#include "pg/boundary.hpp"

#include "core/hash.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "executor/tuptable.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace starhouse::pg::star_scan {

// Numbers by some of the columns that they stand for.
struct Chains {
  uint32 *hashes;
  int *next;    // of the same bucket; -1
  int *buckets; // the first, or -1
};

struct GroupValues {
  int width;
  int keyed;     // the first ones: what is grouped by
  bool by_keyed; // nothing else tells numbers apart
  TypeCacheEntry **types;
  Oid *collations;
  int count;
  int room;
  Datum *values; // width of each
  bool *nulls;
  uint32 *hashes;   // of what is grouped by
  uint32 *grouped;  // the first number of what is grouped by the same; null: each is its own
  Chains rows;      // by all columns
  Chains groups;    // the first numbers, by what is grouped by
  int bucket_count; // a power of two
  Size bytes;       // about what all of it takes
  bool lent;        // the arrays are not to be written to, and there are no buckets
  bool added;       // one more than was lent, the last
};

namespace {

constexpr int first_room = 64;

template <class T>
void enlarge(T **array, Size count) {
  *array = static_cast<T *>(repalloc_huge(*array, sizeof(T) * count));
}

void link(const GroupValues *values, Chains *chains, int number, uint32 hash) {
  int &bucket = chains->buckets[hash & static_cast<uint32>(values->bucket_count - 1)];
  chains->hashes[number] = hash;
  chains->next[number] = bucket;
  bucket = number;
}

void enlarge_chains(const GroupValues *values, Chains *chains) {
  enlarge(&chains->next, static_cast<Size>(values->room));
  enlarge(&chains->buckets, static_cast<Size>(values->bucket_count));
  std::fill_n(chains->buckets, values->bucket_count, -1);
}

void make_room(GroupValues *values) {
  if (values->count < values->room) {
    return;
  }
  values->room *= 2;
  const auto room = static_cast<Size>(values->room);
  const auto width = static_cast<Size>(Max(values->width, 1));
  enlarge(&values->values, room * width);
  enlarge(&values->nulls, room * width);
  enlarge(&values->hashes, room);
  values->bucket_count *= 2;
  enlarge(&values->rows.hashes, room);
  enlarge_chains(values, &values->rows);
  for (int i = 0; i < values->count; ++i) {
    link(values, &values->rows, i, values->rows.hashes[i]);
  }
  if (values->grouped == nullptr) {
    return;
  }
  enlarge(&values->grouped, room);
  enlarge(&values->groups.hashes, room);
  enlarge_chains(values, &values->groups);
  for (int i = 0; i < values->count; ++i) {
    if (values->grouped[i] == static_cast<uint32>(i)) {
      link(values, &values->groups, i, values->hashes[i]);
    }
  }
}

bool is_same(GroupValues *values, int width, int number, const Datum *row, const bool *nulls) {
  for (int i = 0; i < width; ++i) {
    const Size place =
        static_cast<Size>(number) * static_cast<Size>(values->width) + static_cast<Size>(i);
    if (values->nulls[place] != nulls[i]) {
      return false;
    }
    if (nulls[i]) {
      continue;
    }
    const TypeCacheEntry *type = values->types[i];
    const bool same =
        i < values->keyed
            ? DatumGetBool(FunctionCall2Coll(&values->types[i]->eq_opr_finfo, values->collations[i],
                                             values->values[place], row[i]))
            : datum_image_eq(values->values[place], row[i], type->typbyval, type->typlen);
    if (!same) {
      return false;
    }
  }
  return true;
}

uint32 hash_of(GroupValues *values, int width, const Datum *row, const bool *nulls) {
  uint32 hash = 0;
  for (int i = 0; i < width; ++i) {
    hash = (hash << 1U) | (hash >> 31U);
    if (!nulls[i]) {
      const TypeCacheEntry *type = values->types[i];
      hash ^= i < values->keyed
                  ? DatumGetUInt32(FunctionCall1Coll(&values->types[i]->hash_proc_finfo,
                                                     values->collations[i], row[i]))
                  : datum_image_hash(row[i], type->typbyval, type->typlen);
    }
  }
  return hash;
}

// What a process's groups, and the parts that they fall into, go by.
uint32 key_hash_of(GroupValues *values, const Datum *row, const bool *nulls) {
  return hash_of(values, values->keyed, row, nulls);
}

// -1: there is none.
int find(GroupValues *values, const Chains *chains, int width, const Datum *row, const bool *nulls,
         uint32 hash) {
  const auto mask = static_cast<uint32>(values->bucket_count - 1);
  for (int i = chains->buckets[hash & mask]; i >= 0; i = chains->next[i]) {
    if (chains->hashes[i] == hash && is_same(values, width, i, row, nulls)) {
      return i;
    }
  }
  return -1;
}

// The number of the row's values, new or known. `hash`: its key_hash_of().
uint32 number_of(GroupValues *values, const Datum *row, const bool *nulls, uint32 hash,
                 MemoryContext kept) {
  constexpr Size of_each = 32;
  const int compared = values->by_keyed ? values->keyed : values->width;
  const uint32 own = compared == values->keyed ? hash : hash_of(values, compared, row, nulls);
  const int known = find(values, &values->rows, compared, row, nulls, own);
  if (known >= 0) {
    return static_cast<uint32>(known);
  }
  make_room(values);
  const MemoryContext old = MemoryContextSwitchTo(kept);
  const int number = values->count++;
  for (int i = 0; i < values->width; ++i) {
    const Size place =
        static_cast<Size>(number) * static_cast<Size>(values->width) + static_cast<Size>(i);
    const TypeCacheEntry *type = values->types[i];
    values->nulls[place] = nulls[i];
    values->values[place] = nulls[i] ? 0 : datumCopy(row[i], type->typbyval, type->typlen);
    values->bytes += sizeof(Datum) + sizeof(bool);
    if (!nulls[i] && !type->typbyval) {
      values->bytes += datumGetSize(row[i], false, type->typlen) + of_each / 2;
    }
  }
  MemoryContextSwitchTo(old);
  values->bytes += of_each;
  values->hashes[number] = hash;
  link(values, &values->rows, number, own);
  if (values->grouped != nullptr) {
    const int first = find(values, &values->groups, values->keyed, row, nulls, hash);
    values->grouped[number] = static_cast<uint32>(first >= 0 ? first : number);
    if (first < 0) {
      link(values, &values->groups, number, hash);
    }
  }
  return static_cast<uint32>(number);
}

Chains new_chains(Size room) {
  Chains chains{.hashes = static_cast<uint32 *>(palloc(sizeof(uint32) * room)),
                .next = static_cast<int *>(palloc(sizeof(int) * room)),
                .buckets = static_cast<int *>(palloc(sizeof(int) * 2 * room))};
  std::fill_n(chains.buckets, 2 * room, -1);
  return chains;
}

} // namespace

GroupValues *new_values(const Oid *types, const Oid *collations, int width, int keyed,
                        bool by_keyed) {
  auto *values = static_cast<GroupValues *>(palloc0(sizeof(GroupValues)));
  const auto count = static_cast<Size>(Max(width, 1));
  values->width = width;
  values->keyed = keyed;
  values->by_keyed = by_keyed;
  values->types = static_cast<TypeCacheEntry **>(palloc0(sizeof(TypeCacheEntry *) * count));
  values->collations = static_cast<Oid *>(palloc0(sizeof(Oid) * count));
  for (int i = 0; i < width; ++i) {
    values->types[i] =
        lookup_type_cache(types[i], TYPECACHE_HASH_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);
    values->collations[i] = collations[i];
  }
  values->room = first_room;
  values->bucket_count = 2 * first_room;
  const Size room = first_room;
  values->values = static_cast<Datum *>(palloc(sizeof(Datum) * room * count));
  values->nulls = static_cast<bool *>(palloc(sizeof(bool) * room * count));
  values->hashes = static_cast<uint32 *>(palloc(sizeof(uint32) * room));
  values->rows = new_chains(room);
  if (!by_keyed && keyed > 0 && keyed < width) {
    values->grouped = static_cast<uint32 *>(palloc(sizeof(uint32) * room));
    values->groups = new_chains(room);
  }
  return values;
}

namespace {

// A part of so few of them is not made smaller: it is one key's, or one value's.
constexpr uint32 most_cut_bits = 16;

bool is_in(scan::Part part, std::uint64_t hash) {
  return part.bits == 0 || hash >> (64U - part.bits) == part.prefix;
}

// What the rows of a part take, and at least how much of it those of one hash do: these no smaller
// part would take asunder, and the fact would be read again and again for nothing.
class Taken {
public:
  explicit Taken(scan::Part part) noexcept : part_(part) {}

  void add(std::uint64_t hash, Size bytes) noexcept {
    all_ += bytes;
    if (hash == heaviest_) {
      of_heaviest_ += bytes;
    } else if (bytes <= of_heaviest_) {
      of_heaviest_ -= bytes; // if that many are others', too
    } else {
      of_heaviest_ = bytes - of_heaviest_;
      heaviest_ = hash;
    }
  }
  bool is_too_much(Size limit) const noexcept {
    return all_ > limit && part_.bits < most_cut_bits &&
           (part_.bits == 0 || all_ - of_heaviest_ > limit);
  }

private:
  scan::Part part_;
  Size all_ = 0;
  std::uint64_t heaviest_ = 0;
  Size of_heaviest_ = 0;
};

// What an entry of a key takes, and what a text does.
Size key_bytes(const JoinPlan *join, const scan::KeyPart *key) {
  constexpr Size entry = 24;
  constexpr Size text = 32;
  Size bytes = entry + sizeof(int64) * static_cast<Size>(join->width);
  for (int i = 0; i < join->width; ++i) {
    bytes += join->bytes[i] ? key[i].bytes.size() + text : 0;
  }
  return bytes;
}

std::uint64_t key_hash(const JoinPlan *join, const scan::KeyPart *key) {
  std::uint64_t hash = 0;
  for (int i = 0; i < join->width; ++i) {
    hash = join->bytes[i] ? scan::key_hash(hash, key[i].bytes) : scan::key_hash(hash, key[i].word);
  }
  return hash;
}

bool holds(const TupleTableSlot *slot, int column) {
  return !slot->tts_isnull[column] && DatumGetBool(slot->tts_values[column]);
}

// Those of a row's columns; false where one is NULL. In the current context.
bool read_key(const JoinPlan *join, const TupleTableSlot *slot, scan::KeyPart *key) {
  for (int i = 0; i < join->width; ++i) {
    if (slot->tts_isnull[i]) {
      return false;
    }
    key[i] = scan::KeyPart{};
    if (join->bytes[i]) {
      key[i].bytes = bytes_of(join->types[i], slot->tts_values[i]);
    } else {
      key[i].word = word_of(join->types[i], slot->tts_values[i]);
    }
  }
  return true;
}

} // namespace

void begin_values(PlanState *rows, const JoinPlan *join, int groups, DimensionRows *result) {
  const MemoryContext callers = MemoryContextSwitchTo(result->value_memory);
  const auto width = static_cast<Size>(Max(groups, 1));
  auto *types = static_cast<Oid *>(palloc0(sizeof(Oid) * width));
  auto *collations = static_cast<Oid *>(palloc0(sizeof(Oid) * width));
  for (int i = 0; i < groups; ++i) {
    const auto *attribute = TupleDescAttr(ExecGetResultType(rows), join->width + i);
    types[i] = attribute->atttypid;
    collations[i] = attribute->attcollation;
  }
  result->values = new_values(types, collations, groups, join->keyed, false);
  MemoryContextSwitchTo(callers);
}

Room read_dimension(const JoinPlan *join, PlanState *rows, int groups, const DimensionCut &cut,
                    DimensionRows *result) {
  const Size limit = get_hash_memory_limit();
  // The plan's own: it keeps what it takes there when this run's memory goes.
  const MemoryContext callers = CurrentMemoryContext;
  // What no group is known by is had for the keys of this part alone, and goes with them.
  const bool taken_only = groups > 0 && join->keyed == 0;
  if (taken_only && result->values != nullptr) {
    MemoryContextReset(result->value_memory);
    result->values = nullptr;
  }
  const bool values_known = result->values != nullptr;
  if (!values_known) {
    begin_values(rows, join, groups, result);
  }
  MemoryContextReset(result->key_memory);
  const MemoryContext short_lived =
      AllocSetContextCreate(result->key_memory, "star scan dimension row", ALLOCSET_SMALL_SIZES);
  auto *memory = new (MemoryContextAlloc(result->key_memory, sizeof(ContextMemory)))
      ContextMemory(result->key_memory);
  compute([&] {
    const Env env{.memory = memory, .cancel_requested = cancel_requested};
    new (result->dimension) scan::Dimension(env, static_cast<std::size_t>(join->width));
  });
  auto *key = static_cast<scan::KeyPart *>(MemoryContextAlloc(
      result->key_memory, sizeof(scan::KeyPart) * static_cast<Size>(join->width)));
  MemoryContextSwitchTo(result->key_memory);
  TestedRows *tested = test_rows(rows);
  Taken by_keys(cut.keys);
  Taken of_keys(cut.keys); // what is taken
  Taken by_values(cut.values);
  Room room = Room::enough;
  for (;;) {
    MemoryContextSwitchTo(callers);
    TupleTableSlot *slot = tested != nullptr ? next_tested(tested) : ExecProcNode(rows);
    if (TupIsNull(slot)) {
      break;
    }
    slot_getallattrs(slot);
    MemoryContextReset(short_lived);
    MemoryContextSwitchTo(short_lived);
    if (!read_key(join, slot, key)) {
      continue;
    }
    const std::uint64_t own_hash = cut.keys.bits == 0 ? 0 : key_hash(join, key);
    const bool in_part = is_in(cut.keys, own_hash);
    if (taken_only && !in_part) {
      continue;
    }
    uint32 number = 0;
    if (join->has_condition && !holds(slot, join->width + groups)) {
      number = scan::Dimension::dropped;
    } else if (groups > 0 && join->kind != scan::JoinKind::anti) {
      const Datum *values = slot->tts_values + join->width;
      const bool *nulls = slot->tts_isnull + join->width;
      const uint32 hash = key_hash_of(result->values, values, nulls);
      const Size before = result->values->bytes;
      if (is_in(cut.values, hash64(std::uint64_t{hash}))) {
        number = number_of(result->values, values, nulls, hash, result->value_memory);
      } else if (join->kind == scan::JoinKind::outer) {
        number = scan::Dimension::dropped; // a row of the fact has a partner, of another part
      } else {
        continue;
      }
      const Size more = result->values->bytes - before;
      of_keys.add(own_hash, more);
      if (taken_only && of_keys.is_too_much(limit)) {
        room = Room::too_many_keys;
        break;
      }
      by_values.add(hash, more);
      if (!values_known && join->keyed > 0 && by_values.is_too_much(limit)) {
        room = Room::too_many_values;
        break;
      }
    }
    if (!in_part) {
      continue;
    }
    by_keys.add(own_hash, key_bytes(join, key));
    if (by_keys.is_too_much(limit)) {
      room = Room::too_many_keys;
      break;
    }
    compute([&] {
      const auto width = static_cast<std::size_t>(join->width);
      result->dimension->add({key, width}, {join->bytes, width}, number);
    });
  }
  MemoryContextSwitchTo(callers);
  if (tested != nullptr) {
    end_tested(tested);
  }
  compute([&] { result->dimension->finish(join->kind == scan::JoinKind::semi); });
  MemoryContextDelete(short_lived);
  return room;
}

namespace {

// Another value behind those that are lent, in arrays of its own: once, however many scans of a
// process ask for it. It is not looked for among them: of groups whose values are equal the process
// above makes one.
uint32 add_to_lent(GroupValues *values, const Datum *row, const bool *nulls, uint32 hash,
                   MemoryContext kept) {
  if (values->added) {
    return static_cast<uint32>(values->count - 1);
  }
  const MemoryContext old = MemoryContextSwitchTo(kept);
  const auto count = static_cast<Size>(values->count);
  const auto width = static_cast<Size>(values->width);
  const auto enlarged = [&](auto *array, Size used, Size more) {
    auto *copy =
        static_cast<decltype(array)>(MemoryContextAllocHuge(kept, sizeof(*array) * (used + more)));
    std::copy_n(array, used, copy);
    return copy;
  };
  values->hashes = enlarged(values->hashes, count, 1);
  values->nulls = enlarged(values->nulls, count * width, width);
  values->values = enlarged(values->values, count * width, width);
  values->hashes[count] = hash;
  if (values->grouped != nullptr) {
    values->grouped = enlarged(values->grouped, count, 1);
    values->grouped[count] = static_cast<uint32>(count);
  }
  for (Size i = 0; i < width; ++i) {
    const TypeCacheEntry *type = values->types[i];
    values->nulls[count * width + i] = nulls[i];
    values->values[count * width + i] =
        nulls[i] ? 0 : datumCopy(row[i], type->typbyval, type->typlen);
  }
  MemoryContextSwitchTo(old);
  values->added = true;
  return static_cast<uint32>(values->count++);
}

} // namespace

uint32 outer_number(const JoinPlan *join, ExprContext *context, const DimensionCut &cut,
                    DimensionRows *result) {
  const int groups = list_length(join->states);
  if (groups == 0) {
    return 0;
  }
  const int grouped = groups - (join->has_condition ? 1 : 0);
  const MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
  auto *row = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(groups)));
  auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * static_cast<Size>(groups)));
  ListCell *cell = nullptr;
  foreach (cell, join->states) {
    const int i = foreach_current_index(cell);
    row[i] = ExecEvalExpr(static_cast<ExprState *>(lfirst(cell)), context, &nulls[i]);
  }
  uint32 number = 0;
  if (join->has_condition && (nulls[grouped] || !DatumGetBool(row[grouped]))) {
    number = scan::Dimension::dropped;
  } else if (grouped > 0) {
    const uint32 hash = key_hash_of(result->values, row, nulls);
    const auto add = result->values->lent ? add_to_lent : number_of;
    number = is_in(cut.values, hash64(std::uint64_t{hash}))
                 ? add(result->values, row, nulls, hash, result->value_memory)
                 : scan::Dimension::dropped;
  }
  MemoryContextSwitchTo(old);
  return number;
}

namespace {

Size place_of(const GroupValues *values, std::size_t number, int column) {
  return number * static_cast<std::size_t>(values->width) + static_cast<std::size_t>(column);
}

} // namespace

Size size_of_values(const GroupValues *values, std::span<const std::uint32_t> numbers) {
  Size size = 0;
  for (const std::uint32_t number : numbers) {
    for (int i = 0; i < values->width; ++i) {
      const Size place = place_of(values, number, i);
      const TypeCacheEntry *type = values->types[i];
      size += datumEstimateSpace(values->values[place], values->nulls[place], type->typbyval,
                                 type->typlen);
    }
  }
  return size;
}

void write_values(const GroupValues *values, std::span<const std::uint32_t> numbers, char **to) {
  for (const std::uint32_t number : numbers) {
    for (int i = 0; i < values->width; ++i) {
      const Size place = place_of(values, number, i);
      const TypeCacheEntry *type = values->types[i];
      datumSerialize(values->values[place], values->nulls[place], type->typbyval, type->typlen, to);
    }
  }
}

void read_values(GroupValues *values, uint32 count, char **from, MemoryContext own,
                 std::uint32_t *numbers) {
  const auto width = static_cast<Size>(Max(values->width, 1));
  auto *row = static_cast<Datum *>(palloc(sizeof(Datum) * width));
  auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * width));
  for (uint32 i = 0; i < count; ++i) {
    for (int column = 0; column < values->width; ++column) {
      row[column] = datumRestore(from, &nulls[column]);
    }
    numbers[i] = number_of(values, row, nulls, key_hash_of(values, row, nulls), own);
  }
}

namespace {

void put_image(const GroupValues *values, scan::ImageWriter *to) {
  const auto count = static_cast<Size>(values->count);
  const Size cells = count * static_cast<Size>(values->width);
  to->put(std::span<const uint32>{values->hashes, count});
  to->put(std::span<const uint32>{values->grouped, values->grouped != nullptr ? count : 0});
  to->put(std::span<const bool>{values->nulls, cells});
  to->put(std::span<const Datum>{values->values, cells});
  for (Size cell = 0; cell < cells; ++cell) {
    const TypeCacheEntry *type = values->types[cell % static_cast<Size>(values->width)];
    if (!type->typbyval && !values->nulls[cell]) {
      to->put(std::string_view{DatumGetPointer(values->values[cell]),
                               datumGetSize(values->values[cell], false, type->typlen)});
    }
  }
}

} // namespace

Size size_of_image(const GroupValues *values) {
  scan::ImageWriter writer(nullptr);
  put_image(values, &writer);
  return writer.size();
}

void write_image(const GroupValues *values, char *to) {
  scan::ImageWriter writer(to);
  put_image(values, &writer);
}

void lend_values(GroupValues *values, const char *image) {
  scan::ImageReader from(image);
  const auto hashes = from.array<uint32>();
  const auto grouped = from.array<uint32>();
  const auto nulls = from.array<bool>();
  const auto cells = from.array<Datum>();
  values->count = static_cast<int>(hashes.size());
  values->lent = true;
  // Nobody writes to them.
  values->hashes = const_cast<uint32 *>(hashes.data());
  if (values->grouped != nullptr) {
    values->grouped = const_cast<uint32 *>(grouped.data());
  }
  values->nulls = const_cast<bool *>(nulls.data());
  values->values = static_cast<Datum *>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * Max(cells.size(), 1)));
  for (Size cell = 0; cell < cells.size(); ++cell) {
    const TypeCacheEntry *type = values->types[cell % static_cast<Size>(values->width)];
    values->values[cell] =
        type->typbyval || nulls[cell] ? cells[cell] : PointerGetDatum(from.array<char>().data());
  }
}

const std::uint32_t *const *hashes_of(const GroupValues *values) {
  return &values->hashes;
}

const std::uint32_t *const *grouped_of(const GroupValues *values) {
  return values->grouped == nullptr ? nullptr : &values->grouped;
}

Datum group_value(const GroupValues *values, std::size_t number, int place, bool *null) {
  const std::size_t at =
      number * static_cast<std::size_t>(values->width) + static_cast<std::size_t>(place);
  *null = values->nulls[at];
  return values->values[at];
}

} // namespace starhouse::pg::star_scan
