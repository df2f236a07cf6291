"""Brings Superset's metadata up to date in one process: schema, permissions, the administrator, and the bundles.

  python prepare.py BUNDLE...     folders as scripts/superset-bundle writes them

A bundle is imported as "assets", which makes everything of it what the files say; "Import dashboards" would leave charts and
datasets that exist as they are. What a bundle no longer holds stays. Run by scripts/dashboards, which sets the environment."""
import os
import sys
from pathlib import Path

import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import g
from flask_migrate import upgrade
from superset.app import create_app



# Views of one name in two schemas are two datasets. Superset's migrations drop the old constraint against that everywhere but
# in SQLite, which cannot without copying the table.
def drop_unique_table_names(engine):
    unique = [key["column_names"] for key in sqlalchemy.inspect(engine).get_unique_constraints("tables")]
    if engine.dialect.name != "sqlite" or ["table_name"] not in unique:
        return
    with engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("tables", naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"}) as tables:
            tables.drop_constraint("uq_tables_table_name", type_="unique")


app = create_app()
with app.app_context():
    from superset import appbuilder, db, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    # The schema and the permissions of a version of Superset are made once.
    stamp = Path(os.environ["SUPERSET_HOME"], "initialised")
    version = app.config["VERSION_STRING"]
    if not stamp.exists() or stamp.read_text() != version:
        import superset

        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
        drop_unique_table_names(db.engine)
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        stamp.write_text(version)
    admin = security_manager.find_user(username="admin")
    if admin is None:
        admin = security_manager.add_user("admin", "Admin", "starhouse", "admin@localhost", security_manager.find_role("Admin"),
                                          password=os.environ["SUPERSET_ADMIN_PASSWORD"])
    if not admin:
        sys.exit("prepare.py: the administrator could not be made")
    g.user = admin
    for bundle in sys.argv[1:]:
        files = {str(path.relative_to(bundle)): path.read_text("utf-8") for path in sorted(Path(bundle).rglob("*.yaml"))}
        if "metadata.yaml" not in files:
            sys.exit(f"prepare.py: {bundle} is no bundle: it has no metadata.yaml")
        files["metadata.yaml"] = files["metadata.yaml"].replace("type: Dashboard", "type: assets")
        ImportAssetsCommand(files).run()
        db.session.commit()
        print(f"imported {bundle}: {len(files) - 1} files")
