-- Which language model the administrator chose for a purpose; where there is no row the setting counts. One for the house.
CREATE TABLE model_choices (
    role text PRIMARY KEY CHECK (role IN ('generate', 'fallback', 'embed')),
    model text NOT NULL CHECK (length(model) BETWEEN 1 AND 200),
    chosen_by text NOT NULL,
    chosen_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE model_choices ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_choices FORCE ROW LEVEL SECURITY;
CREATE POLICY app_all ON model_choices TO luna_app USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON model_choices FOR SELECT TO luna_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON model_choices TO luna_app;
GRANT SELECT ON model_choices TO luna_worker, luna_backup;
