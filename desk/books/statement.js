// A statement of a bank, or a settlement file of a provider: its lines are sent, and what was recorded
// is shown by day.
import { post } from '../api.js';
import { day, money, number, t } from '../i18n.js';
import { Act } from '../ministry/act.js';
import { agencyField, useAgencies } from '../ministry/agencies.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Page } from '../parts.js';
import { session } from '../session.js';
import { html, useState } from '../view.js';
import { LineEditor } from './line-editor.js';
import { requestOf } from './lines.js';
import { addressOf } from './names.js';

// Lines of one request, as the API limits them, and in fewer bytes than it takes.
const LINES_MAX = 1_000;
const BYTES_MAX = 400_000;
// Lines that a browser shows and sends at once.
const STATEMENT_MAX = 10_000;

export function Statement() {
  const [lines, setLines] = useState([]);
  const [imported, setImported] = useState();
  const { agency } = session();
  // Requests of one statement have keys of their own, the same ones if it is sent again.
  const send = async ({ lines: all, ...of }, key) => {
    setImported(undefined);
    const days = new Map();
    for (const [at, part] of partsOf(all ?? []).entries()) {
      const reply = await sent({ ...of, lines: part.lines }, part.from, `${key}-${at}`);
      for (const one of reply) days.set(one.book, plus(days.get(one.book), one));
      setImported([...days.values()]);
    }
    setLines([]);
  };
  const more = {
    body: { lines: lines.map(requestOf) },
    has: (pointer) => pointer.startsWith('/lines/'),
    draw: (problem) => html`<${LineEditor} ...${{ lines, setLines, problem, max: STATEMENT_MAX }} withList />`,
  };
  const account = {
    name: 'account',
    label: t('books.account'),
    hint: t('statements.account'),
    type: 'line',
    required: true,
  };
  return html`<${Page} title=${t('statements')} wide>
    <${Tabs} pages=${MONEY} label="nav.money" />
    <p class="hint">${t('statements.text')}</p>
    <div role="status">${imported ? html`<${Imported} days=${imported} />` : null}</div>
    ${
      agency
        ? html`<${Act} id="statement" title=${t('statements.send')} fields=${[account]} ...${{ send, more }} />`
        : html`<${OfAgency} ...${{ account, send, more }} />`
    }
  <//>`;
}

// An operator without an agency names it.
function OfAgency({ account, send, more }) {
  const agencies = useAgencies();
  const of = agencyField(agencies, { name: 'agency', label: t('agency'), required: true });
  return html`<${Act} id="statement" title=${t('statements.send')} fields=${[of, account]} ...${{ send, more }} />`;
}

// Sends a part; findings are at the places that the lines have in the statement.
async function sent(body, from, key) {
  try {
    return (await post('/v1/payment-statements', body, { key })).body;
  } catch (problem) {
    for (const finding of problem.errors ?? [])
      finding.pointer = finding.pointer?.replace(/^\/lines\/(\d+)/, (_, at) => `/lines/${Number(at) + from}`);
    throw problem;
  }
}

// Lines in as many requests as they need, each with the place of its first one. An empty statement is a
// request too: the server finds fault with it.
function partsOf(lines) {
  const parts = [{ from: 0, lines: [] }];
  let bytes = 0;
  for (const [at, line] of lines.entries()) {
    const size = new Blob([JSON.stringify(line)]).size;
    if (parts.at(-1).lines.length === LINES_MAX || bytes + size > BYTES_MAX) {
      parts.push({ from: at, lines: [] });
      bytes = 0;
    }
    parts.at(-1).lines.push(line);
    bytes += size;
  }
  return parts;
}

function plus(before, one) {
  const sums = ['lines', 'new_lines', 'in_vnd', 'out_vnd'];
  return before ? { ...one, ...Object.fromEntries(sums.map((name) => [name, before[name] + one[name]])) } : one;
}

// What was recorded, by day, with the book of each.
export const Imported = ({ days }) => html`<div class="done">
  <h2 id="imported">${t('statements.recorded')}</h2>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="imported">
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${t('money.day')}</th>
          ${['lines', 'new', 'in', 'out'].map((one) => html`<th scope="col" class="amount" key=${one}>${t(`statements.${one}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${days.map(
          (one) => html`<tr key=${one.book}>
            <th scope="row"><a href=${addressOf(one.book)}>${day(one.day)}</a></th>
            <td class="amount">${number(one.lines)}</td>
            <td class="amount">${number(one.new_lines)}</td>
            <td class="amount">${money(one.in_vnd)}</td>
            <td class="amount">${money(one.out_vnd)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>
</div>`;
