// Payment orders for those who collect and check fees: one by its reference, and those with money that was counted for
// none of their dossiers.
import { readIfAny } from '../api.js';
import { code, money, t, time } from '../i18n.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { hasRole, Loaded, More, Page, ProblemBox, SearchBox } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useState } from '../view.js';

export const Orders = () => html`<${Page} title=${t('orders')} wide>
  <${Tabs} pages=${MONEY} label="nav.money" />
  <p class="hint">${t('orders.text')}</p>
  <${Find} />
  ${hasRole('cashier', 'operator') ? html`<${Doubted} />` : null}
<//>`;

// The reference of a memo may be that of one dossier alone.
function Find() {
  const [findings, setFindings] = useState([]);
  const [problem, setProblem] = useState();
  const find = async (words) => {
    setFindings([]);
    setProblem(undefined);
    try {
      const name = encodeURIComponent(words);
      const found = name && (await readIfAny(`/v1/payment-references/${name}`));
      if (!found) setFindings([{ detail: t(name ? 'orders.unknown' : 'orders.missing') }]);
      else if (found.body.order) location.hash = `#/orders/${found.body.order}`;
      else location.hash = `#/dossiers/${found.body.dossier}`;
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<${SearchBox} ...${{ label: t('orders.reference'), hint: t('orders.hint'), findings, onSearch: find }} />
    <${ProblemBox} problem=${problem} />`;
}

function Doubted() {
  const found = usePages('/v1/payment-notices/unmatched', { of_orders: true }, []);
  return html`<h2>${t('orders.doubted')}</h2>
    <p class="hint">${t('orders.doubted.text')}</p>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows">
          ${rows.map(
            (row) => html`<li key=${row.notice}>
              <a href=${`#/orders/${row.order}`}>${row.provider} · ${row.reference}</a>
              <b> ${money(row.amount_vnd)}</b>
              <small>${[code('notice', row.kind ?? 'captured'), row.transaction, time(row.paid_at ?? row.at)].filter(Boolean).join(' · ')}</small>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>`;
}
