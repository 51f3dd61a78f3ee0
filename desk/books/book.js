// An account on a day: its sums, its closing by two persons, its differences, corrections and lines.
import { read } from '../api.js';
import { code, day, t, time } from '../i18n.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Facts, hasRole, Loaded, Page } from '../parts.js';
import { html, outdate, useLoad, useState } from '../view.js';
import { Closing } from './closing.js';
import { Corrections } from './corrections.js';
import { DifferenceRows } from './differences.js';
import { BookLines } from './book-lines.js';
import { bookName, bookOf, differencesAt, TILL } from './names.js';
import { Sums } from './sums.js';

// The view of the books follows the log within a moment; then the page is loaded again.
const VIEW_MS = 1_000;
// More differences are on the page of differences.
const DIFFERENCES_MAX = 100;

async function loadBook(id) {
  const { agency, account, day: of } = bookOf(id);
  const [book, differences] = await Promise.all([
    read(`/v1/payment-books/${encodeURIComponent(id)}`),
    read('/v1/payment-differences', { agency, account, day: of, limit: DIFFERENCES_MAX }),
  ]);
  return { book: book.body, differences: differences.body, more: Boolean(differences.next) };
}

export function Book({ id }) {
  const [done, setDone] = useState();
  const loaded = useLoad(() => loadBook(id), [id]);
  const onDone = (key) => {
    setDone(key);
    outdate();
    setTimeout(outdate, VIEW_MS);
  };
  return html`<${Page} title=${bookName(bookOf(id))} wide>
    <${Tabs} pages=${MONEY} label="nav.money" />
    <div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Loaded} of=${loaded}>${(data) => html`<${Shown} ...${data} onDone=${onDone} />`}<//>
  <//>`;
}

function Shown({ book, differences, more, onDone }) {
  const isTill = book.account === TILL;
  const props = { book, isTill, onDone };
  return html`
    <${Facts}
      rows=${[
        [t('money.day'), day(book.day)],
        [t('agency'), book.agency],
        [t('books.stage'), html`<span class=${`stage ${book.stage}`}>${code('books.stage', book.stage)}</span>`],
        [
          t('differences'),
          book.totals.open_differences
            ? html`<a class="due late" href=${differencesAt(book)}>${t('books.open_differences', { n: book.totals.open_differences })}</a>`
            : undefined,
        ],
      ]}
    />
    <div class="columns">
      <div>
        <h2>${t('books.sums')}</h2>
        <${Sums} totals=${book.totals} isTill=${isTill} caption=${t('books.sums')} />
      </div>
      <${Closing} ...${props} />
    </div>
    ${
      differences.length
        ? html`<h2>${t('differences')}</h2>
          <${DifferenceRows} rows=${differences} isOfBook />
          ${more ? html`<p><a href=${differencesAt(book)}>${t('more')}</a></p>` : null}`
        : null
    }
    <${Corrections} ...${{ ...props, differences }} />
    ${hasRole('cashier', 'approver', 'auditor') && (!isTill || book.totals.lines) ? html`<${BookLines} book=${book.book} />` : null}
    <${Rejections} rows=${book.rejections} />
  `;
}

function Rejections({ rows }) {
  if (!rows.length) return null;
  return html`<h2>${t('books.rejections')}</h2>
    <ul class="timeline">
      ${rows.map(
        (one) => html`<li key=${`${one.proposal} ${one.at}`}>
          <time datetime=${one.at}>${time(one.at)}</time> ${one.by} ${one.reason ? html`<q>${one.reason}</q>` : null}
        </li>`,
      )}
    </ul>`;
}
