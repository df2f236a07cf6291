#include "core/stream/json_scanner.hpp"

#include "core/stream/decimal.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/reject.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <simdjson.h>

namespace starhouse::stream {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t none = static_cast<std::size_t>(-1);

std::string_view without_trailing_blanks(std::string_view token) noexcept {
  const std::size_t last = token.find_last_not_of(" \t\n\r");
  return token.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// JSON's own grammar is narrower than parse_decimal's: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
bool is_json_number(std::string_view text) noexcept {
  const char *at = text.data();
  const char *end = at + text.size();
  auto digits = [&] {
    const char *first = at;
    while (at != end && is_digit(*at)) {
      ++at;
    }
    return at != first;
  };
  if (at != end && *at == '-') {
    ++at;
  }
  if (at != end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
    if (!digits()) {
      return false;
    }
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) {
      ++at;
    }
    if (!digits()) {
      return false;
    }
  }
  return at == end;
}

} // namespace

struct JsonScanner::State {
  struct Node {
    std::vector<std::pair<std::string, std::size_t>> children;
    std::size_t expected = 0; // child that comes next if this record is like the last one
    std::size_t slot = none;
  };

  std::vector<Node> nodes{1};
  std::vector<Slot> slots;
  std::vector<bool> keep_raw;
  std::vector<std::string_view> extra;
  std::vector<Kind> extra_kinds;
  std::vector<std::string_view> keys; // of the open objects, one after the other
  std::vector<std::string_view> sorted;
  std::vector<JsonNode> tree;
  bool keep_tree = false;
  ondemand::parser parser;
  std::string padded;
  std::string scratch;
  Kind root = Kind::missing;
  Fault *fault = nullptr;

  std::size_t child(std::size_t node, std::string_view key) noexcept;
  bool fail(const SqlState &code, std::string_view reason, std::string_view hint,
            std::string_view value);
  bool malformed(simdjson::error_code error);
  bool scalar(ondemand::value value, Kind kind, Slot &slot);
  bool walk(ondemand::value value, std::size_t node, std::size_t depth, Kind &kind,
            std::string_view key = {});
  bool container(ondemand::value value, std::size_t node, std::size_t depth, Slot &slot,
                 bool keep_raw);
  bool walk_array(ondemand::value value, std::size_t node, std::size_t depth, Slot *slot,
                  std::size_t &count);
  bool walk_object(ondemand::value value, std::size_t node, std::size_t depth, Slot *slot,
                   std::size_t &count);
  bool note_key(std::size_t first, std::string_view key);
  bool check_many_keys(std::size_t first);
};

JsonScanner::JsonScanner() : state_(std::make_unique<State>()) {}
JsonScanner::~JsonScanner() = default;

JsonScanner::Kind JsonScanner::root() const noexcept {
  return state_->root;
}
const JsonScanner::Slot &JsonScanner::slot(std::size_t index) const noexcept {
  return state_->slots[index];
}
std::span<const std::string_view> JsonScanner::extra_keys() const noexcept {
  return state_->extra;
}
std::span<const JsonKind> JsonScanner::extra_kinds() const noexcept {
  return state_->extra_kinds;
}
std::span<const JsonNode> JsonScanner::tree() const noexcept {
  return state_->tree;
}
void JsonScanner::keep_tree() noexcept {
  state_->keep_tree = true;
}

std::size_t JsonScanner::want(std::span<const std::string> segments, bool raw) {
  std::size_t node = 0;
  for (const std::string &segment : segments) {
    std::size_t next = state_->child(node, segment);
    if (next == none) {
      next = state_->nodes.size();
      state_->nodes[node].children.emplace_back(segment, next);
      state_->nodes.emplace_back();
    }
    node = next;
  }
  std::size_t &slot = state_->nodes[node].slot;
  if (slot == none) {
    slot = state_->slots.size();
    state_->slots.emplace_back();
    state_->keep_raw.push_back(false);
  }
  if (raw) {
    state_->keep_raw[slot] = true;
  }
  return slot;
}

// Records of a feed mostly agree in the order of their keys: look first where the last one was.
std::size_t JsonScanner::State::child(std::size_t node, std::string_view key) noexcept {
  Node &parent = nodes[node];
  const std::size_t count = parent.children.size();
  std::size_t at = parent.expected;
  for (std::size_t i = 0; i < count; ++i, ++at) {
    at = at < count ? at : 0;
    if (parent.children[at].first == key) {
      parent.expected = at + 1;
      return parent.children[at].second;
    }
  }
  return none;
}

bool JsonScanner::State::fail(const SqlState &code, std::string_view reason, std::string_view hint,
                              std::string_view value) {
  fault->code = code;
  fault->reason = reason;
  fault->hint = hint;
  fault->value.assign(value.substr(0, 4 * Reject::max_value));
  return false;
}

bool JsonScanner::State::malformed(simdjson::error_code error) {
  if (error == simdjson::UTF8_ERROR) {
    return fail(sqlstate::character_not_in_repertoire, "the record is not valid UTF-8",
                "JSON is UTF-8: convert the file.", {});
  }
  return fail(reject_code::invalid_json_text, "the record is not valid JSON",
              "Each line must be one complete JSON object.", {});
}

bool JsonScanner::State::note_key(std::size_t first, std::string_view key) {
  constexpr std::size_t few = 24;
  if (keys.size() - first < few) {
    // Keys of one length are common, those that end alike, too: the middle tells most apart.
    const auto middle = [](std::string_view k) { return k.empty() ? '\0' : k[k.size() / 2]; };
    const char of_key = middle(key);
    for (std::size_t i = first; i < keys.size(); ++i) {
      if (keys[i].size() == key.size() && middle(keys[i]) == of_key && keys[i] == key) {
        return fail(reject_code::duplicate_json_key, "the key occurs twice in one object",
                    "Send each key once.", key);
      }
    }
  }
  keys.push_back(key);
  return true;
}

// Objects with many keys are checked at their end, by sorting.
bool JsonScanner::State::check_many_keys(std::size_t first) {
  constexpr std::size_t few = 24;
  if (keys.size() - first > few) {
    sorted.assign(keys.begin() + static_cast<std::ptrdiff_t>(first), keys.end());
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) {
      return fail(reject_code::duplicate_json_key, "the key occurs twice in one object",
                  "Send each key once.", *twice);
    }
  }
  keys.resize(first);
  return true;
}

bool JsonScanner::State::scalar(ondemand::value value, Kind kind, Slot &slot) {
  const std::string_view token = without_trailing_blanks(value.raw_json_token());
  slot.kind = kind;
  slot.text = slot.raw = token;
  switch (kind) {
  case Kind::string: {
    if (const auto error = value.get_string().get(slot.text)) {
      return malformed(error);
    }
    if (!valid_text(slot.text)) {
      return fail(sqlstate::character_not_in_repertoire,
                  "a string holds a NUL character or half a surrogate pair",
                  "Remove \\u0000 and lone surrogates at the source.", token);
    }
    return true;
  }
  case Kind::number: {
    Decimal decimal;
    if (!is_json_number(token)) {
      return malformed(simdjson::NUMBER_ERROR);
    }
    if (parse_decimal(token, scratch, decimal) != DecimalStatus::ok) {
      return fail(sqlstate::numeric_value_out_of_range, "a number is out of range",
                  "Numbers hold up to 131072 digits before the point and 16383 after it.", token);
    }
    return true;
  }
  case Kind::boolean:
    return token == "true" || token == "false" || malformed(simdjson::TAPE_ERROR);
  default:
    return token == "null" || malformed(simdjson::TAPE_ERROR);
  }
}

bool JsonScanner::State::walk_array(ondemand::value value, std::size_t node, std::size_t depth,
                                    Slot *slot, std::size_t &count) {
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) {
    return malformed(error);
  }
  if (slot != nullptr) {
    if (const auto error = array.raw_json().get(slot->raw)) {
      return malformed(error);
    }
    slot->raw = without_trailing_blanks(slot->raw);
    if (const auto error = array.reset().error()) {
      return malformed(error);
    }
  }
  const bool wanted = node != none && !nodes[node].children.empty();
  std::size_t index = 0;
  for (auto item : array) {
    ondemand::value element;
    if (const auto error = item.get(element)) {
      return malformed(error);
    }
    std::size_t next = none;
    if (wanted) {
      std::array<char, 20> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), index);
      next = child(node, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
    }
    Kind kind{};
    if (!walk(element, next, depth + 1, kind)) {
      return false;
    }
    ++index;
  }
  count = index;
  return true;
}

bool JsonScanner::State::walk_object(ondemand::value value, std::size_t node, std::size_t depth,
                                     Slot *slot, std::size_t &count) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) {
    return malformed(error);
  }
  if (slot != nullptr) {
    if (const auto error = object.raw_json().get(slot->raw)) {
      return malformed(error);
    }
    slot->raw = without_trailing_blanks(slot->raw);
    if (const auto error = object.reset().error()) {
      return malformed(error);
    }
  }
  const std::size_t first = keys.size();
  for (auto member : object) {
    ondemand::field field;
    std::string_view key;
    if (const auto error = std::move(member).get(field)) {
      return malformed(error);
    }
    if (const auto error = field.unescaped_key().get(key)) {
      return malformed(error);
    }
    if (!valid_text(key)) {
      return fail(sqlstate::character_not_in_repertoire,
                  "a key holds a NUL character or half a surrogate pair",
                  "Remove \\u0000 and lone surrogates at the source.", key);
    }
    if (!note_key(first, key)) {
      return false;
    }
    const std::size_t next = node == none ? none : child(node, key);
    if (depth == 1 && next == none) {
      extra.push_back(key);
    }
    Kind kind{};
    if (!walk(field.value(), next, depth + 1, kind, key)) {
      return false;
    }
    if (depth == 1 && next == none) {
      extra_kinds.push_back(kind);
    }
  }
  count = keys.size() - first;
  return check_many_keys(first);
}

bool JsonScanner::State::container(ondemand::value value, std::size_t node, std::size_t depth,
                                   Slot &slot, bool keep_raw) {
  const std::size_t at = tree.size();
  std::size_t count = 0;
  const bool is_array = slot.kind == Kind::array;
  if (keep_tree) {
    tree.emplace_back().kind = slot.kind;
  }
  Slot *raw = keep_raw ? &slot : nullptr;
  if (!(is_array ? walk_array(value, node, depth, raw, count)
                 : walk_object(value, node, depth, raw, count))) {
    return false;
  }
  if (keep_tree) {
    tree[at].size = static_cast<std::uint32_t>(count);
    tree[at].end = static_cast<std::uint32_t>(tree.size());
  }
  return true;
}

bool JsonScanner::State::walk(ondemand::value value, std::size_t node, std::size_t depth,
                              Kind &kind, std::string_view key) {
  if (depth > deepest) {
    return fail(reject_code::program_limit_exceeded, "the JSON is nested too deeply",
                "Objects and arrays may be nested 200 levels deep.", {});
  }
  Slot ignored;
  const std::size_t index = node == none ? none : nodes[node].slot;
  Slot &slot = index == none ? ignored : slots[index];
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) {
    return malformed(error);
  }
  switch (type) {
  case ondemand::json_type::array:
  case ondemand::json_type::object: {
    kind = slot.kind = type == ondemand::json_type::array ? Kind::array : Kind::object;
    const std::size_t at = tree.size();
    if (!container(value, node, depth, slot, index != none && keep_raw[index])) {
      return false;
    }
    if (keep_tree) {
      tree[at].key = key;
    }
    return true;
  }
  case ondemand::json_type::string:
    kind = Kind::string;
    break;
  case ondemand::json_type::number:
    kind = Kind::number;
    break;
  case ondemand::json_type::boolean:
    kind = Kind::boolean;
    break;
  case ondemand::json_type::null:
    kind = Kind::null;
    break;
  default: // newer versions name a token that begins no value
    return malformed(simdjson::TAPE_ERROR);
  }
  if (!scalar(value, kind, slot)) {
    return false;
  }
  if (keep_tree) {
    tree.push_back({kind, 0, static_cast<std::uint32_t>(tree.size() + 1), key, slot.text});
  }
  return true;
}

bool JsonScanner::scan(std::string_view json, Fault &fault) {
  State &s = *state_;
  s.fault = &fault;
  s.root = Kind::missing;
  s.extra.clear();
  s.extra_kinds.clear();
  s.tree.clear();
  s.keys.clear();
  std::fill(s.slots.begin(), s.slots.end(), Slot{});
  // On-demand treats a scalar document apart: as the one element of an array every text is alike.
  const std::size_t length = json.size() + 2;
  if (s.padded.size() < length + simdjson::SIMDJSON_PADDING) {
    s.padded.resize(std::max(length + simdjson::SIMDJSON_PADDING, 2 * s.padded.size()));
  }
  s.padded[0] = '[';
  if (!json.empty()) {
    std::memcpy(s.padded.data() + 1, json.data(), json.size());
  }
  s.padded[length - 1] = ']';
  std::memset(s.padded.data() + length, ' ', simdjson::SIMDJSON_PADDING);

  ondemand::document document;
  if (const auto error =
          s.parser.iterate(s.padded.data(), length, length + simdjson::SIMDJSON_PADDING)
              .get(document)) {
    return s.malformed(error);
  }
  ondemand::array whole;
  if (const auto error = document.get_array().get(whole)) {
    return s.malformed(error);
  }
  bool seen = false;
  for (auto item : whole) {
    ondemand::value value;
    if (const auto error = item.get(value)) {
      return s.malformed(error);
    }
    if (seen) {
      return s.malformed(simdjson::TAPE_ERROR);
    }
    seen = true;
    if (!s.walk(value, 0, 1, s.root)) {
      return false;
    }
  }
  const bool ended = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return (seen && ended) || s.malformed(simdjson::TAPE_ERROR);
}

} // namespace starhouse::stream
