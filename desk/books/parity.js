// An account in a range of days, side by side: what the bank or provider states, what is recorded, and what
// the dossiers have.
import { read } from '../api.js';
import { code, money, t, time } from '../i18n.js';
import { useParameters } from '../ministry/address.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Facts, Field, Loaded, More, Page, Select } from '../parts.js';
import { session } from '../session.js';
import { html, useLoad, useState } from '../view.js';
import { accountName } from './names.js';
import { Sums } from './sums.js';

const ADDRESS = '/v1/payment-parity';
const NAMES = ['agency', 'account', 'from', 'to'];

export function Parity() {
  const [values, set] = useParameters();
  const { agency } = session();
  const [typed, setTyped] = useState({ agency, ...values });
  const [further, setFurther] = useState({ of: undefined, rows: [], next: undefined });
  const asked = { ...values, agency: values.agency ?? agency };
  const isAsked = asked.account && asked.from && asked.agency;
  const found = useLoad(
    async () => (isAsked ? read(ADDRESS, asked) : null),
    [JSON.stringify(asked)],
  );
  const grown = further.of === found.data ? further : { rows: [], next: found.data?.next };
  const more = async (address) => {
    const page = await read(address);
    setFurther({ of: found.data, rows: [...grown.rows, ...page.body.rows], next: page.next });
  };
  const show = (event) => {
    event.preventDefault();
    set(Object.fromEntries(NAMES.map((name) => [name, typed[name]?.trim() ?? ''])));
  };
  const input = (name, label, type, required) => html`<${Field} ...${{ id: `parity-${name}`, label, required }}>
    ${(attributes) => html`<input
      ...${{ ...attributes, type, value: typed[name] ?? '', autocomplete: 'off' }}
      onInput=${(event) => setTyped({ ...typed, [name]: event.target.value })}
    />`}
  <//>`;
  return html`<${Page} title=${t('parity')} wide>
    <${Tabs} pages=${MONEY} label="nav.money" />
    <p class="hint">${t('parity.text')}</p>
    <form class="line" onSubmit=${show} noValidate aria-label=${t('parity')}>
      ${agency ? null : input('agency', t('agency'), 'text', true)}
      ${input('account', t('books.account'), 'text', true)} ${input('from', t('figures.from'), 'date', true)}
      ${input('to', t('figures.to'), 'date', false)}
      <button>${t('parity.show')}</button>
    </form>
    <${Field} id="only" label=${t('parity.only')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: values.only_differences ?? '' }}
        onChange=${(one) => set({ only_differences: one })}
        options=${[['', t('all')], ['true', t('parity.differing')]]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(page) =>
        page &&
        html`
          <${Facts}
            rows=${[
              [t('books.account'), accountName(page.body.account)],
              [t('differences'), t('books.open_differences', { n: page.body.open_differences })],
            ]}
          />
          <${Sums} totals=${page.body.totals} caption=${t('books.sums')} withoutEntries />
          <${Rows} rows=${[...page.body.rows, ...grown.rows]} />
          <${More} next=${grown.next} load=${more} />
        `}
    <//>
  <//>`;
}

const COLUMNS = ['stated_in_vnd', 'stated_out_vnd', 'recorded_in_vnd', 'recorded_out_vnd', 'receipted_vnd'];

function Rows({ rows }) {
  if (!rows.length) return html`<p role="status">${t('parity.none')}</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('parity.rows')}>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${t('differences.about')}</th>
          ${COLUMNS.map((one) => html`<th scope="col" class="amount" key=${one}>${t(`parity.${one}`)}</th>`)}
          <th scope="col" class="amount">${t('parity.fee')}</th>
          <th scope="col" class="amount">${t('payment.owed_back')}</th>
          <th scope="col">${t('differences')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.key} class=${row.differences.length ? 'differs' : ''}>
            <th scope="row">
              ${row.dossier ? html`<a href=${`#/dossiers/${row.dossier.dossier}`}>${row.dossier.code}</a>` : row.key.replace(/^line:/, '')}
              <small>${time(row.at)}</small>
            </th>
            ${COLUMNS.map((one) => html`<td class="amount" key=${one}>${row[one] ? money(row[one]) : '–'}</td>`)}
            <td class="amount">
              ${row.dossier ? money(row.dossier.fee_vnd) : '–'}
              <small>${row.dossier ? (row.dossier.settled_at ? t('parity.settled') : t('parity.unsettled')) : null}</small>
            </td>
            <td class="amount">${row.dossier?.owed_back_vnd ? money(row.dossier.owed_back_vnd) : '–'}</td>
            <td>${row.differences.map((one) => code('difference', one)).join(', ')}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
