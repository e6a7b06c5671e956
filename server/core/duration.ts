// Durations as Go writes them (`1s`, `500ms`, `1m30s`), the spelling that Kubernetes tools and our annotations use.

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // micro sign
  μs: 1e-3, // Greek mu: Go accepts both
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration, or undefined when the text is none. Source of the grammar: Go's time.ParseDuration. */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(unsigned)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of unsigned.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    total += Number(amount) * (unitMs[unit] ?? Number.NaN);
  }
  return text.startsWith('-') ? -total : total;
}

/** The shortest Go spelling of a whole number of milliseconds: `90000` is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
}
