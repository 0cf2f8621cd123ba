-- What the numbers of an answer rest on: the query, its parameters and result, and how good the values were.
CREATE TABLE query_receipts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    answer_id uuid,
    label text NOT NULL,
    spec jsonb NOT NULL,
    query text NOT NULL,
    parameters jsonb NOT NULL,
    columns text[] NOT NULL,
    rows jsonb NOT NULL,
    row_count integer NOT NULL,
    result_sha256 text NOT NULL CHECK (result_sha256 ~ '^[0-9a-f]{64}$'),
    figures jsonb NOT NULL DEFAULT '{}',
    quality jsonb NOT NULL,
    as_of timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX query_receipts_by_answer ON query_receipts (answer_id) WHERE answer_id IS NOT NULL;
CREATE INDEX query_receipts_by_time ON query_receipts (tenant_id, created_at DESC);

ALTER TABLE query_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE query_receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY app_own ON query_receipts TO luna_app
USING (tenant_id = (SELECT luna_tenant())) WITH CHECK (tenant_id = (SELECT luna_tenant()));
CREATE POLICY worker_all ON query_receipts TO luna_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON query_receipts TO luna_app;
GRANT SELECT, DELETE ON query_receipts TO luna_worker;
GRANT SELECT ON query_receipts TO luna_backup;
