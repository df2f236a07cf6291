#include "core/order/selection.hpp"

#include <algorithm>

namespace starhouse::order {

namespace {

constexpr unsigned step_bits = 14;
constexpr std::size_t few = 4096;

// The ranks of a contiguous run of keys, the first of which has the rank `offset`. Reorders them.
void select_few(std::span<Key> keys, std::size_t offset, std::span<const std::size_t> ranks,
                Key *found) {
  auto from = keys.begin();
  for (const std::size_t rank : ranks) {
    const auto at = keys.begin() + static_cast<std::ptrdiff_t>(rank - offset);
    if (at >= from) { // a rank asked for twice is in its place already
      std::nth_element(from, at, keys.end());
      from = at + 1;
    }
    *found++ = *at;
  }
}

class Selection {
public:
  Selection(const ValueList &values, const Env &env) : values_(values), env_(env) {}

  // Keys from low to high, of which the least has the rank `offset`; all ranks are theirs.
  void within(Key low, Key high, std::size_t offset, std::span<const std::size_t> ranks,
              Key *found);

private:
  static constexpr std::size_t not_copied = SIZE_MAX;

  // visit(key) for all keys from low to high.
  template <class Visit>
  void each_key(Key low, Key high, Visit &&visit) const {
    const Key width = high - low;
    values_.each([&](std::span<const Key> keys) {
      env_.poll();
      for (const Key key : keys) {
        if (key - low <= width) {
          visit(key);
        }
      }
    });
  }

  const ValueList &values_;
  const Env &env_;
};

void Selection::within(Key low, Key high, std::size_t offset, std::span<const std::size_t> ranks,
                       Key *found) {
  if (low == high) {
    std::fill_n(found, ranks.size(), low);
    return;
  }
  const auto width = static_cast<unsigned>(std::bit_width(high - low));
  const unsigned shift = width > step_bits ? width - step_bits : 0;
  std::pmr::vector<std::size_t> counts((std::size_t{1} << step_bits), env_.memory);
  each_key(low, high, [&, count = counts.data()](Key key) { ++count[(key - low) >> shift]; });

  // The steps that ranks fall into; `copied` keys of those that hold few lie one after the other.
  struct Wanted {
    std::size_t step;
    std::size_t offset; // rank of its first key
    std::size_t count;
    std::size_t first_rank;
    std::size_t ranks;
    std::size_t start;
  };
  std::pmr::vector<Wanted> wanted(env_.memory);
  const std::size_t most = std::max(values_.size() / 16, few);
  std::size_t copied = 0;
  std::size_t step = 0;
  for (std::size_t i = 0; i < ranks.size();) {
    while (offset + counts[step] <= ranks[i]) {
      offset += counts[step++];
    }
    const std::size_t first = i;
    while (i < ranks.size() && ranks[i] < offset + counts[step]) {
      ++i;
    }
    const bool copy = counts[step] <= most && shift > 0;
    wanted.push_back({step, offset, counts[step], first, i - first, copy ? copied : not_copied});
    copied += copy ? counts[step] : 0;
  }

  std::pmr::vector<Key> keys(copied, env_.memory);
  if (copied > 0) {
    std::pmr::vector<std::uint32_t> target(counts.size(), 0, env_.memory); // index of wanted + 1
    std::pmr::vector<Key *> next(1, nullptr, env_.memory);
    for (const Wanted &one : wanted) {
      next.push_back(one.start == not_copied ? nullptr : keys.data() + one.start);
      target[one.step] = one.start == not_copied ? 0 : static_cast<std::uint32_t>(next.size() - 1);
    }
    each_key(low, high, [&, targets = target.data(), at = next.data()](Key key) {
      if (const std::uint32_t to = targets[(key - low) >> shift]; to != 0) {
        *at[to]++ = key;
      }
    });
  }
  for (const Wanted &one : wanted) {
    const auto its_ranks = ranks.subspan(one.first_rank, one.ranks);
    Key *const its_place = found + one.first_rank;
    if (one.start != not_copied) {
      select_few({keys.data() + one.start, one.count}, one.offset, its_ranks, its_place);
    } else {
      const Key from = low + (static_cast<Key>(one.step) << shift);
      const Key to = from + ((Key{1} << shift) - 1);
      within(from, std::min(to < from ? high : to, high), one.offset, its_ranks, its_place);
    }
  }
}

} // namespace

std::pmr::vector<Key> select(const ValueList &values, std::span<const std::size_t> ranks,
                             const Env &env) {
  std::pmr::vector<Key> found(ranks.size(), env.memory);
  if (ranks.empty()) {
    return found;
  }
  if (values.size() <= few) {
    std::pmr::vector<Key> keys(env.memory);
    keys.reserve(values.size());
    values.each(
        [&](std::span<const Key> piece) { keys.insert(keys.end(), piece.begin(), piece.end()); });
    select_few(keys, 0, ranks, found.data());
    return found;
  }
  Key low = ~Key{0};
  Key high = 0;
  values.each([&](std::span<const Key> piece) {
    env.poll();
    for (const Key key : piece) {
      low = std::min(low, key);
      high = std::max(high, key);
    }
  });
  Selection(values, env).within(low, high, 0, ranks, found.data());
  return found;
}

} // namespace starhouse::order
