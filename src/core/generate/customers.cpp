#include "core/generate/customers.hpp"

#include "core/generate/geography.hpp"
#include "core/generate/text.hpp"

#include <algorithm>
#include <array>

namespace starhouse::generate {

namespace {

enum Purpose : std::uint64_t { purpose_member = 300, purpose_person = 301, purpose_month = 302 };

constexpr Paisa gold_from = 1'500'000;     // Rs 15,000 spent since the first day
constexpr Paisa platinum_from = 6'000'000; // Rs 60,000
constexpr std::uint32_t moving = 700;      // per million and month

// One member in `core_every` is a regular; `core_share` of all returning baskets are theirs.
constexpr std::uint32_t core_every = 4;
constexpr std::uint32_t core_share = 930'000;

} // namespace

std::string_view loyalty_name(Loyalty level) noexcept {
  constexpr std::array<std::string_view, 3> names{"Silver", "Gold", "Platinum"};
  return names[static_cast<std::size_t>(level)];
}

Customers::Customers(std::uint64_t seed, const Weighted &store_weights, std::size_t stores,
                     std::uint32_t members)
    : seed_(seed), by_home_(stores) {
  Random random(seed, purpose_member);
  for (std::uint32_t i = 0; i < members; ++i) {
    join(static_cast<std::uint32_t>(store_weights.pick(random)));
    const std::uint32_t level = random.below(1'000);
    customers_.back().level = level < 780   ? Loyalty::silver
                              : level < 960 ? Loyalty::gold
                                            : Loyalty::platinum;
  }
}

void Customers::join(std::uint32_t home) {
  by_home_[home].push_back(size());
  Customer customer;
  customer.home = home;
  customers_.push_back(customer);
}

std::uint32_t Customers::pick(Random &random, std::uint32_t home, std::uint32_t joining) {
  const bool joins = random.chance(joining);
  const std::vector<std::uint32_t> &members = by_home_[home];
  const auto n = static_cast<std::uint32_t>(members.size());
  if (joins || n == 0) {
    join(home);
    return size() - 1;
  }
  if (random.chance(core_share)) {
    const std::uint32_t core = (n + core_every - 1) / core_every;
    return members[std::size_t{random.skewed_below(core)} * core_every];
  }
  return members[random.below(n)];
}

void Customers::end_month(std::uint64_t month) {
  Random random(seed_, purpose_month, month);
  for (Customer &customer : customers_) {
    if (customer.spent >= platinum_from) {
      customer.level = Loyalty::platinum;
    } else if (customer.spent >= gold_from) {
      customer.level = std::max(customer.level, Loyalty::gold);
    }
    if (random.chance(moving)) {
      customer.home = random.below(static_cast<std::uint32_t>(by_home_.size()));
    }
  }
}

Person Customers::person(std::uint32_t customer) const noexcept {
  Random random(seed_, purpose_person, customer);
  Person person{};
  person.female = random.chance(520'000);
  const auto first = person.female ? female_names() : male_names();
  person.first_name = first[random.below(static_cast<std::uint32_t>(first.size()))];
  const auto last = last_names();
  person.last_name = last[random.below(static_cast<std::uint32_t>(last.size()))];
  // 18 to 75 years old in 2025, most of them between 25 and 45.
  const std::int32_t age_days =
      18 * 365 + random.between(0, 28 * 365) + random.between(0, 29 * 365);
  person.birth_date = calendar::day_from_civil(2025, 1, 1) - age_days;
  person.misspelled_until = random.chance(6'000) ? 1 + random.below(11) : 0;
  return person;
}

std::string customer_id(std::uint32_t customer) {
  return numbered("C", customer + 1, 6);
}

} // namespace starhouse::generate
