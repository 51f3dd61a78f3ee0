// Absences of an agency's officers, with their deputies.
import { post } from '../api.js';
import { day, t } from '../i18n.js';
import { hasRole } from '../parts.js';
import { html } from '../view.js';
import { Act } from './act.js';

// The days of a record.
export const period = ({ from, to }) => `${day(from)} – ${to ? day(to) : '…'}`;

export function Absences({ at, officers, absences, reload }) {
  const names = new Map(officers.map(({ officer, name }) => [officer, name ?? officer]));
  const people = [...names];
  const choice = people.length ? { options: people } : {};
  const canRecord = hasRole(
    'operator',
    'approver',
    'reviewer',
    'clerk',
    'cashier',
    'complaint_handler',
  );
  return html`<h2 id="absences">${t('people.absences')}</h2>
    <ul class="rows">
      ${absences.length ? null : html`<li>${t('operation.none')}</li>`}
      ${absences.map(
        (one) => html`<li key=${one.absence}>
          <b>${names.get(one.officer) ?? one.officer}</b> ${period(one)}
          ${one.deputy ? html` · ${t('people.deputy', { who: names.get(one.deputy) ?? one.deputy })}` : null}
          ${
            canRecord
              ? html`<details>
                <summary>${t('people.absence.end')}</summary>
                <${Act}
                  id=${`end-${one.absence}`}
                  title=${t('people.absence.end')}
                  hint=${t('people.absence.cancel')}
                  onDone=${reload}
                  send=${(body, key) => post(`${at}/absences/${one.absence}/end`, body, { key })}
                  fields=${[{ name: 'to', label: t('people.to'), type: 'date' }]}
                />
              </details>`
              : null
          }
        </li>`,
      )}
    </ul>
    ${
      canRecord
        ? html`<details>
          <summary>${t('people.absence.record')}</summary>
          <${Act}
            id="absence"
            title=${t('people.absence.record')}
            onDone=${reload}
            send=${(body, key) => post(`${at}/absences`, body, { key })}
            fields=${[
              { name: 'officer', label: t('work.officer'), required: true, ...choice },
              { name: 'from', label: t('people.from'), type: 'date', required: true },
              { name: 'to', label: t('people.to'), type: 'date', required: true },
              { name: 'deputy', label: t('people.deputy.label'), ...choice },
            ]}
          />
        </details>`
        : null
    }`;
}
