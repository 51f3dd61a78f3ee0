// The cashier's day: what has to be settled, notices of providers that belong to no payment yet, and
// the till with its sums.
import { read, readIfAny } from '../api.js';
import { addressOf, bookId, TILL } from '../books/names.js';
import { code, day, money, t, time, until } from '../i18n.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Facts, Field, hasRole, Loaded, More, Page, ProblemBox, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { session } from '../session.js';
import { html, useLoad, useState } from '../view.js';

const KINDS = ['discrepancy', 'repayment', 'approval', 'difference'];

export const Money = () => html`<${Page} title=${t('nav.money')} wide>
  <${Tabs} pages=${MONEY} label="nav.money" />
  <${Tasks} />
  ${hasRole('cashier', 'operator') ? html`<${Notices} />` : null}
  <${Till} />
<//>`;

function Tasks() {
  const [kind, setKind] = useState('');
  const found = usePages('/v1/payment-tasks', { kind }, [kind]);
  return html`<h2>${t('money.tasks')}</h2>
    <${Field} id="money-kind" label=${t('work.kind')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: kind, onChange: setKind }}
        options=${[['', t('all')], ...KINDS.map((one) => [one, code('money.kind', one)])]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows work">
          ${rows.map(
            (row) => html`<li key=${`${row.dossier} ${row.kind} ${row.difference}`}>
              <div>
                <b>${code('money.kind', row.kind)}</b>
                <small>${code('money.why', row.why)}</small>
              </div>
              <div>
                ${money(row.amount_vnd)}
                <small>
                  ${row.due_at ? until(row) : null}
                  ${row.missed ? html` <span class="due late">${t('due.missed')}</span>` : null}
                </small>
              </div>
              <div>
                ${row.dossier
                  ? html`<a href=${`#/dossiers/${row.dossier}`}>${row.code}</a>`
                  : html`<small>${row.book}</small>`}
              </div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>`;
}

// Notices that name no attempt of ours. The cashier finds the dossier, and matches it there.
function Notices() {
  const found = usePages('/v1/payment-notices/unmatched', {}, []);
  return html`<h2>${t('money.notices')}</h2>
    <p class="hint">${t('money.notices.text')}</p>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <ul class="rows">
          ${rows.length ? null : html`<li>${t('money.notices.none')}</li>`}
          ${rows.map((row) => html`<${Notice} key=${row.notice} notice=${row} />`)}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>`;
}

function Notice({ notice }) {
  const [typed, setTyped] = useState('');
  const [findings, setFindings] = useState([]);
  const [problem, setProblem] = useState();
  const open = async (event) => {
    event.preventDefault();
    setFindings([]);
    setProblem(undefined);
    try {
      const name = encodeURIComponent(typed.trim());
      const dossier = name && (await readIfAny(`/v1/register/dossier-codes/${name}`));
      if (!dossier) {
        setFindings([{ detail: t('money.unknown') }]);
        return;
      }
      location.hash = `#/dossiers/${dossier.body.id}?notice=${notice.notice}`;
    } catch (failed) {
      setProblem(failed);
    }
  };
  const id = `code-${notice.position}`;
  return html`<li>
    <b>${money(notice.amount_vnd)}</b> ${notice.provider} · ${notice.reference}
    <small>${[notice.transaction, time(notice.at)].filter(Boolean).join(' · ')}</small>
    ${notice.order ? html`<small><a href=${`#/orders/${notice.order}`}>${t('order.of')}</a></small>` : null}
    <form class="line" onSubmit=${open} noValidate>
      <${Field} ...${{ id, label: t('lookup.code'), required: true, findings }}>
        ${(attributes) => html`<input
          ...${attributes}
          autocomplete="off"
          value=${typed}
          onInput=${(event) => setTyped(event.target.value)}
        />`}
      <//>
      <button>${t('money.match')}</button>
    </form>
    <${ProblemBox} problem=${problem} />
  </li>`;
}

// The movements of a day with their sums, for the closing of the till.
function Till() {
  const [on, setOn] = useState('');
  const { agency } = session();
  const found = useLoad(
    () => read('/v1/payment-movements', { agency, on }).then(({ body }) => body),
    [agency, on],
  );
  return html`<h2>${t('money.till')}</h2>
    <${Field} id="till-day" label=${t('money.day')}>
      ${(attributes) => html`<input
        type="date"
        ...${attributes}
        value=${on || (found.data?.on ?? '')}
        onChange=${(event) => setOn(event.target.value)}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(till) => html`
        <${Facts}
          rows=${[
            [t('money.day'), day(till.on)],
            ...['cash', 'captured', 'corrected', 'refunded'].map((one) => [
              t(`money.sum.${one}`),
              money(till[`${one}_vnd`]),
            ]),
          ]}
        />
        ${agency ? html`<p><a class="button" href=${addressOf(bookId({ day: till.on, agency, account: TILL }))}>${t('money.close_till')}</a></p>` : null}
        ${till.movements.length ? html`<${Movements} rows=${till.movements} />` : html`<p>${t('money.none')}</p>`}
      `}
    <//>`;
}

const Movements = ({ rows }) => html`<div class="scroll" tabindex="0" role="region" aria-label=${t('money.till')}>
  <table>
    <thead>
      <tr>
        ${['at', 'kind', 'dossier', 'by'].map((one) => html`<th scope="col">${t(`money.column.${one}`)}</th>`)}
        <th scope="col" class="amount">${t('fee.amount')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) => html`<tr>
          <td>${time(row.at)}</td>
          <td>${code('movement', row.kind)}</td>
          <td><a href=${`#/dossiers/${row.dossier}`}>${row.code}</a></td>
          <td>${row.officer ?? row.provider}</td>
          <td class="amount">${money(row.amount_vnd)}</td>
        </tr>`,
      )}
    </tbody>
  </table>
</div>`;
