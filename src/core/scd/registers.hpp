// The values that all versions of a key share: those of types 1 (newest), 0 (oldest) and 3
// (alternate, with the previous value beside it). Which of the known and incoming points rules each
// of them.
#pragma once

#include "core/scd/points.hpp"

namespace starhouse::scd {

class Registers {
public:
  Registers(const Input &input, const Env &env);

  // Takes in what was known before: points in order of time.
  void know(std::span<const Point> known);

  // The instant of the known point that the stored value of a slot is from.
  Instant since(Index slot) const { return since_[slot]; }

  struct Settled {
    std::span<const Point> points; // known and incoming, in order of time
    Index showing;                 // a stored version that shows the values, or none
    Instant newest_known;
  };
  // Fills the plan's sources. An event that changed nothing else is marked in `outcomes`; since
  // when the previous values were the newest goes to `memory`.
  void settle(const Settled &settled, Plan &plan, List<Outcome> &outcomes, List<Memory> &memory);

  // Whether a stored version shows other values than the plan says.
  bool differ(const Version &version, const Plan &plan) const;

private:
  const Input &in_;
  const Shape shape_;
  const Env &env_;
  const Index slots_;
  Instant *since_;
};

} // namespace starhouse::scd
