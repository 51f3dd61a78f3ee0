// Complaints by due date: those of an agency, and those of a complainant.
import { Complain } from '../citizen/complain.js';
import { code, has, t, time, until } from '../i18n.js';
import { Field, hasRole, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { session } from '../session.js';
import { html, useState } from '../view.js';

export function Complaints() {
  const [assigned, setAssigned] = useState('');
  const found = usePages('/v1/complaints', { assigned }, [assigned]);
  const done = location.hash.split('?done=')[1];
  return html`<${Page} title=${t('nav.complaints')} wide>
    <div role="status">${has(`done.${done}`) ? html`<p class="done">${t(`done.${done}`)}</p>` : null}</div>
    ${hasRole('complaint_handler') ? null : html`<p class="hint">${t('complaints.escalated')}</p>`}
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
    <${List} found=${found} />
    ${hasRole('complaint_handler') ? html`<${Enter} />` : null}
  <//>`;
}

// The complaints of the person who is signed in.
export function MyComplaints() {
  const found = usePages('/v1/complaints', {}, []);
  return html`<${Page} title=${t('nav.my_complaints')}>
    <p class="hint">${t('complaints.how')}</p>
    <${List} found=${found} />
  <//>`;
}

const List = ({ found }) => html`<${Loaded} of=${found}>
  ${(rows) => html`
    <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
    <ul class="rows work">${rows.map((row) => html`<${Row} key=${row.complaint} row=${row} />`)}</ul>
    <${More} next=${found.next} load=${found.more} />
  `}
<//>`;

const Row = ({ row }) => html`<li>
  <div>
    <a href=${`#/complaints/${row.complaint}`}>${row.number ?? time(row.received_at)}</a>
    <small>${row.class ? code('class', row.class) : code('complaint', row.stage)}</small>
  </div>
  <div>
    ${row.owed ? html`<b>${code('owed', row.owed)}</b>` : code('complaint', row.stage)}
    ${hasRole('applicant') ? null : html`<small>${[row.complainant_name, row.officer ?? t('work.nobody')].filter(Boolean).join(' · ')}</small>`}
  </div>
  <div>
    ${row.due_at ? until(row) : null}
    ${row.overdue ? html` <span class="due late">${t('due.missed')}</span>` : null}
  </div>
</li>`;

// Enters what arrived by post, telephone or at the counter. Number and code are for the complainant,
// who follows it with them; the code is shown once.
export function Enter({ dossier }) {
  const [filed, setFiled] = useState();
  return html`<details>
    <summary>${t('complain.enter')}</summary>
    <div role="status">
      ${filed ? html`<p class="done">${t('complain.entered', { number: filed.number, code: filed.status_code ?? '–' })}</p>` : null}
    </div>
    <${Complain} byOfficer dossier=${dossier} agency=${session().agency} onDone=${setFiled} />
  </details>`;
}
