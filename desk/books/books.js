// The books of an agency: accounts by day, and the book that somebody wants to open.
import { read } from '../api.js';
import { code, day, t } from '../i18n.js';
import { useParameters } from '../ministry/address.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Field, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { session } from '../session.js';
import { html, useLoad, useState } from '../view.js';
import { accountName, addressOf, bookId, TILL } from './names.js';

const STAGES = ['proposed', 'open', 'closed'];

export function Books() {
  const [values, set] = useParameters();
  const { stage = '' } = values;
  const found = usePages('/v1/payment-books', { stage }, [stage]);
  const accounts = [...new Set([TILL, ...(found.data ?? []).map(({ account }) => account)])];
  return html`<${Page} title=${t('books')} wide>
    <${Tabs} pages=${MONEY} label="nav.money" />
    <p class="hint">${t('books.text')}</p>
    <${Open} accounts=${accounts} />
    <${Field} id="stage" label=${t('books.stage')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: stage, onChange: (one) => set({ stage: one }) }}
        options=${[['', t('all')], ...STAGES.map((one) => [one, code('books.stage', one)])]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        ${rows.length ? html`<${Rows} rows=${rows} />` : null}
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

// A day without a statement or closing is in no list yet: its book is opened by its name.
function Open({ accounts }) {
  const { agency } = session();
  // The server's day; somebody without an agency types the day.
  const today = async () =>
    agency && (await read('/v1/payment-movements', { agency, limit: 1 })).body.on;
  const first = useLoad(today, [agency]).data;
  const [chosen, choose] = useState({});
  const { account = TILL, day: of = first ?? '', agency: at = agency ?? '' } = chosen;
  const [missing, setMissing] = useState({});
  const field = (name, value, label, more = {}) => html`<${Field}
    ...${{ id: `book-${name}`, label, required: true, findings: missing[name] ?? [] }}
  >
    ${(attributes) => html`<input
      ...${{ ...attributes, ...more, value }}
      onInput=${(event) => choose({ ...chosen, [name]: event.target.value })}
    />`}
  <//>`;
  const open = (event) => {
    event.preventDefault();
    const given = { account: account.trim(), day: of, agency: at.trim() };
    const lacking = Object.keys(given).filter((name) => !given[name]);
    setMissing(Object.fromEntries(lacking.map((name) => [name, [{ detail: t('books.required') }]])));
    if (!lacking.length) location.hash = addressOf(bookId(given));
  };
  return html`<form class="line" onSubmit=${open} noValidate aria-label=${t('books.open')}>
    ${field('account', account, t('books.account'), { list: 'accounts', autocomplete: 'off' })}
    <datalist id="accounts">${accounts.map((one) => html`<option key=${one} value=${one}>${accountName(one)}</option>`)}</datalist>
    ${field('day', of, t('money.day'), { type: 'date' })}
    ${agency ? null : field('agency', at, t('agency'))}
    <button>${t('books.open')}</button>
  </form>`;
}

const Rows = ({ rows }) => html`<div class="scroll" tabindex="0" role="region" aria-label=${t('books')}>
  <table class="list">
    <thead>
      <tr>
        <th scope="col">${t('books.account')}</th>
        <th scope="col">${t('money.day')}</th>
        <th scope="col">${t('agency')}</th>
        <th scope="col">${t('books.stage')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) => html`<tr key=${row.book}>
          <th scope="row"><a href=${addressOf(row.book)}>${accountName(row.account)} · ${day(row.day)}</a></th>
          <td>${day(row.day)}</td>
          <td>${row.agency}</td>
          <td><span class=${`stage ${row.stage}`}>${code('books.stage', row.stage)}</span></td>
        </tr>`,
      )}
    </tbody>
  </table>
</div>`;
