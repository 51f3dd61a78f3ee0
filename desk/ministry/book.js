// The register of an agency (form 07), with its digest and as a PDF.
import { bytes, read } from '../api.js';
import { day, number, t } from '../i18n.js';
import { Action, Facts, Field, Loaded, More, Page, ProblemBox } from '../parts.js';
import { save } from '../uploads.js';
import { html, useLoad, useState } from '../view.js';
import { addressed, useParameters } from './address.js';
import { AUDIT, Tabs } from './tabs.js';

const ADDRESS = '/v1/register/book';
const DAYS = 30;

// The days of the last month, in Vietnam.
function lastDays() {
  const text = (ago) =>
    new Date(Date.now() + 7 * 3_600_000 - ago * 86_400_000).toISOString().slice(0, 10);
  return { from: text(DAYS), to: text(0) };
}

export function Book() {
  const [values, set] = useParameters();
  const { from, to } = { ...lastDays(), ...values };
  const [problem, setProblem] = useState();
  const [further, setFurther] = useState({ of: undefined, rows: [], next: undefined });
  const loaded = useLoad(() => read(ADDRESS, { from, to, limit: 50 }), [from, to]);
  const grown = further.of === loaded.data ? further : { rows: [], next: loaded.data?.next };
  const more = async (address) => {
    const page = await read(address);
    setFurther({
      of: loaded.data,
      rows: [...grown.rows, ...page.body.data.dossiers],
      next: page.next,
    });
  };
  const print = async () => {
    setProblem(undefined);
    try {
      save(
        await bytes(`${ADDRESS}?${addressed({ from, to, limit: '100' })}`, 'application/pdf'),
        `book-${from}-${to}.pdf`,
      );
    } catch (failed) {
      setProblem(failed);
    }
  };
  const date = (name, value) => html`<${Field} id=${name} label=${t(`figures.${name}`)} required>
    ${(attributes) => html`<input
      type="date"
      ...${attributes}
      value=${value}
      onChange=${(event) => set({ [name]: event.target.value })}
    />`}
  <//>`;
  return html`<${Page} title=${t('book')} wide>
    <${Tabs} pages=${AUDIT} label="nav.audit" />
    <div class="line">${date('from', from)} ${date('to', to)}</div>
    <${ProblemBox} problem=${problem} />
    <${Loaded} of=${loaded}>
      ${({ body }) => html`
        <${Facts}
          rows=${[
            [t('agency'), `${body.data.agency_name} (${body.data.agency})`],
            [
              t('book.rows'),
              `${number(body.data.dossiers.length + grown.rows.length)}${grown.next ? '+' : ''}`,
            ],
            [t('book.digest'), html`<code>${body.sha256}</code>`],
          ]}
        />
        <${Action} label=${t('book.pdf')} onClick=${print} />
        <${Rows} rows=${[...body.data.dossiers, ...grown.rows]} />
        <${More} next=${grown.next} load=${more} />
      `}
    <//>
  <//>`;
}

const Rows = ({
  rows,
}) => html`<div class="scroll" tabindex="0" role="region" aria-label=${t('book')}>
  <table class="list">
    <thead>
      <tr>
        <th scope="col">${t('dossier.code')}</th>
        <th scope="col">${t('nav.procedures')}</th>
        <th scope="col">${t('dossier.applicant')}</th>
        <th scope="col">${t('dossier.submitted')}</th>
        <th scope="col">${t('dossier.due')}</th>
        <th scope="col">${t('book.ended')}</th>
        <th scope="col">${t('dossier.stage')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) => html`<tr key=${row.dossier}>
          <th scope="row"><a href=${`#/dossiers/${row.dossier}`}>${row.code}</a></th>
          <td>${row.procedure_name}</td>
          <td>${row.applicant_name ?? row.applicant_code}</td>
          <td>${written(row.submitted_at)}</td>
          <td>${written(row.due)}</td>
          <td>${written(row.ended_at)}</td>
          <td>${row.stage}</td>
        </tr>`,
      )}
    </tbody>
  </table>
</div>`;

// A day as the form has it, or an instant.
const written = (value) => (/^\d{4}-\d\d-\d\dT/.test(value ?? '') ? day(value) : value);
