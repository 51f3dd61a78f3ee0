// A step as a form: its fields, what it was refused for, and what changed if it came too late.
import { newKey, post, readIfAny } from './api.js';
import { changesBetween } from './changes.js';
import { both, code, t, until } from './i18n.js';
import { Action, ProblemBox } from './parts.js';
import { showsFindingAt, StepField } from './step-fields.js';
import { askedOf, bodyOf, firstValues } from './step-values.js';
import { addressOf } from './steps.js';
import { html, outdate, useRef, useState } from './view.js';

// After a step, other services react within a moment; then the page is loaded again.
const REACTIONS_MS = 1_000;
// What `onDone` returns if it led to another page.
export const LEFT = 'left';

// `resource` is the version that the person sees, `{ body, etag }`; `onDone` is called with the
// reply after the step was taken. After a conflict, the person sees what changed, and the step is sent again with
// the newer version, while the page stays as it is until they ask for it.
export function StepForm({ id, step, task, resource, procedure, onDone, main }) {
  const [newer, setNewer] = useState();
  const seen = newer && newer.than === resource?.etag ? newer.resource : resource;
  const context = { task, resource: seen?.body };
  // What nobody typed follows the resource, which may have become another since the page was opened.
  const [typed, setTyped] = useState({});
  const values = { ...firstValues(step, context), ...typed };
  // A page may lead here with the notice that is meant.
  const [open, setOpen] = useState(Boolean(values.notice));
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
      const reply = await post(addressOf(step, id), body, { etag, key: sent.current.key });
      setOpen(false);
      setTyped({});
      if (onDone(step, reply.body) === LEFT) return;
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
  const about = both(step.about?.({ task, procedure }));
  const title = t(`step.${step.name ?? step.id}`);
  const name = about ? `${title}: ${about}` : title;
  if (!asked.length || !open) {
    const act = asked.length ? async () => setOpen(true) : send;
    return html`<div class="step">
      <${Action} className=${main ? 'main' : ''} label=${name} onClick=${act} />
      <${Refused} ...${{ problem, changes }} />
    </div>`;
  }
  const set = (field) => (value) => setTyped({ ...typed, [field]: value });
  const submit = (event) => event.preventDefault();
  const shown = (pointer) => asked.some((field) => showsFindingAt(field, pointer));
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
