// Look up a dossier by the code on its slip, without sign-in.
import { read } from '../api.js';
import { t } from '../i18n.js';
import { Field, Page, ProblemBox } from '../parts.js';
import { html, useState } from '../view.js';

export function LookUp() {
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState();
  const [problem, setProblem] = useState();
  const look = async (event) => {
    event.preventDefault();
    setProblem(undefined);
    setFound(undefined);
    try {
      const code = encodeURIComponent(typed.trim());
      setFound((await read(`/v1/register/lookup/${code}`)).body);
    } catch (failed) {
      setProblem(failed);
    }
  };
  const unknown = problem?.status === 404 ? [{ detail: t('lookup.unknown') }] : [];
  return html`<${Page} title=${t('nav.lookup')}>
    <form class="search" onSubmit=${look}>
      <${Field} id="code" label=${t('lookup.code')} hint="G02.002-261105-0217888807" required findings=${unknown}>
        ${(attributes) => html`<input
          ...${attributes}
          autocomplete="off"
          value=${typed}
          onInput=${(event) => setTyped(event.target.value)}
        />`}
      <//>
      <button class="main" disabled=${!typed.trim()}>${t('search')}</button>
    </form>
    ${unknown.length ? null : html`<${ProblemBox} problem=${problem} />`}
    <div role="status">
      ${
        found
          ? html`<p>${t('lookup.found', { code: found.code })}</p>
            <label>
              ${t('lookup.done', { percent: found.completion })}
              <progress max="100" value=${found.completion}></progress>
            </label>`
          : null
      }
    </div>
  <//>`;
}
