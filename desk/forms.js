// A form drawn from a JSON Schema (2020-12): objects, lists, texts, numbers, choices and dates.
import { read } from './api.js';
import { has, both, t } from './i18n.js';
import { decimalOf, wholeOf } from './numbers.js';
import { Field, Select } from './parts.js';
import { html, useLoad, useState } from './view.js';

// Pages of a code list that are read; a longer list is a text field.
const PAGES_MAX = 5;

// The label of a field: the schema's title in the reader's language, the desk's word for it, or its
// name.
export function labelOf(name, schema = {}) {
  if (schema['x-title']) return both(schema['x-title']);
  if (schema.title) return typeof schema.title === 'string' ? schema.title : both(schema.title);
  if (has(`field.${name}`)) return t(`field.${name}`);
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// `value` with the part at `path` replaced; `undefined` removes it.
export function changed(value, [first, ...rest], part) {
  if (first === undefined) return part;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const inner = changed(value?.[first], rest, part);
  if (inner === undefined && !Array.isArray(copy)) delete copy[first];
  else copy[first] = inner;
  return copy;
}

// What an empty form has: its required objects and the first item of its required lists, so that
// the server finds all missing fields at once.
export function blank(schema) {
  if (schema.type === 'array') return [blank(schema.items ?? {})];
  if (schema.type !== 'object') return undefined;
  const required = (schema.required ?? []).filter((name) => schema.properties?.[name]);
  const parts = required.map((name) => [name, blank(schema.properties[name])]);
  return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
}

// A form as it is sent: without optional objects that are empty.
export function filled(schema, value) {
  if (schema?.type !== 'object' || !value) return value;
  const required = new Set(schema.required ?? []);
  const parts = Object.entries(value).map(([name, part]) => [
    name,
    filled(schema.properties?.[name], part),
  ]);
  const isEmpty = (part) => part && typeof part === 'object' && !Object.keys(part).length;
  return Object.fromEntries(parts.filter(([name, part]) => required.has(name) || !isEmpty(part)));
}

// The fields in the order of the rules' author.
function inOrder({ properties = {}, 'x-order': order = [] }) {
  const names = new Set([...order.filter((name) => name in properties), ...Object.keys(properties)]);
  return [...names].map((name) => [name, properties[name]]);
}

// Draws `schema` for `value`. `onChange(path, part)` reports a change; `findings(pointer)` gives
// the findings at a field.
export function SchemaFields({ schema, value, onChange, findings, path = [], root = '/form' }) {
  const required = new Set(schema.required ?? []);
  return inOrder(schema).map(
    ([name, inner]) => html`<${Node}
      key=${name}
      name=${name}
      schema=${inner}
      value=${value?.[name]}
      required=${required.has(name)}
      path=${[...path, name]}
      ...${{ onChange, findings, root }}
    />`,
  );
}

function Node(props) {
  const { name, schema, value, path, root, onChange, findings } = props;
  const label = labelOf(name, schema);
  if (schema.type === 'object') {
    const inner = { schema, value, onChange, findings, path, root };
    return html`<fieldset>
      <legend>${label}</legend>
      <${Findings} of=${findings(pointer(root, path))} />
      <${SchemaFields} ...${inner} />
    </fieldset>`;
  }
  if (schema.type === 'array') return html`<${Items} ...${props} label=${label} />`;
  return html`<${Leaf} ...${props} label=${label} />`;
}

const Findings = ({ of }) =>
  of.length
    ? html`<ul class="errors">${of.map((finding) => html`<li>${finding.detail}</li>`)}</ul>`
    : null;

function Items({ schema, value = [], path, label, required, onChange, findings, root }) {
  const one = blank(schema.items ?? {}) ?? '';
  const rows = value.length || !required ? value : [one];
  const remove = (at) =>
    onChange(
      path,
      rows.filter((_, other) => other !== at),
    );
  return html`<fieldset class="items">
    <legend>${label}</legend>
    <${Findings} of=${findings(pointer(root, path))} />
    ${rows.map(
      (row, at) => html`<div class="item" key=${at}>
        <${Node}
          name=${String(at + 1)}
          schema=${{ title: `${label} ${at + 1}`, ...schema.items }}
          value=${row}
          required=${true}
          path=${[...path, at]}
          ...${{ onChange, findings, root }}
        />
        <button type="button" class="quiet" onClick=${() => remove(at)}>
          ${t('form.remove', { what: `${label} ${at + 1}` })}
        </button>
      </div>`,
    )}
    <button type="button" class="quiet" onClick=${() => onChange(path, [...rows, one])}>
      ${t('form.add', { what: label })}
    </button>
  </fieldset>`;
}

function Leaf({ schema, value, path, root, label, required, onChange, findings }) {
  const id = `f-${path.join('-')}`;
  const set = (part) => onChange(path, part === '' ? undefined : part);
  const at = findings(pointer(root, path));
  const field = { id, label, required, findings: at, hint: hintOf(schema) };
  return html`<${Field} ...${field}>
    ${(attributes) => html`<${Input} ...${{ attributes, schema, value, set }} />`}
  <//>`;
}

function Input({ attributes, schema, value, set }) {
  if (schema['x-code-list']) {
    return html`<${CodeInput} list=${schema['x-code-list']} ...${{ attributes, value, set }} />`;
  }
  if (schema.enum) {
    const titles = schema['x-enum-titles'] ?? {};
    const titleOf = (one) => (has(`value.${one}`) ? t(`value.${one}`) : String(one));
    const options = schema.enum.map((one) => [
      String(one),
      titles[one] ? both(titles[one]) : titleOf(one),
    ]);
    const chosen = (text) => set(schema.enum.find((one) => String(one) === text) ?? '');
    const shown = value === undefined ? undefined : String(value);
    return html`<${Select} ...${{ attributes, options, value: shown, onChange: chosen }} empty=${t('choose')} />`;
  }
  if (schema.type === 'boolean') {
    const options = [
      ['true', t('yes')],
      ['false', t('no')],
    ];
    const chosen = (text) => set(text === '' ? '' : text === 'true');
    const shown = value === undefined ? undefined : String(value);
    return html`<${Select} ...${{ attributes, options, value: shown, onChange: chosen }} empty=${t('choose')} />`;
  }
  const shared = { ...attributes, value: value ?? '', maxlength: schema.maxLength };
  const onInput = (event) => set(event.target.value);
  if (schema.type === 'integer' || schema.type === 'number') {
    return html`<${NumberInput} ...${{ shared, schema, value, set }} />`;
  }
  if (schema.format === 'date') return html`<input type="date" ...${shared} onInput=${onInput} />`;
  if (schema.maxLength > 500)
    return html`<textarea rows="3" ...${shared} onInput=${onInput}></textarea>`;
  const type = schema.format === 'telephone' ? 'tel' : 'text';
  return html`<input type=${type} ...${shared} onInput=${onInput} />`;
}

// Text, because a browser's number field drops what it cannot read. It stays as it was typed: `1,` is
// on the way to `1,5`.
function NumberInput({ shared, schema, value, set }) {
  const [typed, setTyped] = useState('');
  const type = (event) => {
    setTyped(event.target.value);
    set(numberOf(schema, event.target.value));
  };
  const shown = numberOf(schema, typed) === value ? typed : (value ?? '');
  return html`<input ...${shared} value=${shown} inputmode="decimal" onInput=${type} />`;
}

// The number, or the text, which the server then finds fault with.
const numberOf = ({ type }, text) =>
  (type === 'integer' ? wholeOf(text) : decimalOf(text)) ?? text;

function hintOf({ format, pattern, minimum, maximum }) {
  if (format && has(`format.${format}`)) return t(`format.${format}`);
  if (pattern && has(`pattern.${pattern}`)) return t(`pattern.${pattern}`);
  if (minimum !== undefined && maximum !== undefined) return t('form.range', { minimum, maximum });
  return undefined;
}

function CodeInput({ list, attributes, value, set }) {
  const codes = useLoad(() => allCodes(list), [list]);
  if (!codes.data) {
    return html`<input ...${attributes} value=${value ?? ''} onInput=${(event) => set(event.target.value)} />`;
  }
  const options = codes.data.map((one) => [one.code, `${one.code} · ${both(one.name)}`]);
  return html`<${Select} ...${{ attributes, value, options }} onChange=${set} empty=${t('choose')} />`;
}

async function allCodes(list) {
  let page = await read(`/v1/code-lists/${list}`);
  const codes = [...page.body];
  for (let pages = 1; page.next; pages += 1) {
    if (pages === PAGES_MAX) return undefined;
    page = await read(page.next);
    codes.push(...page.body);
  }
  return codes;
}

const pointer = (root, path) => [root, ...path.map(escaped)].join('/');
// RFC 6901, section 3.
const escaped = (name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1');
