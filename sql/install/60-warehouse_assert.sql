-- For schedulers, whose jobs end well or with an error.
CREATE FUNCTION assert_integrity(schema_name name) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  problems bigint;
  listed text;
BEGIN
  SELECT count(*), string_agg(format('%s: %s.%s, %s rows, such as %s', c.problem, c.relation, c.column_name, c.violations, coalesce(c.example, '-')), E'\n')
    INTO problems, listed FROM starhouse.check_integrity(schema_name) c;
  IF problems > 0 THEN
    RAISE EXCEPTION 'warehouse "%" has % problems', schema_name, problems
      USING ERRCODE = 'integrity_constraint_violation', DETAIL = listed, HINT = format('SELECT * FROM starhouse.check_integrity(%L) lists them.', schema_name);
  END IF;
  RETURN format('warehouse "%s" is sound', schema_name);
END
$$;
COMMENT ON FUNCTION assert_integrity(name) IS
  'check_integrity for schedulers: says that the warehouse is sound, or fails with 23000 and what is wrong in the detail. 3F000 for an unknown warehouse and for NULL.';
