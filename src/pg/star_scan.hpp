// The star scan as a node of plans: one table, tested, read in columns and aggregated in one go
// (src/core/scan), instead of the executor's scan and aggregation row by row.
//
//   star_scan_plan.cpp     offers it to the planner for queries it can answer
//   star_scan_compile.cpp  from the query's expressions to what the core runs; the one place that
//                          says what is covered: planner and executor both ask it
//   star_scan_own.cpp      starhouse's own aggregates among them
//   star_scan_pages.cpp    the visible rows of a page
//   star_scan_exec.cpp     the node (star_scan_exec.hpp says what else belongs to it)
//
// Whatever is not known to give the executor's answer is not covered, and the executor answers.
#pragma once

#include "pg/postgres.hpp"

#include "core/scan/dimension.hpp"
#include "core/scan/scan.hpp"

extern "C" {
#include "access/relscan.h"
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "pgtime.h"
#include "utils/snapshot.h"
}

namespace starhouse::pg::star_scan {

extern bool enabled;

// At the load of the library.
void install();

// A question as the planner has it, and as a plan brings it to the executor. All expressions but
// keys of dimensions and `takes` see one table's columns, as Vars of `table`.
struct Question {
  Index table;
  List *quals;       // all have to hold
  List *joins;       // JoinQuestions
  List *keys;        // GROUP BY
  List *key_joins;   // of each key: the number of the join it comes from, or -1
  List *key_places;  // and which of its groups it is
  List *takes;       // expressions of dimensions within keys, arguments and filters,
  List *take_joins;  // the number of the join of each
  List *take_places; // and which of its groups it is
  List *aggregates;  // Aggrefs
  List *arguments;   // of these: an expression, a list of several, or null
  List *filters;     // of these: an expression, or null
};

struct JoinQuestion {
  int keyed; // of its groups, the first ones: what is grouped by
  List *facts;
  List *operators;
  List *collations;
  List *types;
  scan::JoinKind kind;
  List *outers; // what the dimension's groups are of a row without a partner, and the condition
  bool has_condition; // above the join, behind the groups
  List *limits;       // conditions on the fact: where one does not hold a row has no partner
};

struct ColumnPlan {
  AttrNumber attribute;
  Oid type; // no domain
  scan::Storage storage;
};

// How values of a type are compared.
enum class Domain : uint8 { none, integer, floating, bytes, numeric };

struct TestPlan {
  // `constant` is the same for all rows.
  enum class Kind : uint8 {
    is_null,
    not_null,
    compare,
    one_of,
    none_of,
    like,
    not_like,
    all,
    any,
    constant
  };

  Kind kind;
  Domain domain;
  uint32 column;
  int strategy;     // of a comparison: that of btree, or 0 for <>
  Expr *operand;    // the other side
  Oid operand_type; // of it, or of its elements
  ExprState *state; // to evaluate it
  List *parts;      // TestPlans
};

struct StepPlan {
  scan::Step step;
  Expr *operand; // a constant's value
  Oid operand_type;
  ExprState *state;
};

constexpr int most_computed_from = 16;

// What the executor works out, row by row, of some columns: a column of steps, or a condition.
struct ComputedPlan {
  Expr *expr;
  Oid type;
  uint32 column; // of a step's
  List *columns; // numbers of those it is made of: of `columns`, or of `tested` for a condition
  List *takes;   // and of those of dimensions
  ExprState *state;
  struct Memo *memo; // what it said of values lately
};

// What steps and the executor's expressions take of a dimension: a group's value of it. In
// expressions it is a column, by its number, of a row beside the fact's (INNER_VAR).
struct TakePlan {
  int join;
  int place; // among what that is grouped by
  Oid type;
  int32 modifier;
  Oid collation;
};

// A step that needs a clock of each row's zone (star_scan_zones.cpp).
struct ZonePlan {
  int step;
  int take;                  // the zone's name
  scan::LocalClock **clocks; // by the dimension's number
  Size room;
};

struct JoinPlan {
  int keyed;
  scan::JoinKind kind;
  List *outers; // Exprs, and
  List *states; // ExprStates of them
  bool has_condition;
  List *tests;    // TestPlans over those tested, and
  List *computed; // ComputedPlans: all have to hold for a partner
  int width;
  uint32 *columns; // of those joined by
  Oid *types;      // the dimension's side
  bool *bytes;     // whether these are bytes
};

struct KeyPlan {
  Oid type;
  int number;  // of the core's key
  int join;    // the dimension it comes from, or -1
  int place;   // among what that is grouped by
  Expr *shown; // what makes the value to show of the source's, a CaseTestExpr; null: the key itself
  Oid source_type;
  ExprState *state;
  bool cell_text; // a geohash cell is the key, its text is shown
};

struct OwnPlan; // star_scan_own.hpp

struct AggregatePlan {
  enum class Result : uint8 {
    count,
    integer,
    floating,
    wide,
    average,
    wide_average,
    numeric,
    numeric_average,
    bytes,
    own // by what `own` says
  };

  scan::Aggregate aggregate;
  Result result;
  Oid type;
  const OwnPlan *own;
};

// What a question becomes. Lists of pointers to the above.
struct Compiled {
  List *tested;  // ColumnPlans
  List *tests;   // TestPlans over these
  List *joined;  // ColumnPlans
  List *joins;   // JoinPlans over these
  List *columns; // ColumnPlans
  List *steps;
  List *filters;    // TestPlans over columns
  List *cases;      // TestPlans over columns: those of CASE
  bool may_fail;    // a value that a test compares with
  List *conditions; // ComputedPlans over tested: all have to hold, in this order
  List *limits;     // ComputedPlans of joins, over tested
  List *computed;   // ComputedPlans over columns
  List *takes;      // TakePlans
  List *zones;      // ZonePlans
  List *keys;       // KeyPlans
  List *core_keys;  // scan::Keys
  List *aggregates;
  uint32 state_bytes;
  List *distinct; // expressions of which different values are counted
  List *own;      // Knowns whose states refer to memory that grows with their rows
};

// Null where something of it is not covered. In the current context.
Compiled *compile(const Question &question);

// Whether a key is of a dimension: each process numbers its values for itself.
bool groups_by_dimension(const Compiled *compiled);

// The values of tests, steps and keys, by the expressions' states, which init_expressions() makes.
void init_expressions(Compiled *compiled, PlanState *parent);

// How the columns lie in a table: the one that the question is about, whose shape is `asked`, or a
// partition of it. In the current context.
scan::Shape shape_of(const Compiled *compiled, TupleDesc asked, TupleDesc table);

// Whether no row of a partition, whose columns lie so, can pass the program's tests.
bool is_ruled_out(const scan::Program &program, const scan::Shape &shape, Relation table);

// The core's program, with operands as they are now, without its shape and dimensions. In the
// current context. `no_row`: there is none, and no operand is asked for.
scan::Program program_of(const Compiled *compiled, ExprContext *context, bool no_row);
// Of a join's tests.
std::span<const scan::Test> limits_of(const JoinPlan *join, ExprContext *context);

// Dimensions (star_scan_dimensions.cpp)
// ---------------------------------------------------------------------------------------------

struct GroupValues;

// Which rows of a dimension are there at a time where not all of them have room: those whose values
// to group by, and whose key, have a hash in these parts.
struct DimensionCut {
  scan::Part values;
  scan::Part keys;
};

// A dimension of a run, made of the rows of a plan. `values` have all that are in the cut's part of
// values, whatever their keys.
struct DimensionRows {
  scan::Dimension *dimension;
  GroupValues *values; // what is grouped by, by the dimension's number; null: none known yet
  MemoryContext key_memory;
  MemoryContext value_memory;
};

// Whether there was room for them, and for what not. It depends on the rows alone, not on their
// order.
enum class Room : uint8 { enough, too_many_keys, too_many_values };

// The rows of `rows` that are in the cut, whose `groups` columns behind the join's are grouped by.
// The current memory context has to be the plan's.
Room read_dimension(const JoinPlan *join, PlanState *rows, int groups, const DimensionCut &cut,
                    DimensionRows *result);

// The number of what a fact's row without a partner is grouped by, where it is in the cut;
// Dimension::dropped where it is not.
uint32 outer_number(const JoinPlan *join, ExprContext *context, const DimensionCut &cut,
                    DimensionRows *result);

// The rows of a plan that scans one table with conditions that the core knows (star_scan_rows.cpp);
// null where it does anything else. In the current context, which stays; next_tested() is null
// after the last row, and leaves what a row takes in the plan's own memory.
struct TestedRows;
TestedRows *test_rows(PlanState *plan);
TupleTableSlot *next_tested(TestedRows *rows);
void end_tested(TestedRows *rows);

// By the number: hashes of what is grouped by, and the first number of what is grouped by the same;
// null where each is its own.
const std::uint32_t *const *hashes_of(const GroupValues *values);
const std::uint32_t *const *grouped_of(const GroupValues *values);
Datum group_value(const GroupValues *values, std::size_t number, int place, bool *null);

// None yet, in the current context, of columns of these types. The first `keyed` of them are what
// is grouped by; of values that are equal in these, where `by_keyed`, the first one's others count.
GroupValues *new_values(const Oid *types, const Oid *collations, int width, int keyed,
                        bool by_keyed);

// Some of them from process to process: what they take, written at *to, and read from *from as
// numbers among one's own. read_values() leaves what it takes in the current context.
Size size_of_values(const GroupValues *values, std::span<const std::uint32_t> numbers);
void write_values(const GroupValues *values, std::span<const std::uint32_t> numbers, char **to);
void read_values(GroupValues *values, uint32 count, char **from, MemoryContext own,
                 std::uint32_t *numbers);

// All of them for other processes, which read them where they lie, aligned to eight bytes:
// lend_values() into new_values(), which then take no others but one of outer_number(). What they
// take of their own is in the current context.
Size size_of_image(const GroupValues *values);
void write_image(const GroupValues *values, char *to);
void lend_values(GroupValues *values, const char *image);

// None yet, of the columns of such rows that are grouped by, in the result's memory.
void begin_values(PlanState *rows, const JoinPlan *join, int groups, DimensionRows *result);

int64 word_of(Oid type, Datum value);
// A copy in the current context.
std::string_view bytes_of(Oid type, Datum value);

// A word of a column or key as a value of its type.
Datum datum_of_word(Oid type, int64 word);

// Pages
// ---------------------------------------------------------------------------------------------

struct PageReader {
  Relation table;
  Snapshot snapshot;
  BufferAccessStrategy strategy;
  BlockNumber blocks;
  bool check_serializable;
  Buffer buffer; // pinned while its rows are used
  Buffer ahead;  // pinned for the block that comes next; InvalidBuffer: none
  BlockNumber ahead_block;
  // What of that was not asked for yet: from fetch_end up to here. Downwards, as rows come.
  const char *to_fetch;
  const char *fetch_end;
  Buffer last_buffer;
  uint32 last_count; // rows of the page before
  scan::RowBounds bounds;
  uint32 wrong_guesses; // in a row, of where a block is
  uint64 pages_fast;
  uint64 pages_slow;
};

void open_pages(PageReader *reader, Relation table, Snapshot snapshot);

// The rows of a page that the snapshot sees, at most MaxHeapTuplesPerPage; where `rows` is null
// they are only counted. The page stays pinned until close_page(). `next`, if it is a block, is
// what will be read after it: it is pinned as well, and on its way to the processor the while.
uint32 read_page(PageReader *reader, BlockNumber block, BlockNumber next, scan::Row *rows);
void close_page(PageReader *reader);
// The page that was to come next, too.
void close_pages(PageReader *reader);

// Asks for some lines of the next page. A few at a time, between work on this one: the processor
// has room for so many that are on their way, and waits where there are more.
constexpr Size fetched_line = 64;
inline void fetch_ahead(PageReader *reader, Size lines) {
  for (; lines > 0 && reader->to_fetch > reader->fetch_end; --lines) {
    reader->to_fetch -= fetched_line;
    __builtin_prefetch(reader->to_fetch);
  }
}

// A time zone, the session's own among them.
scan::Zone zone_of(pg_tz *zone);

} // namespace starhouse::pg::star_scan
