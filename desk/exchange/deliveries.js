// Messages to a subscriber that were tried, the newest changes first; they are sent again from any of them on.
import { newKey, post } from '../api.js';
import { code, number, t, time } from '../i18n.js';
import { Action, Field, Loaded, More, ProblemBox, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useRef, useState } from '../view.js';

const FROM = ['start', 'now', 'cursor'];

export function Deliveries({ address, able, onDone }) {
  const found = usePages(`${address}/deliveries`, {}, [address]);
  const replay = async (after, key) => {
    const reply = await post(`${address}/replays`, after === undefined ? {} : { after }, { key });
    onDone(after === undefined ? 'skip' : 'replay', reply.body);
  };
  return html`<${Action} label=${t('subscribers.reload')} onClick=${async () => found.reload()} />
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows">
          ${rows.map((row) => html`<${One} key=${row.message ?? 'challenge'} ...${{ row, able, replay }} />`)}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
    ${able ? html`<${Replay} send=${replay} />` : null}`;
}

function One({ row, able, replay }) {
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const send = async () => {
    setProblem(undefined);
    try {
      await replay(row.replay_after, key.current);
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<li>
    <b>${row.message ? row.kind : t('subscribers.challenge')}</b>${' '}
    <span class=${row.state === 'delivered' ? 'stage' : 'due late'}>${code('message', row.state)}</span>
    <small>${[time(row.at), row.subject, t('partners.tries', { n: number(row.tries.length) })].filter(Boolean).join(' · ')}</small>
    <details>
      <summary>${t('subscribers.tries')}</summary>
      ${row.message ? html`<p><code>${row.message}</code></p>` : null}
      <ul>
        ${row.tries.map(
          (one) => html`<li key=${one.at}>${time(one.at)}: ${one.result} · ${t('subscribers.ms', { n: number(one.ms) })}</li>`,
        )}
      </ul>
      ${row.response ? html`<pre>${row.response}</pre>` : null}
    </details>
    ${able && row.replay_after ? html`<${Action} className="quiet" label=${t('subscribers.replay.here')} onClick=${send} />` : null}
    <${ProblemBox} problem=${problem} />
  </li>`;
}

// From where changes are sent: all of them again, only those from now on, or those after a cursor.
function Replay({ send }) {
  const [from, setFrom] = useState('');
  const [cursor, setCursor] = useState('');
  const [problem, setProblem] = useState();
  const sent = useRef({});
  const findings = problem?.at?.('/after') ?? [];
  const act = async () => {
    setProblem(undefined);
    if (!from) {
      setProblem({ status: 422, errors: [{ pointer: '/from', detail: t('subscribers.from.missing') }] });
      return;
    }
    const after = { start: 'start', now: undefined, cursor: cursor.trim() }[from];
    const content = `${from} ${after}`;
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    try {
      await send(after, sent.current.key);
      sent.current = {};
    } catch (failed) {
      setProblem(failed);
    }
  };
  const missing = problem?.errors?.filter(({ pointer }) => pointer === '/from') ?? [];
  const title = t('subscribers.replay');
  return html`<details>
    <summary>${title}</summary>
    <form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${title}>
      <p class="hint">${t('subscribers.replay.text')}</p>
      <${Field} id="from" label=${t('subscribers.from')} required findings=${missing}>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: from, onChange: setFrom }}
          options=${FROM.map((one) => [one, t(`subscribers.from.${one}`)])}
          empty=${t('choose')}
        />`}
      <//>
      ${
        from === 'cursor'
          ? html`<${Field} id="cursor" label=${t('subscribers.cursor')} hint=${t('subscribers.cursor.hint')} required findings=${findings}>
            ${(attributes) => html`<input ...${attributes} autocomplete="off" value=${cursor} onInput=${(event) => setCursor(event.target.value)} />`}
          <//>`
          : null
      }
      <${ProblemBox} ...${{ problem: missing.length ? undefined : problem, shown: (at) => at === '/after' && from === 'cursor' }} />
      <${Action} label=${title} onClick=${act} />
    </form>
  </details>`;
}
