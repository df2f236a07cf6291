// The star scan without a server: rows of a table, a page at a time, tested, read column by column
// and added up by group. The host goes through a page like this:
//
//   scan.read_tested(rows, bounds)  what the tests need          (then the host's toasted values)
//   rows = scan.test(rows)          those that pass
//   scan.read_joined(rows, bounds)  the keys of joins            (then the host's toasted values)
//   scan.join(rows)
//   while (rows = scan.joined())    those that join, with each row that they join with
//     scan.read(rows, bounds)       everything else              (then the host's toasted values)
//     scan.add(rows.size())         into their groups            (then what was handed back)
//
// Groups beyond the memory there is are not lost and not written out: the scan goes on with a part
// of them, by the leading bits of their hash, and the host comes back for the other parts. What is
// read is the same each time.
#pragma once

#include "core/scan/aggregates.hpp"
#include "core/scan/columns.hpp"
#include "core/scan/dimension.hpp"
#include "core/scan/distinct.hpp"
#include "core/scan/groups.hpp"
#include "core/scan/own_states.hpp"
#include "core/scan/steps.hpp"
#include "core/scan/tests.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::scan {

// A column by which rows are grouped. For a key that is made from another value, that of the
// group's first row is kept as well.
struct Key {
  std::uint32_t column = 0;
  std::int32_t source = -1;
};

// Which rows of the fact a join keeps, and how many times: as often as it has partners; or, too,
// where it has none, with NULLs for the dimension; once where it has any; once where it has none.
enum class JoinKind : std::uint8_t { inner, outer, semi, anti };

// A dimension, and the columns of the joins' batch that are its key.
struct Join {
  const Dimension *dimension = nullptr;
  std::span<const std::uint32_t> columns{};
  // Hashes of what the numbers stand for, by number, which are the same in each process; where
  // there are none numbers are hashed, which are not.
  const std::uint32_t *const *hashes = nullptr;
  // By number the one that groups have for it, where steps and the host take more of a dimension
  // than is grouped by: numbers that differ in that alone are one. None: each is its own.
  const std::uint32_t *const *grouped = nullptr;
  JoinKind kind = JoinKind::inner;
  // The keys that the dimension has, by their key_hash(): a row whose key is of another part is not
  // without a partner, it comes with that one.
  Part keys{};
  // Of an outer or an anti-join: a row for which one of these does not hold has no partner,
  // whatever its key. Over the tests' columns.
  std::span<const Test> conditions{};
  bool limited = false; // by conditions of the host as well
};

// Of a dimension's key, the same for a row of it and for a fact's.
inline std::uint64_t key_hash(std::uint64_t before, std::string_view bytes) noexcept {
  return hash64(before, hash64(bytes));
}
inline std::uint64_t key_hash(std::uint64_t before, std::int64_t word) noexcept {
  return hash64(before, hash64(static_cast<std::uint64_t>(word)));
}

// How columns lie in the rows of one table: those of a partitioned one may have them elsewhere. The
// columns are the same in each table, and so are their numbers.
struct Shape {
  std::span<const Attribute> attributes{};
  std::span<const Wanted> tested{}; // column i of the tests
  std::span<const Wanted> joined{}; // column i of the joins
  std::span<const Wanted> wanted{}; // column i of the rest
};

// Everything that is known before the first row; what it points to outlives the scan. Columns of
// tests, those of joins and those of the rest are numbered apart; to the rest the steps' columns
// follow, then one for each join, the dimension's number.
struct Program {
  Shape shape{};                 // of the first table
  std::span<const Test> tests{}; // all have to hold
  std::span<const Join> joins{};
  std::span<const Step> steps{};
  std::span<const Test> filters{}; // of aggregates
  std::span<const Test> cases{};   // of steps that choose
  std::span<const Key> keys{};
  std::span<const Aggregate> aggregates{};
  Zone zone{};
};

class Scan {
public:
  // At most `capacity` rows at a time.
  Scan(const Env &env, const Program &program, std::size_t capacity, Part part);
  Scan(const Scan &) = delete;
  Scan &operator=(const Scan &) = delete;

  // Whether columns of tests are read, for these or for conditions of joins.
  bool tests_any() const noexcept;
  bool reads_any() const noexcept { return reader_.wants_any(); }

  // The rows that follow are another table's.
  void use_shape(const Shape &shape);
  // The joins' dimensions have other rows from now on.
  void use_dimensions();

  // Of these and the other two that read: bounds of these rows, or of more.
  void read_tested(std::span<const Row> rows, const RowBounds &bounds);
  std::span<const Row> test(std::span<const Row> rows);
  // What the host tests of the rows that are left: of row i of them kept_number(i) in tested(), and
  // those stay whose holds[i] is 1.
  const Batch &tested() const noexcept { return tested_; }
  std::uint32_t kept_number(std::size_t row) const noexcept { return kept_numbers_[row]; }
  std::span<const Row> keep(std::span<const Row> rows, std::span<const std::uint8_t> holds);
  // And, of a join that is limited: whether its conditions hold for row i of these, 0 or 1.
  std::span<std::uint8_t> limit(std::size_t join) noexcept {
    return std::span(limits_).subspan(join * tested_.capacity(), tested_.capacity());
  }
  bool joins_any() const noexcept { return !program_.joins.empty(); }
  void read_joined(std::span<const Row> rows, const RowBounds &bounds);
  void join(std::span<const Row> rows);
  // After join(), until it is -1: the number of a join some of whose rows have no partner, and are
  // to have the dimension's number that stands for NULLs, which may be Dimension::dropped. Asked
  // for once for each dimension.
  std::int32_t wants_outer() const noexcept;
  void give_outer(std::size_t join, std::uint32_t code) noexcept { outer_[join] = code; }
  std::span<const Row> joined();
  void read(std::span<const Row> rows, const RowBounds &bounds);
  void read(std::span<const Row> rows) { read(rows, bounds_of(rows)); }
  void add(std::size_t rows);

  // After read_tested() or read(): what only the host can read, into `bytes` of it.
  std::span<const Toasted> toasted() const noexcept { return toasted_; }
  void put_toasted(const Toasted &value, std::string_view bytes) noexcept {
    (*toasted_batch_)[value.column].bytes[value.row] = bytes;
  }

  // The rows of the last add().
  const Batch &batch() const noexcept { return batch_; }
  // The column of a step that is given, after read() and before add().
  Column &given(std::size_t column) noexcept { return batch_[column]; }
  // After add() or absorb(): what only the host can add up; then forgotten.
  std::span<const Handed> handed() const noexcept { return handed_; }
  void forget_handed() noexcept { handed_.clear(); }

  // Groups for another process that asks the same (exchange.cpp), after the last row: those from
  // number `from` on, until they take `enough` bytes; the number of the first that is not among
  // them, or not with all of its different values. They are in
  // written() until the next call, and a dimension's numbers are places in written_codes() there.
  std::size_t write(std::size_t from, std::size_t enough, OthersBytes others);
  std::string_view written() const noexcept { return {written_.data(), written_.size()}; }
  std::span<const std::uint32_t> written_codes(std::size_t join) const noexcept {
    return written_codes_[join];
  }
  // What another process has written goes into the groups of this one. `codes`: of each join, what
  // written_codes() are here. An Error (22P03) for bytes that are nothing of the kind.
  void absorb(std::string_view bytes, std::span<const std::span<const std::uint32_t>> codes);
  // After the last row: goes on, with absorb() and its groups alone, by the same program of another
  // host, which outlives this one's.
  void use_program(const Program &program) noexcept { program_ = program; }

  std::size_t memory() const noexcept;

  // Groups of which there are too many: half of them from now on, those of the first half of this
  // scan's part, which it has then; they keep what they have. Returns the other half, for another
  // scan of all rows. Only where may_narrow() says that what groups have can be left behind.
  bool may_narrow() const noexcept;
  Part narrow_groups();
  Part part() const noexcept { return part_; }

  // Values of count(DISTINCT) of which there are too many: fewer of them from now on; false where
  // there are none, or these take no more than `room`: the memory is something else's then, and
  // the rows would be read again and again for nothing. Once the last row was read the others' turn
  // comes, if there are any: the host reads all rows again, as long as next_values() says so.
  bool narrow_values(std::size_t room = 0);
  bool next_values();
  // Which of them that is, for other processes that read the same rows; and whether everything else
  // is added up already.
  struct Values {
    Part part{};
    bool alone = false;
  };
  Values values() const noexcept { return {values_, values_alone_}; }
  void take_values(const Values &values);

  // Without keys there is one group, rows or not.
  std::size_t groups() const noexcept { return groups_ ? groups_->size() : 1; }
  const char *states(std::size_t group) const noexcept {
    return groups_ ? groups_->states(group) : single_;
  }
  bool key_is_null(std::size_t group, std::size_t key) const noexcept {
    return ((groups_->key(group)[program_.keys.size()] >> key) & 1) != 0;
  }
  // The value to show, or to make what is shown of.
  std::int64_t key_word(std::size_t group, std::size_t key) const noexcept;
  std::string_view key_bytes(std::size_t group, std::size_t key) const noexcept {
    return dictionaries_[key].text(groups_->key(group)[key]);
  }

private:
  // A group of another process: what is not its key.
  struct Incoming {
    const char *states;
    std::string_view outer; // of all aggregates, each behind its size
  };
  std::int32_t join_of(const Key &key) const noexcept {
    return key.column >= codes_ ? static_cast<std::int32_t>(key.column - codes_) : -1;
  }
  const std::uint32_t *const *values_of(const Key &key) const noexcept {
    return key.column >= codes_ ? program_.joins[key.column - codes_].hashes : nullptr;
  }
  void put(const void *bytes, std::size_t size);
  bool write_group(std::size_t group, OthersBytes others);
  void put_values(std::size_t aggregate, const char *states);
  void absorb_values(std::size_t aggregate, std::string_view bytes, char *states);
  void put_own(const OwnAggregate &own, const char *state);
  std::uint32_t place_of_code(std::size_t join, std::int64_t code);

  struct Passage {
    std::uint64_t rows = 0; // that came, of late
    std::uint64_t kept = 0;
  };

  void number_groups(std::size_t rows) noexcept;
  std::size_t find_outer(std::size_t join, std::size_t rows, std::uint32_t *first);
  std::size_t leave_out_limited(std::size_t join, std::span<std::uint32_t> rows);
  std::size_t rows_of_part(const Join &join, std::size_t rows);
  std::uint32_t code_of(std::size_t join, std::uint32_t entry) const noexcept {
    return entry == Dimension::none ? outer_[join] : program_.joins[join].dimension->code(entry);
  }
  bool is_dropped(std::size_t join, std::uint32_t entry) const noexcept {
    return code_of(join, entry) == Dimension::dropped;
  }
  void leave_out_dropped();
  void order_joins();
  void pick_joined(const Join &join, std::span<const Row> rows,
                   std::span<const std::uint32_t> numbers);
  bool distinct_any() const noexcept;
  void hash_texts(std::size_t key, std::size_t rows);
  void hash_rows(std::size_t rows);
  std::uint64_t hash_of_group(const std::int64_t *key) const noexcept;
  std::size_t part_members(std::size_t rows);
  void group_rows(std::size_t rows);

  Env env_;
  CountedMemory outer_memory_; // what states refer to
  Env outer_env_;
  Program program_;
  Part part_;
  Batch tested_;
  Batch joined_;
  Batch batch_;
  RowReader tested_reader_;
  RowReader joined_reader_;
  RowReader reader_;
  LocalClock clock_;
  std::pmr::vector<Row> kept_;
  std::pmr::vector<std::uint32_t> kept_numbers_;
  std::size_t tested_rows_ = 0;
  std::pmr::vector<std::uint8_t> limits_; // by join, then row
  std::size_t codes_ = 0;                 // the first join's column
  std::span<const Row> to_join_;
  std::pmr::vector<std::uint32_t> joining_; // those of to_join_ that join
  std::pmr::vector<std::uint32_t> numbers_; // of all rows: 0, 1, 2, ...
  std::size_t joining_count_ = 0;
  std::size_t next_to_join_ = 0; // of joining_
  // Which join comes when: the one that lets the fewest rows through first.
  std::pmr::vector<std::uint32_t> join_order_;
  std::pmr::vector<Passage> passages_; // by join
  std::size_t joined_batches_ = 0;
  bool picks_joined_ = false;               // columns of keys are read join by join
  bool joins_repeat_ = false;               // a row may have several of a dimension
  bool within_row_ = false;                 // current_ has what comes next of its row
  std::pmr::vector<std::uint8_t> picked_;   // by column: 1 where it was
  std::pmr::vector<std::uint32_t> outer_;   // by join: the number for NULLs; none: not known
  std::pmr::vector<std::uint32_t> met_;     // rows that have a partner
  std::pmr::vector<std::uint32_t> first_;   // by join, then row
  std::pmr::vector<std::uint32_t> current_; // by join
  std::pmr::vector<Row> joined_rows_;
  std::pmr::vector<Toasted> toasted_;
  Batch *toasted_batch_ = nullptr;
  std::pmr::vector<Handed> handed_;
  std::pmr::vector<std::uint8_t> holds_;  // of the tests, and for their parts
  std::pmr::vector<std::uint8_t> passes_; // a mask for each filter, and the part's
  std::pmr::vector<std::uint8_t> passes_both_;
  std::optional<GroupTable> groups_;
  std::pmr::vector<Dictionary> dictionaries_; // by key
  std::pmr::vector<std::uint32_t> shown_;     // by key: offset of its source in a group's states
  std::pmr::vector<std::uint64_t> hashes_;
  std::pmr::vector<std::uint64_t> text_hashes_; // by key, then row
  std::pmr::vector<std::int64_t> keys_;
  std::pmr::vector<std::uint32_t> members_; // the rows of the part
  std::pmr::vector<char *> states_;
  std::pmr::vector<char *> found_;
  std::pmr::vector<std::uint8_t> is_new_;
  std::size_t state_bytes_ = 0;
  std::pmr::vector<char> written_;
  std::pmr::vector<std::pmr::vector<std::uint32_t>> written_codes_; // by join
  std::pmr::vector<std::pmr::vector<std::uint32_t>> code_places_;   // by join, then code
  std::pmr::vector<Incoming> incoming_;
  std::pmr::vector<char *> incoming_states_;     // of different values
  std::pmr::vector<std::size_t> written_values_; // of the group that is written, by aggregate
  bool continues_ = false;                       // with more values of that group
  std::optional<Batch> incoming_values_;         // words, and bytes
  std::pmr::vector<DistinctSet> sets_; // by aggregate; of those that need none, empty ones
  Part values_{};
  bool values_alone_ = false; // everything else was added up in the first pass
  char *single_ = nullptr;
};

} // namespace starhouse::scan
