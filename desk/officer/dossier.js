// A dossier on one page: what is to be done and by whom, the form and the documents, the proposal
// beside the evidence, and the timeline.
import { WhyThisDate } from '../calendar.js';
import {
  Documents,
  Elapsed,
  FormOf,
  loadDossier,
  Papers,
  Payment,
  Reads,
  Timeline,
  Way,
} from '../dossier-parts.js';
import { code, nameOf, t, time } from '../i18n.js';
import { Messages, Notes } from '../notes.js';
import { Due, Facts, hasRole, Loaded, Page, Stage } from '../parts.js';
import { session } from '../session.js';
import { StepForm, Tasks } from '../step.js';
import { stepsFor } from '../steps.js';
import { html, useLoad, useState } from '../view.js';

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
  const onDone = (step) => setDone(`done.${step.id}`);
  const form = ({ step, task, main }) => html`<${StepForm}
    key=${`${step.id} ${task.subject}`}
    ...${{ id, step, task, procedure, onDone, main }}
    resource=${all[step.of]}
  />`;
  return html`<${Page} title=${`${dossier.code}`} wide>
    <p>${nameOf(procedure) ?? dossier.procedure}</p>
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
        <h2>${t('papers')}</h2>
        <${Papers} id=${id} payment=${payments?.body} delivery=${deliveries?.body} />
        ${
          rest.length
            ? html`<details>
              <summary>${t('more.actions')}</summary>
              ${rest.map(form)}
            </details>`
            : null
        }
      </div>
      <div>
        <h2>${t('file.form')}</h2>
        <${FormOf} dossier=${dossier} />
        <h2>${t('documents')}</h2>
        <${Documents} id=${id} documents=${dossier.documents} procedure=${procedure} />
        ${review ? html`<${Remarks} review=${review} />` : null}
        ${hasRole('clerk', 'reviewer', 'approver', 'auditor') ? html`<${Messages} id=${id} /><${Notes} id=${id} />` : null}
      </div>
    </div>
    ${deadline?.explanation ? html`<${WhyThisDate} explanation=${deadline.explanation} />` : null}
    <${Elapsed} id=${id} />
    <h2>${t('timeline')}</h2>
    <${Timeline} id=${id} />
    ${hasRole('auditor') ? html`<h2>${t('reads')}</h2><${Reads} id=${id} />` : null}
  <//>`;
}

const Proposal = ({ proposal, review }) => html`<section class="note" aria-labelledby="proposal">
  <h2 id="proposal">${t('proposal')}</h2>
  <p><b>${code('outcome', proposal.outcome)}</b> · ${proposal.officer}</p>
  ${proposal.reason ? html`<blockquote>${proposal.reason}</blockquote>` : null}
  <ul>
    ${(review.completed_activities ?? []).map(
      (one) =>
        html`<li key=${one.activity}>${one.activity}: ${one.officer}, ${time(one.at)} ${one.note ?? ''}</li>`,
    )}
  </ul>
</section>`;

// What officers noted: returns, hand-overs, and answers of consulted agencies.
function Remarks({ review }) {
  const consultations = [...review.consultations, ...(review.closed_consultations ?? [])];
  if (!review.remarks?.length && !consultations.length) return null;
  return html`<h2>${t('remarks')}</h2>
    <ul>
      ${(review.remarks ?? []).map(
        (one) =>
          html`<li>${time(one.at)} · ${one.officer}: ${t(`remark.${one.step}`)} ${one.to ?? ''} <q>${one.reason}</q></li>`,
      )}
      ${consultations.map(
        (one) => html`<li key=${one.consultation}>
          ${one.agency}: <q>${one.question}</q> ${one.answer ? html`<q>${one.answer}</q>` : t('remark.waiting')}
        </li>`,
      )}
    </ul>`;
}
