-- Which state of a day's rollup a quality report rests on, and imports that no file brought: substitute values.
ALTER TABLE meter_quality_days ADD COLUMN based_on bigint;
ALTER TABLE imports DROP CONSTRAINT imports_source_check;
ALTER TABLE imports ADD CONSTRAINT imports_source_check
CHECK (source IN ('upload', 'folder', 'simulator', 'feed', 'cli', 'substitutes'));
