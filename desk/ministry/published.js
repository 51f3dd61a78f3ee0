// The published figures of a month, which need no sign-in: counts that tell nothing about few people.
import { read } from '../api.js';
import { both, number, t } from '../i18n.js';
import { isOfficer, session } from '../session.js';
import { Field, Loaded, Page } from '../parts.js';
import { html, useLoad } from '../view.js';
import { useParameters } from './address.js';
import { Bar, Legend } from './plots.js';
import { FIGURES, Tabs } from './tabs.js';

const PARTS = ['handled', 'received'];
const share = (of) =>
  of?.percent === null || of?.percent === undefined ? '–' : `${number(of.percent)} %`;
const names = (list) => list.map((one) => both(one.name) || one.code).join(', ');

export function Published() {
  const [values, set] = useParameters();
  const loaded = useLoad(
    () => read('/v1/public/figures', { month: values.month }).then(({ body }) => body),
    [values.month],
  );
  return html`<${Page} title=${t('published')} wide>
    ${isOfficer(session()) ? html`<${Tabs} pages=${FIGURES} label="nav.figures" />` : null}
    <${Field} id="month" label=${t('published.month')} hint=${t('published.over')}>
      ${(attributes) => html`<input
        type="month"
        ...${attributes}
        value=${values.month ?? loaded.data?.month ?? ''}
        onChange=${(event) => set({ month: event.target.value })}
      />`}
    <//>
    <${Loaded} of=${loaded}>
      ${(figures) => html`<${Rows} figures=${figures} />`}
    <//>
  <//>`;
}

function Rows({ figures: { rows, at_least: least, withheld } }) {
  if (withheld || !rows.length)
    return html`<p class="note">${t('published.withheld', { n: least })}</p>`;
  const most = Math.max(1, ...rows.flatMap((row) => PARTS.map((part) => row[part])));
  return html`<${Legend} parts=${PARTS} name=${(part) => t(`published.${part}`)} />
    <div class="scroll" tabindex="0" role="region" aria-label=${t('published')}>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">${t('agency')}</th>
            <th scope="col">${t('nav.procedures')}</th>
            <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
            ${PARTS.map((part) => html`<th scope="col" class="amount" key=${part}>${t(`published.${part}`)}</th>`)}
            <th scope="col" class="amount">${t('targets.in_time')}</th>
            <th scope="col" class="amount">${t('targets.satisfied')}</th>
            <th scope="col" class="amount">${t('channel.online')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, at) => html`<tr key=${at}>
              <th scope="row">${names(row.agencies) || t('all')}</th>
              <td>${names(row.groups) || t('all')}</td>
              <td class="plot">
                ${PARTS.map((part) => html`<${Bar} key=${part} of=${row} parts=${[part]} most=${most} />`)}
              </td>
              ${PARTS.map((part) => html`<td class="amount" key=${part}>${number(row[part])}</td>`)}
              <td class="amount">${share(row.in_time)}</td>
              <td class="amount">${share(row.satisfied)}</td>
              <td class="amount">${share(row.received_online)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="hint">${t('published.at_least', { n: least })}</p>`;
}
