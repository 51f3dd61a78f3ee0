// Parts of the pages of one dossier, for applicants and officers.
import { bytes, read } from './api.js';
import { FormValues } from './form-values.js';
import { both, code, duration, number, t, time } from './i18n.js';
import { Loaded, More, ProblemBox } from './parts.js';
import { usePages } from './pages.js';
import { save } from './uploads.js';
import { html, useEffect, useLoad, useState } from './view.js';

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

export const FormOf = ({ dossier, procedure }) =>
  html`<${FormValues} value=${dossier.form} schema=${procedure?.form} />`;
