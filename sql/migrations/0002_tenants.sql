-- Tenants and the people in them.
CREATE TABLE tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The tenant in which the administrator's key and development users act.
INSERT INTO tenants (id, name) VALUES ('00000000-0000-4000-8000-000000000001', 'default');

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    external_id text NOT NULL UNIQUE,
    email text,
    password_hash text,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'analyst', 'user')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_by_tenant ON users (tenant_id);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY users_app ON users TO luna_app
USING (tenant_id = (SELECT luna_tenant())) WITH CHECK (tenant_id = (SELECT luna_tenant()));
CREATE POLICY users_worker ON users FOR SELECT TO luna_worker USING (true);

GRANT SELECT ON tenants TO luna_app, luna_worker, luna_backup;
GRANT SELECT, INSERT, UPDATE ON users TO luna_app;
GRANT SELECT (id, tenant_id, role, created_at) ON users TO luna_worker;
GRANT SELECT ON users TO luna_backup;
