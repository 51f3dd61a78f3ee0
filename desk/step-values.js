// What a step sends: the fields that a person is asked for, what these have at first, and the body
// that is made of them.
import { amountOf } from './numbers.js';
import { named } from './uploads.js';

export const askedOf = (step, context) =>
  step.fields.filter((field) => !field.from && (!field.when || field.when(context)));

const EMPTY = { components: [], papers: {}, document: {}, files: {}, claims: {} };

export function firstValues(step, context) {
  const first = ({ name, type, first: value }) => [name, value ? value(context) : EMPTY[type]];
  return Object.fromEntries(askedOf(step, context).map(first));
}

// The body of a step without the fields that were left empty.
export function bodyOf(step, values, context) {
  const body = {};
  for (const field of step.fields) {
    const value = field.from ? field.from(context) : sentValue(field, values[field.name]);
    if (value !== undefined && value !== '') body[field.name] = value;
  }
  return body;
}

function sentValue({ type }, value) {
  if (value === undefined || value === '') return undefined;
  if (type === 'papers') return named(value);
  if (type === 'files') return filesOf(value);
  if (type === 'claims')
    return Object.entries(value).map(([group, decision]) => ({ group, ...decision }));
  if (type === 'document') return value.document?.[0]?.document;
  // What is no amount is sent as it is: the server finds fault with it, at its field.
  if (type === 'amount') return amountOf(value) ?? value;
  if (type === 'score') return Number(value);
  if (type === 'agrees') return value === 'true';
  if (type === 'instant') return instantOf(value);
  return value;
}

// The browser's field has no zone; the person means the time in Vietnam.
export const instantOf = (local) => `${local}:00+07:00`;

// Files that belong to no component, as complaints and mandates name them.
export function filesOf(files) {
  const list = Object.values(files).flat();
  return list.length
    ? list.map(({ document, name }) => ({ document, file_name: name }))
    : undefined;
}
