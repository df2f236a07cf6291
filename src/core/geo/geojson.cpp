#include "core/geo/shape_text.hpp"

#include "core/stream/reject.hpp"

#include <simdjson.h>
#include <string>

namespace starhouse::geo {

namespace {

namespace dom = simdjson::dom;

[[noreturn]] void fail(const std::string &path, const std::string &what, const std::string &hint) {
  throw Error(sqlstate::invalid_text_representation,
              "invalid GeoJSON" + (path.empty() ? std::string() : " at " + path) + ": " + what,
              hint);
}

std::string quoted(std::string_view text) {
  return "\"" + stream::printable(text, 80) + "\"";
}

class Reader {
public:
  explicit Reader(const Env &env) : env_(env), builder_(env) {}

  void geometry_of(dom::element element, const std::string &path, int depth);
  Shape take() && { return std::move(builder_).take(); }

private:
  dom::element member(dom::object object, const char *key, const std::string &path);
  dom::array array_of(dom::element element, const std::string &path);
  void each(dom::object object, const char *key, const std::string &path, int depth);
  void polygon(dom::array rings, const std::string &path);
  void ring(dom::array positions, const std::string &path);
  Vertex position(dom::element element, const std::string &path, std::size_t index);

  Env env_;
  ShapeBuilder builder_;
};

dom::element Reader::member(dom::object object, const char *key, const std::string &path) {
  dom::element value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) {
    fail(path, std::string("the member \"") + key + "\" is missing",
         R"(A geometry reads {"type": "Polygon", "coordinates": [[[lon, lat], ...]]}.)");
  }
  return value;
}

dom::array Reader::array_of(dom::element element, const std::string &path) {
  dom::array array;
  if (element.get_array().get(array) != simdjson::SUCCESS) {
    fail(path, "not an array: " + stream::printable(simdjson::to_string(element), 80),
         "Coordinates of a Polygon are rings of positions, of a MultiPolygon polygons of rings.");
  }
  return array;
}

Vertex Reader::position(dom::element element, const std::string &path, std::size_t index) {
  dom::array numbers;
  Vertex vertex{};
  if (element.get_array().get(numbers) == simdjson::SUCCESS) {
    std::size_t count = 0;
    bool good = true;
    for (const dom::element number : numbers) {
      double value = 0;
      good = good && number.get_double().get(value) == simdjson::SUCCESS;
      if (count == 0) {
        vertex.lon = value;
      } else if (count == 1) {
        vertex.lat = value;
      }
      ++count;
    }
    if (good && count >= 2) {
      return vertex;
    }
  }
  fail(path + "/" + std::to_string(index),
       "not a position: " + stream::printable(simdjson::to_string(element), 80),
       "A position is [longitude, latitude], in degrees.");
}

void Reader::ring(dom::array positions, const std::string &path) {
  builder_.begin_ring();
  std::size_t index = 0;
  Vertex last{};
  for (const dom::element element : positions) {
    last = position(element, path, index);
    if (const Flaw flaw = builder_.add(last); flaw != Flaw::none) {
      throw_flaw(flaw, sqlstate::invalid_text_representation, last,
                 "in GeoJSON at " + path + "/" + std::to_string(index));
    }
    ++index;
  }
  if (const Flaw flaw = builder_.end_ring(); flaw != Flaw::none) {
    throw_flaw(flaw, sqlstate::invalid_text_representation, last, "in GeoJSON at " + path);
  }
}

void Reader::polygon(dom::array rings, const std::string &path) {
  builder_.begin_polygon();
  std::size_t index = 0;
  for (const dom::element element : rings) {
    const std::string here = path + "/" + std::to_string(index++);
    ring(array_of(element, here), here);
  }
  builder_.end_polygon();
}

void Reader::each(dom::object object, const char *key, const std::string &path, int depth) {
  const std::string list = path + "/" + key;
  std::size_t index = 0;
  for (const dom::element element : array_of(member(object, key, path), list)) {
    env_.poll();
    geometry_of(element, list + "/" + std::to_string(index++), depth + 1);
  }
}

void Reader::geometry_of(dom::element element, const std::string &path, int depth) {
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) {
    if (element.is_null() && !path.empty()) {
      return; // a Feature without a geometry
    }
    fail(path, "not an object: " + stream::printable(simdjson::to_string(element), 80),
         R"(A geometry reads {"type": "Polygon", "coordinates": [[[lon, lat], ...]]}.)");
  }
  if (depth > deepest_collection) {
    fail(path, "collections are nested too deeply",
         "At most " + std::to_string(deepest_collection) + " levels are read.");
  }
  dom::element type_element = member(object, "type", path);
  std::string_view type;
  if (type_element.get_string().get(type) != simdjson::SUCCESS) {
    fail(path + "/type", "not a string", R"(Write "Polygon" or "MultiPolygon".)");
  }
  if (type == "Polygon") {
    const std::string here = path + "/coordinates";
    polygon(array_of(member(object, "coordinates", path), here), here);
  } else if (type == "MultiPolygon") {
    const std::string list = path + "/coordinates";
    std::size_t index = 0;
    for (const dom::element one : array_of(member(object, "coordinates", path), list)) {
      const std::string here = list + "/" + std::to_string(index++);
      polygon(array_of(one, here), here);
    }
  } else if (type == "GeometryCollection") {
    each(object, "geometries", path, depth);
  } else if (type == "FeatureCollection") {
    each(object, "features", path, depth);
  } else if (type == "Feature") {
    geometry_of(member(object, "geometry", path), path + "/geometry", depth + 1);
  } else {
    fail(path + "/type", "no area: " + quoted(type),
         "Areas are Polygon, MultiPolygon, a GeometryCollection, Feature or FeatureCollection of "
         "them.");
  }
}

} // namespace

Shape parse_geojson(std::string_view json, const Env &env) {
  dom::parser parser;
  dom::element root;
  // parse() copies into a padded buffer of its own.
  if (const auto error = parser.parse(json.data(), json.size(), true).get(root);
      error != simdjson::SUCCESS) {
    if (error == simdjson::MEMALLOC) {
      throw std::bad_alloc();
    }
    fail("",
         std::string("it is no JSON: ") + simdjson::error_message(error) +
             " Text: " + stream::printable(json, 80),
         "Numbers are written without a leading + or dot, texts in double quotes.");
  }
  Reader reader(env);
  reader.geometry_of(root, "", 0);
  return std::move(reader).take();
}

} // namespace starhouse::geo
