// The fee of a dossier: what was paid, what is in doubt, and what waits for a second person.
import { both, code, money, t, time, until } from './i18n.js';
import { html } from './view.js';

const sum = (rows, field) => rows.reduce((total, row) => total + row[field], 0);

export function Payment({ payment }) {
  return html`
    <table>
      <caption class="hidden">${t('fee.title')}</caption>
      <tbody>
        ${(payment.lines ?? []).map(
          (line) => html`<tr key=${line.rule}>
            <th scope="row">${both({ vi: line.name_vi, en: line.name_en })}
              ${line.reason ? html`<small><q>${line.reason}</q></small>` : null}</th>
            <td class="amount">${money(line.charged_vnd)}</td>
          </tr>`,
        )}
        ${[
          ['fee.total', payment.total_vnd],
          ['payment.received', payment.received_vnd],
          ['payment.outstanding', payment.outstanding_vnd],
          ['payment.owed_back', payment.owed_back_vnd],
          ['payment.on_its_way', payment.on_its_way_vnd],
          ['payment.refunded', payment.refunded_vnd],
          ['payment.reversed', sum(payment.attempts, 'reversed_vnd')],
          ['payment.debt', sum(payment.debts ?? [], 'amount_vnd')],
        ]
          .filter(([, amount], at) => at < 3 || amount)
          .map(
            ([key, amount]) => html`<tr key=${key}>
              <th scope="row">${t(key)}</th>
              <td class="amount">${money(amount)}</td>
            </tr>`,
          )}
      </tbody>
    </table>
    ${payment.attempts.map(
      (attempt) => html`<p key=${attempt.payment}>
        ${attempt.provider}: ${money(attempt.amount_vnd)} · ${code('attempt', attempt.state)}
        ${attempt.order ? html` · <a href=${`#/orders/${attempt.order}`}>${t('order.part')}</a>` : null}
        ${(attempt.disputes ?? []).map(
          (one) => html`<br key=${one.dispute} /><b class=${one.outcome ? '' : 'due late'}
              >${code('dispute', one.outcome ?? (one.answered ? 'answered' : 'open'))}</b
            >
            ${one.dispute}: ${money(one.amount_vnd)} · ${time(one.answer_by)}`,
        )}
        ${
          attempt.doubts.length
            ? html`<br /><b class="due late">${t('payment.doubt', {
                captured: money(attempt.captured_vnd),
              })}</b>`
            : null
        }
      </p>`,
    )}
    <${Proposed} kind="resolution" of=${payment.proposed_resolution} amount="captured_vnd" />
    <${Proposed} kind="refund" of=${payment.proposed_refund} amount="amount_vnd" />
    <${Proposed} kind="entry" of=${payment.proposed_entry} amount="amount_vnd" />
    ${(payment.debts ?? []).map(
      (one) => html`<p key=${one.debt}><b class="due">${t('payment.debt')}</b>: ${money(one.amount_vnd)} · ${until(one)}</p>`,
    )}
    <${Sent} refunds=${payment.sent_refunds ?? []} />
    <${Past} payment=${payment} />
  `;
}

// Refunds through the provider that took the money, with what became of each.
function Sent({ refunds }) {
  if (!refunds.length) return null;
  return html`<h3>${t('payment.sent_refunds')}</h3>
    <ul class="rows">
      ${refunds.map(
        (one) => html`<li key=${one.refund}>
          ${one.provider}: ${money(one.amount_vnd)} · <b>${code('sent_refund', one.state)}</b>
          ${one.reason ? html`<q>${one.reason}</q>` : null} ${one.finding ? html`<q>${one.finding}</q>` : null}
          <small>${[time(one.requested_at), one.refunded_at && time(one.refunded_at), one.code, one.transaction].filter(Boolean).join(' · ')}</small>
        </li>`,
      )}
    </ul>`;
}

// What one cashier proposed and a second person decides on.
function Proposed({ kind, of: proposed, amount }) {
  if (!proposed) return null;
  return html`<section class="note" aria-label=${t(`payment.proposed_${kind}`)}>
    <b>${t(`payment.proposed_${kind}`)}</b>: ${money(proposed[amount])}
    ${proposed.proposed_by ? html` · ${proposed.proposed_by}` : null}
    ${proposed.due_at ? html` · ${until(proposed)}` : null}
    ${proposed.reason ? html`<blockquote>${proposed.reason}</blockquote>` : null}
  </section>`;
}

// Resolved discrepancies, refunds and rejected proposals, with their reasons.
function Past({ payment }) {
  const rows = [
    ...(payment.resolutions ?? []).map((one) => ['resolved', one, one.counted_vnd]),
    ...(payment.refunds ?? []).map((one) => ['refunded', one, one.amount_vnd]),
    ...(payment.rejected_proposals ?? []).map((one) => ['rejected', one]),
  ].sort(([, one], [, other]) => one.at.localeCompare(other.at));
  if (!rows.length) return null;
  return html`<ul class="timeline">
    ${rows.map(
      ([kind, one, amount]) => html`<li>
        <time datetime=${one.at}>${time(one.at)}</time>
        <b>${t(`payment.past.${kind}`)}</b> ${amount === undefined ? null : money(amount)}
        ${one.reason ? html`<q>${one.reason}</q>` : null}
      </li>`,
    )}
  </ul>`;
}
