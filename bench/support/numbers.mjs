// Medians and what the rows show; nothing here knows what is measured.

const sorted = (values) => [...values].sort((a, b) => a - b);

export function quantile(values, share) {
  const ordered = sorted(values);
  const place = (ordered.length - 1) * share;
  const below = ordered[Math.floor(place)];
  return below + ((ordered[Math.ceil(place)] ?? below) - below) * (place - Math.floor(place));
}

export const median = (values) => quantile(values, 0.5);

/** Three digits that mean something. */
export function round(value) {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(3, digits));
}

/** `median (least–most)`; the span is left out where all runs agree. */
export function withSpread(values) {
  if (values.length === 0) return "–";
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? round(least) : `${round(median(values))} (${round(least)}–${round(most)})`;
}

/** `median (first quartile–third quartile)`, for many rounds, of which single ones were disturbed. */
export function withQuartiles(values) {
  return `${round(median(values))} (${round(quantile(values, 0.25))}–${round(quantile(values, 0.75))})`;
}

/** Runs every variant once a round, in an order that turns, so that what disturbs one disturbs all. */
export async function interleave(variants, rounds, measure) {
  const results = new Map(variants.map((variant) => [variant, []]));
  for (let index = 0; index < rounds; index += 1) {
    const start = index % variants.length;
    for (const variant of [...variants.slice(start), ...variants.slice(0, start)])
      results.get(variant).push(await measure(variant, index));
  }
  return results;
}
