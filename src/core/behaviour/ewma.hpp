// The exponentially weighted moving average over time: the average of values, each weighted by
// 2^(-age / half_life), age being the time from it to the newest one. (pandas: ewm(halflife=...,
// times=...).mean().) As ages differ by the same for all, the average does not depend on the time
// it is taken at: it is the quotient of two decayed sums (score/trending.hpp), which add up in any
// order and merge; their error bounds make it exact to about 2^-49 of the average of the amounts.
//
// Stored form (after the header of all states): both sums, of values and of weights, in their form;
// i64 time of the newest value.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/score/trending.hpp"

#include <algorithm>
#include <cmath>

namespace starhouse::behaviour {

class Ewma {
public:
  static constexpr StateFormat format{"ewma_state", StateKind::ewma, 1};

  // Errors 22023 for a value that is not finite or a half-life that differs, 22008 for an infinite
  // time.
  void add(std::int64_t at, double value, const score::HalfLife &half_life) {
    if (!std::isfinite(value)) {
      throw Error(sqlstate::invalid_parameter_value, "a value of a moving average is not finite",
                  "Leave NaN and infinities out by FILTER.");
    }
    check_finite(at);
    values_.add(at, value, half_life);
    weights_.add(at, 1, half_life);
    newest_ = weights_.count() == 1 ? at : std::max(newest_, at);
  }
  // As Trending::remove: false when the state has to be made anew.
  [[nodiscard]] bool remove(std::int64_t at, double value, const score::HalfLife &half_life) {
    const bool exact = values_.remove(at, value, half_life);
    return weights_.remove(at, 1, half_life) && exact;
  }
  void merge(const Ewma &other) {
    if (other.count() == 0) {
      return;
    }
    newest_ = count() == 0 ? other.newest_ : std::max(newest_, other.newest_);
    values_.merge(other.values_);
    weights_.merge(other.weights_);
  }

  std::int64_t count() const noexcept { return weights_.count(); }
  // Of one value or more. Error 22003 when a sum passes the range of a double.
  double value() const { return values_.value(newest_) / weights_.value(newest_); }

  std::size_t encoded_size() const noexcept {
    return values_.encoded_size() + weights_.encoded_size() + sizeof newest_;
  }
  void encode(ByteWriter &out) const {
    values_.encode(out);
    weights_.encode(out);
    out.put(newest_);
  }
  void decode(ByteReader &in, std::uint8_t version) {
    values_.decode(in, version);
    weights_.decode(in, version);
    newest_ = in.get<std::int64_t>();
    in.require(values_.count() == weights_.count() && values_.half_life() == weights_.half_life(),
               "its sums do not belong together");
    in.require(newest_ >= score::earliest_micros && newest_ <= score::latest_micros,
               "its time is out of range");
  }

private:
  score::Trending values_;
  score::Trending weights_;
  std::int64_t newest_ = 0;
};

} // namespace starhouse::behaviour
