// What changed between two versions of a resource, for a person whose step came too late.
import { labelOf } from './forms.js';
import { code, has, t, time } from './i18n.js';

const ROWS_MAX = 12;
const INSTANT = /^\d{4}-\d\d-\d\dT/;

// Rows `{ name, before, after }` of the parts that differ.
export function changesBetween(before, after) {
  const rows = [];
  compare(before, after, [], rows);
  return rows.slice(0, ROWS_MAX);
}

function compare(before, after, path, rows) {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const inner = [before, after].every(
    (one) => one && typeof one === 'object' && !Array.isArray(one),
  );
  if (inner) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[name], after[name], [...path, name], rows);
    }
    return;
  }
  const name = path.map((part) => labelOf(part)).join(' › ');
  rows.push({ name, before: shown(before, path), after: shown(after, path) });
}

function shown(value, path) {
  if (value === undefined || value === null) return '–';
  if (Array.isArray(value)) return t('change.list', { n: value.length });
  if (typeof value === 'object') return t('change.some');
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (INSTANT.test(value)) return time(value);
  const group = path.at(-1);
  return has(`${group}.${value}`) ? code(group, value) : String(value);
}
