// Complaints by due date, and a complaint with the steps of its handler.
import { read } from '../api.js';
import { code, t, time, until } from '../i18n.js';
import { Facts, Field, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { session } from '../session.js';
import { StepForm } from '../step.js';
import { stepsForComplaint } from '../steps.js';
import { html, useLoad, useState } from '../view.js';

export function Complaints() {
  const [assigned, setAssigned] = useState('');
  const found = usePages('/v1/complaints', { assigned }, [assigned]);
  return html`<${Page} title=${t('nav.complaints')} wide>
    <${Field} id="assigned" label=${t('work.whose')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: assigned, onChange: setAssigned }}
        options=${[
          ['', t('work.whose.all')],
          ['me', t('work.whose.me')],
          ['nobody', t('work.whose.none')],
        ]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows work">
          ${rows.map(
            (row) => html`<li key=${row.complaint}>
              <div>
                <a href=${`#/complaints/${row.complaint}`}>${row.number ?? time(row.received_at)}</a>
                <small>${row.class ? code('class', row.class) : code('complaint', row.stage)}</small>
              </div>
              <div>
                ${row.owed ? html`<b>${code('owed', row.owed)}</b>` : code('complaint', row.stage)}
                <small>${row.officer ?? t('work.nobody')}</small>
              </div>
              <div>
                ${row.due_at ? until(row) : null}
                ${row.overdue ? html` <span class="due late">${t('due.missed')}</span>` : null}
              </div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

export function Complaint({ id }) {
  const loaded = useLoad(() => read(`/v1/complaints/${id}`), [id]);
  return html`<${Loaded} of=${loaded}>
    ${(resource) => html`<${Shown} ...${{ id, resource }} />`}
  <//>`;
}

function Shown({ id, resource }) {
  const complaint = resource.body;
  const { contact = {} } = complaint;
  const steps = stepsForComplaint(session(), complaint);
  const [done, setDone] = useState();
  const onDone = (step) => setDone(`done.${step.id}`);
  return html`<${Page} title=${complaint.number ?? t('complaint')}>
    <div role="status">${done ? html`<p class="done">${t(done)}</p>` : null}</div>
    <${Facts}
      rows=${[
        [t('dossier.stage'), code('complaint', complaint.stage)],
        [t('complaint.owed'), complaint.owed && code('owed', complaint.owed)],
        [t('complaint.due'), complaint.due_at && until(complaint)],
        [t('complaint.class'), complaint.class && code('class', complaint.class)],
        [t('work.officer'), complaint.officer],
        [t('complaint.received'), time(complaint.received_at)],
        [t('complain.name'), contact.name],
        [t('complain.phone'), contact.phone],
        [t('complain.address'), contact.address],
        [
          t('nav.dossiers'),
          complaint.dossier &&
            html`<a href=${`#/dossiers/${complaint.dossier}`}>${complaint.dossier}</a>`,
        ],
      ]}
    />
    ${complaint.text ? html`<blockquote>${complaint.text}</blockquote>` : null}
    ${steps.length ? html`<h2>${t('next')}</h2>` : null}
    ${steps.map(
      ({ step, task, main }) => html`<${StepForm}
        key=${step.id}
        ...${{ id, step, task, main, resource, onDone }}
      />`,
    )}
    ${complaint.answer ? html`<h2>${t('complaint.answer')}</h2><blockquote>${complaint.answer}</blockquote>` : null}
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
