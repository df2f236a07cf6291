#include "core/behaviour/paths.hpp"

#include "core/hash.hpp"
#include "core/polled.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <stdexcept>
#include <utility>

namespace starhouse::behaviour {

TextSet::~TextSet() {
  for (Text *text : places_) {
    if (text != nullptr) {
      memory_->deallocate(text, sizeof(Text) + text->bytes.size(), alignof(Text));
    }
  }
}

std::size_t TextSet::find(std::uint64_t hash, std::string_view bytes) const noexcept {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = static_cast<std::size_t>(hash) & mask;
  while (places_[at] != nullptr && (places_[at]->hash != hash || places_[at]->bytes != bytes)) {
    at = (at + 1) & mask;
  }
  return at;
}

void TextSet::grow() {
  std::pmr::vector<Text *> old(std::max<std::size_t>(8, 2 * places_.size()), memory_);
  old.swap(places_);
  for (Text *text : old) {
    if (text != nullptr) {
      places_[find(text->hash, text->bytes)] = text;
    }
  }
}

TextSet::Text &TextSet::operator[](std::string_view bytes) {
  if (2 * (size_ + 1) > places_.size()) {
    grow();
  }
  const std::uint64_t hash = hash64(bytes);
  Text *&place = places_[find(hash, bytes)];
  if (place == nullptr) {
    auto *memory =
        static_cast<char *>(memory_->allocate(sizeof(Text) + bytes.size(), alignof(Text)));
    char *copy = memory + sizeof(Text);
    std::copy(bytes.begin(), bytes.end(), copy);
    place = new (memory) Text{hash, 0, {copy, bytes.size()}};
    ++size_;
  }
  return *place;
}

std::pmr::vector<const TextSet::Text *> TextSet::sorted(const Env &env) const {
  std::pmr::vector<const Text *> list(env.memory);
  list.reserve(size_);
  for (const Text *text : places_) {
    if (text != nullptr) {
      list.push_back(text);
    }
  }
  polled_sort(env, list.begin(), list.end(),
              [](const Text *a, const Text *b) { return a->bytes < b->bytes; });
  return list;
}

namespace {

// Memory for a while: what a user of few events needs is on the stack.
class FewItems : public std::pmr::monotonic_buffer_resource {
public:
  explicit FewItems(const Env &env)
      : monotonic_buffer_resource(place_, sizeof place_, env.memory) {}

private:
  alignas(std::max_align_t) std::byte place_[512];
};

} // namespace

EventPath::~EventPath() {
  if (log_ != nullptr) {
    env_.memory->deallocate(log_, capacity_, alignof(Instant));
  }
}

EventPath::Sorted::Sorted(const EventPath &path) : many_(path.env_.memory) {
  std::span<Event> all(few_.data(), std::min<std::size_t>(path.count_, few_.size()));
  if (path.count_ > few_.size()) {
    many_.resize(path.count_);
    all = many_;
  }
  const char *from = path.log();
  std::uint32_t steps = 0;
  for (Event &event : all) {
    if ((++steps & 0xFFFFU) == 0) {
      path.env_.poll();
    }
    std::uint16_t size = 0;
    std::memcpy(&event.at, from, sizeof event.at);
    std::memcpy(&size, from + sizeof event.at, sizeof size);
    event.name = {from + sizeof event.at + sizeof size, size};
    from += EventPath::bytes_of(event.name);
  }
  polled_sort(path.env_, all.begin(), all.end());
  events_ = {all.begin(), std::unique(all.begin(), all.end())};
}

// A log that is full of events that came twice does not grow.
void EventPath::leave_out_repeated() {
  constexpr std::uint32_t small = 1024; // for which sorting is not worth the while
  if (capacity_ < small) {
    return;
  }
  const Sorted sorted(*this);
  if (sorted.events().size() == count_) {
    return;
  }
  auto *log = static_cast<char *>(env_.memory->allocate(capacity_, alignof(Instant)));
  std::swap(log, log_);
  used_ = count_ = 0;
  for (const Event &event : sorted.events()) {
    put(event.at, event.name);
  }
  env_.memory->deallocate(log, capacity_, alignof(Instant));
}

void EventPath::make_room(std::size_t least) {
  leave_out_repeated();
  if (used_ + least <= capacity_ / 2) {
    return;
  }
  const std::size_t capacity = std::bit_ceil(std::max(used_ + least, std::size_t{capacity_} + 1));
  if (capacity > UINT32_MAX) {
    throw std::length_error("an event_path of 4 GB");
  }
  auto *log = static_cast<char *>(env_.memory->allocate(capacity, alignof(Instant)));
  std::memcpy(log, this->log(), used_);
  if (log_ != nullptr) {
    env_.memory->deallocate(log_, capacity_, alignof(Instant));
  }
  log_ = log;
  capacity_ = static_cast<std::uint32_t>(capacity);
}

void EventPath::add(Instant at, std::string_view name) {
  check_finite(at);
  if (name.size() > longest_name) {
    throw Error(sqlstate::program_limit_exceeded,
                "the name of an event has " + std::to_string(name.size()) + " bytes",
                "At most " + std::to_string(longest_name) + ": shorten it, by left() say.");
  }
  if (!put_at_once(at, name)) {
    make_room(bytes_of(name));
    put(at, name);
  }
}

void EventPath::merge(const EventPath &other) {
  const Sorted sorted(other);
  for (const Event &event : sorted.events()) {
    add(event.at, event.name);
  }
}

template <class Out>
void EventPath::write(Out &out) const {
  const Sorted sorted(*this);
  const auto events = sorted.events();
  FewItems memory(env_);
  std::pmr::vector<std::string_view> names(&memory);
  names.reserve(events.size());
  for (const Event &event : events) {
    names.push_back(event.name);
  }
  polled_sort(env_, names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  out.varint(names.size());
  for (const std::string_view name : names) {
    out.varint(name.size());
    out.put(name);
  }
  out.varint(events.size());
  const Event *previous = nullptr;
  polled_each(env_, events, [&](const Event &event) {
    if (previous == nullptr) {
      out.zigzag(event.at);
    } else {
      out.varint(micros_between(previous->at, event.at));
    }
    const auto place = std::lower_bound(names.begin(), names.end(), event.name);
    out.varint(static_cast<std::uint64_t>(place - names.begin()));
    previous = &event;
  });
}

std::size_t EventPath::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void EventPath::encode(ByteWriter &out) const {
  write(out);
}

void EventPath::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::size_t named = in.count(1);
  FewItems memory(env_);
  std::pmr::vector<std::string_view> names(&memory);
  for (std::size_t i = 0; i < named; ++i) {
    const std::string_view name = in.text(in.count(1, longest_name));
    in.require(name.find('\0') == std::string_view::npos, "a name holds a NUL");
    in.require(names.empty() || names.back() < name, "names are not in order");
    names.push_back(name);
  }
  std::pmr::vector<bool> used(named, false, &memory);
  const std::size_t count = in.count(2);
  Event event{};
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFFU) == 0) {
      env_.poll();
    }
    const Event previous = event;
    event.at = i == 0 ? in.zigzag() : read_later(in, event.at);
    const std::uint64_t number = in.varint();
    in.require(is_finite(event.at) && number < named, "an event is out of range");
    event.name = names[number];
    used[number] = true;
    in.require(i == 0 || previous < event, "events are not in order");
    add(event.at, event.name);
  }
  in.require(std::find(used.begin(), used.end(), false) == used.end(), "a name without an event");
}

void PathCounts::check_wanted(std::int64_t wanted) {
  if (wanted < 1 || wanted > most_wanted) {
    throw Error(sqlstate::invalid_parameter_value,
                std::to_string(wanted) + " of the most frequent paths",
                "Ask for 1 to " + std::to_string(most_wanted) + ".");
  }
}

void PathCounts::adopt(std::int64_t wanted) {
  if (wanted_ != 0 || paths_.size() != 0) {
    throw Error(sqlstate::invalid_parameter_value,
                "the number of paths asked for differs between rows or states of one count",
                "Give the same for all of them.");
  }
  check_wanted(wanted);
  wanted_ = wanted;
}

void PathCounts::add(std::string_view path, std::int64_t wanted) {
  if (wanted != wanted_) {
    adopt(wanted);
  }
  ++paths_[path].count;
  ++total_;
}

void PathCounts::merge(const PathCounts &other) {
  if (other.total_ == 0) {
    return;
  }
  if (other.wanted_ != wanted_) {
    adopt(other.wanted_);
  }
  for (const TextSet::Text *path : other.paths_.sorted(env_)) {
    paths_[path->bytes].count += path->count;
  }
  total_ += other.total_;
}

std::pmr::vector<PathCounts::Frequent> PathCounts::top(std::int64_t wanted, const Env &env) const {
  check_wanted(wanted);
  auto list = paths_.sorted(env);
  const std::size_t size = std::min(list.size(), static_cast<std::size_t>(wanted));
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(size), list.end(),
                    [](const TextSet::Text *a, const TextSet::Text *b) {
                      return a->count != b->count ? a->count > b->count : a->bytes < b->bytes;
                    });
  std::pmr::vector<Frequent> frequent(env.memory);
  for (const TextSet::Text *path : std::span(list).first(size)) {
    frequent.push_back(
        {path->bytes, path->count, static_cast<double>(path->count) / static_cast<double>(total_)});
  }
  return frequent;
}

template <class Out>
void PathCounts::write(Out &out) const {
  out.varint(static_cast<std::uint64_t>(wanted_));
  out.varint(paths_.size());
  std::string_view previous;
  for (const TextSet::Text *path : paths_.sorted(env_)) {
    const auto shared = static_cast<std::size_t>(
        std::mismatch(previous.begin(), previous.end(), path->bytes.begin(), path->bytes.end())
            .first -
        previous.begin());
    out.varint(shared);
    out.varint(path->bytes.size() - shared);
    out.put(path->bytes.substr(shared));
    out.varint(path->count);
    previous = path->bytes;
  }
}

std::size_t PathCounts::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void PathCounts::encode(ByteWriter &out) const {
  write(out);
}

namespace {

// A sequence of steps in the form that path_step() gives.
bool is_path(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    std::size_t size = 0;
    std::size_t at = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (at == bytes.size() || shift > 28) {
        return false;
      }
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      size |= static_cast<std::size_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) {
        if (byte == 0 && shift > 0) {
          return false;
        }
        break;
      }
    }
    if (size > bytes.size() - at || bytes.substr(at, size).find('\0') != std::string_view::npos) {
      return false;
    }
    bytes.remove_prefix(at + size);
  }
  return true;
}

} // namespace

void PathCounts::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::uint64_t wanted = in.varint();
  in.require(wanted <= static_cast<std::uint64_t>(most_wanted), "the number is out of range");
  wanted_ = static_cast<std::int64_t>(wanted);
  const std::size_t count = in.count(3);
  in.require(count > 0 || wanted == 0, "a number without paths");
  constexpr std::uint64_t most_rows = std::uint64_t{1} << 48U;
  std::pmr::string path(env_.memory);
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFU) == 0) {
      env_.poll();
    }
    const std::uint64_t shared = in.varint();
    in.require(shared <= path.size(), "a path shares more than there is");
    const std::string_view rest = in.text(in.count(1));
    // Ascending: what differs first is greater.
    in.require(i == 0 ? shared == 0
                      : !rest.empty() &&
                            (shared == path.size() || static_cast<unsigned char>(rest[0]) >
                                                          static_cast<unsigned char>(path[shared])),
               "paths are not in order");
    path.resize(shared);
    path.append(rest);
    in.require(is_path(path), "a path is not made of steps");
    const std::uint64_t times = in.varint();
    in.require(times > 0 && times <= most_rows - total_, "a count is out of range");
    paths_[path].count = times;
    total_ += times;
  }
}

std::size_t path_step_size(std::string_view step) noexcept {
  return ByteWriter::varint_size(step.size()) + step.size();
}

char *path_step(char *target, std::string_view step) noexcept {
  std::size_t size = step.size();
  while (size >= 0x80U) {
    *target++ = static_cast<char>(size | 0x80U);
    size >>= 7U;
  }
  *target++ = static_cast<char>(size);
  return std::copy(step.begin(), step.end(), target);
}

std::string_view next_path_step(std::string_view &path) noexcept {
  std::size_t size = 0;
  unsigned shift = 0;
  std::size_t at = 0;
  for (;; shift += 7) {
    const auto byte = static_cast<unsigned char>(path[at++]);
    size |= static_cast<std::size_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      break;
    }
  }
  const std::string_view step = path.substr(at, size);
  path.remove_prefix(at + size);
  return step;
}

} // namespace starhouse::behaviour
