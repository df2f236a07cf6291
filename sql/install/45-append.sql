-- Bulk append to facts (src/pg/append.cpp).

CREATE FUNCTION append_facts(fact regclass, query text,
                             OUT selected bigint, OUT inserted bigint, OUT slow_because text)
  LANGUAGE c VOLATILE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_append_facts';
COMMENT ON FUNCTION append_facts(regclass, text) IS
  'Appends the rows of query to fact and leaves out those whose unique key the fact or the batch has already: the result of INSERT … ON CONFLICT DO NOTHING at the price of COPY. The query''s columns are matched by name; columns it leaves out take their defaults. Foreign keys are checked once per distinct key, under the same locks as the row-by-row triggers, and raise 23503 alike. selected: rows of the query; inserted: rows added; slow_because: NULL, or why a plain INSERT ran instead (triggers for each row, row security, rules, generated columns, several unique indexes, keys of several columns, types that differ). Triggers for each statement fire as for an INSERT. Rows are sorted by the unique key first where those of the session''s last call for the fact came far from its order and the query has no ORDER BY; of those of one key the first one counts in any case. A boolean column _new of the query, where the fact has none of that name, is not stored: where it is true the caller knows that the fact does not hold the row, and none is looked for (see rows_are_new). Needs INSERT on fact. A concurrent insert of the same key raises 23505 (unique_violation): repeat the transaction.';

-- The same function; its statements see what it added.
CREATE FUNCTION append_facts(fact regclass, query text, statements text[],
                             OUT selected bigint, OUT inserted bigint, OUT slow_because text)
  LANGUAGE c VOLATILE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_append_facts';
COMMENT ON FUNCTION append_facts(regclass, text, text[]) IS
  'append_facts, and then the statements, one after the other. They see the rows that were added as the relation "added", in the fact''s form: what follows from them (sums, later stages) need not read the fact again. And they see the rows that were left out because the fact had their key before (its primary key where the plain INSERT ran), each key once, as the relation "known", in the query''s form: so an UPDATE can add them to what is there. A call of append_facts among them sees both, too, in its query. 22004 for a NULL among the statements.';

-- The same for rows that the caller vouches for.
CREATE FUNCTION append_facts(fact regclass, query text, rows_are_new boolean,
                             OUT selected bigint, OUT inserted bigint, OUT slow_because text)
  LANGUAGE c VOLATILE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_append_new_facts';
COMMENT ON FUNCTION append_facts(regclass, text, boolean) IS
  'append_facts; where rows_are_new is true the caller knows that the fact holds none of the rows: they are not looked up before, rows given twice are still left out, and one that is there after all raises 23505.';
