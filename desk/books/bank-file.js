// A bank's own file of a statement, as it is: CSV with the columns that the partner's file names, or
// camt.053. What is wrong is shown with the lines of the file.
import { newKey, postFile } from '../api.js';
import { number, t } from '../i18n.js';
import { agencyField, useAgencies } from '../ministry/agencies.js';
import { MONEY, Tabs } from '../ministry/tabs.js';
import { Action, Field, Page, ProblemBox, Select } from '../parts.js';
import { session } from '../session.js';
import { html, useRef, useState } from '../view.js';
import { findingsOf } from './file-findings.js';
import { Imported } from './statement.js';

const MEDIA_TYPES = { csv: 'text/csv', xml: 'application/xml' };
const endOf = (file) => file?.name.toLowerCase().split('.').pop();

export function BankFile() {
  const { agency } = session();
  const [imported, setImported] = useState();
  return html`<${Page} title=${t('bank_file')} wide>
    <${Tabs} pages=${MONEY} label="nav.money" />
    <p class="hint">${t('bank_file.hint')}</p>
    <div role="status">${imported ? html`<${Imported} days=${imported} />` : null}</div>
    ${agency ? html`<${Form} onDone=${setImported} />` : html`<${OfAgency} onDone=${setImported} />`}
  <//>`;
}

// An operator without an agency names it.
function OfAgency({ onDone }) {
  const agencies = useAgencies();
  return html`<${Form} of=${agencyField(agencies, { name: 'agency', label: t('agency') })} onDone=${onDone} />`;
}

function Form({ of, onDone }) {
  const [values, setValues] = useState({});
  const [file, setFile] = useState();
  const [missing, setMissing] = useState([]);
  const [problem, setProblem] = useState();
  const [wrong, setWrong] = useState([]);
  // The same file again, for example after a lost answer, is the same request.
  const sent = useRef({});
  const fields = [of, { name: 'account', label: t('books.account'), hint: t('statements.account') }].filter(Boolean);
  const send = async () => {
    setProblem(undefined);
    setWrong([]);
    onDone(undefined);
    const media = MEDIA_TYPES[endOf(file)];
    const lacking = fields.map(({ name }) => name).filter((name) => !values[name]?.trim());
    if (!media) lacking.push('file');
    setMissing(lacking);
    if (lacking.length) return;
    const query = Object.fromEntries(fields.map(({ name }) => [name, values[name].trim()]));
    const text = await file.text();
    const content = JSON.stringify([query, media, file.size, text]);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    try {
      const { body } = await postFile('/v1/payment-statements', query, file, media, sent.current.key);
      sent.current = {};
      onDone(body);
    } catch (failed) {
      setWrong(findingsOf(failed, endOf(file), text));
      setProblem(failed);
    }
  };
  const required = (name) => (missing.includes(name) ? [{ detail: t('books.required') }] : []);
  return html`<form class="act" onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${t('bank_file')}>
    <div class="line">
      ${fields.map(
        (field) => html`<${One}
          key=${field.name}
          ...${{ field, value: values[field.name], findings: required(field.name) }}
          set=${(value) => setValues({ ...values, [field.name]: value })}
        />`,
      )}
      <${Field} id="bank-file" label=${t('bank_file.file')} required findings=${required('file')}>
        ${(attributes) => html`<input
          type="file"
          accept=".csv,.xml,text/csv,application/xml"
          ...${attributes}
          onChange=${(event) => setFile(event.target.files[0])}
        />`}
      <//>
    </div>
    <${ProblemBox} problem=${problem} shown=${(pointer) => wrong.some((one) => one.pointer === pointer)} />
    ${wrong.length ? html`<${Wrong} rows=${wrong} />` : null}
    <${Action} className="main" label=${t('bank_file.send')} onClick=${send} />
  </form>`;
}

const One = ({ field: { name, label, hint, options }, value = '', findings, set }) => html`<${Field}
  ...${{ id: `bank-${name}`, label, hint, findings, required: true }}
>
  ${(attributes) =>
    options
      ? html`<${Select} ...${{ attributes, value, options, onChange: set }} empty=${t('choose')} />`
      : html`<input ...${attributes} autocomplete="off" value=${value} onInput=${(event) => set(event.target.value)} />`}
<//>`;

// Each line or entry that is wrong, as the file has it.
const Wrong = ({ rows }) => html`<div class="scroll" tabindex="0" role="region" aria-label=${t('bank_file.findings')}>
  <table class="list outcomes">
    <thead>
      <tr>
        <th scope="col" class="amount">${t('bank_file.line')}</th>
        <th scope="col">${t('bank_file.finding')}</th>
        <th scope="col">${t('bank_file.text')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ line, field, detail, text }, at) => html`<tr key=${at} class="refused">
          <th scope="row" class="amount">${number(line)}</th>
          <td>${field ? html`<b>${field}</b>: ` : null}${detail}</td>
          <td class="long"><code>${text}</code></td>
        </tr>`,
      )}
    </tbody>
  </table>
</div>`;
