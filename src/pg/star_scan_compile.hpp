// The compiler of star scans' questions (star_scan.hpp: compile()): columns and tests in
// star_scan_compile.cpp, keys and aggregates in star_scan_compile_terms.cpp, their arguments in
// star_scan_compile_numbers.cpp, starhouse's own aggregates in star_scan_own.cpp.
#pragma once

#include "pg/star_scan.hpp"
#include "pg/star_scan_own.hpp"

namespace starhouse::pg::star_scan {

// Whether there are columns of a type, none of them a domain; how they lie in a row and compare.
bool storage_of(Oid type, scan::Storage *storage, Domain *domain);

// Without what changes a value's type and not its bytes: varchar to text, a domain to its base.
Expr *bare(Expr *expr);
Oid base_type(const Expr *expr);

// Whether words or bytes of both compare as the values do.
bool comparable(Oid column, Oid operand);
// The operator's strategy in the order of the type, or 0 for its <>.
bool strategy_of(Oid operation, Oid type, int *strategy);
// The operator by which an index's operator family has a strategy, if it is the type's own one: a
// family may have an order of its own. Otherwise invalid.
Oid own_operator(Oid family, Oid type, int strategy);

// Until all columns are known, a step's column has a number from here on, and a join's.
constexpr uint32 first_step = 1U << 16U;
constexpr uint32 first_join = 1U << 17U;

// Whether it has one value for all rows.
bool is_operand(Expr *expr);
// Whether an error may come of it (star_scan_failing.cpp): then it must not be asked for where the
// executor does not. Times past the year 290000 are not thought of.
bool may_fail_once(Expr *operand);
bool may_fail_once(const TestPlan *test);
bool deterministic(Oid collation);

class Compiler {
public:
  explicit Compiler(const Question &question) : question_(question) {
    compiled_ = static_cast<Compiled *>(palloc0(sizeof(Compiled)));
  }

  Compiled *run();

private:
  // Dates and times in microseconds, or in days.
  struct Time {
    uint32 column;
    bool of_date;
    bool of_zone;
    bool in_days;
    bool zoned; // local times, of a zone of each row
  };

  void compile_takes();
  int take_of(const Expr *expr) const;
  bool compile_column(Expr *expr, List **columns, uint32 *number, Domain *domain);
  ComputedPlan *compute_of(Expr *expr, List **columns);
  bool compute_column(Expr *expr, uint32 *number, Domain *domain);
  StepPlan *add_step(scan::Step::Operation operation, uint32 left, uint32 right, uint32 *out);
  void number_steps();
  bool compile_condition(Expr *condition, List **tests, List **computed);
  TestPlan *compile_test(Expr *expr, List **columns);
  TestPlan *compile_boolean(Expr *expr, bool value, List **columns);
  TestPlan *compile_boolean_test(const BooleanTest *boolean, List **columns);
  bool compile_operand(TestPlan *test, Oid operation, Oid collation, Expr *column, Expr *operand,
                       Oid operand_type, List **columns);
  TestPlan *compile_comparison(Oid operation, Oid collation, Expr *column, Expr *operand,
                               List **columns);
  TestPlan *compile_list(const ScalarArrayOpExpr *list, List **columns);
  bool compile_join(const JoinQuestion *question);
  bool compile_key(int index);
  bool compile_own_key(Expr *expr, KeyPlan *key, scan::Key *core);
  bool compile_cell_key(const FuncExpr *call, KeyPlan *key, scan::Key *core);
  bool compile_zoned(Expr *expr, uint32 *number);
  bool compile_time(Expr *expr, Time *time);
  bool compile_time_key(Expr *expr, KeyPlan *key, scan::Key *core);
  bool compile_number(Expr *expr, uint32 *number, Domain *domain, bool *may_fail);
  bool compile_power(const List *arguments, uint32 *number, Domain *domain, bool *may_fail);
  bool compile_seconds(const List *arguments, uint32 *number, Domain *domain, bool *may_fail);
  bool compile_extreme(const MinMaxExpr *expr, uint32 *number, Domain *domain, bool *may_fail);
  bool compile_decimal(Expr *expr, uint32 *number);
  bool compile_case(const CaseExpr *expr, uint32 *number, Domain *domain);
  bool compile_coalesce(const CoalesceExpr *expr, uint32 *number, Domain *domain, bool *may_fail);
  TestPlan *compile_like(const OpExpr *like, List **columns);
  bool compile_distinct(const Aggref *aggregate, Expr *argument, scan::Aggregate *own,
                        bool *may_fail);
  bool compile_own(const Aggref *aggregate, Node *arguments, AggregatePlan *plan, bool *may_fail);
  bool compile_own_column(OwnColumn kind, Expr *argument, Oid collation, uint32 *number,
                          bool *may_fail);
  bool compile_known(const Aggref *aggregate, Expr *argument, scan::Aggregate *own, bool *may_fail);
  bool compile_arguments(const Aggref *aggregate, Node *arguments, AggregatePlan *plan,
                         bool *may_fail);
  bool compile_filtered(const Aggref *aggregate, Node *arguments, Expr *filter,
                        AggregatePlan *plan);
  bool compile_aggregate(int index);

  // How far it has come, to go back to where something is not covered.
  struct Place {
    int columns;
    int steps;
    int filters;
    int cases;
    int computed;
    int distinct;
    int zones;
    int own;
  };
  Place place() const;
  void go_back(const Place &place);

  const Question &question_;
  // With what is taken of dimensions as columns of INNER_VAR.
  List *keys_ = NIL;
  List *arguments_ = NIL;
  List *filters_ = NIL;
  Compiled *compiled_;
};

} // namespace starhouse::pg::star_scan
