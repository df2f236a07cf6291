#include "core/stream/copy_buffer.hpp"

#include <algorithm>
#include <array>

namespace starhouse::stream {

namespace {

constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::size_t digits_per_group = 4; // numeric is base 10000

std::int16_t group(const char *digits) noexcept {
  return static_cast<std::int16_t>((digits[0] - '0') * 1000 + (digits[1] - '0') * 100 +
                                   (digits[2] - '0') * 10 + (digits[3] - '0'));
}

} // namespace

void CopyBuffer::grow(std::size_t count) {
  const std::size_t capacity = std::max({size_ + count, capacity_ * 2, std::size_t{4096}});
  std::unique_ptr<char[]> bytes(new char[capacity]); // not zeroed: every byte is written first
  if (size_ > 0) {
    std::memcpy(bytes.get(), bytes_.get(), size_);
  }
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

void CopyBuffer::consume(std::size_t count) noexcept {
  count = std::min(count, size_);
  if (count > 0) {
    std::memmove(bytes_.get(), bytes_.get() + count, size_ - count);
    size_ -= count;
  }
}

void CopyBuffer::put_header() {
  std::memcpy(extend(signature.size()), signature.data(), signature.size());
  put_raw(std::int32_t{0}); // flags
  put_raw(std::int32_t{0}); // no header extension
}

void CopyBuffer::put_trailer() {
  put_raw(std::int16_t{-1});
}

void CopyBuffer::put_text(std::string_view text) {
  char *target = extend(4 + text.size());
  store(target, static_cast<std::int32_t>(text.size()));
  if (!text.empty()) {
    std::memcpy(target + 4, text.data(), text.size());
  }
}

void CopyBuffer::put_jsonb(std::string_view json) {
  char *target = extend(5 + json.size());
  store(target, static_cast<std::int32_t>(json.size() + 1));
  target[4] = 1; // version of the format
  if (!json.empty()) {
    std::memcpy(target + 5, json.data(), json.size());
  }
}

// int16 groups, int16 weight of the first, uint16 sign, uint16 display scale, then the groups,
// without leading and trailing zero groups.
void CopyBuffer::put_numeric(const Decimal &value) {
  constexpr std::size_t head = 12;
  const std::size_t whole_groups = (value.whole.size() + digits_per_group - 1) / digits_per_group;
  const std::size_t fraction_groups =
      (value.fraction.size() + digits_per_group - 1) / digits_per_group;
  const std::size_t begin = size_;
  char *target = extend(head + 2 * (whole_groups + fraction_groups));
  char *first = target + head;
  char *out = first;

  std::string_view whole = value.whole;
  if (const std::size_t odd = whole.size() % digits_per_group; odd != 0) {
    std::array<char, digits_per_group> digits{'0', '0', '0', '0'};
    std::memcpy(digits.data() + digits_per_group - odd, whole.data(), odd);
    store(out, group(digits.data()));
    out += 2;
    whole.remove_prefix(odd);
  }
  for (; !whole.empty(); whole.remove_prefix(digits_per_group)) {
    store(out, group(whole.data()));
    out += 2;
  }

  std::size_t leading = 0; // zero groups right after the point of a number below 1
  std::string_view fraction = value.fraction;
  while (!fraction.empty()) {
    std::array<char, digits_per_group> digits{'0', '0', '0', '0'};
    const std::size_t taken = std::min(fraction.size(), digits_per_group);
    std::memcpy(digits.data(), fraction.data(), taken);
    fraction.remove_prefix(taken);
    const std::int16_t next = group(digits.data());
    if (next == 0 && out == first) {
      ++leading;
      continue;
    }
    store(out, next);
    out += 2;
  }
  while (out != first && out[-1] == 0 && out[-2] == 0) {
    out -= 2;
  }

  const auto groups = static_cast<std::size_t>(out - first) / 2;
  const auto weight = groups == 0 ? 0
                                  : static_cast<std::int32_t>(whole_groups) - 1 -
                                        static_cast<std::int32_t>(leading);
  store(target, static_cast<std::int32_t>(8 + 2 * groups));
  store(target + 4, static_cast<std::uint16_t>(groups));
  store(target + 6, static_cast<std::int16_t>(weight));
  store(target + 8, static_cast<std::uint16_t>(value.negative && groups != 0 ? 0x4000 : 0));
  store(target + 10, static_cast<std::uint16_t>(value.fraction.size()));
  size_ = begin + head + 2 * groups;
}

void CopyBuffer::put_numeric(std::int64_t value) {
  std::array<char, 20> digits{};
  auto magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::size_t at = digits.size();
  for (; magnitude != 0; magnitude /= 10) {
    digits[--at] = static_cast<char>('0' + magnitude % 10);
  }
  put_numeric(Decimal{value < 0, {digits.data() + at, digits.size() - at}, {}});
}

} // namespace starhouse::stream
