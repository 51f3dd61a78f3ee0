// The dossiers of a payment order with what became of their parts, and money that was counted for none of them.
import { read } from './api.js';
import { code, money, t, time } from './i18n.js';
import { Field, hasRole, Loaded, Select } from './parts.js';
import { isOfficer, session } from './session.js';
import { html, useLoad, useState } from './view.js';

const NOTICES_MAX = 100;

export const Members = ({ members, payments }) => html`<div
  class="scroll"
  tabindex="0"
  role="region"
  aria-label=${t('order.members')}
>
  <table class="list">
    <thead>
      <tr>
        <th scope="col">${t('order.dossier')}</th>
        <th scope="col" class="amount">${t('order.part_of')}</th>
        <th scope="col">${t('order.attempt')}</th>
        <th scope="col" class="amount">${t('payment.received')}</th>
        <th scope="col">${t('order.receipts')}</th>
        <th scope="col">${t('order.back')}</th>
      </tr>
    </thead>
    <tbody>
      ${members.map((member) => html`<${Member} key=${member.dossier} ...${{ member, payment: payments[member.dossier] }} />`)}
    </tbody>
  </table>
</div>`;

function Member({ member, payment }) {
  const place = isOfficer(session()) ? 'dossiers' : 'mine';
  const attempt = payment?.attempts.find((one) => one.payment === member.payment);
  const receipts = payment?.receipts.filter((one) => one.payment === member.payment) ?? [];
  return html`<tr class=${attempt?.doubts.length ? 'differs' : ''}>
    <th scope="row"><a href=${`#/${place}/${member.dossier}`}>${member.code}</a></th>
    <td class="amount">${money(member.amount_vnd)}</td>
    <td>
      ${attempt ? code('attempt', attempt.state) : '–'}
      ${attempt?.doubts.length ? html` <b class="due late">${t('order.doubted')}</b>` : null}
    </td>
    <td class="amount">${attempt?.captured_vnd ? money(attempt.captured_vnd) : '–'}</td>
    <td>
      ${receipts.length ? receipts.map((one) => html`<span key=${one.receipt}>${one.receipt}</span> `) : '–'}
    </td>
    <td><${Back} ...${{ payment, attempt }} /></td>
  </tr>`;
}

// What was taken back by the provider, what went back to the payer, and what still has to.
function Back({ payment, attempt }) {
  const others = payment?.attempts.length > 1;
  const sent = (payment?.sent_refunds ?? []).filter((one) => one.payment === attempt?.payment);
  const rows = [
    ...(attempt?.reversals ?? []).map((one) => [t('payment.reversed'), one.amount_vnd, time(one.at)]),
    ...(attempt?.disputes ?? []).map((one) => [
      code('dispute', one.outcome ?? (one.answered ? 'answered' : 'open')),
      one.amount_vnd,
    ]),
    ...sent.map((one) => [code('sent_refund', one.state), one.amount_vnd, time(one.requested_at)]),
    [others ? t('order.refunded_all') : t('payment.refunded'), payment?.refunded_vnd],
    [t('payment.owed_back'), payment?.owed_back_vnd],
  ].filter(([, amount]) => amount);
  if (!rows.length) return '–';
  return rows.map(
    ([name, amount, at]) => html`<small key=${`${name} ${at}`}>${name}: ${money(amount)}${at ? ` · ${at}` : ''}</small>`,
  );
}

// Reports of another sum than that of the order. A cashier gives the money of a notice to one of its dossiers.
export function Doubts({ order }) {
  const isCashier = hasRole('cashier');
  const found = useLoad(
    async () => (isCashier ? noticesOf(order.order) : []),
    [order.order, order.doubts.length],
  );
  if (!order.doubts.length && !found.data?.length) return null;
  return html`<section class="note" aria-labelledby="doubts">
    <h2 id="doubts">${t('order.doubts')}</h2>
    <p>${t(isCashier ? 'order.doubts.match' : 'order.doubts.text', { sum: money(order.total_vnd) })}</p>
    <ul class="rows">
      ${order.doubts.map(
        (one) => html`<li key=${one.event}>
          <b>${money(one.said_vnd)}</b> ${code('order.doubt', one.doubt)}
          <small>${[one.transaction, code('order.source', one.source), time(one.since)].filter(Boolean).join(' · ')}</small>
        </li>`,
      )}
    </ul>
    <${Loaded} of=${found}>
      ${(notices) => notices.map((one) => html`<${Match} key=${one.notice} ...${{ notice: one, members: order.members }} />`)}
    <//>
  </section>`;
}

// Notices that name the order and are matched with no dossier.
async function noticesOf(order) {
  const query = { of_orders: true, limit: NOTICES_MAX };
  const { body } = await read('/v1/payment-notices/unmatched', query);
  return body.filter((one) => one.order === order);
}

function Match({ notice, members }) {
  const [chosen, setChosen] = useState('');
  const [findings, setFindings] = useState([]);
  const open = (event) => {
    event.preventDefault();
    if (chosen) location.hash = `#/dossiers/${chosen}?notice=${notice.notice}`;
    else setFindings([{ detail: t('order.match.which') }]);
  };
  const { kind } = notice;
  // What is taken back is that of several dossiers.
  if (kind && kind !== 'captured') {
    return html`<p>${t('order.match.each', { sum: money(notice.amount_vnd), kind: code('notice', kind) })}</p>`;
  }
  const label = t('order.match.dossier', { sum: money(notice.amount_vnd) });
  return html`<form class="line" onSubmit=${open} noValidate aria-label=${label}>
    <${Field} id=${`match-${notice.position}`} label=${label} required findings=${findings}>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: chosen, onChange: setChosen }}
        options=${members.map(({ dossier, code: name, amount_vnd: amount }) => [dossier, `${name} · ${money(amount)}`])}
        empty=${t('choose')}
      />`}
    <//>
    <button>${t('money.match')}</button>
  </form>`;
}

