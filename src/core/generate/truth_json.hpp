// TRUTH.json: the truth as a file. Money is written as text with two decimals, so that no reader
// rounds it.
#pragma once

#include "core/generate/promotions.hpp"
#include "core/generate/shopsmart.hpp"

#include <string>
#include <vector>

namespace starhouse::generate {

void append_truth_json(std::string &out, const ShopsmartOptions &options, const Truth &truth,
                       const Catalog &catalog, const std::vector<Promotion> &promotions);

} // namespace starhouse::generate
