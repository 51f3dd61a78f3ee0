// The first page, and the page of an unknown address.
import { t } from './i18n.js';
import { Page } from './parts.js';
import { linksOf } from './routes.js';
import { session } from './session.js';
import { SignIn } from './sign-in.js';
import { html } from './view.js';

export function Home({ settings }) {
  const who = session();
  return html`<${Page} title=${t('home.title')}>
    <p>${t('home.text')}</p>
    <ul class="cards">
      ${linksOf(who).map(
        ([to, name]) => html`<li key=${to}>
          <a href=${`#${to}`}><b>${t(name)}</b><br />${t(`${name}.text`)}</a>
        </li>`,
      )}
    </ul>
    ${who.token ? null : html`<${SignIn} settings=${settings} />`}
    <p class="hint">
      <a href="/docs">${t('home.docs')}</a>
      ${who.token ? html` · <a href="#/subscribers">${t('subscribers')}</a>` : null}
    </p>
  <//>`;
}

export const Lost = () => html`<${Page} title=${t('lost.title')}>
  <p><a href="#/">${t('lost.back')}</a></p>
<//>`;
