// Sets of which unions, intersections and differences can be counted: how many customers of one
// campaign came back in another.
//
// A theta sketch (A. Dasgupta, K. Lang, L. Rhodes, J. Thaler, "A Framework for Estimating Stream
// Expression Cardinalities", ICDT 2016): the hashes of values below a threshold theta, a share of
// all there are. Up to 4,096 values the threshold is at the end: sets are whole and results exact.
// Beyond it is the 4,097th smallest hash, so that 4,096 are kept: what remains is a function of the
// set of values, whatever their order, repetition or split (Z. Bar-Yossef et al., RANDOM 2002, and
// K. Beyer et al., SIGMOD 2007, for this choice).
//
// A union keeps the smallest 4,096 hashes of both below the lower threshold, and is the same, to
// the last bit, as a sketch of all values; an intersection or difference keeps those that are in
// both, or in the first alone, below the lower threshold.
//
// Error law: with m hashes kept below a threshold t the estimate is m / t, without bias, and m is
// binomial: the relative standard error is sqrt((1 - t) / m), so 1.6 % for a set or union however
// large. For an intersection or difference it is the same with its own m, which is 4,096 times its
// share of the union: an overlap of a hundredth of the union has 16 %. bounds() inverts the score
// test of the binomial distribution (E. B. Wilson, 1927), continuity included.
//
// Stored form (version 1, after the header of all states): u64 threshold (all hashes are below it;
// 2^64 - 1: at the end, the whole set), varint hashes, each a u64, ascending.
#pragma once

#include "core/hash.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <memory_resource>
#include <vector>

namespace starhouse::sketch {

class Theta {
public:
  static constexpr StateFormat format{"theta_sketch", StateKind::theta_sketch, 1};
  static constexpr std::size_t most_kept = 4096;

  explicit Theta(const Env &env) : places_(env.memory), sorted_(env.memory), env_(env) {}

  // `hash` is hash64 of the value. Most rows of a large set have one past the threshold.
  void add(std::uint64_t hash) {
    hash = hash < whole ? hash : whole - 1;
    if (hash < threshold_) {
      insert(hash);
    }
  }
  // The same where nothing is to be done: else false.
  bool is_past(std::uint64_t hash) const noexcept { return hash >= threshold_; }

  void merge(const Theta &other); // the union
  void intersect(const Theta &other);
  void subtract(const Theta &other);

  bool is_exact() const noexcept { return threshold_ == whole; }
  std::size_t kept() const { return hashes().size(); }
  double estimate() const;
  // The number of values lies between these with a probability of `confidence` (above 0, below 1;
  // else Error 22023).
  struct Bounds {
    double lower;
    double upper;
  };
  Bounds bounds(double confidence) const;
  double share() const noexcept; // theta

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  static constexpr std::uint64_t whole = UINT64_MAX;

  void insert(std::uint64_t hash);
  void grow();
  bool place(std::uint64_t hash) const noexcept;
  void select(const Theta &other, bool in);
  // Down to the smallest hashes that may be kept.
  void settle() const;
  // Those kept, ascending. Until the next add().
  const std::pmr::vector<std::uint64_t> &hashes() const;
  void take(std::pmr::vector<std::uint64_t> &&ascending) const;

  mutable std::uint64_t threshold_ = whole;
  // Open addressing with linear probing, at most half full, `whole` marks a free place; or none,
  // and all hashes are in sorted_.
  mutable std::pmr::vector<std::uint64_t> places_;
  mutable std::size_t size_ = 0; // in places_
  mutable std::pmr::vector<std::uint64_t> sorted_;
  Env env_;
};

} // namespace starhouse::sketch
