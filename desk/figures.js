// Figures of an agency as plots with tables beside them; each number leads to its dossiers.
import { read } from './api.js';
import { number, t } from './i18n.js';
import { Field, Loaded, More, Page, Select } from './parts.js';
import { html, useLoad, useState } from './view.js';
import { useParameters } from './ministry/address.js';
import { Counted, filtersOf } from './ministry/counted.js';
import { nameOf, Where } from './ministry/elapsed.js';
import { Bar, Columns, Legend, sumOf } from './ministry/plots.js';
import { FIGURES, Tabs } from './ministry/tabs.js';

const GROUPS = ['procedure', 'agency', 'officer', 'month', 'channel', 'audience'];
const PARTS = ['early', 'on_time', 'late'];
const REMAINING = [
  'overdue_open',
  'due_today',
  'due_in_week',
  'due_later',
  'open_paused',
  'open_undated',
];
const ADDRESS = '/v1/register/statistics';

export function Figures() {
  const [values, set] = useParameters();
  const by = values.by ?? 'procedure';
  const filters = filtersOf(values);
  const [further, setFurther] = useState({ of: undefined, groups: [], next: undefined });
  const loaded = useLoad(
    () => read(ADDRESS, { ...filters, group_by: by }),
    [JSON.stringify([filters, by])],
  );
  const grown = further.of === loaded.data ? further : { groups: [], next: loaded.data?.next };
  const more = async (address) => {
    const page = await read(address);
    const groups = [...grown.groups, ...page.body.groups];
    setFurther({ of: loaded.data, groups, next: page.next });
  };
  return html`<${Page} title=${t('nav.figures')} wide>
    <${Tabs} pages=${FIGURES} label="nav.figures" />
    <${Filters} values=${values} set=${set} />
    <${Loaded} of=${loaded}>
      ${({ body }) => html`
        <${Numbers} of=${body} filters=${filters} />
        <${Remaining} of=${body} filters=${filters} />
        <h2 id="by">${t('figures.by')}</h2>
        <${Field} id="group" label=${t('figures.group')} required>
          ${(attributes) => html`<${Select}
            ...${{ attributes, value: by, onChange: (one) => set({ by: one }) }}
            options=${GROUPS.map((one) => [one, t(`figures.group.${one}`)])}
          />`}
        <//>
        <${Groups} groups=${[...body.groups, ...grown.groups]} by=${by} filters=${filters} />
        <${More} next=${grown.next} load=${more} />
        <${Where} all=${body} groups=${[...body.groups, ...grown.groups]} by=${by} />
        <p class="hint">
          ${t('figures.based', { n: number(body.coverage.position) })}
        </p>
      `}
    <//>
  <//>`;
}

// The period: by the day of submission, or of handling.
function Filters({ values, set }) {
  const date = (name) => html`<${Field} id=${name} label=${t(`figures.${name}`)}>
    ${(attributes) => html`<input
      type="date"
      ...${attributes}
      value=${values[name] ?? ''}
      onChange=${(event) => set({ [name]: event.target.value })}
    />`}
  <//>`;
  return html`<div class="line">
    ${date('from')} ${date('to')}
    <${Field} id="period" label=${t('figures.period')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: values.period ?? 'submitted' }}
        onChange=${(one) => set({ period: one === 'submitted' ? '' : one })}
        options=${['submitted', 'handled'].map((one) => [one, t(`figures.period.${one}`)])}
      />`}
    <//>
  </div>`;
}

// The figures that a head of a unit looks at first.
function Numbers({ of, filters }) {
  const cards = ['open', 'overdue_open', 'handled', 'late', 'suspended', 'awaiting_acceptance'];
  const percent = ({ percent: share }) =>
    share === null || share === undefined ? '–' : `${number(share)} %`;
  return html`<ul class="numbers">
      ${cards.map(
        (figure) => html`<li key=${figure}>
          <b><${Counted} value=${of[figure]} figure=${figure} of=${filters} /></b> ${t(`figures.${figure}`)}
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

// Open dossiers by what remains until the promised day.
function Remaining({ of, filters }) {
  const items = REMAINING.map((figure) => ({
    name: t(`remaining.${figure}`),
    [partOf(figure)]: of[figure],
    figure,
  }));
  const parts = [...new Set(REMAINING.map(partOf))];
  return html`<section aria-labelledby="remaining">
    <h2 id="remaining">${t('figures.remaining')}</h2>
    <div class="beside">
      <${Columns} label=${t('figures.remaining')} items=${items} parts=${parts} />
      <table class="list">
        <thead>
          <tr>
            <th scope="col">${t('figures.promised')}</th>
            <th scope="col" class="amount">${t('figures.open')}</th>
          </tr>
        </thead>
        <tbody>
          ${items.map(
            ({ figure }) => html`<tr key=${figure}>
              <th scope="row">${t(`figures.${figure}`)}</th>
              <td class="amount"><${Counted} value=${of[figure]} figure=${figure} of=${filters} /></td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const partOf = (figure) =>
  ({ overdue_open: 'late', due_today: 'soon', open_paused: 'paused', open_undated: 'paused' })[
    figure
  ] ?? 'early';

// A bar for each group: dossiers that were early, on time and late, with their numbers.
function Groups({ groups, by, filters }) {
  if (!groups.length) return html`<p>${t('figures.none')}</p>`;
  const most = Math.max(1, ...groups.map((one) => sumOf(one, PARTS)));
  const cell = (one, figure) => html`<td class="amount" key=${figure}>
    <${Counted} value=${one[figure]} figure=${figure} of=${{ ...filters, group_by: by, group: one.key }} />
  </td>`;
  return html`
    <${Legend} parts=${PARTS} name=${(part) => t(`figures.${part}`)} />
    ${
      by === 'month'
        ? html`<${Columns}
          label=${t('figures.months')}
          items=${groups.map((one) => ({ ...one, name: one.key }))}
          parts=${PARTS}
        />`
        : null
    }
    <div class="scroll" tabindex="0" role="region" aria-labelledby="by">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">${t(`figures.group.${by}`)}</th>
            <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
            ${PARTS.map((part) => html`<th scope="col" class="amount" key=${part}>${t(`figures.${part}`)}</th>`)}
            <th scope="col" class="amount">${t('figures.open')}</th>
            <th scope="col" class="amount">${t('figures.overdue_open')}</th>
          </tr>
        </thead>
        <tbody>
          ${groups.map(
            (one) => html`<tr key=${one.key}>
              <th scope="row">${nameOf(by, one)}</th>
              <td class="plot"><${Bar} of=${one} parts=${PARTS} most=${most} /></td>
              ${[...PARTS, 'open', 'overdue_open'].map((figure) => cell(one, figure))}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}
