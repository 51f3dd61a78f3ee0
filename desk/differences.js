// Differences of two texts by lines: the longest common subsequence.

// Cells of the table of lengths, at most; longer texts are compared by position.
const CELLS_MAX = 4_000_000;

// Lines with `kind`: `same`, `removed` (only in `before`) or `added` (only in `after`).
export function differences(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length * b.length > CELLS_MAX) {
    return [
      ...a.map((line) => ({ kind: 'removed', line })),
      ...b.map((line) => ({ kind: 'added', line })),
    ];
  }
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const skipped = Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : skipped;
    }
  }
  const rows = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      rows.push({ kind: 'same', line: a[i] });
      [i, j] = [i + 1, j + 1];
    } else if (
      j === b.length ||
      (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])
    ) {
      rows.push({ kind: 'removed', line: a[i] });
      i += 1;
    } else {
      rows.push({ kind: 'added', line: b[j] });
      j += 1;
    }
  }
  return rows;
}
