-- The search index. A version fixes lexicon and vector space of one scope; one version of a scope is live.
CREATE TABLE index_versions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'live', 'retired', 'refused')),
    lexicon bytea NOT NULL,
    lexicon_digest text NOT NULL,
    analyser_version text NOT NULL,
    chunker_version text NOT NULL,
    embedder text NOT NULL,
    dimension integer NOT NULL CHECK (dimension >= 0),
    learnt_chunks bigint NOT NULL DEFAULT 0,
    report jsonb NOT NULL DEFAULT '{}',
    run_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    promoted_at timestamptz
);
CREATE UNIQUE INDEX index_versions_live
ON index_versions (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)) WHERE state = 'live';

-- A segment holds whole items, their chunks numbered 0…n−1 in reading order. Arrays are little-endian.
CREATE TABLE index_segments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id bigint NOT NULL REFERENCES index_versions (id) ON DELETE CASCADE,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    chunk_count integer NOT NULL CHECK (chunk_count > 0),
    item_ids uuid[] NOT NULL,
    item_starts integer[] NOT NULL,
    sections bytea NOT NULL,
    lengths bytea NOT NULL,
    chunk_ids bytea NOT NULL,
    run_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX index_segments_by_version ON index_segments (version_id);

CREATE TABLE index_postings (
    segment_id bigint NOT NULL REFERENCES index_segments (id) ON DELETE CASCADE,
    term text NOT NULL,
    tenant_id uuid,
    numbers bytea NOT NULL,
    frequencies bytea NOT NULL,
    PRIMARY KEY (term, segment_id)
);
CREATE INDEX index_postings_by_segment ON index_postings (segment_id);

CREATE TABLE index_vectors (
    segment_id bigint NOT NULL REFERENCES index_segments (id) ON DELETE CASCADE,
    number integer NOT NULL,
    tenant_id uuid,
    vector halfvec NOT NULL,
    PRIMARY KEY (segment_id, number)
);
ALTER TABLE index_vectors ALTER COLUMN vector SET STORAGE PLAIN;

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['index_versions', 'index_segments', 'index_postings', 'index_vectors']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO luna_app USING (tenant_id = (SELECT luna_tenant()) OR tenant_id IS NULL)', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO luna_worker USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT ON %I TO luna_app, luna_backup', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO luna_worker', table_name);
    END LOOP;
END
$$;
