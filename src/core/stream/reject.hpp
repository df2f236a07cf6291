// Why a record was turned away: what the quarantine stores beside the payload.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace starhouse::stream {

// SQLSTATEs of rejected records that error.hpp does not name. 23502 and 23514 say what the server
// would say of a table with the same rule.
namespace reject_code {
inline constexpr SqlState not_null_violation{"23502"};
inline constexpr SqlState check_violation{"23514"};
inline constexpr SqlState bad_copy_file_format{"22P04"};
inline constexpr SqlState string_too_long{"22001"};
inline constexpr SqlState duplicate_json_key{"22030"};
inline constexpr SqlState invalid_json_text{"22032"};
inline constexpr SqlState program_limit_exceeded{"54000"};
} // namespace reject_code

// One object is reused for every record, so that a file full of bad rows costs no allocations.
// All texts are valid UTF-8 without NUL, whatever the source held: they fit a text column.
struct Reject {
  SqlState code{"00000"};
  std::string column; // of the batch; empty when the record as a whole is at fault
  std::string value;  // offending value, cut to max_value bytes
  std::string reason;
  std::string hint;

  static constexpr std::size_t max_value = 200;

  void set(const SqlState &sqlstate, std::string_view at_column, std::string_view bad_value,
           std::string_view why, std::string_view mend);
};

// `bytes` as valid UTF-8 of at most `limit` bytes (cut at a character, then "..."): what is not
// valid becomes \xHH, NUL becomes \x00.
void printable(std::string_view bytes, std::size_t limit, std::string &out);
std::string printable(std::string_view bytes, std::size_t limit = Reject::max_value);

} // namespace starhouse::stream
