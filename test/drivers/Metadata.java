// What a BI tool learns of a schema through the JDBC driver, one line each: java -cp postgresql.jar Metadata.java URL SCHEMA FACT DIMENSION
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;

public class Metadata {
  private static void print(String what, ResultSet rows, String... columns) throws SQLException {
    try (rows) {
      while (rows.next()) {
        StringBuilder line = new StringBuilder(what);
        for (String column : columns) {
          line.append('|').append(rows.getString(column));
        }
        System.out.println(line);
      }
    }
  }

  public static void main(String[] arguments) throws SQLException {
    String schema = arguments[1];
    String fact = arguments[2];
    String dimension = arguments[3];
    try (Connection connection = DriverManager.getConnection(arguments[0])) {
      DatabaseMetaData data = connection.getMetaData();
      String pattern = schema.replace("_", "\\_");
      print("table", data.getTables(null, pattern, "%", new String[] {"TABLE", "PARTITIONED TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"}), "TABLE_NAME", "TABLE_TYPE", "REMARKS");
      print("column", data.getColumns(null, pattern, "%", "%"), "TABLE_NAME", "COLUMN_NAME", "TYPE_NAME", "NULLABLE", "REMARKS");
      print("key", data.getPrimaryKeys(null, schema, dimension), "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ");
      print("imported", data.getImportedKeys(null, schema, fact), "FKTABLE_NAME", "FKCOLUMN_NAME", "PKTABLE_NAME", "PKCOLUMN_NAME");
      print("exported", data.getExportedKeys(null, schema, dimension), "PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FKCOLUMN_NAME");
      print("index", data.getIndexInfo(null, schema, dimension, true, true), "TABLE_NAME", "COLUMN_NAME", "NON_UNIQUE");
      print("read-only", connection.createStatement().executeQuery("SHOW default_transaction_read_only"), "default_transaction_read_only");
    }
  }
}
