// Find dossiers: by words, by code, and by where they are.
import { readIfAny } from '../api.js';
import { both, code, t, time, until } from '../i18n.js';
import { Field, hasRole, Loaded, More, Page, Remaining, SearchBox, Select, Stage } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useState } from '../view.js';

const STAGES = ['submitted', 'processing', 'decided', 'refused', 'withdrawn', 'closed'];
const WAITING = [
  'applicant',
  'clerk',
  'reviewer',
  'approver',
  'cashier',
  'agency',
  'carrier',
  'provider',
];
const CODE = /^[A-Z]\d{2}[\d.]*-\d{6}-\d{6,}$/;

// Filters in the address, so that figures can lead here and a search can be shared.
function fromAddress() {
  const query = new URLSearchParams(location.hash.split('?')[1] ?? '');
  return Object.fromEntries(query);
}

export function Search() {
  const [filters, setFilters] = useState(fromAddress);
  const [short, setShort] = useState([]);
  // What is found by words has an order of its own.
  const asked = filters.q ? { ...filters, sort: undefined } : filters;
  const found = usePages('/v1/register/dossiers', asked, [JSON.stringify(asked)]);
  const set = (name, value) => {
    const next = { ...filters, [name]: value || undefined };
    const given = Object.entries(next).filter(([, one]) => one !== undefined);
    history.replaceState(null, '', `#/dossiers?${new URLSearchParams(given)}`);
    setFilters(Object.fromEntries(given));
  };
  const search = async (typed) => {
    setShort([]);
    if (typed.length === 1) {
      setShort([{ detail: t('search.short') }]);
      return;
    }
    if (CODE.test(typed)) {
      const dossier = await readIfAny(`/v1/register/dossier-codes/${encodeURIComponent(typed)}`);
      if (dossier) {
        location.hash = `#/dossiers/${dossier.body.id}`;
        return;
      }
    }
    set('q', typed);
  };
  const choice = (name, label, options, any = t('all')) => html`<${Field} id=${name} label=${label} required>
    ${(attributes) => html`<${Select}
      ...${{ attributes, value: filters[name] ?? '', onChange: (value) => set(name, value) }}
      options=${[['', any], ...options]}
    />`}
  <//>`;
  return html`<${Page} title=${t('nav.dossiers')} wide>
    <${SearchBox}
      ...${{ label: t('search.words'), hint: t('search.hint'), findings: short }}
      ...${{ initial: filters.q, onSearch: search }}
    />
    <div class="line">
      ${choice(
        'stage',
        t('dossier.stage'),
        STAGES.map((one) => [one, code('stage', one)]),
      )}
      ${choice(
        'waiting_on',
        t('dossier.waiting'),
        WAITING.map((one) => [one, code('waiting', one)]),
      )}
      ${choice('missed', t('work.missed'), [
        ['true', t('yes')],
        ['false', t('no')],
      ])}
      ${
        hasRole('clerk', 'reviewer', 'approver', 'auditor')
          ? html`<${Field} id="with-label" label=${t('search.label')}>
            ${(attributes) => html`<input
              ...${attributes}
              value=${filters.label ?? ''}
              onChange=${(event) => set('label', event.target.value.trim())}
            />`}
          <//>`
          : null
      }
      ${
        filters.q
          ? null
          : choice(
              'sort',
              t('search.sort'),
              ['due', 'newest'].map((one) => [one, t(`search.sort.${one}`)]),
              t('search.sort.usual'),
            )
      }
    </div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows">
          ${rows.map(
            (row) => html`<li key=${row.id}>
              <a href=${`#/dossiers/${row.id}`}>${row.code}</a> ${both(row.procedure_name) || row.procedure}
              ${row.applicant_name ? html` · <b>${row.applicant_name}</b>` : null}
              <div class="line">
                <${Stage} of=${row.stage} />
                <${Remaining} seconds=${row.remaining_s} missed=${row.missed} suspended=${row.suspended} />
                ${row.due_at ? html`<span>${until(row)}</span>` : null}
                ${row.waiting_on === 'nobody' ? null : html`<span>${t('waiting', { who: code('waiting', row.waiting_on) })}</span>`}
                <small>${time(row.submitted_at)}</small>
              </div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}
