// How rows of the fact meet their dimensions: which join, and as many times as they do.
#include "core/scan/scan.hpp"

#include <algorithm>

namespace starhouse::scan {

void Scan::use_dimensions() {
  joins_repeat_ = std::any_of(program_.joins.begin(), program_.joins.end(), [](const Join &join) {
    return join.dimension != nullptr && join.dimension->has_repeated(); // none to merge groups
  });
  outer_.assign(program_.joins.size(), Dimension::none);
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

} // namespace starhouse::scan
