-- Every answer is a receipt, and the receipts of a tenant are a chain: each holds the hash of the one before it. What a
-- person wrote or read goes into the chain as salted hashes only, so that it can be erased and the chain still holds.
-- „Written" below is the canonical text of jsonb in PostgreSQL; docs/RECEIPTS.md describes it for others to recompute.
ALTER TABLE answer_log
    ADD COLUMN top_k integer NOT NULL DEFAULT 6,
    ADD COLUMN model_digest text,
    ADD COLUMN ground jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN index_generation bigint,
    ADD COLUMN index_runs jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN sequence bigint,
    ADD COLUMN previous_hash text,
    ADD COLUMN hash text,
    ADD COLUMN text_hashes jsonb,
    ADD COLUMN salt bytea,
    ADD COLUMN erased_at timestamptz,
    ALTER COLUMN question DROP NOT NULL,
    ALTER COLUMN condensed_question DROP NOT NULL,
    ALTER COLUMN filters DROP NOT NULL,
    ALTER COLUMN answer DROP NOT NULL;

-- Where the chain of a tenant ends. Its row is also what two writers wait for: it is held from an answer's insert, the
-- last statement but one of its transaction, to the commit.
CREATE TABLE answer_chains (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    sequence bigint NOT NULL,
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')
) WITH (fillfactor = 50);
ALTER TABLE answer_chains ENABLE ROW LEVEL SECURITY;
ALTER TABLE answer_chains FORCE ROW LEVEL SECURITY;
CREATE POLICY app_own ON answer_chains FOR SELECT TO luna_app USING (tenant_id = (SELECT luna_tenant()));
CREATE POLICY worker_all ON answer_chains TO luna_worker USING (true) WITH CHECK (true);
GRANT SELECT ON answer_chains TO luna_app, luna_worker, luna_backup;

-- The functions below act as the owner, who is subject to forced policies unless a superuser.
CREATE POLICY owner_all ON answer_chains TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON answer_log TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON conversations TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON conversation_turns TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON events TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON query_receipts TO CURRENT_USER USING (true) WITH CHECK (true);

-- What is personal, each as the salted hash of its written form; a value that is not there has no entry.
CREATE FUNCTION luna_answer_texts(a answer_log) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public
AS $$
    SELECT coalesce(jsonb_object_agg(name, encode(sha256(a.salt || convert_to(name || E'\n' || written, 'UTF8')), 'hex')), '{}')
    FROM (VALUES ('question', a.question), ('condensed_question', a.condensed_question),
                 ('filters', a.filters::text), ('answer', a.answer::text),
                 ('user_id', a.user_id::text), ('conversation_id', a.conversation_id::text)) AS t (name, written)
    WHERE written IS NOT NULL
$$;

-- The hash of a receipt: over the hash before it and everything of the row that is not erased.
CREATE FUNCTION luna_answer_hash(a answer_log) RETURNS text
LANGUAGE sql STABLE SET search_path = public
AS $$
    SELECT encode(sha256(convert_to(a.previous_hash || E'\n' || jsonb_build_object(
        'id', a.id, 'tenant_id', a.tenant_id, 'sequence', a.sequence,
        'created_at', to_char(a.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'as_of', to_char(a.as_of, 'YYYY-MM-DD'), 'top_k', a.top_k, 'answered', a.answered, 'mode', a.mode,
        'model', a.model, 'model_digest', a.model_digest,
        'prompt_version', a.prompt_version, 'prompt_hash', a.prompt_hash,
        'chunk_ids', to_jsonb(a.chunk_ids), 'chunk_runs', a.chunk_runs, 'ground', a.ground,
        'index_versions', to_jsonb(a.index_versions), 'index_generation', a.index_generation,
        'index_runs', a.index_runs, 'latency_ms', a.latency_ms, 'trace_id', a.trace_id,
        'texts', a.text_hashes)::text, 'UTF8')), 'hex')
$$;

-- What is wrong with a receipt by itself; NULL where nothing is. A conversation that its person deleted leaves no trace.
CREATE FUNCTION luna_answer_fault(a answer_log) RETURNS text
LANGUAGE sql STABLE SET search_path = public
AS $$
    SELECT CASE
        WHEN a.hash IS DISTINCT FROM luna_answer_hash(a) THEN 'changed'
        WHEN a.erased_at IS NULL AND a.salt IS NULL THEN 'text'
        WHEN a.erased_at IS NULL AND luna_answer_texts(a) IS DISTINCT FROM
            CASE WHEN a.conversation_id IS NULL THEN a.text_hashes - 'conversation_id' ELSE a.text_hashes END THEN 'text'
        WHEN a.erased_at IS NOT NULL AND (a.question IS NOT NULL OR a.answer IS NOT NULL OR a.salt IS NOT NULL) THEN 'text'
    END
$$;

CREATE FUNCTION luna_chain_answer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
DECLARE
    head answer_chains;
BEGIN
    INSERT INTO answer_chains (tenant_id, sequence, hash) VALUES (NEW.tenant_id, 0, repeat('0', 64))
    ON CONFLICT (tenant_id) DO NOTHING;
    SELECT * INTO STRICT head FROM answer_chains WHERE tenant_id = NEW.tenant_id FOR UPDATE;
    NEW.erased_at := NULL;
    NEW.salt := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    NEW.sequence := head.sequence + 1;
    NEW.previous_hash := head.hash;
    NEW.text_hashes := luna_answer_texts(NEW);
    NEW.hash := luna_answer_hash(NEW);
    UPDATE answer_chains SET sequence = NEW.sequence, hash = NEW.hash WHERE tenant_id = NEW.tenant_id;
    RETURN NEW;
END
$$;

-- Answers given before there was a chain are its first links, in the order in which they were given.
DO $$
DECLARE
    old answer_log;
    head answer_chains;
BEGIN
    FOR old IN SELECT * FROM answer_log ORDER BY tenant_id, created_at, id LOOP
        INSERT INTO answer_chains (tenant_id, sequence, hash) VALUES (old.tenant_id, 0, repeat('0', 64))
        ON CONFLICT (tenant_id) DO NOTHING;
        SELECT * INTO STRICT head FROM answer_chains WHERE tenant_id = old.tenant_id;
        old.salt := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
        old.sequence := head.sequence + 1;
        old.previous_hash := head.hash;
        old.text_hashes := luna_answer_texts(old);
        old.hash := luna_answer_hash(old);
        UPDATE answer_log SET salt = old.salt, sequence = old.sequence, previous_hash = old.previous_hash,
            text_hashes = old.text_hashes, hash = old.hash WHERE id = old.id;
        UPDATE answer_chains SET sequence = old.sequence, hash = old.hash WHERE tenant_id = old.tenant_id;
    END LOOP;
END
$$;
CREATE TRIGGER answer_log_chain BEFORE INSERT ON answer_log FOR EACH ROW EXECUTE FUNCTION luna_chain_answer();

ALTER TABLE answer_log
    ALTER COLUMN sequence SET NOT NULL,
    ALTER COLUMN previous_hash SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ALTER COLUMN text_hashes SET NOT NULL,
    ADD CHECK (erased_at IS NOT NULL
               OR (question IS NOT NULL AND condensed_question IS NOT NULL AND filters IS NOT NULL AND answer IS NOT NULL));
CREATE UNIQUE INDEX answer_log_chain ON answer_log (tenant_id, sequence);
CREATE INDEX answer_log_by_user ON answer_log (tenant_id, user_id) WHERE user_id IS NOT NULL;

-- Everything that one person of the transaction's tenant wrote to Luna or read from her, gone for good; how many
-- receipts lost their words. What remains tells nothing of the person and still proves the chain.
CREATE FUNCTION luna_erase_answers(person uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
DECLARE
    erased bigint;
BEGIN
    DELETE FROM conversation_turns WHERE conversation_id IN (
        SELECT id FROM conversations WHERE tenant_id = luna_tenant() AND user_id = person);
    DELETE FROM conversations WHERE tenant_id = luna_tenant() AND user_id = person;
    DELETE FROM query_receipts WHERE tenant_id = luna_tenant() AND user_id = person;
    UPDATE events SET meta = meta - 'question' - 'answer' - 'notes' - 'query'
    WHERE tenant_id = luna_tenant() AND user_id = person AND meta ?| ARRAY['question', 'answer', 'notes', 'query'];
    UPDATE answer_log
    SET question = NULL, condensed_question = NULL, filters = NULL, answer = NULL, user_id = NULL,
        conversation_id = NULL, salt = NULL, erased_at = now()
    WHERE tenant_id = luna_tenant() AND user_id = person;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
REVOKE ALL ON FUNCTION luna_erase_answers(uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION luna_chain_answer() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION luna_erase_answers(uuid) TO luna_app;
