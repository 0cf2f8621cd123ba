-- What people ask, do and think of the answers.
CREATE TABLE conversations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX conversations_by_user ON conversations (tenant_id, user_id, updated_at DESC);

-- One row for each answer given, with the ground it stands on. Kept for as long as the receipt must be shown.
CREATE TABLE answer_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id uuid,
    conversation_id uuid REFERENCES conversations (id) ON DELETE SET NULL,
    question text NOT NULL,
    condensed_question text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}',
    as_of date,
    answered boolean NOT NULL,
    answer jsonb NOT NULL,
    mode text NOT NULL,
    model text NOT NULL,
    prompt_version text NOT NULL,
    prompt_hash text NOT NULL,
    chunk_ids uuid[] NOT NULL DEFAULT '{}',
    chunk_runs jsonb NOT NULL DEFAULT '{}',
    index_versions bigint[] NOT NULL DEFAULT '{}',
    latency_ms jsonb NOT NULL DEFAULT '{}',
    trace_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answer_log_by_time ON answer_log (tenant_id, created_at DESC);

CREATE TABLE conversation_turns (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    turn_idx integer NOT NULL,
    question text NOT NULL,
    answer_id uuid REFERENCES answer_log (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (conversation_id, turn_idx)
);

CREATE TABLE events (
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    ts timestamptz NOT NULL DEFAULT now(),
    type text NOT NULL CHECK (type IN ('view', 'click', 'like', 'solve', 'ask', 'feedback')),
    item_id uuid REFERENCES items (id) ON DELETE SET NULL,
    chunk_id uuid REFERENCES item_chunks (id) ON DELETE SET NULL,
    client_key text,
    meta jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, ts)
);
CREATE INDEX events_by_user ON events (user_id, ts DESC);
CREATE INDEX events_by_tenant ON events (tenant_id, ts DESC);
CREATE UNIQUE INDEX events_client_key ON events (tenant_id, user_id, client_key, ts) WHERE client_key IS NOT NULL;

CREATE TABLE audit_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid REFERENCES tenants (id) ON DELETE SET NULL,
    user_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    ip inet,
    success boolean NOT NULL,
    trace_id text NOT NULL,
    ts timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_by_time ON audit_log (ts DESC);

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['conversations', 'answer_log', 'conversation_turns', 'events', 'audit_log']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_own ON %I TO luna_app USING (tenant_id = (SELECT luna_tenant())) WITH CHECK (tenant_id = (SELECT luna_tenant()))', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO luna_worker USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT ON %I TO luna_worker, luna_backup', table_name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO luna_app', table_name);
    END LOOP;
END
$$;
GRANT UPDATE (title, updated_at, deleted_at) ON conversations TO luna_app;
GRANT DELETE ON conversations, conversation_turns TO luna_app;

DO $$
BEGIN
    ALTER ROLE luna_backup BYPASSRLS;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'luna_backup cannot bypass row security here: only a superuser may grant it';
END
$$;
