// The directory of an agency: its units, officers and absences with deputies.
import { post, read } from '../api.js';
import { code, t } from '../i18n.js';
import { Field, hasRole, Loaded, Page, Select } from '../parts.js';
import { session } from '../session.js';
import { html, useLoad } from '../view.js';
import { Absences, period } from './absences.js';
import { Act } from './act.js';
import { useParameters } from './address.js';
import { useAgencies } from './agencies.js';
import { OPERATION, Tabs } from './tabs.js';

const ROLES = ['clerk', 'reviewer', 'approver', 'cashier', 'consultee', 'complaint_handler'];
const ASSIGNMENTS = ['none', 'spread', 'least_load'];

export function People() {
  const [values, set] = useParameters();
  const agencies = useAgencies(session().agency);
  const agency = values.agency ?? session().agency ?? agencies.data?.options[0]?.[0];
  return html`<${Page} title=${t('people')} wide>
    ${hasRole('operator') ? html`<${Tabs} pages=${OPERATION} label="nav.operation" />` : null}
    <${Loaded} of=${agencies}>
      ${({ options, complete }) => html`<${Field} id="agency" label=${t('agency')} required>
        ${(attributes) =>
          complete
            ? html`<${Select} ...${{ attributes, value: agency, options }} onChange=${(one) => set({ agency: one })} />`
            : html`<input ...${attributes} value=${agency} onChange=${(event) => set({ agency: event.target.value })} />`}
      <//>`}
    <//>
    <${Field} id="on" label=${t('people.on')} hint=${t('people.on.hint')}>
      ${(attributes) => html`<input
        type="date"
        ...${attributes}
        value=${values.on ?? ''}
        onChange=${(event) => set({ on: event.target.value })}
      />`}
    <//>
    ${agency ? html`<${Directory} key=${`${agency} ${values.on}`} agency=${agency} on=${values.on} />` : null}
  <//>`;
}

function Directory({ agency, on }) {
  const at = `/v1/directory/${encodeURIComponent(agency)}`;
  const loaded = useLoad(async () => {
    const [units, officers, absences] = await Promise.all([
      read(`${at}/units`, { on }),
      read(`${at}/officers`, { on }),
      read(`${at}/absences`, { from: on }),
    ]);
    return { units: units.body, officers: officers.body, absences: absences.body };
  }, [at, on]);
  return html`<${Loaded} of=${loaded}>
    ${(all) => html`
      <${Units} ...${{ at, ...all, reload: loaded.reload }} />
      <${Officers} ...${{ at, ...all, reload: loaded.reload }} />
      <${Absences} ...${{ at, ...all, reload: loaded.reload }} />
    `}
  <//>`;
}

function Units({ at, units, officers, reload }) {
  return html`<h2 id="units">${t('people.units')}</h2>
    <ul class="rows work">
      ${units.length ? null : html`<li>${t('operation.none')}</li>`}
      ${units.map(
        (one) => html`<li key=${one.unit}>
          <div><b>${one.name}</b><small>${one.unit} · ${period(one)}</small></div>
          <div>${one.head ? t('people.head', { who: one.head }) : null}<small>${one.procedures.join(', ')}</small></div>
          <div>${code('assignment', one.assignment)}</div>
        </li>`,
      )}
    </ul>
    ${
      hasRole('operator')
        ? html`<details>
          <summary>${t('people.unit.record')}</summary>
          <${Act}
            id="unit"
            title=${t('people.unit.record')}
            hint=${t('people.replaces')}
            first=${{ assignment: 'none' }}
            onDone=${reload}
            send=${(body, key) => post(`${at}/units`, body, { key })}
            fields=${[
              { name: 'unit', label: t('people.unit.code'), required: true },
              { name: 'name', label: t('people.name'), required: true },
              {
                name: 'head',
                label: t('people.unit.head'),
                ...(officers.length
                  ? { options: officers.map(({ officer, name }) => [officer, name ?? officer]) }
                  : {}),
              },
              {
                name: 'procedures',
                label: t('nav.procedures'),
                type: 'words',
                hint: t('people.unit.procedures'),
              },
              {
                name: 'assignment',
                label: t('people.assignment'),
                required: true,
                options: ASSIGNMENTS.map((one) => [one, code('assignment', one)]),
              },
              { name: 'from', label: t('people.from'), type: 'date', required: true },
              { name: 'to', label: t('people.to'), type: 'date' },
            ]}
          />
        </details>`
        : null
    }`;
}

function Officers({ at, units, officers, reload }) {
  return html`<h2 id="officers">${t('people.officers')}</h2>
    <ul class="rows work">
      ${officers.length ? null : html`<li>${t('operation.none')}</li>`}
      ${officers.map(
        (one) => html`<li key=${one.officer}>
          <div><b>${one.name ?? one.officer}</b><small>${one.officer} · ${one.unit} · ${period(one)}</small></div>
          <div>${one.roles.map((role) => code('role', role)).join(', ')}</div>
          <div>
            ${one.absence ? html`<span class="due soon">${t('people.absent', { period: period(one.absence) })}</span>` : null}
            ${one.absence?.deputy ? html`<small>${t('people.deputy', { who: one.absence.deputy })}</small>` : null}
          </div>
        </li>`,
      )}
    </ul>
    ${
      hasRole('operator')
        ? html`<details>
          <summary>${t('people.officer.record')}</summary>
          <${Act}
            id="officer"
            title=${t('people.officer.record')}
            hint=${t('people.no_access')}
            onDone=${reload}
            send=${(body, key) => post(`${at}/officers`, body, { key })}
            fields=${[
              { name: 'officer', label: t('people.subject'), required: true },
              { name: 'name', label: t('people.name'), required: true },
              {
                name: 'unit',
                label: t('people.unit.code'),
                required: true,
                ...(units.length ? { options: units.map(({ unit, name }) => [unit, name]) } : {}),
              },
              { name: 'from', label: t('people.from'), type: 'date', required: true },
              { name: 'to', label: t('people.to'), type: 'date' },
              {
                name: 'roles',
                label: t('people.roles'),
                type: 'many',
                required: true,
                options: ROLES.map((one) => [one, code('role', one)]),
              },
            ]}
          />
        </details>`
        : null
    }`;
}
