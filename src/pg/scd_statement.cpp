// The read statement of a merge: the events and the stored versions of their keys, in key order.
//
//   WITH event    -- feed: every row of the source; snapshot: the rows that differ from what is in
//   force
//      , member   -- their keys
//   SELECT versions of the members  UNION ALL  SELECT what is remembered of them
//   UNION ALL  SELECT events  ORDER BY key
//
// A snapshot's unchanged rows end in the join: they are neither stored nor sorted.
//
// Portably, the source and the versions in force are common table expressions of their own, so that
// a distributed table is never joined but to the keys: no outer or anti join sees it, no LATERAL.
#include "pg/scd_compare.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace starhouse::pg::scd {

namespace {

struct Builder {
  const Dimension &dimension;
  const Source &source;
  const Options &options;
  const Differences *found; // nullptr: a join finds them
  StringInfoData text;

  void add(const char *format, ...) pg_attribute_printf(2, 3) {
    for (;;) {
      va_list arguments;
      va_start(arguments, format);
      const int needed = appendStringInfoVA(&text, format, arguments);
      va_end(arguments);
      if (needed == 0) {
        return;
      }
      enlargeStringInfo(&text, needed);
    }
  }

  // Columns under the names c1, c2, ...: names of the user's cannot clash with ours.
  void source_columns() {
    add("%s AS q, CAST(%s AS pg_catalog.int2) AS o, %s AS ot", source.sequence, source.operation,
        source.op_text);
    for (int i = 0; i < dimension.event_columns(); ++i) {
      add(", %s AS c%d", dimension.columns[i].source_value, i + 1);
    }
  }

  void names(const char *alias, int count) {
    for (int i = 0; i < count; ++i) {
      add("%s%s.c%d", i > 0 ? ", " : "", alias, i + 1);
    }
  }

  void keys_equal(const char *left, const char *right) {
    for (int i = 0; i < dimension.keys; ++i) {
      add("%s%s.c%d %s %s.c%d", i > 0 ? " AND " : "", left, i + 1, dimension.columns[i].equality,
          right, i + 1);
    }
  }

  void in_force() {
    if (dimension.current_flag != nullptr) {
      add("x.%s", dimension.current_flag);
    } else {
      add("%s", dimension.open_condition);
    }
  }

  void as_of() { add("TIMESTAMPTZ %s", quote_literal_cstr(timestamptz_to_str(options.as_of))); }

  bool late_snapshot() const {
    return options.close_missing && options.as_of < dimension.watermark;
  }

  // Current versions, or those of the past that were in force at as_of.
  void compared_versions(bool current) {
    add("SELECT %s AS f, %s AS t, true AS present, %s%s AS inferred, %s%s AS deleted",
        dimension.read_from, dimension.read_to, dimension.inferred_flag != nullptr ? "x." : "",
        dimension.inferred_flag != nullptr ? dimension.inferred_flag : "false",
        dimension.deleted_flag != nullptr ? "x." : "",
        dimension.deleted_flag != nullptr ? dimension.deleted_flag : "false");
    for (int i = 0; i < dimension.count(); ++i) {
      add(", x.%s AS c%d", dimension.columns[i].quoted, i + 1);
    }
    add(" FROM %s AS x WHERE ", dimension.qualified);
    if (current) {
      in_force();
      return;
    }
    add("%s OPERATOR(pg_catalog.<=) ", dimension.read_from);
    as_of();
    add(" AND %s OPERATOR(pg_catalog.>) ", dimension.read_to);
    as_of();
    add(" AND %s OPERATOR(pg_catalog.<) 'infinity'", dimension.read_to);
  }

  void versions_at(bool current) {
    if (dimension.portable) {
      add("%s", current ? "in_force" : "in_force_then");
      return;
    }
    add("(");
    compared_versions(current);
    add(")");
  }

  // Whether the source says another value than is in force. Where NULL says nothing, it does not.
  void differs(const char *left, const char *right, int i) {
    const Column &column = dimension.columns[i];
    if (dimension.ignore_nulls) {
      add("(%s.c%d IS NOT NULL AND (%s.c%d %s %s.c%d) IS NOT TRUE)", right, i + 1, left, i + 1,
          column.equality, right, i + 1);
      return;
    }
    if (column.built_in_equality) {
      add("%s.c%d IS DISTINCT FROM %s.c%d", left, i + 1, right, i + 1);
    } else {
      add("((%s.c%d %s %s.c%d) IS NOT TRUE AND (%s.c%d IS NOT NULL OR %s.c%d IS NOT NULL))", left,
          i + 1, column.equality, right, i + 1, left, i + 1, right, i + 1);
    }
  }

  void source_rows() {
    add("SELECT ");
    source_columns();
    add(" FROM %s AS s", source.qualified);
  }

  void incoming() {
    if (dimension.portable) {
      add("incoming");
      return;
    }
    add("(");
    source_rows();
    add(")");
  }

  // What a portable snapshot is made of.
  void ingredients() {
    add("incoming AS MATERIALIZED (");
    source_rows();
    add("), in_force AS MATERIALIZED (");
    compared_versions(true);
    add("), ");
    if (late_snapshot()) {
      add("in_force_then AS MATERIALIZED (");
      compared_versions(false);
      add("), ");
    }
  }

  // Rows of a snapshot that are not plainly what is in force. Where the current version is younger
  // than the row, or there is none, the whole history of the key decides.
  void candidates() {
    if (joins_missing()) {
      add("SELECT CASE WHEN s.here IS NULL THEN ");
      as_of();
      add(" ELSE s.q END AS q, CASE WHEN s.here IS NULL THEN %d::pg_catalog.int2 ELSE s.o END AS "
          "o, "
          "s.ot",
          operation::missing);
      for (int i = 0; i < dimension.event_columns(); ++i) {
        if (i < dimension.keys) {
          add(", coalesce(s.c%d, d.c%d) AS c%d", i + 1, i + 1, i + 1);
        } else {
          add(", s.c%d", i + 1);
        }
      }
      add(" FROM (SELECT true AS here, r.* FROM ");
      incoming();
      add(" AS r) AS s FULL JOIN ");
    } else {
      add("SELECT s.q, s.o, s.ot, ");
      names("s", dimension.event_columns());
      add(" FROM ");
      incoming();
      add(" AS s LEFT JOIN ");
    }
    versions_at(true);
    add(" AS d ON ");
    keys_equal("d", "s");
    // Few rows pass. Spelt as a comparison that says so: the planner would take the many ORs for
    // nearly all rows and then refuse a parallel plan.
    add(" WHERE CASE ");
    if (joins_missing()) {
      add("WHEN s.here IS NULL THEN CASE WHEN d.f OPERATOR(pg_catalog.>) '-infinity' AND NOT "
          "d.deleted THEN 1 ELSE 0 END ");
    }
    add("WHEN d.present IS NULL OR d.inferred OR d.deleted OR s.o OPERATOR(pg_catalog.<>) "
        "0::pg_catalog.int2"
        " OR (s.q OPERATOR(pg_catalog.>=) d.f AND s.q OPERATOR(pg_catalog.<) d.t) IS NOT TRUE");
    for (int i = dimension.keys; i < dimension.event_columns(); ++i) {
      if (compared(dimension, i)) {
        add(" OR ");
        differs("d", "s", i);
      }
    }
    add(" THEN 1 ELSE 0 END OPERATOR(pg_catalog.=) 1");
  }

  // Whether the one join with the versions in force also finds the keys that the snapshot lacks.
  bool joins_missing() const { return options.close_missing && !dimension.portable; }

  // Keys in force that the snapshot lacks: at the time of a snapshot that comes late, or, portably,
  // now. What starts at -infinity came from no feed (inferred and unknown members) and is not
  // missed.
  void missing_versions(bool current) {
    add(" UNION ALL SELECT ");
    as_of();
    add(", %d::pg_catalog.int2, NULL", operation::missing);
    for (int i = 0; i < dimension.event_columns(); ++i) {
      if (i < dimension.keys) {
        add(", d.c%d", i + 1);
      } else {
        add(", %s", null_of(dimension.columns[i].type));
      }
    }
    add(" FROM ");
    versions_at(current);
    add(" AS d WHERE d.f OPERATOR(pg_catalog.>) '-infinity' AND NOT d.deleted");
    lacked();
  }

  // AND NOT EXISTS (a row of the source with this key)
  void lacked() {
    add(" AND NOT EXISTS (SELECT FROM ");
    incoming();
    add(" AS s WHERE ");
    keys_equal("s", "d");
    add(")");
  }

  // What the comparison in order left.
  void differences() {
    add("SELECT ");
    source_columns();
    add(" FROM %s AS s UNION ALL SELECT ", found->candidates.name);
    as_of();
    add(", %d::pg_catalog.int2, NULL", operation::missing);
    for (int i = 0; i < dimension.event_columns(); ++i) {
      if (i < dimension.keys) {
        add(", m.c%d", i + 1);
      } else {
        add(", %s", null_of(dimension.columns[i].type));
      }
    }
    add(" FROM %s AS m", found->missing.name);
  }

  void events() {
    if (found != nullptr) {
      differences();
      return;
    }
    if (options.mode == Mode::feed) {
      source_rows();
      return;
    }
    if (source.unique_key) {
      candidates();
    } else {
      // Two rows of one key may contradict each other although one of them is what is in force:
      // with one row of a key, all its rows are read.
      add("SELECT s.q, s.o, s.ot, ");
      names("s", dimension.event_columns());
      add(" FROM ");
      incoming();
      add(" AS s WHERE EXISTS (SELECT FROM candidate AS c WHERE ");
      keys_equal("c", "s");
      add(") UNION ALL SELECT c.* FROM candidate AS c WHERE ");
      for (int i = 0; i < dimension.keys; ++i) {
        add("%sc.c%d IS NULL", i > 0 ? " OR " : "", i + 1);
      }
      if (joins_missing()) {
        add(" OR c.o OPERATOR(pg_catalog.=) %d::pg_catalog.int2", operation::missing);
      }
    }
    if (options.close_missing) {
      if (dimension.portable) {
        missing_versions(true);
      }
      if (late_snapshot()) {
        missing_versions(false);
      }
    }
  }

  void nulls(int first, int last) {
    for (int i = first; i < last; ++i) {
      add(", %s", null_of(dimension.columns[i].type));
    }
  }

  void add_events(const char *from) {
    add("SELECT %d::pg_catalog.int2, %s, e.q, CAST(NULL AS pg_catalog.timestamptz), e.o, e.ot, ",
        kind::event, null_of(dimension.surrogate.type));
    names("e", dimension.event_columns());
    nulls(dimension.event_columns(), dimension.count());
    add(" FROM %s", from);
  }

  // What is remembered of the members: a mask of the columns that were given, or the column of a
  // previous value, as text.
  void memories() {
    add("SELECT %d::pg_catalog.int2, %s, g.sequence, CAST(NULL AS pg_catalog.timestamptz), "
        "(pg_catalog.strpos('%s', g.kind::pg_catalog.text) OPERATOR(pg_catalog.-) 1)"
        "::pg_catalog.int2, CASE WHEN g.kind OPERATOR(pg_catalog.=) 'p'::\"char\" THEN g.given[1]"
        " WHEN g.given IS NOT NULL THEN ",
        kind::memory, null_of(dimension.surrogate.type), memory::letters);
    for (int i = dimension.keys; i < dimension.event_columns(); ++i) {
      add("%sCASE WHEN %s OPERATOR(pg_catalog.=) ANY (g.given) THEN '1' ELSE '0' END",
          i > dimension.keys ? " OPERATOR(pg_catalog.||) " : "",
          quote_literal_cstr(dimension.columns[i].name));
    }
    if (dimension.event_columns() == dimension.keys) {
      add("''");
    }
    add(" END");
    for (int i = 0; i < dimension.keys; ++i) {
      add(", m.c%d", i + 1);
    }
    nulls(dimension.keys, dimension.count());
    const char *alias = dimension.portable ? "g" : "y";
    add(dimension.portable ? " FROM member AS m JOIN %s AS g ON "
                           : " FROM member AS m JOIN LATERAL (SELECT * FROM %s AS y WHERE ",
        dimension.memory);
    for (int i = 0; i < dimension.keys; ++i) {
      add("%s%s.key_%d %s m.c%d", i > 0 ? " AND " : "", alias, i + 1, dimension.columns[i].equality,
          i + 1);
    }
    if (!dimension.portable) {
      add(" OFFSET 0) AS g ON true");
    }
  }

  void order() {
    add(" ORDER BY ");
    for (int i = 0; i < dimension.keys; ++i) {
      add("%s%d", i > 0 ? ", " : "", at::columns + i + 1);
    }
  }

  void versions() {
    if (dimension.portable) {
      add("SELECT %d::pg_catalog.int2, ", kind::version);
    } else {
      add("SELECT %d::pg_catalog.int2, d.* FROM member AS m CROSS JOIN LATERAL (SELECT ",
          kind::version);
    }
    add("x.%s, %s, %s, (CASE WHEN %s%s THEN 1 ELSE 0 END OPERATOR(pg_catalog.+) CASE WHEN %s%s "
        "THEN 2 ELSE 0 END)"
        "::pg_catalog.int2, CAST(NULL AS pg_catalog.text)",
        dimension.surrogate.quoted, dimension.read_from, dimension.read_to,
        dimension.inferred_flag != nullptr ? "x." : "",
        dimension.inferred_flag != nullptr ? dimension.inferred_flag : "false",
        dimension.deleted_flag != nullptr ? "x." : "",
        dimension.deleted_flag != nullptr ? dimension.deleted_flag : "false");
    for (int i = 0; i < dimension.count(); ++i) {
      add(", x.%s", dimension.columns[i].quoted);
    }
    add(dimension.portable ? " FROM member AS m JOIN %s AS x ON " : " FROM %s AS x WHERE ",
        dimension.qualified);
    for (int i = 0; i < dimension.keys; ++i) {
      const Column &column = dimension.columns[i];
      add("x.%s %s m.c%d AND ", column.quoted, column.equality, i + 1);
    }
    // Says nothing new, but lets the planner use the index whose predicate is IS NOT NULL. OFFSET 0
    // keeps one index probe per key whatever the statistics say.
    add("x.%s OPERATOR(pg_catalog.>=) %s", dimension.valid_from, dimension.lowest);
    if (!dimension.portable) {
      add("%s) AS d", dimension.key_indexed ? " OFFSET 0" : "");
    }
  }
};

} // namespace

bool compared(const Dimension &dimension, int i) {
  const Column &column = dimension.columns[i];
  const int type0 = dimension.keys + dimension.type2 + dimension.type1;
  return !column.missing && (i < type0 || i >= type0 + dimension.type0) &&
         column.source_name == column.name;
}

const char *first_read_statement(const Dimension &dimension, const Source &source,
                                 const Options &options) {
  Builder b{dimension, source, options, nullptr, {}};
  initStringInfo(&b.text);
  b.add_events("(");
  b.source_rows();
  b.add(") AS e");
  // One row per key, known beforehand: the order does not matter.
  if (!source.unique_key) {
    b.order();
  }
  return b.text.data;
}

const char *read_statement(const Dimension &dimension, const Source &source, const Options &options,
                           const Differences *found) {
  Builder b{dimension, source, options, found, {}};
  initStringInfo(&b.text);
  b.add("WITH ");
  if (options.mode == Mode::snapshot && dimension.portable) {
    b.ingredients();
  }
  if (options.mode == Mode::snapshot && !source.unique_key && found == nullptr) {
    b.add("candidate AS MATERIALIZED (");
    b.candidates();
    b.add("), ");
  }
  b.add("event AS MATERIALIZED (");
  b.events();
  b.add("), member AS %s(SELECT DISTINCT ", dimension.portable ? "MATERIALIZED " : "");
  b.names("e", dimension.keys);
  b.add(" FROM event AS e WHERE ");
  for (int i = 0; i < dimension.keys; ++i) {
    b.add("%se.c%d IS NOT NULL", i > 0 ? " AND " : "", i + 1);
  }
  b.add(") ");
  b.versions();
  if (dimension.memory != nullptr) {
    b.add(" UNION ALL ");
    b.memories();
  }
  b.add(" UNION ALL ");
  b.add_events("event AS e");
  b.order();
  return b.text.data;
}

} // namespace starhouse::pg::scd
