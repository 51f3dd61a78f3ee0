// Outages: what one would move is seen before it is declared or ended, and what it moved afterwards.
import { post, read, readIfAny } from '../api.js';
import { code, number, t, time, until } from '../i18n.js';
import { hasRole, Loaded, Page, ProblemBox } from '../parts.js';
import { html, outdate, useLoad, useState } from '../view.js';
import { Act, yesNo } from './act.js';
import { agencyField, useAgencies } from './agencies.js';
import { OPERATION, Tabs } from './tabs.js';
import { Job } from './what-if.js';

// Pages of open dossiers whose dates are compared.
const PAGES_MAX = 10;
const TRIES = 20;
const TRY_MS = 250;
const CHANNELS = ['online', 'counter', 'post'];

export function Outages() {
  const outages = useLoad(() => read('/v1/outages').then(({ body }) => body), []);
  const [moved, setMoved] = useState();
  const [tried, setTried] = useState();
  const [problem, setProblem] = useState();
  // Compares the dates of the agency's dossiers before and after an act.
  const compared = (agency, act) => async (body, key) => {
    setMoved(undefined);
    setTried(undefined);
    const before = await datesOf(agency ?? body.agency);
    const outcome = await act(body, key);
    outages.reload();
    try {
      setMoved({ ...(await changesOf(agency ?? body.agency, before)), complete: before.complete });
      outdate();
    } catch (failed) {
      setProblem(failed);
    }
    return outcome;
  };
  // A what-if: which dates it would move. Nothing is recorded.
  const preview = (outageOf) => ({
    label: t('outages.preview'),
    send: (body) => trial(outageOf(body)),
    onDone: ({ body }) => setTried({ job: body.what_if }),
  });
  return html`<${Page} title=${t('operation.outages')} wide>
    ${hasRole('operator') ? html`<${Tabs} pages=${OPERATION} label="nav.operation" />` : null}
    <div role="status">${moved ? html`<${Moved} ...${moved} />` : null}</div>
    <${ProblemBox} problem=${problem} />
    ${
      tried
        ? html`<section class="note" aria-labelledby="tried">
          <h2 id="tried">${t('outages.would')}</h2>
          <${Job}
            key=${tried.job}
            ...${{ job: tried.job, values: tried }}
            set=${(part) => setTried((before) => ({ ...before, ...part }))}
          />
        </section>`
        : null
    }
    ${hasRole('operator') ? html`<${Declare} ...${{ send: compared, preview }} />` : null}
    <h2>${t('outages.newest')}</h2>
    <${Loaded} of=${outages}>
      ${(rows) => html`<ul class="rows">
        ${rows.length ? null : html`<li>${t('operation.none')}</li>`}
        ${rows.map((row) => html`<${Outage} key=${row.id} ...${{ row, preview }} send=${compared} />`)}
      </ul>`}
    <//>
  <//>`;
}

// Tries an outage on all dossiers.
async function trial(outage) {
  try {
    return await post('/v1/what-ifs', { outage });
  } catch (problem) {
    // Findings are at the fields of the outage.
    for (const finding of problem.errors ?? [])
      finding.pointer = finding.pointer?.replace(/^\/outage/, '');
    throw problem;
  }
}

function Declare({ send, preview }) {
  const agencies = useAgencies();
  return html`<details>
    <summary>${t('outages.declare')}</summary>
    <${Act}
      id="outage"
      title=${t('outages.declare')}
      hint=${t('outages.hint')}
      first=${{ planned: 'false' }}
      preview=${preview((body) => body)}
      send=${send(undefined, (body, key) => post('/v1/outages', body, { key }))}
      fields=${[
        agencyField(agencies, { name: 'agency', label: t('agency'), required: true }),
        { name: 'from', label: t('outages.from'), type: 'instant', required: true },
        { name: 'to', label: t('outages.to'), type: 'instant' },
        { name: 'notice_at', label: t('outages.notice'), type: 'instant', required: true },
        {
          name: 'planned',
          label: t('outages.planned'),
          type: 'yes_no',
          options: yesNo(),
          required: true,
        },
        { name: 'reason', label: t('step.field.reason'), type: 'text', required: true },
        {
          name: 'channels',
          label: t('outages.channels'),
          type: 'many',
          options: CHANNELS.map((one) => [one, code('channel', one)]),
        },
      ]}
    />
  </details>`;
}

const Outage = ({ row, send, preview }) => html`<li>
  <b>${row.agency}</b> ${row.reason}
  <small>
    ${time(row.from)} – ${row.to ? time(row.to) : t('operation.lasting')}
    ${row.channels.length ? html` · ${row.channels.map((one) => code('channel', one)).join(', ')}` : null}
  </small>
  ${
    row.to || !hasRole('operator')
      ? null
      : html`<details>
        <summary>${t('outages.end')}</summary>
        <${Act}
          id=${`end-${row.id}`}
          title=${t('outages.end')}
          preview=${preview(({ to }) => ended(row, to))}
          send=${send(row.agency, (body, key) => post(`/v1/outages/${row.id}/end`, body, { key }))}
          fields=${[{ name: 'to', label: t('outages.to'), type: 'instant', required: true }]}
        />
      </details>`
  }
</li>`;

// An outage that lasts, as if it ended then.
const ended = ({ agency, channels, from, reason }, to) => ({
  ...{ agency, channels, from, reason, to },
  planned: false,
  notice_at: from,
});

// What an outage moved. Only the dossiers that are due first are compared.
function Moved({ rows, complete }) {
  return html`<section class="done" aria-labelledby="moved">
    <h2 id="moved">${t('outages.moved', { n: number(rows.length) })}</h2>
    ${complete ? null : html`<p>${t('outages.some')}</p>`}
    <ul class="rows">
      ${rows.map(
        (row) => html`<li key=${row.id}>
          <a href=${`#/dossiers/${row.id}`}>${row.code}</a>: ${until(row.before)} → <b>${until(row.after)}</b>
        </li>`,
      )}
    </ul>
  </section>`;
}

// The dossiers in process that have a promised date, by id.
async function datesOf(agency) {
  const dates = new Map();
  let page = await read('/v1/register/dossiers', {
    agency,
    stage: 'processing',
    sort: 'due',
    limit: 100,
  });
  for (let pages = 1; ; pages += 1) {
    for (const row of page.body) if (row.due_at) dates.set(row.id, row);
    if (!page.next || pages === PAGES_MAX) return { dates, complete: !page.next };
    page = await read(page.next);
  }
}

// Services restate dates within a moment; they have when all reactions have caught up.
async function changesOf(agency, before) {
  let rows = [];
  for (let tries = 0; tries < TRIES && !rows.length; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    // Behind a gateway nobody tells.
    const ready = await readIfAny('/health/ready');
    if (ready && !ready.body.caught_up) continue;
    const { dates } = await datesOf(agency);
    rows = [...dates]
      .map(([id, after]) => ({ id, code: after.code, before: before.dates.get(id), after }))
      .filter((row) => row.before && row.before.due_at !== row.after.due_at);
  }
  return { rows };
}
