// What takes long over long lists, in forms that ask Env now and then whether to stop, so that a
// statement can be cancelled in the midst of one (core/error.hpp: Cancelled is thrown; what was to
// be sorted is in no order then).
#pragma once

#include "core/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>

namespace starhouse {

namespace detail {

template <class Less>
class PolledLess {
public:
  PolledLess(const Env &env, Less less, std::uint32_t &steps)
      : env_(&env), less_(less), steps_(&steps) {}

  template <class A, class B>
  bool operator()(const A &a, const B &b) {
    // Some milliseconds apart, also where a comparison waits for memory.
    if ((++*steps_ & 0x3FFFFU) == 0) {
      env_->poll();
    }
    return less_(a, b);
  }

private:
  const Env *env_;
  Less less_;
  std::uint32_t *steps_; // the algorithms copy their comparison
};

// Below, a sort takes a few milliseconds.
inline constexpr std::ptrdiff_t sorted_at_once = std::ptrdiff_t{1} << 14U;

} // namespace detail

// use(element) for each of a list.
template <class List, class Use>
void polled_each(const Env &env, const List &list, Use use) {
  std::size_t steps = 0;
  for (const auto &element : list) {
    if ((steps++ & 0x3FFFU) == 0) {
      env.poll();
    }
    use(element);
  }
}

template <class Iterator, class Less = std::less<>>
void polled_sort(const Env &env, Iterator begin, Iterator end, Less less = {}) {
  if (std::distance(begin, end) < detail::sorted_at_once) {
    std::sort(begin, end, less);
    return;
  }
  std::uint32_t steps = 0;
  std::sort(begin, end, detail::PolledLess<Less>(env, less, steps));
}

template <class Iterator, class Less = std::less<>>
void polled_stable_sort(const Env &env, Iterator begin, Iterator end, Less less = {}) {
  if (std::distance(begin, end) < detail::sorted_at_once) {
    std::stable_sort(begin, end, less);
    return;
  }
  std::uint32_t steps = 0;
  std::stable_sort(begin, end, detail::PolledLess<Less>(env, less, steps));
}

} // namespace starhouse
