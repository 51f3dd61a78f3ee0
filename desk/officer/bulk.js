// A step on several tasks of the work list at once, with an outcome for each.
import { newKey, post, readIfAny } from '../api.js';
import { code, t } from '../i18n.js';
import { Action, ProblemBox } from '../parts.js';
import { session } from '../session.js';
import { StepField } from '../step-fields.js';
import { askedOf, bodyOf, firstValues } from '../step-values.js';
import { bulkStepsFor } from '../steps.js';
import { html, outdate, useRef, useState } from '../view.js';

// The API takes as many at once.
export const ITEMS_MAX = 100;
const READS_AT_ONCE = 6;

export const keyOf = ({ dossier, task }) => `${dossier.id} ${task.kind} ${task.subject ?? ''}`;

export const isForBulk = ({ task }) => bulkStepsFor(session(), [task.kind]).length > 0;

// `rows` are the chosen ones; `onTaken` gets the keys of those that were done.
export function Bulk({ rows, onTaken }) {
  const [chosen, setChosen] = useState();
  const [outcomes, setOutcomes] = useState();
  const kinds = [...new Set(rows.map(({ task }) => task.kind))];
  const steps = kinds.length ? bulkStepsFor(session(), kinds) : [];
  const step = steps.find(({ id }) => id === chosen);
  const onDone = (found) => {
    setOutcomes(found);
    setChosen(undefined);
    onTaken(found.filter(({ problem }) => !problem).map(({ row }) => keyOf(row)));
    outdate();
  };
  if (!rows.length && !outcomes) return null;
  return html`<section class=${rows.length ? 'bulk chosen' : 'bulk'} aria-labelledby="bulk">
    <h2 id="bulk">${t('bulk')}</h2>
    ${rows.length ? html`<p>${t('bulk.chosen', { n: rows.length })}</p>` : null}
    ${rows.length > ITEMS_MAX ? html`<p class="note">${t('bulk.too_many', { n: ITEMS_MAX })}</p>` : null}
    ${rows.length && !steps.length ? html`<p class="hint">${t('bulk.none')}</p>` : null}
    <div class="line">
      ${
        rows.length > ITEMS_MAX
          ? null
          : steps.map(
              ({ id }) => html`<${Action}
                key=${id}
                label=${t(`step.${id}`)}
                className=${id === chosen ? 'main' : ''}
                onClick=${async () => {
                  setOutcomes(undefined);
                  setChosen(id);
                }}
              />`,
            )
      }
    </div>
    ${step ? html`<${Form} key=${step.id} ...${{ step, rows, onDone }} onClose=${() => setChosen(undefined)} />` : null}
    <${Outcomes} outcomes=${outcomes} />
  </section>`;
}

function Form({ step, rows, onDone, onClose }) {
  const context = { task: rows[0].task, resource: undefined };
  const [values, setValues] = useState(() => firstValues(step, context));
  const [problem, setProblem] = useState();
  // The versions that the person saw: those of the rows.
  const seen = useRef({});
  const sent = useRef({});
  const send = async () => {
    setProblem(undefined);
    try {
      await versions(step, rows, seen.current);
      const items = rows.map(({ dossier, task }) => ({
        dossier: dossier.id,
        if_match: seen.current[dossier.id],
        body: bodyOf(step, values, { task }),
      }));
      const body = { operation: step.id, items };
      const content = JSON.stringify(body);
      if (sent.current.content !== content) sent.current = { content, key: newKey() };
      const reply = await post(`/v1/${step.of}/bulk`, body, { key: sent.current.key });
      onDone(reply.body.outcomes.map((one, at) => ({ ...one, row: rows[at] })));
    } catch (failed) {
      setProblem(failed);
    }
  };
  const asked = askedOf(step, context);
  const name = t(`step.${step.id}`);
  return html`<form class="step open" onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${name}>
    <h3>${name}</h3>
    ${asked.map(
      (field) => html`<${StepField}
        key=${field.name}
        ...${{ step, field, context, findings: [], value: values[field.name] }}
        set=${(value) => setValues({ ...values, [field.name]: value })}
      />`,
    )}
    <${ProblemBox} problem=${problem} />
    <div class="line">
      <${Action} className="main" label=${t('bulk.send', { step: name, n: rows.length })} onClick=${send} />
      <button type="button" class="quiet" onClick=${onClose}>${t('cancel')}</button>
    </div>
  </form>`;
}

// Which version a row has of the resource of a step.
const ETAGS = { dossiers: 'dossier', reviews: 'review', deliveries: 'delivery' };

// The versions that the rows have; those that no row has are read, a few at a time.
async function versions(step, rows, known) {
  for (const { dossier } of rows) {
    const version = dossier.etags?.[ETAGS[step.of]];
    if (version && !(dossier.id in known)) known[dossier.id] = version;
  }
  const missing = rows.map(({ dossier }) => dossier.id).filter((id) => !(id in known));
  while (missing.length) {
    const some = missing.splice(0, READS_AT_ONCE);
    const found = await Promise.all(some.map((id) => readIfAny(`/v1/${step.of}/${id}`)));
    // Without a version the step is refused for this dossier, with the reason.
    for (const [at, id] of some.entries()) known[id] = found[at]?.etag ?? undefined;
  }
}

const Outcomes = ({ outcomes }) =>
  html`<div role="status">
    ${
      outcomes
        ? html`<h3>${t('bulk.outcomes', {
            done: outcomes.filter(({ problem }) => !problem).length,
            refused: outcomes.filter(({ problem }) => problem).length,
          })}</h3>
          <ul class="rows outcomes">
            ${outcomes.map(
              ({ row, problem }) => html`<li key=${keyOf(row)} class=${problem ? 'refused' : 'taken'}>
                <a href=${`#/dossiers/${row.dossier.id}`}>${row.dossier.code}</a>
                ${' '}${problem ? html`<b>${t('bulk.refused')}</b>: ${reasonsOf(problem)}` : t('bulk.taken')}
              </li>`,
            )}
          </ul>`
        : null
    }
  </div>`;

// Why one was refused. A version that is too old means that somebody else was faster.
function reasonsOf({ status, title, detail, errors = [] }) {
  if (status === 412) return t('bulk.changed');
  const found = errors.map((one) => one.detail).filter(Boolean);
  return [...new Set([title, detail, ...found])].filter(Boolean).join(' · ');
}

// A box to choose a row with.
export const Chooser = ({ row, chosen, onChange }) => html`<label class="check choose">
  <input type="checkbox" checked=${chosen} onChange=${(event) => onChange(event.target.checked)} />
  <span class="hidden">${t('bulk.row', { code: row.dossier.code, who: code('waiting', row.task.waiting_on) })}</span>
</label>`;
