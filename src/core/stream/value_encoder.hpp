// One value of one column: cleans the text as the contract says, checks it, and writes it as a COPY
// field. Used by RowParser only.
#pragma once

#include "core/calendar/zone.hpp"
#include "core/stream/contract.hpp"
#include "core/stream/copy_buffer.hpp"
#include "core/stream/json_scanner.hpp"
#include "core/stream/reject.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream {

enum class Outcome : std::uint8_t { value, null, rejected };

class ValueEncoder {
public:
  explicit ValueEncoder(const calendar::ZoneTable &zone) : zone_(zone) {}

  // `text` is valid UTF-8, trimmed, and no null token. Writes one field, or nothing when the
  // outcome is null (the caller knows what a NULL means here) or rejected (`reject` is filled).
  Outcome encode(const ColumnSpec &column, std::string_view text, CopyBuffer &out, Reject &reject);

private:
  Outcome normalise(const ColumnSpec &column, std::string_view &text, Reject &reject);
  bool standardise_code(const ColumnSpec &column, std::string_view &text, Reject &reject);
  Outcome encode_integer(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                         Reject &reject);
  Outcome encode_numeric(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                         Reject &reject);
  Outcome encode_float8(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                        Reject &reject);
  Outcome encode_boolean(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                         Reject &reject);
  Outcome encode_time(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                      Reject &reject);
  Outcome encode_text(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                      Reject &reject);
  Outcome encode_json_text(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                           Reject &reject);
  std::int64_t instant(const ParsedTime &time) const;
  std::int64_t local_day(const ParsedTime &time) const;

  const calendar::ZoneTable &zone_;
  std::array<std::string, 2> cleaned_; // texts under way
  std::string code_;
  std::string digits_;
  std::string rounded_;
  JsonScanner json_;
  JsonScanner::Fault fault_;
};

// ASCII blanks off both ends.
std::string_view trim(std::string_view text) noexcept;
// ASCII letters compared without regard to case.
bool equal_fold(std::string_view left, std::string_view right) noexcept;

} // namespace starhouse::stream
