// Targets of units against what they reached, by figure.
import { read } from '../api.js';
import { both, day, number, t } from '../i18n.js';
import { Loaded, Page } from '../parts.js';
import { html, useLoad } from '../view.js';
import { Counted } from './counted.js';
import { Bar } from './plots.js';
import { FIGURES, Tabs } from './tabs.js';

// The first day of this year, as the API has it if none is given.
const FROM = `${new Date().getUTCFullYear()}-01-01`;

const share = (percent) =>
  percent === null || percent === undefined ? '–' : `${number(percent)} %`;

export function Targets() {
  const loaded = useLoad(
    () => read('/v1/register/targets', { from: FROM }).then(({ body }) => body),
    [],
  );
  return html`<${Page} title=${t('targets')} wide>
    <${Tabs} pages=${FIGURES} label="nav.figures" />
    <${Loaded} of=${loaded}>
      ${(rows) =>
        rows.length
          ? [...new Set(rows.map((one) => one.figure))].map(
              (figure) => html`<${Figure}
                key=${figure}
                figure=${figure}
                rows=${rows.filter((one) => one.figure === figure)}
              />`,
            )
          : html`<p>${t('targets.none')}</p>`}
    <//>
  <//>`;
}

// The counted dossiers, where they are those of a figure.
const Denominator = ({ of: { figure, agency, actual } }) =>
  figure === 'settled_online'
    ? html`<${Counted}
      value=${actual.denominator}
      figure="settled"
      of=${{ agency, period: 'handled', from: FROM }}
    />`
    : number(actual.denominator);

const Figure = ({ figure, rows }) => html`<div>
  <h2 id=${`target-${figure}`}>${t(`targets.${figure}`)}</h2>
  <div class="scroll" tabindex="0" role="region" aria-labelledby=${`target-${figure}`}>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${t('agency')}</th>
          <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
          <th scope="col" class="amount">${t('targets.actual')}</th>
          <th scope="col" class="amount">${t('targets.cases')}</th>
          <th scope="col" class="amount">${t('targets.target')}</th>
          <th scope="col">${t('targets.reached')}</th>
          <th scope="col">${t('procedures.basis')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (one) => html`<tr key=${`${one.agency} ${one.basis}`}>
            <th scope="row">${both(one.name) || one.agency}</th>
            <td class="plot">
              <${Bar}
                of=${{ early: one.actual.percent ?? 0 }}
                parts=${['early']}
                most=${100}
                mark=${one.target_percent}
              />
            </td>
            <td class="amount">${share(one.actual.percent)}</td>
            <td class="amount">${number(one.actual.numerator)} / <${Denominator} of=${one} /></td>
            <td class="amount">${share(one.target_percent)}</td>
            <td>${one.reached === null || one.reached === undefined ? '–' : one.reached ? t('yes') : html`<span class="due late">${t('no')}</span>`}</td>
            <td><small>${one.basis} · ${t('operation.from', { day: day(one.effective_from) })}</small></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>
</div>`;
