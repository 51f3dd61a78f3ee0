// Parts of the pages of one dossier, for applicants and officers.
import { bytes } from './api.js';
import { FormValues } from './form-values.js';
import { both, code, number, t, time } from './i18n.js';
import { Loaded, More, ProblemBox } from './parts.js';
import { usePages } from './pages.js';
import { save } from './uploads.js';
import { html, useEffect, useState } from './view.js';

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

// Claims to groups that reduce the fee, with the decision on each and its reason.
export function Claims({ claims }) {
  if (!claims?.length) return null;
  return html`<h3>${t('claims')}</h3>
    <ul class="rows">
      ${claims.map(
        (one) => html`<li key=${one.group}>
          <b>${code('group', one.group)}</b>: ${code('claim.outcome', one.outcome)}
          ${one.reason ? html`<q>${one.reason}</q>` : null}
          ${one.decided_at ? html`<small>${time(one.decided_at)}</small>` : null}
        </li>`,
      )}
    </ul>`;
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
            ${code('read', row.operation)}
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
