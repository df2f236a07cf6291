// Any bytes as a schema and a message (what follows the first NUL byte): compiled or refused with
// an Error, the message fits or it is told where and why in text that the server takes. A message
// that fits a schema does not fit its "not".
#include "core/error.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/json_schema.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace starhouse::stream;
  const std::string_view input(reinterpret_cast<const char *>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view schema = input.substr(0, end);
  const std::string_view message = input.substr(std::min(end + 1, input.size()));
  JsonScanner scanner;
  scanner.keep_tree();
  JsonScanner::Fault fault;
  try {
    SchemaValidator validator(JsonSchema(schema, {true, false}));
    if (!scanner.scan(message, fault)) {
      return 0;
    }
    Violation violation;
    const bool fits = validator.validate(scanner.tree(), violation);
    if (!fits) {
      require(valid_text(violation.expected) && !violation.expected.empty());
      require(valid_text(violation.instance_path) && valid_text(violation.schema_path));
      require(violation.node < scanner.tree().size());
    }
    validator.unknown_fields(scanner.tree(), [](std::string_view path, JsonKind kind) {
      require(path.starts_with('/') && valid_text(path) && kind != JsonKind::missing);
    });
    // As it is once more: a validation leaves nothing behind.
    Violation again;
    require(validator.validate(scanner.tree(), again) == fits &&
            again.expected == violation.expected);
    if (schema.find('$') == std::string_view::npos &&
        violation.code != starhouse::sqlstate::program_limit_exceeded) {
      SchemaValidator opposite(JsonSchema(R"({"not": )" + std::string(schema) + "}", {true, true}));
      require(opposite.validate(scanner.tree(), again) != fits ||
              again.code == starhouse::sqlstate::program_limit_exceeded);
    }
  } catch (const starhouse::Error &error) {
    require(valid_text(error.message()) && !error.hint().empty());
  }
  return 0;
}
