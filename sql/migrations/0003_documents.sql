-- Documents: one row in `items` for each version, its text, its passages.
CREATE TABLE items (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    document_id uuid NOT NULL DEFAULT gen_random_uuid(),
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    kind text NOT NULL DEFAULT 'document' CHECK (kind IN ('document', 'regulation', 'note')),
    source text NOT NULL DEFAULT 'upload' CHECK (source IN ('upload', 'crawler', 'api')),
    title text,
    file_name text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    object_key text NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    url text,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    external_ref text,
    summary text,
    law_names text[] NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'received'
    CHECK (status IN ('received', 'processing', 'ready', 'failed', 'archived')),
    stage text NOT NULL DEFAULT 'received' CHECK (stage IN ('received', 'text', 'chunks', 'vectors', 'ready')),
    error text,
    error_code text,
    warnings text[] NOT NULL DEFAULT '{}',
    valid_from date,
    valid_to date,
    uploaded_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    superseded_at timestamptz,
    deleted_at timestamptz,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    run_id text,
    chunk_count integer NOT NULL DEFAULT 0,
    timings jsonb NOT NULL DEFAULT '{}',
    CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to)
);
CREATE UNIQUE INDEX items_live_sha256
ON items (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), sha256)
WHERE status IN ('received', 'processing', 'ready') AND deleted_at IS NULL;
CREATE UNIQUE INDEX items_version
ON items (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), document_id, version);
CREATE INDEX items_by_external_ref ON items (external_ref) WHERE external_ref IS NOT NULL;
CREATE INDEX items_by_created ON items (tenant_id, created_at DESC, id);
CREATE INDEX items_pending ON items (tenant_id, created_at) WHERE status IN ('received', 'processing');
CREATE INDEX items_again ON items (tenant_id, created_at) WHERE status = 'ready' AND stage <> 'ready';
CREATE INDEX items_by_tag ON items USING gin (tags);

-- The extracted text, once for each item; every character span in `item_chunks` points into `text`.
CREATE TABLE item_texts (
    item_id uuid PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    text text NOT NULL,
    markup text NOT NULL CHECK (markup IN ('markdown', 'plain')),
    pages jsonb NOT NULL DEFAULT '[]',
    extractor text NOT NULL,
    run_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE item_chunks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    item_id uuid NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    chunk_idx integer NOT NULL CHECK (chunk_idx >= 0),
    text text NOT NULL,
    heading_path text[] NOT NULL DEFAULT '{}',
    section text,
    paragraph text,
    page integer,
    char_start integer NOT NULL CHECK (char_start >= 0),
    char_end integer NOT NULL CHECK (char_end > char_start),
    qdrant_id uuid,
    metadata jsonb NOT NULL DEFAULT '{}',
    chunker_version text NOT NULL,
    run_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (item_id, chunk_idx)
);

-- A scope is the public corpus (tenant_id NULL, scope all zeros) or one tenant. `generation` grows with every change
-- that an asker could see, so a reader's cache is known to be stale by one number.
CREATE TABLE index_scopes (
    scope uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
    generation bigint NOT NULL DEFAULT 0,
    CHECK (scope = coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid))
);

CREATE FUNCTION luna_touch_scopes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
BEGIN
    INSERT INTO index_scopes AS s (scope, tenant_id, generation)
    SELECT DISTINCT coalesce(o.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), o.tenant_id, 1
    FROM changed_before AS o JOIN changed_after AS n ON n.id = o.id
    WHERE (o.status = 'ready' OR n.status = 'ready')
      AND (o.status, o.deleted_at, o.superseded_at, o.valid_from, o.valid_to, o.tags, o.kind, o.title, o.metadata)
          IS DISTINCT FROM
          (n.status, n.deleted_at, n.superseded_at, n.valid_from, n.valid_to, n.tags, n.kind, n.title, n.metadata)
    ORDER BY 1
    ON CONFLICT (scope) DO UPDATE SET generation = s.generation + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER items_touch_scopes AFTER UPDATE ON items
REFERENCING OLD TABLE AS changed_before NEW TABLE AS changed_after
FOR EACH STATEMENT EXECUTE FUNCTION luna_touch_scopes();

CREATE FUNCTION luna_touch_scopes_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
BEGIN
    UPDATE index_scopes SET generation = generation + 1
    WHERE scope IN (SELECT coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) FROM removed);
    RETURN NULL;
END
$$;
CREATE TRIGGER items_touch_scopes_deleted AFTER DELETE ON items
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION luna_touch_scopes_deleted();

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['items', 'item_texts', 'item_chunks', 'index_scopes']
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
-- The trigger functions above act as the owner, who is subject to forced policies unless a superuser.
CREATE POLICY owner_all ON index_scopes TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY app_insert ON items FOR INSERT TO luna_app
WITH CHECK (tenant_id = (SELECT luna_tenant()) OR (tenant_id IS NULL AND (SELECT luna_is_admin())));
CREATE POLICY app_update ON items FOR UPDATE TO luna_app
USING (tenant_id = (SELECT luna_tenant()) OR (tenant_id IS NULL AND (SELECT luna_is_admin())))
WITH CHECK (tenant_id = (SELECT luna_tenant()) OR (tenant_id IS NULL AND (SELECT luna_is_admin())));
-- The application records what people do: it adds documents, withdraws, restores and queues them again.
GRANT INSERT ON items TO luna_app;
GRANT UPDATE (status, stage, error, error_code, deleted_at, title, tags, attempts, lease_until, valid_from, valid_to)
ON items TO luna_app;
