// The result of a dossier: how it reaches the applicant, how long it is valid, and the duties that
// follow it.
import { both, code, day, t, time, until } from './i18n.js';
import { Facts } from './parts.js';
import { html } from './view.js';

export function Result({ delivery, procedure, rating }) {
  const { handed_out: handed, address } = delivery;
  return html`<h2>${t('result')}</h2>
    <${Facts}
      rows=${[
        [t('dossier.stage'), code('result', delivery.stage)],
        [t('dossier.result'), delivery.number],
        [t('delivery'), delivery.channel && code('delivery', delivery.channel)],
        [t('result.address'), address && [address.name, ...address.lines, address.phone].join(', ')],
        [t('result.handed'), handed && `${time(handed.at)} ${handed.received_by ?? ''}`],
        [t('procedures.validity'), delivery.valid_until_on && until({ due_on: delivery.valid_until_on })],
        [t('result.expired'), delivery.expired ? t('yes') : undefined],
        [t('result.revoked_because'), delivery.revoked_because],
        [t('result.renewals'), delivery.renewals || undefined],
        [t('result.renewal_asked'), delivery.renewal_requested_because],
        [
          t('result.renewal_by'),
          delivery.renewal_decided_by && day(delivery.renewal_decided_by_on ?? delivery.renewal_decided_by),
        ],
        [t('result.renewal_refused'), delivery.renewal_refused_because],
        [t('rating'), rating?.score && code('score', rating.score)],
        [t('step.field.comment'), rating?.comment],
      ]}
    />
    <${Parcels} parcels=${delivery.parcels ?? []} />
    <${Duties} duties=${delivery.duties ?? []} names=${procedure?.result.duties ?? []} />`;
}

// Parcels with what the carrier reported about them.
function Parcels({ parcels }) {
  if (!parcels.length) return null;
  return html`<h3>${t('parcels')}</h3>
    <ul class="rows">
      ${parcels.map(
        (one) => html`<li key=${one.reference}>
          <b>${one.carrier}</b> ${one.waybill} · ${code('parcel', one.state)}
          ${one.status ? html`<small>${one.status}</small>` : null}
          ${one.contradicted ? html`<p class="note">${t('parcels.contradicted')}</p>` : null}
        </li>`,
      )}
    </ul>`;
}

function Duties({ duties, names }) {
  const nameOf = (duty) => both(names.find(({ code: one }) => one === duty)?.name) || duty;
  if (!duties.length) return null;
  return html`<h3>${t('duties')}</h3>
    <ul class="rows">
      ${duties.map(
        (one) => html`<li key=${one.duty}>
          <b>${nameOf(one.duty)}</b>${' '}
          ${one.met_at ? t('duties.met', { at: time(one.met_at) }) : one.due_at ? until(one) : null}
          ${one.missed && !one.met_at ? html` <span class="due late">${t('due.missed')}</span>` : null}
          ${one.note ? html`<blockquote>${one.note}</blockquote>` : null}
        </li>`,
      )}
    </ul>`;
}
