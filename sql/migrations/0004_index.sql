-- The search index. What a version knows of words is kept once for each scope and content: relearning the same text, or
-- building again beside the live version, does not store it twice.
CREATE TABLE index_lexicons (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    digest text NOT NULL,
    data bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE index_lexicons ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX index_lexicons_once
ON index_lexicons (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), digest);

-- A version fixes lexicon and vector space of one scope; one version of a scope is live.
CREATE TABLE index_versions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    scope uuid NOT NULL GENERATED ALWAYS AS (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)) STORED,
    state text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'live', 'retired', 'refused')),
    lexicon_id bigint NOT NULL REFERENCES index_lexicons (id),
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
CREATE UNIQUE INDEX index_versions_live ON index_versions (scope) WHERE state = 'live';

-- A segment holds whole items, their chunks numbered 0…n−1 in reading order; it is never changed, but for `dropped`:
-- items that no longer count (removed, or replaced by a later segment). `item_starts` has one entry more than
-- `item_ids`. `sequence` orders the segments of a version (NULL only while one is
-- written); a merged one takes the place of the first of its parts.
-- Arrays are little-endian: `sections` uint32, `lengths` uint16 × 3, `chunk_ids` 16 bytes each.
CREATE TABLE index_segments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id bigint NOT NULL REFERENCES index_versions (id) ON DELETE CASCADE,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    sequence bigint CHECK (sequence > 0),
    chunk_count integer NOT NULL CHECK (chunk_count > 0),
    item_ids uuid[] NOT NULL,
    item_starts integer[] NOT NULL,
    dropped uuid[] NOT NULL DEFAULT '{}',
    sections bytea NOT NULL,
    lengths bytea NOT NULL,
    chunk_ids bytea NOT NULL,
    run_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (version_id, sequence)
);
-- Numbers ascend, uint16 where the segment has at most 65,536 chunks, else uint32; frequencies are uint8 × 4.
CREATE TABLE index_postings (
    segment_id bigint NOT NULL REFERENCES index_segments (id) ON DELETE CASCADE,
    term text COLLATE "C" NOT NULL,
    tenant_id uuid,
    numbers bytea NOT NULL,
    frequencies bytea NOT NULL,
    PRIMARY KEY (segment_id, term)
);

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
    FOREACH table_name IN ARRAY ARRAY['index_lexicons', 'index_versions', 'index_segments', 'index_postings', 'index_vectors']
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
