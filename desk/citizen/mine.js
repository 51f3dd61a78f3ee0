// The dossiers of the person who is signed in.
import { both, code, t, time } from '../i18n.js';
import { Loaded, More, Page, Remaining, Stage } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { isUnpaid } from './pay-together.js';

export function Mine() {
  const found = usePages('/v1/register/dossiers', { mine: true }, []);
  return html`<${Page} title=${t('nav.mine')}>
    <p><a class="button" href="#/procedures">${t('mine.new')}</a></p>
    <${Loaded} of=${found}>
      ${(rows) => html`
        ${rows.length ? null : html`<p>${t('mine.none')}</p>`}
        ${
          rows.filter(isUnpaid).length > 1
            ? html`<p><a class="button" href="#/pay">${t('pay_together')}</a></p>`
            : null
        }
        <ul class="rows">
          ${rows.map(
            (row) => html`<li key=${row.id} class=${row.waiting_on === 'applicant' ? 'yours' : ''}>
              <a href=${`#/mine/${row.id}`}>${both(row.procedure_name) || row.procedure}</a>
              <small>${row.code} · ${time(row.submitted_at)}</small>
              <div class="line">
                <${Stage} of=${row.stage} />
                <${Remaining} seconds=${row.remaining_s} missed=${row.missed} suspended=${row.suspended} />
                ${
                  row.waiting_on === 'nobody'
                    ? null
                    : html`<span>${t('waiting', { who: code('waiting', row.waiting_on) })}</span>`
                }
              </div>
              ${row.next
                .filter((step) => step.waiting_on === 'applicant')
                .map((step) => html`<b>${both(step.title)}</b>`)}
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}
