// How the payer goes on with a payment that was started: at the provider's page, or with a QR code for
// the app of a bank; and the payment is followed until its state changes.
import { read } from '../api.js';
import { money, t } from '../i18n.js';
import { qrPath, qrSize } from '../qr.js';
import { html, useEffect } from '../view.js';

const FOLLOWED_EVERY_MS = 4_000;
// A transfer takes minutes; after that, the page is loaded again by the person.
const FOLLOWED_MAX = 300;
const OPEN = ['started', 'unknown', 'partly_captured'];
// Light margin around a code, in modules (ISO/IEC 18004).
const MARGIN = 4;

export function Pay({ id, payment, onChange }) {
  const open = payment.attempts.filter(({ state }) => OPEN.includes(state));
  useFollowed(open.length > 0 && `/v1/payments/${id}`, payment, stateOf, onChange);
  return open.map((attempt) => html`<${Way} key=${attempt.payment} attempt=${attempt} />`);
}

// Reads what is at an address now and then, and calls `onChange` when its state is another one than that of what is
// shown. Nothing is read without an address.
export function useFollowed(address, shown, stateIn, onChange) {
  const seen = stateIn(shown);
  useEffect(() => {
    if (!address) return undefined;
    let asked = 0;
    const look = async () => {
      asked += 1;
      if (asked > FOLLOWED_MAX) clearInterval(timer);
      if (document.visibilityState === 'hidden') return;
      const now = await read(address).catch(() => undefined);
      if (now && stateIn(now.body) !== seen) onChange();
    };
    const timer = setInterval(look, FOLLOWED_EVERY_MS);
    return () => clearInterval(timer);
  }, [address, seen]);
}

// What the page shows of a payment, and may change without the payer's doing.
const stateOf = ({ attempts, outstanding_vnd: outstanding }) =>
  JSON.stringify([outstanding, attempts.map(({ state, next_url: url, qr }) => [state, url, qr])]);

// At the provider's page, or with a QR code.
export function Way({ attempt }) {
  const { provider, amount_vnd: amount, next_url: url, qr, short_reference: reference } = attempt;
  if (qr) {
    return html`<figure class="qr" aria-label=${t('pay.qr', { provider })}>
      <${Code} text=${qr} label=${t('pay.qr', { provider })} />
      <figcaption>
        <p>${t('pay.qr.text', { amount: money(amount) })}</p>
        <p>${t('pay.reference')} <code>${reference}</code></p>
      </figcaption>
    </figure>`;
  }
  // Nothing but a page of the provider, whatever its answer was.
  if (url && /^https?:\/\//.test(url)) {
    return html`<p>
      <a class="button" href=${url} target="_blank" rel="noopener noreferrer">${t('pay.continue', { provider })}</a>
      <small class="hint">${t('pay.continue.text', { amount: money(amount) })}</small>
    </p>`;
  }
  return null;
}

function Code({ text, label }) {
  const size = qrSize(text) + 2 * MARGIN;
  return html`<svg viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${label} shape-rendering="crispEdges">
    <rect width=${size} height=${size} fill="#fff" />
    <path transform=${`translate(${MARGIN} ${MARGIN})`} d=${qrPath(text)} fill="#000" />
  </svg>`;
}
