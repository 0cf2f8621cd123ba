-- Which engines hold all vectors of a version. The term blocks (segments and postings) are in PostgreSQL always.
ALTER TABLE index_versions ADD COLUMN engines text [] NOT NULL DEFAULT '{postgres}'
CHECK (engines <@ ARRAY['postgres', 'qdrant']);

-- Items whose filterable facts changed after they were copied beside an outside engine's vectors. Until the copies are
-- renewed a reader asks for these items whatever the copy says; PostgreSQL decides in the end anyway.
CREATE TABLE index_outdated (
    item_id uuid PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    tenant_id uuid,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX index_outdated_by_tenant ON index_outdated (tenant_id);

CREATE FUNCTION luna_note_outdated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
BEGIN
    INSERT INTO index_outdated (item_id, tenant_id)
    SELECT n.id, n.tenant_id
    FROM changed_before AS o JOIN changed_after AS n ON n.id = o.id
    WHERE (o.document_id, o.version, o.kind, o.source, o.tags, o.valid_from, o.valid_to)
          IS DISTINCT FROM (n.document_id, n.version, n.kind, n.source, n.tags, n.valid_from, n.valid_to)
    ORDER BY n.id
    ON CONFLICT (item_id) DO UPDATE SET changed_at = clock_timestamp();
    RETURN NULL;
END
$$;
CREATE TRIGGER items_note_outdated AFTER UPDATE ON items
REFERENCING OLD TABLE AS changed_before NEW TABLE AS changed_after
FOR EACH STATEMENT EXECUTE FUNCTION luna_note_outdated();

ALTER TABLE index_outdated ENABLE ROW LEVEL SECURITY;
ALTER TABLE index_outdated FORCE ROW LEVEL SECURITY;
CREATE POLICY app_read ON index_outdated FOR SELECT TO luna_app
USING (tenant_id = (SELECT luna_tenant()) OR tenant_id IS NULL);
CREATE POLICY worker_all ON index_outdated TO luna_worker USING (true) WITH CHECK (true);
GRANT SELECT ON index_outdated TO luna_app, luna_backup;
GRANT SELECT, INSERT, UPDATE, DELETE ON index_outdated TO luna_worker;
-- The trigger function acts as the owner, who is subject to forced policies unless a superuser.
CREATE POLICY owner_all ON index_outdated TO CURRENT_USER USING (true) WITH CHECK (true);
