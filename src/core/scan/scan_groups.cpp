// Which group a row is of, by hashes of its key, and which groups are of the scan's part, which may
// become smaller.
#include "core/scan/scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace starhouse::scan {

namespace {

constexpr std::uint64_t null_hash = 0x6E756C6C6E756C6CU;

// Of a key's number; `values`: hashes of what such numbers stand for, or null.
std::uint64_t hash_of(std::int64_t word, const std::uint32_t *const *values) noexcept {
  return hash64(values != nullptr ? std::uint64_t{(*values)[word]}
                                  : static_cast<std::uint64_t>(word));
}

// Of the keys up to number `key`, whose own is the last.
std::uint64_t hash_behind(std::size_t key, std::uint64_t before, std::uint64_t own) noexcept {
  return key == 0 ? own : hash64(std::rotl(before, 32) ^ own);
}

} // namespace

// Once steps and the host have had what they need of dimensions: by what is grouped by alone.
void Scan::number_groups(std::size_t rows) noexcept {
  for (std::size_t j = 0; j < program_.joins.size(); ++j) {
    if (program_.joins[j].grouped == nullptr) {
      continue;
    }
    const std::uint32_t *grouped = *program_.joins[j].grouped;
    std::int64_t *numbers = batch_[codes_ + j].words;
    for (std::size_t i = 0; i < rows; ++i) {
      numbers[i] = grouped[numbers[i]];
    }
  }
}

// By which its dictionary finds the texts of a key.
void Scan::hash_texts(std::size_t key, std::size_t rows) {
  const Column &column = batch_[program_.keys[key].column];
  std::uint64_t *texts = text_hashes_.data() + key * batch_.capacity();
  for (std::size_t i = 0; column.bytes != nullptr && i < rows; ++i) {
    texts[i] = column.is_null(i) ? 0 : hash64(column.bytes[i]);
  }
}

// The hash of a row's key depends on its values alone, so a group is in the same part of every run.
void Scan::hash_rows(std::size_t rows) {
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    hash_texts(k, rows);
    const Column &column = batch_[program_.keys[k].column];
    const std::uint64_t *texts = text_hashes_.data() + k * batch_.capacity();
    const std::uint32_t *const *values = values_of(program_.keys[k]);
    for (std::size_t i = 0; i < rows; ++i) {
      std::uint64_t own = 0;
      if (column.is_null(i)) {
        own = null_hash;
      } else if (column.bytes != nullptr) {
        own = texts[i];
      } else {
        own = hash_of(column.words[i], values);
      }
      hashes_[i] = hash_behind(k, hashes_[i], own);
    }
  }
}

// As hash_rows() has it.
std::uint64_t Scan::hash_of_group(const std::int64_t *key) const noexcept {
  std::uint64_t hash = 0;
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    const std::uint32_t *const *values = values_of(program_.keys[k]);
    std::uint64_t own = 0;
    if (((key[program_.keys.size()] >> k) & 1) != 0) {
      own = null_hash;
    } else if (batch_[program_.keys[k].column].bytes != nullptr) {
      own = hash64(dictionaries_[k].text(key[k]));
    } else {
      own = hash_of(key[k], values);
    }
    hash = hash_behind(k, hash, own);
  }
  return hash;
}

bool Scan::may_narrow() const noexcept {
  return groups_ &&
         std::all_of(program_.aggregates.begin(), program_.aggregates.end(), can_be_left);
}

Part Scan::narrow_groups() {
  part_ = {.prefix = part_.prefix << 1U, .bits = part_.bits + 1};
  std::pmr::vector<Dictionary> kept(env_.memory);
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    kept.emplace_back(env_);
  }
  const std::size_t width = program_.keys.size();
  groups_->keep([&](std::int64_t *key) {
    if (hash_of_group(key) >> (64U - part_.bits) != part_.prefix) {
      return false;
    }
    for (std::size_t k = 0; k < width; ++k) {
      if (((key[width] >> k) & 1) == 0 && batch_[program_.keys[k].column].bytes != nullptr) {
        const std::string_view text = dictionaries_[k].text(key[k]);
        key[k] = kept[k].number_of(text, hash64(text));
      }
    }
    return true;
  });
  for (std::size_t k = 0; k < width; ++k) {
    dictionaries_[k].clear();
  }
  dictionaries_.swap(kept);
  return {.prefix = part_.prefix | 1U, .bits = part_.bits};
}

// Which rows belong to the part; into members_.
std::size_t Scan::part_members(std::size_t rows) {
  std::size_t members = 0;
  std::uint8_t *mask = passes_.data() + program_.filters.size() * batch_.capacity();
  for (std::size_t i = 0; i < rows; ++i) {
    const bool in = hashes_[i] >> (64U - part_.bits) == part_.prefix;
    mask[i] = in ? 1 : 0;
    members_[members] = static_cast<std::uint32_t>(i);
    members += in ? 1 : 0;
  }
  return members;
}

void Scan::group_rows(std::size_t rows) {
  std::size_t members = rows;
  const bool in_parts = part_.bits != 0;
  if (!in_parts) {
    for (std::uint32_t i = 0; i < rows; ++i) {
      members_[i] = i;
    }
  } else {
    hash_rows(rows);
    members = part_members(rows);
  }
  const std::size_t width = program_.keys.size() + 1;
  for (std::size_t m = 0; m < members; ++m) {
    keys_[m * width + width - 1] = 0;
  }
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    const Column &column = batch_[program_.keys[k].column];
    const std::uint64_t *texts = text_hashes_.data() + k * batch_.capacity();
    std::int64_t *keys = keys_.data() + k;
    std::int64_t *nulls = keys_.data() + width - 1;
    if (column.bytes == nullptr && !column.any_null && members == rows) {
      for (std::size_t m = 0; m < members; ++m) {
        keys[m * width] = column.words[m];
      }
      continue;
    }
    // Few texts, which need no hash: they are looked at as they are.
    const bool few = column.bytes != nullptr && !in_parts && dictionaries_[k].has_few();
    if (column.bytes != nullptr && !few) {
      if (!in_parts) {
        hash_texts(k, rows);
      }
      dictionaries_[k].fetch({texts, rows});
    }
    for (std::size_t m = 0; m < members; ++m) {
      const std::size_t i = members_[m];
      if (column.is_null(i)) {
        keys[m * width] = 0;
        nulls[m * width] |= std::int64_t{1} << k;
      } else if (few) {
        keys[m * width] = dictionaries_[k].number_of(column.bytes[i]);
      } else if (column.bytes != nullptr) {
        keys[m * width] = dictionaries_[k].number_of(column.bytes[i], texts[i]);
      } else {
        keys[m * width] = column.words[i];
      }
    }
  }
  char **found = members == rows ? states_.data() : found_.data();
  groups_->find(keys_.data(), members, found, is_new_.data());
  if (members != rows) {
    for (std::size_t m = 0; m < members; ++m) {
      states_[members_[m]] = found_[m];
    }
  }
  for (std::size_t k = 0; k < program_.keys.size(); ++k) {
    if (program_.keys[k].source < 0) {
      continue;
    }
    const Column &source = batch_[static_cast<std::size_t>(program_.keys[k].source)];
    for (std::size_t m = 0; m < members; ++m) {
      if (is_new_[m] != 0) {
        std::memcpy(states_[members_[m]] + shown_[k], &source.words[members_[m]],
                    sizeof(std::int64_t));
      }
    }
  }
}

} // namespace starhouse::scan
