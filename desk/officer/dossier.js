// A dossier on one page: what is to be done and by whom, the form and the documents, the proposal
// beside the evidence, and the timeline.
import { WhyThisDate } from '../calendar.js';
import { loadDossier } from '../dossier-load.js';
import { Claims, Documents, FormOf, Reads, Way } from '../dossier-parts.js';
import { History } from '../history.js';
import { code, nameOf, t, time } from '../i18n.js';
import { Messages, Notes } from '../notes.js';
import { Papers } from '../papers.js';
import { Due, Facts, hasRole, Loaded, Page, Stage } from '../parts.js';
import { Payment } from '../payment.js';
import { Result } from '../result.js';
import { session } from '../session.js';
import { LEFT, StepForm, Tasks } from '../step.js';
import { stepsFor } from '../steps.js';
import { html, useLoad, useState } from '../view.js';
import { Enter } from './complaints.js';
import { Labels } from './labels.js';
import { Evidence, Proposal, Remarks } from './review.js';

const WRITERS = ['clerk', 'reviewer', 'approver', 'auditor'];
// Those who see everything that was recorded about a dossier.
const WATCHERS = [...WRITERS, 'cashier', 'complaint_handler', 'operator'];

export function Dossier({ id }) {
  const loaded = useLoad(() => loadDossier(id), [id]);
  return html`<${Loaded} of=${loaded}>
    ${(all) => html`<${Shown} all=${all} />`}
  <//>`;
}

function Shown({ all }) {
  const { id, dossiers, reviews, payments, deliveries, deadline, procedure } = all;
  const dossier = dossiers.body;
  const review = reviews?.body;
  const [done, setDone] = useState();
  const { steps, rest } = stepsFor(session(), all);
  const onDone = (step, reply) => {
    // A consulted agency that has answered reads the dossier no more.
    if (step.id === 'answer_consultation') {
      location.hash = `#/work?done=${step.id}`;
      return LEFT;
    }
    // A claim to a reduced fee was rejected: the rest is owed first.
    const isOwed = step.id === 'accept_dossier' && reply.stage === 'submitted';
    const done = step.name ?? (isOwed ? 'decide_claims' : step.id);
    return setDone(`done.${done}`);
  };
  const form = ({ step, task, main }) => html`<${StepForm}
    key=${`${step.name ?? step.id} ${task.subject}`}
    ...${{ id, step, task, procedure, onDone, main }}
    resource=${all[step.of]}
  />`;
  return html`<${Page} title=${`${dossier.code}`} wide>
    <p>${nameOf(procedure) ?? dossier.procedure}</p>
    ${hasRole(...WRITERS) ? html`<${Labels} id=${id} />` : null}
    <div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Way} dossier=${dossier} payment=${payments?.body} delivery=${deliveries?.body} />
    <div class="columns">
      <div>
        <${Facts}
          rows=${[
            [t('dossier.stage'), html`<${Stage} of=${dossier.stage} />`],
            [
              t('dossier.due'),
              dossier.due_at && html`<${Due} on=${dossier.due_on} at=${dossier.due_at} />`,
            ],
            [t('dossier.missed'), dossier.deadline_missed ? t('yes') : undefined],
            [t('dossier.submitted'), time(dossier.submitted_at)],
            [t('channel'), code('channel', dossier.channel)],
            [t('agency'), dossier.agency],
            [t('dossier.applicant'), dossier.applicant],
            [t('dossier.representative'), dossier.representative],
            [t('work.officer'), review?.officer],
            [t('delivery'), code('delivery', dossier.delivery.channel)],
            [t('dossier.outcome'), dossier.outcome && code('outcome', dossier.outcome)],
            [t('dossier.result'), deliveries?.body.number],
          ]}
        />
        ${dossier.suspended ? html`<p class="note">${t('dossier.suspended')}</p>` : null}
        <section aria-labelledby="next">
          <h2 id="next">${t('next')}</h2>
          ${dossier.next?.length ? html`<${Tasks} tasks=${dossier.next} />` : html`<p>${t('next.none')}</p>`}
          ${steps.map(form)}
          ${dossier.next?.length && !steps.length ? html`<p class="hint">${t('next.not_yours')}</p>` : null}
        </section>
        ${review?.proposal ? html`<${Proposal} proposal=${review.proposal} review=${review} />` : null}
        ${payments ? html`<h2>${t('fee.title')}</h2><${Payment} payment=${payments.body} />` : null}
        <${Claims} claims=${dossier.claims} />
        ${deliveries ? html`<${Result} delivery=${deliveries.body} procedure=${procedure} rating=${all.rating} />` : null}
        <h2>${t('papers')}</h2>
        <${Papers} ...${{ id, dossier, payment: payments?.body, delivery: deliveries?.body }} />
        ${
          rest.length
            ? html`<details open=${location.hash.includes('?notice=')}>
              <summary>${t('more.actions')}</summary>
              ${rest.map(form)}
            </details>`
            : null
        }
      </div>
      <div>
        ${
          dossier.form
            ? html`<h2>${t('file.form')}</h2>
              <${FormOf} dossier=${dossier} procedure=${procedure} />`
            : html`<p class="hint">${t('dossier.not_yours')}</p>`
        }
        ${
          dossier.documents.length
            ? html`<h2>${t('documents')}</h2>
              <${Documents} id=${id} documents=${dossier.documents} procedure=${procedure} />`
            : null
        }
        ${review ? html`<${Evidence} review=${review} /><${Remarks} review=${review} />` : null}
        ${hasRole(...WRITERS) ? html`<${Messages} id=${id} /><${Notes} id=${id} />` : null}
      </div>
    </div>
    ${hasRole('clerk', 'complaint_handler') ? html`<${Enter} dossier=${dossier} />` : null}
    ${deadline?.explanation ? html`<${WhyThisDate} explanation=${deadline.explanation} />` : null}
    ${hasRole(...WATCHERS) ? html`<${History} id=${id} />` : null}
    ${hasRole('auditor') ? html`<h2>${t('reads')}</h2><${Reads} id=${id} />` : null}
  <//>`;
}
