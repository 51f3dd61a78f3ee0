// For operators: is everything in order, rules with their versions, outages, and dead letters.
import { read, readIfAny } from '../api.js';
import { code, day, number, t, time } from '../i18n.js';
import { Facts, Loaded, More, Page } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useLoad } from '../view.js';

export const Operation = () => html`<${Page} title=${t('nav.operation')} wide>
  <${Health} />
  <${Rules} />
  <${Outages} />
  <${DeadLetters} />
<//>`;

function Health() {
  const ready = useLoad(() => read('/health/ready').then(({ body }) => body), []);
  return html`<${Loaded} of=${ready}>
    ${(body) => html`
      <${Facts}
        rows=${[
          [t('operation.ready'), body.ready ? t('yes') : t('no')],
          [t('operation.caught_up'), body.caught_up ? t('yes') : t('no')],
          [t('operation.events'), number(body.head)],
          [t('operation.obligations'), number(body.open_obligations)],
          [t('operation.overdue'), number(body.overdue_obligations)],
          [t('operation.dead_letters'), number(body.dead_letters)],
        ]}
      />
      ${body.law.map((one) => html`<p class="note"><b>${one.what}</b> ${one.why}</p>`)}
      ${body.ends.map(
        (one) =>
          html`<p class="note">${t('operation.ends', { what: one.what, day: day(one.last_day) })}</p>`,
      )}
    `}
  <//>`;
}

const addressOf = ({ kind, name, version }) =>
  [kind, name, version].map((part) => encodeURIComponent(part)).join('/');

function Rules() {
  const found = usePages('/v1/rules', {}, []);
  return html`<h2>${t('operation.rules')}</h2>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <ul class="rows work">
          ${rows.map(
            (row) => html`<li key=${addressOf(row)}>
              <div>
                <a href=${`#/rules/${addressOf(row)}`}>${row.name} ${row.version}</a>
                <small>${code('rules', row.kind)}</small>
              </div>
              <div>${code('rules.status', row.status)}<small>${row.by}</small></div>
              <div>${row.effective_from ? t('operation.from', { day: day(row.effective_from) }) : null}</div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>`;
}

function Outages() {
  const outages = useLoad(() => read('/v1/outages').then(({ body }) => body), []);
  return html`<h2>${t('operation.outages')}</h2>
    <${Loaded} of=${outages}>
      ${(rows) => html`<ul class="rows">
        ${rows.length ? null : html`<li>${t('operation.none')}</li>`}
        ${rows.map(
          (row) => html`<li key=${row.id}>
            <b>${row.agency}</b> ${row.reason}
            <small>${time(row.from)} – ${row.to ? time(row.to) : t('operation.lasting')}</small>
          </li>`,
        )}
      </ul>`}
    <//>`;
}

function DeadLetters() {
  const letters = useLoad(() => readIfAny('/v1/dead-letters').then((page) => page?.body ?? []), []);
  return html`<h2>${t('operation.dead_letters')}</h2>
    <${Loaded} of=${letters}>
      ${(rows) => html`<ul class="rows">
        ${rows.length ? null : html`<li>${t('operation.none')}</li>`}
        ${rows.map(
          (row) => html`<li key=${row.position}>
            <b>${row.kind}</b> ${row.reason}<small>${row.service} · ${row.stream} · ${row.position}</small>
          </li>`,
        )}
      </ul>`}
    <//>`;
}
