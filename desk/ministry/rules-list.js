// The versions of all files of rules; those that wait for a second signature are first.
import { code, day, t } from '../i18n.js';
import { Field, hasRole, Loaded, More, Page, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { useParameters } from './address.js';
import { OPERATION, Tabs } from './tabs.js';

const STATUSES = ['awaiting_signature', 'issued', 'rejected', 'withdrawn', 'void', 'passed_over'];

export const addressOf = ({ kind, name, version }) =>
  [kind, name, version].map((part) => encodeURIComponent(part)).join('/');

export function Rules() {
  const [values, set] = useParameters();
  const found = usePages('/v1/rules', { status: values.status }, [values.status]);
  const awaiting = usePages('/v1/rules', { status: 'awaiting_signature' }, []);
  return html`<${Page} title=${t('operation.rules')} wide>
    ${hasRole('operator') ? html`<${Tabs} pages=${OPERATION} label="nav.operation" />` : null}
    ${hasRole('operator') ? html`<p><a class="button main" href="#/rules/new">${t('rules.issue')}</a></p>` : null}
    ${
      !values.status && awaiting.data?.length
        ? html`<section class="note" aria-labelledby="awaiting">
          <h2 id="awaiting">${t('rules.awaiting')}</h2>
          <${Rows} rows=${awaiting.data} />
        </section>`
        : null
    }
    <${Field} id="status" label=${t('dossier.stage')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: values.status ?? '', onChange: (one) => set({ status: one }) }}
        options=${[['', t('all')], ...STATUSES.map((one) => [one, code('rules.status', one)])]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <${Rows} rows=${rows} />
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

const Rows = ({ rows }) => html`<ul class="rows work">
  ${rows.map(
    (row) => html`<li key=${addressOf(row)}>
      <div>
        <a href=${`#/rules/${addressOf(row)}`}>${row.name} ${row.version}</a>
        <small>${code('rules', row.kind)}</small>
      </div>
      <div>${code('rules.status', row.status)}<small>${row.by}</small></div>
      <div>
        ${row.effective_from ? t('operation.from', { day: day(row.effective_from) }) : null}
        ${row.reason ? html`<small>${row.reason}</small>` : null}
      </div>
    </li>`,
  )}
</ul>`;
