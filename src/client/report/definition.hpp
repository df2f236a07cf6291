// What a report shows, as data: a file of SQL statements with comments in front of each.
//
//   -- report TITLE                 once, first
//   --- SECTION                     a heading; cards follow
//   -- KIND TITLE                   a card: the statement after it, up to a line that ends with ';'
//   -- unit|source|note|empty TEXT  of the card
//   -- told COLUMN, COLUMN          of line, bars and stack: in the numbers, not in the drawing
//
// KIND says how the rows are drawn; columns count by position, their names are what readers see:
//   figures       label, value, the value before or NULL, unit, 'up' or 'down' (which way is good)
//                 or NULL
//   line          time or number, values ...
//   bars, stack   label, values ...
//   cells         south, west, north, east, value (degrees)
//   cohort, heat  row, column, value; of a cohort the first column is the cohort itself
//   table         any
// Units of values: money, percent (of 100), ratio (of 1, shown in percent), or any word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace starhouse::client::report {

struct Card {
  std::string kind;
  std::string title;
  std::string unit;
  std::string source; // views and tables the figures come from
  std::string note;   // how to read it
  std::string empty;  // what to do when there are no rows
  std::string told;   // columns that are in the numbers only, by commas
  std::string sql;
};

struct Section {
  std::string title;
  std::vector<Card> cards;
};

struct Definition {
  std::string title;
  std::vector<Section> sections;
};

// `name` is for messages. Throws Error (42601) with the line.
Definition parse(std::string_view text, std::string_view name);

} // namespace starhouse::client::report
