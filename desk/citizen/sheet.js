// A list of dossiers as a file of comma-separated values (RFC 4180): a row each, a column for each value
// of the form, and one for each paper, with the names of its files.
import { decimalOf, wholeOf } from '../numbers.js';

// What people name numbers by.
const MANY = /\s*;\s*/;
const YES = ['true', 'yes', 'có', '1'];
const NO = ['false', 'no', 'không', '0'];

export const PAPER = 'papers.';
// What was found is written here for the person; it is not sent.
export const FINDINGS = 'findings';
const OTHERS = ['applicant', 'group', FINDINGS];

// The rows of a text, the first one being the header. Spreadsheets in Vietnamese separate by semicolons.
export function rowsOf(text) {
  const plain = text.replace(/^\uFEFF/, '');
  const head = plain.slice(0, plain.search(/\r?\n|$/));
  const mark = ['\t', ';', ','].find((one) => head.includes(one)) ?? ',';
  const rows = [[]];
  let value = '';
  let quoted = false;
  const end = () => {
    rows.at(-1).push(value);
    value = '';
  };
  for (let at = 0; at < plain.length; at += 1) {
    const one = plain[at];
    if (quoted && one === '"' && plain[at + 1] === '"') {
      value += one;
      at += 1;
    } else if (one === '"') {
      quoted = !quoted;
    } else if (!quoted && one === mark) {
      end();
    } else if (!quoted && one === '\n') {
      end();
      rows.push([]);
    } else if (quoted || one !== '\r') {
      value += one;
    }
  }
  end();
  return rows.filter((row) => row.some((cell) => cell.trim()));
}

export const textOf = (rows) =>
  `\uFEFF${rows.map((row) => row.map(quotedOf).join(',')).join('\r\n')}\r\n`;

// A value that begins like a formula would be computed by spreadsheets.
const quotedOf = (cell = '') => {
  const safe = /^[=+@-]/.test(cell) ? `'${cell}` : String(cell);
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

// The columns of a procedure's form: `{ column, path, schema, required }`. Of a list, the first item;
// further ones have the next numbers.
export function columnsOf(schema, path = [], required = true) {
  if (schema.type === 'object') {
    const { properties = {}, 'x-order': order = [] } = schema;
    const names = [...new Set([...order.filter((one) => one in properties), ...Object.keys(properties)])];
    return names.flatMap((name) =>
      columnsOf(properties[name], [...path, name], required && schema.required?.includes(name)),
    );
  }
  if (schema.type === 'array') return columnsOf(schema.items ?? {}, [...path, 0], required);
  return [{ column: columnOf(path), path, schema, required: Boolean(required) }];
}

// The name of a column; items are numbered from 1.
export const columnOf = (path) =>
  path.map((part) => (Number.isInteger(part) ? part + 1 : part)).join('.');

// The column of a finding, by its JSON pointer.
export function columnAt(pointer = '') {
  const path = pointer.split('/').slice(1);
  if (path[0] === 'groups') return 'group';
  if (path[0] !== 'form') return path[0] ?? '';
  return columnOf(path.slice(1).map((part) => (/^\d+$/.test(part) ? Number(part) : part)));
}

// The columns of a header that mean nothing here.
export function unknownOf(header, procedure) {
  const known = new Set(columnsOf(procedure.form).map(({ path }) => String(path.map(numberless))));
  const papers = procedure.documents.map(({ code }) => PAPER + code);
  return header.filter((one) => {
    const path = pathOf(one).map(numberless);
    return one && !known.has(String(path)) && !papers.includes(one) && !OTHERS.includes(one);
  });
}

const numberless = (part) => (Number.isInteger(part) ? 0 : part);
const pathOf = (column) =>
  column.split('.').map((part) => (/^[1-9]\d*$/.test(part) ? Number(part) - 1 : part));

// A dossier of a row: its form, papers (names of files by component), group and applicant.
export function dossierOf(header, row, procedure) {
  const dossier = { form: {}, papers: {} };
  for (const [at, column] of header.entries()) {
    const cell = (row[at] ?? '').trim().replace(/^'(?=[=+@-])/, '');
    if (!cell || column === FINDINGS) continue;
    if (column.startsWith(PAPER)) dossier.papers[column.slice(PAPER.length)] = cell.split(MANY);
    else if (OTHERS.includes(column)) dossier[column] = cell;
    else put(dossier.form, procedure.form, pathOf(column), cell);
  }
  return dossier;
}

// Puts a cell at a path, as the schema has it.
function put(into, schema, [first, ...rest], cell) {
  const inner = (Array.isArray(into) ? schema.items : schema.properties?.[first]) ?? {};
  if (!rest.length) {
    into[first] = valueOf(inner, cell);
    return;
  }
  into[first] ??= inner.type === 'array' ? [] : {};
  put(into[first], inner, rest, cell);
}

// What cannot be read is sent as it is: the server finds fault with it, at its place.
function valueOf({ type }, cell) {
  if (type === 'boolean') {
    const word = cell.toLowerCase();
    return YES.includes(word) ? true : NO.includes(word) ? false : cell;
  }
  if (type !== 'integer' && type !== 'number') return cell;
  return (type === 'integer' ? wholeOf(cell) : decimalOf(cell)) ?? cell;
}
