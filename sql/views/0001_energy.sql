-- What an analyst reads. Owner-rights views: the analyst has no rights on the tables, and sees the tenants that the
-- login is mapped to. A security barrier, so that no condition of the asker's is tried on rows of others.
CREATE VIEW analytics.tenants WITH (security_barrier) AS
SELECT t.id AS tenant_id, t.name AS tenant
FROM tenants AS t
WHERE t.id IN (SELECT l.tenant_id FROM analyst_logins AS l WHERE l.login = session_user);

CREATE VIEW analytics.meters WITH (security_barrier) AS
SELECT m.tenant_id, m.meter_id, m.market_location, m.metering_location, m.name, m.kind, m.timezone, m.capacity_kw, m.region,
       m.simulated, m.created_at
FROM meters AS m
WHERE m.tenant_id IN (SELECT l.tenant_id FROM analyst_logins AS l WHERE l.login = session_user);

CREATE VIEW analytics.energy WITH (security_barrier) AS
SELECT r.tenant_id, r.meter_id, r.ts, r.ts AT TIME ZONE 'Europe/Berlin' AS local_time, r.interval_s,
       r.consumption_kw * r.interval_s / 3600 AS consumption_kwh, r.production_kw * r.interval_s / 3600 AS production_kwh,
       r.consumption_kw, r.production_kw, r.voltage,
       (ARRAY['ABGELESEN', 'ERSATZWERT', 'VORLAEUFIGERWERT', 'PROGNOSEWERT', 'FEHLT'])[(r.quality & 7) + 1] AS status,
       (ARRAY['Z92', 'Z93', 'Z95', 'ZJ2'])[(r.quality >> 3) & 15] AS substitute_method,
       r.quality & 256 <> 0 AS is_outlier, r.quality & 512 <> 0 AS is_out_of_range, r.quality & 1024 <> 0 AS is_flat_line,
       r.quality & 2048 <> 0 AS sum_differs, r.quality & 4096 <> 0 AS is_unusable, r.quality & 8192 <> 0 AS is_negative,
       r.quality & 131072 <> 0 AS is_simulated, r.quality, r.import_id
FROM smart_meter_readings AS r
WHERE r.tenant_id IN (SELECT l.tenant_id FROM analyst_logins AS l WHERE l.login = session_user);

CREATE VIEW analytics.energy_hours WITH (security_barrier) AS
SELECT h.tenant_id, h.meter_id, h.ts, h.ts AT TIME ZONE 'Europe/Berlin' AS local_time, h.consumption_kwh, h.production_kwh,
       h.consumption_kw_max, h.production_kw_max, h.voltage_min, h.voltage_max, h.voltage_mean, h.covered_s, h.expected_s,
       h.covered_s >= h.expected_s AS is_complete,
       (ARRAY['ABGELESEN', 'ERSATZWERT', 'VORLAEUFIGERWERT', 'PROGNOSEWERT', 'FEHLT'])[(h.quality & 7) + 1] AS worst_status,
       h.quality, h.values AS value_count
FROM meter_hours AS h
WHERE h.tenant_id IN (SELECT l.tenant_id FROM analyst_logins AS l WHERE l.login = session_user);

CREATE VIEW analytics.energy_days WITH (security_barrier) AS
SELECT d.tenant_id, d.meter_id, d.day, d.consumption_kwh, d.production_kwh, d.consumption_kw_max, d.production_kw_max,
       d.voltage_min, d.voltage_max, d.voltage_mean, d.covered_s, d.expected_s, d.covered_s >= d.expected_s AS is_complete,
       (ARRAY['ABGELESEN', 'ERSATZWERT', 'VORLAEUFIGERWERT', 'PROGNOSEWERT', 'FEHLT'])[(d.quality & 7) + 1] AS worst_status,
       d.quality, d.values AS value_count
FROM meter_days AS d
WHERE d.tenant_id IN (SELECT l.tenant_id FROM analyst_logins AS l WHERE l.login = session_user);

CREATE VIEW analytics.quality_days WITH (security_barrier) AS
SELECT q.tenant_id, q.meter_id, q.day, q.expected_values, q.values AS value_count, q.missing, q.substituted, q.preliminary,
       q.forecast, q.longest_gap_s, q.flags
FROM meter_quality_days AS q
WHERE q.tenant_id IN (SELECT l.tenant_id FROM analyst_logins AS l WHERE l.login = session_user);
