// Lines of a statement that are typed one by one or read from a list, with the findings at each.
import { rowsOf, textOf } from '../citizen/sheet.js';
import { code, money, number, t, time } from '../i18n.js';
import { amountOf } from '../numbers.js';
import { Action, Field, Select } from '../parts.js';
import { save } from '../uploads.js';
import { html, useMemo, useState } from '../view.js';
import { bookedAt, COLUMNS, KINDS, linesOf, requestOf, sumsOf } from './lines.js';

// Lines that are shown; of more, those with findings as well.
const SHOWN_MAX = 100;

const firstLine = (day) => ({ kind: 'received', booked_at: day ? `${day}T00:00` : '' });

// `lines` are as they were typed; `max` of them may be sent. `day` is that of the book, if there is one.
export function LineEditor({ lines, setLines, problem, max, day, withList }) {
  const [draft, setDraft] = useState(() => firstLine(day));
  // The line that is being changed, with the new one that was begun before.
  const [editing, setEditing] = useState();
  const [missing, setMissing] = useState([]);
  const [refused, setRefused] = useState();
  // Those of the lines that were sent: one that is changed afterwards is another line.
  const findings = useMemo(() => findingsOf(problem, lines), [problem]);
  const isWhole = () => {
    const lacking = COLUMNS.filter(([name, required]) => required && !draft[name]?.trim());
    setMissing(lacking.map(([name]) => name));
    return !lacking.length;
  };
  const add = async () => {
    if (!isWhole()) return;
    if (editing) {
      setLines(lines.map((line, at) => (at === editing.at ? draft : line)));
      setDraft(editing.begun);
      setEditing(undefined);
      return;
    }
    setLines([...lines, draft]);
    // Lines of a statement are often of the same kind and day.
    setDraft({ kind: draft.kind, booked_at: draft.booked_at });
  };
  const remove = (at) => {
    setLines(lines.filter((_, other) => other !== at));
    if (editing && at < editing.at) setEditing({ ...editing, at: editing.at - 1 });
    if (editing?.at === at) {
      setDraft(editing.begun);
      setEditing(undefined);
    }
  };
  const edit = (at) => {
    setEditing({ at, begun: editing?.begun ?? draft });
    setDraft(lines[at]);
  };
  const choose = async (file) => {
    setRefused(undefined);
    if (!file) return;
    const { lines: found, unknown, missing: lacking } = linesOf(rowsOf(await file.text()));
    if (unknown.length) setRefused(t('batch.unknown', { columns: unknown.join(', ') }));
    else if (lacking.length) setRefused(t('lines.lacking', { columns: lacking.join(', ') }));
    else if (!found.length) setRefused(t('batch.empty'));
    else if (lines.length + found.length > max) setRefused(t('lines.too_many', { n: number(max) }));
    else setLines([...lines, ...found]);
  };
  const set = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
  return html`
    ${withList ? html`<${List} ...${{ choose, refused }} />` : null}
    <fieldset>
      <legend>${t('lines.one')}</legend>
      <div class="line">
        ${COLUMNS.map(
          ([name, required]) => html`<${One}
            key=${name}
            ...${{ name, required, value: draft[name] ?? '', set: set(name) }}
            findings=${missing.includes(name) ? [{ detail: t('books.required') }] : []}
          />`,
        )}
      </div>
      ${
        editing || lines.length < max
          ? html`<${Action} label=${t(editing ? 'lines.replace' : 'lines.add')} onClick=${add} />`
          : html`<p class="hint">${t('lines.too_many', { n: number(max) })}</p>`
      }
    </fieldset>
    ${lines.length ? html`<${Rows} ...${{ lines, findings, edit, remove }} />` : null}
  `;
}

// Findings by the line that was sent.
function findingsOf(problem, lines) {
  const found = new Map();
  for (const { pointer = '', detail } of problem?.errors ?? []) {
    const [, place, field] = /^\/lines\/(\d+)(?:\/(\w+))?/.exec(pointer) ?? [];
    if (place === undefined) continue;
    const text = field ? `${t(`line.${field}`)}: ${detail}` : detail;
    const line = lines[Number(place)];
    found.set(line, [...(found.get(line) ?? []), text]);
  }
  return found;
}

function List({ choose, refused }) {
  const get = async () =>
    save(new Blob([textOf([COLUMNS.map(([name]) => name)])], { type: 'text/csv' }), 'statement.csv');
  return html`<${Field} id="lines-list" label=${t('lines.list')} hint=${t('lines.list.hint', { kinds: KINDS.join(', ') })} findings=${refused ? [{ detail: refused }] : []}>
      ${(attributes) => html`<input
        type="file"
        accept=".csv,text/csv,text/plain"
        ...${attributes}
        onChange=${(event) => {
          const [file] = event.target.files;
          // The same file may be chosen again after it was corrected.
          choose(file).finally(() => (event.target.value = ''));
        }}
      />`}
    <//>
    <p><${Action} className="quiet" label=${t('batch.template')} onClick=${get} /></p>`;
}

function One({ name, required, value, set, findings }) {
  const id = `line-${name}`;
  return html`<${Field} ...${{ id, label: t(`line.${name}`), required, findings }}>
    ${(attributes) => {
      if (name === 'kind') {
        const options = KINDS.map((one) => [one, code('line.kind', one)]);
        return html`<${Select} ...${{ attributes, value, options, onChange: set }} />`;
      }
      const onInput = (event) => set(event.target.value);
      const type = name === 'booked_at' ? 'datetime-local' : 'text';
      const mode = name.endsWith('_vnd') ? 'numeric' : undefined;
      // A line that was edited may have come from a list.
      const shown = type === 'text' ? value : inVietnam(value);
      return html`<input ...${{ ...attributes, type, inputmode: mode, value: shown, onInput, autocomplete: 'off' }} />`;
    }}
  <//>`;
}

function Rows({ lines, findings, edit, remove }) {
  const { came, went } = sumsOf(lines);
  const rows = lines
    .map((line, at) => ({ line, at, found: findings.get(line) ?? [] }))
    .filter(({ at, found }) => at < SHOWN_MAX || found.length);
  return html`<p role="status">${t('lines.sums', { n: number(lines.length), came: money(came), went: money(went) })}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${t('lines.entered')}>
      <table class="list outcomes">
        <thead>
          <tr>
            <th scope="col">${t('line.event')}</th>
            <th scope="col">${t('line.kind')}</th>
            <th scope="col">${t('line.booked_at')}</th>
            <th scope="col">${t('line.reference')}</th>
            <th scope="col" class="amount">${t('line.amount_vnd')}</th>
            <th scope="col"><span class="hidden">${t('lines.change')}</span></th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ line, at, found }) => html`<tr key=${at} class=${found.length ? 'refused' : ''}>
              <th scope="row">
                ${line.event}
                ${found.length ? html`<ul class="errors">${found.map((one) => html`<li>${one}</li>`)}</ul>` : null}
              </th>
              <td>${code('line.kind', requestOf(line).kind)}</td>
              <td>${shownTime(line.booked_at)}</td>
              <td class="long">${line.reference || line.memo}</td>
              <td class="amount">${shownAmount(line.amount_vnd)}</td>
              <td>
                <${Change} key="edit" does=${t('lines.edit')} ...${{ line, act: () => edit(at) }} />
                <${Change} key="remove" does=${t('lines.remove')} ...${{ line, act: () => remove(at) }} />
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length < lines.length ? html`<p class="hint">${t('lines.more', { n: number(lines.length - rows.length) })}</p>` : null}`;
}

// The name of the line is for screen readers; others see it in the row.
const Change = ({ does, line, act }) => html`<button type="button" class="quiet" onClick=${act}>
  ${does}<span class="hidden"> ${line.event}</span>
</button>`;

// The time at UTC+7, as an input for time has it.
const inVietnam = (text) => {
  const instant = Date.parse(bookedAt(text));
  return Number.isNaN(instant) ? '' : new Date(instant + 7 * 3600e3).toISOString().slice(0, 16);
};

const shownTime = (text = '') => {
  const instant = bookedAt(text);
  return Number.isNaN(Date.parse(instant)) ? text : time(instant);
};

const shownAmount = (text) => {
  const amount = amountOf(text ?? '');
  return amount === undefined ? text : money(amount);
};
