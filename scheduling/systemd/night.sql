-- What starhouse-night@.service runs by psql -v warehouse=...; install it as /usr/local/share/starhouse/night.sql.
SELECT format('gold: %s documents changed', coalesce(sum(changed), 0)) FROM starhouse.gold_refresh(:'warehouse');
CALL starhouse.apply_retention();
SELECT starhouse.assert_integrity(:'warehouse');
