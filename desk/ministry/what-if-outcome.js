// The outcome of a what-if: how many dossiers would be late or have another date, and which.
import { DAY_MS, duration, number, t, time, until } from '../i18n.js';
import { Field, Loaded, More, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { Bar } from './plots.js';

const ZONE_MS = 7 * 3_600_000;
const EFFECTS = ['newly_late', 'no_longer_late', 'later', 'earlier'];
const PLOTTED = { newly_late: 'late', no_longer_late: 'early', later: 'soon', earlier: 'paused' };

// `address` is that of the job. The effect that is shown is in the address of the page.
export function Outcome({ address, state, values, set }) {
  const moved = Object.fromEntries(EFFECTS.map((one) => [one, state.moved[one] ?? 0]));
  const most = Math.max(1, ...Object.values(moved));
  const effect = values.effect || EFFECTS.find((one) => moved[one]) || EFFECTS[0];
  return html`<h2 id="outcome">${t('whatif.outcome', { n: number(state.dossiers) })}</h2>
    <table class="list" aria-labelledby="outcome">
      <thead>
        <tr>
          <th scope="col">${t('whatif.effect')}</th>
          <th scope="col"><span class="hidden">${t('figures.plot')}</span></th>
          <th scope="col" class="amount">${t('whatif.dossiers')}</th>
        </tr>
      </thead>
      <tbody>
        ${EFFECTS.map(
          (one) => html`<tr key=${one}>
            <th scope="row">${t(`effect.${one}`)}</th>
            <td class="plot">
              <${Bar} of=${{ [PLOTTED[one]]: moved[one] }} parts=${[PLOTTED[one]]} most=${most} />
            </td>
            <td class="amount">${number(moved[one])}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <${Field} id="effect" label=${t('whatif.shown')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: effect, onChange: (one) => set({ effect: one }) }}
        options=${EFFECTS.map((one) => [one, t(`effect.${one}`)])}
      />`}
    <//>
    <${Moved} key=${effect} ...${{ address, effect }} of=${moved[effect]} />`;
}

// A period of days ends with its last day, one of hours at a time, in Vietnam.
const isDayEnd = (at) => (Date.parse(at) + ZONE_MS) % DAY_MS === 0;

// The dossiers of an effect, with their dates by the law in force and by the other one.
function Moved({ address, effect, of }) {
  const found = usePages(`${address}/dossiers`, { effect }, [address, effect]);
  const dated = (at, on) => (at ? until(isDayEnd(at) ? { due_on: on } : { due_at: at }) : '–');
  const late = (seconds) =>
    seconds > 0
      ? html` <span class="due late">${t('due.late', { time: duration(seconds) })}</span>`
      : null;
  return html`<${Loaded} of=${found}>
    ${(rows) => html`
      <p role="status">${t('counted.of', { n: number(rows.length), of: number(of) })}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${t('whatif.shown')}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">${t('dossier.code')}</th>
              <th scope="col">${t('whatif.was')}</th>
              <th scope="col">${t('whatif.would')}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row) => html`<tr key=${row.dossier}>
                <th scope="row">
                  <a href=${`#/dossiers/${row.dossier}`}>${row.code}</a>
                  ${row.decided_at ? html`<small>${t('whatif.decided', { at: time(row.decided_at) })}</small>` : null}
                </th>
                <td>${dated(row.was_due_at, row.was_due_on)}${late(row.was_late_by_s)}</td>
                <td>${dated(row.due_at, row.due_on)}${late(row.late_by_s)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <${More} next=${found.next} load=${found.more} />
    `}
  <//>`;
}
