// What happened to a dossier, and in which stage its time passed, as a plot with a table.
import { read } from './api.js';
import { both, code, duration, t, time } from './i18n.js';
import { Bar } from './ministry/plots.js';
import { Loaded, More } from './parts.js';
import { usePages } from './pages.js';
import { html, useLoad } from './view.js';

const ROWS = 100;
// The stage that begins with an event. Applicants do not read all of them: theirs are longer.
const BEGINS = {
  'intake.DossierSubmitted': 'reception',
  'intake.DossierAccepted': 'processing',
  'review.DecisionProposed': 'approval',
  'review.ProposalRejected': 'processing',
  'review.DecisionMade': 'result',
  'intake.DossierDecided': 'result',
  'delivery.ResultIssued': 'delivery',
};
const ENDS = [
  'intake.DossierRefused',
  'intake.DossierWithdrawn',
  'intake.DossierClosed',
  'delivery.ResultDelivered',
];
const STAGES = ['reception', 'processing', 'approval', 'applicant', 'result', 'delivery'];

// With `folded`, the events are shown on request.
export function History({ id, folded }) {
  const found = usePages(`/v1/register/dossiers/${id}/timeline`, { limit: ROWS }, [id]);
  const events = html`<${Loaded} of=${found}>
    ${(rows) => html`<${Events} rows=${rows} /><${More} next=${found.next} load=${found.more} />`}
  <//>`;
  return html`
    <${Elapsed} id=${id} rows=${found.next ? undefined : found.data} />
    ${
      folded
        ? html`<details><summary>${t('timeline')}</summary>${events}</details>`
        : html`<h2>${t('timeline')}</h2>${events}`
    }
  `;
}

const Events = ({ rows }) => html`<ol class="timeline">
  ${rows.map(
    (row) => html`<li key=${row.position}>
      <time datetime=${row.at}>${time(row.at)}</time>
      <b>${both(row.title)}</b>
      <small>${[code('role', row.role), row.agency, row.subject].filter(Boolean).join(' · ')}</small>
      ${row.data?.reason ? html`<q>${row.data.reason}</q>` : null}
    </li>`,
  )}
</ol>`;

// How much time passed with the agency and with the applicant, and in which stage.
function Elapsed({ id, rows }) {
  const elapsed = useLoad(
    () => read(`/v1/register/dossiers/${id}/elapsed`).then(({ body }) => body),
    [id],
  );
  return html`<${Loaded} of=${elapsed}>
    ${(body) => html`
      <h2 id="elapsed">${t('elapsed.title')}</h2>
      <p>${t('elapsed', { agency: duration(body.with_agency_s), applicant: duration(body.with_applicant_s) })}</p>
      ${rows ? html`<${Stages} rows=${stagesOf(rows, body)} />` : null}
    `}
  <//>`;
}

function Stages({ rows }) {
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map(({ seconds }) => seconds));
  return html`<table class="list" aria-labelledby="elapsed">
    <thead>
      <tr>
        <th scope="col">${t('dossier.stage')}</th>
        <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
        <th scope="col" class="amount">${t('elapsed.time')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ stage, seconds }) => html`<tr key=${stage}>
          <th scope="row">${t(`elapsed.${stage}`)}</th>
          <td class="plot"><${Bar} of=${{ [classOf(stage)]: seconds }} parts=${[classOf(stage)]} most=${most} /></td>
          <td class="amount">${duration(seconds)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

const classOf = (stage) => (stage === 'applicant' ? 'with_applicant_mean_s' : 'with_agency_mean_s');

// Seconds of each stage that was reached. The present one lasts until now, by the server's clock, as long as
// the dossier is open.
export function stagesOf(rows, { submitted_at: submittedAt, elapsed_s: elapsed, handled_at: handledAt }) {
  const lengths = new Map();
  let [stage, since, waiting] = [undefined, undefined, false];
  const until = (at) => {
    const name = waiting ? 'applicant' : stage;
    if (name) lengths.set(name, (lengths.get(name) ?? 0) + (at - since) / 1_000);
    since = at;
  };
  for (const { event, at } of rows) {
    const [name, instant] = [event.replace(/\.v\d+$/, ''), Date.parse(at)];
    const isEnd = ENDS.includes(name);
    const asks = name === 'intake.SupplementRequested';
    const answers = name === 'intake.SupplementSubmitted';
    if (!(name in BEGINS || isEnd || asks || answers)) continue;
    until(instant);
    if (asks || answers) waiting = asks;
    if (name in BEGINS) stage = BEGINS[name];
    if (isEnd) [stage, waiting] = [undefined, false];
  }
  if (!handledAt) until(Date.parse(submittedAt) + elapsed * 1_000);
  return STAGES.filter((one) => lengths.has(one)).map((one) => ({
    stage: one,
    seconds: Math.round(lengths.get(one)),
  }));
}
