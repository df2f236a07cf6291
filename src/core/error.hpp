// The one error type of the core, and the two things the core borrows from its host: memory and a
// cancellation poll. The core throws; the host (server binding, client, test) decides what becomes
// of it. Nothing here knows PostgreSQL.
#pragma once

#include <array>
#include <exception>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

namespace starhouse {

// Five characters as in the SQL standard, e.g. "22023" invalid_parameter_value.
using SqlState = std::array<char, 6>;

namespace sqlstate {
inline constexpr SqlState invalid_parameter_value{"22023"};
inline constexpr SqlState invalid_datetime_format{"22007"};
inline constexpr SqlState datetime_field_overflow{"22008"};
inline constexpr SqlState numeric_value_out_of_range{"22003"};
inline constexpr SqlState invalid_text_representation{"22P02"};
inline constexpr SqlState invalid_binary_representation{"22P03"};
inline constexpr SqlState null_value_not_allowed{"22004"};
inline constexpr SqlState character_not_in_repertoire{"22021"};
inline constexpr SqlState program_limit_exceeded{"54000"};
inline constexpr SqlState out_of_memory{"53200"};
inline constexpr SqlState internal_error{"XX000"};
} // namespace sqlstate

// What went wrong, in the reader's terms: the message carries the offending value, the hint the
// mend.
class Error : public std::exception {
public:
  Error(SqlState code, std::string message, std::string hint = {}, std::string detail = {})
      : code_(code), message_(std::move(message)), hint_(std::move(hint)),
        detail_(std::move(detail)) {}

  const char *what() const noexcept override { return message_.c_str(); }
  const SqlState &code() const noexcept { return code_; }
  const std::string &message() const noexcept { return message_; }
  const std::string &hint() const noexcept { return hint_; }
  const std::string &detail() const noexcept { return detail_; }

private:
  SqlState code_;
  std::string message_;
  std::string hint_;
  std::string detail_;
};

// Thrown by the core when the host's poll asks it to stop; carries nothing, the host knows why.
struct Cancelled final : std::exception {
  const char *what() const noexcept override { return "cancelled"; }
};

// What a computation borrows from its host. `memory` may throw std::bad_alloc at any call;
// `cancel_requested` is cheap and may be null.
struct Env {
  std::pmr::memory_resource *memory = std::pmr::get_default_resource();
  bool (*cancel_requested)() noexcept = nullptr;

  // Call inside loops, every few thousand cheap steps.
  void poll() const {
    if (cancel_requested != nullptr && cancel_requested()) {
      throw Cancelled{};
    }
  }
};

} // namespace starhouse
