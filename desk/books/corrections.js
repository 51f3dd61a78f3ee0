// Corrections of a book: lines that the statements lack, and reasons for differences. A second person enters
// them.
import { post } from '../api.js';
import { t, time } from '../i18n.js';
import { Act } from '../ministry/act.js';
import { Facts, hasRole } from '../parts.js';
import { session } from '../session.js';
import { html, useState } from '../view.js';
import { Decision } from './closing.js';
import { DifferenceChoice, nameOf } from './difference-choice.js';
import { LineEditor } from './line-editor.js';
import { requestOf } from './lines.js';

// Lines of one correction, as the API limits them.
const LINES_MAX = 20;

export function Corrections({ book, differences, onDone }) {
  const { proposed_corrections: proposed, corrections } = book;
  return html`<h2>${t('corrections')}</h2>
    ${proposed.map((one) => html`<${Proposed} key=${one.correction} ...${{ book, one, differences, onDone }} />`)}
    ${
      corrections.length
        ? html`<ul class="timeline">${corrections.map((one) => html`<${Entered} key=${one.correction} one=${one} />`)}</ul>`
        : null
    }
    ${proposed.length || corrections.length ? null : html`<p>${t('corrections.none')}</p>`}
    ${
      hasRole('cashier')
        ? html`<details>
          <summary>${t('correction.propose')}</summary>
          <${Propose} ...${{ book, differences, onDone }} />
        </details>`
        : null
    }`;
}

// What a correction does: the names of the lines that it adds, and the differences that it explains.
function Proposed({ book, one, differences, onDone }) {
  const isOwn = one.by === session().subject;
  const address = `/v1/payment-books/${encodeURIComponent(book.book)}`;
  const { correction } = one;
  const known = new Map(differences.map((row) => [row.key, nameOf(row)]));
  return html`<section class="note" aria-label=${`${t('correction.waits')}, ${time(one.at)}`}>
    <b>${t('correction.waits')}</b>
    <${Facts}
      rows=${[
        [t('closing.proposed_at'), time(one.at)],
        [t('closing.proposed_by'), one.by],
        [t('correction.lines'), one.lines.join(', ')],
        [t('correction.accepts'), list(one.accepts.map((key) => known.get(key) ?? key))],
        [t('step.field.reason'), one.reason],
      ]}
    />
    <${Decision}
      ...${{ isOwn, of: 'correction', id: `correction-${correction}` }}
      approve=${async (body, key) => {
        await post(`${address}/correction-approvals`, { correction }, { key });
        onDone('correction.done');
      }}
      reject=${async ({ reason }, key) => {
        await post(`${address}/correction-rejections`, { correction, reason }, { key });
        onDone(isOwn ? 'correction.withdrawn' : 'correction.rejected');
      }}
    />
  </section>`;
}

const list = (items) =>
  items.length ? html`<ul>${items.map((one) => html`<li key=${one}>${one}</li>`)}</ul>` : undefined;

const Entered = ({ one }) => html`<li>
  <time datetime=${one.at}>${time(one.at)}</time>
  <b>${t('correction.entered', { by: one.by, proposed: one.proposed_by })}</b>
  ${one.reason ? html`<q>${one.reason}</q>` : null}
  <small>${[...one.lines, ...one.accepts].join(', ')}</small>
</li>`;

function Propose({ book, differences, onDone }) {
  const [lines, setLines] = useState([]);
  const [accepts, setAccepts] = useState([]);
  const send = async (body, key) => {
    await post(`/v1/payment-books/${encodeURIComponent(book.book)}/corrections`, body, { key });
    setLines([]);
    setAccepts([]);
    onDone('correction.was_proposed');
  };
  const reason = { name: 'reason', label: t('step.field.reason'), type: 'text', required: true };
  const more = {
    body: {
      ...(accepts.length ? { accepts } : {}),
      ...(lines.length ? { lines: lines.map(requestOf) } : {}),
    },
    has: (pointer) => /^\/(lines|accepts)\//.test(pointer) || pointer === '/accepts',
    draw: (problem) => html`
      ${differences.length ? html`<${DifferenceChoice} ...${{ book, problem, chosen: accepts, set: setAccepts }} />` : null}
      <${LineEditor} ...${{ lines, setLines, problem, max: LINES_MAX, day: book.day }} />
    `,
  };
  return html`<${Act}
    id="correction"
    title=${t('correction.propose')}
    hint=${t('correction.hint')}
    fields=${[reason]}
    ...${{ send, more }}
  />`;
}
