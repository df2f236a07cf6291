#include "core/geo/shape_text.hpp"

#include "core/stream/reject.hpp"

#include <charconv>
#include <string>

namespace starhouse::geo {

namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_letter(char c) noexcept {
  return upper(c) >= 'A' && upper(c) <= 'Z';
}

class Reader {
public:
  Reader(std::string_view text, const Env &env) : text_(text), builder_(env) {}

  Shape read() && {
    srid();
    geometry(0);
    skip_blanks();
    if (at_ != text_.size()) {
      fail("text after the geometry", "Give one geometry.");
    }
    return std::move(builder_).take();
  }

private:
  [[noreturn]] void fail(const std::string &what, const std::string &hint) const {
    const std::string_view rest = text_.substr(at_);
    throw Error(
        sqlstate::invalid_text_representation,
        "invalid WKT at character " + std::to_string(at_ + 1) + ": " + what +
            (rest.empty() ? ", but the text ends" : ": \"" + stream::printable(rest, 40) + "\""),
        hint);
  }

  void skip_blanks() noexcept {
    while (at_ < text_.size() && is_blank(text_[at_])) {
      ++at_;
    }
  }

  bool take(char c) noexcept {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }

  void want(char c) {
    if (!take(c)) {
      fail(std::string("'") + c + "' expected",
           "An area reads POLYGON ((lon lat, lon lat, ...)), a hole is one more ring.");
    }
  }

  // The next word in capitals; empty where none stands.
  std::string word() {
    skip_blanks();
    std::string word;
    while (at_ < text_.size() && is_letter(text_[at_]) && word.size() < 32) {
      word += upper(text_[at_++]);
    }
    return word;
  }

  void srid() {
    const std::size_t start = at_;
    if (word() != "SRID") {
      at_ = start;
      return;
    }
    want('=');
    const double number = coordinate();
    if (number != 4326 && number != 0) {
      at_ = start;
      fail("SRID " + shown(number) + " is not supported",
           "Coordinates are WGS 84 degrees, SRID 4326: transform them first.");
    }
    want(';');
  }

  double coordinate() {
    skip_blanks();
    const char *first = text_.data() + at_;
    const char *last = text_.data() + text_.size();
    if (first != last && *first == '+') {
      ++first;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(first, last, value);
    // An overflow and the words "inf" and "nan" are no coordinates either.
    if (error != std::errc{} || !(value - value == 0)) {
      fail("number expected", "Coordinates are degrees: longitude, then latitude.");
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  void check(Flaw flaw, Vertex vertex, std::size_t position) const {
    if (flaw != Flaw::none) {
      throw_flaw(flaw, sqlstate::invalid_text_representation, vertex,
                 "in WKT at character " + std::to_string(position + 1));
    }
  }

  void ring() {
    skip_blanks();
    const std::size_t start = at_;
    want('(');
    builder_.begin_ring();
    Vertex vertex{};
    do {
      skip_blanks();
      const std::size_t position = at_;
      vertex.lon = coordinate();
      vertex.lat = coordinate();
      for (int more = 0; more < 2; ++more) { // Z and M
        skip_blanks();
        if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ')') {
          coordinate();
        }
      }
      check(builder_.add(vertex), vertex, position);
    } while (take(','));
    want(')');
    check(builder_.end_ring(), vertex, start);
  }

  void polygon() {
    want('(');
    builder_.begin_polygon();
    do {
      ring();
    } while (take(','));
    want(')');
    builder_.end_polygon();
  }

  // Reads over Z, M or ZM and tells whether EMPTY follows.
  bool is_empty() {
    std::size_t start = at_;
    std::string next = word();
    if (next == "Z" || next == "M" || next == "ZM") {
      start = at_;
      next = word();
    }
    if (next == "EMPTY") {
      return true;
    }
    at_ = start;
    return false;
  }

  void geometry(int depth) {
    skip_blanks();
    const std::size_t start = at_;
    std::string type = word();
    for (const std::string_view suffix : {"ZM", "Z", "M"}) {
      // POLYGONZ is POLYGON Z; no name of a type ends in these letters.
      if (type.size() > suffix.size() && type.ends_with(suffix)) {
        type.resize(type.size() - suffix.size());
        break;
      }
    }
    const bool one = type == "POLYGON";
    const bool many = type == "MULTIPOLYGON";
    if (!one && !many && type != "GEOMETRYCOLLECTION") {
      at_ = start;
      fail("no area", "Areas are POLYGON, MULTIPOLYGON or a GEOMETRYCOLLECTION of them.");
    }
    if (depth > deepest_collection) {
      at_ = start;
      fail("collections are nested too deeply",
           "At most " + std::to_string(deepest_collection) + " levels are read.");
    }
    if (is_empty()) {
      return;
    }
    if (one) {
      polygon();
      return;
    }
    want('(');
    do {
      if (!many) {
        geometry(depth + 1);
      } else if (!is_empty()) {
        polygon();
      }
    } while (take(','));
    want(')');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  ShapeBuilder builder_;
};

} // namespace

Shape parse_wkt(std::string_view text, const Env &env) {
  return Reader(text, env).read();
}

} // namespace starhouse::geo
