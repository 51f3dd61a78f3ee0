// What statements, records and receipts say about an account on a day, side by side.
import { money, number, t } from '../i18n.js';
import { html } from '../view.js';

// Rows of the table: the sums of statements, of records and of receipts.
const ROWS = [
  ['in', 'stated_in_vnd', 'recorded_in_vnd', 'receipted_vnd'],
  ['out', 'stated_out_vnd', 'recorded_out_vnd'],
  ['charged', 'charged_vnd'],
  ['paid_out', 'paid_out_vnd'],
  ['paid_in', 'paid_in_vnd'],
];
// They are left out if they are nothing.
const RARE = ['charged', 'paid_out', 'paid_in'];

// A till has no statements, but lines of corrections.
export function Sums({ totals, isTill, caption, withoutEntries }) {
  const isPlain = isTill && !totals.lines;
  const sources = isPlain ? ['records', 'receipts'] : ['statements', 'records', 'receipts'];
  const of = (columns) => (isPlain ? columns.slice(1) : columns);
  const rows = ROWS.map(([name, ...columns]) => ({ name, columns })).filter(
    ({ name, columns }) => !RARE.includes(name) || columns.some((one) => totals[one]),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table class="list sums">
      <caption class="hidden">${caption}</caption>
      <thead>
        <tr>
          <th scope="col"><span class="hidden">${t('books.sum')}</span></th>
          ${sources.map((one) => html`<th scope="col" class="amount" key=${one}>${t(`books.${one}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${
          withoutEntries
            ? null
            : html`<tr>
              <th scope="row">${t('books.entries')}</th>
              ${of([number(totals.lines), number(totals.movements), '']).map((one) => html`<td class="amount">${one}</td>`)}
            </tr>`
        }
        ${rows.map(({ name, columns }) => {
          const [stated, recorded] = columns.map((one) => totals[one]);
          const differs = !isTill && columns.length > 1 && stated !== recorded;
          return html`<tr key=${name} class=${differs ? 'differs' : ''}>
            <th scope="row">${t(`books.sum.${name}`)}</th>
            ${sources.map((_, at) => {
              const column = of(columns)[at];
              return html`<td class="amount">${column ? money(totals[column]) : ''}</td>`;
            })}
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

// The cash that a till should have, without its float.
export const expectedOf = ({ recorded_in_vnd: came, recorded_out_vnd: went }) => came - went;

// An amount with its direction: what is more or less than expected.
export const signed = (amount) => `${amount > 0 ? '+' : ''}${money(amount)}`;
