// Differences between two versions of a file of rules in words: which part of the file changed, from
// what to what. The files are YAML; the part of a line is told by the keys above it.
import { differences } from '../differences.js';
import { budget, has, t } from '../i18n.js';

// The keys above each line, by their indentation, and the rest of the line.
function placed(text) {
  const stack = [];
  return text.split('\n').map((line) => {
    const found = /^(\s*(?:- +)*)(?:([\w.$-]+):(?:\s+(.*))?|(.*))$/.exec(line);
    const [, before, key, value, rest] = found ?? [line, '', undefined, undefined, line];
    const depth = before.length;
    if (!line.trim() || line.trim().startsWith('#')) return { path: [], value: '', key: undefined };
    while (stack.length && stack.at(-1).depth >= depth) stack.pop();
    const above = stack.map((one) => one.key);
    if (key === undefined)
      return { path: above, value: (rest ?? '').trim(), item: before.includes('-') };
    stack.push({ depth, key });
    return { path: [...above, key], value: (value ?? '').trim(), item: before.includes('-') };
  });
}

const nameOf = (key) => (has(`rule.${key}`) ? t(`rule.${key}`) : key);

// A value in words: a period as such, anything else as it is written.
function worded(value) {
  const found = /^\{ *amount: *(\d+), *unit: *(\w+) *\}$/.exec(value);
  return found
    ? budget({ amount: Number(found[1]), unit: found[2] })
    : value.replaceAll(/^["']|["']$/g, '');
}

// Rows `{ part, before, after }`; one of the two is missing for what is new or was left out.
export function inWords(before, after) {
  const [old, young] = [placed(before), placed(after)];
  let [i, j] = [0, 0];
  const [removed, added] = [[], []];
  for (const { kind } of differences(before, after)) {
    if (kind !== 'added') {
      if (kind === 'removed') removed.push(old[i]);
      i += 1;
    }
    if (kind !== 'removed') {
      if (kind === 'added') added.push(young[j]);
      j += 1;
    }
  }
  const isPart = (one) => one.path.length && one.value;
  const rows = [];
  const left = added.filter(isPart);
  for (const one of removed.filter(isPart)) {
    const at = left.findIndex((other) => other.path.join('/') === one.path.join('/'));
    const other = at < 0 ? undefined : left.splice(at, 1)[0];
    rows.push({
      part: one.path.map(nameOf).join(' › '),
      before: worded(one.value),
      after: other && worded(other.value),
    });
  }
  for (const one of left)
    rows.push({ part: one.path.map(nameOf).join(' › '), after: worded(one.value) });
  return rows;
}
