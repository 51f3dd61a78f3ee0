// A subscriber: its state, what became of the messages to it, and what can be done.
import { newKey, post, read } from '../api.js';
import { useFollowed } from '../citizen/pay.js';
import { code, number, t, time } from '../i18n.js';
import { Action, Facts, Field, hasRole, Loaded, Page, ProblemBox } from '../parts.js';
import { isOfficer, session } from '../session.js';
import { html, useLoad, useRef, useState } from '../view.js';
import { Deliveries } from './deliveries.js';
import { Secret } from './secret.js';
import { SubscriberForm } from './subscriber-form.js';
import { stateOf } from './subscribers.js';

export function Subscriber({ id }) {
  const found = useLoad(() => read(`/v1/subscribers/${id}`).then(({ body }) => body), [id]);
  return html`<${Loaded} of=${found}>
    ${(row) => html`<${Shown} ...${{ row, reload: found.reload }} />`}
  <//>`;
}

const seen = ({ status, failing_since: since, generation }) => JSON.stringify([status, since, generation]);
const all = (list) => (list.length ? list.join(', ') : t('all'));
// Somebody of a firm acts for what a colleague has made; the server decides.
const isOwn = (row) => hasRole(row.role) && (row.subject === session().subject || !isOfficer(session()));

function Shown({ row, reload }) {
  const { subscriber: id, status, generation } = row;
  const address = `/v1/subscribers/${id}`;
  const [done, setDone] = useState();
  const [secret, setSecret] = useState();
  const [round, setRound] = useState(0);
  useFollowed(status === 'ended' ? undefined : address, row, seen, reload);
  const onDone = (name, body) => {
    setDone(name);
    if (body.secret) setSecret(body);
    setRound(round + 1);
    reload();
  };
  const change = async (body, key) => {
    const { etag } = await read(address);
    const reply = await post(`${address}/revision`, body, { key, etag });
    onDone('change', reply.body);
  };
  const isOver = status === 'ended';
  return html`<${Page} title=${row.name} wide>
    <p><a href="#/subscribers">${t('subscribers')}</a></p>
    <div role="status">
      ${done ? html`<p class="done">${t(`subscribers.done.${done}`)}</p>` : null}
      ${secret ? html`<${Secret} of=${secret} />` : null}
    </div>
    <${Facts}
      rows=${[
        [t('subscribers.state'), html`<b>${code('subscriber', stateOf(row))}</b>`],
        [t('subscribers.why'), row.disabled_because && code('subscriber.because', row.disabled_because)],
        [t('subscribers.detail'), row.detail],
        [t('subscribers.failing_since'), row.failing_since && time(row.failing_since)],
        [t('subscribers.disabled_at'), row.disabled_at && time(row.disabled_at)],
        [t('subscribers.lag'), row.lag === undefined || row.lag === null ? undefined : number(row.lag)],
        [t('subscribers.url'), html`<code>${row.url}</code>`],
        [t('subscribers.kinds'), all(row.kinds)],
        [t('subscribers.procedures'), all(row.procedures)],
        [t('subscribers.agencies'), all(row.agencies)],
        [t('subscribers.of'), `${row.subject} · ${code('role', row.role)}`],
        [t('subscribers.subscribed_at'), time(row.subscribed_at)],
        [t('subscribers.rights_end'), isOver ? undefined : time(row.rights_end)],
        [t('subscribers.generation'), number(generation)],
      ]}
    />
    ${status === 'unverified' ? html`<p class="note">${t('subscribers.unverified.text')}</p>` : null}
    ${isOver ? null : html`<${Actions} ...${{ row, address, onDone }} />`}
    ${
      isOver
        ? null
        : html`<h2>${t('subscribers.deliveries')}</h2>
          <${Deliveries} key=${round} ...${{ address, able: isOwn(row), onDone }} />`
    }
    ${
      isOver || !isOwn(row)
        ? null
        : html`<details>
          <summary>${t('subscribers.change')}</summary>
          <${SubscriberForm} title=${t('subscribers.change')} of=${row} send=${change} />
        </details>`
    }
  <//>`;
}

// What one may do; disabling and ending is also for officers of the agency and operators.
function Actions({ row: { status, ...row }, address, onDone }) {
  const [problem, setProblem] = useState();
  const [reason, setReason] = useState('');
  const sent = useRef({});
  const take = (name, path, body = {}) => async () => {
    const content = JSON.stringify([path, body]);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      const reply = await post(`${address}/${path}`, body, { key: sent.current.key });
      sent.current = {};
      setReason('');
      onDone(name, reply.body);
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) sent.current = {};
    }
  };
  const own = isOwn(row);
  const why = reason.trim() ? { reason: reason.trim() } : {};
  const findings = problem?.at?.('/reason') ?? [];
  return html`<section aria-label=${t('more.actions')}>
    <div class="line">
      ${
        own && status !== 'active'
          ? html`<${Action} className="main" label=${t(`subscribers.enable.${status}`)} onClick=${take('enable', 'enablement')} />`
          : null
      }
      ${own ? html`<${Action} label=${t('subscribers.rotate')} onClick=${take('rotate', 'secrets')} />` : null}
    </div>
    ${
      status === 'disabled'
        ? null
        : html`<details>
          <summary>${t('subscribers.disable')}</summary>
          <${Field} id="disable-reason" label=${t('step.field.reason')} hint=${t('subscribers.disable.hint')} findings=${findings}>
            ${(attributes) => html`<input ...${attributes} value=${reason} onInput=${(event) => setReason(event.target.value)} />`}
          <//>
          <${Action} label=${t('subscribers.disable')} onClick=${take('disable', 'disablement', why)} />
        </details>`
    }
    <details>
      <summary>${t('subscribers.end')}</summary>
      <p>${t('subscribers.end.text')}</p>
      <${Action} label=${t('subscribers.end')} onClick=${take('end', 'end')} />
    </details>
    <${ProblemBox} ...${{ problem, shown: (at) => at === '/reason' }} />
  </section>`;
}
