// A snapshot of a million rows of which one in a hundred changed: what counts is how fast a row is
// found unchanged. The source and the versions in force are read in the order of the key, through
// the indexes on it, and put beside each other here. First their bytes are compared where they lie:
// equal bytes are equal values of every type, and where the columns follow each other in the same
// order on both sides, one comparison of memory answers for all of them. Other bytes may still be
// equal values (1.0 and 1.00, text compressed or not): then the types' own equality decides.
//
// A join of the executor takes the two rows apart into values and calls an equality function for
// each column, which takes more time than all the rest.
//
// What is left over may hold more rows than differ, never fewer: the replay decides by the key's
// whole history. So whatever is out of the ordinary is left to it.
#include "pg/scd_compare.hpp"
#include "pg/compat.hpp"
#include "pg/row_bytes.hpp"

extern "C" {
#include "access/stratnum.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/sortsupport.h"
}

namespace starhouse::pg::scd {

namespace {

// Rows of a query, pulled one by one. A cursor's FETCH would take as long as the comparison.
class Stream {
public:
  void open(const char *statement) {
    SPIParseOpenOptions how = {};
    how.cursorOptions = CURSOR_OPT_NO_SCROLL;
    how.read_only = true;
    portal_ = SPI_cursor_parse_open(nullptr, statement, &how);
    if (portal_ == nullptr || portal_->queryDesc == nullptr) {
      elog(ERROR, "no plan that gives rows for: %s", statement);
    }
  }

  // nullptr at the end. The row is valid until the next one.
  TupleTableSlot *next() {
    if (ended_) {
      return nullptr;
    }
    // What the plan pins belongs to the portal, whose end lets it go.
    ResourceOwner owner = CurrentResourceOwner;
    MemoryContext memory = MemoryContextSwitchTo(portal_->queryDesc->estate->es_query_cxt);
    CurrentResourceOwner = portal_->resowner;
    ResetPerTupleExprContext(portal_->queryDesc->estate);
    TupleTableSlot *slot = ExecProcNode(portal_->queryDesc->planstate);
    CurrentResourceOwner = owner;
    MemoryContextSwitchTo(memory);
    ended_ = TupIsNull(slot);
    return ended_ ? nullptr : slot;
  }

  TupleDesc shape() const { return portal_->tupDesc; }
  void close() { SPI_cursor_close(portal_); }

private:
  Portal portal_ = nullptr;
  bool ended_ = false;
};

int attribute_of(TupleDesc shape, const char *name) {
  const int number = SPI_fnumber(shape, name);
  if (number <= 0) {
    elog(ERROR, "column %s is not in the row", name);
  }
  return number - 1;
}

struct Pair {
  int left;  // attribute of the dimension
  int right; // attribute of the source
  const Column *column;
};

// A source's column that reaches the dimension as it is. What is compared is so by the dimension's
// collation anyway; the order of the key is its index's.
bool taken_as_it_is(const Column &column, bool is_key) {
  const char *plain = psprintf("s.%s", quote_identifier(column.source_name));
  return strcmp(column.source_value, plain) == 0 ||
         (!is_key &&
          strstr(column.source_value, psprintf("%s COLLATE ", plain)) == column.source_value);
}

bool is_compared(const Dimension &dimension, int i) {
  return i >= dimension.keys && compared(dimension, i);
}

class Comparison {
public:
  Comparison(const Dimension &dimension, const Options &options, TupleDesc left, TupleDesc right)
      : dimension_(dimension), left_layout_(layout_of(left)), right_layout_(layout_of(right)),
        left_count_(left->natts), right_count_(right->natts) {
    keys_ = static_cast<Pair *>(palloc(sizeof(Pair) * static_cast<Size>(dimension.keys)));
    order_ = static_cast<SortSupportData *>(
        palloc0(sizeof(SortSupportData) * static_cast<Size>(dimension.keys)));
    pairs_ = static_cast<Pair *>(palloc(sizeof(Pair) * static_cast<Size>(dimension.count())));
    for (int i = 0; i < dimension.event_columns(); ++i) {
      const Column &column = dimension.columns[i];
      if (i < dimension.keys) {
        keys_[i] = pair(column, left, right);
        order_[i].ssup_cxt = CurrentMemoryContext;
        order_[i].ssup_collation = column.collation;
        PrepareSortSupportFromOrderingOp(lookup_type_cache(column.type, TYPECACHE_LT_OPR)->lt_opr,
                                         &order_[i]);
      } else if (is_compared(dimension, i)) {
        pairs_[count_++] = pair(column, left, right);
      }
    }
    std::sort(pairs_, pairs_ + count_,
              [](const Pair &a, const Pair &b) { return a.left < b.left; });
    find_tail();
    find_state(left, options);
    scratch_ = AllocSetContextCreate(CurrentMemoryContext, "starhouse scd comparison",
                                     ALLOCSET_SMALL_SIZES);
  }

  // Below zero where the version's key comes first. A NULL is like no other.
  int order(TupleTableSlot *version, TupleTableSlot *row) const {
    for (int i = 0; i < dimension_.keys; ++i) {
      bool left_null = false;
      bool right_null = false;
      const Datum left = slot_getattr(version, keys_[i].left + 1, &left_null);
      const Datum right = slot_getattr(row, keys_[i].right + 1, &right_null);
      if (left_null || right_null) {
        return left_null ? 1 : -1;
      }
      const int order = ApplySortComparator(left, false, right, false, &order_[i]);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  // Whether the source says plainly what is in force.
  bool unchanged(TupleTableSlot *version, TupleTableSlot *row) {
    HeapTuple left = tuple_of(version, left_count_);
    HeapTuple right = tuple_of(row, right_count_);
    if (left != nullptr && right != nullptr) {
      RowWalk walk(left, left_layout_);
      if (same_bytes(&walk, RowWalk(right, right_layout_))) {
        if (count_ > 0 && pairs_[count_ - 1].left > first_of_state_) {
          walk = RowWalk(left, left_layout_);
        }
        return in_force(&walk);
      }
    }
    slot_getallattrs(version);
    slot_getallattrs(row);
    return in_force(version) && same_values(version, row);
  }

  // Whether a version whose key the source lacks is one that it misses: not one that came from no
  // feed, and not a deletion.
  bool missed(TupleTableSlot *version) const {
    bool null = false;
    const Datum from = slot_getattr(version, from_ + 1, &null);
    if (null || instant(from) == lowest_) {
      return false;
    }
    if (deleted_ < 0) {
      return true;
    }
    const Datum deleted = slot_getattr(version, deleted_ + 1, &null);
    return !null && !DatumGetBool(deleted);
  }

  void put_key(Work *work, TupleTableSlot *version) const {
    auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(dimension_.keys)));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * static_cast<Size>(dimension_.keys)));
    for (int i = 0; i < dimension_.keys; ++i) {
      values[i] = slot_getattr(version, keys_[i].left + 1, &nulls[i]);
    }
    put(work, values, nulls);
    pfree(values);
    pfree(nulls);
  }

private:
  static Pair pair(const Column &column, TupleDesc left, TupleDesc right) {
    return {attribute_of(left, column.name), attribute_of(right, column.source_name), &column};
  }

  // From which pair on the columns follow each other on both sides, lie alike and end the source's
  // row.
  void find_tail() {
    tail_ = count_;
    for (int i = count_ - 1; i >= 0; --i) {
      const bool last = i == count_ - 1;
      const bool follows = last ? pairs_[i].right == right_count_ - 1
                                : pairs_[i + 1].left == pairs_[i].left + 1 &&
                                      pairs_[i + 1].right == pairs_[i].right + 1;
      if (!follows || left_layout_[pairs_[i].left] != right_layout_[pairs_[i].right]) {
        break;
      }
      tail_ = i;
    }
  }

  // The dimension's interval and flags: what they are of a version in force at the snapshot's time.
  void find_state(TupleDesc left, const Options &options) {
    const auto attribute = [&](const char *quoted) {
      return quoted == nullptr ? -1 : attribute_of(left, unquoted(quoted));
    };
    from_ = attribute(dimension_.valid_from);
    to_ = attribute(dimension_.valid_to);
    inferred_ = attribute(dimension_.inferred_flag);
    deleted_ = attribute(dimension_.deleted_flag);
    first_of_state_ = Min(from_, to_);
    for (const int flag : {inferred_, deleted_}) {
      first_of_state_ = flag < 0 ? first_of_state_ : Min(first_of_state_, flag);
    }
    if (SPI_execute(psprintf("SELECT %s, %s, %s FROM (SELECT TIMESTAMPTZ %s, TIMESTAMPTZ "
                             "'infinity') AS a (f, t)",
                             dimension_.write_from, dimension_.write_to, dimension_.lowest,
                             quote_literal_cstr(timestamptz_to_str(options.as_of))),
                    true, 1) != SPI_OK_SELECT ||
        SPI_processed != 1) {
      elog(ERROR, "no answer of the interval's form");
    }
    Datum values[3];
    bool nulls[3];
    for (int i = 0; i < 3; ++i) {
      values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &nulls[i]);
    }
    wide_ = TupleDescAttr(left, from_)->attlen == sizeof(int64);
    now_ = instant(values[0]);
    open_null_ = nulls[1];
    open_ = nulls[1] ? 0 : instant(values[1]);
    lowest_ = instant(values[2]);
  }

  // Dates and timestamps compare as the numbers that they are.
  int64 instant(Datum value) const {
    return wide_ ? DatumGetInt64(value) : static_cast<int64>(DatumGetInt32(value));
  }
  int64 instant_at(const char *bytes) const {
    if (wide_) {
      int64 value = 0;
      memcpy(&value, bytes, sizeof(value));
      return value;
    }
    int32 value = 0;
    memcpy(&value, bytes, sizeof(value));
    return value;
  }

  // The row as it lies in a page or came from a sort, with all its attributes; nullptr for one that
  // was put together. Nothing is copied: asked for a heap tuple, a sort's slot would make one.
  static HeapTuple tuple_of(TupleTableSlot *slot, int count) {
    HeapTuple tuple = nullptr;
    if (TTS_IS_BUFFERTUPLE(slot)) {
      tuple = reinterpret_cast<BufferHeapTupleTableSlot *>(slot)->base.tuple;
    } else if (TTS_IS_MINIMALTUPLE(slot)) {
      tuple = reinterpret_cast<MinimalTupleTableSlot *>(slot)->tuple;
    }
    return tuple == nullptr || HeapTupleHeaderGetNatts(tuple->t_data) < count ? nullptr : tuple;
  }

  // Leaves `l` behind the last of the columns, where they are the same.
  bool same_bytes(RowWalk *l, RowWalk r) const {
    for (int i = 0; i < count_; ++i) {
      if (l->is_null(pairs_[i].left) != r.is_null(pairs_[i].right)) {
        return false;
      }
    }
    bool tail = true;
    for (int i = 0; i < count_; ++i) {
      const Pair &pair = pairs_[i];
      if (l->is_null(pair.left)) {
        continue;
      }
      if (i > 0 && pair.right < pairs_[i - 1].right) {
        return false; // in another order: left to the values
      }
      l->to(pair.left);
      r.to(pair.right);
      if (tail && i >= tail_) {
        // Where both begin alike, what follows lies alike as long as it is the same.
        if (l->offset() % MAXIMUM_ALIGNOF == r.offset() % MAXIMUM_ALIGNOF) {
          const uint32 size = r.left();
          if (l->left() < size || memcmp(l->here(), r.here(), size) != 0) {
            return false;
          }
          l->skip(size, pairs_[count_ - 1].left + 1);
          return true;
        }
        tail = false;
      }
      const char *left = l->here();
      const char *right = r.here();
      l->past();
      r.past();
      const auto size = static_cast<Size>(l->here() - left);
      if (size != static_cast<Size>(r.here() - right) || memcmp(left, right, size) != 0) {
        return false;
      }
    }
    return true;
  }

  bool in_force(RowWalk *walk) const {
    // In the order of the row, whichever that is.
    for (int attribute = first_of_state_; attribute < left_count_; ++attribute) {
      if (attribute != from_ && attribute != to_ && attribute != inferred_ &&
          attribute != deleted_) {
        continue;
      }
      if (walk->is_null(attribute)) {
        if (attribute == to_ && open_null_) {
          continue;
        }
        return false;
      }
      walk->to(attribute);
      const bool good = attribute == from_ ? instant_at(walk->here()) <= now_
                        : attribute == to_ ? !open_null_ && instant_at(walk->here()) == open_
                                           : *walk->here() == 0;
      if (!good) {
        return false;
      }
    }
    return true;
  }

  bool in_force(const TupleTableSlot *version) const {
    const auto flag = [&](int attribute) {
      return attribute >= 0 &&
             (version->tts_isnull[attribute] || DatumGetBool(version->tts_values[attribute]));
    };
    if (version->tts_isnull[from_] || instant(version->tts_values[from_]) > now_ ||
        flag(inferred_) || flag(deleted_)) {
      return false;
    }
    return version->tts_isnull[to_] ? open_null_
                                    : !open_null_ && instant(version->tts_values[to_]) == open_;
  }

  bool same_values(const TupleTableSlot *version, const TupleTableSlot *row) {
    MemoryContext before = MemoryContextSwitchTo(scratch_);
    bool same = true;
    for (int i = 0; i < count_ && same; ++i) {
      const Pair &pair = pairs_[i];
      const bool left_null = version->tts_isnull[pair.left];
      const bool right_null = row->tts_isnull[pair.right];
      if (left_null || right_null) {
        same = right_null && (left_null || dimension_.ignore_nulls);
        continue;
      }
      same = DatumGetBool(FunctionCall2Coll(&pair.column->compare->eq_opr_finfo,
                                            pair.column->collation, version->tts_values[pair.left],
                                            row->tts_values[pair.right]));
    }
    MemoryContextSwitchTo(before);
    MemoryContextReset(scratch_);
    return same;
  }

  const Dimension &dimension_;
  const AttributeLayout *left_layout_;
  const AttributeLayout *right_layout_;
  int left_count_;
  int right_count_;
  Pair *keys_;
  SortSupportData *order_;
  Pair *pairs_; // by the dimension's attribute
  int count_ = 0;
  int tail_ = 0;
  int from_ = 0;
  int to_ = 0;
  int inferred_ = -1;
  int deleted_ = -1;
  int first_of_state_ = 0; // the lowest of them
  bool wide_ = true;
  bool open_null_ = false;
  int64 now_ = 0;    // the snapshot's time, like the two below as the dimension writes it
  int64 open_ = 0;   // the end of a version in force
  int64 lowest_ = 0; // the start of what came from no feed
  MemoryContext scratch_;
};

// The source's rows of one key that is in force. Where one of them is a candidate, all are: two may
// contradict each other although one says what is in force.
class Group {
public:
  Group(Work *candidates, bool singles)
      : candidates_(candidates), singles_(singles),
        held_(singles ? nullptr : MakeSingleTupleTableSlot(candidates->columns, &TTSOpsVirtual)) {}

  bool empty() const { return rows_ == 0; }

  void clear() {
    if (held_ != nullptr) {
      ExecClearTuple(held_);
    }
    rows_ = 0;
    written_ = false;
  }

  void add_unchanged(TupleTableSlot *row) {
    if (!singles_ && rows_ == 0) {
      ExecCopySlot(held_, row);
    } else if (written_ || (rows_ > 0 && !repeats(row))) {
      add_changed(row);
      return;
    }
    ++rows_;
  }

  void add_changed(TupleTableSlot *row) {
    for (int64 i = 0; i < rows_ && !written_ && held_ != nullptr; ++i) {
      put(held_);
    }
    written_ = true;
    put(row);
    ++rows_;
  }

  void put(TupleTableSlot *row) {
    tuplestore_puttupleslot(candidates_->rows, row);
    ++candidates_->count;
  }

  void end() {
    if (held_ != nullptr) {
      ExecDropSingleTupleTableSlot(held_);
    }
  }

private:
  // Whether the row holds the same in every column as the one held.
  bool repeats(TupleTableSlot *row) const {
    slot_getallattrs(row);
    slot_getallattrs(held_);
    for (int i = 0; i < candidates_->columns->natts; ++i) {
      const Form_pg_attribute attribute = TupleDescAttr(candidates_->columns, i);
      if (row->tts_isnull[i] != held_->tts_isnull[i] ||
          (!row->tts_isnull[i] && !datum_image_eq(row->tts_values[i], held_->tts_values[i],
                                                  attribute->attbyval, attribute->attlen))) {
        return false;
      }
    }
    return true;
  }

  Work *candidates_;
  bool singles_; // no key has two
  TupleTableSlot *held_;
  int64 rows_ = 0;
  bool written_ = false;
};

const char *in_key_order(const Dimension &dimension, const char *from, const char *alias) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "SELECT %s.* FROM %s ORDER BY ", alias, from);
  for (int i = 0; i < dimension.keys; ++i) {
    appendStringInfo(&text, "%s%s.%s", i > 0 ? ", " : "", alias,
                     quote_identifier(dimension.columns[i].name));
  }
  return text.data;
}

// Whether the key can be read in order: from an index, or sorted by comparing bytes or numbers. By
// the rules of a language a hash join is the faster way.
bool cheap_to_sort(const Column &column, const Source &source) {
  if (!OidIsValid(lookup_type_cache(column.type, TYPECACHE_LT_OPR)->lt_opr)) {
    return false;
  }
  return source.unique_key || !OidIsValid(column.collation) ||
         compat::collation_is_c(column.collation);
}

} // namespace

bool compares_in_order(const Dimension &dimension, const Source &source, const Options &options) {
  if (options.mode != Mode::snapshot || dimension.portable || !dimension.key_indexed ||
      options.sequence_column != nullptr || options.op_column != nullptr ||
      options.as_of < dimension.watermark) {
    return false;
  }
  // Whole rows are read, so all columns must be readable.
  for (const Oid relation : {dimension.relation, source.relation}) {
    if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK) {
      return false;
    }
  }
  for (int i = 0; i < dimension.event_columns(); ++i) {
    const Column &column = dimension.columns[i];
    if (i < dimension.keys && !cheap_to_sort(column, source)) {
      return false;
    }
    const bool is_key = i < dimension.keys;
    if ((is_key || is_compared(dimension, i)) && !taken_as_it_is(column, is_key)) {
      return false;
    }
  }
  return true;
}

Differences compare_in_order(const Dimension &dimension, const Source &source,
                             const Options &options) {
  Stream versions;
  Stream rows;
  versions.open(in_key_order(dimension,
                             psprintf("%s AS x WHERE %s", dimension.qualified,
                                      dimension.current_flag != nullptr
                                          ? psprintf("x.%s", dimension.current_flag)
                                          : dimension.open_condition),
                             "x"));
  rows.open(in_key_order(dimension, psprintf("%s AS s", source.qualified), "s"));
  TupleDesc keys = CreateTemplateTupleDesc(dimension.keys);
  for (int i = 0; i < dimension.keys; ++i) {
    const Column &column = dimension.columns[i];
    TupleDescInitEntry(keys, static_cast<AttrNumber>(i + 1), psprintf("c%d", i + 1), column.type,
                       -1, 0);
    TupleDescInitEntryCollation(keys, static_cast<AttrNumber>(i + 1), column.collation);
  }
  Differences found = {open_work("starhouse_candidates", CreateTupleDescCopy(rows.shape())),
                       open_work("starhouse_missing", keys), 0};
  Comparison comparison(dimension, options, versions.shape(), rows.shape());

  Group group(&found.candidates, source.unique_key);

  TupleTableSlot *version = versions.next();
  TupleTableSlot *row = rows.next();
  while (version != nullptr || row != nullptr) {
    const int order = version == nullptr ? 1 : row == nullptr ? -1 : comparison.order(version, row);
    if (order < 0) {
      if (options.close_missing && group.empty() && comparison.missed(version)) {
        comparison.put_key(&found.missing, version);
      }
      group.clear();
      version = versions.next();
      continue;
    }
    ++found.source_rows;
    if (order > 0) {
      group.put(row);
    } else if (comparison.unchanged(version, row)) {
      group.add_unchanged(row);
    } else {
      group.add_changed(row);
    }
    row = rows.next();
  }
  group.end();
  rows.close();
  versions.close();
  return found;
}

} // namespace starhouse::pg::scd
