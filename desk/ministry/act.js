// A form that sends one request: its fields, findings at them, and what was typed until it is granted.
import { newKey } from '../api.js';
import { t } from '../i18n.js';
import { amountOf } from '../numbers.js';
import { Action, Field, ProblemBox, Select } from '../parts.js';
import { html, useRef, useState } from '../view.js';

// `fields` are `{ name, label, type, options, required, hint }`; types are `line`, `text`, `date`,
// `instant`, `amount`, `many` and, with `options`, a choice. `send(body, key)` takes what was typed; the
// same content is sent with the same key. `onDone` is called after it was granted. Findings are at the
// names of fields below `within`, or where a field has `at`. `preview`, `{ label, send, onDone }`, is a
// request that changes nothing; what was typed stays. `more` is a part of the body that is entered by a
// part of its own, `{ body, draw(problem), has(pointer) }`.
export function Act(props) {
  const { id, title, fields, first = {}, button, send, onDone, hint, within = '', preview, more } = props;
  const [values, setValues] = useState(first);
  const [problem, setProblem] = useState();
  const sent = useRef({});
  const act = async () => {
    const body = { ...bodyOf(fields, values), ...more?.body };
    const content = JSON.stringify(body);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      const outcome = await send(body, sent.current.key);
      sent.current = {};
      setValues(first);
      await onDone?.(outcome);
    } catch (failed) {
      setProblem(failed);
    }
  };
  const look = async () => {
    setProblem(undefined);
    try {
      preview.onDone(await preview.send(bodyOf(fields, values)));
    } catch (failed) {
      setProblem(failed);
    }
  };
  const placeOf = ({ name, at }) => `${within}${at ?? `/${name}`}/`;
  const of = (pointer) => fields.find((field) => `${pointer}/`.startsWith(placeOf(field)));
  const shown = (pointer) => pointer !== undefined && Boolean(of(pointer) || more?.has(pointer));
  return html`<form class="act" onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${title}>
    ${hint ? html`<p class="hint">${hint}</p>` : null}
    <div class="line">
      ${fields.map(
        (field) => html`<${One}
          key=${field.name}
          id=${`${id}-${field.name}`}
          field=${field}
          value=${values[field.name]}
          findings=${(problem?.errors ?? []).filter(({ pointer }) => pointer !== undefined && of(pointer) === field)}
          set=${(value) => setValues((all) => ({ ...all, [field.name]: value }))}
        />`,
      )}
    </div>
    ${more?.draw(problem)}
    <${ProblemBox} ...${{ problem, shown }} />
    ${preview ? html`<${Action} label=${preview.label} onClick=${look} />${' '}` : null}
    <${Action} className="main" label=${button ?? title} onClick=${act} />
  </form>`;
}

function One({ id, field, value, findings, set }) {
  const { label, type, options, required, hint } = field;
  if (type === 'many') {
    const chosen = value ?? [];
    const toggle = (one) =>
      set(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
    return html`<fieldset aria-describedby=${findings.length ? `${id}-error` : undefined}>
      <legend>${label}${required ? '' : html` <small>${t('optional')}</small>`}</legend>
      ${options.map(
        ([one, name]) => html`<label class="check" key=${one}>
          <input type="checkbox" checked=${chosen.includes(one)} onChange=${() => toggle(one)} /> ${name}
        </label>`,
      )}
      ${
        findings.length
          ? html`<ul class="errors" id=${`${id}-error`}>${findings.map((one) => html`<li>${one.detail}</li>`)}</ul>`
          : null
      }
    </fieldset>`;
  }
  return html`<${Field} ...${{ id, label, hint, required, findings }}>
    ${(attributes) => {
      const onInput = (event) => set(event.target.value);
      if (options) {
        return html`<${Select} ...${{ attributes, value, options, onChange: set }} empty=${t('choose')} />`;
      }
      if (type === 'text') {
        return html`<textarea rows="2" ...${attributes} value=${value ?? ''} onInput=${onInput}></textarea>`;
      }
      const kind = { date: 'date', instant: 'datetime-local' }[type] ?? 'text';
      const mode = type === 'amount' ? 'numeric' : field.mode;
      return html`<input type=${kind} inputmode=${mode} list=${field.list} ...${attributes} value=${value ?? ''} onInput=${onInput} />`;
    }}
  <//>`;
}

function bodyOf(fields, values) {
  const body = {};
  for (const { name, type } of fields) {
    const value = values[name];
    if (value === undefined || value === '') continue;
    // The browser's field has no zone; the person means the time in Vietnam.
    if (type === 'instant') body[name] = `${value}:00+07:00`;
    else if (type === 'words') body[name] = value.split(/[\s,]+/).filter(Boolean);
    else if (type === 'yes_no') body[name] = value === 'true';
    // What is no amount is sent as it is: the server finds fault with it, at its field.
    else if (type === 'amount') body[name] = amountOf(value) ?? value;
    else body[name] = value;
  }
  return body;
}

export const yesNo = () => [
  ['true', t('yes')],
  ['false', t('no')],
];
