// Find a procedure; see its papers, period and fee before filing.
import { read } from '../api.js';
import { both, budget, code, day, money, nameOf, t } from '../i18n.js';
import { Facts, Field, hasRole, Loaded, More, Page, SearchBox, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { isApplicant, session } from '../session.js';
import { html, useLoad, useState } from '../view.js';

export function Procedures() {
  const [q, setQ] = useState('');
  const found = usePages('/v1/procedures', { q, limit: 50 }, [q]);
  return html`<${Page} title=${t('nav.procedures')}>
    <${SearchBox} label=${t('procedures.search')} onSearch=${setQ} />
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows">
          ${rows.map(
            (row) => html`<li key=${row.code}>
              <a href=${`#/procedures/${encodeURIComponent(row.code)}`}>${nameOf(row)}</a>
              <small>
                ${row.code} · ${t('procedures.period')} ${budget(row.periods.online ?? Object.values(row.periods)[0])}
                ${row.channels.map((channel) => ` · ${code('channel', channel)}`)}
              </small>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

export function Procedure({ code: procedure }) {
  const path = `/v1/procedures/${encodeURIComponent(procedure)}`;
  const loaded = useLoad(async () => {
    const [shown, agencies] = await Promise.all([
      read(path),
      read('/v1/agencies', { procedure, limit: 100 }),
    ]);
    return { procedure: shown.body, agencies: agencies.body };
  }, [procedure]);
  return html`<${Loaded} of=${loaded}>
    ${(data) => html`<${Shown} ...${data} />`}
  <//>`;
}

function Shown({ procedure, agencies }) {
  const { channels, documents, periods, fees, result, delivery } = procedure;
  // Clerks enter what arrives at the counter or by post.
  const isClerk = hasRole('clerk') && channels.some((one) => one !== 'online');
  const mayFile = isApplicant(session()) || isClerk;
  return html`<${Page} title=${nameOf(procedure)}>
    <${Facts}
      rows=${[
        [t('procedures.code'), procedure.code],
        [t('procedures.basis'), procedure.legal_basis],
        ...channels.map((channel) => [
          t('procedures.period_by', { channel: code('channel', channel) }),
          budget(periods[channel]),
        ]),
        [t('procedures.starts'), code('clock', procedure.clock_start)],
        [t('procedures.delivery'), delivery.map((one) => code('delivery', one)).join(', ')],
        [t('procedures.validity'), budget(result.validity)],
      ]}
    />
    <h2>${t('procedures.papers')}</h2>
    ${
      documents.length
        ? html`<ul>
          ${documents.map(
            (one) => html`<li key=${one.code}>
              ${both(one.name)}${one.required ? '' : html` <small>${t('optional')}</small>`}
            </li>`,
          )}
        </ul>`
        : html`<p>${t('procedures.no_papers')}</p>`
    }
    ${procedure.upcoming.map(
      (next) =>
        html`<p class="note">${t('procedures.upcoming', { day: day(next.effective_from) })}</p>`,
    )}
    ${fees.lines.length ? html`<${Quote} ...${{ procedure, agencies }} />` : html`<p>${t('fee.none')}</p>`}
    ${
      mayFile
        ? html`<p><a class="button main" href=${`#/file/${encodeURIComponent(procedure.code)}`}>${isClerk ? t('file.counter') : t('file.begin')}</a>
          <a class="button" href=${`#/batch/${encodeURIComponent(procedure.code)}`}>${t('batch')}</a></p>`
        : html`<p class="hint">${t('file.sign_in')}</p>`
    }
  <//>`;
}

// The fee for an agency, a channel and a group that the applicant belongs to. A form has `chosen`
// them; otherwise they are chosen here.
export function Quote({ procedure, agencies, chosen }) {
  const [own, setAsked] = useState({
    agency: agencies[0]?.code ?? procedure.agency,
    channel: procedure.channels[0],
    groups: '',
  });
  const asked = chosen ? { ...chosen, agency: chosen.agency ?? own.agency } : own;
  const path = `/v1/procedures/${encodeURIComponent(procedure.code)}/fee`;
  const quote = useLoad(() => read(path, asked).then(({ body }) => body), Object.values(asked));
  const set = (name) => (value) => setAsked({ ...asked, [name]: value });
  return html`<section aria-labelledby="fee">
    <h2 id="fee">${t('fee.title')}</h2>
    ${
      chosen
        ? null
        : html`<div class="line">
      <${Field} id="fee-channel" label=${t('channel')} required>
        ${(attributes) => html`<${Select}
          ...${{ attributes, value: asked.channel, onChange: set('channel') }}
          options=${procedure.channels.map((one) => [one, code('channel', one)])}
        />`}
      <//>
      ${
        procedure.groups.length
          ? html`<${Field} id="fee-group" label=${t('fee.group')}>
            ${(attributes) => html`<${Select}
              ...${{ attributes, value: asked.groups, onChange: set('groups') }}
              empty=${t('fee.no_group')}
              options=${procedure.groups.map((one) => [one, code('group', one)])}
            />`}
          <//>`
          : null
      }
    </div>`
    }
    <${Loaded} of=${quote}>${(shown) => html`<${FeeLines} quote=${shown} />`}<//>
  </section>`;
}

export const FeeLines = ({ quote }) => html`<table>
  <caption class="hidden">${t('fee.title')}</caption>
  <thead>
    <tr><th scope="col">${t('fee.line')}</th><th scope="col" class="amount">${t('fee.amount')}</th></tr>
  </thead>
  <tbody>
    ${quote.lines.map(
      (line) => html`<tr key=${line.rule}>
        <td>
          ${nameOf(line)}
          ${line.reduction ? html`<br /><small>${t('fee.reduced', { full: money(line.full_vnd) })}</small>` : null}
        </td>
        <td class="amount">${money(line.charged_vnd)}</td>
      </tr>`,
    )}
  </tbody>
  <tfoot>
    <tr>
      <th scope="row">${t('fee.total')}${quote.due ? html` <small>${code('fee.due', quote.due)}</small>` : null}</th>
      <td class="amount">${money(quote.total_vnd)}</td>
    </tr>
  </tfoot>
</table>`;
