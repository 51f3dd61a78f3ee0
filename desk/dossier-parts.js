// Parts of the pages of one dossier, for applicants and officers.
import { bytes, read, readIfAny } from './api.js';
import { FormValues } from './forms.js';
import { both, code, duration, money, number, t, time } from './i18n.js';
import { Action, hasRole, Loaded, More, ProblemBox } from './parts.js';
import { usePages } from './pages.js';
import { save } from './uploads.js';
import { html, useEffect, useLoad, useState } from './view.js';

// A dossier with what the services have about it, each with its version. What is not there yet, or
// is not for this person, is `undefined`; what cannot be there is not asked for.
export async function loadDossier(id) {
  const dossier = await read(`/v1/dossiers/${id}`);
  const { stage, due_at: dueAt, procedure: name, outcome } = dossier.body;
  const procedure = await readIfAny(`/v1/procedures/${encodeURIComponent(name)}`);
  const { fees } = procedure?.body ?? {};
  const isAccepted = !['submitted', 'refused'].includes(stage);
  const isCharged = fees?.lines.length && (isAccepted || fees.due === 'at_filing');
  const part = (is, path) => (is ? readIfAny(path) : undefined);
  const [reviews, payments, deliveries, deadline] = await Promise.all([
    part(
      hasRole('reviewer', 'approver', 'clerk', 'auditor') && isAccepted && dueAt,
      `/v1/reviews/${id}`,
    ),
    part(isCharged && hasRole('applicant', 'cashier', 'auditor'), `/v1/payments/${id}`),
    part(outcome, `/v1/deliveries/${id}`),
    part(dueAt, `/v1/dossiers/${id}/deadline`),
  ]);
  return {
    id,
    dossiers: dossier,
    reviews,
    payments,
    deliveries,
    deadline: deadline?.body,
    procedure: procedure?.body,
  };
}

// The way of a dossier: stations that are behind it, the present one, and those to come.
export function Way({ dossier, payment, delivery }) {
  const { stage, fee_received: paid, decision } = dossier;
  const ended = ['refused', 'withdrawn'].includes(stage);
  const accepted = !['submitted', 'refused'].includes(stage);
  const stations = [
    ['submitted', true],
    payment?.total_vnd ? ['paid', paid || payment.outstanding_vnd === 0] : undefined,
    ended ? [stage, true] : ['accepted', accepted],
    ended ? undefined : ['decided', Boolean(decision ?? dossier.outcome)],
    ended
      ? undefined
      : ['issued', ['issued', 'with_carrier', 'delivered'].includes(delivery?.stage)],
    ended ? undefined : ['delivered', delivery?.stage === 'delivered' || stage === 'closed'],
  ].filter(Boolean);
  const present = stations.findIndex(([, done]) => !done);
  return html`<ol class="way" aria-label=${t('way')}>
    ${stations.map(([name, done], at) => {
      const state = done ? 'done' : at === present ? 'now' : 'todo';
      return html`<li key=${name} class=${state} aria-current=${state === 'now' ? 'step' : undefined}>
        ${t(`way.${name}`)} <span class="hidden">${t(`way.state.${state}`)}</span>
      </li>`;
    })}
  </ol>`;
}

// How much time passed with the agency and with the applicant.
export function Elapsed({ id }) {
  const elapsed = useLoad(
    () => read(`/v1/register/dossiers/${id}/elapsed`).then(({ body }) => body),
    [id],
  );
  return html`<${Loaded} of=${elapsed}>
    ${({ with_agency_s: agency, with_applicant_s: applicant }) => html`<p>
      ${t('elapsed', { agency: duration(agency), applicant: duration(applicant) })}
      <meter min="0" max=${agency + applicant || 1} value=${agency} aria-label=${t('elapsed.share')}></meter>
    </p>`}
  <//>`;
}

// The documents: names to open, and the opened ones beside each other.
export function Documents({ id, documents, procedure }) {
  const [opened, setOpened] = useState([]);
  const [problem, setProblem] = useState();
  const names = new Map((procedure?.documents ?? []).map((one) => [one.code, both(one.name)]));
  const toggle = async (one) => {
    setProblem(undefined);
    if (opened.some((other) => other.document === one.document)) {
      setOpened(opened.filter((other) => other.document !== one.document));
      return;
    }
    try {
      const blob = await bytes(`/v1/dossiers/${id}/documents/${one.document}`);
      setOpened([...opened, { ...one, blob }]);
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`
    <ul class="rows">
      ${documents.map(
        (one) => html`<li key=${one.document}>
          <button
            type="button"
            class="quiet"
            aria-expanded=${opened.some((other) => other.document === one.document) ? 'true' : 'false'}
            onClick=${() => toggle(one)}
          >
            ${names.get(one.component) ?? one.component}
          </button>
          <small>${one.file_name} · ${number(Math.ceil(one.bytes / 1_024))} kB</small>
        </li>`,
      )}
    </ul>
    <${ProblemBox} problem=${problem} />
    <div class="beside">${opened.map((one) => html`<${Shown} key=${one.document} ...${one} />`)}</div>
  `;
}

// Shows images and PDFs. Other types, for example XML, would be documents of the desk's own origin:
// they can only be saved. Browsers use the type of the blob.
function Shown({ blob, file_name: name }) {
  const [address, setAddress] = useState();
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  if (!address) return null;
  return html`<figure>
    <figcaption>
      ${name} <button type="button" class="quiet" onClick=${() => save(blob, name)}>${t('document.save')}</button>
    </figcaption>
    ${/^image\/(png|jpeg)$/.test(blob.type) ? html`<img src=${address} alt=${name} />` : null}
    ${blob.type === 'application/pdf' ? html`<iframe src=${address} title=${name}></iframe>` : null}
  </figure>`;
}

export function Timeline({ id }) {
  const found = usePages(`/v1/register/dossiers/${id}/timeline`, { limit: 100 }, [id]);
  return html`<${Loaded} of=${found}>
    ${(rows) => html`
      <ol class="timeline">
        ${rows.map(
          (row) => html`<li key=${row.position}>
            <time datetime=${row.at}>${time(row.at)}</time>
            <b>${both(row.title)}</b>
            <small>${[code('role', row.role), row.agency, row.subject].filter(Boolean).join(' · ')}</small>
            ${row.data?.reason ? html`<q>${row.data.reason}</q>` : null}
          </li>`,
        )}
      </ol>
      <${More} next=${found.next} load=${found.more} />
    `}
  <//>`;
}

// Who read the dossier's personal data, in which role and when.
export function Reads({ id }) {
  const found = usePages(`/v1/register/dossiers/${id}/reads`, { limit: 50 }, [id]);
  return html`<${Loaded} of=${found}>
    ${(rows) => html`
      <ol class="timeline">
        ${rows.map(
          (row) => html`<li>
            <time datetime=${row.at}>${time(row.at)}</time>
            <b>${row.subject ?? code('role', row.role)}</b>
            <small>${[code('role', row.role), row.agency, row.operation].filter(Boolean).join(' · ')}</small>
          </li>`,
        )}
      </ol>
      <${More} next=${found.next} load=${found.more} />
    `}
  <//>`;
}

export const FormOf = ({ dossier }) => html`<${FormValues} value=${dossier.form} />`;

export function Payment({ payment }) {
  return html`
    <table>
      <caption class="hidden">${t('fee.title')}</caption>
      <tbody>
        ${[
          ['fee.total', payment.total_vnd],
          ['payment.received', payment.received_vnd],
          ['payment.outstanding', payment.outstanding_vnd],
          ['payment.owed_back', payment.owed_back_vnd],
        ]
          .filter(([, amount], at) => at < 3 || amount)
          .map(
            ([key, amount]) => html`<tr key=${key}>
              <th scope="row">${t(key)}</th>
              <td class="amount">${money(amount)}</td>
            </tr>`,
          )}
      </tbody>
    </table>
    ${payment.attempts.map(
      (attempt) => html`<p key=${attempt.payment}>
        ${attempt.provider}: ${money(attempt.amount_vnd)} · ${code('attempt', attempt.state)}
      </p>`,
    )}
  `;
}

// The slips and receipts of a dossier, to save as PDF.
export function Papers({ id, payment, delivery }) {
  const slips = useLoad(
    () => readIfAny(`/v1/dossiers/${id}/slips`).then((page) => page?.body ?? []),
    [id],
  );
  const pdf = async (path, name) => save(await bytes(path, 'application/pdf'), name);
  const papers = (slips.data ?? []).map((slip) => [
    code('slip', slip.form),
    () => pdf(`/v1/dossiers/${id}/slips/${slip.slip}`, `${slip.form}.pdf`),
    slip.slip,
  ]);
  for (const receipt of payment?.receipts ?? []) {
    const save1 = () => pdf(`/v1/payments/${id}/receipts/${receipt.receipt}`, 'receipt.pdf');
    papers.push([`${t('receipt')} ${receipt.symbol} ${receipt.number}`, save1, receipt.receipt]);
  }
  if (delivery?.document) {
    const result = async () =>
      save(await bytes(`/v1/deliveries/${id}/document`), delivery.number ?? 'result');
    papers.push([t('result.document'), result, 'result']);
  }
  if (!papers.length) return html`<p>${t('papers.none')}</p>`;
  return html`<ul class="rows">
    ${papers.map(
      ([name, act, key]) =>
        html`<li key=${key}><${Action} className="quiet" label=${name} onClick=${act} /></li>`,
    )}
  </ul>`;
}
