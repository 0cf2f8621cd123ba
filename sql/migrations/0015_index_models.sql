-- The vectors of a version may be a model's instead of the lexicon's. Then `embedder` is the model's name, and these say in
-- which space they lie: a question is compared with them only where its vector comes from the very same weights.
ALTER TABLE index_versions
ADD COLUMN model_digest text,
ADD COLUMN passage_prefix text,
ADD COLUMN question_prefix text,
ADD CONSTRAINT index_versions_space CHECK (
    num_nulls(model_digest, passage_prefix, question_prefix) IN (0, 3) AND (model_digest IS NULL OR dimension > 0)
);
