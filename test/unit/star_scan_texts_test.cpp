// The numbers that texts have as keys: the same by hash and, where texts are few and short, by what
// they are.
#include "core/scan/groups.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

namespace starhouse::scan {
namespace {

struct Pool {
  std::pmr::unsynchronized_pool_resource memory;
  Env env{.memory = &memory};
};

std::string text_of(std::mt19937 &random, std::size_t most, unsigned letters) {
  std::string text(random() % (most + 1), '\0');
  for (char &letter : text) {
    letter = static_cast<char>(random() % letters); // zeros too
  }
  return text;
}

TEST(StarScanTexts, EachHasOneNumberHoweverItIsFound) {
  std::mt19937 random(7);
  for (const std::size_t most : {0U, 1U, 2U, 3U, 4U, 7U, 8U, 9U, 15U, 16U, 17U, 40U}) {
    for (const unsigned letters : {2U, 256U}) {
      Pool pool;
      Dictionary dictionary(pool.env);
      std::map<std::string, std::int64_t> numbers;
      for (int i = 0; i < 5000; ++i) {
        // Each in a place of its own size: what lies behind it is not read.
        const std::string text = text_of(random, most, letters);
        const std::vector<char> exact(text.begin(), text.end());
        const std::string_view bytes(exact.data(), exact.size());
        const auto [place, is_new] =
            numbers.emplace(text, static_cast<std::int64_t>(numbers.size()));
        const std::int64_t number = random() % 4 == 0 ? dictionary.number_of(bytes, hash64(bytes))
                                                      : dictionary.number_of(bytes);
        ASSERT_EQ(number, place->second) << is_new;
        ASSERT_EQ(dictionary.text(number), text);
        ASSERT_EQ(dictionary.find(bytes, hash64(bytes)), number);
      }
      EXPECT_EQ(dictionary.has_few(), numbers.size() <= 256);
    }
  }
}

// Texts of the same size that differ in one byte alone, and such that are another's beginning.
TEST(StarScanTexts, NeighboursAreTold) {
  for (std::size_t size = 1; size <= 18; ++size) {
    Pool pool;
    Dictionary dictionary(pool.env);
    std::vector<std::string> texts{std::string(size, 'a')};
    for (std::size_t i = 0; i < size; ++i) {
      texts.push_back(texts.front());
      texts.back()[i] = 'b';
      texts.push_back(texts.front().substr(0, i));
    }
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        ASSERT_EQ(dictionary.number_of(texts[i]), static_cast<std::int64_t>(i)) << size;
      }
    }
  }
}

TEST(StarScanTexts, AClearedDictionaryBeginsAnew) {
  Pool pool;
  Dictionary dictionary(pool.env);
  EXPECT_EQ(dictionary.number_of("one"), 0);
  EXPECT_EQ(dictionary.number_of("two"), 1);
  EXPECT_GT(dictionary.memory(), 0U);
  dictionary.clear();
  EXPECT_EQ(dictionary.memory(), 0U);
  EXPECT_EQ(dictionary.number_of("two"), 0);
  EXPECT_EQ(dictionary.number_of("one"), 1);
}

} // namespace
} // namespace starhouse::scan
