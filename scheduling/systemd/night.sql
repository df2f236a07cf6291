-- What starhouse-night@.service runs by psql -v warehouse=...; install it as /usr/local/share/starhouse/night.sql.
SELECT format('summed up: %s', starhouse.sum_up(:'warehouse'));
SELECT format('gold: %s documents changed', coalesce(sum(changed), 0)) FROM starhouse.gold_refresh(:'warehouse');
CALL starhouse.apply_retention();
SELECT starhouse.assert_integrity(:'warehouse');
