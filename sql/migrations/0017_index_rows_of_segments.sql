-- Postings and vectors go with their segment: one statement for all segments that go together. Foreign keys looked the
-- segment up for each of the ten thousand rows that it is written with, in the very transaction that made it: a third
-- of what writing them takes. Whoever adds rows to a segment that others see locks it first (FOR KEY SHARE).
CREATE FUNCTION luna_drop_rows_of_segments() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    DELETE FROM index_postings AS p USING gone AS g WHERE p.segment_id = g.id;
    DELETE FROM index_vectors AS v USING gone AS g WHERE v.segment_id = g.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER index_segments_drop_rows AFTER DELETE ON index_segments
REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION luna_drop_rows_of_segments();

-- The trigger function acts as the owner, who is subject to forced policies unless a superuser.
CREATE POLICY owner_all ON index_postings TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON index_vectors TO CURRENT_USER USING (true) WITH CHECK (true);

ALTER TABLE index_postings DROP CONSTRAINT index_postings_segment_id_fkey;
ALTER TABLE index_vectors DROP CONSTRAINT index_vectors_segment_id_fkey;

-- Compressing a text took a fifth of writing its document, and halves it on disk; what is there already stays as it is.
ALTER TABLE item_texts ALTER COLUMN text SET STORAGE EXTERNAL;
