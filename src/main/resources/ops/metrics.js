// The metrics of /actuator/prometheus, and the rates and quantiles between two readings of them.

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** One reading. A metric that is missing is NaN. */
export class Reading {
  #samples = new Map(); // name to [{labels, value}]

  /** @param text the exposition format, @param at when it was read, ms */
  constructor(text, at) {
    this.at = at;
    for (const line of text.split("\n")) {
      const [, name, labels, value] = SAMPLE.exec(line) ?? [];
      if (name) {
        const known = this.#samples.get(name) ?? [];
        known.push({
          labels: Object.fromEntries(Array.from((labels ?? "").matchAll(LABEL), ([, key, text]) => [key, text])),
          value: value === "+Inf" ? Infinity : Number(value),
        });
        this.#samples.set(name, known);
      }
    }
  }

  samples(name) {
    return this.#samples.get(name) ?? [];
  }

  /** The sum over the labels. */
  value(name) {
    const samples = this.samples(name);
    return samples.length ? samples.reduce((sum, {value}) => sum + value, 0) : NaN;
  }

  /** The buckets of a histogram, cumulative: [{upTo: s, count}], in order. */
  buckets(name) {
    return this.samples(`${name}_bucket`)
      .map(({labels, value}) => ({upTo: labels.le === "+Inf" ? Infinity : Number(labels.le), count: value}))
      .sort((one, other) => one.upTo - other.upTo);
  }
}

/** Growth of a counter a second. A smaller value means that the process was restarted: then it counts from zero. */
export function rate(name, earlier, later) {
  const before = earlier.value(name);
  const now = later.value(name);
  return (now >= before ? now - before : now) * 1000 / (later.at - earlier.at);
}

/**
 * The quantile of a histogram, in seconds; NaN when it has no values. Interpolates within a bucket.
 *
 * @param earlier counts only what came after this reading; null for all since the start
 */
export function quantile(share, name, earlier, later) {
  const now = later.buckets(name);
  const before = earlier?.buckets(name) ?? [];
  const begunAnew = before.some(({count}, i) => count > (now[i]?.count ?? 0));
  const counts = now.map(({count}, i) => count - (begunAnew ? 0 : before[i]?.count ?? 0));
  const total = counts.at(-1) ?? 0;
  if (total <= 0) {
    return NaN;
  }
  const wanted = share * total;
  const i = counts.findIndex(count => count >= wanted);
  const below = i === 0 ? 0 : counts[i - 1];
  const from = i === 0 ? 0 : now[i - 1].upTo;
  // the last bucket is open
  return now[i].upTo === Infinity ? from : from + (now[i].upTo - from) * (wanted - below) / (counts[i] - below);
}
