// Figures of an agency as plots; each number leads to its dossiers.
import { read } from './api.js';
import { both, duration, number, t } from './i18n.js';
import { Field, Loaded, Page, Select } from './parts.js';
import { html, useLoad, useState } from './view.js';

const GROUPS = ['procedure', 'agency', 'officer', 'month', 'channel'];

export function Figures() {
  const [group, setGroup] = useState('procedure');
  const loaded = useLoad(
    () => read('/v1/register/statistics', { group_by: group }).then(({ body }) => body),
    [group],
  );
  return html`<${Page} title=${t('nav.figures')} wide>
    <${Loaded} of=${loaded}>
      ${(all) => html`
        <${Numbers} of=${all} />
        <h2 id="by">${t('figures.by')}</h2>
        <${Field} id="group" label=${t('figures.group')} required>
          ${(attributes) => html`<${Select}
            ...${{ attributes, value: group, onChange: setGroup }}
            options=${GROUPS.map((one) => [one, t(`figures.group.${one}`)])}
          />`}
        <//>
        <${Bars} groups=${all.groups} by=${group} />
        <h2>${t('figures.time')}</h2>
        <${Where} of=${all} />
      `}
    <//>
  <//>`;
}

// The figures that a head of a unit looks at first.
function Numbers({ of }) {
  const cards = [
    ['open', of.open, '#/dossiers?stage=processing'],
    ['overdue', of.overdue_open, '#/dossiers?stage=processing&missed=true'],
    ['handled', of.handled, '#/dossiers?stage=closed'],
    ['missed', of.missed, '#/dossiers?missed=true'],
    ['suspended', of.suspended, '#/dossiers?suspended=true'],
    ['awaiting', of.awaiting_acceptance, '#/dossiers?stage=submitted'],
  ];
  return html`<ul class="numbers">
      ${cards.map(
        ([key, value, to]) => html`<li key=${key}>
          <a href=${to}><b>${number(value)}</b> ${t(`figures.${key}`)}</a>
        </li>`,
      )}
    </ul>
    <p>
      ${t('figures.in_time', { share: percent(of.in_time) })}${' · '}
      ${t('figures.online', { share: percent(of.settled_online) })}
      ${
        of.satisfaction === undefined || of.satisfaction === null
          ? null
          : html`${' · '}${t('figures.satisfaction', { n: number(of.satisfaction), of: number(of.rated) })}`
      }
    </p>`;
}

const percent = ({ percent: share }) =>
  share === null || share === undefined ? '–' : `${number(share)} %`;

const PARTS = ['early', 'on_time', 'late'];

// A bar for each group: dossiers that were early, on time and late. The table has the same numbers.
function Bars({ groups, by }) {
  const most = Math.max(1, ...groups.map((one) => one.early + one.on_time + one.late));
  if (!groups.length) return html`<p>${t('figures.none')}</p>`;
  return html`
    <p class="legend">${PARTS.map((part) => html`<span key=${part} class=${`key ${part}`}>${t(`figures.${part}`)}</span> `)}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${t('figures.by')}>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">${t(`figures.group.${by}`)}</th>
            <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
            ${PARTS.map((part) => html`<th scope="col" class="amount" key=${part}>${t(`figures.${part}`)}</th>`)}
            <th scope="col" class="amount">${t('figures.open')}</th>
          </tr>
        </thead>
        <tbody>
          ${groups.map(
            (one) => html`<tr key=${one.key}>
              <th scope="row"><a href=${linkOf(by, one.key)}>${both(one.name) || one.key}</a></th>
              <td class="plot"><${Bar} of=${one} most=${most} /></td>
              ${PARTS.map((part) => html`<td class="amount" key=${part}>${number(one[part])}</td>`)}
              <td class="amount">${number(one.open)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Bar({ of, most }) {
  let x = 0;
  return html`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    ${PARTS.map((part) => {
      const width = (of[part] / most) * 100;
      const bar = html`<rect key=${part} class=${part} x=${x} y="0" width=${width} height="10" />`;
      x += width;
      return bar;
    })}
  </svg>`;
}

function linkOf(by, key) {
  const name = { procedure: 'procedure', agency: 'agency', officer: 'officer', channel: 'channel' }[
    by
  ];
  if (name) return `#/dossiers?${new URLSearchParams({ [name]: key })}`;
  const [year, month] = key.split('-').map(Number);
  const instant = (m) => new Date(Date.UTC(year, m, 1) - 7 * 3_600_000).toISOString();
  return `#/dossiers?${new URLSearchParams({ submitted_from: instant(month - 1), submitted_to: instant(month), sort: 'newest' })}`;
}

// Where the time of a dossier passed, in the mean.
function Where({ of }) {
  const { with_agency_mean_s: agency, with_applicant_mean_s: applicant } = of;
  if (agency === undefined || agency === null) return html`<p>${t('figures.none')}</p>`;
  return html`<p>
    ${t('elapsed', { agency: duration(agency), applicant: duration(applicant ?? 0) })}
    <meter min="0" max=${agency + (applicant ?? 0) || 1} value=${agency} aria-label=${t('elapsed.share')}></meter>
  </p>`;
}
