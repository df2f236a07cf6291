// Numbers that lie close to each other: what is kept for each of them is found by place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace starhouse::scan {

// `size` numbers from `base` on, as unsigned ones; 0: none.
struct CloseRange {
  std::uint64_t base = 0;
  std::uint64_t size = 0;

  std::uint64_t place(std::int64_t number) const noexcept {
    return static_cast<std::uint64_t>(number) - base;
  }
  bool holds(std::int64_t number) const noexcept { return place(number) < size; }
  std::int64_t number(std::uint64_t place) const noexcept {
    return static_cast<std::int64_t>(base + place);
  }

  // What holds these as well; 2^64 numbers count as one less.
  CloseRange with(std::int64_t least, std::int64_t most) const noexcept {
    if (size > 0) {
      least = std::min(least, number(0));
      most = std::max(most, number(size - 1));
    }
    const std::uint64_t last = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    return {static_cast<std::uint64_t>(least),
            last == std::numeric_limits<std::uint64_t>::max() ? last : last + 1};
  }

  // Half as many more on the sides on which it goes beyond `before`: who makes room at each step
  // as the numbers come does so a few times in all.
  CloseRange with_room(const CloseRange &before) const noexcept {
    const std::uint64_t room = size / 2 + 1;
    const std::int64_t least = number(0);
    const std::int64_t most = number(size - 1);
    std::int64_t lower = least;
    std::int64_t upper = most;
    if ((before.size == 0 || least < before.number(0)) &&
        __builtin_sub_overflow(least, room, &lower)) {
      lower = std::numeric_limits<std::int64_t>::min();
    }
    if ((before.size == 0 || most > before.number(before.size - 1)) &&
        __builtin_add_overflow(most, room, &upper)) {
      upper = std::numeric_limits<std::int64_t>::max();
    }
    return with(lower, upper);
  }
};

} // namespace starhouse::scan
