#include "core/generate/promotions.hpp"

#include "core/generate/random.hpp"

#include <algorithm>
#include <array>

namespace starhouse::generate {

namespace {

using calendar::Day;
using calendar::day_from_civil;

enum Purpose : std::uint64_t { purpose_promotion = 200 };

enum class Anchor : std::uint8_t { month_day, dussehra, diwali, holi };

struct Plan {
  std::string_view name;
  Category category;
  int percent;
  Anchor anchor;
  int month;  // month_day only
  int offset; // day of the month, or days from the festival
  int length;
  std::uint32_t uplift; // expected, per mille
};

// clang-format off
constexpr std::array<Plan, 24> plans{{
    {"New Year Fashion Sale", Category::apparel, 20, Anchor::month_day, 1, 2, 8, 300},
    {"Republic Day Electronics", Category::electronics, 12, Anchor::month_day, 1, 22, 7, 350},
    {"Valentine Beauty Week", Category::beauty, 15, Anchor::month_day, 2, 8, 7, 400},
    {"Holi Grocery Offers", Category::grocery, 8, Anchor::holi, 0, -6, 7, 200},
    {"Year-End Home Clearance", Category::home, 20, Anchor::month_day, 3, 22, 10, 350},
    {"Cricket Season", Category::sports, 15, Anchor::month_day, 4, 5, 14, 350},
    {"Exam Book Fair", Category::books, 10, Anchor::month_day, 4, 10, 12, 250},
    {"Summer Fashion", Category::apparel, 25, Anchor::month_day, 5, 10, 14, 400},
    {"Holiday Toys", Category::toys, 15, Anchor::month_day, 5, 20, 10, 300},
    {"Back to School", Category::books, 15, Anchor::month_day, 6, 5, 16, 450},
    {"Monsoon Home Sale", Category::home, 18, Anchor::month_day, 7, 4, 12, 300},
    {"Grocery Savers", Category::grocery, 5, Anchor::month_day, 7, 20, 8, 20},
    {"Freedom Electronics Sale", Category::electronics, 14, Anchor::month_day, 8, 9, 8, 450},
    {"Raksha Bandhan Gifts", Category::beauty, 12, Anchor::month_day, 8, 1, 8, 250},
    {"Onam and Ganesh Offers", Category::home, 12, Anchor::month_day, 8, 27, 10, 250},
    {"Navratri Fashion", Category::apparel, 18, Anchor::dussehra, 0, -9, 10, 350},
    {"Dussehra Electronics", Category::electronics, 10, Anchor::dussehra, 0, -4, 6, 300},
    {"Diwali Electronics Dhamaka", Category::electronics, 12, Anchor::diwali, 0, -11, 11, 350},
    {"Diwali Home Makeover", Category::home, 15, Anchor::diwali, 0, -12, 13, 300},
    {"Diwali Sweets", Category::grocery, 10, Anchor::diwali, 0, -7, 9, 250},
    {"Wedding Season Fashion", Category::apparel, 15, Anchor::month_day, 11, 18, 12, 250},
    {"Winter Care", Category::beauty, 15, Anchor::month_day, 12, 3, 12, 300},
    {"Christmas Toys", Category::toys, 20, Anchor::month_day, 12, 15, 11, 500},
    {"Year-End Sports Clearance", Category::sports, 25, Anchor::month_day, 12, 24, 8, 400},
}};
// clang-format on

Day start_of(const Plan &plan, const Festivals &festivals) {
  switch (plan.anchor) {
  case Anchor::dussehra:
    return festivals.dussehra + plan.offset;
  case Anchor::diwali:
    return festivals.diwali + plan.offset;
  case Anchor::holi:
    return festivals.holi + plan.offset;
  case Anchor::month_day:
    break;
  }
  return day_from_civil(festivals.year, plan.month, plan.offset);
}

} // namespace

// Four stores in five take part in a promotion; the rest are its control group.
bool Promotion::in_store(std::size_t store) const noexcept {
  std::uint64_t key = store;
  for (const char c : id) {
    key = key * 131 + static_cast<unsigned char>(c);
  }
  return Random(key, purpose_promotion).chance(800'000);
}

std::vector<Promotion> make_promotions(std::uint64_t seed, Day from, Day to) {
  std::vector<Promotion> promotions;
  const int last = calendar::civil_from_day(to).year;
  for (int year = calendar::civil_from_day(from).year; year <= last; ++year) {
    const Festivals festivals = festivals_of(year);
    for (std::size_t i = 0; i < plans.size(); ++i) {
      const Plan &plan = plans[i];
      const Day start = start_of(plan, festivals);
      if (start < from || start > to) {
        continue;
      }
      Random random(seed, purpose_promotion, static_cast<std::uint64_t>(year) * 100 + i);
      // Some promotions do better than planned, some fail.
      const auto factor = static_cast<std::uint32_t>(random.between(600, 1'400));
      const int number = (year % 100) * 100 + static_cast<int>(i) + 1;
      promotions.push_back({"PR" + std::to_string(number),
                            std::string(plan.name) + ' ' + std::to_string(year), start,
                            start + plan.length - 1, plan.percent, plan.category,
                            plan.uplift * factor / 1'000});
    }
  }
  std::stable_sort(promotions.begin(), promotions.end(),
                   [](const Promotion &a, const Promotion &b) { return a.start < b.start; });
  return promotions;
}

} // namespace starhouse::generate
