// Track a dossier: where it is, who has it until when, why this date, and what the applicant can do.
import { both, code, nameOf, t } from '../i18n.js';
import { WhyThisDate } from '../calendar.js';
import { SandboxBank } from '../demo.js';
import { loadDossier } from '../dossier-load.js';
import { Claims, Documents, FormOf, Reads, Way } from '../dossier-parts.js';
import { History } from '../history.js';
import { Messages } from '../notes.js';
import { Papers } from '../papers.js';
import { Due, Facts, Loaded, Page, Stage } from '../parts.js';
import { Payment } from '../payment.js';
import { Result } from '../result.js';
import { StepForm, Tasks } from '../step.js';
import { stepsFor } from '../steps.js';
import { html, useLoad, useState } from '../view.js';
import { Complain } from './complain.js';
import { Pay } from './pay.js';

export function Track({ id, settings }) {
  const loaded = useLoad(() => loadDossier(id), [id]);
  return html`<${Loaded} of=${loaded}>
    ${(all) => html`<${Shown} all=${all} reload=${loaded.reload} settings=${settings} />`}
  <//>`;
}

function Shown({ all, reload, settings }) {
  const { id, dossiers, payments, deliveries, deadline, procedure } = all;
  const dossier = dossiers.body;
  const [done, setDone] = useState(location.hash.endsWith('?filed') ? 'file.done' : undefined);
  const { steps, rest } = stepsFor({ roles: ['applicant'] }, all);
  const onDone = (step) => setDone(`done.${step.id}`);
  const form = ({ step, task, main }) => html`<${StepForm}
    key=${`${step.id} ${task.subject}`}
    ...${{ id, step, task, procedure, onDone, main }}
    resource=${all[step.of]}
  />`;
  return html`<${Page} title=${nameOf(procedure) ?? dossier.procedure}>
    <div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Way} dossier=${dossier} payment=${payments?.body} delivery=${deliveries?.body} />
    <${Facts}
      rows=${[
        [t('dossier.code'), html`<code>${dossier.code}</code>`],
        [t('dossier.stage'), html`<${Stage} of=${dossier.stage} />`],
        [
          t('dossier.waiting'),
          dossier.waiting_on && dossier.waiting_on !== 'nobody'
            ? code('waiting', dossier.waiting_on)
            : undefined,
        ],
        [
          t('dossier.due'),
          dossier.due_at && html`<${Due} on=${dossier.due_on} at=${dossier.due_at} />`,
        ],
        [t('dossier.outcome'), dossier.outcome && code('outcome', dossier.outcome)],
        [t('dossier.result'), deliveries?.body.number],
      ]}
    />
    ${dossier.suspended ? html`<p class="note">${t('dossier.suspended')}</p>` : null}
    ${dossier.decision?.reason ? html`<blockquote>${dossier.decision.reason}</blockquote>` : null}
    ${
      dossier.supplement
        ? html`<section class="note" aria-labelledby="supplement">
          <h2 id="supplement">${t('supplement.title')}</h2>
          <p>${dossier.supplement.reason}</p>
          <ul>${dossier.supplement.components.map((one) => html`<li key=${one}>${paperName(procedure, one)}</li>`)}</ul>
        </section>`
        : null
    }
    ${dossier.next?.length ? html`<h2>${t('next')}</h2><${Tasks} tasks=${dossier.next} />` : null}
    ${steps.map(form)}
    ${
      payments
        ? html`<h2>${t('fee.title')}</h2>
          <${Payment} payment=${payments.body} />
          <${Pay} ...${{ id, payment: payments.body, onChange: reload }} />`
        : null
    }
    <${Claims} claims=${dossier.claims} />
    ${
      settings.sign_in === 'demo' && payments
        ? html`<${SandboxBank} payment=${payments.body} onDone=${reload} />`
        : null
    }
    ${deliveries ? html`<${Result} delivery=${deliveries.body} procedure=${procedure} rating=${all.rating} />` : null}
    ${deadline?.explanation ? html`<${WhyThisDate} explanation=${deadline.explanation} />` : null}
    <${Messages} id=${id} mine />
    <h2>${t('papers')}</h2>
    <${Papers} ...${{ id, dossier, payment: payments?.body, delivery: deliveries?.body }} />
    <details>
      <summary>${t('dossier.filed')}</summary>
      <${FormOf} dossier=${dossier} procedure=${procedure} />
      <${Documents} id=${id} documents=${dossier.documents} procedure=${procedure} />
    </details>
    <${History} id=${id} folded />
    <details>
      <summary>${t('reads')}</summary>
      <${Reads} id=${id} />
    </details>
    <details>
      <summary>${t('more.actions')}</summary>
      ${rest.map(form)}
      <${Complain} dossier=${dossier} onDone=${() => setDone('done.file_complaint')} />
    </details>
  <//>`;
}

const paperName = (procedure, component) =>
  both(procedure?.documents.find((one) => one.code === component)?.name) || component;
