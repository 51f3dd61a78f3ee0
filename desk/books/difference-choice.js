// Differences of a book to choose from, page by page, with words that pick out those that were read.
import { code, money, number, t } from '../i18n.js';
import { Field, Loaded, More } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useState } from '../view.js';

// Keys of one correction, as the API limits them.
const ACCEPTS_MAX = 100;

// A difference in one line of text.
export const nameOf = (row) =>
  [code('difference', row.difference), money(row.amount_vnd), row.code ?? row.reference ?? row.event]
    .filter(Boolean)
    .join(' · ');

export function DifferenceChoice({ book: { agency, account, day, book }, problem, chosen, set }) {
  const found = usePages('/v1/payment-differences', { agency, account, day, limit: 100 }, [book]);
  const findings = (problem?.errors ?? []).filter(({ pointer }) => pointer?.startsWith('/accepts'));
  return html`<fieldset aria-describedby=${findings.length ? 'accepts-error' : undefined}>
    <legend>${t('correction.accepts')} <small>${t('optional')}</small></legend>
    <${Loaded} of=${found}>${(rows) => html`<${Rows} ...${{ rows, found, chosen, set }} />`}<//>
    ${
      findings.length
        ? html`<ul class="errors" id="accepts-error">${findings.map((one) => html`<li>${one.detail}</li>`)}</ul>`
        : null
    }
  </fieldset>`;
}

function Rows({ rows, found, chosen, set }) {
  const [words, setWords] = useState('');
  const asked = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) => {
    const text = [nameOf(row), row.event, row.transaction, row.reference, row.amount_vnd].join(' ').toLowerCase();
    return asked.every((word) => text.includes(word));
  };
  const shown = rows.filter((row) => chosen.includes(row.key) || fits(row));
  const isFull = chosen.length >= ACCEPTS_MAX;
  const toggle = (key) =>
    set(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key]);
  return html`
    <${Field} id="accepts-words" label=${t('correction.find')}>
      ${(attributes) => html`<input
        type="search"
        ...${attributes}
        value=${words}
        onInput=${(event) => setWords(event.target.value)}
      />`}
    <//>
    <p role="status">
      ${t('correction.chosen', { n: number(chosen.length), max: number(ACCEPTS_MAX), shown: number(shown.length), of: number(rows.length) })}${found.next ? '+' : ''}
    </p>
    ${shown.map((row) => {
      const isChosen = chosen.includes(row.key);
      return html`<label class="check" key=${row.key}>
        <input type="checkbox" checked=${isChosen} disabled=${isFull && !isChosen} onChange=${() => toggle(row.key)} />
        ${' '}${nameOf(row)}
      </label>`;
    })}
    <${More} next=${found.next} load=${found.more} />
  `;
}
