-- Roles of the platform. They carry no password here: `luna migrate` gives app, worker and dagster theirs.
-- Roles belong to the server, not to the database, so each is made only where it is missing.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['luna_migrator', 'luna_app', 'luna_worker', 'luna_dagster', 'luna_analyst', 'luna_backup']
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
        END IF;
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS vector;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO luna_app, luna_worker, luna_backup;

-- The tenant of the present transaction. SET LOCAL leaves '' behind on a pooled connection, hence nullif.
CREATE FUNCTION luna_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('luna.tenant', true), '')::uuid $$;

-- Whether the application acts for an administrator, who alone may write public rows.
CREATE FUNCTION luna_is_admin() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('luna.actor', true), '') = 'admin' $$;
