// JSON Schema's regular expressions (ECMA-262 with flag u) in RE2's syntax. RE2 runs in time linear
// in the text, whatever the expression; so what cannot be linear, lookaround and back-references,
// is refused.
#pragma once

#include <memory>
#include <re2/re2.h>
#include <string>
#include <string_view>

namespace starhouse::stream {

// Throws Error 22023 (no ECMA-262 expression) or 0A000 (one that RE2 cannot run), naming the place.
std::string to_re2(std::string_view ecma);

// Ready to search. Throws as to_re2, and 54000 for an expression that grows too large.
std::unique_ptr<const RE2> compile_ecma(std::string_view ecma);

} // namespace starhouse::stream
