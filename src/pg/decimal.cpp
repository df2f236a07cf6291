#include "pg/decimal.hpp"

#include "pg/boundary.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

#include <algorithm>
#include <array>
#include <cstdint>

namespace starhouse::pg {

namespace {

using exact::Decimal;
using Digits = Decimal::Digits;

// A numeric as it lies in a table: no header of the server shows it, but what is stored has to be
// read by every later version. After the varlena's length comes a 16-bit head,
//
//   short  10 s dddddd w wwwwww   sign, digits shown after the point, weight in two's complement
//   long   0 s dddddddddddddd     and a 16-bit weight after it
//   else   11 nn                  NaN 0xC000, infinity 0xD000, minus infinity 0xF000
//
// then digits to the base of 10,000, the first one's place being 10,000^weight. (Going through
// numeric_send() instead would cost more than the rest of a row.)
struct Stored {
  bool negative;
  unsigned scale; // digits shown after the point
  int weight;
  const char *digits;
  int count;
};

constexpr int group = 4; // decimal digits in one digit

[[noreturn]] void refuse(Datum numeric) {
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg("a number of more than 38 digits cannot be computed with exactly: %.100s",
                         DatumGetCString(DirectFunctionCall1(numeric_out, numeric))),
                  errhint("Round it to fewer decimals, or use float8.")));
}

constexpr std::array<Digits, 5> small_powers{1, 10, 100, 1000, 10000};

bool times_plus(Digits &digits, Digits factor, Digits term) noexcept {
  return !__builtin_mul_overflow(digits, factor, &digits) &&
         !__builtin_add_overflow(digits, term, &digits);
}

// All digits as one whole number times 10^scale; false when it has too many.
bool whole_number(const Stored &stored, Digits &digits) noexcept {
  digits = 0;
  for (int i = 0; i < stored.count; ++i) {
    std::int16_t digit = 0;
    std::memcpy(&digit, stored.digits + i * sizeof digit, sizeof digit);
    // Decimal places of this digit that are shown: all four but in the last one, whose rest is 0.
    const int shown = static_cast<int>(stored.scale) + group * (stored.weight - i + 1);
    if (shown <= 0) {
      break;
    }
    const int places = std::min(shown, group);
    if (!times_plus(digits, small_powers[static_cast<std::size_t>(places)],
                    digit / small_powers[static_cast<std::size_t>(group - places)])) {
      return false;
    }
  }
  // Zeros that are not stored.
  int zeros = static_cast<int>(stored.scale) + group * (stored.weight - stored.count + 1);
  for (; zeros > 0 && digits != 0; --zeros) {
    if (!times_plus(digits, 10, 0)) {
      return false;
    }
  }
  return true;
}

} // namespace

Decimal decimal_of(Datum numeric) {
  const auto *packed = reinterpret_cast<const varlena *>(PG_DETOAST_DATUM_PACKED(numeric));
  const char *bytes = VARDATA_ANY(packed);
  const auto size = static_cast<int>(VARSIZE_ANY_EXHDR(packed));
  std::uint16_t head = 0;
  std::memcpy(&head, bytes, sizeof head);
  Stored stored{};
  int header = sizeof head;
  if ((head & 0xC000U) == 0xC000U) {
    return Decimal((head & 0xF000U) == 0xC000U   ? Decimal::not_a_number
                   : (head & 0xF000U) == 0xD000U ? Decimal::plus_infinity
                                                 : Decimal::minus_infinity);
  }
  if ((head & 0x8000U) != 0) {
    stored.negative = (head & 0x2000U) != 0;
    stored.scale = (head & 0x1F80U) >> 7U;
    stored.weight = static_cast<int>(head & 0x3FU) - ((head & 0x40U) != 0 ? 64 : 0);
  } else {
    std::int16_t weight = 0;
    std::memcpy(&weight, bytes + header, sizeof weight);
    header += sizeof weight;
    stored.negative = (head & 0x4000U) != 0;
    stored.scale = head & 0x3FFFU;
    stored.weight = weight;
  }
  stored.digits = bytes + header;
  stored.count = (size - header) / static_cast<int>(sizeof(std::int16_t));
  Digits digits = 0;
  if (stored.scale > Decimal::most_scale || !whole_number(stored, digits)) {
    refuse(numeric);
  }
  return Decimal(stored.negative ? -digits : digits, stored.scale);
}

namespace {

// digits / 10,000^after with `scale` digits shown, in the short form; what Stored says, backwards.
Datum short_form(Digits digits, unsigned after, unsigned scale) {
  constexpr int most_groups = 10; // of 128 bits
  constexpr unsigned base = 10000;
  const bool negative = digits < 0;
  __extension__ auto rest = static_cast<unsigned __int128>(digits);
  rest = negative ? ~rest + 1 : rest;
  std::array<std::int16_t, most_groups> groups{}; // the last one first
  int count = 0;
  for (; rest > UINT64_MAX; rest /= base) {
    groups[static_cast<std::size_t>(count++)] = static_cast<std::int16_t>(rest % base);
  }
  for (auto low = static_cast<std::uint64_t>(rest); low != 0; low /= base) {
    groups[static_cast<std::size_t>(count++)] = static_cast<std::int16_t>(low % base);
  }
  const int weight = count == 0 ? 0 : count - 1 - static_cast<int>(after);
  int zeros = 0; // at the end, which are not stored
  while (zeros < count && groups[static_cast<std::size_t>(zeros)] == 0) {
    ++zeros;
  }
  const auto head = static_cast<std::uint16_t>(0x8000U | (negative ? 0x2000U : 0U) | scale << 7U |
                                               (static_cast<unsigned>(weight) & 0x7FU));
  const Size size = VARHDRSZ + sizeof head + static_cast<Size>(count - zeros) * sizeof groups[0];
  auto *result = static_cast<char *>(palloc(size));
  SET_VARSIZE(result, size);
  char *out = result + VARHDRSZ;
  std::memcpy(out, &head, sizeof head);
  out += sizeof head;
  for (int i = count - 1; i >= zeros; --i, out += sizeof groups[0]) {
    std::memcpy(out, &groups[static_cast<std::size_t>(i)], sizeof groups[0]);
  }
  return PointerGetDatum(result);
}

} // namespace

Datum numeric_of(const Decimal &decimal) {
  constexpr auto places = static_cast<unsigned>(group);
  const unsigned padding = (places - decimal.scale() % places) % places;
  Digits digits = decimal.digits();
  if (decimal.is_finite() && times_plus(digits, small_powers[padding], 0)) {
    return short_form(digits, (decimal.scale() + padding) / places, decimal.scale());
  }
  // Written into memory of the server: std::string may not live across numeric_in.
  char text[64];
  compute([&] {
    const std::string written = decimal.text();
    std::copy(written.begin(), written.end(), text);
    text[written.size()] = '\0';
  });
  return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
                             Int32GetDatum(-1));
}

namespace {

__extension__ using Magnitude = unsigned __int128;

Magnitude magnitude_of(Digits digits) noexcept {
  const auto same = static_cast<Magnitude>(digits);
  return digits < 0 ? ~same + 1 : same;
}

// The first digit to the base of 10,000, its place being 10,000^weight; zeros for zero.
struct Leading {
  std::uint64_t digit;
  int weight;
};

Leading leading_of(Magnitude magnitude, unsigned scale) noexcept {
  constexpr std::uint64_t base = 10000;
  constexpr auto places = static_cast<unsigned>(group);
  const unsigned padding = (places - scale % places) % places;
  int weight = -static_cast<int>((scale + padding) / places);
  for (; magnitude > UINT64_MAX / base; magnitude /= base) { // what follows the first digit
    ++weight;
  }
  auto rest =
      static_cast<std::uint64_t>(magnitude) * static_cast<std::uint64_t>(small_powers[padding]);
  for (; rest >= base; rest /= base) {
    ++weight;
  }
  return {rest, rest == 0 ? 0 : weight};
}

// How many digits after the point the server's division shows (select_div_scale): enough for
// sixteen that count, by what the first digits to its base say of the quotient.
int scale_of_quotient(const Decimal &dividend, Magnitude divisor) noexcept {
  constexpr int least_digits = 16;
  const Leading above = leading_of(magnitude_of(dividend.digits()), dividend.scale());
  const Leading below = leading_of(divisor, 0);
  const int weight = above.weight - below.weight - (above.digit <= below.digit ? 1 : 0);
  return std::max({least_digits - weight * group, static_cast<int>(dividend.scale()), 0});
}

// Rounded, half away from zero; false where it takes more than 128 bits.
bool divide(const Decimal &dividend, Magnitude divisor, int scale, Decimal &quotient) noexcept {
  if (scale > static_cast<int>(Decimal::most_scale)) {
    return false;
  }
  Digits digits = dividend.digits();
  for (int missing = scale - static_cast<int>(dividend.scale()); missing > 0; missing -= group) {
    if (!times_plus(digits, small_powers[static_cast<std::size_t>(std::min(missing, group))], 0)) {
      return false;
    }
  }
  const Magnitude magnitude = magnitude_of(digits);
  const Magnitude rest = magnitude % divisor;
  const auto whole = static_cast<Digits>(magnitude / divisor + (rest >= divisor - rest ? 1 : 0));
  quotient = Decimal(digits < 0 ? -whole : whole, static_cast<unsigned>(scale));
  return true;
}

} // namespace

Datum average_of(const Decimal &sum, int64 count) {
  const auto divisor = static_cast<Magnitude>(count);
  Decimal quotient;
  return divide(sum, divisor, scale_of_quotient(sum, divisor), quotient)
             ? numeric_of(quotient)
             : DirectFunctionCall2(numeric_div, numeric_of(sum),
                                   NumericGetDatum(int64_to_numeric(count)));
}

} // namespace starhouse::pg
