// Searches shared by the readers: sixteen bytes at a time where SSE2 is there.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace starhouse::stream {

// First position of [from, end) holding `a`, LF or CR; `end` if none. Bytes up to 15 past `end`
// must be readable.
inline std::size_t find_break_or(const char *bytes, std::size_t from, std::size_t end,
                                 char a) noexcept {
#if defined(__SSE2__)
  const __m128i first = _mm_set1_epi8(a);
  const __m128i line_feed = _mm_set1_epi8('\n');
  const __m128i carriage_return = _mm_set1_epi8('\r');
  while (from < end) {
    const __m128i block =
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + from)); // NOLINT
    const __m128i hits = _mm_or_si128(
        _mm_cmpeq_epi8(block, first),
        _mm_or_si128(_mm_cmpeq_epi8(block, line_feed), _mm_cmpeq_epi8(block, carriage_return)));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(hits));
    if (mask != 0) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(mask));
      return at < end ? at : end;
    }
    from += 16;
  }
  return end;
#else
  while (from < end && bytes[from] != a && bytes[from] != '\n' && bytes[from] != '\r') {
    ++from;
  }
  return from;
#endif
}

inline std::size_t find_break(const char *bytes, std::size_t from, std::size_t end) noexcept {
  return find_break_or(bytes, from, end, '\n');
}

// Line breaks in [from, end): LF, CR and CRLF count one each. A CR whose LF lies at `end` is left
// to whoever reads on from there; the byte at `end` must be readable.
inline std::uint64_t count_breaks(const char *bytes, std::size_t from, std::size_t end) noexcept {
  std::uint64_t count = 0;
  while ((from = find_break(bytes, from, end)) < end) {
    if (bytes[from] == '\n' || bytes[from + 1] != '\n') {
      ++count;
    }
    ++from;
  }
  return count;
}

} // namespace starhouse::stream
