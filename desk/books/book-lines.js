// The lines of statements that a book has, with the texts of transfers.
import { code, money, t, time } from '../i18n.js';
import { Loaded, More } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';

const COLUMNS = ['booked_at', 'kind', 'event', 'reference', 'memo'];

export function BookLines({ book }) {
  const found = usePages(`/v1/payment-books/${encodeURIComponent(book)}/lines`, {}, [book]);
  return html`<h2 id="lines">${t('books.lines')}</h2>
    <${Loaded} of=${found}>
      ${(rows) =>
        rows.length
          ? html`<${Rows} rows=${rows} /><${More} next=${found.next} load=${found.more} />`
          : html`<p>${t('books.no_lines')}</p>`}
    <//>`;
}

const Rows = ({ rows }) => html`<div class="scroll" tabindex="0" role="region" aria-labelledby="lines">
  <table class="list">
    <thead>
      <tr>
        ${COLUMNS.map((one) => html`<th scope="col" key=${one}>${t(`line.${one}`)}</th>`)}
        <th scope="col" class="amount">${t('line.amount_vnd')}</th>
        <th scope="col" class="amount">${t('line.fee_vnd')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) => html`<tr key=${row.event}>
          <td>${time(row.booked_at)}</td>
          <td>${code('line.kind', row.kind)}</td>
          <td>${row.event}<small>${[row.transaction, row.payout].filter(Boolean).join(' · ')}</small></td>
          <td class="long">
            ${row.dossier ? html`<a href=${`#/dossiers/${row.dossier}`}>${row.reference ?? t('line.dossier')}</a>` : row.reference}
          </td>
          <td>${row.memo}</td>
          <td class="amount">${money(row.amount_vnd)}</td>
          <td class="amount">${row.fee_vnd ? money(row.fee_vnd) : ''}</td>
        </tr>`,
      )}
    </tbody>
  </table>
</div>`;
