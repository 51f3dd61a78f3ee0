// The review of a dossier: the proposal that waits for approval, what officers found, and what they
// remarked.
import { code, t, time } from '../i18n.js';
import { html } from '../view.js';

export const Proposal = ({ proposal, review }) => html`<section class="note" aria-labelledby="proposal">
  <h2 id="proposal">${t('proposal')}</h2>
  <p><b>${code('outcome', proposal.outcome)}</b> · ${proposal.officer}</p>
  ${proposal.reason ? html`<blockquote>${proposal.reason}</blockquote>` : null}
  <ul>
    ${(review.completed_activities ?? []).map(
      (one) =>
        html`<li key=${one.activity}>${one.activity}: ${one.officer}, ${time(one.at)} ${one.note ?? ''}</li>`,
    )}
  </ul>
</section>`;

// Verifications on the spot, and what consulted agencies were asked and answered.
export function Evidence({ review }) {
  const verifications = review.verifications ?? [];
  const consultations = [...(review.consultations ?? []), ...(review.closed_consultations ?? [])];
  return html`
    ${verifications.length ? html`<h2>${t('verifications')}</h2>` : null}
    ${verifications.map(
      (one) => html`<p key=${one.from}>
        ${time(one.from)} – ${time(one.to)}${one.place ? ` · ${one.place}` : ''} · ${one.officer}
        ${one.participants ? html`<br /><small>${one.participants}</small>` : null}
        ${one.findings ? html`<blockquote>${one.findings}</blockquote>` : null}
      </p>`,
    )}
    ${consultations.length ? html`<h2>${t('consultations')}</h2>` : null}
    ${consultations.map(
      (one) => html`<div class="consultation" key=${one.consultation}>
        <b>${one.agency}</b> <q>${one.question}</q>
        ${
          one.answer
            ? html`<p>${one.agrees ? t('consultation.agrees') : t('consultation.disagrees')}</p>
              <blockquote>${one.answer}</blockquote>`
            : html`<p>${one.silent ? t('consultation.silent') : t('remark.waiting')}</p>`
        }
      </div>`,
    )}
  `;
}

// What officers noted when they returned, handed over or rejected.
export function Remarks({ review }) {
  if (!review.remarks?.length) return null;
  return html`<h2>${t('remarks')}</h2>
    <ul>
      ${review.remarks.map(
        (one) =>
          html`<li>${time(one.at)} · ${one.officer}: ${t(`remark.${one.step}`)} ${one.to ?? ''} <q>${one.reason}</q></li>`,
      )}
    </ul>`;
}
