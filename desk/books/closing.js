// The closing of a book: a cashier proposes it, a second person approves or rejects it.
import { post } from '../api.js';
import { money, t, time } from '../i18n.js';
import { Act } from '../ministry/act.js';
import { Facts, hasRole } from '../parts.js';
import { session } from '../session.js';
import { html } from '../view.js';
import { expectedOf, signed, Sums } from './sums.js';

const SIGNERS = ['cashier', 'approver'];

export function Closing({ book, isTill, onDone }) {
  const { closed, proposed_closing: proposed } = book;
  return html`<section aria-labelledby="closing">
    <h2 id="closing">${t('closing')}</h2>
    ${closed ? html`<${Closed} ...${{ book, closed, isTill }} />` : null}
    ${proposed ? html`<${Proposed} ...${{ book, proposed, isTill, onDone }} />` : null}
    ${closed || proposed ? null : html`<${Propose} ...${{ book, isTill, onDone }} />`}
  </section>`;
}

// The counted cash of a till, and how much it is more or less than it should be.
const countedOf = ({ totals, counted_vnd: counted }) =>
  counted === undefined || counted === null
    ? []
    : [
        [t('closing.expected'), money(expectedOf(totals))],
        [t('closing.counted'), money(counted)],
        [t('closing.difference'), signed(counted - expectedOf(totals))],
      ];

function Closed({ book, closed, isTill }) {
  const isSame = JSON.stringify(closed.totals) === JSON.stringify(book.totals);
  return html`<${Facts}
      rows=${[
        [t('closing.closed_at'), time(closed.at)],
        [t('closing.proposed_by'), closed.proposed_by],
        [t('closing.approved_by'), closed.by],
        ...countedOf(closed),
        [t('step.field.reason'), closed.reason],
      ]}
    />
    ${
      isSame
        ? null
        : html`<details>
          <summary>${t('closing.sums_then')}</summary>
          <${Sums} totals=${closed.totals} isTill=${isTill} caption=${t('closing.sums_then')} />
        </details>`
    }`;
}

function Proposed({ book, proposed, isTill, onDone }) {
  const isOwn = proposed.by === session().subject;
  const hasChanged = JSON.stringify(proposed.totals) !== JSON.stringify(book.totals);
  const address = `/v1/payment-books/${encodeURIComponent(book.book)}`;
  return html`<div class="note">
      <b>${t('closing.waits')}</b>
      <${Facts}
        rows=${[
          [t('closing.proposed_at'), time(proposed.at)],
          [t('closing.proposed_by'), proposed.by],
          ...countedOf(proposed),
          [t('step.field.reason'), proposed.reason],
        ]}
      />
      ${hasChanged ? html`<p class="due late">${t('closing.changed')}</p>` : null}
    </div>
    ${
      hasChanged
        ? html`<details>
          <summary>${t('closing.sums_proposed')}</summary>
          <${Sums} totals=${proposed.totals} isTill=${isTill} caption=${t('closing.sums_proposed')} />
        </details>`
        : null
    }
    <${Decision}
      ...${{ isOwn, of: 'closing' }}
      approve=${async (body, key) => {
        await post(`${address}/closing-approvals`, { closing: proposed.closing }, { key });
        onDone('closing.done');
      }}
      reject=${async ({ reason }, key) => {
        await post(`${address}/closing-rejections`, { closing: proposed.closing, reason }, { key });
        onDone(isOwn ? 'closing.withdrawn' : 'closing.rejected');
      }}
    />`;
}

// The decision of a second person; nobody approves their own proposal, which they may withdraw.
export function Decision({ isOwn, of, id = of, approve, reject }) {
  if (!hasRole(...SIGNERS)) return null;
  const title = t(isOwn ? `${of}.withdraw` : `${of}.reject`);
  return html`
    ${isOwn ? html`<p class="hint">${t('books.own')}</p>` : html`<${Act} id=${`${id}-approve`} title=${t(`${of}.approve`)} fields=${[]} send=${approve} />`}
    <details>
      <summary>${title}</summary>
      <${Act}
        id=${`${id}-reject`}
        title=${title}
        send=${reject}
        fields=${[{ name: 'reason', label: t('step.field.reason'), type: 'text', required: true }]}
      />
    </details>
  `;
}

function Propose({ book, isTill, onDone }) {
  if (!hasRole('cashier')) return html`<p>${t('closing.none')}</p>`;
  const { totals } = book;
  const send = async (body, key) => {
    await post(`/v1/payment-books/${encodeURIComponent(book.book)}/closings`, body, { key });
    onDone('closing.was_proposed');
  };
  const reason = {
    name: 'reason',
    label: t('closing.reason'),
    type: 'text',
    required: !isTill && totals.open_differences > 0,
  };
  const counted = { name: 'counted_vnd', label: t('closing.counted_vnd'), type: 'amount', required: true };
  return html`
    ${isTill ? html`<${Facts} rows=${[[t('closing.expected'), money(expectedOf(totals))]]} />` : null}
    <${Act}
      id="closing"
      title=${t('closing.propose')}
      hint=${t(isTill ? 'closing.hint.till' : 'closing.hint')}
      send=${send}
      fields=${isTill ? [counted, reason] : [reason]}
    />
  `;
}
