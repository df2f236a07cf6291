#include "core/scan/scan.hpp"

#include <algorithm>
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

bool Scan::tests_any() const noexcept {
  return !program_.tests.empty() ||
         std::any_of(program_.joins.begin(), program_.joins.end(),
                     [](const Join &join) { return join.limited || !join.conditions.empty(); });
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
    number_groups(rows);
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
