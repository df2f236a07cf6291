#include "client/registered_schemas.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>

#include <simdjson.h>

namespace starhouse::client {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

bool is_number(element_type type) noexcept {
  return type == element_type::INT64 || type == element_type::UINT64 ||
         type == element_type::DOUBLE;
}

// Whatever the order of keys; numbers by their value.
bool equal(const element &left,
           const element &right) { // NOLINT(misc-no-recursion): simdjson limits it
  if (is_number(left.type()) && is_number(right.type())) {
    return left.type() == right.type() && left.type() != element_type::DOUBLE
               ? simdjson::to_string(left) == simdjson::to_string(right)
               : double(left) == double(right);
  }
  if (left.type() != right.type()) {
    return false;
  }
  if (left.type() == element_type::ARRAY) {
    const simdjson::dom::array a(left);
    const simdjson::dom::array b(right);
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
  }
  if (left.type() == element_type::OBJECT) {
    const simdjson::dom::object a(left);
    const simdjson::dom::object b(right);
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto &field) {
             element other;
             return b.at_key(field.key).get(other) == simdjson::SUCCESS &&
                    equal(field.value, other);
           });
  }
  return simdjson::to_string(left) == simdjson::to_string(right);
}

bool is_remark(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 5> remarks{"$schema", "$id", "$comment", "title",
                                                    "description"};
  return std::find(remarks.begin(), remarks.end(), key) != remarks.end();
}

// Each keyword of `left` is in `right`.
bool holds_all(const simdjson::dom::object &left, const simdjson::dom::object &right) {
  return std::all_of(left.begin(), left.end(), [&](const auto &field) {
    element other;
    return is_remark(field.key) ||
           (right.at_key(field.key).get(other) == simdjson::SUCCESS && equal(field.value, other));
  });
}

constexpr SqlState undefined_object{"42704"};

bool refuse(const Error &error, stream::Reject &reject) {
  reject.set(error.code(), {}, {}, error.message(), error.hint());
  return false;
}

} // namespace

// An id means one schema for ever, so what was compiled, or refused, is kept; a schema that is
// missing may still come.
RegisteredSchemas::Known &RegisteredSchemas::known(std::uint32_t id, Known &missing) {
  if (const auto at = known_.find(id); at != known_.end()) {
    return at->second;
  }
  Known fresh;
  try {
    // Producers' schemas hold keywords of their tools, and mostly do not say their draft: 2019-09
    // reads the spelling of the older ones too.
    fresh.validator = std::make_unique<stream::SchemaValidator>(stream::JsonSchema(
        registry_.schema(id), {false, true, stream::JsonSchemaDraft::draft_2019_09}));
  } catch (const Error &error) {
    if (std::string_view(error.code().data(), 2) == "08" ||
        std::string_view(error.code().data(), 2) == "58") {
      throw; // of the registry, not of the schema
    }
    refuse(error, fresh.refusal);
    if (error.code() == undefined_object) {
      missing = std::move(fresh);
      return missing;
    }
  }
  return known_.emplace(id, std::move(fresh)).first->second;
}

bool RegisteredSchemas::has(std::uint32_t id, stream::Reject &reject) {
  Known missing;
  const Known &schema = known(id, missing);
  if (schema.validator == nullptr) {
    reject = schema.refusal;
  }
  return schema.validator != nullptr;
}

bool RegisteredSchemas::is_same(std::uint32_t id, std::string_view text) {
  simdjson::dom::parser left_parser;
  simdjson::dom::parser right_parser;
  simdjson::dom::object left;
  simdjson::dom::object right;
  return left_parser.parse(registry_.schema(id)).get(left) == simdjson::SUCCESS &&
         right_parser.parse(simdjson::padded_string(text)).get(right) == simdjson::SUCCESS &&
         holds_all(left, right) && holds_all(right, left);
}

bool RegisteredSchemas::check(std::uint32_t id, std::string_view payload, stream::Reject &reject) {
  if (!scans_) {
    scanner_.keep_tree();
    scans_ = true;
  }
  Known missing;
  Known &schema = known(id, missing);
  if (schema.validator == nullptr) {
    reject = schema.refusal;
    return false;
  }
  stream::JsonScanner::Fault fault;
  if (!scanner_.scan(payload, fault)) {
    reject.set(fault.code, {}, fault.value.empty() ? payload : fault.value, fault.reason,
               fault.hint);
    return false;
  }
  stream::Violation violation;
  if (schema.validator->validate(scanner_.tree(), violation)) {
    return true;
  }
  stream::tell(violation, scanner_.tree(), reject);
  reject.reason += ", by the registered schema " + std::to_string(id);
  return false;
}

} // namespace starhouse::client
