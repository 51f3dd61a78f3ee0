// My work: open tasks of the officer's roles, those that are due first on top; several of them can be
// done at once.
import { both, code, has, t, until } from '../i18n.js';
import { Field, hasRole, Loaded, More, Page, Remaining, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useState } from '../view.js';
import { Bulk, Chooser, isForBulk, keyOf } from './bulk.js';

const WHOSE = ['', 'me', 'none'];

// `kinds` are the kinds of tasks that were seen, which can be filtered by.
export function Work() {
  const [filters, setFilters] = useState({});
  const [chosen, setChosen] = useState([]);
  const [kinds, setKinds] = useState(new Map());
  const found = usePages('/v1/register/work', filters, [JSON.stringify(filters)]);
  const set = (name) => (value) => {
    for (const { task } of found.data ?? []) kinds.set(task.kind, both(task.title));
    setKinds(new Map(kinds));
    setChosen([]);
    setFilters({ ...filters, [name]: value || undefined });
  };
  const shownKinds = new Map(kinds);
  for (const { task } of found.data ?? []) shownKinds.set(task.kind, both(task.title));
  const filter = (name, label, options) => html`<${Field} id=${name} label=${label} required>
    ${(attributes) => html`<${Select}
      ...${{ attributes, options, value: filters[name] ?? '', onChange: set(name) }}
    />`}
  <//>`;
  const choose = (rows, is) => {
    const keys = rows.map(keyOf);
    const others = chosen.filter((one) => !keys.includes(one));
    setChosen(is ? [...others, ...keys] : others);
  };
  const done = location.hash.split('?done=')[1];
  return html`<${Page} title=${t('nav.work')} wide>
    <div role="status">${has(`done.${done}`) ? html`<p class="done">${t(`done.${done}`)}</p>` : null}</div>
    <div class="line">
      ${filter(
        'officer',
        t('work.whose'),
        WHOSE.map((one) => [one, t(`work.whose.${one || 'all'}`)]),
      )}
      ${filter('kind', t('work.kind'), [['', t('all')], ...shownKinds])}
      ${filter('missed', t('work.missed'), [
        ['', t('all')],
        ['true', t('work.only_missed')],
      ])}
      ${
        hasRole('approver')
          ? filter('role', t('work.role'), [
              ['', t('work.role.mine')],
              ['reviewer', t('work.role.reviewer')],
            ])
          : null
      }
    </div>
    <${Loaded} of=${found}>
      ${(rows) => {
        const able = rows.filter(isForBulk);
        const isChosen = (row) => chosen.includes(keyOf(row));
        const all = able.length > 0 && able.every(isChosen);
        return html`
          <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
          ${
            able.length
              ? html`<label class="check">
                <input type="checkbox" checked=${all} onChange=${(event) => choose(able, event.target.checked)} />
                ${t('bulk.all')}
              </label>`
              : null
          }
          <ul class="rows work chosen">
            ${rows.map(
              (row) => html`<${Row} key=${keyOf(row)} row=${row}>
                ${
                  isForBulk(row)
                    ? html`<${Chooser} row=${row} chosen=${isChosen(row)} onChange=${(is) => choose([row], is)} />`
                    : html`<span class="choose"></span>`
                }
              <//>`,
            )}
          </ul>
          <${More} next=${found.next} load=${found.more} />
          ${
            hasRole('clerk', 'reviewer', 'approver')
              ? html`<${Bulk}
                rows=${rows.filter(isChosen)}
                onTaken=${(keys) => setChosen(chosen.filter((one) => !keys.includes(one)))}
              />`
              : null
          }
        `;
      }}
    <//>
  <//>`;
}

const Row = ({ row: { task, dossier, remaining_s: seconds }, children }) => html`<li>
  ${children}
  <div>
    <b>${both(task.title)}</b>
    <small>${task.officer ?? t('work.nobody')} · ${code('waiting', task.waiting_on)}</small>
  </div>
  <div>
    <${Remaining} seconds=${seconds} missed=${task.missed} suspended=${dossier.suspended && !task.due_at} />
    ${task.due_at ? html`<small>${until(task)}</small>` : null}
  </div>
  <div>
    <a href=${`#/dossiers/${dossier.id}`}>${dossier.code}</a>
    <small>
      ${[both(dossier.procedure_name) || dossier.procedure, dossier.applicant_name].filter(Boolean).join(' · ')}
    </small>
  </div>
</li>`;
