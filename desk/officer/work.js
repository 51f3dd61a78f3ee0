// My work: open tasks of the officer's roles, those that are due first on top.
import { both, code, t, until } from '../i18n.js';
import { Field, Loaded, More, Page, Remaining, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useState } from '../view.js';

const WHOSE = ['', 'me', 'none'];

export function Work() {
  const [officer, setOfficer] = useState('');
  const [missed, setMissed] = useState('');
  const found = usePages('/v1/register/work', { officer, missed }, [officer, missed]);
  return html`<${Page} title=${t('nav.work')} wide>
    <div class="line">
      <${Field} id="officer" label=${t('work.whose')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: officer, onChange: setOfficer }}
          options=${WHOSE.map((one) => [one, t(`work.whose.${one || 'all'}`)])}
        />`}
      <//>
      <${Field} id="missed" label=${t('work.missed')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: missed, onChange: setMissed }}
          options=${[
            ['', t('all')],
            ['true', t('work.only_missed')],
          ]}
        />`}
      <//>
    </div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows work">
          ${rows.map(
            ({
              task,
              dossier,
              remaining_s: seconds,
            }) => html`<li key=${`${dossier.id} ${task.kind} ${task.subject}`}>
              <div>
                <b>${both(task.title)}</b>
                <small>${task.officer ?? t('work.nobody')} · ${code('waiting', task.waiting_on)}</small>
              </div>
              <div>
                <${Remaining} seconds=${seconds} missed=${task.missed} suspended=${dossier.suspended && !task.due_at} />
                ${task.due_at ? html`<small>${until(task)}</small>` : null}
              </div>
              <div>
                <a href=${`#/dossiers/${dossier.id}`}>${dossier.code}</a>
                <small>${both(dossier.procedure_name) || dossier.procedure}</small>
              </div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}
