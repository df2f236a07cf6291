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
#include <cstring>
#include <string_view>
#include <utility>

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

// Names of one user's events, in a few blocks of memory. There are many users with few events, so
// a name is looked for among the last ones only: one that comes back later may be kept again.
class NameStore {
public:
  // Points to what size_of() and view() read; stays where it is.
  using Name = const char *;

  explicit NameStore(std::pmr::memory_resource *memory) noexcept : memory_(memory) {}
  NameStore(NameStore &&other) noexcept
      : memory_(other.memory_), block_(std::exchange(other.block_, nullptr)), left_(other.left_),
        recent_(other.recent_), next_(other.next_) {}
  NameStore(const NameStore &) = delete;
  NameStore &operator=(const NameStore &) = delete;
  NameStore &operator=(NameStore &&) = delete;
  ~NameStore();

  Name keep(std::string_view bytes);

  static std::string_view view(Name name) noexcept {
    std::uint32_t size = 0;
    std::memcpy(&size, name, sizeof size);
    return {name + sizeof size, size};
  }

private:
  struct Block {
    Block *before;
    std::size_t size; // of the whole block
  };

  std::pmr::memory_resource *memory_;
  Block *block_ = nullptr;
  std::size_t left_ = 0; // bytes at the end of the block
  std::array<Name, 8> recent_{};
  std::size_t next_ = 0;
};

class EventPath {
public:
  static constexpr StateFormat format{"event_path", StateKind::event_path, 1};

  explicit EventPath(const Env &env) : names_(env.memory), events_(env) {}

  // Errors 22008 for an infinite time, 54000 for a name of more than 10,000 bytes.
  void add(Instant at, std::string_view name);
  void merge(const EventPath &other);

  // Calls `use` with the name of each step: at most `most` of them, of equal ones in a row the
  // first alone if `collapse`.
  template <class Use>
  void each_step(std::int64_t most, bool collapse, Use use) const {
    const Event *previous = nullptr;
    for (const Event &event : events_.sorted()) {
      const std::string_view name = NameStore::view(event.name);
      if (collapse && previous != nullptr && name == NameStore::view(previous->name)) {
        continue;
      }
      if (most-- <= 0) {
        return;
      }
      use(name);
      previous = &event;
    }
  }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Event {
    Instant at;
    NameStore::Name name;
    friend bool operator<(const Event &a, const Event &b) noexcept {
      return a.at != b.at ? a.at < b.at
                          : a.name != b.name && NameStore::view(a.name) < NameStore::view(b.name);
    }
  };

  template <class Out>
  void write(Out &out) const;

  NameStore names_;
  EventList<Event, DropEqual> events_;
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
