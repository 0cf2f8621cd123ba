-- Every session of a database with TimescaleDB looks things up in its schemas, whatever it asks: closing them stops all.
-- What must stay closed are the chunks of tenants' hypertables, which bear a table's grants but not its policies. Rights
-- on them are never needed, for those on the hypertable count, so each new chunk loses them before its rows are seen.
DO $$
DECLARE
    schema_name text;
BEGIN
    FOR schema_name IN SELECT nspname FROM pg_namespace
        WHERE nspname IN ('_timescaledb_internal', '_timescaledb_catalog', '_timescaledb_config', '_timescaledb_cache', '_timescaledb_debug')
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', schema_name);
    END LOOP;
END
$$;

CREATE FUNCTION luna_seal_chunks() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    chunk regclass;
    sealed integer := 0;
BEGIN
    FOR chunk IN
        SELECT i.inhrelid::regclass FROM pg_inherits AS i
        WHERE i.inhparent IN ('smart_meter_readings'::regclass, 'meter_quarter_hours'::regclass)
          AND (has_table_privilege('luna_app', i.inhrelid, 'SELECT')
               OR has_table_privilege('luna_worker', i.inhrelid, 'SELECT, INSERT, UPDATE, DELETE'))
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM luna_app, luna_worker', chunk);
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END
$$;
REVOKE ALL ON FUNCTION luna_seal_chunks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION luna_seal_chunks() TO luna_worker;
DO $$ BEGIN PERFORM luna_seal_chunks(); END $$;
