// What the parts of a star's planning share: the fact (star_scan_fact.cpp), which tables belong
// together (star_scan_components.cpp), and how these are joined with it (star_scan_joins.cpp).
#pragma once

#include "pg/star_scan_plan.hpp"

namespace starhouse::pg::star_scan {

// The table as the star's fact, with its leaves; false where it cannot be.
bool fact_of(PlannerInfo *root, RelOptInfo *table, Star *star);

// Tables that are joined with one another, and then with the fact.
struct Component {
  Relids tables;
  Relids nulling;           // outer joins among them
  SpecialJoinInfo *special; // by which they are joined with the fact; null: an inner join
};

// Whether a class has several expressions that are equal: one of a single expression, and of the
// same of partitions, is what is grouped or sorted by.
bool is_equality(const EquivalenceClass *equal);

// Of a set of relations those that are tables: from 16 on outer joins have numbers, too.
Relids tables_of(const PlannerInfo *root, const Bitmapset *relids);

// Components of all tables but the fact: relations that anything joins, the fact apart, belong
// together. False where they cannot be joined so.
bool components_of(PlannerInfo *root, const Bitmapset *tables, const RelOptInfo *fact,
                   List **components);

} // namespace starhouse::pg::star_scan
