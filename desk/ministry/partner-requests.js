// Payment partners with their state, and the requests to one: those that wait, were given up, cancelled or answered. Operators send
// one again, or cancel it.
import { newKey, post, read } from '../api.js';
import { both, code, duration, number, t, time } from '../i18n.js';
import { Action, Field, hasRole, Loaded, More, Page, ProblemBox, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useLoad, useRef, useState } from '../view.js';
import { useParameters } from './address.js';
import { OPERATION, Tabs } from './tabs.js';

const STATES = ['given_up', 'waiting', 'cancelled', 'done'];
const REPLAYED = ['given_up', 'cancelled'];
const CANCELLED = ['waiting', 'given_up'];

export function PartnerRequests() {
  const [values, set] = useParameters();
  const { partner, state = '' } = values;
  const [typed, setTyped] = useState(partner ?? '');
  const known = useLoad(() => read('/v1/partners').then(({ body }) => body), []);
  const show = (event) => {
    event.preventDefault();
    set({ partner: typed.trim() });
    known.reload();
  };
  const choose = (name) => {
    setTyped(name);
    set({ partner: name });
  };
  return html`<${Page} title=${t('partners')} wide>
    ${hasRole('operator') ? html`<${Tabs} pages=${OPERATION} label="nav.operation" />` : null}
    <${Loaded} of=${known}>${(rows) => html`<${Partners} ...${{ rows, choose }} />`}<//>
    <h2>${t('partners.requests')}</h2>
    <p class="hint">${t('partners.text')}</p>
    <form class="line" onSubmit=${show} noValidate aria-label=${t('partners.show')}>
      <${Field} id="partner" label=${t('partners.name')} required>
        ${(attributes) => html`<input
          ...${attributes}
          list="partners"
          autocomplete="off"
          value=${typed}
          onInput=${(event) => setTyped(event.target.value)}
        />`}
      <//>
      <datalist id="partners">${(known.data ?? []).map(({ partner: one }) => html`<option key=${one} value=${one}></option>`)}</datalist>
      <${Field} id="state" label=${t('partners.state')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: state, onChange: (one) => set({ state: one }) }}
          options=${[['', t('all')], ...STATES.map((one) => [one, code('request', one)])]}
        />`}
      <//>
      <button>${t('partners.show')}</button>
    </form>
    ${partner ? html`<${Requests} key=${partner} ...${{ partner, state }} />` : null}
  <//>`;
}

// Each partner: whether it works, and what waits for it.
function Partners({ rows, choose }) {
  if (!rows.length) return html`<p>${t('partners.none')}</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('partners.list')}>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${t('partners.partner')}</th>
          <th scope="col">${t('partners.breaker')}</th>
          <th scope="col" class="amount">${t('partners.waiting')}</th>
          <th scope="col">${t('partners.lag')}</th>
          <th scope="col" class="amount">${t('partners.given_up')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.partner} class=${row.breaker === 'open' || row.given_up ? 'differs' : ''}>
            <th scope="row">
              <button type="button" class="quiet" onClick=${() => choose(row.partner)}>${row.partner}</button>
              <small>${[both(row.title), ...row.capabilities].join(' · ')}</small>
            </th>
            <td>${t(`partners.breaker.${row.breaker ?? 'elsewhere'}`)}</td>
            <td class="amount">${number(row.waiting)}</td>
            <td>${row.waiting ? duration(row.lag_s) : '–'}</td>
            <td class="amount">${number(row.given_up)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function Requests({ partner, state }) {
  const address = `/v1/partners/${encodeURIComponent(partner)}/requests`;
  const found = usePages(address, { state }, [partner, state]);
  const [done, setDone] = useState();
  const onDone = (key) => {
    setDone(key);
    found.reload();
  };
  return html`<div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p>${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows">
          ${rows.map((row) => html`<${One} key=${row.request} ...${{ row, address, onDone }} />`)}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>`;
}

function One({ row, address, onDone }) {
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const send = (path, done) => async () => {
    setProblem(undefined);
    try {
      await post(`${address}/${encodeURIComponent(row.request)}/${path}`, {}, { key: key.current });
      key.current = newKey();
      onDone(done);
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) key.current = newKey();
    }
  };
  const [purpose] = row.request.split('-');
  return html`<li>
    <b>${code('request.for', purpose)}</b> <span class=${`stage ${row.state}`}>${code('request', row.state)}</span>${' '}
    <a href=${`#/dossiers/${row.dossier}`}>${t('partners.dossier')}</a>
    <small>
      ${[
        t('partners.added', { at: time(row.added_at) }),
        t('partners.tries', { n: number(row.tries) }),
        row.tried_at && t('partners.tried', { at: time(row.tried_at) }),
        row.result && t('partners.result', { result: row.result }),
        row.next_at && t('partners.next', { at: time(row.next_at) }),
      ]
        .filter(Boolean)
        .join(' · ')}
    </small>
    <small><code>${row.request}</code></small>
    ${REPLAYED.includes(row.state) ? html`<${Action} label=${t('partners.replay')} onClick=${send('replays', 'partners.replayed')} />${' '}` : null}
    ${CANCELLED.includes(row.state) ? html`<${Action} label=${t('partners.cancel')} onClick=${send('cancellations', 'partners.cancelled')} />` : null}
    <${ProblemBox} problem=${problem} />
  </li>`;
}
