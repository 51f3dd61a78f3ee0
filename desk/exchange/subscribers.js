// Subscribers: addresses of programs to which changes are sent. One's own ones; for operators, all with their lag.
import { post } from '../api.js';
import { code, number, t, time } from '../i18n.js';
import { OPERATION, Tabs } from '../ministry/tabs.js';
import { Field, hasRole, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useState } from '../view.js';
import { Secret } from './secret.js';
import { SubscriberForm } from './subscriber-form.js';

const STATES = ['failing', 'disabled', 'unverified', 'active', 'ended'];

// Of those that receive, one of which the newest delivery failed.
export const stateOf = ({ status, failing_since: since }) => (status === 'active' && since ? 'failing' : status);

export function Subscribers() {
  const found = usePages('/v1/subscribers', {}, []);
  const [added, setAdded] = useState();
  const [state, setState] = useState('');
  const add = async (body, key) => {
    const reply = await post('/v1/subscribers', body, { key });
    setAdded(reply.body);
    found.reload();
  };
  const isOperator = hasRole('operator');
  return html`<${Page} title=${t('subscribers')} wide>
    ${isOperator ? html`<${Tabs} pages=${OPERATION} label="nav.operation" />` : null}
    <p class="hint">${t('subscribers.text')} <a href="/docs">${t('home.docs')}</a></p>
    <div role="status">${added ? html`<${Secret} of=${added} added />` : null}</div>
    <${Field} id="state" label=${t('subscribers.state')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: state, onChange: setState }}
        options=${[['', t('all')], ...STATES.map((one) => [one, code('subscriber', one)])]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(rows) => {
        const shown = rows.filter((row) => !state || stateOf(row) === state);
        return html`
          <p>${t('found', { n: shown.length })}${found.next ? '+' : ''}</p>
          ${shown.length ? html`<${Rows} ...${{ rows: shown, isOperator }} />` : null}
          <${More} next=${found.next} load=${found.more} />
        `;
      }}
    <//>
    <${SubscriberForm} title=${t('subscribers.add')} send=${add} />
  <//>`;
}

const Rows = ({ rows, isOperator }) => html`<div class="scroll" tabindex="0" role="region" aria-label=${t('subscribers')}>
  <table class="list">
    <thead>
      <tr>
        <th scope="col">${t('subscribers.name')}</th>
        <th scope="col">${t('subscribers.state')}</th>
        <th scope="col" class="amount">${t('subscribers.lag')}</th>
        ${isOperator ? html`<th scope="col">${t('subscribers.of')}</th>` : null}
        <th scope="col">${t('subscribers.since')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) => html`<tr key=${row.subscriber} class=${['failing', 'disabled'].includes(stateOf(row)) ? 'differs' : ''}>
          <th scope="row"><a href=${`#/subscribers/${row.subscriber}`}>${row.name}</a><small>${row.url}</small></th>
          <td>
            ${code('subscriber', stateOf(row))}
            <small>
              ${[row.disabled_because && code('subscriber.because', row.disabled_because), row.detail].filter(Boolean).join(' · ')}
            </small>
          </td>
          <td class="amount">${row.lag === undefined || row.lag === null ? '–' : number(row.lag)}</td>
          ${isOperator ? html`<td>${row.subject}<small>${code('role', row.role)}</small></td>` : null}
          <td>${time(row.failing_since ?? row.disabled_at ?? row.subscribed_at)}</td>
        </tr>`,
      )}
    </tbody>
  </table>
</div>`;
