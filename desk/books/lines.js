// Lines of a statement as texts, as people type them or a list has them, and as they are sent.
import { code } from '../i18n.js';
import { amountOf } from '../numbers.js';

export const KINDS = ['received', 'refunded', 'reversed', 'came_back', 'paid_out', 'paid_in', 'charge'];
// Kinds by which money came in.
const CREDITS = ['received', 'came_back', 'paid_in'];
const AMOUNTS = ['amount_vnd', 'fee_vnd'];

// The columns of a list, and the fields of a line: `[name, required]`.
export const COLUMNS = [
  ['event', true],
  ['kind', true],
  ['amount_vnd', true],
  ['booked_at', true],
  ['reference', false],
  ['transaction', false],
  ['fee_vnd', false],
  ['payout', false],
  ['memo', false],
];

// `2026-11-20 10:00:30` or `20/11/2026 10:00`; a day alone begins at midnight.
const LOCAL =
  /^(?:(\d{4})-(\d\d)-(\d\d)|(\d\d?)\/(\d\d?)\/(\d{4}))(?:[T ]+(\d\d?):(\d\d)(?::(\d\d))?)?$/;

// A time in Vietnam with its zone. What has a zone, or is no time, is sent as it is.
export function bookedAt(text) {
  const parts = LOCAL.exec(text.trim());
  if (!parts) return text.trim();
  const [, year = parts[6], month = parts[5], date = parts[4], , , , hour = '0', minute = '00', second = '00'] = parts;
  const two = (part) => part.padStart(2, '0');
  return `${year}-${two(month)}-${two(date)}T${two(hour)}:${minute}:${second}+07:00`;
}

// A line as it is sent. What cannot be read is sent as it is: the server finds fault with it.
export function requestOf(line) {
  const body = {};
  for (const [name] of COLUMNS) {
    const text = (line[name] ?? '').trim();
    if (!text) continue;
    if (AMOUNTS.includes(name)) body[name] = amountOf(text) ?? text;
    else if (name === 'booked_at') body[name] = bookedAt(text);
    else if (name === 'kind') body[name] = kindOf(text);
    else body[name] = text;
  }
  return body;
}

// A kind by its code or its name in the reader's language.
const kindOf = (text) =>
  KINDS.find((one) => one === text.toLowerCase() || named(one) === text.toLowerCase()) ?? text;
const named = (kind) => code('line.kind', kind).toLowerCase();

// Lines of a list whose first row has the names of the columns: `{ lines, unknown, missing }`.
export function linesOf([header = [], ...rows]) {
  const names = header.map((one) => one.trim());
  const known = COLUMNS.map(([name]) => name);
  return {
    unknown: names.filter((name) => name && !known.includes(name)),
    missing: COLUMNS.filter(([name, required]) => required && !names.includes(name)).map(([name]) => name),
    lines: rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']))),
  };
}

// What came in and what went out, as far as the lines can be read.
export function sumsOf(lines) {
  const sums = { came: 0, went: 0 };
  for (const { kind, amount_vnd: amount } of lines.map(requestOf)) {
    if (Number.isInteger(amount)) sums[CREDITS.includes(kind) ? 'came' : 'went'] += amount;
  }
  return sums;
}
