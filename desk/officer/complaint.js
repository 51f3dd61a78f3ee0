// A complaint, for its handler and for the complainant: what it is about, the steps that are theirs,
// and the answer.
import { bytes, read } from '../api.js';
import { code, day, t, time, until } from '../i18n.js';
import { Action, Facts, hasRole, Loaded, Page, ProblemBox } from '../parts.js';
import { session } from '../session.js';
import { LEFT, StepForm } from '../step.js';
import { stepsForComplaint } from '../steps.js';
import { save } from '../uploads.js';
import { html, useLoad, useState } from '../view.js';

export function Complaint({ id }) {
  const loaded = useLoad(() => read(`/v1/complaints/${id}`), [id]);
  return html`<${Loaded} of=${loaded}>
    ${(resource) => html`<${Shown} ...${{ id, resource }} />`}
  <//>`;
}

function Shown({ id, resource }) {
  const complaint = resource.body;
  const steps = stepsForComplaint(session(), complaint);
  const [done, setDone] = useState();
  const onDone = (step) => {
    // The other agency has it now.
    if (step.id === 'forward_complaint') {
      location.hash = `#/complaints?done=${step.id}`;
      return LEFT;
    }
    return setDone(`done.${step.id}`);
  };
  return html`<${Page} title=${complaint.number ?? t('complaint')}>
    <div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Facts} rows=${rowsOf(complaint)} />
    ${complaint.text ? html`<blockquote>${complaint.text}</blockquote>` : null}
    <${Attachments} id=${id} documents=${complaint.documents} />
    ${complaint.answer ? html`<h2>${t('complaint.answer')}</h2><blockquote>${complaint.answer}</blockquote>` : null}
    <${Attachments} id=${id} documents=${complaint.answer_documents} />
    ${complaint.reason ? html`<p class="note">${complaint.reason}</p>` : null}
    ${complaint.published ? html`<h2>${t('complaint.published')}</h2><blockquote>${complaint.published}</blockquote>` : null}
    ${steps.length ? html`<h2>${t('next')}</h2>` : null}
    ${steps.map(
      ({ step, task, main }) => html`<${StepForm}
        key=${step.id}
        ...${{ id, step, task, main, resource, onDone }}
      />`,
    )}
    ${
      complaint.notes?.length
        ? html`<h2>${t('remarks')}</h2>
          <ul>
            ${complaint.notes.map((note) => html`<li>${time(note.at)} · ${note.by}: <q>${note.note}</q></li>`)}
          </ul>`
        : null
    }
  <//>`;
}

function rowsOf(complaint) {
  const { contact = {} } = complaint;
  const pages = hasRole('applicant') ? 'mine' : 'dossiers';
  const link = (to, name) => html`<a href=${to}>${name}</a>`;
  return [
    [t('dossier.stage'), code('complaint', complaint.stage)],
    [t('complaint.owed'), complaint.owed && code('owed', complaint.owed)],
    [t('complaint.due'), complaint.due_at && until(complaint)],
    [t('complaint.overdue'), complaint.overdue ? t('yes') : undefined],
    [t('complaint.escalated'), complaint.escalates_at && time(complaint.escalates_at)],
    [t('complaint.class'), complaint.class && code('class', complaint.class)],
    [t('work.officer'), complaint.officer],
    [t('channel'), code('complain.channel', complaint.channel)],
    [t('complaint.received'), time(complaint.received_at)],
    [t('complain.name'), contact.name],
    [t('complain.phone'), contact.phone],
    [t('complain.address'), contact.address],
    [
      t('complaint.merged'),
      complaint.merged_into && link(`#/complaints/${complaint.merged_into}`, t('complaint')),
    ],
    [t('complaint.reopened'), complaint.reopened_because],
    [t('complaint.reopenable'), complaint.reopenable_on && day(complaint.reopenable_on)],
    [
      t('complaint.rating'),
      complaint.rating &&
        html`${code('score', complaint.rating.score)}
        ${complaint.rating.comment ? html` <q>${complaint.rating.comment}</q>` : null}`,
    ],
    [
      t('complaint.dossier'),
      complaint.dossier && link(`#/${pages}/${complaint.dossier}`, t('complaint.open')),
    ],
  ];
}

// Documents of a complaint or of its answer, to save.
function Attachments({ id, documents = [] }) {
  const [problem, setProblem] = useState();
  const fetched = (one) => async () => {
    setProblem(undefined);
    try {
      save(await bytes(`/v1/complaints/${id}/documents/${one.document}`), one.file_name ?? 'document');
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<ul class="files">
      ${documents.map(
        (one) => html`<li key=${one.document}>
          <${Action} className="quiet" label=${one.file_name ?? one.document} onClick=${fetched(one)} />
        </li>`,
      )}
    </ul>
    <${ProblemBox} problem=${problem} />`;
}
