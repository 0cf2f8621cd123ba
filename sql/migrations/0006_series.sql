-- Time series: meters and their readings, rollups, prices, and the imports that bring them.
-- Hypertables where TimescaleDB is there, plain tables under the same names where not.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb')
       AND current_setting('shared_preload_libraries') LIKE '%timescaledb%' THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'TimescaleDB is there, but not usable (%): plain tables serve', SQLERRM;
END
$$;

CREATE TABLE meters (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    meter_id text COLLATE "C" NOT NULL CHECK (length(meter_id) BETWEEN 1 AND 100),
    market_location text CHECK (market_location ~ '^[0-9]{11}$'),
    metering_location text CHECK (metering_location ~ '^[A-Z]{2}[0-9A-Z]{31}$'),
    name text,
    kind text NOT NULL DEFAULT 'consumption',
    timezone text NOT NULL DEFAULT 'Europe/Berlin',
    capacity_kw double precision CHECK (capacity_kw >= 0),
    region text,
    simulated boolean NOT NULL DEFAULT false,
    simulation jsonb,
    formula jsonb,
    source text NOT NULL DEFAULT 'api',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, meter_id)
);
CREATE INDEX meters_by_market_location ON meters (tenant_id, market_location) WHERE market_location IS NOT NULL;

CREATE TABLE imports (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    target text NOT NULL CHECK (target IN ('smart_meter_readings', 'market_prices')),
    mode text NOT NULL DEFAULT 'load' CHECK (mode IN ('load', 'dry_run')),
    source text NOT NULL DEFAULT 'upload' CHECK (source IN ('upload', 'folder', 'simulator', 'feed', 'cli')),
    file_name text,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint CHECK (size_bytes >= 0),
    object_key text,
    layout text,
    options jsonb NOT NULL DEFAULT '{}',
    mapping jsonb,
    status text NOT NULL DEFAULT 'received' CHECK (status IN ('received', 'processing', 'done', 'failed', 'undone')),
    stage text NOT NULL DEFAULT 'received',
    rows_read bigint NOT NULL DEFAULT 0,
    rows_total bigint,
    loaded bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    ts_from timestamptz,
    ts_to timestamptz,
    meter_ids text[] NOT NULL DEFAULT '{}',
    warnings text[] NOT NULL DEFAULT '{}',
    facts jsonb NOT NULL DEFAULT '{}',
    error text,
    error_code text,
    run_id text,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    undone_at timestamptz,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX imports_by_created ON imports (tenant_id, created_at DESC, id);
CREATE INDEX imports_pending ON imports (created_at)
WHERE status IN ('received', 'processing') OR (status = 'done' AND stage = 'undo');
CREATE INDEX imports_by_sha256 ON imports (tenant_id, sha256);

CREATE TABLE import_errors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    line bigint,
    column_name text,
    value text,
    reason text NOT NULL
);
CREATE INDEX import_errors_by_import ON import_errors (import_id, line);

CREATE TABLE import_layouts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    signature text NOT NULL,
    name text NOT NULL,
    mapping jsonb NOT NULL,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, signature)
);

-- No foreign key: a check for each of millions of rows. The trigger on `meters` removes what belongs to a meter.
-- The columns stand in the order that wastes no space on alignment.
CREATE TABLE smart_meter_readings (
    ts timestamptz NOT NULL,
    consumption_kw double precision,
    production_kw double precision,
    voltage double precision,
    tenant_id uuid NOT NULL,
    import_id uuid,
    interval_s integer NOT NULL CHECK (interval_s > 0),
    quality integer NOT NULL DEFAULT 0,
    meter_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, meter_id, ts)
);
-- Readings longer than an hour reach into hours that begin after them; they are few.
CREATE INDEX smart_meter_readings_long ON smart_meter_readings (tenant_id, meter_id, ts) WHERE interval_s > 3600;

CREATE TABLE reading_revisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    meter_id text COLLATE "C" NOT NULL,
    ts timestamptz NOT NULL,
    interval_s integer NOT NULL,
    consumption_kw double precision,
    production_kw double precision,
    voltage double precision,
    quality integer NOT NULL,
    import_id uuid,
    source text NOT NULL DEFAULT 'replaced' CHECK (source IN ('replaced', 'undone', 'disagrees')),
    recorded_at timestamptz NOT NULL,
    valid_until timestamptz,
    replaced_by uuid
);
CREATE INDEX reading_revisions_by_key ON reading_revisions (tenant_id, meter_id, ts, id);
CREATE INDEX reading_revisions_open ON reading_revisions (replaced_by) WHERE valid_until IS NULL;

CREATE TABLE meter_quarter_hours (
    ts timestamptz NOT NULL,
    consumption_kwh double precision,
    production_kwh double precision,
    consumption_kw_max double precision,
    production_kw_max double precision,
    voltage_min double precision,
    voltage_max double precision,
    voltage_mean double precision,
    tenant_id uuid NOT NULL,
    covered_s integer NOT NULL,
    expected_s integer NOT NULL,
    quality integer NOT NULL,
    values integer NOT NULL,
    meter_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, meter_id, ts)
);
CREATE TABLE meter_hours (LIKE meter_quarter_hours INCLUDING ALL);
CREATE TABLE meter_days (
    day date NOT NULL,
    covered_s integer NOT NULL,
    consumption_kwh double precision,
    production_kwh double precision,
    consumption_kw_max double precision,
    production_kw_max double precision,
    voltage_min double precision,
    voltage_max double precision,
    voltage_mean double precision,
    tenant_id uuid NOT NULL,
    expected_s integer NOT NULL,
    quality integer NOT NULL,
    values integer NOT NULL,
    meter_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, meter_id, day)
);

CREATE TABLE meter_quality_days (
    tenant_id uuid NOT NULL,
    meter_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    expected_values integer NOT NULL,
    values integer NOT NULL,
    missing integer NOT NULL,
    substituted integer NOT NULL DEFAULT 0,
    preliminary integer NOT NULL DEFAULT 0,
    forecast integer NOT NULL DEFAULT 0,
    longest_gap_s integer NOT NULL DEFAULT 0,
    flags jsonb NOT NULL DEFAULT '{}',
    run_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, meter_id, day)
);

CREATE TABLE market_products (
    market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    interval_s integer NOT NULL CHECK (interval_s > 0),
    description text,
    simulated boolean NOT NULL DEFAULT false,
    source text,
    licence text,
    valid_from date,
    valid_to date,
    PRIMARY KEY (market, product)
);
CREATE TABLE market_prices (
    ts timestamptz NOT NULL,
    price_eur_mwh double precision NOT NULL,
    volume double precision,
    import_id uuid,
    market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    PRIMARY KEY (market, product, ts)
);
CREATE TABLE price_observations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    ts timestamptz NOT NULL,
    price_eur_mwh double precision NOT NULL,
    volume double precision,
    import_id uuid,
    source text NOT NULL DEFAULT 'replaced' CHECK (source IN ('replaced', 'undone', 'disagrees')),
    recorded_at timestamptz NOT NULL,
    valid_until timestamptz,
    replaced_by uuid
);
CREATE INDEX price_observations_by_key ON price_observations (market, product, ts, id);
CREATE INDEX price_observations_open ON price_observations (replaced_by) WHERE valid_until IS NULL;

CREATE TABLE market_hours (
    market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    ts timestamptz NOT NULL,
    price_eur_mwh double precision NOT NULL,
    price_min double precision NOT NULL,
    price_max double precision NOT NULL,
    volume double precision,
    values integer NOT NULL,
    expected_values integer NOT NULL,
    PRIMARY KEY (market, product, ts)
);
CREATE TABLE market_days (
    market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    day date NOT NULL,
    base double precision NOT NULL,
    peak double precision,
    price_min double precision NOT NULL,
    price_max double precision NOT NULL,
    negative_quarter_hours integer,
    negative_hours integer,
    volume double precision,
    values integer NOT NULL,
    expected_values integer NOT NULL,
    PRIMARY KEY (market, product, day)
);

INSERT INTO market_products (market, product, interval_s, description, source, valid_from) VALUES
('EPEX', 'DE-LU-15MIN', 900, 'Day-ahead-Auktion, Gebotszone DE-LU, Viertelstunden', 'EPEX SPOT', '2025-10-01'),
('EPEX', 'DE-LU-60MIN', 3600, 'Day-ahead-Auktion, Gebotszone DE-LU, Stunden (seit 1.10.2025 Mittel der vier Viertelstunden)', 'EPEX SPOT', '2018-10-01'),
('EPEX', 'BASE', 86400, 'Day-ahead, Tagesmittel über alle Stunden', 'EPEX SPOT', '2018-10-01'),
('EPEX', 'PEAK', 86400, 'Day-ahead, Mittel der Stunden 8–20 Uhr, Montag bis Freitag', 'EPEX SPOT', '2018-10-01');

CREATE TABLE simulators (
    name text PRIMARY KEY CHECK (name IN ('smartmeter', 'market')),
    state text NOT NULL DEFAULT 'stopped' CHECK (state IN ('stopped', 'running')),
    speed double precision NOT NULL DEFAULT 1 CHECK (speed > 0),
    settings jsonb NOT NULL DEFAULT '{}',
    cursor_ts timestamptz,
    lag_s double precision,
    started_at timestamptz,
    stopped_at timestamptz,
    ticked_at timestamptz,
    error text
);
INSERT INTO simulators (name) VALUES ('smartmeter'), ('market');

-- Readings are held for each tenant together, months at a time: a meter's year then lies in a handful of chunks.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('smart_meter_readings'::regclass, by_range('ts', interval '90 days'), create_default_indexes => false);
        PERFORM create_hypertable('meter_quarter_hours'::regclass, by_range('ts', interval '90 days'), create_default_indexes => false);
        PERFORM create_hypertable('market_prices'::regclass, by_range('ts', interval '365 days'), create_default_indexes => false);
    END IF;
END
$$;

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['meters', 'imports', 'import_errors', 'import_layouts', 'smart_meter_readings',
        'reading_revisions', 'meter_quarter_hours', 'meter_hours', 'meter_days', 'meter_quality_days']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO luna_worker USING (true) WITH CHECK (true)', table_name);
        -- The views of analysts and the trigger below act as the owner.
        EXECUTE format('CREATE POLICY owner_all ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT ON %I TO luna_app, luna_backup', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO luna_worker', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY['smart_meter_readings', 'reading_revisions', 'meter_quarter_hours', 'meter_hours',
        'meter_days', 'meter_quality_days']
    LOOP
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO luna_app USING (tenant_id = (SELECT luna_tenant()))', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY['meters', 'import_layouts']
    LOOP
        EXECUTE format('CREATE POLICY app_own ON %I TO luna_app USING (tenant_id = (SELECT luna_tenant())) WITH CHECK (tenant_id = (SELECT luna_tenant()))', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY['imports', 'import_errors']
    LOOP
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO luna_app USING (tenant_id = (SELECT luna_tenant()) OR tenant_id IS NULL)', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY['market_products', 'market_prices', 'price_observations', 'market_hours', 'market_days']
    LOOP
        EXECUTE format('GRANT SELECT ON %I TO luna_app, luna_backup', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO luna_worker', table_name);
    END LOOP;
END
$$;
CREATE POLICY app_insert ON imports FOR INSERT TO luna_app
WITH CHECK (tenant_id = (SELECT luna_tenant()) OR (tenant_id IS NULL AND (SELECT luna_is_admin())));
CREATE POLICY app_update ON imports FOR UPDATE TO luna_app
USING (tenant_id = (SELECT luna_tenant()) OR (tenant_id IS NULL AND (SELECT luna_is_admin())))
WITH CHECK (tenant_id = (SELECT luna_tenant()) OR (tenant_id IS NULL AND (SELECT luna_is_admin())));
GRANT INSERT ON imports TO luna_app;
-- A person asks for an undo (stage), or for another attempt with a mapping.
GRANT UPDATE (status, stage, mapping, options, error, error_code, attempts, lease_until) ON imports TO luna_app;
GRANT INSERT, DELETE ON meters TO luna_app;
GRANT UPDATE (market_location, metering_location, name, kind, timezone, capacity_kw, region, simulation, formula)
ON meters TO luna_app;
GRANT INSERT, UPDATE, DELETE ON import_layouts TO luna_app;

ALTER TABLE simulators ENABLE ROW LEVEL SECURITY;
ALTER TABLE simulators FORCE ROW LEVEL SECURITY;
CREATE POLICY app_read ON simulators FOR SELECT TO luna_app USING (true);
CREATE POLICY app_admin ON simulators FOR UPDATE TO luna_app
USING ((SELECT luna_is_admin())) WITH CHECK ((SELECT luna_is_admin()));
CREATE POLICY worker_all ON simulators TO luna_worker USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON simulators TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON simulators TO luna_app, luna_backup;
GRANT UPDATE (state, speed, settings, started_at, stopped_at) ON simulators TO luna_app;
GRANT SELECT, INSERT, UPDATE ON simulators TO luna_worker;

-- With a meter goes what belongs to it, also when its tenant goes.
CREATE FUNCTION luna_meters_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
BEGIN
    DELETE FROM smart_meter_readings AS r USING removed AS m WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id;
    DELETE FROM reading_revisions AS r USING removed AS m WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id;
    DELETE FROM meter_quarter_hours AS r USING removed AS m WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id;
    DELETE FROM meter_hours AS r USING removed AS m WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id;
    DELETE FROM meter_days AS r USING removed AS m WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id;
    DELETE FROM meter_quality_days AS r USING removed AS m WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER meters_deleted AFTER DELETE ON meters
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION luna_meters_deleted();

-- Chunks of a hypertable carry its grants but not its policies, so nobody may name them.
DO $$
DECLARE
    schema_name text;
BEGIN
    FOR schema_name IN SELECT nspname FROM pg_namespace
        WHERE nspname IN ('_timescaledb_internal', '_timescaledb_catalog', '_timescaledb_config', '_timescaledb_cache', '_timescaledb_debug')
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', schema_name);
    END LOOP;
END
$$;
