// Where the time of handled dossiers passed, in the mean: in each stage at the agency, and with the
// applicant.
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

const STAGES = ['reception', 'processing', 'approval', 'applicant'];

// The mean seconds of each stage.
const stagesOf = ({ stages, with_applicant_mean_s: applicant }) => ({
  reception: stages.reception_mean_s,
  processing: stages.processing_mean_s,
  approval: stages.approval_mean_s,
  applicant,
});

export function Where({ all, groups, by }) {
  const rows = [{ ...all, key: '', name: undefined, all: true }, ...groups]
    .filter((one) => one.elapsed_mean_s !== null && one.elapsed_mean_s !== undefined)
    .map((one) => ({ ...one, ...stagesOf(one) }));
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map((one) => sumOf(one, STAGES)));
  const column = (key) => html`<th scope="col" class="amount" key=${key}>${t(key)}</th>`;
  return html`<div>
    <h2 id="where">${t('figures.time')}</h2>
    <${Legend} parts=${STAGES} name=${(part) => t(`elapsed.${part}`)} />
    <div class="scroll" tabindex="0" role="region" aria-labelledby="where">
      <table class="list stages">
        <thead>
          <tr>
            <th scope="col">${t(`figures.group.${by}`)}</th>
            <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
            ${STAGES.map((part) => column(`elapsed.${part}`))}
            ${['figures.mean', 'figures.median', 'figures.p90'].map(column)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (one) => html`<tr key=${one.all ? 'all' : `of ${one.key}`}>
              <th scope="row">${one.all ? t('all') : nameOf(by, one)}</th>
              <td class="plot"><${Bar} of=${one} parts=${STAGES} most=${most} /></td>
              ${[...STAGES, 'elapsed_mean_s', 'duration_median_s', 'duration_p90_s'].map(
                (part) => html`<td class="amount" key=${part}>${duration(one[part] ?? 0)}</td>`,
              )}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}
