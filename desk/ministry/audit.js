// For auditors: who read what of a dossier and of a person, and where the log is.
import { read } from '../api.js';
import { code, day, number, t, time } from '../i18n.js';
import { Facts, Loaded, Page, SearchBox } from '../parts.js';
import { html, useLoad, useState } from '../view.js';
import { addressed, useParameters } from './address.js';
import { AUDIT, Tabs } from './tabs.js';

// Dossiers whose reads are put together, and reads of each. More are on the page of each dossier.
const DOSSIERS_MAX = 20;
const READS_MAX = 100;
const READS_SHOWN = 50;

export function Audit() {
  const [values, set] = useParameters();
  const [short, setShort] = useState([]);
  const search = (words) => {
    const isShort = words.length === 1;
    setShort(isShort ? [{ detail: t('search.short') }] : []);
    if (!isShort) set({ q: words });
  };
  return html`<${Page} title=${t('audit.reads')} wide>
    <${Tabs} pages=${AUDIT} label="nav.audit" />
    <${Log} />
    <${SearchBox}
      ...${{ label: t('search.words'), hint: t('audit.hint'), findings: short }}
      ...${{ initial: values.q, onSearch: search }}
    />
    ${values.q ? html`<${Reads} key=${values.q} q=${values.q} /> ` : null}
  <//>`;
}

// The position of the log that the figures reflect, and its head.
function Log() {
  const loaded = useLoad(async () => {
    const [ready, figures] = await Promise.all([
      read('/health/ready'),
      read('/v1/register/statistics'),
    ]);
    return { head: ready.body.head, ...figures.body.coverage };
  }, []);
  return html`<${Loaded} of=${loaded}>
    ${(log) => html`<${Facts}
      rows=${[
        [t('operation.events'), number(log.head)],
        [t('audit.position'), number(log.position)],
        [t('audit.recorded'), log.recorded_at && time(log.recorded_at)],
      ]}
    />`}
  <//>`;
}

async function readsOf(q) {
  const dossiers = await read('/v1/register/dossiers', { q, limit: DOSSIERS_MAX });
  const all = await Promise.all(
    dossiers.body.map(async ({ id, code: name }) => {
      const page = await read(`/v1/register/dossiers/${id}/reads`, { limit: READS_MAX });
      return {
        rows: page.body.map((row) => ({ ...row, id, code: name })),
        more: Boolean(page.next),
      };
    }),
  );
  const rows = all.flatMap((one) => one.rows).sort((a, b) => (a.at < b.at ? 1 : -1));
  return {
    rows,
    dossiers: dossiers.body,
    complete: !dossiers.next && !all.some((one) => one.more),
  };
}

function Reads({ q }) {
  const [shown, setShown] = useState(READS_SHOWN);
  const loaded = useLoad(() => readsOf(q), [q]);
  return html`<${Loaded} of=${loaded}>
    ${({ rows, dossiers, complete }) => html`
      <p role="status">
        ${t('audit.found', { n: number(rows.length), of: number(dossiers.length) })}
        ${complete ? null : html` ${t('audit.some')}`}
      </p>
      <${ByReader} rows=${rows} />
      <h2>${t('audit.each')}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label=${t('audit.each')}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">${t('audit.at')}</th>
              <th scope="col">${t('audit.who')}</th>
              <th scope="col">${t('audit.role')}</th>
              <th scope="col">${t('audit.operation')}</th>
              <th scope="col">${t('dossier.code')}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.slice(0, shown).map(
              (row, at) => html`<tr key=${at}>
                <td>${time(row.at)}</td>
                <th scope="row">${row.subject ?? '–'}</th>
                <td>${code('role', row.role)}${row.agency ? ` · ${row.agency}` : ''}</td>
                <td>${code('read', row.operation)} <small><code>${row.operation}</code></small></td>
                <td><a href=${`#/dossiers/${row.id}`}>${row.code}</a></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${
        rows.length > shown
          ? html`<button type="button" class="more" onClick=${() => setShown(shown + READS_SHOWN)}>${t('more')}</button>`
          : null
      }
    `}
  <//>`;
}

// How often each person read, and when last.
function ByReader({ rows }) {
  const people = new Map();
  for (const { subject = '–', at } of rows) {
    const one = people.get(subject) ?? { times: 0, last: at };
    people.set(subject, { times: one.times + 1, last: one.last > at ? one.last : at });
  }
  const sorted = [...people].sort(([, a], [, b]) => b.times - a.times);
  if (!sorted.length) return null;
  return html`<ul class="rows work">
    ${sorted.map(
      ([who, { times, last }]) => html`<li key=${who}>
        <a href=${`#/audit/readers?${addressed({ reader: who })}`}>${who}</a>
        <span>${t('audit.times', { n: number(times) })}</span>
        <span>${t('audit.last', { at: day(last) })}</span>
      </li>`,
    )}
  </ul>`;
}
