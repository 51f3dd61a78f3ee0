// Sign-in: as one of the demo's people, at an identity provider, or with a token in development.
import { signIn } from './api.js';
import { People } from './demo.js';
import { t } from './i18n.js';
import { leaveForProvider, signInBeside } from './oidc.js';
import { Action, Field, Page, ProblemBox } from './parts.js';
import { html, useState } from './view.js';

export const SignInPage = ({ settings }) => html`<${Page} title=${t('sign.in')}>
  <${SignIn} settings=${settings} />
<//>`;

// With `stay`, the page is kept: an expired session continues.
export function SignIn({ settings, stay }) {
  const Way = { demo: People, provider: AtProvider, token: WithToken }[settings.sign_in];
  return Way ? html`<${Way} ...${{ settings, stay }} />` : html`<p>${t('sign.nobody')}</p>`;
}

function AtProvider({ settings, stay }) {
  const [failed, setFailed] = useState();
  const way = stay ? signInBeside : leaveForProvider;
  const leave = () => way(settings).then(setFailed, (error) => setFailed(error.message));
  return html`
    <${Action} className="main" label=${t('sign.provider')} onClick=${leave} />
    ${failed ? html`<p class="problem" role="alert">${t('sign.failed', { why: failed })}</p>` : null}
  `;
}

function WithToken() {
  const [token, setToken] = useState('');
  const [findings, setFindings] = useState([]);
  const [problem, setProblem] = useState();
  const submit = async (event) => {
    event.preventDefault();
    setFindings([]);
    setProblem(undefined);
    try {
      await signIn(token.trim());
    } catch (failed) {
      if (failed.status === 401) setFindings([{ detail: t('sign.token.wrong') }]);
      else setProblem(failed);
    }
  };
  return html`<form onSubmit=${submit}>
    <${Field} id="token" label=${t('sign.token')} hint=${t('sign.token.hint')} required findings=${findings}>
      ${(attributes) => html`<textarea
        rows="4"
        ...${attributes}
        value=${token}
        onInput=${(event) => setToken(event.target.value)}
      ></textarea>`}
    <//>
    <${ProblemBox} problem=${problem} />
    <button class="main">${t('sign.in')}</button>
  </form>`;
}
