# What a BI tool learns of a schema through the ODBC driver, one line each: metadata.py CONNECTION SCHEMA FACT DIMENSION
import sys

import pyodbc

connection = pyodbc.connect(sys.argv[1], autocommit=True)
schema, fact, dimension = sys.argv[2:5]
cursor = connection.cursor()


def show(what, rows, *columns):
    for row in rows:
        print("|".join([what] + [str(getattr(row, column)) for column in columns]))


show("table", cursor.tables(schema=schema, tableType="TABLE,VIEW").fetchall(), "table_name", "table_type", "remarks")
show("column", cursor.columns(schema=schema, table=fact).fetchall(), "table_name", "column_name", "type_name", "nullable")
show("key", cursor.primaryKeys(table=dimension, schema=schema).fetchall(), "table_name", "column_name", "key_seq")
show("imported", cursor.foreignKeys(foreignTable=fact, foreignSchema=schema).fetchall(), "fktable_name", "fkcolumn_name", "pktable_name", "pkcolumn_name")
show("exported", cursor.foreignKeys(table=dimension, schema=schema).fetchall(), "pktable_name", "pkcolumn_name", "fktable_name", "fkcolumn_name")
row = cursor.execute(f"SELECT date_key FROM {schema}.time_dim ORDER BY date_key LIMIT 1").fetchone()
print("|".join(["date", type(row[0]).__name__]))
