// For operators: is everything in order, what lags, what was refused, dead letters, and quotas.
import { bytes, newKey, post, readIfAny } from '../api.js';
import { day, duration, number, t, time } from '../i18n.js';
import { metricsOf, named } from '../ministry/metrics.js';
import { OPERATION, Tabs } from '../ministry/tabs.js';
import { Action, Facts, Loaded, Page, ProblemBox } from '../parts.js';
import { html, useLoad, useRef, useState } from '../view.js';

const MIB = 1_048_576;

export const Operation = () => html`<${Page} title=${t('operation.state')} wide>
  <${Tabs} pages=${OPERATION} label="nav.operation" />
  <${Health} />
  <${DeadLetters} />
  <${Metrics} />
  <${Quotas} />
<//>`;

const yes = (is) => (is ? t('yes') : html`<span class="due late">${t('no')}</span>`);

function Health() {
  const ready = useLoad(() => readIfAny('/health/ready').then((found) => found?.body ?? null), []);
  return html`<${Loaded} of=${ready}>
    ${(body) => body === null ? html`<p class="hint">${t('operation.elsewhere')}</p>` : html`
      <${Facts}
        rows=${[
          [t('operation.ready'), yes(body.ready)],
          [t('operation.store'), yes(body.store && body.writable)],
          [t('operation.caught_up'), yes(body.caught_up)],
          [t('operation.events'), number(body.head)],
          [t('operation.obligations'), number(body.open_obligations)],
          [t('operation.overdue'), number(body.overdue_obligations)],
          [t('operation.dead_letters'), number(body.dead_letters)],
          [
            t('operation.disk'),
            body.disk_free_bytes && `${number(Math.floor(body.disk_free_bytes / MIB))} MiB`,
          ],
          [t('operation.standing'), body.standing.join(', ')],
        ]}
      />
      ${body.law.map((one) => html`<p class="note"><b>${one.what}</b> ${one.why}</p>`)}
      ${body.ends.map(
        (one) =>
          html`<p class="note">${t('operation.ends', { what: one.what, day: day(one.last_day) })}</p>`,
      )}
    `}
  <//>`;
}

// The services whose reactions may give up on an event.
const SERVICES = ['intake', 'payment', 'review', 'result-delivery', 'feedback'];

// Those of this process, or behind a gateway those of each service: `{ rows, unknown }`, where `unknown`
// are the services that could not be asked. `rows` is `null` if this address has none of them.
async function deadLetters() {
  const all = await readIfAny('/v1/dead-letters');
  if (all) return { rows: all.body, unknown: [] };
  // One service that is down hides nothing of the others.
  const asked = await Promise.allSettled(SERVICES.map((one) => readIfAny(`/v1/dead-letters/${one}`)));
  const failed = asked.filter(({ status }) => status === 'rejected');
  // No service decides on who may ask: if none could be asked, it is the same reason for all.
  if (failed.length === SERVICES.length) throw failed[0].reason;
  const reached = asked.filter(({ value }) => value);
  const rows = reached.length ? reached.flatMap(({ value }) => value.body) : null;
  return { rows, unknown: SERVICES.filter((_, at) => asked[at].status === 'rejected') };
}

// Events that no reaction could handle. An operator who has removed the cause has them retried.
function DeadLetters() {
  const letters = useLoad(deadLetters, []);
  const [done, setDone] = useState(false);
  const onDone = () => {
    setDone(true);
    letters.reload();
  };
  return html`<h2 id="letters">${t('operation.dead_letters')}</h2>
    <div role="status">${done ? html`<p class="done">${t('operation.retried')}</p>` : null}</div>
    <${Loaded} of=${letters}>
      ${({ rows, unknown }) => {
        const silent = unknown.length
          ? html`<p class="problem" role="alert">
              ${t('operation.silent', { services: unknown.join(', ') })}
              <button type="button" onClick=${letters.reload}>${t('retry')}</button>
            </p>`
          : null;
        if (!rows) return silent ?? html`<p class="hint">${t('operation.elsewhere')}</p>`;
        return html`${silent}<ul class="rows">
          ${rows.length || silent ? null : html`<li>${t('operation.none')}</li>`}
          ${rows.map((row) => html`<${DeadLetter} key=${`${row.service} ${row.position}`} ...${{ row, onDone }} />`)}
        </ul>`;
      }}
    <//>`;
}

function DeadLetter({ row, onDone }) {
  const { service, position, kind, stream, reason, given_up_at: since } = row;
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const retry = async () => {
    setProblem(undefined);
    try {
      await post(`/v1/dead-letters/${service}/${position}/retry`, {}, { key: key.current });
      onDone();
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) key.current = newKey();
    }
  };
  return html`<li>
    <b>${kind}</b> ${reason}
    <small>${[service, stream, position, since && t('operation.given_up', { at: time(since) })].filter(Boolean).join(' · ')}</small>
    <${Action} label=${t('operation.retry')} onClick=${retry} />
    <${ProblemBox} problem=${problem} />
  </li>`;
}

// How much one caller may use, as this process counts it.
function Quotas() {
  const loaded = useLoad(() => readIfAny('/v1/quotas').then((page) => page?.body ?? null), []);
  const rate = ({ count, seconds }) =>
    t('quota.rate', { n: number(count), time: duration(seconds) });
  return html`<h2>${t('quotas')}</h2>
    <${Loaded} of=${loaded}>
      ${(quotas) => {
        if (!quotas) return html`<p class="hint">${t('operation.elsewhere')}</p>`;
        const { applicant, officer, address, representative_times: times } = quotas;
        return html`<${Facts}
        rows=${[
          ...['steps', 'reads', 'submissions', 'uploaded_bytes'].map((one) => [
            t(`quota.${one}`),
            rate(applicant[one]),
          ]),
          [t('quota.unfinished_uploads'), number(applicant.unfinished_uploads)],
          [t('quota.representative'), t('quota.times', { n: number(times) })],
          [t('quota.in_flight'), number(officer.in_flight)],
          [t('quota.look_ups'), `${rate(address.look_ups)}; ${rate(address.look_ups_of_a_day)}`],
        ]}
      />`;
      }}
    <//>
    <p class="hint">${t('operation.quotas')}</p>`;
}

const LAGS = [
  ['dossier_reactions_lag', 'service'],
  ['dossier_view_lag', 'view'],
  ['dossier_follower_lag', 'follower'],
];

// Lag and refusals, if this address has the metrics.
function Metrics() {
  const loaded = useLoad(async () => {
    try {
      return metricsOf(await (await bytes('/metrics')).text());
    } catch (problem) {
      if (problem.status === 404) return [];
      throw problem;
    }
  }, []);
  return html`<${Loaded} of=${loaded}>
    ${(metrics) => {
      if (!metrics.length) return html`<p class="hint">${t('operation.no_metrics')}</p>`;
      const lags = LAGS.flatMap(([name, label]) =>
        named(metrics, name).map((one) => ({
          ...one,
          name: `${t(`lag.${label}`)} ${one.labels[label]}`,
        })),
      ).sort((a, b) => b.value - a.value);
      const behind = lags.filter((one) => one.value > 0);
      const refused = named(metrics, 'dossier_refusals_total').sort((a, b) => b.value - a.value);
      return html`
        <h2>${t('operation.lag')}</h2>
        <p>${behind.length ? t('operation.behind', { n: behind.length, of: lags.length }) : t('operation.none_behind', { n: lags.length })}</p>
        ${behind.length ? html`<${Table} rows=${behind.map((one) => [one.name, one.value])} head=${['operation.follower', 'operation.positions']} />` : null}
        <h2>${t('operation.refusals')}</h2>
        ${
          refused.length
            ? html`<${Table}
              rows=${refused.map((one) => [one.labels.problem, one.value])}
              head=${['operation.problem', 'operation.times']}
            />`
            : html`<p>${t('operation.none')}</p>`
        }
      `;
    }}
  <//>`;
}

const Table = ({ rows, head }) => html`<table class="list narrow">
  <thead>
    <tr>
      <th scope="col">${t(head[0])}</th>
      <th scope="col" class="amount">${t(head[1])}</th>
    </tr>
  </thead>
  <tbody>
    ${rows.map(
      ([name, value]) =>
        html`<tr key=${name}><th scope="row">${name}</th><td class="amount">${number(value)}</td></tr>`,
    )}
  </tbody>
</table>`;
