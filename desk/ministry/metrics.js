// The metrics of a process (OpenMetrics text), as far as operators look at them.

// `[{ name, labels, value }]` of the lines of a text.
export function metricsOf(text) {
  const rows = [];
  for (const line of text.split('\n')) {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found) continue;
    const labels = {};
    for (const [, name, value] of (found[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels[name] = value;
    rows.push({ name: found[1], labels, value: Number(found[3]) });
  }
  return rows;
}

export const named = (metrics, name) => metrics.filter((one) => one.name === name);
