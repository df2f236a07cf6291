#include "core/stream/json_schema_refs.hpp"

#include <algorithm>
#include <array>

namespace starhouse::stream::json_schema {

namespace {

constexpr SqlState feature_not_supported{"0A000"};

constexpr std::array<std::string_view, 5> unsupported{
    "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"};

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  bool ends_in_folder = path.ends_with('/');
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view step = path.substr(0, slash);
    const bool last = slash == path.size();
    if (step == "..") {
      if (!kept.empty()) {
        kept.pop_back();
      }
      ends_in_folder = ends_in_folder || last;
    } else if (step == ".") {
      ends_in_folder = ends_in_folder || last;
    } else if (!step.empty()) {
      kept.push_back(step);
    }
    path.remove_prefix(last ? slash : slash + 1);
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    out += (i == 0 ? "" : "/") + std::string(kept[i]);
  }
  return out + (ends_in_folder && !kept.empty() ? "/" : "");
}

// Length of "scheme:", or 0.
std::size_t scheme_length(std::string_view uri) noexcept {
  const std::size_t colon = uri.find(':');
  return colon == std::string_view::npos ||
                 uri.substr(0, colon).find_first_of("/?#") != std::string_view::npos
             ? 0
             : colon + 1;
}

std::pair<std::string, std::string_view> split_fragment(std::string_view uri) {
  const std::size_t hash = std::min(uri.find('#'), uri.size());
  return {std::string(uri.substr(0, hash)),
          hash == uri.size() ? std::string_view{} : uri.substr(hash + 1)};
}

std::string percent_decoded(std::string_view text) {
  auto value = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && value(text[i + 1]) >= 0 &&
        value(text[i + 2]) >= 0) {
      out += static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

} // namespace

void fail(const SqlState &code, const std::string &path, const std::string &why,
          const std::string &hint) {
  throw Error(code,
              "JSON Schema, " + (path.empty() ? std::string("at the root") : printable(path)) +
                  ": " + why,
              hint);
}

JsonSchemaDraft draft_of(std::span<const JsonNode> tree, JsonSchemaDraft otherwise) {
  const Index at = member(tree, 0, "$schema");
  if (at == none) {
    return otherwise;
  }
  std::string_view uri = tree[at].text;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (uri.starts_with(scheme)) {
      uri.remove_prefix(scheme.size());
    }
  }
  if (uri.ends_with('#')) {
    uri.remove_suffix(1);
  }
  if (uri == "json-schema.org/draft/2020-12/schema") {
    return JsonSchemaDraft::draft_2020_12;
  }
  if (uri == "json-schema.org/draft/2019-09/schema") {
    return JsonSchemaDraft::draft_2019_09;
  }
  if (uri == "json-schema.org/draft-07/schema" || uri == "json-schema.org/draft-06/schema") {
    return JsonSchemaDraft::draft_07;
  }
  fail(feature_not_supported, "/$schema",
       "\"" + printable(tree[at].text, 80) + "\" is no draft that is supported",
       "Write \"https://json-schema.org/draft/2020-12/schema\"; 2019-09, draft-07 and draft-06 "
       "are "
       "read too.");
}

Holds what_holds(std::string_view keyword) noexcept {
  constexpr std::array<std::pair<std::string_view, Holds>, 22> known{
      {{"$defs", Holds::named_schemas},
       {"definitions", Holds::named_schemas},
       {"properties", Holds::named_schemas},
       {"patternProperties", Holds::named_schemas},
       {"dependentSchemas", Holds::named_schemas},
       {"dependencies", Holds::dependencies},
       {"additionalProperties", Holds::schema},
       {"propertyNames", Holds::schema},
       {"unevaluatedProperties", Holds::schema},
       {"items", Holds::either},
       {"prefixItems", Holds::schemas},
       {"additionalItems", Holds::schema},
       {"contains", Holds::schema},
       {"unevaluatedItems", Holds::schema},
       {"allOf", Holds::schemas},
       {"anyOf", Holds::schemas},
       {"oneOf", Holds::schemas},
       {"not", Holds::schema},
       {"if", Holds::schema},
       {"then", Holds::schema},
       {"else", Holds::schema},
       {"contentSchema", Holds::schema}}};
  for (const auto &[name, holds] : known) {
    if (name == keyword) {
      return holds;
    }
  }
  return Holds::other;
}

std::string resolve_uri(std::string_view base, std::string_view reference) {
  if (scheme_length(reference) > 0) {
    return std::string(reference);
  }
  const std::string_view bare = base.substr(0, std::min(base.find('#'), base.size()));
  if (reference.empty() || reference[0] == '#') {
    return std::string(bare) + std::string(reference);
  }
  const std::size_t scheme = scheme_length(bare);
  if (reference.starts_with("//")) {
    return std::string(bare.substr(0, scheme)) + std::string(reference);
  }
  std::size_t authority = scheme; // where the path begins
  if (bare.substr(scheme).starts_with("//")) {
    authority = std::min(bare.find('/', scheme + 2), bare.size());
  }
  const std::size_t query = std::min(reference.find_first_of("?#"), reference.size());
  std::string path(reference.substr(0, query));
  if (!path.starts_with('/')) {
    const std::string_view base_path =
        bare.substr(authority, std::min(bare.find('?', authority), bare.size()) - authority);
    const std::size_t folder = base_path.rfind('/');
    path.insert(0, folder == std::string_view::npos ? (authority > scheme ? "/" : "")
                                                    : std::string(base_path.substr(0, folder + 1)));
  }
  return std::string(bare.substr(0, authority)) + without_dots(path) +
         std::string(reference.substr(query));
}

Index member(std::span<const JsonNode> tree, Index object, std::string_view key) noexcept {
  if (tree[object].kind != JsonKind::object) {
    return none;
  }
  for (Index i = object + 1; i < tree[object].end; i = tree[i].end) {
    if (tree[i].key == key) {
      return i;
    }
  }
  return none;
}

std::string place(std::span<const JsonNode> tree, Index node) {
  std::string path;
  path_of(tree, node, false, path);
  return path;
}

References::References(std::span<const JsonNode> tree, JsonSchemaDraft dialect)
    : tree_(tree), dialect_(dialect), bases_{std::string{}}, base_of_(tree.size(), 0),
      is_schema_(tree.size(), false) {
  resources_[std::string{}] = 0;
  is_schema_[0] = true;
  for (Index i = 0; i < tree.size(); ++i) { // what holds a node comes before it
    if (is_schema_[i] && tree[i].kind == JsonKind::object) {
      note_schema(i);
    }
    for (Index child = i + 1; child < tree[i].end; child = tree[child].end) {
      base_of_[child] = base_of_[i];
    }
  }
}

void References::note_schema(Index node) {
  auto text_of = [&](std::string_view key) -> std::string_view {
    const Index at = member(tree_, node, key);
    return at != none && tree_[at].kind == JsonKind::string ? tree_[at].text : std::string_view{};
  };
  const bool only_ref =
      dialect_ == JsonSchemaDraft::draft_07 && member(tree_, node, "$ref") != none && node != 0;
  const std::string_view id = only_ref ? std::string_view{} : text_of("$id");
  std::string_view anchor = text_of("$anchor");
  if (!id.empty()) {
    const auto [document, fragment] = split_fragment(id);
    if (!fragment.empty() && dialect_ != JsonSchemaDraft::draft_07) {
      fail(sqlstate::invalid_parameter_value, place(tree_, node) + "/$id", "an $id has no fragment",
           "Name the place with \"$anchor\".");
    }
    anchor = fragment.empty() ? anchor : fragment; // how draft-07 writes an anchor
    if (!document.empty()) {
      bases_.push_back(resolve_uri(bases_[base_of_[node]], document));
      base_of_[node] = static_cast<std::uint32_t>(bases_.size() - 1);
      if (!resources_.emplace(bases_.back(), node).second) {
        fail(sqlstate::invalid_parameter_value, place(tree_, node) + "/$id", "the $id is taken",
             "Give each schema an $id of its own.");
      }
    }
  }
  if (!anchor.empty() &&
      !anchors_.emplace(std::pair{bases_[base_of_[node]], std::string(anchor)}, node).second) {
    fail(sqlstate::invalid_parameter_value, place(tree_, node) + "/$anchor", "the anchor is taken",
         "Give each schema an anchor of its own.");
  }
  note_children(node);
}

void References::note_children(Index node) {
  for (Index i = node + 1; i < tree_[node].end; i = tree_[i].end) {
    if (std::find(unsupported.begin(), unsupported.end(), tree_[i].key) != unsupported.end()) {
      fail(feature_not_supported, place(tree_, i), "the keyword is not supported",
           "Refer to schemas of this document with $ref and $anchor.");
    }
    const Holds holds = what_holds(tree_[i].key);
    const bool is_list = tree_[i].kind == JsonKind::array;
    if (holds == Holds::schema || (holds == Holds::either && !is_list)) {
      is_schema_[i] = true;
    } else if (holds != Holds::other) {
      for (Index child = i + 1; child < tree_[i].end; child = tree_[child].end) {
        is_schema_[child] = true;
      }
    }
  }
}

Index References::find(Index from, std::string_view ref) const {
  const std::string uri = resolve_uri(bases_[base_of_[from]], ref);
  const auto [document, fragment] = split_fragment(uri);
  const auto resource = resources_.find(document);
  if (resource == resources_.end()) {
    fail(feature_not_supported, place(tree_, from) + "/$ref",
         "\"" + printable(ref, 80) + "\" is in another document",
         "Put it into this schema, under $defs, and refer to it by \"#/$defs/name\".");
  }
  const std::string decoded = percent_decoded(fragment);
  if (decoded.empty() || decoded[0] == '/') {
    return at_pointer(resource->second, decoded, from);
  }
  const auto anchor = anchors_.find(std::pair{document, decoded});
  if (anchor == anchors_.end()) {
    // The root may be meant by its own URI or by none.
    const auto by_root =
        document.empty() ? anchors_.find(std::pair{bases_[base_of_[0]], decoded}) : anchors_.end();
    if (by_root == anchors_.end()) {
      fail(sqlstate::invalid_parameter_value, place(tree_, from) + "/$ref",
           "there is no anchor \"" + printable(decoded, 80) + "\"",
           "Anchors are set by \"$anchor\", for references to \"#name\".");
    }
    return by_root->second;
  }
  return anchor->second;
}

Index References::at_pointer(Index root, std::string_view pointer, Index from) const {
  Index at = root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = std::min(pointer.find('/'), pointer.size());
    std::string step;
    for (std::size_t i = 0; i < slash; ++i) {
      if (pointer[i] == '~' && i + 1 < slash) {
        ++i;
        step += pointer[i] == '1' ? '/' : '~';
      } else {
        step += pointer[i];
      }
    }
    pointer.remove_prefix(slash);
    Index next = member(tree_, at, step);
    if (tree_[at].kind == JsonKind::array) {
      std::size_t number = 0;
      for (Index i = at + 1; i < tree_[at].end; i = tree_[i].end, ++number) {
        if (std::to_string(number) == step) {
          next = i;
          break;
        }
      }
    }
    if (next == none) {
      fail(sqlstate::invalid_parameter_value, place(tree_, from) + "/$ref",
           "there is no \"" + printable(step, 80) + "\" where it leads",
           "References are JSON pointers from the root, such as \"#/$defs/address\".");
    }
    at = next;
  }
  return at;
}

} // namespace starhouse::stream::json_schema
