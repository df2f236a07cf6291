#include "core/behaviour/funnel.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace starhouse::behaviour {

namespace {

struct NamedMode {
  std::string_view name;
  FunnelMode mode;
};
constexpr std::array modes_by_name{NamedMode{"strict_deduplication", strict_deduplication},
                                   NamedMode{"strict_order", strict_order},
                                   NamedMode{"strict_increase", strict_increase},
                                   NamedMode{"strict_once", strict_once}};
constexpr std::uint8_t all_modes = 15;

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

void check_window(std::int64_t window) {
  if (window < 0) {
    throw Error(sqlstate::invalid_parameter_value, "the window of a funnel is negative",
                "It is the longest time from the first step to the last, such as '1 day'.");
  }
}

} // namespace

std::uint8_t funnel_modes(std::string_view names) {
  std::uint8_t modes = 0;
  for (names = trimmed(names); !names.empty();) {
    const std::size_t comma = names.find(',');
    const std::string_view name = trimmed(names.substr(0, comma));
    const auto *known = std::find_if(modes_by_name.begin(), modes_by_name.end(),
                                     [&](const NamedMode &mode) { return mode.name == name; });
    if (known == modes_by_name.end()) {
      throw Error(sqlstate::invalid_parameter_value,
                  "unknown mode of a funnel: \"" + std::string(name) + "\"",
                  "Choose from strict_deduplication, strict_order, strict_increase and "
                  "strict_once, separated by commas.");
    }
    modes |= known->mode;
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
  }
  return modes;
}

void Funnel::adopt(const FunnelRule &rule) {
  if (rule_.steps != 0) {
    throw Error(sqlstate::invalid_parameter_value,
                "the window, the number of steps or the mode differs between rows or states of one "
                "funnel",
                "Give the same for all of them.");
  }
  if (rule.steps < 1 || rule.steps > most_steps) {
    throw Error(sqlstate::invalid_parameter_value,
                "a funnel of " + std::to_string(rule.steps) + " steps",
                "Give 1 to " + std::to_string(most_steps) + " steps.");
  }
  check_window(rule.window);
  rule_ = rule;
}

void Funnel::merge(const Funnel &other) {
  if (other.rule_.steps == 0) {
    return;
  }
  if (other.rule_ != rule_) {
    adopt(other.rule_);
  }
  events_.merge(other.events_);
}

// One pass over the events, an instant at a time.
class Funnel::Search {
public:
  Search(const FunnelRule &rule, std::int64_t window)
      : window_(static_cast<std::uint64_t>(window)), modes_(rule.modes), steps_(rule.steps) {}

  int level() const noexcept { return level_; }

  // False when the search is over. `events` are those of one instant.
  bool take(std::span<Event> events) {
    const Instant at = events.front().at;
    std::uint32_t steps = 0;
    for (const Event &event : events) {
      steps |= event.steps;
      if (event.steps == 0 && level_ > 0 && has(strict_order)) {
        return false;
      }
    }
    if (has(strict_once)) {
      if (events.size() > 1) {
        std::sort(events.begin(), events.end(), [](const Event &a, const Event &b) {
          const int first_a = std::countr_zero(a.steps);
          const int first_b = std::countr_zero(b.steps);
          return first_a != first_b ? first_a < first_b : a.steps < b.steps;
        });
      }
      if (has(strict_increase)) {
        return descend(at, steps, steps);
      }
      return std::all_of(events.begin(), events.end(),
                         [&](const Event &event) { return descend(at, event.steps, event.steps); });
    }
    return has(strict_increase) ? descend(at, steps, steps) : ascend(at, steps);
  }

private:
  bool has(FunnelMode mode) const noexcept { return (modes_ & mode) != 0; }

  bool ascend(Instant at, std::uint32_t steps) {
    for (; steps != 0; steps &= steps - 1) {
      if (!reach(at, std::countr_zero(steps), 0)) {
        return false;
      }
    }
    return true;
  }

  // From the last step to the first: none of them builds on another of the same instant.
  bool descend(Instant at, std::uint32_t steps, std::uint32_t together) {
    while (steps != 0) {
      const int step = static_cast<int>(std::bit_width(steps)) - 1;
      if (!reach(at, step, together)) {
        return false;
      }
      steps &= ~(std::uint32_t{1} << step);
    }
    return true;
  }

  // `together`: steps that happen at the same time without being taken yet.
  bool reach(Instant at, int step, std::uint32_t together) {
    const auto place = static_cast<std::size_t>(step);
    if (step == 0) {
      start_[0] = at;
      level_ = std::max(level_, 1);
    } else if (has(strict_deduplication) && step < level_) {
      return false;
    } else if (step > level_) {
      const bool comes_with_it = ((together >> (place - 1)) & 1U) != 0;
      return !has(strict_order) || level_ == 0 || comes_with_it;
    } else if (micros_between(start_[place - 1], at) <= window_) {
      start_[place] = start_[place - 1];
      level_ = std::max(level_, step + 1);
    }
    return level_ < steps_;
  }

  std::uint64_t window_;
  std::uint8_t modes_;
  int steps_;
  int level_ = 0; // steps reached
  // Of the latest chain that reaches a step, its start.
  std::array<Instant, most_steps> start_{};
};

int Funnel::level(std::int64_t window) const {
  check_window(window);
  Search search(rule_, window);
  const auto events = events_.sorted();
  std::array<Event, 64> few;
  for (std::size_t i = 0; i < events.size();) {
    std::size_t end = i + 1;
    while (end < events.size() && events[end].at == events[i].at) {
      ++end;
    }
    bool goes_on = false;
    if (end - i <= few.size()) {
      std::copy(events.begin() + static_cast<std::ptrdiff_t>(i),
                events.begin() + static_cast<std::ptrdiff_t>(end), few.begin());
      goes_on = search.take(std::span(few).first(end - i));
    } else {
      std::pmr::vector<Event> many(events.begin() + static_cast<std::ptrdiff_t>(i),
                                   events.begin() + static_cast<std::ptrdiff_t>(end),
                                   events_.env().memory);
      goes_on = search.take(many);
    }
    if (!goes_on) {
      break;
    }
    if ((end & ~std::size_t{0xFFFF}) != (i & ~std::size_t{0xFFFF})) {
      events_.env().poll();
    }
    i = end;
  }
  return search.level();
}

template <class Out>
void Funnel::write(Out &out) const {
  const auto events = events_.sorted();
  out.put(rule_.steps);
  out.put(rule_.modes);
  out.zigzag(rule_.window);
  out.varint(events.size());
  const Event *previous = nullptr;
  for (const Event &event : events) {
    if (previous == nullptr) {
      out.zigzag(event.at);
    } else {
      out.varint(micros_between(previous->at, event.at));
    }
    out.varint(event.steps);
    previous = &event;
  }
}

std::size_t Funnel::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void Funnel::encode(ByteWriter &out) const {
  write(out);
}

void Funnel::decode(ByteReader &in, std::uint8_t /*version*/) {
  FunnelRule rule{};
  rule.steps = in.get<std::uint8_t>();
  rule.modes = in.get<std::uint8_t>();
  rule.window = in.zigzag();
  in.require(rule.steps <= most_steps && rule.modes <= all_modes && rule.window >= 0,
             "the funnel's steps, mode or window are out of range");
  rule_ = rule;
  const std::size_t count = in.count(2);
  in.require(rule.steps > 0 || (count == 0 && rule == FunnelRule{0, 0, 0}),
             "events or a rule without steps");
  Event event{};
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFFU) == 0) {
      events_.env().poll();
    }
    event.at = i == 0 ? in.zigzag() : read_later(in, event.at);
    const std::uint64_t steps = in.varint();
    in.require(steps >> rule.steps == 0 && (steps > 0 || (rule.modes & strict_order) != 0),
               "an event's steps are out of range");
    event.steps = static_cast<std::uint32_t>(steps);
    in.require(is_finite(event.at) && events_.append(event), "events are not in order");
  }
}

} // namespace starhouse::behaviour
