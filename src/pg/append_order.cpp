// Rows in the order of the unique key: key by key is looked up and put in next to the one before.
#include "pg/append.hpp"

#include <algorithm>
#include <iterator>

extern "C" {
#include "utils/builtins.h"
}

namespace starhouse::pg::append {

namespace {

struct Unsorted {
  Oid facts[32];
  int next;
};
Unsorted unsorted = {{InvalidOid}, 0};

} // namespace

bool is_unsorted(Oid fact) {
  return std::find(std::begin(unsorted.facts), std::end(unsorted.facts), fact) !=
         std::end(unsorted.facts);
}

void note_unsorted(Oid fact) {
  if (!is_unsorted(fact)) {
    unsorted.facts[unsorted.next] = fact;
    unsorted.next = (unsorted.next + 1) % static_cast<int>(std::size(unsorted.facts));
  }
}

const char *sorted_query(const Target *target, const char *query, const CachedPlanSource *parsed,
                         const AttrMap *map) {
  constexpr const char *place = "starhouse_place";
  const auto *first = linitial_node(Query, parsed->query_list);
  if (target->unique_column_count == 0 || list_length(parsed->query_list) != 1 ||
      first->commandType != CMD_SELECT || first->hasModifyingCTE || first->sortClause != NIL ||
      first->rowMarks != NIL || std::strchr(query, ';') != nullptr) {
    return nullptr;
  }
  StringInfoData columns;
  initStringInfo(&columns);
  for (int i = 0; i < parsed->resultDesc->natts; ++i) {
    const char *name = NameStr(TupleDescAttr(parsed->resultDesc, i)->attname);
    if (std::strcmp(name, place) == 0) {
      return nullptr;
    }
    appendStringInfo(&columns, "%sq.%s", i == 0 ? "" : ", ", quote_identifier(name));
  }
  StringInfoData sorted;
  initStringInfo(&sorted);
  // The query may end with a remark.
  appendStringInfo(
      &sorted,
      "SELECT %s FROM (SELECT q.*, pg_catalog.row_number() OVER () AS %s FROM (%s\n) q) "
      "q ORDER BY ",
      columns.data, place, query);
  for (int i = 0; i < target->unique_column_count; ++i) {
    const AttrNumber given = map->attnums[target->unique_columns[i] - 1];
    if (given == 0) {
      return nullptr;
    }
    appendStringInfo(
        &sorted, "q.%s, ",
        quote_identifier(NameStr(TupleDescAttr(parsed->resultDesc, given - 1)->attname)));
  }
  appendStringInfo(&sorted, "q.%s", place);
  return sorted.data;
}

} // namespace starhouse::pg::append
