"""The night of a warehouse: files from a landing folder, rollups, sums for the reports, gold, a check, the report.

Put it into the dags folder of Airflow 3 (tested) or 2; the worker needs the client `starhouse` and psql on its path. Settings are
environment variables of the worker: PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSFILE as for psql, and

  STARHOUSE_WAREHOUSE    schema of the warehouse (shopsmart)
  STARHOUSE_KIND         its kind: shopsmart, quickeats or streamflix (shopsmart); read by the DAG processor, too
  STARHOUSE_FEEDS        its feeds in the order of loading, by spaces, instead of the kind's own; likewise
  STARHOUSE_LANDING      folder with a subfolder for each feed (/var/lib/starhouse/landing)
  STARHOUSE_REPORTS      where the report goes (/var/lib/starhouse/reports)
  STARHOUSE_MAX_REJECTS  share of rejected records that stops a load (5%)

Every task may be repeated: what is loaded stays loaded once, a load that was cut short goes on.
"""

import os
from datetime import datetime, timedelta

try:
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

# Dimensions before facts is faster; any order is right.
FEEDS = {
    "shopsmart": (["stores", "products", "promotions", "customers"], ["pos_sales", "online_orders", "inventory"]),
    "quickeats": (["cities", "zones", "restaurants", "drivers", "customers"], ["orders", "payments", "pings", "feedback", "app_events"]),
    "streamflix": (
        ["regions", "videos", "users", "devices"],
        ["playback_events", "interactions", "recommendations", "playback_streams", "productions", "production_costs", "vendor_content", "reviews", "social_posts", "site_ratings"],
    ),
}
KIND = os.environ.get("STARHOUSE_KIND") or "shopsmart"
OTHERS = os.environ.get("STARHOUSE_FEEDS", "").split()
if KIND not in FEEDS and not OTHERS:
    raise ValueError(f"STARHOUSE_KIND is {KIND!r}, which is none of {', '.join(FEEDS)}: give one of these, or the warehouse's feeds in STARHOUSE_FEEDS")
DIMENSIONS, FACTS = ([], OTHERS) if OTHERS else FEEDS[KIND]

SETTINGS = """
set -eu
warehouse=${STARHOUSE_WAREHOUSE:-shopsmart}
landing=${STARHOUSE_LANDING:-/var/lib/starhouse/landing}
reports=${STARHOUSE_REPORTS:-/var/lib/starhouse/reports}
rejects=${STARHOUSE_MAX_REJECTS:-5%}
"""

# A task without files is skipped (99); one that is stopped is told so and goes on at the next try.
LOAD = SETTINGS + """
set -- "$landing"/FEED/*
[ -e "$1" ] || { echo "nothing in $landing/FEED"; exit 99; }
exec starhouse load "$warehouse" --feed FEED --quiet --max-rejects "$rejects" "$@"
"""


def sql(statement):
    """A statement about the warehouse, whose name is quoted by psql."""
    return SETTINGS + f"""exec psql -XAtq -v ON_ERROR_STOP=1 -v warehouse="$warehouse" <<'SQL'\n{statement};\nSQL\n"""


with DAG(
    dag_id="starhouse",
    description=__doc__.split("\n", 1)[0],
    schedule="30 2 * * *",
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=3),
    },
    tags=["starhouse"],
) as dag:

    def load(feed):
        return BashOperator(task_id=f"load_{feed}", bash_command=LOAD.replace("FEED", feed), append_env=True)

    dimensions = [load(feed) for feed in DIMENSIONS]
    facts = [load(feed) for feed in FACTS]
    # A feed without files tonight holds up nothing; one that failed does.
    go_on = {"append_env": True, "trigger_rule": "none_failed"}
    loaded = BashOperator(task_id="dimensions_loaded", bash_command="true", **go_on)
    compact = BashOperator(task_id="compact", bash_command=SETTINGS + 'exec starhouse compact "$warehouse" --once\n', **go_on)
    sums = BashOperator(task_id="sum_up", bash_command=sql("SELECT starhouse.sum_up(:'warehouse')"), append_env=True)
    gold = BashOperator(task_id="gold", bash_command=sql("SELECT sum(changed) FROM starhouse.gold_refresh(:'warehouse')"), append_env=True)
    check = BashOperator(task_id="integrity", bash_command=sql("SELECT starhouse.assert_integrity(:'warehouse')"), retries=0, append_env=True)
    report = BashOperator(
        task_id="report", bash_command=SETTINGS + 'mkdir -p "$reports"\nexec starhouse report "$warehouse" -o "$reports/$warehouse.html"\n', append_env=True
    )
    dimensions >> loaded
    loaded >> facts
    facts >> compact >> sums >> gold >> check >> report
