#include "core/scan/scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace starhouse::scan {

namespace {

std::size_t deepest(std::span<const Test> tests) noexcept {
  std::size_t levels = 0;
  for (const Test &test : tests) {
    levels = std::max(levels, depth(test));
  }
  return levels;
}

constexpr std::uint64_t null_hash = 0x6E756C6C6E756C6CU;

} // namespace

Scan::Scan(const Env &env, const Program &program, std::size_t capacity, Part part)
    : env_(env), outer_memory_(env.memory), outer_env_{.memory = &outer_memory_,
                                                       .cancel_requested = env.cancel_requested},
      program_(program), part_(part), tested_(env, capacity), joined_(env, capacity),
      batch_(env, capacity), tested_reader_(env, {}), joined_reader_(env, {}), reader_(env, {}),
      clock_(env, program.zone), kept_(env.memory), kept_numbers_(env.memory), limits_(env.memory),
      joining_(env.memory), numbers_(env.memory), join_order_(env.memory), passages_(env.memory),
      picked_(env.memory), outer_(env.memory), met_(env.memory), first_(env.memory),
      current_(env.memory), joined_rows_(env.memory), toasted_(env.memory), handed_(env.memory),
      holds_(env.memory), passes_(env.memory), passes_both_(env.memory), dictionaries_(env.memory),
      shown_(env.memory), hashes_(env.memory), text_hashes_(env.memory), keys_(env.memory),
      members_(env.memory), states_(env.memory), found_(env.memory), is_new_(env.memory),
      written_(env.memory), written_codes_(env.memory), code_places_(env.memory),
      incoming_(env.memory), incoming_states_(env.memory), written_values_(env.memory),
      sets_(env.memory) {
  const auto add_columns = [](std::span<const Wanted> columns, Batch &batch) {
    for (const Wanted &wanted : columns) {
      batch.add_column(is_bytes(wanted.storage));
    }
  };
  add_columns(program.shape.tested, tested_);
  add_columns(program.shape.joined, joined_);
  add_columns(program.shape.wanted, batch_);
  use_shape(program.shape);
  for (const Step &step : program.steps) {
    const std::size_t column = batch_.add_column(gives_bytes(step), gives_decimals(step, batch_));
    if (column != step.out) {
      throw Error(sqlstate::internal_error, "steps are not in the order of their columns");
    }
  }
  codes_ = program.shape.wanted.size() + program.steps.size();
  for (std::size_t i = 0; i < program.joins.size(); ++i) {
    batch_.add_column(false);
  }
  kept_.resize(capacity);
  kept_numbers_.resize(capacity);
  if (!program.joins.empty()) {
    first_.resize(capacity * program.joins.size());
    current_.resize(program.joins.size());
    joined_rows_.resize(capacity);
    joining_.resize(capacity);
    met_.resize(capacity);
    numbers_.resize(capacity);
    std::iota(numbers_.begin(), numbers_.end(), 0U);
    passages_.resize(program.joins.size());
    picked_.resize(program.shape.joined.size());
    for (std::uint32_t j = 0; j < program.joins.size(); ++j) {
      join_order_.push_back(j);
    }
    use_dimensions();
  }
  std::size_t levels =
      std::max({deepest(program.tests), deepest(program.filters), deepest(program.cases)}) + 2;
  for (const Join &join : program.joins) {
    levels = std::max(levels, deepest(join.conditions) + 2);
    limits_.resize(join.limited ? capacity * program.joins.size() : limits_.size());
  }
  holds_.resize(capacity * levels);
  passes_.resize(capacity * (program.filters.size() + 1));
  passes_both_.resize(capacity);
  std::size_t bytes = 0;
  for (const Aggregate &aggregate : program.aggregates) {
    bytes = std::max<std::size_t>(bytes, aggregate.offset + state_bytes(aggregate));
  }
  state_bytes_ = bytes;
  if (distinct_any()) {
    sets_.reserve(program.aggregates.size());
    for (std::size_t i = 0; i < program.aggregates.size(); ++i) {
      sets_.emplace_back(env);
    }
    written_values_.resize(program.aggregates.size());
    incoming_states_.resize(capacity);
    incoming_values_.emplace(env, capacity);
    incoming_values_->add_column(false);
    incoming_values_->add_column(true);
  }
  if (program.keys.empty()) {
    single_ = static_cast<char *>(env.memory->allocate(std::max<std::size_t>(bytes, 8), 16));
    std::memset(single_, 0, bytes);
    return;
  }
  for (const Key &key : program.keys) {
    dictionaries_.emplace_back(env);
    shown_.push_back(static_cast<std::uint32_t>(bytes));
    bytes += key.source >= 0 ? sizeof(std::int64_t) : 0;
  }
  groups_.emplace(env, program.keys.size(), bytes);
  hashes_.resize(capacity);
  text_hashes_.resize(capacity * program.keys.size());
  keys_.resize(capacity * (program.keys.size() + 1));
  members_.resize(capacity);
  states_.resize(capacity);
  found_.resize(capacity);
  is_new_.resize(capacity);
}

void Scan::use_dimensions() {
  joins_repeat_ = std::any_of(program_.joins.begin(), program_.joins.end(), [](const Join &join) {
    return join.dimension != nullptr && join.dimension->has_repeated(); // none to merge groups
  });
  outer_.assign(program_.joins.size(), Dimension::none);
}

void Scan::use_shape(const Shape &shape) {
  const auto reader_of = [&](std::span<const Wanted> columns) {
    RowReader reader(env_, shape.attributes);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      reader.want(columns[i], i);
    }
    return reader;
  };
  tested_reader_ = reader_of(shape.tested);
  joined_reader_ = reader_of(shape.joined);
  reader_ = reader_of(shape.wanted);
}

void Scan::read_joined(std::span<const Row> rows, const RowBounds &bounds) {
  toasted_.clear();
  toasted_batch_ = &joined_;
  // Of several joins' keys those of rows that came through the joins before.
  picks_joined_ = program_.joins.size() > 1 && joined_reader_.may_pick(rows, bounds);
  if (!picks_joined_) {
    joined_reader_.read(rows, bounds, joined_, toasted_);
  }
}

// A join's key of those rows, unless it was read of all rows or of these for another join.
void Scan::pick_joined(const Join &join, std::span<const Row> rows,
                       std::span<const std::uint32_t> numbers) {
  for (const std::uint32_t column : join.columns) {
    if (picked_[column] == 0) {
      joined_reader_.pick(rows, numbers, column, joined_);
      picked_[column] = 1;
    }
  }
}

void Scan::order_joins() {
  // A join that no row has come to lately waits behind the others.
  const auto share = [&](std::uint32_t join) {
    const Passage &passage = passages_[join];
    return passage.rows == 0
               ? 1.0
               : static_cast<double>(passage.kept) / static_cast<double>(passage.rows);
  };
  std::stable_sort(join_order_.begin(), join_order_.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return share(a) < share(b); });
  for (Passage &passage : passages_) {
    passage = {};
  }
}

// The rows whose key is of the part that the dimension has: no other dimension's turn has them.
std::size_t Scan::rows_of_part(const Join &join, std::size_t rows) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint32_t row = joining_[i];
    std::uint64_t hash = 0;
    bool null = false;
    for (const std::uint32_t number : join.columns) {
      const Column &column = joined_[number];
      null = null || column.is_null(row);
      if (!null) {
        hash = column.bytes != nullptr ? key_hash(hash, column.bytes[row])
                                       : key_hash(hash, column.words[row]);
      }
    }
    joining_[kept] = row;
    kept += (null ? 0 : hash >> (64U - join.keys.bits)) == join.keys.prefix ? 1 : 0;
  }
  return kept;
}

bool Scan::tests_any() const noexcept {
  return !program_.tests.empty() ||
         std::any_of(program_.joins.begin(), program_.joins.end(),
                     [](const Join &join) { return join.limited || !join.conditions.empty(); });
}

// Those for which the join's conditions hold come first; returns how many they are.
std::size_t Scan::leave_out_limited(std::size_t join, std::span<std::uint32_t> rows) {
  std::size_t kept = rows.size();
  if (program_.joins[join].limited) {
    const std::uint8_t *holds = limits_.data() + join * tested_.capacity();
    kept = 0;
    for (const std::uint32_t row : rows) {
      rows[kept] = row;
      kept += holds[row];
    }
  }
  for (const Test &test : program_.joins[join].conditions) {
    run_test(test, tested_, tested_rows_, holds_.data(), holds_.data() + tested_.capacity());
    const std::size_t before = kept;
    kept = 0;
    for (const std::uint32_t row : rows.first(before)) {
      rows[kept] = row;
      kept += holds_[kept_numbers_[row]];
    }
  }
  return kept;
}

// Of an outer or an anti-join: rows without a partner have none in first[row].
std::size_t Scan::find_outer(std::size_t number, std::size_t rows, std::uint32_t *first) {
  const Join &join = program_.joins[number];
  if (join.keys.bits > 0) {
    rows = rows_of_part(join, rows);
  }
  std::copy_n(joining_.begin(), rows, met_.begin());
  const std::size_t within = leave_out_limited(number, {met_.data(), rows});
  const std::size_t met = join.dimension->find(joined_, join.columns, {met_.data(), within}, first);
  const bool keeps_met = join.kind == JoinKind::outer;
  std::size_t kept = 0;
  std::size_t next = 0; // those that are met are in the order of all
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint32_t row = joining_[i];
    const bool is_met = next < met && met_[next] == row;
    next += is_met ? 1 : 0;
    if (!is_met) {
      first[row] = Dimension::none;
    }
    joining_[kept] = row;
    kept += keeps_met || !is_met ? 1 : 0;
  }
  return kept;
}

std::int32_t Scan::wants_outer() const noexcept {
  for (std::size_t j = 0; j < program_.joins.size(); ++j) {
    const JoinKind kind = program_.joins[j].kind;
    if (outer_[j] != Dimension::none || (kind != JoinKind::outer && kind != JoinKind::anti)) {
      continue;
    }
    const std::uint32_t *first = first_.data() + j * joined_.capacity();
    for (std::size_t i = 0; i < joining_count_; ++i) {
      if (first[joining_[i]] == Dimension::none) {
        return static_cast<std::int32_t>(j);
      }
    }
  }
  return -1;
}

void Scan::join(std::span<const Row> rows) {
  // Soon for the first time, then as the data may change.
  constexpr std::size_t batches_between = 256;
  if (program_.joins.size() > 1 && joined_batches_++ % batches_between == 4) {
    order_joins();
  }
  std::copy_n(numbers_.begin(), rows.size(), joining_.begin());
  std::size_t count = rows.size();
  std::fill(picked_.begin(), picked_.end(), std::uint8_t{0});
  for (const std::uint32_t j : join_order_) {
    const Join &join = program_.joins[j];
    passages_[j].rows += count;
    if (picks_joined_) {
      pick_joined(join, rows, {joining_.data(), count});
    }
    std::uint32_t *first = first_.data() + j * joined_.capacity();
    count = join.kind == JoinKind::inner || join.kind == JoinKind::semi
                ? join.dimension->find(joined_, join.columns, {joining_.data(), count}, first)
                : find_outer(j, count, first);
    passages_[j].kept += count;
  }
  to_join_ = rows;
  joining_count_ = count;
  next_to_join_ = 0;
  within_row_ = false;
}

// Of rows that have one partner of each dimension at most.
void Scan::leave_out_dropped() {
  for (std::size_t j = 0; j < program_.joins.size(); ++j) {
    if (outer_[j] != Dimension::dropped && !program_.joins[j].dimension->has_dropped()) {
      continue;
    }
    const std::uint32_t *first = first_.data() + j * joined_.capacity();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < joining_count_; ++i) {
      const std::uint32_t row = joining_[i];
      joining_[kept] = row;
      kept += is_dropped(j, first[row]) ? 0 : 1;
    }
    joining_count_ = kept;
  }
}

// The next rows that join, as many times as they do; their dimensions' numbers into the batch.
std::span<const Row> Scan::joined() {
  const std::size_t joins = program_.joins.size();
  const std::size_t capacity = joined_.capacity();
  if (!joins_repeat_) {
    if (next_to_join_ == 0) {
      leave_out_dropped();
    }
    const std::size_t count = joining_count_ - next_to_join_;
    const std::uint32_t *rows = joining_.data() + next_to_join_;
    for (std::size_t j = 0; j < joins; ++j) {
      const Dimension &dimension = *program_.joins[j].dimension;
      const std::uint32_t *first = first_.data() + j * capacity;
      std::int64_t *codes = batch_[codes_ + j].words;
      const JoinKind kind = program_.joins[j].kind;
      if (kind == JoinKind::outer || kind == JoinKind::anti) {
        for (std::size_t i = 0; i < count; ++i) {
          codes[i] = code_of(j, first[rows[i]]);
        }
        continue;
      }
      for (std::size_t i = 0; i < count; ++i) {
        codes[i] = dimension.code(first[rows[i]]);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      joined_rows_[i] = to_join_[rows[i]];
    }
    next_to_join_ = joining_count_;
    return {joined_rows_.data(), count};
  }
  std::size_t count = 0;
  while (next_to_join_ < joining_count_ && count < capacity) {
    const std::uint32_t row = joining_[next_to_join_];
    if (!within_row_) {
      for (std::size_t j = 0; j < joins; ++j) {
        current_[j] = first_[j * capacity + row];
      }
    }
    joined_rows_[count] = to_join_[row];
    bool dropped = false;
    for (std::size_t j = 0; j < joins; ++j) {
      const std::uint32_t code = code_of(j, current_[j]);
      batch_[codes_ + j].words[count] = code;
      dropped = dropped || code == Dimension::dropped;
    }
    count += dropped ? 0 : 1;
    // As an odometer: the first dimension that has another row of its key, those before anew.
    within_row_ = false;
    for (std::size_t j = 0; j < joins && !within_row_; ++j) {
      const std::uint32_t next = current_[j] == Dimension::none
                                     ? Dimension::none
                                     : program_.joins[j].dimension->next(current_[j]);
      within_row_ = next != Dimension::none;
      current_[j] = within_row_ ? next : first_[j * capacity + row];
    }
    next_to_join_ += within_row_ ? 0 : 1;
  }
  return {joined_rows_.data(), count};
}

void Scan::read_tested(std::span<const Row> rows, const RowBounds &bounds) {
  toasted_.clear();
  toasted_batch_ = &tested_;
  tested_rows_ = rows.size();
  tested_reader_.read(rows, bounds, tested_, toasted_);
}

std::span<const Row> Scan::keep(std::span<const Row> rows, std::span<const std::uint8_t> holds) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (holds[i] != 0) {
      kept_[kept] = rows[i];
      kept_numbers_[kept++] = kept_numbers_[i];
    }
  }
  return {kept_.data(), kept};
}

std::span<const Row> Scan::test(std::span<const Row> rows) {
  if (program_.tests.empty()) {
    std::iota(kept_numbers_.begin(), kept_numbers_.begin() + std::ssize(rows), 0U);
    return rows;
  }
  std::uint8_t *holds = holds_.data();
  std::uint8_t *one = holds + tested_.capacity();
  bool first = true;
  for (const Test &test : program_.tests) {
    if (first) {
      run_test(test, tested_, rows.size(), holds, one);
      first = false;
      continue;
    }
    run_test(test, tested_, rows.size(), one, one + tested_.capacity());
    keep_both(holds, one, rows.size());
  }
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    kept_numbers_[kept] = i;
    kept += holds[i];
  }
  if (kept == rows.size()) {
    return rows;
  }
  for (std::size_t i = 0; i < kept; ++i) {
    kept_[i] = rows[kept_numbers_[i]];
  }
  return {kept_.data(), kept};
}

void Scan::read(std::span<const Row> rows, const RowBounds &bounds) {
  toasted_.clear();
  toasted_batch_ = &batch_;
  reader_.read(rows, bounds, batch_, toasted_);
}

// By which dictionaries find them.
void Scan::hash_texts(std::size_t rows) {
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    const Column &column = batch_[program_.keys[k].column];
    std::uint64_t *texts = text_hashes_.data() + k * batch_.capacity();
    for (std::size_t i = 0; column.bytes != nullptr && i < rows; ++i) {
      texts[i] = column.is_null(i) ? 0 : hash64(column.bytes[i]);
    }
  }
}

// The hash of a row's key depends on its values alone, so a group is in the same part of every run.
void Scan::hash_rows(std::size_t rows) {
  hash_texts(rows);
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    const Column &column = batch_[program_.keys[k].column];
    const std::uint64_t *texts = text_hashes_.data() + k * batch_.capacity();
    const std::int32_t join = join_of(program_.keys[k]);
    const std::uint32_t *const *values =
        join < 0 ? nullptr : program_.joins[static_cast<std::size_t>(join)].hashes;
    for (std::size_t i = 0; i < rows; ++i) {
      std::uint64_t own = 0;
      if (column.is_null(i)) {
        own = null_hash;
      } else if (column.bytes != nullptr) {
        own = texts[i];
      } else if (values != nullptr) {
        own = hash64(std::uint64_t{(*values)[column.words[i]]});
      } else {
        own = hash64(static_cast<std::uint64_t>(column.words[i]));
      }
      hashes_[i] = k == 0 ? own : hash64(std::rotl(hashes_[i], 32) ^ own);
    }
  }
}

// As hash_rows() has it.
std::uint64_t Scan::hash_of_group(const std::int64_t *key) const noexcept {
  std::uint64_t hash = 0;
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    const std::int32_t join = join_of(program_.keys[k]);
    const std::uint32_t *const *values =
        join < 0 ? nullptr : program_.joins[static_cast<std::size_t>(join)].hashes;
    std::uint64_t own = 0;
    if (((key[program_.keys.size()] >> k) & 1) != 0) {
      own = null_hash;
    } else if (batch_[program_.keys[k].column].bytes != nullptr) {
      own = hash64(dictionaries_[k].text(key[k]));
    } else if (values != nullptr) {
      own = hash64(std::uint64_t{(*values)[key[k]]});
    } else {
      own = hash64(static_cast<std::uint64_t>(key[k]));
    }
    hash = k == 0 ? own : hash64(std::rotl(hash, 32) ^ own);
  }
  return hash;
}

bool Scan::may_narrow() const noexcept {
  return groups_ && std::none_of(program_.aggregates.begin(), program_.aggregates.end(),
                                 [](const Aggregate &aggregate) {
                                   return aggregate.kind == AggregateKind::own ||
                                          aggregate.kind == AggregateKind::min_numeric ||
                                          aggregate.kind == AggregateKind::max_numeric ||
                                          aggregate.kind == AggregateKind::count_distinct;
                                 });
}

Part Scan::narrow_groups() {
  part_ = {.prefix = part_.prefix << 1U, .bits = part_.bits + 1};
  std::pmr::vector<Dictionary> kept(env_.memory);
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    kept.emplace_back(env_);
  }
  const std::size_t width = program_.keys.size();
  groups_->keep([&](std::int64_t *key) {
    if (hash_of_group(key) >> (64U - part_.bits) != part_.prefix) {
      return false;
    }
    for (std::size_t k = 0; k < width; ++k) {
      if (((key[width] >> k) & 1) == 0 && batch_[program_.keys[k].column].bytes != nullptr) {
        const std::string_view text = dictionaries_[k].text(key[k]);
        key[k] = kept[k].number_of(text, hash64(text));
      }
    }
    return true;
  });
  for (std::size_t k = 0; k < width; ++k) {
    dictionaries_[k].clear();
  }
  dictionaries_.swap(kept);
  return {.prefix = part_.prefix | 1U, .bits = part_.bits};
}

// Which rows belong to the part; into members_.
std::size_t Scan::part_members(std::size_t rows) {
  std::size_t members = 0;
  std::uint8_t *mask = passes_.data() + program_.filters.size() * batch_.capacity();
  for (std::size_t i = 0; i < rows; ++i) {
    const bool in = hashes_[i] >> (64U - part_.bits) == part_.prefix;
    mask[i] = in ? 1 : 0;
    members_[members] = static_cast<std::uint32_t>(i);
    members += in ? 1 : 0;
  }
  return members;
}

void Scan::group_rows(std::size_t rows) {
  std::size_t members = rows;
  if (part_.bits == 0) {
    hash_texts(rows);
    for (std::uint32_t i = 0; i < rows; ++i) {
      members_[i] = i;
    }
  } else {
    hash_rows(rows);
    members = part_members(rows);
  }
  const std::size_t width = program_.keys.size() + 1;
  for (std::size_t m = 0; m < members; ++m) {
    keys_[m * width + width - 1] = 0;
  }
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    const Column &column = batch_[program_.keys[k].column];
    const std::uint64_t *texts = text_hashes_.data() + k * batch_.capacity();
    std::int64_t *keys = keys_.data() + k;
    std::int64_t *nulls = keys_.data() + width - 1;
    if (column.bytes == nullptr && !column.any_null && members == rows) {
      for (std::size_t m = 0; m < members; ++m) {
        keys[m * width] = column.words[m];
      }
      continue;
    }
    if (column.bytes != nullptr) {
      dictionaries_[k].fetch({texts, rows});
    }
    for (std::size_t m = 0; m < members; ++m) {
      const std::size_t i = members_[m];
      if (column.is_null(i)) {
        keys[m * width] = 0;
        nulls[m * width] |= std::int64_t{1} << k;
      } else if (column.bytes != nullptr) {
        keys[m * width] = dictionaries_[k].number_of(column.bytes[i], texts[i]);
      } else {
        keys[m * width] = column.words[i];
      }
    }
  }
  char **found = members == rows ? states_.data() : found_.data();
  groups_->find(keys_.data(), members, found, is_new_.data());
  if (members != rows) {
    for (std::size_t m = 0; m < members; ++m) {
      states_[members_[m]] = found_[m];
    }
  }
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    if (program_.keys[k].source < 0) {
      continue;
    }
    const Column &source = batch_[static_cast<std::size_t>(program_.keys[k].source)];
    for (std::size_t m = 0; m < members; ++m) {
      if (is_new_[m] != 0) {
        std::memcpy(states_[members_[m]] + shown_[k], &source.words[members_[m]],
                    sizeof(std::int64_t));
      }
    }
  }
}

void Scan::add(std::size_t rows) {
  if (rows == 0) {
    return;
  }
  for (const Step &step : program_.steps) {
    if (step.operation == Step::Operation::choose) {
      run_test(program_.cases[step.test], batch_, rows, passes_both_.data(), holds_.data());
    }
    run_step(step, batch_, rows, clock_, passes_both_.data());
  }
  if (groups_) {
    group_rows(rows);
  }
  for (std::size_t i = 0; i < program_.filters.size(); ++i) {
    run_test(program_.filters[i], batch_, rows, passes_.data() + i * batch_.capacity(),
             holds_.data());
  }
  const std::uint8_t *members =
      part_.bits == 0 ? nullptr : passes_.data() + program_.filters.size() * batch_.capacity();
  char *const *states = groups_ ? states_.data() : &single_;
  for (std::size_t i = 0; i < program_.aggregates.size(); ++i) {
    const Aggregate &aggregate = program_.aggregates[i];
    const std::uint8_t *passes = members;
    if (aggregate.filter >= 0) {
      passes = passes_.data() + static_cast<std::size_t>(aggregate.filter) * batch_.capacity();
      if (members != nullptr) {
        for (std::size_t row = 0; row < rows; ++row) {
          passes_both_[row] = static_cast<std::uint8_t>(passes[row] & members[row]);
        }
        passes = passes_both_.data();
      }
    }
    if (aggregate.kind == AggregateKind::count_distinct) {
      sets_[i].add(aggregate, batch_[aggregate.column], rows, states, !groups_.has_value(), passes);
    } else if (!values_alone_) {
      update(outer_env_, aggregate, batch_, rows, states, !groups_.has_value(), passes, handed_);
    }
  }
}

bool Scan::distinct_any() const noexcept {
  return std::any_of(
      program_.aggregates.begin(), program_.aggregates.end(),
      [](const Aggregate &aggregate) { return aggregate.kind == AggregateKind::count_distinct; });
}

bool Scan::narrow_values(std::size_t room) {
  // Of so few the memory is not; every bit more doubles how often the rows are read.
  constexpr std::size_t few_values = 4096;
  constexpr std::uint32_t most_bits = 24;
  std::size_t values = 0;
  std::size_t taken = 0;
  for (const DistinctSet &set : sets_) {
    values += set.size();
    taken += set.memory();
  }
  if (values <= few_values || taken <= room || values_.bits >= most_bits) {
    return false;
  }
  values_ = {.prefix = values_.prefix << 1U, .bits = values_.bits + 1};
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (program_.aggregates[i].kind == AggregateKind::count_distinct) {
      sets_[i].narrow(values_, program_.aggregates[i]);
    }
  }
  return true;
}

bool Scan::next_values() {
  if (sets_.empty() || values_.prefix + 1 >= 1U << values_.bits) {
    return false;
  }
  ++values_.prefix;
  values_alone_ = true;
  for (DistinctSet &set : sets_) {
    set.begin(values_);
  }
  return true;
}

void Scan::take_values(const Values &values) {
  values_ = values.part;
  values_alone_ = values.alone;
  for (DistinctSet &set : sets_) {
    set.begin(values_);
  }
}

std::size_t Scan::memory() const noexcept {
  std::size_t memory = (groups_ ? groups_->memory() : 0) + outer_memory_.bytes();
  for (const Dictionary &dictionary : dictionaries_) {
    memory += dictionary.memory();
  }
  for (const DistinctSet &set : sets_) {
    memory += set.memory();
  }
  return memory;
}

std::int64_t Scan::key_word(std::size_t group, std::size_t key) const noexcept {
  if (program_.keys[key].source < 0) {
    return groups_->key(group)[key];
  }
  std::int64_t word = 0;
  std::memcpy(&word, groups_->states(group) + shown_[key], sizeof word);
  return word;
}

} // namespace starhouse::scan
