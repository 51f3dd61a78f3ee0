// The dossiers that a figure counts: each number of the figures leads here. The same filter counts
// and lists them, so there are as many as the figure says.
import { read } from '../api.js';
import { both, code, day, number, t, time } from '../i18n.js';
import { Loaded, More, Page } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useLoad } from '../view.js';
import { addressed, parametersOf } from './address.js';

// Pages of groups in which the one of the address is looked for.
const PAGES_MAX = 20;

// What of the address says which dossiers are counted.
const FILTERS = ['agency', 'procedure', 'channel', 'audience', 'from', 'to', 'period'];
const only = (values, names) =>
  Object.fromEntries(names.filter((name) => values[name]).map((name) => [name, values[name]]));
export const filtersOf = (values) => only(values, FILTERS);

// A number that leads to the dossiers that it counts.
export function Counted({ value, figure, of = {} }) {
  if (!value) return html`${number(value ?? 0)}`;
  return html`<a class="counted" href=${`#/figures/dossiers?${addressed({ figure, ...of })}`}>${number(value)}</a>`;
}

export function CountedDossiers() {
  const asked = parametersOf();
  const query = { ...only(asked, ['figure', 'group_by']), ...filtersOf(asked) };
  // The key of a group may be empty: dossiers that no officer has.
  if (asked.group_by) query.group = asked.group ?? '';
  const found = usePages(`/v1/register/statistics/dossiers?${new URLSearchParams(query)}`, {}, []);
  const total = useLoad(() => totalOf(asked), []);
  const name = t(`figures.${asked.figure ?? 'dossiers'}`);
  return html`<${Page} title=${t('counted.title', { name })} wide>
    <p class="hint">${[...Object.values(filtersOf(asked)), asked.group].filter(Boolean).join(' · ')}</p>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">
          ${total.data === undefined ? t('found', { n: number(rows.length) }) : t('counted.of', { n: number(rows.length), of: number(total.data) })}
        </p>
        <ul class="rows work">
          ${rows.map(
            (row) => html`<li key=${row.id}>
              <div>
                <a href=${`#/dossiers/${row.id}`}>${row.code}</a>
                <small>${both(row.procedure_name) || row.procedure}</small>
              </div>
              <div>
                ${code('status', row.status)}
                <small>${t('dossier.submitted')} ${time(row.submitted_at)} · ${row.officer ?? t('work.nobody')}</small>
              </div>
              <div>
                ${row.promised_on ? html`${t('counted.promised', { day: day(row.promised_on) })}` : null}
                ${row.handled_on ? html`<small>${t('counted.handled', { day: day(row.handled_on) })}</small>` : null}
                ${row.suspended && !row.handled_on ? html`<small>${t('due.suspended')}</small>` : null}
              </div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
    <p><a href=${`#/figures?${addressed({ ...filtersOf(asked), by: asked.group_by })}`}>${t('counted.back')}</a></p>
  <//>`;
}

// The figure itself, from the statistics with the same filter.
async function totalOf(asked) {
  const figure = asked.figure ?? 'dossiers';
  const query = { ...filtersOf(asked), group_by: asked.group_by, limit: 100 };
  let page = await read('/v1/register/statistics', query);
  if (!asked.group_by) return page.body[figure];
  for (let pages = 1; ; pages += 1) {
    const group = page.body.groups.find((one) => one.key === (asked.group ?? ''));
    if (group || !page.next || pages === PAGES_MAX) return group?.[figure];
    page = await read(page.next);
  }
}
