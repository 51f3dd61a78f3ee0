// The dossiers of all clients of a representative at once; for a step, one acts for the client.
import { both, code, t, time } from '../i18n.js';
import { Action, Field, Loaded, More, Page, Remaining, Select, Stage } from '../parts.js';
import { usePages } from '../pages.js';
import { act } from '../session.js';
import { html, useState } from '../view.js';
import { isUnpaid } from './pay-together.js';

const WAITING = ['applicant', 'clerk', 'reviewer', 'approver', 'cashier'];
const SORTS = ['due', 'newest'];

export function Clients() {
  const [filters, setFilters] = useState({ waiting_on: 'applicant', sort: 'due' });
  const found = usePages('/v1/register/dossiers', { clients: true, ...filters }, [
    JSON.stringify(filters),
  ]);
  const choice = (name, label, options) => html`<${Field} id=${name} label=${label} required>
    ${(attributes) => html`<${Select}
      ...${{ attributes, options, value: filters[name] ?? '' }}
      onChange=${(value) => setFilters({ ...filters, [name]: value })}
    />`}
  <//>`;
  return html`<${Page} title=${t('nav.clients')} wide>
    <p>${t('clients.text')}</p>
    <div class="line">
      ${choice('waiting_on', t('dossier.waiting'), [
        ['', t('all')],
        ...WAITING.map((one) => [one, code('waiting', one)]),
      ])}
      ${choice(
        'sort',
        t('search.sort'),
        SORTS.map((one) => [one, t(`search.sort.${one}`)]),
      )}
    </div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <${Unpaid} rows=${rows.filter(isUnpaid)} />
        <ul class="rows work">${rows.map((row) => html`<${Row} key=${row.id} row=${row} />`)}</ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

// The fees of several dossiers of one client are paid at once.
function Unpaid({ rows }) {
  const mandates = [...new Set(rows.map(({ mandate }) => mandate))];
  const clients = mandates.map((one) => rows.filter(({ mandate }) => mandate === one)).filter((of) => of.length > 1);
  if (!clients.length) return null;
  const pay = ([{ mandate, applicant }]) => async () => {
    act({ id: mandate, principal: applicant });
    location.hash = '#/pay';
  };
  return html`<div class="line">
    ${clients.map((of) => {
      const [{ mandate, applicant, applicant_name: name }] = of;
      const label = t('clients.pay', { n: of.length, principal: name ?? applicant });
      return html`<${Action} key=${mandate} label=${label} onClick=${pay(of)} />`;
    })}
  </div>`;
}

function Row({ row }) {
  const open = async () => {
    act({ id: row.mandate, principal: row.applicant });
    location.hash = `#/mine/${row.id}`;
  };
  const owed = row.next.filter((step) => step.waiting_on === 'applicant');
  return html`<li class=${row.waiting_on === 'applicant' ? 'yours' : ''}>
    <div>
      <b>${row.applicant_name ?? row.applicant}</b>
      <small>${both(row.procedure_name) || row.procedure} · ${row.code}</small>
    </div>
    <div>
      <${Stage} of=${row.stage} />
      <${Remaining} seconds=${row.remaining_s} missed=${row.missed} suspended=${row.suspended} />
      ${owed.length ? html`<small>${owed.map((step) => both(step.title)).join(', ')}</small>` : null}
      <small>${time(row.submitted_at)}</small>
    </div>
    <div>
      <${Action} className="quiet" label=${t('clients.open', { code: row.code, principal: row.applicant })} onClick=${open} />
    </div>
  </li>`;
}
