// File a dossier: the procedure's form, its papers, and how the result is delivered.
import { newKey, post, read } from '../api.js';
import { both, code, nameOf, t } from '../i18n.js';
import { blank, changed, filled, SchemaFields } from '../forms.js';
import { Delivery, firstDelivery } from '../delivery.js';
import { Field, hasRole, Loaded, Page, ProblemBox, Select } from '../parts.js';
import { named, Uploads } from '../uploads.js';
import { html, useLoad, useRef, useState } from '../view.js';
import { Quote } from './procedures.js';

export function Filing({ code: procedure }) {
  const loaded = useLoad(async () => {
    const [shown, agencies] = await Promise.all([
      read(`/v1/procedures/${encodeURIComponent(procedure)}`),
      read('/v1/agencies', { procedure, limit: 100 }),
    ]);
    return { procedure: shown.body, agencies: agencies.body };
  }, [procedure]);
  return html`<${Loaded} of=${loaded}>${(data) => html`<${Form} ...${data} />`}<//>`;
}

function Form({ procedure, agencies }) {
  // A clerk enters what arrived at the counter or by post, for the applicant.
  const byClerk = hasRole('clerk');
  const [dossier, setDossier] = useState({
    procedure: procedure.code,
    channel: byClerk ? procedure.channels.find((one) => one !== 'online') : 'online',
    agency: agencies.length === 1 ? agencies[0].code : undefined,
    form: blank(procedure.form),
    delivery: firstDelivery(procedure),
  });
  const [files, setFiles] = useState({});
  const [problem, setProblem] = useState();
  const [sending, setSending] = useState(false);
  // One key for all attempts to send the same content, so that it is filed once.
  const sent = useRef({});
  const element = useRef();
  const set = (path, part) => setDossier((before) => changed(before, path, part));
  const findings = (pointer) => problem?.at?.(pointer) ?? [];
  const submit = async (event) => {
    event.preventDefault();
    const form = filled(procedure.form, dossier.form);
    const body = { ...dossier, form, documents: named(files) };
    const content = JSON.stringify(body);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setSending(true);
    setProblem(undefined);
    try {
      const filed = await post('/v1/dossiers', body, sent.current);
      location.hash = byClerk ? `#/dossiers/${filed.body.id}` : `#/mine/${filed.body.id}?filed`;
    } catch (failed) {
      setProblem(failed);
      setSending(false);
      // After the findings are drawn, the first wrong field gets the focus.
      requestAnimationFrame(() => focusFirst(element.current));
    }
  };
  const group = dossier.groups?.[0];
  const missing = (component) =>
    problem?.errors?.filter((finding) => finding.component === component) ?? [];
  const shown = (pointer) => /^\/(form\/|documents\/|agency$|applicant$|channel$|groups\/0$|delivery\/)/.test(pointer);
  return html`<${Page} title=${nameOf(procedure)}>
    <form ref=${element} onSubmit=${submit} noValidate>
      <${ProblemBox} problem=${problem} shown=${shown} />
      <${Field} id="agency" label=${t('agency')} required findings=${findings('/agency')}>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: dossier.agency, onChange: (agency) => set(['agency'], agency) }}
          empty=${t('choose')}
          options=${agencies.map((agency) => [agency.code, both(agency.name)])}
        />`}
      <//>
      ${byClerk ? html`<${Arrival} ...${{ procedure, dossier, set, findings }} />` : null}
      <h2>${t('file.form')}</h2>
      <${SchemaFields}
        schema=${procedure.form}
        value=${dossier.form}
        findings=${findings}
        onChange=${(path, part) => set(['form', ...path], part)}
      />
      ${
        procedure.documents.length
          ? html`<h2>${t('procedures.papers')}</h2>
            <${Uploads} components=${procedure.documents} files=${files} onChange=${setFiles} findings=${missing} />`
          : null
      }
      ${
        dossier.delivery
          ? html`<h2>${t('procedures.delivery')}</h2>
            <${Delivery} choices=${procedure.delivery} value=${dossier.delivery} set=${set} findings=${findings} />`
          : null
      }
      ${
        procedure.groups.length
          ? html`<${Field} id="group" label=${t('fee.group')} hint=${proofOf(procedure, group)} findings=${findings('/groups/0')}>
            ${(attributes) => html`<${Select}
              ...${{ attributes, value: group, onChange: (one) => set(['groups'], one ? [one] : undefined) }}
              empty=${t('fee.no_group')}
              options=${procedure.groups.map((one) => [one, code('group', one)])}
            />`}
          <//>`
          : null
      }
      ${
        procedure.fees.lines.length && agencies.length
          ? html`<${Quote}
            ...${{ procedure, agencies }}
            chosen=${{ agency: dossier.agency, channel: dossier.channel, groups: group ?? '' }}
          />`
          : null
      }
      <p><button class="main" disabled=${sending}>${sending ? t('sending') : t('file.send')}</button></p>
    </form>
  <//>`;
}

// For whom a clerk enters a dossier, and how it arrived.
const Arrival = ({ procedure, dossier, set, findings }) => html`
  <${Field} id="applicant" label=${t('file.applicant')} hint=${t('file.applicant.hint')} required findings=${findings('/applicant')}>
    ${(attributes) => html`<input
      ...${attributes}
      value=${dossier.applicant ?? ''}
      onInput=${(event) => set(['applicant'], event.target.value || undefined)}
    />`}
  <//>
  <${Field} id="channel" label=${t('channel')} required findings=${findings('/channel')}>
    ${(attributes) => html`<${Select}
      ...${{ attributes, value: dossier.channel, onChange: (channel) => set(['channel'], channel) }}
      options=${procedure.channels.filter((one) => one !== 'online').map((one) => [one, code('channel', one)])}
    />`}
  <//>
`;

// What a claim to a group needs.
function proofOf({ group_evidence: all = [], documents }, group) {
  const proof = all.find((one) => one.group === group);
  if (!proof) return undefined;
  const component = documents.find((one) => one.code === proof.component);
  const parts = [
    component && t('fee.evidence', { paper: both(component.name) }),
    proof.confirmed_by_officer && t('fee.confirmed'),
  ];
  return parts.filter(Boolean).join(' ') || undefined;
}

const focusFirst = (form) => form?.querySelector('[aria-invalid], .problem')?.focus();
