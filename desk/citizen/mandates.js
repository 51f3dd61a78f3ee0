// Mandates: for whom one may act, who acts for one, and the programs of a firm.
import { newKey, post, read } from '../api.js';
import { code, day, nameOf, t } from '../i18n.js';
import { Action, Facts, Field, hasRole, Loaded, More, Page, ProblemBox, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { act, session } from '../session.js';
import { filesOf } from '../step-values.js';
import { Uploads } from '../uploads.js';
import { html, useLoad, useRef, useState } from '../view.js';
import { Programs } from './programs.js';

const EVIDENCE = ['declaration', 'contract', 'power_of_attorney', 'notarised'];
const PROCEDURES_MAX = 100;

export function Mandates() {
  const found = usePages('/v1/mandates', {}, []);
  const [done, setDone] = useState();
  const onDone = (step) => {
    setDone(`done.${step}`);
    found.reload();
  };
  return html`<${Page} title=${t('nav.mandates')}>
    <p>${t('mandates.text')}</p>
    <div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        ${rows.length ? null : html`<p>${t('mandates.none')}</p>`}
        ${rows.some(isOfClient) ? html`<p><a class="button" href="#/clients">${t('nav.clients')}</a></p>` : null}
        <ul class="rows mandates">
          ${rows.map((row) => html`<${Mandate} key=${row.mandate} ...${{ row, onDone }} />`)}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
    <${Grant} onDone=${() => onDone('grant_mandate')} />
    ${session().onBehalfOf ? html`<${Programs} />` : null}
  <//>`;
}

const isOfClient = ({ status, you_are: side }) =>
  side === 'representative' && status === 'accepted' && hasRole('applicant');

function Mandate({ row, onDone }) {
  const { mandate, status, you_are: side } = row;
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const [why, setWhy] = useState('');
  const take = (step, path, body) => async () => {
    setProblem(undefined);
    try {
      await post(`/v1/mandates/${mandate}/${path}`, body, { key: key.current });
      onDone(step);
    } catch (failed) {
      setProblem(failed);
    }
    key.current = newKey();
  };
  const reason = why.trim() ? { reason: why } : {};
  const isOpen = ['offered', 'accepted'].includes(status);
  const represents = side === 'representative';
  const names = { principal: row.principal, representative: row.representative };
  return html`<li>
    <b>${represents ? t('mandates.for', names) : t('mandates.by', names)}</b>
    <${Facts}
      rows=${[
        [t('dossier.stage'), code('mandate', status)],
        [t('mandates.covers'), row.procedures.length ? row.procedures.join(', ') : t('mandates.all')],
        [t('mandates.until'), day(row.ends_on)],
        [t('mandates.accept_by'), status === 'offered' ? day(row.accept_by) : undefined],
      ]}
    />
    <${ProblemBox} problem=${problem} />
    <div class="line">
      ${
        represents && status === 'accepted' && hasRole('applicant')
          ? html`<${Action} className="main" label=${t('mandates.act', names)} onClick=${async () => actFor(row)} />`
          : null
      }
      ${
        represents && status === 'offered'
          ? html`<${Action} className="main" label=${t('step.accept_mandate')} onClick=${take('accept_mandate', 'acceptance', {})} />
            <${Action} label=${t('step.decline_mandate')} onClick=${take('decline_mandate', 'refusal', reason)} />`
          : null
      }
      ${
        isOpen && !(represents && status === 'offered')
          ? html`<${Field} id=${`why-${mandate}`} label=${t('step.field.reason')}>
              ${(attributes) => html`<input ...${attributes} value=${why} onInput=${(event) => setWhy(event.target.value)} />`}
            <//>
            <${Action} label=${t('step.revoke_mandate')} onClick=${take('revoke_mandate', 'revocation', reason)} />`
          : null
      }
    </div>
  </li>`;
}

// From now on, the caller is the principal, until they stop it or sign out.
function actFor({ mandate, principal }) {
  act({ id: mandate, principal });
  location.hash = '#/mine';
}

// Lets somebody else act for the caller; a clerk records it for a principal, on evidence.
function Grant({ onDone }) {
  const byClerk = hasRole('clerk');
  const [values, setValues] = useState({ evidence: byClerk ? 'power_of_attorney' : undefined });
  const [files, setFiles] = useState({});
  const [problem, setProblem] = useState();
  const sent = useRef({});
  const procedures = useLoad(
    () => read('/v1/procedures', { limit: PROCEDURES_MAX }).then(({ body }) => body),
    [],
  );
  const names = ['representative', ...(byClerk ? ['principal', 'number', 'certified_by'] : [])];
  const send = async () => {
    const { procedure, ends, ...rest } = values;
    const given = Object.entries(rest).filter(([, one]) => one);
    const body = { representative: '', ...Object.fromEntries(given) };
    if (procedure) body.procedures = [procedure];
    if (ends) body.ends_at = `${ends}T23:59:59+07:00`;
    const [deed] = filesOf(files) ?? [];
    if (deed) body.document = deed.document;
    const content = JSON.stringify(body);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      await post('/v1/mandates', body, { key: sent.current.key });
      sent.current = {};
      setValues({ evidence: values.evidence });
      setFiles({});
      onDone();
    } catch (failed) {
      setProblem(failed);
    }
  };
  const set = (name) => (value) => setValues({ ...values, [name]: value });
  const findings = (pointer) => problem?.at?.(pointer) ?? [];
  const input = (name, required, type = 'text') => html`<${Field}
    ...${{ id: `mandate-${name}`, label: t(`mandates.field.${name}`), required, findings: findings(name === 'ends' ? '/ends_at' : `/${name}`) }}
  >
    ${(attributes) => html`<input type=${type} ...${attributes} value=${values[name] ?? ''} onInput=${(event) => set(name)(event.target.value)} />`}
  <//>`;
  const shown = (pointer) => [...names, 'ends_at', 'procedures/0'].some((one) => pointer === `/${one}`);
  const options = (procedures.data ?? []).map((one) => [one.code, `${one.code} · ${nameOf(one)}`]);
  const label = t('step.grant_mandate');
  return html`<form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${label}>
    <h2>${label}</h2>
    ${names.map((name) => input(name, ['representative', 'principal'].includes(name)))}
    ${
      byClerk
        ? html`<${Field} id="mandate-evidence" label=${t('mandates.field.evidence')} required findings=${findings('/evidence')}>
            ${(attributes) => html`<${Select}
              ...${{ attributes, value: values.evidence, onChange: set('evidence') }}
              options=${EVIDENCE.slice(1).map((one) => [one, code('evidence', one)])}
            />`}
          <//>
          <${Uploads}
            components=${[{ code: 'deed', name: { vi: t('mandates.field.deed'), en: t('mandates.field.deed') }, required: false }]}
            files=${files}
            onChange=${setFiles}
          />`
        : null
    }
    <${Field} id="mandate-procedure" label=${t('mandates.covers')} findings=${findings('/procedures/0')}>
      ${(attributes) => html`<${Select}
        ...${{ attributes, options, value: values.procedure, onChange: set('procedure') }}
        empty=${t('mandates.all')}
      />`}
    <//>
    ${input('ends', false, 'date')}
    <${ProblemBox} ...${{ problem, shown }} />
    <${Action} className="main" label=${label} onClick=${send} />
  </form>`;
}
