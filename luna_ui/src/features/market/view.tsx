/** Markt: prices of a product, from a day to a year, with what they come to. */
import { useCallback, useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type Resolution, listProducts, marketData, querySeries } from '@/api/series';
import type { MarketData, ProductData } from '@/api/series-types';
import { SeriesChart } from '@/components/chart/series-chart';
import { Page } from '@/components/shell/page';
import { Select } from '@/components/ui/field';
import { Empty, Failure, Waiting } from '@/components/ui/notice';
import { Downloads, Figure, ReceiptCheck, ResolutionChoice, SeriesNote } from '@/features/series/parts';
import { RangeBar } from '@/features/series/range-bar';
import { useRange } from '@/features/series/use-range';
import type { Window } from '@/lib/berlin';
import { formatMoment, formatPrice } from '@/lib/format';
import { markedRuns, qualityWords } from '@/lib/quality';
import { reachOf, stepOf } from '@/lib/series';

const SOURCE: Record<string, string> = { upload: 'aus eingelesenen Dateien', inbox: 'aus dem Eingangsordner', simulator: 'aus dem Marktsimulator' };

const keyOf = (product: ProductData): string => `${product.market} ${product.product}`;

export function MarketView() {
  const products = useQuery({ queryKey: ['products'], queryFn: listProducts, staleTime: 60_000 });
  const filled = products.data?.products.filter((product) => product.first_ts !== null) ?? [];
  return (
    <Page title="Markt" lead="Was Strom an der Börse kostet. Negative Preise sind kein Druckfehler.">
      {products.isPending ? (
        <Waiting label="Ich sehe nach, was gehandelt wurde …" />
      ) : products.isError ? (
        <Failure error={products.error} retry={() => void products.refetch()} />
      ) : filled.length === 0 ? (
        <Empty title="Noch keine Preise.">
          <p>
            Die Verwaltung kann sie einlesen, etwa mit <code className="font-mono">luna import preise.csv --target market_prices</code>, oder den
            Marktsimulator starten.
          </p>
        </Empty>
      ) : (
        <Product products={filled} />
      )}
    </Page>
  );
}

function Product({ products }: { products: ProductData[] }) {
  const search = useSearch({ from: '/markt' });
  const navigate = useNavigate({ from: '/markt' });
  const product =
    products.find((one) => one.market === search.markt && one.product === search.produkt) ??
    products.find((one) => !one.simulated) ??
    products[0];
  const [resolution, setResolution] = useState<Resolution>('auto');
  const change = useCallback((range: object) => void navigate({ search: (old) => ({ ...old, ...range }), replace: true, resetScroll: false }), [navigate]);
  const newest = product?.last_ts ? Date.parse(product.last_ts) : null;
  const { range, window, set, now } = useRange(search, change, { span: 'monat', newest });
  const market = product?.market ?? '';
  const name = product?.product ?? '';
  const data = useQuery({
    queryKey: ['market', market, name, window.from, window.to, resolution],
    queryFn: ({ signal }) => marketData(market, name, window, resolution, signal),
    placeholderData: (before) => before,
  });

  return (
    <>
      <div className="mb-4 flex flex-wrap gap-2">
        <Select
          aria-label="Produkt"
          className="w-64"
          value={product === undefined ? '' : keyOf(product)}
          onChange={(event) => {
            const chosen = products.find((one) => keyOf(one) === event.target.value);
            if (chosen) void navigate({ search: (old) => ({ ...old, markt: chosen.market, produkt: chosen.product }), replace: true });
          }}
        >
          {products.map((one) => (
            <option key={keyOf(one)} value={keyOf(one)}>
              {one.market} · {one.product}
              {one.simulated ? ' (simuliert)' : ''}
            </option>
          ))}
        </Select>
        <ResolutionChoice value={resolution} onChange={setResolution} />
      </div>
      <RangeBar range={range} onChange={set} now={now} />
      {data.isPending ? (
        <Waiting label="Ich hole die Preise …" />
      ) : data.isError ? (
        <Failure error={data.error} retry={() => void data.refetch()} />
      ) : (
        <>
          <PriceChart data={data.data} window={window} busy={data.isPlaceholderData} onWindow={(zoom) => set({ ...range, zoom })} />
          <Figures market={market} product={name} window={window} hourly={(product?.interval_s ?? 3600) >= 3600} drawn={!data.isPlaceholderData} />
          <div className="mt-6 flex flex-wrap items-center justify-between gap-3 border-t border-line pt-3">
            <p className="text-xs text-ink-3">{[product?.description, product === undefined ? null : (SOURCE[product.source ?? ''] ?? product.source), product?.licence].filter(Boolean).join(' · ')}</p>
            <Downloads path="data/market" query={{ market, product: name }} window={window} resolution={resolution} name={`${market}-${name}`} />
          </div>
        </>
      )}
    </>
  );
}

function PriceChart({ data, window, busy, onWindow }: { data: MarketData; window: Window; busy: boolean; onWindow: (window: Window) => void }) {
  const chart = useMemo(
    () => ({
      ts: data.ts,
      stepMs: stepOf(data),
      series: [{ name: 'Preis', unit: 'EUR/MWh', colour: '--moon', values: data.price_eur_mwh, kind: 'step' as const }],
      marked: markedRuns(data.ts, data.quality),
      note: (index: number) => qualityWords(data.quality[index]),
    }),
    [data],
  );
  const empty = data.price_eur_mwh.every((value) => value === null);
  return (
    <figure>
      {empty ? (
        <Empty title="In diesem Zeitraum gibt es keine Preise." />
      ) : (
        <SeriesChart label={`Preise ${data.market} ${data.product} in EUR/MWh`} data={chart} window={window} onWindow={onWindow} busy={busy} height="h-96" />
      )}
      <SeriesNote resolution={data.resolution} reduced={data.reduced} simulated={data.simulated} quality={data.quality_summary} asOf={data.as_of} reach={reachOf(data.ts, [data.price_eur_mwh], chart.stepMs, window)} />
    </figure>
  );
}

function Figures({ market, product, window, hourly, drawn }: { market: string; product: string; window: Window; hourly: boolean; drawn: boolean }) {
  const query = useQuery({
    queryKey: ['market-figures', market, product, window.from, window.to],
    queryFn: ({ signal }) =>
      querySeries(
        {
          series: [{ market, product }],
          from: new Date(window.from).toISOString(),
          to: new Date(window.to).toISOString(),
          bucket: '1h',
          aggregates: ['mean', 'min', 'max', 'min_ts', 'max_ts', 'negative', 'count'],
        },
        signal,
      ),
    enabled: drawn,
    placeholderData: (before) => before,
  });
  if (query.isPending) return <Waiting className="py-4" label="Ich rechne …" />;
  if (query.isError) return <Failure className="mt-4" error={query.error} retry={() => void query.refetch()} />;
  const part = query.data.parts[0];
  const value = (name: string): number | null => {
    const found = part?.columns[name]?.[0];
    return typeof found === 'number' ? found : null;
  };
  if (part === undefined || value('count') === null || value('count') === 0) return null;
  const at = (name: string): string | undefined => {
    const found = value(name);
    return found === null ? undefined : formatMoment(new Date(found).toISOString());
  };
  return (
    <div className="mt-5 flex flex-wrap items-end justify-between gap-4">
      <dl className="flex flex-wrap gap-x-10 gap-y-4" aria-busy={query.isPlaceholderData}>
        <Figure label="Mittel (Base)" value={formatPrice(value('mean'))} />
        <Figure label="Höchster Stundenpreis" value={formatPrice(value('max'))} note={at('max_ts')} />
        <Figure label="Niedrigster Stundenpreis" value={formatPrice(value('min'))} note={at('min_ts')} />
        <Figure label="Negative Stunden" value={String(value('negative') ?? 0)} note={hourly ? 'nach Stundenpreisen' : 'nach Stundenmitteln'} />
      </dl>
      <ReceiptCheck receipt={part.receipt_id} />
    </div>
  );
}
