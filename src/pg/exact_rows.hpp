// What the bindings of exact aggregates share: keys as SQL values, and the rows of a state as those
// of a set-returning function whose caller names the columns' types (RETURNS SETOF record).
#pragma once

#include "pg/boundary.hpp"
#include "pg/key.hpp"

#include "core/exact/key_map.hpp"

namespace starhouse::pg::exact {

// Begins the rows. The caller's column definition list has to name as many columns.
ReturnSetInfo *begin_rows(FunctionCallInfo fcinfo, int columns);

// Column 1 takes keys of this kind, else an error (42804). Returns its type.
Oid check_key_column(const ReturnSetInfo *result, KeyKind kind);

// A key as a value of a type that check_key_column let pass.
Datum key_datum(std::int64_t number, Oid type);
Datum key_datum(const UuidKey &key);
// Bytes of a state are not trusted to be text of the database's encoding (22021).
Datum key_datum(std::string_view text);

// Calls row(Datum key, const Value &value) for all keys in order, in a memory context that is
// emptied now and then. row may ereport.
template <class Value, class Row>
void each_row(const starhouse::exact::KeyMap<Value> &map, Oid type, Row row) {
  using Map = starhouse::exact::KeyMap<Value>;
  const typename Map::Numbers::Entry *numbers = nullptr;
  const typename Map::Uuids::Entry *uuids = nullptr;
  const typename Map::Texts::Entry *const *texts = nullptr;
  std::size_t count = 0;
  std::uint64_t collation = 0;
  // Lives in the caller's memory context, its destructor never runs.
  using TextList = std::pmr::vector<const typename Map::Texts::Entry *>;
  auto *list = static_cast<TextList *>(palloc(sizeof(TextList)));
  compute([&] {
    map.visit([&]<class Table>(const Table &table) {
      if constexpr (std::is_same_v<Table, typename Map::Texts>) {
        new (list) TextList(table.sorted());
        texts = list->data();
        count = list->size();
        collation = table.collation();
      } else if constexpr (std::is_same_v<Table, typename Map::Uuids>) {
        uuids = table.sorted().data();
        count = table.size();
      } else {
        numbers = table.sorted().data();
        count = table.size();
      }
    });
  });
  MemoryContext passing =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse rows", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(passing);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 1024 == 0) {
      CHECK_FOR_INTERRUPTS();
      MemoryContextReset(passing);
    }
    if (numbers != nullptr) {
      row(key_datum(starhouse::exact::from_table(numbers[i].key), type), numbers[i].value);
    } else if (uuids != nullptr) {
      row(key_datum(uuids[i].key), uuids[i].value);
    } else {
      row(key_datum(texts[i]->text(collation)), texts[i]->value);
    }
  }
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(passing);
}

} // namespace starhouse::pg::exact
