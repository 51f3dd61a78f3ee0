// Why this date: the days of a period as a calendar, each with the reason why it counts or not.
import { both, budget, day, t, time, weekday, DAY_MS, ZONE } from './i18n.js';
import { html, useState } from './view.js';

// The calendar of an explanation: its text, and the days one can point at.
export function WhyThisDate({ explanation }) {
  const days = daysOf(explanation);
  const [pointed, setPointed] = useState();
  const shown = pointed ?? days.find((one) => one.last);
  return html`<section class="why" aria-labelledby="why">
    <h2 id="why">${t('why.title')}</h2>
    <p>${both(explanation.text)}</p>
    ${explanation.provisional ? html`<p class="note">${t('why.provisional')}</p>` : null}
    <ol class="days">
      ${days.map(
        (one) => html`<li key=${one.date}>
          <button
            type="button"
            class=${classOf(one)}
            aria-pressed=${shown === one ? 'true' : 'false'}
            onClick=${() => setPointed(one)}
            onMouseEnter=${() => setPointed(one)}
            onFocus=${() => setPointed(one)}
          >
            <small>${weekday(one.date)}</small>
            <b>${day(one.date, { day: 'numeric', month: 'numeric' })}</b>
            <span class="mark">${one.number ?? (one.counted ? '✓' : '–')}</span>
            <span class="hidden">${one.spans.map(spanText).join('; ')}</span>
          </button>
        </li>`,
      )}
    </ol>
    <p class="reason" aria-live="polite">
      ${shown ? html`<b>${day(shown.date)}</b>: ${shown.spans.map(spanText).join('; ')}` : null}
    </p>
    <p class="hint">
      ${budget(explanation.budget)} · ${explanation.legal_basis} · ${explanation.calendar}
    </p>
  </section>`;
}

const classOf = ({ counted, last }) =>
  ['day', counted && 'counted', last && 'last'].filter(Boolean).join(' ');

function spanText(span) {
  const why = both(span.why);
  return span.whole ? why : `${time(span.from)} – ${time(span.to)}: ${why}`;
}

// The days of the spans. Days of a period of days are numbered in their order.
function daysOf({ spans, budget: period, due_at: dueAt }) {
  const days = new Map();
  for (const span of spans) {
    let from = Date.parse(span.from);
    const to = Date.parse(span.to);
    while (from < to) {
      const end = Math.min(nextMidnight(from), to);
      const date = dateOf(from);
      const one = days.get(date) ?? { date, spans: [], counted: false };
      one.counted ||= span.counted;
      const whole = end - from === DAY_MS;
      one.spans.push({ ...span, from, to: end, whole });
      days.set(date, one);
      from = end;
    }
  }
  const all = [...days.values()];
  const byDays = period && period.unit.endsWith('days');
  let number = 0;
  // The due instant is the first one outside the period.
  const last = dateOf(Date.parse(dueAt) - 1);
  for (const one of all) {
    if (one.counted && byDays) one.number = number += 1;
    one.last = one.date === last;
  }
  return all;
}

const dateOf = (ms) => new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(ms);
// Vietnam has had no summer time since 1975.
const nextMidnight = (ms) => Date.parse(`${dateOf(ms)}T00:00:00+07:00`) + DAY_MS;
