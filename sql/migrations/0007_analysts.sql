-- Analysts: a login of the database sees the tenants that are mapped to it, through the views of `analytics` only.
CREATE TABLE analyst_logins (
    login text NOT NULL CHECK (login ~ '^analyst_[a-z0-9_]{1,50}$'),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (login, tenant_id)
);
ALTER TABLE analyst_logins ENABLE ROW LEVEL SECURITY;
ALTER TABLE analyst_logins FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON analyst_logins TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON analyst_logins TO luna_backup;

CREATE SCHEMA analytics;
GRANT USAGE ON SCHEMA analytics TO luna_analyst;

-- The hourly mean straight from the prices, for analysts: kept up to date by TimescaleDB's community edition, computed
-- when asked elsewhere. Only `market_prices` may have it, for it has no row security.
DO $$
DECLARE
    hourly constant text := 'SELECT market, product, %s AS ts, avg(price_eur_mwh) AS price_eur_mwh,'
        ' min(price_eur_mwh) AS price_min, max(price_eur_mwh) AS price_max, sum(volume) AS volume,'
        ' count(*) AS "values" FROM market_prices GROUP BY 1, 2, 3';
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb')
       AND current_setting('timescaledb.license', true) = 'timescale' THEN
        EXECUTE 'CREATE MATERIALIZED VIEW market_prices_hourly'
            ' WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS '
            || format(hourly, 'time_bucket(interval ''1 hour'', ts)') || ' WITH NO DATA';
        EXECUTE 'SELECT add_continuous_aggregate_policy(''market_prices_hourly'', start_offset => interval ''30 days'','
            ' end_offset => interval ''1 hour'', schedule_interval => interval ''1 hour'')';
        EXECUTE 'ALTER TABLE market_prices SET (timescaledb.compress, timescaledb.compress_segmentby = ''market, product'','
            ' timescaledb.compress_orderby = ''ts'')';
        EXECUTE 'SELECT add_compression_policy(''market_prices'', interval ''400 days'')';
    ELSE
        EXECUTE 'CREATE VIEW market_prices_hourly AS '
            || format(hourly, 'date_bin(interval ''1 hour'', ts, timestamptz ''2000-01-01 00:00Z'')');
    END IF;
    GRANT SELECT ON market_prices_hourly TO luna_app, luna_worker, luna_backup;
END
$$;
