// Where the time of handled dossiers passed, in the mean: with the agency or with the applicant.
import { both, duration, t } from '../i18n.js';
import { html } from '../view.js';
import { Bar, Legend, sumOf } from './plots.js';

// The name of a group.
export const nameOf = (by, { key, name }) => {
  if (by === 'channel') return t(`channel.${key}`);
  if (by === 'audience') return t(`audience.${key}`);
  if (by === 'officer' && !key) return t('work.nobody');
  return both(name) || key;
};

const HOLDERS = ['with_agency_mean_s', 'with_applicant_mean_s'];

export function Where({ all, groups, by }) {
  const rows = [{ ...all, key: '', name: undefined, all: true }, ...groups].filter(
    (one) => one.elapsed_mean_s !== null && one.elapsed_mean_s !== undefined,
  );
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map((one) => sumOf(one, HOLDERS)));
  return html`<div>
    <h2 id="where">${t('figures.time')}</h2>
    <${Legend} parts=${HOLDERS} name=${(part) => t(`figures.${part}`)} />
    <div class="scroll" tabindex="0" role="region" aria-labelledby="where">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">${t(`figures.group.${by}`)}</th>
            <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
            ${HOLDERS.map((part) => html`<th scope="col" class="amount" key=${part}>${t(`figures.${part}`)}</th>`)}
            <th scope="col" class="amount">${t('figures.p90')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (one) => html`<tr key=${one.all ? 'all' : `of ${one.key}`}>
              <th scope="row">${one.all ? t('all') : nameOf(by, one)}</th>
              <td class="plot"><${Bar} of=${one} parts=${HOLDERS} most=${most} /></td>
              ${HOLDERS.map((part) => html`<td class="amount" key=${part}>${duration(one[part] ?? 0)}</td>`)}
              <td class="amount">${duration(one.duration_p90_s ?? 0)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}
