// A version of a file of rules: what differs from the version before, in words and by lines, and the
// second signature.
import { post, read, readIfAny } from '../api.js';
import { differences } from '../differences.js';
import { code, day, t } from '../i18n.js';
import { addressed } from '../ministry/address.js';
import { inWords } from '../ministry/rules-words.js';
import { Action, Facts, Field, hasRole, Loaded, Page, ProblemBox } from '../parts.js';
import { session } from '../session.js';
import { html, useLoad, useState } from '../view.js';

export function RulesVersion({ kind, name, version }) {
  const of = `/v1/rules/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
  const loaded = useLoad(async () => {
    const [shown, before] = await Promise.all([
      read(`${of}/${version}`),
      Number(version) > 1 ? readIfAny(`${of}/${Number(version) - 1}`) : undefined,
    ]);
    return { shown, before: before?.body.text };
  }, [of, version]);
  return html`<${Loaded} of=${loaded}>
    ${(data) => html`<${Shown} ...${data} address=${`${of}/${version}`} reload=${loaded.reload} />`}
  <//>`;
}

function Shown({ shown, before, address, reload }) {
  const rules = shown.body;
  const { kind, name, version, status, text = '' } = rules;
  const rows = differences(before ?? text, text);
  const canWithdraw = hasRole('operator') && ['awaiting_signature', 'issued'].includes(status);
  return html`<${Page} title=${`${name} ${version}`} wide>
    <${Facts}
      rows=${[
        [t('dossier.stage'), code('rules.status', status)],
        [t('operation.kind'), code('rules', kind)],
        [t('procedures.basis'), rules.legal_basis],
        [t('operation.effective'), rules.effective_from && day(rules.effective_from)],
        [t('operation.by'), rules.by],
        [t('operation.signed'), rules.signed_by],
        [t('rules.withdrawal_by'), rules.withdrawal_by],
        [t('rules.settled_by'), rules.settled_by],
        [t('step.field.reason'), rules.reason],
      ]}
    />
    ${
      status === 'awaiting_signature' && hasRole('operator')
        ? html`<${Sign} ...${{ address, etag: shown.etag, reload, own: rules.by === session().subject }} />`
        : null
    }
    ${before === undefined ? null : html`<${Words} rows=${inWords(before, text)} />`}
    <h2>${before === undefined ? t('operation.text') : t('operation.differences')}</h2>
    <pre class="scroll" tabindex="0" aria-label=${t('operation.text')}>${rows.map(
      ({ kind: change, line }, at) =>
        html`<span key=${at} class=${change}>${{ added: '+ ', removed: '- ', same: '  ' }[change]}${line}${'\n'}</span>`,
    )}</pre>
    ${
      hasRole('operator')
        ? html`<p>
          <a class="button" href=${`#/rules/new?${addressed({ kind, name, version: String(version) })}`}>${t('rules.next')}</a>
          ${kind === 'procedure' ? html` <a class="button" href=${`#/what-if?${addressed({ name, version: String(version) })}`}>${t('whatif')}</a>` : null}
        </p>`
        : null
    }
    ${canWithdraw ? html`<${Withdraw} ...${{ address, etag: shown.etag, reload }} />` : null}
  <//>`;
}

// Which parts changed, from what to what.
function Words({ rows }) {
  if (!rows.length) return null;
  return html`<div>
    <h2 id="words">${t('rules.words')}</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="words">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">${t('rules.part')}</th>
            <th scope="col">${t('change.before')}</th>
            <th scope="col">${t('change.after')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, at) => html`<tr key=${at}>
              <th scope="row">${row.part}</th>
              <td>${row.before ?? html`<em>${t('rules.new')}</em>`}</td>
              <td>${row.after ?? html`<em>${t('rules.left_out')}</em>`}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}

// `own`: nobody signs what they proposed.
function Sign({ address, etag, reload, own }) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState();
  const send = async (step, body) => {
    setProblem(undefined);
    try {
      await post(`${address}/${step}`, body, { etag });
      reload();
    } catch (failed) {
      setProblem(failed);
    }
  };
  if (own) return html`<p class="note">${t('rules.own')}</p>`;
  return html`<section class="note" aria-labelledby="sign">
    <h2 id="sign">${t('operation.sign')}</h2>
    <${Action} className="main" label=${t('operation.sign')} onClick=${() => send('signature', {})} />
    <${Field} id="reason" label=${t('step.field.reason')} required findings=${problem?.at?.('/reason') ?? []}>
      ${(attributes) => html`<input ...${attributes} value=${reason} onInput=${(event) => setReason(event.target.value)} />`}
    <//>
    <${Action} label=${t('operation.reject')} onClick=${() => send('rejection', { reason })} />
    <${ProblemBox} problem=${problem} shown=${(pointer) => pointer === '/reason'} />
  </section>`;
}

// A proposal, or a version that is not in force yet.
function Withdraw({ address, etag, reload }) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState();
  const send = async () => {
    setProblem(undefined);
    try {
      await post(`${address}/withdrawal`, { reason }, { etag });
      reload();
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<details>
    <summary>${t('rules.withdraw')}</summary>
    <p class="hint">${t('rules.withdraw.hint')}</p>
    <${Field} id="withdrawal" label=${t('step.field.reason')} required findings=${problem?.at?.('/reason') ?? []}>
      ${(attributes) => html`<input ...${attributes} value=${reason} onInput=${(event) => setReason(event.target.value)} />`}
    <//>
    <${ProblemBox} problem=${problem} shown=${(pointer) => pointer === '/reason'} />
    <${Action} label=${t('rules.withdraw')} onClick=${send} />
  </details>`;
}
