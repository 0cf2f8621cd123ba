-- The hourly mean of prices and the form that old prices are kept in follow the edition of TimescaleDB that the server
-- runs, and that may change after the tables are made: `luna migrate` calls the first of these each time.
CREATE FUNCTION luna_fit_market_prices() RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    is_community constant boolean := coalesce(current_setting('timescaledb.license', true) = 'timescale', false)
        AND EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb');
    is_aggregate boolean := false;
    is_hypertable boolean := false;
    settings jsonb;
    policy integer;
BEGIN
    IF to_regclass('timescaledb_information.continuous_aggregates') IS NOT NULL THEN
        SELECT EXISTS (SELECT 1 FROM timescaledb_information.continuous_aggregates
                       WHERE view_schema = 'public' AND view_name = 'market_prices_hourly') INTO is_aggregate;
        SELECT EXISTS (SELECT 1 FROM timescaledb_information.hypertables
                       WHERE hypertable_schema = 'public' AND hypertable_name = 'market_prices') INTO is_hypertable;
    END IF;
    IF is_aggregate AND NOT is_community THEN
        RETURN 'stranded';
    END IF;
    IF NOT is_community OR NOT is_hypertable THEN
        RETURN 'plain';
    END IF;
    IF NOT is_aggregate THEN
        -- Views of analysts that rest on it go along, and without its mark the schema gets them anew.
        DROP VIEW market_prices_hourly CASCADE;
        COMMENT ON SCHEMA analytics IS NULL;
        EXECUTE 'CREATE MATERIALIZED VIEW market_prices_hourly'
            ' WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS'
            ' SELECT market, product, time_bucket(interval ''1 hour'', ts) AS ts, avg(price_eur_mwh) AS price_eur_mwh,'
            ' min(price_eur_mwh) AS price_min, max(price_eur_mwh) AS price_max, sum(volume) AS volume,'
            ' count(*) AS "values" FROM market_prices GROUP BY 1, 2, 3 WITH NO DATA';
        GRANT SELECT ON market_prices_hourly TO luna_app, luna_worker, luna_backup;
    END IF;
    -- From the beginning: what lies before a policy's window and below the newest hour that was made up is not shown at
    -- all, and prices of past years are imported and corrected. Only touched hours are made up again.
    SELECT config INTO settings FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_refresh_continuous_aggregate' AND hypertable_name = (
        SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
        WHERE view_schema = 'public' AND view_name = 'market_prices_hourly');
    IF settings IS NULL OR settings ->> 'start_offset' IS NOT NULL THEN
        PERFORM remove_continuous_aggregate_policy('market_prices_hourly', if_exists => true);
        -- In one piece: between two batches older hours would be missing for those who read, and ten hours at a time
        -- take five times as long for five years.
        policy := add_continuous_aggregate_policy('market_prices_hourly', start_offset => NULL,
            end_offset => interval '1 hour', schedule_interval => interval '10 minutes');
        PERFORM alter_job(job_id, config => config || '{"buckets_per_batch": 0}')
        FROM timescaledb_information.jobs WHERE job_id = policy;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM timescaledb_information.jobs
                   WHERE hypertable_schema = 'public' AND hypertable_name = 'market_prices'
                     AND proc_name IN ('policy_compression', 'policy_columnstore')) THEN
        ALTER TABLE market_prices SET (timescaledb.compress, timescaledb.compress_segmentby = 'market, product',
                                       timescaledb.compress_orderby = 'ts');
        PERFORM add_compression_policy('market_prices', interval '400 days');
    END IF;
    RETURN 'aggregate';
END
$$;

-- The way back, by the owner while the community edition still runs: afterwards any edition serves, and also pg_restore
-- to a server without TimescaleDB.
CREATE FUNCTION luna_plain_market_prices() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF to_regclass('timescaledb_information.continuous_aggregates') IS NULL OR NOT EXISTS (
        SELECT 1 FROM timescaledb_information.continuous_aggregates
        WHERE view_schema = 'public' AND view_name = 'market_prices_hourly')
    THEN
        RETURN;
    END IF;
    PERFORM remove_compression_policy('market_prices', if_exists => true);
    PERFORM decompress_chunk(chunk, if_compressed => true) FROM show_chunks('market_prices') AS chunk;
    ALTER TABLE market_prices SET (timescaledb.compress = false);
    DROP MATERIALIZED VIEW market_prices_hourly CASCADE;
    COMMENT ON SCHEMA analytics IS NULL;
    CREATE VIEW market_prices_hourly AS
    SELECT market, product, date_bin(interval '1 hour', ts, timestamptz '2000-01-01 00:00Z') AS ts,
           avg(price_eur_mwh) AS price_eur_mwh, min(price_eur_mwh) AS price_min, max(price_eur_mwh) AS price_max,
           sum(volume) AS volume, count(*) AS "values"
    FROM market_prices GROUP BY 1, 2, 3;
    GRANT SELECT ON market_prices_hourly TO luna_app, luna_worker, luna_backup;
END
$$;
REVOKE ALL ON FUNCTION luna_fit_market_prices(), luna_plain_market_prices() FROM PUBLIC;
