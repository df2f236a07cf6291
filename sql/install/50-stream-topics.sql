-- Topics as sources: several clients share the partitions of a topic, and one batch may take records
-- from many of them. Where each partition stands is a row of source_partition, which a batch moves in
-- its own transaction, fenced by the partition's epoch. See src/client/topic_cursor.hpp.

-- What a record of a topic is called everywhere: one number for partition and offset.
CREATE FUNCTION topic_record(partition integer, "offset" bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT (partition::bigint << 48) | "offset";
END;
COMMENT ON FUNCTION topic_record(integer, bigint) IS
  'Record number of an offset in a partition of a topic: partition * 2^48 + offset. Partitions 0 to 32767, offsets 0 to 2^48 - 1; others give meaningless numbers. NULL gives NULL.';

CREATE FUNCTION topic_partition(record_no bigint) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT (record_no >> 48)::integer;
END;
COMMENT ON FUNCTION topic_partition(bigint) IS
  'Partition in a topic''s record number (see topic_record). NULL gives NULL.';

CREATE FUNCTION topic_offset(record_no bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT record_no & 281474976710655;
END;
COMMENT ON FUNCTION topic_offset(bigint) IS
  'Offset in a topic''s record number (see topic_record). NULL gives NULL.';

CREATE FUNCTION topic_open(warehouse name, feed text, topic text, partitions integer, parameters jsonb DEFAULT '{}',
                           OUT source_id bigint, OUT known_partitions integer)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  settings jsonb := starhouse.feed_parameters(definition->'parameters', coalesce(parameters, '{}'));
BEGIN
  IF topic IS NULL OR partitions IS NULL OR partitions < 1 THEN
    RAISE EXCEPTION 'topic %, % partitions: neither may be NULL', coalesce('"' || topic || '"', 'NULL'), coalesce(partitions::text, 'NULL')
      USING ERRCODE = '22004', HINT = 'Give the topic''s name and how many partitions it has, at least one.';
  END IF;
  EXECUTE format($sql$
    INSERT INTO %I.load_source AS l (feed_name, source_name, fingerprint, kind, partitions, parameters)
    SELECT $1, 'topic ' || $2, 'topic ' || $2, 'topic', $3, $4
    WHERE NOT EXISTS (SELECT FROM %1$I.load_source WHERE feed_name = $1 AND fingerprint = 'topic ' || $2)
    ON CONFLICT (feed_name, fingerprint) DO NOTHING$sql$, warehouse) USING feed, topic, partitions, settings;
  EXECUTE format($sql$
    UPDATE %I.load_source l SET parameters = $3 WHERE feed_name = $1 AND fingerprint = 'topic ' || $2 AND l.parameters <> $3$sql$, warehouse)
    USING feed, topic, settings;
  EXECUTE format('SELECT source_id, partitions FROM %I.load_source WHERE feed_name = $1 AND fingerprint = ''topic '' || $2', warehouse)
    INTO source_id, known_partitions USING feed, topic;
  IF (definition->>'bronze')::boolean THEN
    PERFORM starhouse.ensure_partitions(format('%I.%I', warehouse, 'bronze_' || feed)::regclass, now(), now(), interval '1 day');
  END IF;
END
$body$;
COMMENT ON FUNCTION topic_open(name, text, text, integer, jsonb) IS
  'Registers a topic as a source of the feed, or finds it, and makes today''s bronze partition. Returns its source_id and how many partitions it had when it was registered: partitions beyond are newer than the source and are read from their beginning. Any number of clients may have a topic open. 22004 for a NULL topic or number of partitions.';

CREATE FUNCTION topic_assign(warehouse name, source_id bigint, partitions integer[], starts bigint[])
  RETURNS TABLE (partition integer, next_offset bigint, epoch bigint, is_new boolean)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_column
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  -- In one order, so that two clients do not wait for one another.
  RETURN QUERY EXECUTE format($sql$
    INSERT INTO %I.source_partition AS p (source_id, partition, next_offset)
    SELECT $1, u.partition, coalesce(k.next_offset, u.start)
    FROM unnest($2, $3) AS u(partition, start) LEFT JOIN %1$I.source_partition k ON k.source_id = $1 AND k.partition = u.partition
    ORDER BY u.partition
    ON CONFLICT (source_id, partition) DO UPDATE SET epoch = p.epoch + 1, updated_at = now()
    RETURNING p.partition, p.next_offset, p.epoch, p.epoch = 1$sql$, warehouse) USING source_id, partitions, starts;
END
$body$;
COMMENT ON FUNCTION topic_assign(name, bigint, integer[], bigint[]) IS
  'Takes partitions of a topic over for the caller: raises their epochs, which shuts out whoever had them, and waits for a batch of theirs that is just being committed. Returns where each stands; one seen for the first time starts at its element of starts. A NULL warehouse is an error (22004), so is a NULL partition or a NULL start of a new partition (23502).';

CREATE FUNCTION topic_claim(warehouse name, source_id bigint, batch_id bigint, partitions integer[], epochs bigint[], bases bigint[], nexts bigint[],
                            ends bigint[], times timestamptz[]) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  moved bigint;
  seen text;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  -- Locks in one order; an UPDATE alone would take them as its join pleases.
  EXECUTE format('SELECT FROM %I.source_partition p WHERE p.source_id = $1 AND p.partition = ANY ($2) ORDER BY p.partition FOR NO KEY UPDATE', warehouse)
    USING source_id, partitions;
  EXECUTE format($sql$
    UPDATE %I.source_partition p
    SET next_offset = u.next, end_offset = coalesce(greatest(u.ends, u.next), p.end_offset), last_message_at = coalesce(u.time, p.last_message_at),
        updated_at = clock_timestamp()
    FROM unnest($2, $3, $4, $5, $6, $7) AS u(partition, epoch, base, next, ends, time)
    WHERE p.source_id = $1 AND p.partition = u.partition AND p.epoch = u.epoch AND p.next_offset = u.base$sql$, warehouse)
    USING source_id, partitions, epochs, bases, nexts, ends, times;
  GET DIAGNOSTICS moved = ROW_COUNT;
  IF moved IS DISTINCT FROM cardinality(partitions) THEN
    EXECUTE format($sql$
      SELECT string_agg(format('partition %%s: offset %%s, epoch %%s now; offset %%s, epoch %%s for this client', u.partition, p.next_offset, p.epoch, u.base, u.epoch),
                        '; ' ORDER BY u.partition)
      FROM unnest($2, $3, $4) AS u(partition, epoch, base)
        LEFT JOIN %I.source_partition p ON p.source_id = $1 AND p.partition = u.partition
      WHERE (p.epoch, p.next_offset) IS DISTINCT FROM (u.epoch, u.base)$sql$, warehouse)
      INTO seen USING source_id, partitions, epochs, bases;
    RAISE EXCEPTION 'another client took over partitions of source %', source_id USING ERRCODE = '55000',
      DETAIL = coalesce(seen, 'A list of partitions holds one twice, or NULL.'),
      HINT = 'Nothing of this batch was stored. Take the partitions anew (starhouse.topic_assign) and read on from where they stand.';
  END IF;
  EXECUTE format($sql$
    UPDATE %I.batch_log SET positions = (SELECT jsonb_object_agg(u.partition, jsonb_build_array(u.base, u.next))
                                         FROM unnest($2, $3, $4) AS u(partition, base, next))
    WHERE batch_id = $1$sql$, warehouse) USING batch_id, partitions, bases, nexts;
  -- A client that falls asleep from here on, its machine with it, would keep others from its partitions.
  IF current_setting('idle_in_transaction_session_timeout') IN ('0', '0ms') THEN
    PERFORM set_config('idle_in_transaction_session_timeout', '10s', true);
  END IF;
  -- For written_versions: what the steps will write comes after this.
  PERFORM set_config('starhouse.steps_since', pg_snapshot_xmax(pg_current_snapshot())::text, true);
END
$body$;
COMMENT ON FUNCTION topic_claim(name, bigint, bigint, integer[], bigint[], bigint[], bigint[], bigint[], timestamptz[]) IS
  'Moves partitions of a topic from bases to nexts in the caller''s transaction and notes them in the batch''s log. Fails with 55000, naming them, unless each still stands at its base in its epoch: then another client took over, and the caller has to roll back. ends (where the partition ends) and times (of the last message) are for the record; their elements may be NULL. From here to the end of the transaction the session may be idle for ten seconds at most, unless idle_in_transaction_session_timeout says otherwise. A NULL warehouse is an error (22004).';

CREATE FUNCTION topic_lost(warehouse name, source_id bigint, partition integer, epoch bigint, first_offset bigint, next_offset bigint, reason text,
                           go_on boolean) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  moved bigint;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  EXECUTE format($sql$
    INSERT INTO %I.source_gap (source_id, partition, first_offset, next_offset, reason)
    SELECT $1, $2, $3, $4, $5
    WHERE $6 OR NOT EXISTS (SELECT FROM %1$I.source_gap g WHERE g.source_id = $1 AND g.partition = $2 AND g.first_offset = $3)$sql$, warehouse)
    USING source_id, partition, first_offset, next_offset, reason, go_on;
  IF go_on THEN
    EXECUTE format('UPDATE %I.source_partition p SET next_offset = $5, updated_at = now()
                    WHERE p.source_id = $1 AND p.partition = $2 AND p.epoch = $3 AND p.next_offset = $4', warehouse)
      USING source_id, partition, epoch, first_offset, next_offset;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved = 0 THEN
      RAISE EXCEPTION 'another client took over partition % of source %', partition, source_id USING ERRCODE = '55000',
        HINT = 'It will find the same gap itself.';
    END IF;
  END IF;
END
$body$;
COMMENT ON FUNCTION topic_lost(name, bigint, integer, bigint, bigint, bigint, text, boolean) IS
  'Puts on record (source_gap) that offsets first_offset to next_offset - 1 of a partition cannot be had any more, and moves the partition past them if go_on; otherwise it stays where it is, and the gap is recorded once. 55000 when another client has the partition. A NULL warehouse is an error (22004), a NULL position too (23502).';

CREATE FUNCTION stop_source(warehouse name, source_id bigint, reason text) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  EXECUTE format('UPDATE %I.load_source l SET stopped_at = clock_timestamp(), stop_reason = $2 WHERE l.source_id = $1 AND l.stopped_at IS NULL', warehouse)
    USING source_id, coalesce(reason, 'stopped by hand');
END
$body$;
COMMENT ON FUNCTION stop_source(name, bigint, text) IS
  'Tells the clients that read a topic to stop taking records; they look every few seconds and keep their place in the group. Nothing is lost: the topic waits. NULL as the reason is ''stopped by hand''; one that is stopped already keeps its reason. A NULL warehouse is an error (22004), an unknown source none.';

CREATE FUNCTION resume_source(warehouse name, source_id bigint) RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  resumed bigint;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  EXECUTE format('UPDATE %I.load_source l SET stopped_at = NULL, stop_reason = NULL WHERE l.source_id = $1 AND l.stopped_at IS NOT NULL', warehouse)
    USING source_id;
  GET DIAGNOSTICS resumed = ROW_COUNT;
  RETURN resumed > 0;
END
$body$;
COMMENT ON FUNCTION resume_source(name, bigint) IS
  'Lets a source go on that was stopped (by a client whose reject rate exploded, or by stop_source): true, or false when it was not stopped. Records that caused the stop are then taken as they are: to quarantine, if the feed still rejects them. A NULL warehouse is an error (22004).';
