// Between the rows of a key and what the core knows of them: values become ids by their types' own
// equality, and a plan becomes rows of work.
#include "pg/scd_replay.hpp"

namespace starhouse::pg::scd {

namespace {

// Below this many rows of a key, comparing one by one is cheaper than hashing them first.
constexpr int few_rows = 16;

bool same_value(const Column &column, Datum a, bool a_null, Datum b, bool b_null) {
  if (a_null || b_null) {
    return a_null && b_null;
  }
  return DatumGetBool(FunctionCall2Coll(&column.compare->eq_opr_finfo, column.collation, a, b));
}

// A place in a row that gets an id: the columns from `column` on, or the previous value there.
struct Place {
  const Row *row;
  int column;
  core::Index *id;
};

// Gives places of `width` columns ids: equal values, equal ids. `like` names the columns' types.
class Numbering {
public:
  Numbering(Replay *replay, int like, int width, int most)
      : replay_(replay), like_(like), width_(width) {
    while (slots_ < 2 * static_cast<uint32>(most)) {
      slots_ *= 2;
    }
    table_ = static_cast<int *>(MemoryContextAllocExtended(replay->group, slots_ * sizeof(int),
                                                           MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    places_ = static_cast<Place *>(MemoryContextAllocExtended(
        replay->group, sizeof(Place) * static_cast<Size>(Max(most, 1)), MCXT_ALLOC_HUGE));
    hashes_ = most > few_rows;
  }

  void add(const Place &place) {
    if (width_ == 1 && place.row->nulls[at::columns + place.column]) {
      *place.id = core::absent;
      return;
    }
    if ((count_ & 4095) == 4095) {
      CHECK_FOR_INTERRUPTS();
    }
    uint32 slot = hashes_ ? hash(place) : 0;
    for (slot &= slots_ - 1; table_[slot] != 0; slot = (slot + 1) & (slots_ - 1)) {
      const Place &other = places_[table_[slot] - 1];
      if (same(place, other)) {
        *place.id = *other.id;
        return;
      }
    }
    *place.id = next_++;
    places_[count_++] = place;
    table_[slot] = count_;
  }

private:
  bool same(const Place &a, const Place &b) const {
    for (int i = 0; i < width_; ++i) {
      const int left = at::columns + a.column + i;
      const int right = at::columns + b.column + i;
      if (!same_value(replay_->dimension->columns[like_ + i], a.row->values[left],
                      a.row->nulls[left], b.row->values[right], b.row->nulls[right])) {
        return false;
      }
    }
    return true;
  }

  uint32 hash(const Place &place) const {
    uint32 hash = 0;
    for (int i = 0; i < width_; ++i) {
      const Column &column = replay_->dimension->columns[like_ + i];
      const int c = at::columns + place.column + i;
      hash = (hash << 5) | (hash >> 27);
      // A type with equality and no hash leaves the telling apart to the comparison.
      if (!place.row->nulls[c] && OidIsValid(column.compare->hash_proc)) {
        hash ^= DatumGetUInt32(FunctionCall1Coll(&column.compare->hash_proc_finfo, column.collation,
                                                 place.row->values[c]));
      }
      hash *= 0x9E3779B1U;
    }
    return hash;
  }

  Replay *replay_;
  int like_;
  int width_;
  uint32 slots_ = 2;
  int *table_;
  Place *places_;
  int count_ = 0;
  core::Index next_ = 0;
  bool hashes_;
};

bool has_attributes(const Row &row) {
  return kind_of(row) == kind::version ||
         (kind_of(row) == kind::event && flag_of(row) == operation::upsert);
}

// Whether an event says nothing of the columns.
bool silent(const Replay &replay, const Row &row, int column, int width) {
  if (!replay.dimension->partial() || width != 1 || kind_of(row) != kind::event) {
    return false;
  }
  return replay.dimension->columns[column].missing ||
         (replay.dimension->ignore_nulls && row.nulls[at::columns + column]);
}

// One slot of all rows.
void number_slot(Replay *replay, core::Index slot, int column, int width) {
  Numbering numbering(replay, column, width, replay->count);
  for (int i = 0; i < replay->count; ++i) {
    const Row &row = replay->rows[i];
    if (!has_attributes(row)) {
      continue;
    }
    if (silent(*replay, row, column, width)) {
      row.ids[slot] = core::none;
    } else {
      numbering.add({&row, column, &row.ids[slot]});
    }
  }
}

// An alternate slot and the previous value beside it are compared with each other.
void number_alternate(Replay *replay, core::Index slot, int column, int previous) {
  const core::Index previous_slot =
      replay->shape.event_slots() +
      static_cast<core::Index>(previous - replay->dimension->previous_from());
  Numbering numbering(replay, column, 1, 2 * replay->count);
  for (int i = 0; i < replay->count; ++i) {
    const Row &row = replay->rows[i];
    if (!has_attributes(row)) {
      continue;
    }
    if (silent(*replay, row, column, 1)) {
      row.ids[slot] = core::none;
    } else {
      numbering.add({&row, column, &row.ids[slot]});
    }
    if (kind_of(row) == kind::version) {
      numbering.add({&row, previous, &row.ids[previous_slot]});
    }
  }
}

// How many columns a slot of `slots` over `columns` has: all of them, or one each.
int width_of(core::Index slots, int columns) {
  return static_cast<int>(slots) == columns ? 1 : columns;
}

struct Output {
  Datum *values;
  bool *nulls;
};

Output output(int width) {
  return {static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(width))),
          static_cast<bool *>(palloc0(sizeof(bool) * static_cast<Size>(width)))};
}

// A plan with the rows it speaks of.
struct Written {
  const Replay &replay;
  const core::Plan &plan;
  core::Row version_count;
  const Row *const *version_rows;
  const Row *const *event_rows;

  const Row *row(core::Row which) const {
    if (which == core::none) {
      return nullptr;
    }
    return which < version_count ? version_rows[which] : event_rows[which - version_count];
  }

  void copy(const Output &out, int to, core::Row which, int column) const {
    const Row *from = row(which);
    out.nulls[to] = from == nullptr || from->nulls[at::columns + column];
    out.values[to] = out.nulls[to] ? Datum{0} : from->values[at::columns + column];
  }

  // The columns of one kind, whose slots come from `sources`.
  int copy_slots(const Output &out, int to, const core::Row *sources, core::Index slots, int column,
                 int columns) const {
    const int width = width_of(slots, columns);
    for (int i = 0; i < columns; ++i) {
      copy(out, to++, sources[i / width], column + i);
    }
    return to;
  }

  // The columns that all versions share.
  void copy_shared(const Output &out, int to) const {
    const Dimension &d = *replay.dimension;
    int column = d.keys + d.type2;
    to = copy_slots(out, to, plan.newest, replay.shape.newest, column, d.type1);
    column += d.type1;
    to = copy_slots(out, to, plan.oldest, replay.shape.oldest, column, d.type0);
    column += d.type0;
    for (int i = 0; i < d.type3; ++i) {
      copy(out, to++, plan.alternate[i], column + i);
    }
    for (int i = 0; i < d.type3; ++i) {
      copy(out, to++, plan.previous[i],
           plan.previous_shown[i] ? column + i : d.previous_from() + i);
    }
  }

  void copy_tracked(const Output &out, int to, const core::Write &write) const {
    const Dimension &d = *replay.dimension;
    to = copy_slots(out, to, write.source, replay.shape.tracked, d.keys, d.type2);
    copy_shared(out, to);
  }
};

void put_interval(Datum *out, const core::Write &write) {
  out[0] = TimestampTzGetDatum(write.from);
  out[1] = TimestampTzGetDatum(write.to);
  out[2] = BoolGetDatum(write.to == core::forever);
  out[3] = BoolGetDatum(write.deleted);
}

int16 letter_of(core::Kind kind) {
  switch (kind) {
  case core::Kind::repeat:
    return memory::repeat;
  case core::Kind::removal:
    return memory::removal;
  case core::Kind::partial:
    return memory::partial;
  case core::Kind::previous:
    break;
  }
  return memory::previous;
}

} // namespace

bool same_columns(const Replay &replay, const Row &a, const Row &b, int first, int last) {
  for (int i = first; i < last; ++i) {
    const int c = at::columns + i;
    if (!same_value(replay.dimension->columns[i], a.values[c], a.nulls[c], b.values[c],
                    b.nulls[c])) {
      return false;
    }
  }
  return true;
}

void number_rows(Replay *replay) {
  const core::Shape &shape = replay->shape;
  const Dimension &d = *replay->dimension;
  for (int i = 0; i < replay->count; ++i) {
    replay->rows[i].ids = static_cast<core::Index *>(
        palloc(sizeof(core::Index) * Max(shape.version_slots(), core::Index{1})));
  }
  core::Index slot = 0;
  int column = d.keys;
  const auto number = [&](core::Index slots, int columns) {
    const int width = width_of(slots, columns);
    for (core::Index s = 0; s < slots; ++s) {
      number_slot(replay, slot++, column, width);
      column += width;
    }
  };
  number(shape.tracked, d.type2);
  number(shape.newest, d.type1);
  number(shape.oldest, d.type0);
  for (int i = 0; i < d.type3; ++i) {
    number_alternate(replay, slot++, column + i, d.previous_from() + i);
  }
}

void write_plan(Replay *replay, const core::Plan &plan, core::Row version_count,
                const Row *const *version_rows, const Row *const *event_rows) {
  const Dimension &d = *replay->dimension;
  const Written written{*replay, plan, version_count, version_rows, event_rows};
  const Output out = output(5 + d.count());
  for (const core::Write &write : plan.writes) {
    memset(out.nulls, 0, sizeof(bool) * (5 + d.count()));
    if (write.version == core::none) {
      put_interval(out.values, write);
      const Row &any = replay->rows[0];
      memcpy(out.values + 4, any.values + at::columns, sizeof(Datum) * d.keys);
      written.copy_tracked(out, 4 + d.keys, write);
      // The key as the first event of the version spells it.
      if (const Row *first = written.row(
              write.source != nullptr && replay->shape.tracked > 0 ? write.source[0] : core::none);
          first != nullptr) {
        memcpy(out.values + 4, first->values + at::columns, sizeof(Datum) * d.keys);
      }
      put(&replay->work->insertions, out.values, out.nulls);
      continue;
    }
    const Row &version = *version_rows[write.version];
    Work *work = &replay->work->moves;
    int end = 5;
    put_interval(out.values, write);
    out.values[4] = version.values[at::surrogate];
    if (write.completes || write.fills) {
      written.copy_tracked(out, end, write);
      work = &replay->work->completions;
      end += d.count() - d.keys;
    } else if (write.registers) {
      written.copy_shared(out, end);
      work = &replay->work->overwrites;
      end += d.count() - d.keys - d.type2;
    }
    if (d.portable) {
      memcpy(out.values + end, version.values + at::columns, sizeof(Datum) * d.keys);
    }
    put(work, out.values, out.nulls);
  }
  if (d.memory == nullptr) {
    return;
  }
  for (const core::Memory &memory : plan.forget) {
    put_memory(replay, &replay->work->forgotten, replay->rows[0], memory, letter_of(memory.kind));
  }
  for (const core::Memory &memory : plan.remember) {
    if (!d.remember_repeats &&
        (memory.kind == core::Kind::repeat || memory.kind == core::Kind::removal)) {
      continue;
    }
    put_memory(replay, &replay->work->remembered, replay->rows[0], memory, letter_of(memory.kind));
  }
}

void put_insertion(Replay *replay, const Datum *columns, const bool *nulls, TimestampTz from) {
  const Dimension &d = *replay->dimension;
  const Output out = output(4 + d.count());
  put_interval(out.values, {core::none, from, core::forever, false, false, true, true, nullptr});
  memcpy(out.values + 4, columns, sizeof(Datum) * d.count());
  memcpy(out.nulls + 4, nulls, sizeof(bool) * d.count());
  put(&replay->work->insertions, out.values, out.nulls);
}

bool read_memory(const Replay &replay, const Row &row, core::Memory *memory) {
  static const core::Kind kinds[] = {core::Kind::repeat, core::Kind::removal, core::Kind::partial,
                                     core::Kind::previous};
  const Dimension &d = *replay.dimension;
  const int16 letter = flag_of(row);
  *memory = {DatumGetTimestampTz(row.values[at::instant]), kinds[letter], 0, nullptr};
  const char *detail = row.nulls[at::text] ? nullptr : TextDatumGetCString(row.values[at::text]);
  if (letter == memory::previous) {
    const int type3_from = d.previous_from() - d.type3;
    for (int i = 0; i < d.type3; ++i) {
      if (detail != nullptr && strcmp(detail, d.columns[type3_from + i].name) == 0) {
        memory->slot = static_cast<core::Index>(i);
        return true;
      }
    }
    return false;
  }
  // Of a dimension that takes whole rows only, every event said everything.
  if (detail == nullptr || !d.partial()) {
    return letter != memory::partial;
  }
  const core::Index slots = replay.shape.event_slots();
  auto *given = static_cast<uint8 *>(palloc0(Max(slots, core::Index{1})));
  const Size length = strlen(detail);
  for (core::Index s = 0; s < slots && s < length; ++s) {
    given[s] = detail[s] == '1' ? 1 : 0;
  }
  memory->given = given;
  return true;
}

void put_memory(Replay *replay, Work *work, const Row &row, const core::Memory &memory,
                int16 letter) {
  const Dimension &d = *replay->dimension;
  const Output out = output(d.keys + 3);
  memcpy(out.values, row.values + at::columns, sizeof(Datum) * d.keys);
  out.values[d.keys] = TimestampTzGetDatum(memory.sequence);
  const char code[2] = {memory::letters[letter], '\0'};
  out.values[d.keys + 1] = CStringGetTextDatum(code);
  out.nulls[d.keys + 2] = true;
  if (letter == memory::previous) {
    const int column = d.previous_from() - d.type3 + static_cast<int>(memory.slot);
    out.values[d.keys + 2] = CStringGetTextDatum(d.columns[column].name);
    out.nulls[d.keys + 2] = false;
  } else if (memory.given != nullptr) {
    const int columns = d.event_columns() - d.keys;
    char *mask = static_cast<char *>(palloc(columns + 1));
    for (int i = 0; i < columns; ++i) {
      mask[i] = memory.given[i] != 0 ? '1' : '0';
    }
    mask[columns] = '\0';
    out.values[d.keys + 2] = CStringGetTextDatum(mask);
    out.nulls[d.keys + 2] = false;
  }
  put(work, out.values, out.nulls);
}

} // namespace starhouse::pg::scd
