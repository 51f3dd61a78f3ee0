// Units and officers by the nine indicators of Circular 01/2018/TT-VPCP.
import { both, code, number, t } from '../i18n.js';
import { Field, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { useParameters } from './address.js';
import { Bar } from './plots.js';
import { FIGURES, Tabs } from './tabs.js';

const QUARTERS = 8;

// The quarters up to that of `now`, the newest first.
export function terms(now = new Date()) {
  const current = now.getUTCFullYear() * 4 + Math.floor(now.getUTCMonth() / 3);
  return Array.from({ length: QUARTERS }, (_, back) => {
    const quarter = current - back;
    return `${Math.floor(quarter / 4)}-Q${(quarter % 4) + 1}`;
  });
}

export function Ratings() {
  const [values, set] = useParameters();
  const all = terms();
  const [term, of] = [values.term ?? all[0], values.of ?? 'unit'];
  const found = usePages('/v1/register/ratings', { term, of }, [term, of]);
  return html`<${Page} title=${t('ratings')} wide>
    <${Tabs} pages=${FIGURES} label="nav.figures" />
    <div class="line">
      <${Field} id="term" label=${t('ratings.term')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: term, onChange: (one) => set({ term: one }) }}
          options=${all.map((one) => [one, one])}
        />`}
      <//>
      <${Field} id="of" label=${t('ratings.of')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: of, onChange: (one) => set({ of: one }) }}
          options=${['unit', 'officer'].map((one) => [one, t(`ratings.of.${one}`)])}
        />`}
      <//>
    </div>
    <${Loaded} of=${found}>
      ${(rows) => html`
        ${rows.length ? null : html`<p>${t('figures.none')}</p>`}
        ${rows.map((row) => html`<${Rating} key=${row.key} of=${row} />`)}
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

const Rating = ({
  of: { key, name, grade, points, reachable, indicators, is_final: isFinal },
}) => html`<div>
  <h2>${both(name) || key}</h2>
  <p>
    ${grade ? html`<b>${code('grade', grade)}</b> · ` : null}
    ${t('ratings.points', { n: number(points), of: number(reachable) })}
    ${isFinal ? null : html` · ${t('ratings.provisional')}`}
  </p>
  <div class="scroll" tabindex="0" role="region" aria-label=${both(name) || key}>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${t('ratings.indicator')}</th>
          <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
          <th scope="col" class="amount">${t('ratings.of_two')}</th>
          <th scope="col" class="amount">${t('targets.cases')}</th>
        </tr>
      </thead>
      <tbody>
        ${indicators.map(
          (one) => html`<tr key=${one.number}>
            <th scope="row">${one.number}. ${both(one.name)}</th>
            <td class="plot"><${Bar} of=${{ early: one.points ?? 0 }} parts=${['early']} most=${2} /></td>
            <td class="amount">${one.skipped ? code('skipped', one.skipped) : number(one.points)}</td>
            <td class="amount">${number(one.cases)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>
</div>`;
