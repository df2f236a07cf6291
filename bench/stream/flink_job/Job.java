// Kafka to a table by Flink SQL: what is in the topic now, as upserts by JDBC in batches.
//   java Job.java BROKERS TOPIC JDBC_URL USER TABLE
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public class Job {
    public static void main(String[] arguments) throws Exception {
        TableEnvironment flink = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        flink.getConfig().set("parallelism.default", "2");
        flink.getConfig().set("execution.checkpointing.interval", "10 s");
        flink.getConfig().set("table.local-time-zone", "UTC");
        // The source has no key, and rows are only added: the sink need not keep them to order changes.
        flink.getConfig().set("table.exec.sink.upsert-materialize", "NONE");
        flink.executeSql(String.format("""
            CREATE TABLE source (event_id BIGINT, `at` TIMESTAMP_LTZ(3), user_id BIGINT, video_id BIGINT, event STRING, device STRING, seconds DECIMAL(18, 6))
            WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = '%s', 'topic' = '%s', 'properties.group.id' = 'flink', 'scan.startup.mode' = 'earliest-offset',
                  'scan.bounded.mode' = 'latest-offset', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')""", arguments[0], arguments[1]));
        flink.executeSql(String.format("""
            CREATE TABLE fact (event_id BIGINT, `at` TIMESTAMP(3), user_id BIGINT, video_id BIGINT, event STRING, device STRING, seconds DECIMAL(18, 6),
                               PRIMARY KEY (event_id, `at`) NOT ENFORCED)
            WITH ('connector' = 'jdbc', 'url' = '%s', 'username' = '%s', 'password' = '', 'table-name' = '%s', 'sink.buffer-flush.max-rows' = '5000',
                  'sink.buffer-flush.interval' = '1 s')""", arguments[2], arguments[3], arguments[4]));
        flink.executeSql("INSERT INTO fact SELECT event_id, CAST(`at` AS TIMESTAMP(3)), user_id, video_id, event, device, seconds FROM source").await();
    }
}
