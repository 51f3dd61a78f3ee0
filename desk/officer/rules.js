// A version of a file of rules: what differs from the version before, and the second signature.
import { post, read, readIfAny } from '../api.js';
import { code, day, t } from '../i18n.js';
import { Action, Facts, Field, Loaded, Page, ProblemBox } from '../parts.js';
import { differences } from '../differences.js';
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
  const rows = differences(before ?? rules.text ?? '', rules.text ?? '');
  return html`<${Page} title=${`${rules.name} ${rules.version}`} wide>
    <${Facts}
      rows=${[
        [t('dossier.stage'), code('rules.status', rules.status)],
        [t('operation.kind'), code('rules', rules.kind)],
        [t('procedures.basis'), rules.legal_basis],
        [t('operation.effective'), rules.effective_from && day(rules.effective_from)],
        [t('operation.by'), rules.by],
        [t('operation.signed'), rules.signed_by],
      ]}
    />
    ${
      rules.status === 'awaiting_signature' && session().roles.includes('operator')
        ? html`<${Sign} ...${{ address, etag: shown.etag, reload }} />`
        : null
    }
    <h2>${before === undefined ? t('operation.text') : t('operation.differences')}</h2>
    <pre class="scroll" tabindex="0" aria-label=${t('operation.text')}>${rows.map(
      ({ kind, line }, at) =>
        html`<span key=${at} class=${kind}>${{ added: '+ ', removed: '- ', same: '  ' }[kind]}${line}${'\n'}</span>`,
    )}</pre>
  <//>`;
}

function Sign({ address, etag, reload }) {
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
