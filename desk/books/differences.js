// Differences between statements and recorded payments, the oldest first, each with what to do about it.
import { both, code, duration, money, t, time, until } from '../i18n.js';
import { useParameters } from '../ministry/address.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Field, hasRole, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { addressOf, bookName, bookOf } from './names.js';

export function Differences() {
  const [values, set] = useParameters();
  const { account = '', day = '', overdue = '' } = values;
  const found = usePages('/v1/payment-differences', { account, day, overdue }, [account, day, overdue]);
  const typed = (name, label, value, type) => html`<${Field} ...${{ id: name, label }}>
    ${(attributes) => html`<input
      ...${{ ...attributes, type, value }}
      onChange=${(event) => set({ [name]: event.target.value.trim() })}
    />`}
  <//>`;
  return html`<${Page} title=${t('differences')} wide>
    <${Tabs} pages=${MONEY} label="nav.money" />
    <div class="line">
      ${typed('account', t('books.account'), account, 'text')} ${typed('day', t('money.day'), day, 'date')}
      <${Field} id="overdue" label=${t('differences.overdue')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: overdue, onChange: (one) => set({ overdue: one }) }}
          options=${[['', t('all')], ['true', t('yes')], ['false', t('no')]]}
        />`}
      <//>
    </div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        ${rows.length ? html`<${DifferenceRows} rows=${rows} />` : html`<p>${t('differences.none')}</p>`}
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

// With `isOfBook`, on the page of the book that all are in.
export const DifferenceRows = ({ rows, isOfBook }) => html`<div
  class="scroll"
  tabindex="0"
  role="region"
  aria-label=${t('differences')}
>
  <table class="list">
    <thead>
      <tr>
        <th scope="col">${t('differences.what')}</th>
        <th scope="col" class="amount">${t('fee.amount')}</th>
        <th scope="col" class="amount">${t('differences.other')}</th>
        <th scope="col">${t('differences.about')}</th>
        ${isOfBook ? null : html`<th scope="col">${t('differences.book')}</th>`}
        <th scope="col">${t('differences.age')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => html`<${Row} key=${row.key} ...${{ row, isOfBook }} />`)}
    </tbody>
  </table>
</div>`;

const Row = ({ row, isOfBook }) => html`<tr class=${row.overdue ? 'differs' : ''}>
  <th scope="row" class="wide-cell">
    ${code('difference', row.difference)}
    <small>${both({ vi: row.advice_vi, en: row.advice_en })}</small>
  </th>
  <td class="amount">${money(row.amount_vnd)}<small>${has(row.of)}</small></td>
  <td class="amount">${row.other_vnd === null || row.other_vnd === undefined ? '–' : money(row.other_vnd)}</td>
  <td>
    ${row.dossier ? html`<a href=${`#/dossiers/${row.dossier}`}>${row.code}</a>` : null}
    ${row.difference === 'unknown' && hasRole('cashier') ? html`<a href="#/money">${t('differences.match')}</a>` : null}
    <small>${[row.event, row.transaction, row.reference].filter((one, at, all) => one && all.indexOf(one) === at).join(' · ')}</small>
  </td>
  ${isOfBook ? null : html`<td><a href=${addressOf(row.book)}>${bookName(bookOf(row.book))}</a></td>`}
  <td>
    ${duration(row.age_s)}
    <small>
      ${row.overdue ? html`<span class="due late">${t('due.missed')}</span> ` : null}${row.due_at ? until(row) : time(row.since)}
    </small>
  </td>
</tr>`;

// What the line or movement is.
const has = (of) => {
  const line = code('line.kind', of);
  return line === of ? code('movement', of) : line;
};
