// For auditors: what one reader has read of personal data, the newest first.
import { code, t, time } from '../i18n.js';
import { Loaded, More, Page, SearchBox } from '../parts.js';
import { usePages } from '../pages.js';
import { html } from '../view.js';
import { useParameters } from './address.js';
import { AUDIT, Tabs } from './tabs.js';

// Dossiers and complaints of a read that are shown; a list has more.
const SHOWN = 5;

export function Readers() {
  const [values, set] = useParameters();
  return html`<${Page} title=${t('audit.readers')} wide>
    <${Tabs} pages=${AUDIT} label="nav.audit" />
    <${SearchBox}
      ...${{ label: t('audit.reader'), hint: t('audit.reader.hint'), initial: values.reader }}
      onSearch=${(reader) => set({ reader })}
    />
    ${values.reader ? html`<${ReadsBy} key=${values.reader} reader=${values.reader} />` : null}
  <//>`;
}

function ReadsBy({ reader }) {
  const found = usePages('/v1/register/reads', { reader, limit: 100 }, [reader]);
  return html`<${Loaded} of=${found}>
    ${(rows) => html`
      <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${t('audit.readers')}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">${t('audit.at')}</th>
              <th scope="col">${t('audit.role')}</th>
              <th scope="col">${t('audit.operation')}</th>
              <th scope="col">${t('audit.about')}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row, at) => html`<tr key=${at}>
                <td>${time(row.at)}</td>
                <td>${code('role', row.role)}${row.agency ? ` · ${row.agency}` : ''}</td>
                <th scope="row">${code('read', row.operation)} <small><code>${row.operation}</code></small></th>
                <td><${About} ...${row} /></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <${More} next=${found.next} load=${found.more} />
    `}
  <//>`;
}

// What the read was about: the dossiers and complaints by the beginning of their ids.
function About({ dossiers, complaints, mandates }) {
  const links = [
    ...dossiers.map((id) => [`#/dossiers/${id}`, id]),
    ...complaints.map((id) => [`#/complaints/${id}`, id]),
  ];
  const rest = Math.max(0, links.length - SHOWN) + mandates.length;
  return html`${links
    .slice(0, SHOWN)
    .map(([to, id]) => html`<a key=${id} href=${to} aria-label=${id}>${id.slice(0, 8)}</a> `)}
  ${rest ? t('audit.more', { n: rest }) : null}`;
}
