// Source encodings and the check that text is what the server will accept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::stream {

enum class Encoding : std::uint8_t { utf8, latin1, win1252 };

// Valid UTF-8 without NUL: what a text column takes.
bool valid_text(std::string_view text) noexcept;

// `bytes` in UTF-8. When nothing has to change (UTF-8, or pure ASCII) the answer is `bytes` itself;
// otherwise it lives in `scratch`, which is overwritten. Returns false when a byte means nothing in
// the encoding (five in WIN1252), for NUL, and for invalid UTF-8.
bool to_utf8(Encoding encoding, std::string_view bytes, std::string &scratch,
             std::string_view &result);

} // namespace starhouse::stream
