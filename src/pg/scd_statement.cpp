// The read statement of a merge: the events and the stored versions of their keys, in key order.
//
//   WITH event    -- feed: every row of the source; snapshot: the rows that differ from what is in
//   force
//      , member   -- their keys
//   SELECT versions of the members  UNION ALL  SELECT events  ORDER BY key
//
// A snapshot's unchanged rows end in the join: they are neither stored nor sorted.
#include "pg/scd.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace starhouse::pg::scd {

namespace {

// The type without length limit; of a domain the type below, because a domain may refuse NULL.
const char *plain_type(Oid type) {
  return format_type_extended(getBaseType(type), -1,
                              FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

struct Builder {
  const Dimension &dimension;
  const Source &source;
  const Options &options;
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
    for (int i = 0; i < dimension.count(); ++i) {
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

  void in_force(const char *alias) {
    if (dimension.current_flag != nullptr) {
      add("%s.%s", alias, dimension.current_flag);
    } else {
      add("%s.%s OPERATOR(pg_catalog.=) 'infinity'", alias, dimension.valid_to);
    }
  }

  void as_of() { add("TIMESTAMPTZ %s", quote_literal_cstr(timestamptz_to_str(options.as_of))); }

  // Current versions, or those of the past that were in force at as_of.
  void compared_versions(bool current) {
    add("SELECT x.%s AS f, x.%s AS t, true AS present", dimension.valid_from, dimension.valid_to);
    if (dimension.inferred_flag != nullptr) {
      add(", x.%s AS inferred", dimension.inferred_flag);
    } else {
      add(", false AS inferred");
    }
    for (int i = 0; i < dimension.count(); ++i) {
      add(", x.%s AS c%d", dimension.columns[i].quoted, i + 1);
    }
    add(" FROM %s AS x WHERE ", dimension.qualified);
    if (current) {
      in_force("x");
      return;
    }
    add("x.%s OPERATOR(pg_catalog.<=) ", dimension.valid_from);
    as_of();
    add(" AND x.%s OPERATOR(pg_catalog.>) ", dimension.valid_to);
    as_of();
    add(" AND x.%s OPERATOR(pg_catalog.<) 'infinity'", dimension.valid_to);
  }

  void differs(const char *left, const char *right, int i) {
    const Column &column = dimension.columns[i];
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

  // Rows of a snapshot that are not plainly what is in force. Where the current version is younger
  // than the row, or there is none, the whole history of the key decides.
  void candidates() {
    add("SELECT s.q, s.o, s.ot, ");
    names("s", dimension.count());
    add(" FROM (");
    source_rows();
    add(") AS s LEFT JOIN (");
    compared_versions(true);
    add(") AS d ON ");
    keys_equal("d", "s");
    // Few rows pass. Spelt as a comparison that says so: the planner would take the many ORs for
    // nearly all rows and then refuse a parallel plan.
    add(" WHERE CASE WHEN d.present IS NULL OR d.inferred OR s.o OPERATOR(pg_catalog.<>) "
        "0::pg_catalog.int2"
        " OR (s.q OPERATOR(pg_catalog.>=) d.f AND s.q OPERATOR(pg_catalog.<) d.t) IS NOT TRUE");
    for (int i = dimension.keys; i < dimension.count(); ++i) {
      add(" OR ");
      differs("d", "s", i);
    }
    add(" THEN 1 ELSE 0 END OPERATOR(pg_catalog.=) 1");
  }

  // Keys in force that the snapshot lacks. What starts at -infinity came from no feed (inferred and
  // unknown members) and is not missed.
  void missing(bool current) {
    add(" UNION ALL SELECT ");
    as_of();
    add(", %d::pg_catalog.int2, NULL", operation::missing);
    for (int i = 0; i < dimension.count(); ++i) {
      const Column &column = dimension.columns[i];
      if (i < dimension.keys) {
        add(", d.c%d", i + 1);
      } else {
        add(", CAST(NULL AS %s)", plain_type(column.type));
      }
    }
    add(" FROM (");
    compared_versions(current);
    add(") AS d WHERE d.f OPERATOR(pg_catalog.>) '-infinity' AND NOT EXISTS (SELECT FROM (");
    source_rows();
    add(") AS s WHERE ");
    keys_equal("s", "d");
    add(")");
  }

  void events() {
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
      names("s", dimension.count());
      add(" FROM (");
      source_rows();
      add(") AS s WHERE EXISTS (SELECT FROM candidate AS c WHERE ");
      keys_equal("c", "s");
      add(") UNION ALL SELECT c.* FROM candidate AS c WHERE ");
      for (int i = 0; i < dimension.keys; ++i) {
        add("%sc.c%d IS NULL", i > 0 ? " OR " : "", i + 1);
      }
    }
    if (options.close_missing) {
      missing(true);
      missing(false); // a snapshot that comes late
    }
  }

  void add_events(const char *from) {
    add("SELECT 1::pg_catalog.int2, CAST(NULL AS %s), e.q, CAST(NULL AS pg_catalog.timestamptz), "
        "e.o, e.ot, ",
        plain_type(dimension.surrogate.type));
    names("e", dimension.count());
    add(" FROM %s", from);
  }

  void order() {
    add(" ORDER BY ");
    for (int i = 0; i < dimension.keys; ++i) {
      add("%s%d", i > 0 ? ", " : "", at::columns + i + 1);
    }
  }

  void versions() {
    add("SELECT 0::pg_catalog.int2, d.* FROM member AS m CROSS JOIN LATERAL (SELECT x.%s, x.%s, "
        "x.%s, ",
        dimension.surrogate.quoted, dimension.valid_from, dimension.valid_to);
    if (dimension.inferred_flag != nullptr) {
      add("CASE WHEN x.%s THEN 1::pg_catalog.int2 ELSE 0::pg_catalog.int2 END",
          dimension.inferred_flag);
    } else {
      add("0::pg_catalog.int2");
    }
    add(", CAST(NULL AS pg_catalog.text)");
    for (int i = 0; i < dimension.count(); ++i) {
      add(", x.%s", dimension.columns[i].quoted);
    }
    add(" FROM %s AS x WHERE ", dimension.qualified);
    for (int i = 0; i < dimension.keys; ++i) {
      const Column &column = dimension.columns[i];
      add("x.%s %s m.c%d AND ", column.quoted, column.equality, i + 1);
    }
    // Says nothing new, but lets the planner use the index whose predicate is IS NOT NULL. OFFSET 0
    // keeps one index probe per key whatever the statistics say.
    add("x.%s OPERATOR(pg_catalog.>=) '-infinity'%s) AS d", dimension.valid_from,
        dimension.key_indexed ? " OFFSET 0" : "");
  }
};

} // namespace

const char *first_read_statement(const Dimension &dimension, const Source &source,
                                 const Options &options) {
  Builder b{dimension, source, options, {}};
  initStringInfo(&b.text);
  b.add_events("(");
  b.source_rows();
  b.add(") AS e");
  // One row per key, known beforehand: the order does not matter.
  if (options.mode != Mode::snapshot || !source.unique_key) {
    b.order();
  }
  return b.text.data;
}

const char *read_statement(const Dimension &dimension, const Source &source,
                           const Options &options) {
  Builder b{dimension, source, options, {}};
  initStringInfo(&b.text);
  b.add("WITH ");
  if (options.mode == Mode::snapshot && !source.unique_key) {
    b.add("candidate AS MATERIALIZED (");
    b.candidates();
    b.add("), ");
  }
  b.add("event AS MATERIALIZED (");
  b.events();
  b.add("), member AS (SELECT DISTINCT ");
  b.names("e", dimension.keys);
  b.add(" FROM event AS e WHERE ");
  for (int i = 0; i < dimension.keys; ++i) {
    b.add("%se.c%d IS NOT NULL", i > 0 ? " AND " : "", i + 1);
  }
  b.add(") ");
  b.versions();
  b.add(" UNION ALL ");
  b.add_events("event AS e");
  b.order();
  return b.text.data;
}

} // namespace starhouse::pg::scd
