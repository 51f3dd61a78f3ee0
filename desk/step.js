// A step as a form: its fields, what it was refused for, and what changed if it came too late.
import { newKey, post, readIfAny } from './api.js';
import { changesBetween } from './changes.js';
import { both, code, t, until } from './i18n.js';
import { Action, Field, ProblemBox, Select } from './parts.js';
import { Delivery } from './delivery.js';
import { changed } from './forms.js';
import { addressOf, isOpen } from './steps.js';
import { named, Uploads } from './uploads.js';
import { html, outdate, useRef, useState } from './view.js';

// After a step, other services react within a moment; then the page is loaded again.
const REACTIONS_MS = 1_000;

// `resource` is the version that the person sees, `{ body, etag }`; `onDone` is called after the
// step was taken. After a conflict, the person sees what changed, and the step is sent again with
// the newer version, while the page stays as it is until they ask for it.
export function StepForm({ id, step, task, resource, procedure, onDone, main }) {
  const [newer, setNewer] = useState();
  const seen = newer && newer.than === resource?.etag ? newer.resource : resource;
  const context = { task, resource: seen?.body };
  const [values, setValues] = useState(() => firstValues(step, context));
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState();
  const [changes, setChanges] = useState();
  const sent = useRef({});
  const asked = askedOf(step, context);
  const send = async () => {
    const body = bodyOf(step, values, context);
    const etag = step.of === 'ratings' ? undefined : seen?.etag;
    const content = JSON.stringify([body, etag]);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      await post(addressOf(step, id), body, { etag, key: sent.current.key });
      setOpen(false);
      setValues(firstValues(step, context));
      onDone(step);
      outdate();
      setTimeout(outdate, REACTIONS_MS);
    } catch (failed) {
      setProblem(failed);
      if (failed.status !== 412) return;
      const now = await readIfAny(`/v1/${step.of}/${id}`);
      setChanges(changesBetween(seen?.body ?? {}, now?.body ?? {}));
      setNewer({ than: resource?.etag, resource: now });
    }
  };
  const name = t(`step.${step.id}`);
  if (!asked.length || !open) {
    const act = asked.length ? async () => setOpen(true) : send;
    return html`<div class="step">
      <${Action} className=${main ? 'main' : ''} label=${name} onClick=${act} />
      <${Refused} ...${{ problem, changes }} />
    </div>`;
  }
  const set = (field) => (value) => setValues({ ...values, [field]: value });
  const submit = (event) => event.preventDefault();
  const shown = (pointer) =>
    asked.some(({ name: field }) => `${pointer}/`.startsWith(`/${field}/`));
  return html`<form class="step open" onSubmit=${submit} noValidate aria-label=${name}>
    <h3>${name}</h3>
    ${task.basis ? html`<p class="hint">${task.basis}</p>` : null}
    ${asked.map((field) => {
      const findings = problem?.at?.(`/${field.name}`) ?? [];
      const props = {
        field,
        findings,
        procedure,
        context: { ...context, problem },
        value: values[field.name],
        set: set(field.name),
      };
      return html`<${StepField} key=${field.name} step=${step} ...${props} />`;
    })}
    <${Refused} ...${{ problem, changes, shown }} />
    <div class="line">
      <${Action} className="main" label=${name} onClick=${send} />
      <button type="button" class="quiet" onClick=${() => setOpen(false)}>${t('cancel')}</button>
    </div>
  </form>`;
}

const askedOf = (step, context) =>
  step.fields.filter((field) => !field.from && (!field.when || field.when(context)));

function firstValues(step, context) {
  const first = ({ name, type, first: value }) => {
    if (value) return [name, value(context)];
    return [name, { components: [], papers: {}, document: {}, claims: {} }[type]];
  };
  return Object.fromEntries(askedOf(step, context).map(first));
}

function bodyOf(step, values, context) {
  const body = {};
  for (const field of step.fields) {
    const value = field.from ? field.from(context) : sentValue(field, values[field.name]);
    if (value !== undefined && value !== '') body[field.name] = value;
  }
  return body;
}

function sentValue({ type }, value) {
  if (value === undefined || value === '') return undefined;
  if (type === 'papers') return named(value);
  if (type === 'claims')
    return Object.entries(value).map(([group, decision]) => ({ group, ...decision }));
  if (type === 'document') return value.document?.[0]?.document;
  if (type === 'amount') return Number(String(value).replaceAll(/\D/g, ''));
  if (type === 'score') return Number(value);
  if (type === 'agrees') return value === 'true';
  // The browser's field has no zone; the person means the time in Vietnam.
  if (type === 'instant') return `${value}:00+07:00`;
  return value;
}

// Why a step was refused. After a 412, what changed since the person looked; their input is kept.
function Refused({ problem, changes, shown }) {
  if (problem?.status === 412 && changes) {
    return html`<div class="problem" role="alert">
      <strong>${t('change.title')}</strong>
      <p>${t('change.todo')}</p>
      <table>
        <thead>
          <tr><th scope="col">${t('change.field')}</th><th scope="col">${t('change.before')}</th><th scope="col">${t('change.after')}</th></tr>
        </thead>
        <tbody>
          ${changes.map(
            (row) =>
              html`<tr><th scope="row">${row.name}</th><td>${row.before}</td><td>${row.after}</td></tr>`,
          )}
        </tbody>
      </table>
      <button type="button" onClick=${outdate}>${t('change.show')}</button>
    </div>`;
  }
  return html`<${ProblemBox} ...${{ problem, shown }} />`;
}

function StepField({ step, field, value, set, findings, procedure, context }) {
  const { name, type, required } = field;
  const id = `${step.id}-${name}`;
  const label = t(`step.field.${name}`);
  if (type === 'components') {
    return html`<${Components} ...${{ id, label, value, set, findings, procedure }} />`;
  }
  if (type === 'delivery') {
    const change = (path, part) => set(changed({ delivery: value }, path, part).delivery);
    const at = (pointer) => context.problem?.at?.(pointer) ?? [];
    return html`<${Delivery} choices=${procedure?.delivery ?? []} value=${value} set=${change} findings=${at} />`;
  }
  if (type === 'claims') {
    const open = context.resource.claims.filter(isOpen);
    return open.map(
      (claim) => html`<${Claim} key=${claim.group} ...${{ id, claim, value, set, findings }} />`,
    );
  }
  if (type === 'papers') {
    const all = procedure?.documents ?? [];
    return html`<${Uploads} components=${all.map((one) => ({ ...one, required: false }))} files=${value} onChange=${(update) => set(update(value))} />`;
  }
  if (type === 'document') {
    const component = { code: 'document', name: { vi: label, en: label }, required: false };
    return html`<${Uploads} components=${[component]} files=${value} onChange=${(update) => set(update(value))} />`;
  }
  const choices = field.options?.map((one) => [one, code(field.group, one)]);
  return html`<${Field} ...${{ id, label, required, findings }}>
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
  <//>`;
}

// The decision on a claim to a group; a rejection needs a reason.
function Claim({ id, claim: { group }, value, set, findings }) {
  const decision = value[group] ?? {};
  const change = (part) => set({ ...value, [group]: { ...decision, ...part } });
  const name = code('group', group);
  return html`<${Field} id=${`${id}-${group}`} label=${t('claim', { group: name })} required findings=${findings}>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: decision.confirmed?.toString() }}
        onChange=${(chosen) => change({ confirmed: chosen === 'true' })}
        empty=${t('choose')}
        options=${['true', 'false'].map((one) => [one, code('claim', one)])}
      />`}
    <//>
    ${
      decision.confirmed === false
        ? html`<${Field} id=${`${id}-${group}-reason`} label=${t('step.field.reason')} required>
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

// The tasks of a dossier: who has to do what, by when, and by which law.
export const Tasks = ({ tasks }) => html`<ol class="tasks">
  ${tasks.map(
    (task) => html`<li>
      <b>${both(task.title)}</b> ${t('waiting', { who: code('waiting', task.waiting_on) })}
      ${task.officer ? html` (${task.officer})` : null}
      ${task.due_at ? html`<br />${until(task)}` : null}
      ${task.missed ? html` <span class="due late">${t('due.missed')}</span>` : null}
      <br /><small>${task.basis}</small>
    </li>`,
  )}
</ol>`;
