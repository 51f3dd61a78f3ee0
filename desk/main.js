// The shell: language, navigation, sign-in, and the page of the address.
import { language, setLanguage, t } from './i18n.js';
import { returnFromProvider } from './oidc.js';
import { Page, ProblemBox } from './parts.js';
import { areaOf, linksOf } from './routes.js';
import { act, onSession, session, signOut } from './session.js';
import { SignIn } from './sign-in.js';
import { TimeBar } from './demo.js';
import { html, render, useEffect, useState } from './view.js';

const settings = await (await fetch('/desk/settings.json')).json();

function Desk({ failed }) {
  const [address, setAddress] = useState(location.hash);
  const [, setLanguageShown] = useState(language());
  const [who, setWho] = useState(session());
  useEffect(() => onSession(setWho), []);
  useEffect(() => {
    const moved = () => setAddress(location.hash);
    addEventListener('hashchange', moved);
    // The address may have changed since the first drawing.
    moved();
    return () => removeEventListener('hashchange', moved);
  }, []);
  const choose = (chosen) => {
    setLanguage(chosen);
    setLanguageShown(chosen);
  };
  const signedOut = () => {
    signOut();
    location.hash = '';
  };
  // The dossiers of the principal are not this person's any more: both change in one drawing.
  const stop = () => {
    setAddress('#/mandates');
    act(undefined);
    location.hash = '#/mandates';
  };
  // Another person or language begins a page anew; an expired session does not, so that nothing
  // typed is lost.
  const key = `${language()} ${who.expired ? who.name : (who.name ?? '')} ${(who.mandate ?? who.left?.mandate)?.id} ${address}`;
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t('skip')}</a>
    <header>
      <a class="brand" href="#/">${t('title')}</a>
      <nav aria-label=${t('nav')}>
        ${linksOf(who).map(
          ([to, name]) => html`<a
            key=${to}
            href=${`#${to}`}
            aria-current=${address.startsWith(`#${to}`) ? 'page' : undefined}
            >${t(name)}</a
          >`,
        )}
      </nav>
      <div class="who">
        ${
          who.token
            ? html`<span>${who.name}</span>
              <button type="button" class="quiet" onClick=${signedOut}>${t('sign.out')}</button>`
            : html`<a href="#/sign-in">${t('sign.in')}</a>`
        }
        <button
          type="button"
          class="quiet"
          lang=${language() === 'vi' ? 'en' : 'vi'}
          onClick=${() => choose(language() === 'vi' ? 'en' : 'vi')}
        >
          ${language() === 'vi' ? 'English' : 'Tiếng Việt'}
        </button>
      </div>
    </header>
    ${settings.sign_in === 'demo' ? html`<${TimeBar} />` : null}
    ${
      who.mandate
        ? html`<div class="acting" role="status">
          ${t('mandates.acting', who.mandate)}
          <button type="button" class="quiet" onClick=${stop}>${t('mandates.stop')}</button>
        </div>`
        : null
    }
    <main id="main" tabindex="-1">
      ${
        who.expired
          ? html`<div class="problem" role="alert">
            <p>${t('sign.expired')}</p>
            <${SignIn} settings=${settings} stay />
          </div>`
          : null
      }
      ${failed ? html`<p class="problem" role="alert">${t('sign.failed', { why: failed })}</p>` : null}
      <${Area} key=${key} address=${address} who=${who} />
    </main>
  `;
}

function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

// The page of an address. Its modules are loaded when it is opened first.
function Area({ address, who }) {
  const [opened, setOpened] = useState();
  useEffect(() => {
    let current = true;
    const { load, parameters } = areaOf(address, who);
    const open = () =>
      load().then(
        (view) => current && setOpened({ view, parameters }),
        () => current && setOpened({ problem: { status: 0, away: true, errors: [] }, open }),
      );
    open();
    return () => {
      current = false;
    };
  }, []);
  if (!opened) return html`<p class="loading" role="status">${t('loading')}</p>`;
  if (opened.problem) {
    return html`<${Page} title=${t('away.title')}>
      <${ProblemBox} problem=${opened.problem} retry=${opened.open} />
    <//>`;
  }
  return html`<${opened.view} ...${opened.parameters} settings=${settings} />`;
}

setLanguage(language());
const failed =
  settings.sign_in === 'provider'
    ? await returnFromProvider(settings).catch((error) => error.message)
    : undefined;
render(html`<${Desk} failed=${failed} />`, document.getElementById('desk'));
