#include "core/sketch/theta.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <string>

namespace starhouse::sketch {

namespace {

// Hashes are gathered to this many before they are cut down to those that may be kept.
constexpr std::size_t most_gathered = 2 * Theta::most_kept;

std::string text_of(double number) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
}

// The quantile of the normal distribution: P. Acklam's rational approximation (2000), with one step
// of Halley's method by erfc, so exact but for rounding.
double normal_quantile(double p) noexcept {
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                          6.680131188771972e+01, -1.328068155288572e+01};
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                          3.754408661907416e+00};
  double x = 0;
  if (p < 0.02425 || p > 1 - 0.02425) {
    const double q = std::sqrt(-2 * std::log(std::min(p, 1 - p)));
    x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
        ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    x = p < 0.5 ? x : -x;
  } else {
    const double q = p - 0.5;
    const double r = q * q;
    x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
        (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - p;
  const double step = error * std::sqrt(2 * std::acos(-1.0)) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

} // namespace

// Adding
// -----------------------------------------------------------------------------------------

bool Theta::place(std::uint64_t hash) const noexcept {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = hash & mask;
  while (places_[at] != whole) {
    if (places_[at] == hash) {
      return false;
    }
    at = (at + 1) & mask;
  }
  places_[at] = hash;
  return true;
}

void Theta::grow() {
  std::size_t size = places_.size();
  do {
    size = std::max<std::size_t>(8, 2 * size);
  } while (size < 2 * (size_ + sorted_.size() + 1));
  std::pmr::vector<std::uint64_t> old(size, whole, places_.get_allocator());
  old.swap(places_);
  for (const std::uint64_t hash : old) {
    if (hash != whole) {
      place(hash);
    }
  }
  // What was in order, read or cut down, comes first.
  for (const std::uint64_t hash : sorted_) {
    size_ += place(hash) ? 1 : 0;
  }
  sorted_.clear();
}

void Theta::insert(std::uint64_t hash) {
  if (2 * (size_ + 1) > places_.size() || !sorted_.empty()) {
    grow();
  }
  size_ += place(hash) ? 1 : 0;
  if (size_ >= most_gathered) {
    settle();
  }
}

void Theta::settle() const {
  if (size_ == 0) {
    return;
  }
  std::pmr::vector<std::uint64_t> list(sorted_.get_allocator());
  list.reserve(size_);
  std::copy_if(places_.begin(), places_.end(), std::back_inserter(list),
               [](std::uint64_t hash) { return hash != whole; });
  env_.poll();
  if (list.size() > most_kept) {
    const auto end = list.begin() + most_kept;
    std::nth_element(list.begin(), end, list.end());
    threshold_ = *end;
    list.erase(end, list.end());
    // Keep on adding where the table is: it has the right size.
    std::fill(places_.begin(), places_.end(), whole);
    size_ = 0;
    for (const std::uint64_t hash : list) {
      size_ += place(hash) ? 1 : 0;
    }
  }
}

const std::pmr::vector<std::uint64_t> &Theta::hashes() const {
  if (size_ > 0) {
    settle();
    std::pmr::vector<std::uint64_t> list(sorted_.get_allocator());
    list.reserve(size_);
    std::copy_if(places_.begin(), places_.end(), std::back_inserter(list),
                 [](std::uint64_t hash) { return hash != whole; });
    std::sort(list.begin(), list.end());
    take(std::move(list));
  }
  return sorted_;
}

void Theta::take(std::pmr::vector<std::uint64_t> &&ascending) const {
  sorted_ = std::move(ascending);
  std::pmr::vector<std::uint64_t>(places_.get_allocator()).swap(places_);
  size_ = 0;
}

// Sets of two
// ------------------------------------------------------------------------------------

void Theta::merge(const Theta &other) {
  const auto &theirs = other.hashes();
  const auto &ours = hashes();
  const std::uint64_t threshold = std::min(threshold_, other.threshold_);
  const auto below = [&](const std::pmr::vector<std::uint64_t> &list) {
    return std::lower_bound(list.begin(), list.end(), threshold);
  };
  std::pmr::vector<std::uint64_t> list(sorted_.get_allocator());
  list.reserve(ours.size() + theirs.size());
  std::set_union(ours.begin(), below(ours), theirs.begin(), below(theirs),
                 std::back_inserter(list));
  threshold_ = threshold;
  if (list.size() > most_kept) {
    threshold_ = list[most_kept];
    list.resize(most_kept);
  }
  take(std::move(list));
}

// The values that are in the other sketch too or, `in` being false, are not.
void Theta::select(const Theta &other, bool in) {
  const auto &theirs = other.hashes();
  const auto &ours = hashes();
  const std::uint64_t threshold = std::min(threshold_, other.threshold_);
  const auto end = std::lower_bound(ours.begin(), ours.end(), threshold);
  std::pmr::vector<std::uint64_t> list(sorted_.get_allocator());
  list.reserve(static_cast<std::size_t>(end - ours.begin()));
  if (in) {
    std::set_intersection(ours.begin(), end, theirs.begin(), theirs.end(),
                          std::back_inserter(list));
  } else {
    std::set_difference(ours.begin(), end, theirs.begin(), theirs.end(), std::back_inserter(list));
  }
  threshold_ = threshold;
  take(std::move(list));
}

void Theta::intersect(const Theta &other) {
  select(other, true);
}
void Theta::subtract(const Theta &other) {
  select(other, false);
}

// Reading
// ----------------------------------------------------------------------------------------

double Theta::share() const noexcept {
  return is_exact() ? 1 : std::ldexp(static_cast<double>(threshold_), -64);
}

double Theta::estimate() const {
  const auto size = static_cast<double>(hashes().size());
  return size / share();
}

// m is binomial of n and t. The bounds are the n at which m lies z standard deviations off its mean
// n t, that is the zeros of (m - n t)^2 = z^2 n t (1 - t), m moved by half outwards.
Theta::Bounds Theta::bounds(double confidence) const {
  if (!(confidence > 0 && confidence < 1)) {
    throw Error(sqlstate::invalid_parameter_value,
                "confidence must lie above 0 and below 1: " + text_of(confidence),
                "0.95 means that 19 of 20 intervals hold the true number.");
  }
  const auto size = static_cast<double>(hashes().size());
  if (is_exact()) {
    return {size, size};
  }
  const double t = share();
  const double z = normal_quantile(0.5 + confidence / 2);
  const double spread = z * z * (1 - t);
  const auto bound = [&](double m, double sign) {
    return (m + spread / 2 + sign * std::sqrt(spread * m + spread * spread / 4)) / t;
  };
  return {std::max(size, bound(std::max(size - 0.5, 0.0), -1)), bound(size + 0.5, 1)};
}

// Stored form
// ------------------------------------------------------------------------------------

std::size_t Theta::encoded_size() const {
  const std::size_t size = hashes().size();
  return 8 + ByteWriter::varint_size(size) + 8 * size;
}

void Theta::encode(ByteWriter &out) const {
  const auto &list = hashes(); // first: the threshold may fall
  out.put(threshold_);
  out.varint(list.size());
  for (const std::uint64_t hash : list) {
    out.put(hash);
  }
}

void Theta::decode(ByteReader &in, std::uint8_t /*version*/) {
  threshold_ = in.get<std::uint64_t>();
  in.require(threshold_ > 0, "its threshold is 0");
  const std::size_t size = in.count(sizeof(std::uint64_t), most_kept);
  std::pmr::vector<std::uint64_t> list(sorted_.get_allocator());
  list.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto hash = in.get<std::uint64_t>();
    in.require(i == 0 || hash > list.back(), "its hashes are not in order");
    in.require(hash < threshold_, "a hash is past its threshold");
    list.push_back(hash);
  }
  take(std::move(list));
}

} // namespace starhouse::sketch
