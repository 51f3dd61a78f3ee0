// The secret of a subscriber, which the server shows once.
import { t } from '../i18n.js';
import { Action } from '../parts.js';
import { html, useState } from '../view.js';

export function Secret({ of: { subscriber, name, secret }, added }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(secret).then(
      () => setIsCopied(true),
      // A browser that does not permit it: the person selects the text.
      () => setIsCopied(false),
    );
  return html`<section class="note" aria-label=${t('subscribers.secret')}>
    <p>
      <b>${added ? t('subscribers.added', { name }) : t('subscribers.rotated')}</b>
      ${added ? html` <a href=${`#/subscribers/${subscriber}`}>${t('subscribers.show')}</a>` : null}
    </p>
    <p>${t('subscribers.secret')}: <code>${secret}</code> <${Action} label=${t('subscribers.copy')} onClick=${copy} /></p>
    <p>${isCopied ? t('subscribers.copied') : t('subscribers.secret.once')}</p>
  </section>`;
}
