// What if a period were another one, or a version of rules were in force: who would be late, and whose
// date would move. Nothing is recorded; the server computes it as a job that can be cancelled.
import { post, read } from '../api.js';
import { both, code, nameOf, number, t } from '../i18n.js';
import { Action, Loaded, Page, ProblemBox } from '../parts.js';
import { html, useEffect, useLoad, useState } from '../view.js';
import { Act } from './act.js';
import { useParameters } from './address.js';
import { FIGURES, Tabs } from './tabs.js';
import { Outcome } from './what-if-outcome.js';

const POLL_MS = 500;
const UNITS = ['working_hours', 'working_days', 'calendar_days', 'months', 'same_day'];
const CHANNELS = ['online', 'counter', 'post'];
const addressOf = (job) => `/v1/what-ifs/${encodeURIComponent(job)}`;

export function WhatIf() {
  const [values, set] = useParameters();
  const begun = ({ body }) => set({ job: body.what_if, effect: '' });
  return html`<${Page} title=${t('whatif')} wide>
    <${Tabs} pages=${FIGURES} label="nav.figures" />
    <p class="hint">${t('whatif.hint')}</p>
    ${values.version ? html`<${OfVersion} ...${{ values, begun }} />` : html`<${OfPeriod} begun=${begun} />`}
    ${values.job ? html`<${Job} key=${values.job} ...${{ job: values.job, values, set }} />` : null}
  <//>`;
}

// Another period for a procedure.
function OfPeriod({ begun }) {
  const procedures = useLoad(
    () => read('/v1/procedures', { limit: 100 }).then(({ body }) => body),
    [],
  );
  const send = ({ procedure, channel, amount, unit }, key) => {
    const period = { procedure, channel, period: { amount: Number(amount ?? 0), unit } };
    return post('/v1/what-ifs', { period }, { key });
  };
  return html`<${Loaded} of=${procedures}>
    ${(all) => html`<${Act}
      id="what-if"
      title=${t('whatif.compute')}
      first=${{ unit: 'working_days' }}
      send=${send}
      onDone=${begun}
      within="/period"
      fields=${[
        {
          name: 'procedure',
          label: t('figures.group.procedure'),
          required: true,
          options: all.map((one) => [one.code, nameOf(one) ?? (both(one.name) || one.code)]),
        },
        {
          name: 'amount',
          at: '/period/amount',
          label: t('whatif.amount'),
          required: true,
          mode: 'numeric',
        },
        {
          name: 'unit',
          at: '/period/unit',
          label: t('whatif.unit'),
          required: true,
          options: UNITS.map((one) => [one, t(`budget.${one}`, { n: '' }).trim()]),
        },
        {
          name: 'channel',
          label: t('channel'),
          options: CHANNELS.map((one) => [one, code('channel', one)]),
        },
      ]}
    />`}
  <//>`;
}

// A version of a procedure that was written already, for example one that waits for a signature.
function OfVersion({ values: { name, version }, begun }) {
  const [problem, setProblem] = useState();
  const send = async () => {
    setProblem(undefined);
    try {
      const at = `/v1/rules/procedure/${encodeURIComponent(name)}/${encodeURIComponent(version)}`;
      const { text } = (await read(at)).body;
      begun(await post('/v1/what-ifs', { rules: { kind: 'procedure', text } }));
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<p>${t('whatif.version', { name, version })}</p>
    <${Action} className="main" label=${t('whatif.compute')} onClick=${send} />
    <${ProblemBox} problem=${problem} />`;
}

// The job while it runs, and its outcome. `set` changes `values`, which have the effect that is shown.
export function Job({ job, values, set }) {
  const [state, setState] = useState();
  const [problem, setProblem] = useState();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let timer;
    let current = true;
    const look = async () => {
      try {
        const { body } = await read(addressOf(job));
        if (!current) return;
        setState(body);
        if (body.stage === 'running') timer = setTimeout(look, POLL_MS);
      } catch (failed) {
        if (current) setProblem(failed);
      }
    };
    look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [job, round]);
  const cancel = async () => {
    try {
      await post(`${addressOf(job)}/cancellation`, {});
      setRound((n) => n + 1);
    } catch (failed) {
      setProblem(failed);
    }
  };
  const again = () => {
    setProblem(undefined);
    setRound((n) => n + 1);
  };
  if (problem) return html`<${ProblemBox} problem=${problem} retry=${again} />`;
  if (!state) return html`<p class="loading" role="status">${t('loading')}</p>`;
  if (state.stage === 'running') {
    return html`<div role="status">
      <p>${t('whatif.running', { n: number(state.percent ?? 0) })}</p>
      <progress max="100" value=${state.percent ?? 0} aria-label=${t('whatif.progress')}></progress>
      <${Action} label=${t('whatif.cancel')} onClick=${cancel} />
    </div>`;
  }
  if (state.stage !== 'done') {
    return html`<p class="note" role="status">${t(`whatif.stage.${state.stage}`)} ${both(state.failure)}</p>`;
  }
  return html`<${Outcome} ...${{ address: addressOf(job), state, values, set }} />`;
}
