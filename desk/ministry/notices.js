// Notices of payment providers and carriers that match nothing: somebody has to look at them.
import { code, money, t, time } from '../i18n.js';
import { Facts, hasRole, Loaded, More, Page } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { OPERATION, Tabs } from './tabs.js';

export const Notices = () => html`<${Page} title=${t('notices')} wide>
  ${hasRole('operator') ? html`<${Tabs} pages=${OPERATION} label="nav.operation" />` : null}
  <h2>${t('notices.payments')}</h2>
  <${Unmatched}
    address="/v1/payment-notices/unmatched"
    facts=${(row) => [
      [t('notices.received'), row.at && time(row.at)],
      [t('notices.provider'), row.provider],
      [t('notices.kind'), row.kind && code('notice', row.kind)],
      [t('fee.amount'), money(row.amount_vnd)],
      [t('notices.reference'), row.reference],
      [t('notices.transaction'), row.transaction],
      [t('notices.event'), row.event],
    ]}
  />
  ${
    hasRole('operator')
      ? html`<h2>${t('notices.parcels')}</h2>
        <${Unmatched}
          address="/v1/parcel-notices/unmatched"
          facts=${(row) => [
            [t('notices.received'), row.received_at && time(row.received_at)],
            [t('step.field.carrier'), row.carrier],
            [t('notices.kind'), code('notice', row.kind)],
            [t('step.field.waybill'), row.waybill],
            [t('notices.reference'), row.reference],
            [t('notices.event'), row.event],
          ]}
        />`
      : null
  }
  <p class="hint">${t('notices.todo')}</p>
<//>`;

function Unmatched({ address, facts }) {
  const found = usePages(address, {}, []);
  return html`<${Loaded} of=${found}>
    ${(rows) => html`<ul class="rows">
        ${rows.length ? null : html`<li>${t('operation.none')}</li>`}
        ${rows.map((row) => html`<li key=${row.event}><${Facts} rows=${facts(row)} /></li>`)}
      </ul>
      <${More} next=${found.next} load=${found.more} />`}
  <//>`;
}
