// The bytes of a row as it lies in a page or a sort: attributes walked in order, without making
// values of them.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "access/tupmacs.h"
}

namespace starhouse::pg {

struct AttributeLayout {
  int16 length;
  char align;

  bool operator==(const AttributeLayout &) const = default;
};

// In the current context.
inline AttributeLayout *layout_of(TupleDesc shape) {
  auto *layout = static_cast<AttributeLayout *>(
      palloc(sizeof(AttributeLayout) * static_cast<Size>(Max(shape->natts, 1))));
  for (int i = 0; i < shape->natts; ++i) {
    layout[i] = {TupleDescAttr(shape, i)->attlen, TupleDescAttr(shape, i)->attalign};
  }
  return layout;
}

// A place in a row. Attributes count from 0.
class RowWalk {
public:
  RowWalk(HeapTuple row, const AttributeLayout *layout)
      : data_(reinterpret_cast<const char *>(row->t_data) + row->t_data->t_hoff),
        nulls_(HeapTupleHasNulls(row) ? row->t_data->t_bits : nullptr),
        size_(row->t_len - row->t_data->t_hoff), layout_(layout) {}

  bool is_null(int attribute) const { return nulls_ != nullptr && att_isnull(attribute, nulls_); }

  // To the first byte of an attribute that is not NULL, at or behind the place.
  void to(int attribute) {
    while (next_ < attribute) {
      if (is_null(next_)) {
        ++next_;
      } else {
        align();
        past();
      }
    }
    align();
  }

  // Past the attribute that the place is at.
  void past() {
    offset_ =
        static_cast<uint32>(att_addlength_pointer(offset_, layout_[next_].length, data_ + offset_));
    ++next_;
  }

  // Past bytes that are known to hold all attributes before this one.
  void skip(uint32 bytes, int attribute) {
    offset_ += bytes;
    next_ = attribute;
  }

  const char *here() const { return data_ + offset_; }
  uint32 offset() const { return offset_; }
  uint32 left() const { return size_ - offset_; }

private:
  void align() {
    const AttributeLayout &a = layout_[next_];
    offset_ = a.length == -1
                  ? static_cast<uint32>(att_align_pointer(offset_, a.align, -1, data_ + offset_))
                  : static_cast<uint32>(att_align_nominal(offset_, a.align));
  }

  const char *data_;
  const bits8 *nulls_;
  uint32 size_;
  const AttributeLayout *layout_;
  int next_ = 0;
  uint32 offset_ = 0;
};

} // namespace starhouse::pg
