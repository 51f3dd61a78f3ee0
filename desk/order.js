// A payment order: how its payer goes on, what became of it, and of the part of each dossier; it is followed until all
// parts are settled.
import { newKey, post, read, readEach } from './api.js';
import { useFollowed, Way } from './citizen/pay.js';
import { SandboxBank } from './demo.js';
import { code, money, t, time } from './i18n.js';
import { Doubts, Members } from './order-parts.js';
import { Action, Facts, hasRole, Loaded, Page, ProblemBox } from './parts.js';
import { html, outdate, useLoad, useRef, useState } from './view.js';

const UNDER_WAY = ['joining', 'open'];
// The parts follow within a moment; what has not come by then is a matter of the cashier.
const SETTLED_EVERY_MS = 500;
const SETTLED_MAX = 20;

export function Order({ id, settings }) {
  const loaded = useLoad(() => load(id), [id]);
  return html`<${Loaded} of=${loaded}>
    ${(all) => html`<${Shown} ...${{ ...all, settings }} reload=${loaded.reload} />`}
  <//>`;
}

// The order, and the payments of its dossiers by their ids. A sum that was paid is divided a moment later.
async function load(id) {
  const { body: order } = await read(`/v1/payment-orders/${id}`);
  let payments = {};
  const keep = (some) => {
    payments = { ...payments, ...some };
  };
  let open = order.members;
  for (let tried = 0; open.length && tried < SETTLED_MAX; tried += 1) {
    if (tried) await new Promise((resolve) => setTimeout(resolve, SETTLED_EVERY_MS));
    await readEach(open.map(({ dossier }) => dossier), (one) => `/v1/payments/${one}`, keep);
    open = open.filter((member) => !isAnswered(order.state, payments[member.dossier], member));
  }
  return { order, payments };
}

// Whether the part of a dossier is as its order is; also if it cannot be read.
function isAnswered(state, payment, member) {
  const attempt = payment?.attempts.find((one) => one.payment === member.payment);
  if (!attempt) return true;
  if (state === 'paid') return attempt.captured_vnd > 0;
  return UNDER_WAY.includes(state) || !['started', 'unknown'].includes(attempt.state);
}

const stateOf = ({ state, next_url: url, qr, doubts }) => JSON.stringify([state, url, qr, doubts.length]);

function Shown({ order, payments, settings, reload }) {
  const { order: id, state, total_vnd: total, members } = order;
  const isOpen = state === 'open';
  useFollowed(UNDER_WAY.includes(state) && `/v1/payment-orders/${id}`, order, stateOf, reload);
  const changed = members.find(({ dossier }) => dossier === order.changed_dossier);
  const sandboxed = { ...order, payment: id, amount_vnd: total, state: 'started', order: undefined };
  return html`<${Page} title=${t('order')} wide>
    <div role="status">
      ${state === 'paid' ? html`<p class="done">${t('order.paid', { sum: money(total), n: members.length })}</p>` : null}
    </div>
    <${Facts}
      rows=${[
        [t('order.state'), html`<b>${code('order.state', state)}</b>`],
        [t('fee.total'), money(total)],
        [t('step.field.provider'), order.provider],
        [t('order.reference'), html`<code>${order.short_reference}</code>`],
        [t('order.payer'), order.payer],
        [t('agency'), order.agency],
        [t('order.expires'), UNDER_WAY.includes(state) ? time(order.expires_at) : undefined],
        [t('order.paid_at'), order.paid_at && time(order.paid_at)],
      ]}
    />
    ${state === 'joining' ? html`<p class="note">${t('order.joining')}</p>` : null}
    ${
      changed
        ? html`<p class="note">${t('order.changed', { code: changed.code })}</p>`
        : null
    }
    ${isOpen && hasRole('applicant') ? html`<h2>${t('order.pay')}</h2>
          <${Way} attempt=${{ ...order, amount_vnd: total }} />` : null}
    ${
      isOpen && settings.sign_in === 'demo' && hasRole('applicant')
        ? html`<${SandboxBank} payment=${{ attempts: [sandboxed] }} onDone=${reload} />`
        : null
    }
    <${Doubts} ...${{ order }} />
    <h2>${t('order.members')}</h2>
    <${Members} ...${{ members, payments }} />
    ${UNDER_WAY.includes(state) && hasRole('applicant', 'cashier') ? html`<${Cancel} id=${id} />` : null}
    ${
      ['not_opened', 'cancelled', 'failed', 'expired'].includes(state) && hasRole('applicant')
        ? html`<p>${t('order.free')} <a class="button" href="#/pay">${t('order.again')}</a></p>`
        : null
    }
  <//>`;
}

// Its dossiers can be paid otherwise then.
function Cancel({ id }) {
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const send = async () => {
    setProblem(undefined);
    try {
      await post(`/v1/payment-orders/${id}/cancellation`, {}, { key: key.current });
      outdate();
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) key.current = newKey();
    }
  };
  return html`<details>
    <summary>${t('order.cancel.why')}</summary>
    <p>${t('order.cancel.text')}</p>
    <${Action} label=${t('order.cancel')} onClick=${send} />
    <${ProblemBox} problem=${problem} />
  </details>`;
}
