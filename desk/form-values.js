// The values of a form, read only, with the titles that its schema has.
import { labelOf } from './forms.js';
import { both, day, has, number, t } from './i18n.js';
import { html } from './view.js';

export function FormValues({ value, schema = {}, name }) {
  if (Array.isArray(value)) {
    return html`<ol>${value.map((item) => html`<li><${FormValues} value=${item} schema=${schema.items} /></li>`)}</ol>`;
  }
  if (value !== null && typeof value === 'object') {
    return html`<dl class="facts">
      ${inOrder(value, schema).map((key) => {
        const inner = schema.properties?.[key];
        return html`<div key=${key}>
          <dt>${labelOf(key, inner)}</dt>
          <dd><${FormValues} value=${value[key]} schema=${inner} name=${key} /></dd>
        </div>`;
      })}
    </dl>`;
  }
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (schema.format === 'date') return day(value);
  if (typeof value === 'number') return number(value);
  const title = schema['x-enum-titles']?.[value];
  if (title) return both(title);
  return has(`value.${value}`) ? t(`value.${value}`) : String(value ?? name ?? '');
}

// The names of the values, those in the order of the form first.
function inOrder(value, { 'x-order': order = [] }) {
  return [...new Set([...order.filter((name) => name in value), ...Object.keys(value)])];
}
