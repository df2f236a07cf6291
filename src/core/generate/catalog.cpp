#include "core/generate/catalog.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace starhouse::generate {

namespace {

using calendar::Day;

struct Subcategory {
  Category category;
  std::string_view name;
  std::array<std::string_view, 3> nouns;
  int products;
  std::uint32_t demand; // per mille of the category's lines
  int low;              // price band, rupees
  int high;
};

// clang-format off
constexpr std::array<Subcategory, 40> subcategories{{
    {Category::electronics, "Smartphones", {"Smartphone", "5G Phone", "Phone"}, 16, 110, 7'500, 32'000},
    {Category::electronics, "Laptops", {"Laptop", "Notebook", "Chromebook"}, 8, 30, 24'000, 58'000},
    {Category::electronics, "Audio", {"Earbuds", "Headphones", "Bluetooth Speaker"}, 14, 260, 900, 6'000},
    {Category::electronics, "Wearables", {"Smartwatch", "Fitness Band", "Watch Strap"}, 8, 130, 1'200, 7'000},
    {Category::electronics, "Accessories", {"Power Bank", "Charger", "USB Cable"}, 16, 400, 250, 1'900},
    {Category::electronics, "Televisions", {"LED TV", "Smart TV", "QLED TV"}, 6, 70, 11'000, 42'000},
    {Category::apparel, "Men's Wear", {"Shirt", "Kurta", "Jeans"}, 18, 260, 500, 2'600},
    {Category::apparel, "Women's Wear", {"Kurti", "Saree", "Dress"}, 22, 320, 600, 3'400},
    {Category::apparel, "Kids' Wear", {"T-Shirt", "Frock", "Shorts"}, 12, 180, 300, 1'300},
    {Category::apparel, "Footwear", {"Sneakers", "Sandals", "Loafers"}, 14, 160, 600, 3'600},
    {Category::apparel, "Accessories", {"Belt", "Handbag", "Wallet"}, 10, 80, 350, 2'400},
    {Category::grocery, "Staples", {"Basmati Rice 5 kg", "Wheat Flour 5 kg", "Toor Dal 1 kg"}, 16, 280, 90, 480},
    {Category::grocery, "Snacks", {"Namkeen", "Biscuits", "Chips"}, 20, 220, 20, 160},
    {Category::grocery, "Beverages", {"Tea 500 g", "Coffee 200 g", "Fruit Juice 1 l"}, 14, 160, 60, 420},
    {Category::grocery, "Dairy", {"Paneer 200 g", "Butter 500 g", "Ghee 1 l"}, 10, 150, 50, 560},
    {Category::grocery, "Spices", {"Garam Masala", "Turmeric Powder", "Chilli Powder"}, 12, 110, 40, 220},
    {Category::grocery, "Sweets", {"Soan Papdi", "Gulab Jamun Tin", "Dry Fruit Box"}, 10, 80, 120, 800},
    {Category::home, "Kitchenware", {"Pressure Cooker", "Non-stick Pan", "Water Bottle"}, 18, 320, 250, 2'400},
    {Category::home, "Furnishing", {"Bedsheet", "Curtain", "Cushion Cover"}, 16, 270, 300, 2'200},
    {Category::home, "Decor", {"Wall Clock", "Diya Set", "Photo Frame"}, 14, 200, 150, 1'400},
    {Category::home, "Appliances", {"Mixer Grinder", "Electric Kettle", "Ceiling Fan"}, 12, 90, 1'100, 5'200},
    {Category::home, "Storage", {"Container Set", "Laundry Basket", "Shoe Rack"}, 10, 120, 200, 1'500},
    {Category::beauty, "Skin Care", {"Face Wash", "Moisturiser", "Sunscreen"}, 18, 330, 150, 900},
    {Category::beauty, "Hair Care", {"Shampoo", "Hair Oil", "Conditioner"}, 14, 300, 120, 700},
    {Category::beauty, "Make-up", {"Lipstick", "Kajal", "Compact"}, 14, 200, 180, 1'100},
    {Category::beauty, "Fragrances", {"Perfume", "Deodorant", "Attar"}, 10, 170, 180, 1'600},
    {Category::toys, "Building Sets", {"Block Set", "Model Kit", "Train Set"}, 10, 220, 350, 2'400},
    {Category::toys, "Board Games", {"Board Game", "Carrom Board", "Chess Set"}, 10, 220, 250, 1'800},
    {Category::toys, "Soft Toys", {"Teddy Bear", "Plush Elephant", "Doll"}, 10, 280, 200, 1'100},
    {Category::toys, "Outdoor Toys", {"Kite Set", "Water Gun", "Tricycle"}, 8, 280, 150, 1'700},
    {Category::sports, "Cricket", {"Cricket Bat", "Cricket Ball", "Batting Gloves"}, 12, 280, 300, 3'400},
    {Category::sports, "Badminton", {"Badminton Racket", "Shuttlecocks", "Net"}, 8, 220, 250, 2'300},
    {Category::sports, "Fitness", {"Yoga Mat", "Dumbbell Pair", "Resistance Band"}, 12, 280, 300, 2'800},
    {Category::sports, "Football", {"Football", "Football Boots", "Shin Guards"}, 8, 140, 350, 2'600},
    {Category::sports, "Cycling", {"Helmet", "Bicycle Light", "Cycle Lock"}, 6, 80, 400, 2'900},
    {Category::books, "Fiction", {"Novel", "Short Stories", "Thriller"}, 16, 280, 150, 600},
    {Category::books, "Education", {"Exam Guide", "Workbook", "Atlas"}, 14, 280, 180, 850},
    {Category::books, "Children", {"Picture Book", "Activity Book", "Story Book"}, 12, 200, 100, 450},
    {Category::books, "Stationery", {"Notebook Pack", "Pen Set", "Geometry Box"}, 14, 180, 50, 380},
    {Category::books, "Art", {"Colour Pencils", "Sketch Pad", "Paint Set"}, 8, 60, 90, 750},
}};

struct CategoryFacts {
  std::string_view name;
  std::uint32_t demand;      // per mille of lines on an ordinary day
  std::uint32_t margin;      // per mille of the first price
  std::array<std::uint32_t, 5> quantity; // per mille of lines with 1 .. 5 units
  std::array<std::string_view, 6> brands;
};

constexpr std::array<CategoryFacts, category_count> facts{{
    {"Electronics", 45, 150, {950, 45, 5, 0, 0}, {"Zentek", "Orbita", "Voltan", "Nimbus", "Auricle", "Kaira"}},
    {"Apparel", 150, 420, {830, 130, 40, 0, 0}, {"Rangmahal", "Urban Loom", "Khadi & Co", "Tantu", "Stride", "Meher"}},
    {"Grocery", 375, 180, {420, 290, 160, 80, 50}, {"Annapurna", "Desi Farm", "Himgiri", "Swadisht", "Gopi", "Daily Bowl"}},
    {"Home", 120, 350, {800, 150, 50, 0, 0}, {"Gharana", "Utsav", "Nivasa", "Clay & Co", "Homely", "Prakash"}},
    {"Beauty", 130, 380, {700, 220, 80, 0, 0}, {"Lavanya", "Kumud", "Aarna", "Glow Theory", "Vanya", "Roopmati"}},
    {"Toys", 60, 330, {850, 120, 30, 0, 0}, {"Khilona", "Chotu", "Playmitra", "Gilli", "Funzone", "Tara"}},
    {"Sports", 60, 320, {860, 110, 30, 0, 0}, {"Vijeta", "Pavan", "Maidan", "Akhada", "Turf", "Gati"}},
    {"Books", 60, 280, {760, 170, 70, 0, 0}, {"Granth", "Akshar", "Peepal Press", "Kalam", "Vidya House", "Chitrakar"}},
}};
// clang-format on

constexpr int products_in_table() {
  int sum = 0;
  for (const Subcategory &subcategory : subcategories) {
    sum += subcategory.products;
  }
  return sum;
}
static_assert(products_in_table() == product_count);

const CategoryFacts &facts_of(Category category) {
  return facts[static_cast<std::size_t>(category)];
}

enum Purpose : std::uint64_t { purpose_product = 100, purpose_revision = 101 };

// 1,234 -> 1,239; 12,345 -> 12,290: shelf prices end in 9 or 90.
Paisa shelf_price(Paisa rupees) {
  if (rupees >= 5'000) {
    return (rupees / 100 * 100 + 90) * 100;
  }
  if (rupees >= 100) {
    return (rupees / 10 * 10 + 9) * 100;
  }
  return rupees * 100;
}

void add_price_revisions(std::uint64_t seed, Day from, Day to, const std::vector<Product> &products,
                         std::vector<Revision> &revisions) {
  std::vector<Paisa> current;
  current.reserve(products.size());
  for (const Product &product : products) {
    current.push_back(product.price);
  }
  for (Day day = from + 1; day <= to; ++day) {
    if (calendar::civil_from_day(day).day != 1) {
      continue;
    }
    Random random(seed, purpose_revision,
                  static_cast<std::uint64_t>(static_cast<std::uint32_t>(day)));
    for (std::size_t i = 0; i < products.size(); ++i) {
      if (!random.chance(60'000)) {
        continue;
      }
      const Paisa factor = random.between(930, 1'100);
      const Paisa price = shelf_price(std::max<Paisa>(10, current[i] * factor / 100'000));
      if (price != current[i] && price > products[i].unit_cost) {
        current[i] = price;
        revisions.push_back(
            {day, static_cast<int>(i), Revision::Kind::price, price, products[i].category, {}});
      }
    }
  }
}

// Wearables move from Electronics to Sports after a quarter, diyas and fans to another subcategory
// after half a year; the brand Zentek is renamed in July, as far as the year is generated.
void add_reorganisations(int year, Day from, Day to, const std::vector<Product> &products,
                         std::vector<Revision> &revisions) {
  const auto add = [&](Day day, std::size_t product, Revision::Kind kind, Category category,
                       std::string_view text) {
    if (day > from && day <= to) {
      revisions.push_back({day, static_cast<int>(product), kind, 0, category, text});
    }
  };
  for (std::size_t i = 0; i < products.size(); ++i) {
    const Product &product = products[i];
    if (product.subcategory == "Wearables" && i % 2 == 0) {
      add(calendar::day_from_civil(year, 4, 1), i, Revision::Kind::category, Category::sports,
          "Fitness");
    }
    if (product.subcategory == "Decor" && i % 3 == 0) {
      add(calendar::day_from_civil(year, 9, 15), i, Revision::Kind::category, Category::home,
          "Festive Decor");
    }
    if (product.brand == "Zentek") {
      add(calendar::day_from_civil(year, 7, 1), i, Revision::Kind::brand, product.category,
          "Zentek Digital");
    }
  }
}

} // namespace

Catalog make_catalog(std::uint64_t seed, Day from, Day to) {
  Catalog catalog;
  catalog.products.reserve(product_count);
  for (const Subcategory &subcategory : subcategories) {
    const CategoryFacts &category = facts_of(subcategory.category);
    Random random(seed, purpose_product, catalog.products.size());
    const auto n = static_cast<std::uint32_t>(subcategory.products);
    // Popularity by rank, near Zipf's law but without its extreme head; ranks are dealt to the
    // price ladder at random, so that a cheap and a dear product may both be the favourite.
    std::vector<std::uint32_t> rank(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      rank[i] = i;
    }
    for (std::uint32_t i = n; i > 1; --i) {
      std::swap(rank[i - 1], rank[random.below(i)]);
    }
    std::uint32_t rank_total = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      rank_total += 10'000 / (i + 4);
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      // The ladder is quadratic: many cheap products, few dear ones.
      const Paisa step = (1'000 * i + random.below(1'000)) / n; // per mille of the band
      const Paisa rupees =
          subcategory.low + (subcategory.high - subcategory.low) * step / 1'000 * step / 1'000;
      Product product;
      product.demand = product.category = subcategory.category;
      product.subcategory = subcategory.name;
      product.brand =
          category.brands[random.below(static_cast<std::uint32_t>(category.brands.size()))];
      product.name = product.brand + ' ' + std::string(subcategory.nouns[i % 3]) + ' ' +
                     std::to_string(10 * (i + 1) + random.below(9));
      product.supplier = 1 + static_cast<int>(subcategory.category) * 5 + random.between(0, 4);
      product.price = shelf_price(rupees);
      product.unit_cost = product.price * (1'000 - category.margin) / 1'000;
      product.popularity = subcategory.demand * 100 * (10'000 / (rank[i] + 4)) / rank_total;
      catalog.products.push_back(std::move(product));
    }
  }
  add_price_revisions(seed, from, to, catalog.products, catalog.revisions);
  const int last = calendar::civil_from_day(to).year;
  for (int year = calendar::civil_from_day(from).year; year <= last; ++year) {
    add_reorganisations(year, from, to, catalog.products, catalog.revisions);
  }
  std::stable_sort(catalog.revisions.begin(), catalog.revisions.end(),
                   [](const Revision &a, const Revision &b) { return a.effective < b.effective; });
  return catalog;
}

bool apply(const Revision &revision, Product &product) {
  switch (revision.kind) {
  case Revision::Kind::price:
    return std::exchange(product.price, revision.price) != revision.price;
  case Revision::Kind::category:
    product.category = revision.category;
    return std::exchange(product.subcategory, revision.text) != revision.text;
  case Revision::Kind::brand:
    return std::exchange(product.brand, std::string(revision.text)) != revision.text;
  }
  return false;
}

std::string_view category_name(Category category) noexcept {
  return facts_of(category).name;
}

std::uint32_t category_demand(Category category) noexcept {
  return facts_of(category).demand;
}

std::uint32_t mean_quantity_milli(Category category) noexcept {
  std::uint32_t mean = 0;
  std::uint32_t units = 1;
  for (const std::uint32_t share : facts_of(category).quantity) {
    mean += units++ * share;
  }
  return mean;
}

int draw_quantity(Category category, Random &random) noexcept {
  std::uint32_t at = random.below(1'000);
  int units = 1;
  for (const std::uint32_t share : facts_of(category).quantity) {
    if (at < share) {
      return units;
    }
    at -= share;
    ++units;
  }
  return 1;
}

} // namespace starhouse::generate
