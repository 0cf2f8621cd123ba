-- Market prices are public: every analyst sees them all.
CREATE VIEW analytics.market_products WITH (security_barrier) AS
SELECT market, product, interval_s, description, simulated, source, licence, valid_from, valid_to
FROM public.market_products;

CREATE VIEW analytics.market WITH (security_barrier) AS
SELECT p.market, p.product, p.ts, p.ts AT TIME ZONE 'Europe/Berlin' AS local_time, m.interval_s, p.price_eur_mwh,
       p.price_eur_mwh / 10 AS price_ct_kwh, p.volume AS volume_mwh, m.simulated AS is_simulated
FROM public.market_prices AS p
JOIN public.market_products AS m ON m.market = p.market AND m.product = p.product;

CREATE VIEW analytics.market_hours WITH (security_barrier) AS
SELECT h.market, h.product, h.ts, h.ts AT TIME ZONE 'Europe/Berlin' AS local_time, h.price_eur_mwh, h.price_min, h.price_max,
       h.volume AS volume_mwh, h.values AS value_count, h.values >= h.expected_values AS is_complete
FROM public.market_hours AS h;

CREATE VIEW analytics.market_days WITH (security_barrier) AS
SELECT d.market, d.product, d.day, d.base, d.peak, d.price_min, d.price_max, d.negative_quarter_hours, d.negative_hours,
       d.volume AS volume_mwh, d.values AS value_count, d.values >= d.expected_values AS is_complete
FROM public.market_days AS d;

CREATE VIEW analytics.market_prices_hourly WITH (security_barrier) AS
SELECT h.market, h.product, h.ts, h.ts AT TIME ZONE 'Europe/Berlin' AS local_time, h.price_eur_mwh, h.price_min, h.price_max,
       h.volume AS volume_mwh, h.values AS value_count
FROM public.market_prices_hourly AS h;
