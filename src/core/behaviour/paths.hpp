// Which ways users take: the events of one user in order (EventPath), and how often each path is
// taken (PathCounts), exactly.
//
// Events are a set, ordered by time, then by the bytes of their names: one that comes twice is in
// it once. Paths are compared by the bytes of their steps too.
//
// Stored forms (after the header of all states): EventPath varint names, in order of bytes; each:
// varint length, bytes; then varint events; each: varint difference of its time to the one before
// (the first: zigzag time), varint number of its name. PathCounts varint wanted (0: not given),
// varint paths, in order of bytes; each: varint bytes shared with the one before, varint bytes that
// follow, those, varint count. The bytes of a path: for each step varint length, bytes.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/state.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::behaviour {

// Texts, each kept once, at a place that does not change.
class TextSet {
public:
  struct Text {
    std::uint64_t hash;
    std::uint64_t count; // for the owner's use
    std::string_view bytes;
  };

  explicit TextSet(std::pmr::memory_resource *memory) : memory_(memory), places_(memory) {}
  TextSet(TextSet &&) noexcept = default;
  TextSet(const TextSet &) = delete;
  TextSet &operator=(const TextSet &) = delete;
  TextSet &operator=(TextSet &&) = delete;
  ~TextSet();

  // The text with these bytes, made with a count of 0 if it is new.
  Text &operator[](std::string_view bytes);
  std::size_t size() const noexcept { return size_; }
  // In order of bytes.
  std::pmr::vector<const Text *> sorted(const Env &env) const;

private:
  std::size_t find(std::uint64_t hash, std::string_view bytes) const noexcept;
  void grow();

  std::pmr::memory_resource *memory_;
  std::pmr::vector<Text *> places_; // a power of two of them, half full at most
  std::size_t size_ = 0;
};

inline constexpr std::size_t longest_name = 10'000; // bytes

class EventPath {
public:
  static constexpr StateFormat format{"event_path", StateKind::event_path, 1};

  explicit EventPath(const Env &env) noexcept : env_(env) {}
  EventPath(const EventPath &) = delete;
  EventPath &operator=(const EventPath &) = delete;
  ~EventPath();

  // An event whose name is short enough to lie in it.
  struct Row {
    static constexpr std::size_t most = 46;
    Instant at;
    std::uint16_t size; // of the name
    char name[most];
  };
  bool add_at_once(const Row &row) noexcept {
    return is_finite(row.at) && put_at_once(row.at, {row.name, row.size});
  }
  void add(const Row &row) { add(row.at, {row.name, row.size}); }
  void fetch(const Row &) const noexcept {
    if (log_ != nullptr) {
      __builtin_prefetch(log_ + used_, 1);
    }
  }

  // Errors 22008 for an infinite time, 54000 for a name of more than 10,000 bytes.
  void add(Instant at, std::string_view name);
  void merge(const EventPath &other);

  // Calls `use` with the name of each step: at most `most` of them, of equal ones in a row the
  // first alone if `collapse`.
  template <class Use>
  void each_step(std::int64_t most, bool collapse, Use use) const {
    const Sorted sorted(*this);
    const Event *previous = nullptr;
    for (const Event &event : sorted.events()) {
      if (collapse && previous != nullptr && event.name == previous->name) {
        continue;
      }
      if (most-- <= 0) {
        return;
      }
      use(event.name);
      previous = &event;
    }
  }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Event {
    Instant at;
    std::string_view name;
    friend bool operator<(const Event &a, const Event &b) noexcept {
      return a.at != b.at ? a.at < b.at : a.name < b.name;
    }
    friend bool operator==(const Event &, const Event &) = default;
  };

  // The events in order, each once; names lie in the log.
  class Sorted {
  public:
    explicit Sorted(const EventPath &path);
    Sorted(const Sorted &) = delete;
    Sorted &operator=(const Sorted &) = delete;
    std::span<const Event> events() const noexcept { return events_; }

  private:
    std::array<Event, 16> few_;
    std::pmr::vector<Event> many_;
    std::span<const Event> events_;
  };

  static constexpr std::size_t bytes_of(std::string_view name) noexcept {
    return sizeof(Instant) + sizeof(std::uint16_t) + name.size();
  }
  bool put_at_once(Instant at, std::string_view name) noexcept {
    if (bytes_of(name) > capacity_ - used_) {
      return false;
    }
    put(at, name);
    return true;
  }
  void put(Instant at, std::string_view name) noexcept {
    const auto size = static_cast<std::uint16_t>(name.size());
    char *to = log() + used_;
    std::memcpy(to, &at, sizeof at);
    std::memcpy(to + sizeof at, &size, sizeof size);
    std::memcpy(to + sizeof at + sizeof size, name.data(), name.size());
    used_ += static_cast<std::uint32_t>(bytes_of(name));
    ++count_;
  }
  char *log() noexcept { return log_ != nullptr ? log_ : first_; }
  const char *log() const noexcept { return log_ != nullptr ? log_ : first_; }
  void make_room(std::size_t least);
  void leave_out_repeated();
  template <class Out>
  void write(Out &out) const;

  // Events as they came, one after the other: time, size of the name (u16), its bytes. The first
  // few lie here: many users have no more, and a row of one looks at no more than these 64 bytes.
  char *log_ = nullptr; // once they do not
  std::uint32_t used_ = 0;
  std::uint32_t capacity_ = sizeof first_;
  std::uint32_t count_ = 0; // of events
  char first_[44];
  Env env_;
};

class PathCounts {
public:
  static constexpr StateFormat format{"path_top_k_state", StateKind::path_counts, 1};
  static constexpr std::int64_t most_wanted = 1'000'000;

  explicit PathCounts(const Env &env) : env_(env), paths_(env.memory) {}

  // `path`: the bytes of its steps, as path_step() writes them. `wanted` is the number of paths a
  // one-step aggregate asks for, else 0: an error 22023 when it differs or makes no sense.
  void add(std::string_view path, std::int64_t wanted = 0);
  void merge(const PathCounts &other);

  struct Frequent {
    std::string_view path;
    std::uint64_t count;
    double share; // of all paths counted
  };
  // Error 22023 for a number of paths that nobody can ask for.
  static void check_wanted(std::int64_t wanted);
  // The most frequent ones first, of equally frequent ones in order of bytes; as many as `wanted`,
  // or as the one-step aggregate asked for.
  std::pmr::vector<Frequent> top(std::int64_t wanted, const Env &env) const;
  std::pmr::vector<Frequent> top(const Env &env) const { return top(wanted_, env); }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  void adopt(std::int64_t wanted);
  template <class Out>
  void write(Out &out) const;

  Env env_;
  std::int64_t wanted_ = 0;
  std::uint64_t total_ = 0;
  TextSet paths_;
};

// Steps of a path as bytes, and back: the next one, taken off the front.
std::size_t path_step_size(std::string_view step) noexcept;
char *path_step(char *target, std::string_view step) noexcept;
std::string_view next_path_step(std::string_view &path) noexcept;

} // namespace starhouse::behaviour
