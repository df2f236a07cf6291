// Rows on their way into the states of many groups.
//
// With groups by the ten thousand neither a row's state nor the place in it that the row goes to is
// in the cache, and adding row by row waits for both, one after the other. So rows wait here: when
// one comes, its state begins to be fetched; when there are `most`, the places of all are, and only
// then is the first one looked at. What has to be waited for is waited for at once.
//
// Place has fetch(row) const noexcept, which reads no more than what of the place lies in its own
// memory, and add(row), which may throw. Plain data: goes with the memory it lies in.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace starhouse {

template <class Place, class Row>
class WaitingRows {
  static_assert(std::is_trivially_copyable_v<Row>);

public:
  static constexpr std::size_t most = 64;

  bool empty() const noexcept { return count_ == 0; }

  // `place` is not looked at. True when there is no room for another row: work_off() is due.
  bool add(Place *place, const Row &row) noexcept {
    rows_[count_].place = place;
    rows_[count_].row = row;
    return ++count_ == most;
  }

  // All rows into their places. Before anything is read from one. After an exception none waits
  // any more; the places are good for nothing but to be thrown away.
  void work_off() {
    const std::size_t count = std::exchange(count_, 0);
    for (std::size_t i = 0; i < count; ++i) {
      std::as_const(*rows_[i].place).fetch(rows_[i].row);
    }
    for (std::size_t i = 0; i < count; ++i) {
      rows_[i].place->add(rows_[i].row);
    }
  }

private:
  struct Waiting {
    Place *place;
    Row row;
  };
  std::size_t count_ = 0;
  std::array<Waiting, most> rows_; // the first count_
};

} // namespace starhouse
