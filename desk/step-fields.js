// The fields of a step, each by its type.
import { Delivery } from './delivery.js';
import { changed } from './forms.js';
import { both, code, money, t, time } from './i18n.js';
import { Field, Select } from './parts.js';
import {
  AgencyField,
  ComplaintField,
  NoticeField,
  OfficerField,
  ProviderField,
  TemplateChoice,
} from './step-choices.js';
import { Uploads } from './uploads.js';
import { html } from './view.js';

// Types whose parts have findings of their own, and types that show none.
const IN_PARTS = ['delivery', 'claims'];
const SILENT = ['papers', 'document'];

// Whether a field shows the finding at a pointer; the others are listed below the form.
export function showsFindingAt({ name, type }, pointer) {
  if (SILENT.includes(type)) return false;
  return pointer === `/${name}` || (IN_PARTS.includes(type) && pointer.startsWith(`/${name}/`));
}

// `context` has the task, the resource and the problem of the last attempt.
export function StepField(props) {
  const { step, field, value, set, findings, procedure, context } = props;
  const id = `${step.id}-${field.name}`;
  const label = t(field.label ?? `step.field.${field.name}`);
  const Special = SPECIAL[field.type];
  if (Special) return html`<${Special} ...${props} id=${id} label=${label} />`;
  const { type, required } = field;
  const choices = field.pairs ? field.pairs(procedure, context) : choicesOf(field, context);
  return html`
    ${field.templates ? html`<${TemplateChoice} complaint=${context.resource} value=${value} set=${set} />` : null}
    <${Field} ...${{ id, label, required, findings }}>
      ${(attributes) => {
        const onInput = (event) => set(event.target.value);
        if (choices) {
          return html`<${Select} ...${{ attributes, value, options: choices, onChange: set }} empty=${t('choose')} />`;
        }
        if (type === 'text') {
          return html`<textarea rows="3" ...${attributes} value=${value ?? ''} onInput=${onInput}></textarea>`;
        }
        if (type === 'instant') {
          return html`<input type="datetime-local" ...${attributes} value=${value ?? ''} onInput=${onInput} />`;
        }
        const mode = type === 'amount' ? 'numeric' : undefined;
        return html`<input ...${attributes} inputmode=${mode} value=${value ?? ''} onInput=${onInput} />`;
      }}
    <//>
  `;
}

// The choices of a field: codes with their texts, or parts of the resource.
function choicesOf({ options, group, choices, named: naming }, context) {
  if (options) return options.map((one) => [one, code(group, one)]);
  if (!choices || !context.resource) return undefined;
  const attempts = context.resource.attempts ?? [];
  const refunds = context.resource.sent_refunds ?? [];
  return choices(context).map((one) => {
    const sent = naming === 'refund' && refunds.find(({ refund }) => refund === one);
    if (sent) return [one, [sent.provider, money(sent.amount_vnd), time(sent.requested_at)].join(' · ')];
    const attempt = attempts.find(({ payment }) => payment === one);
    return [
      one,
      naming === 'attempt' && attempt
        ? `${attempt.provider} · ${attempt.reference} · ${code('attempt', attempt.state)}`
        : one,
    ];
  });
}

const SPECIAL = {
  components: Components,
  delivery: DeliveryField,
  claims: Claims,
  papers: Papers,
  document: DocumentField,
  files: Files,
  agency: AgencyField,
  officer: OfficerField,
  notice: NoticeField,
  provider: ProviderField,
  complaint: ComplaintField,
};

function DeliveryField({ value, set, procedure, context }) {
  const change = (path, part) => set(changed({ delivery: value }, path, part).delivery);
  const at = (pointer) => context.problem?.at?.(pointer) ?? [];
  return html`<${Delivery} choices=${procedure?.delivery ?? []} value=${value} set=${change} findings=${at} />`;
}

const change = (value, set) => (update) => set(update(value));

function Papers({ value, set, procedure }) {
  const all = (procedure?.documents ?? []).map((one) => ({ ...one, required: false }));
  return html`<${Uploads} components=${all} files=${value} onChange=${change(value, set)} />`;
}

function DocumentField({ value, set, label }) {
  const component = { code: 'document', name: { vi: label, en: label }, required: false };
  return html`<${Uploads} components=${[component]} files=${value} onChange=${change(value, set)} />`;
}

// Files without a component.
function Files({ value, set, field, label, findings }) {
  const component = { code: field.name, name: { vi: label, en: label }, required: field.required };
  return html`<${Uploads} components=${[component]} files=${value} onChange=${change(value, set)} findings=${() => findings} />`;
}

// Decisions on open claims or, with `rejected`, on rejected ones.
function Claims({ id, field, value, set, findings, context }) {
  const decided = context.resource.claims.filter(({ outcome }) =>
    field.rejected ? outcome === 'rejected' : outcome === 'open',
  );
  return decided.map((claim) => {
    const at = Object.keys(value).indexOf(claim.group);
    const inReason = context.problem?.at?.(`/claims/${at}/reason`) ?? [];
    return html`<${Claim} key=${claim.group} ...${{ id, field, claim, value, set, findings, inReason }} />`;
  });
}

// The decision on a claim to a group; a rejection needs a reason, and so does confirming a rejected one.
function Claim({ id, field, claim: { group, reason }, value, set, findings, inReason }) {
  const decision = value[group] ?? {};
  const change = (part) => set({ ...value, [group]: { ...decision, ...part } });
  const keep = (chosen) => {
    const { [group]: _, ...others } = value;
    set(chosen === 'true' ? { ...others, [group]: { ...decision, confirmed: true } } : others);
  };
  const name = code('group', group);
  const options = ['true', 'false'].map((one) => [one, code(field.rejected ? 'claim.again' : 'claim', one)]);
  const chosen = field.rejected ? String(decision.confirmed ?? false) : decision.confirmed?.toString();
  const needsReason = field.rejected ? decision.confirmed : decision.confirmed === false;
  return html`<${Field} id=${`${id}-${group}`} label=${t('claim', { group: name })} required ...${{ findings }}
      hint=${field.rejected && reason ? t('claim.rejected_because', { reason }) : undefined}>
      ${(attributes) => html`<${Select}
        ...${{ attributes, options, value: chosen }}
        onChange=${field.rejected ? keep : (one) => change({ confirmed: one === 'true' })}
        empty=${field.rejected ? undefined : t('choose')}
      />`}
    <//>
    ${
      needsReason
        ? html`<${Field} id=${`${id}-${group}-reason`} label=${t('step.field.reason')} required findings=${inReason}>
          ${(attributes) => html`<input
            ...${attributes}
            value=${decision.reason ?? ''}
            onInput=${(event) => change({ reason: event.target.value })}
          />`}
        <//>`
        : null
    }`;
}

function Components({ id, label, value, set, findings, procedure }) {
  const toggle = (one) =>
    set(value.includes(one) ? value.filter((other) => other !== one) : [...value, one]);
  return html`<fieldset aria-describedby=${findings.length ? `${id}-error` : undefined}>
    <legend>${label}</legend>
    ${(procedure?.documents ?? []).map(
      (one) => html`<label class="check" key=${one.code}>
        <input type="checkbox" checked=${value.includes(one.code)} onChange=${() => toggle(one.code)} />
        ${both(one.name)}
      </label>`,
    )}
    ${
      findings.length
        ? html`<ul class="errors" id=${`${id}-error`}>${findings.map((one) => html`<li>${one.detail}</li>`)}</ul>`
        : null
    }
  </fieldset>`;
}
