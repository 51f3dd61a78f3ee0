// Labels of a dossier, which its agency alone sees; each leads to the dossiers that have it.
import { newKey, post, read } from '../api.js';
import { t } from '../i18n.js';
import { Action, Field, hasRole, Loaded, ProblemBox } from '../parts.js';
import { html, useLoad, useRef, useState } from '../view.js';

export function Labels({ id }) {
  const address = `/v1/dossiers/${id}/labels`;
  const found = useLoad(() => read(address).then(({ body }) => body), [id]);
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const may = hasRole('clerk', 'reviewer', 'approver');
  const change = async (path, body) => {
    setProblem(undefined);
    try {
      await post(path, body, { key: key.current });
      key.current = newKey();
      found.reload();
      return true;
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) key.current = newKey();
      return false;
    }
  };
  const add = async () => {
    if (await change(address, { label: typed })) setTyped('');
  };
  const remove = ({ number }) => change(`${address}/${number}/removal`, {});
  const findings = problem?.at?.('/label') ?? [];
  return html`<section class="labels" aria-label=${t('labels')}>
    <${Loaded} of=${found}>
      ${(rows) => html`<ul class="tags">
        ${rows
          .filter(({ removed }) => !removed)
          .map(
            (one) => html`<li key=${one.number}>
              <a href=${`#/dossiers?label=${encodeURIComponent(one.label)}`}>${one.label}</a>
              ${
                may
                  ? html`<${Action} className="quiet" label=${html`<span aria-hidden="true">×</span><span class="hidden">${t('labels.remove', one)}</span>`} onClick=${() => remove(one)} />`
                  : null
              }
            </li>`,
          )}
      </ul>`}
    <//>
    ${
      may
        ? html`<details>
          <summary>${t('labels.new')}</summary>
          <form class="line" onSubmit=${(event) => event.preventDefault()} noValidate>
          <${Field} id="label" label=${t('labels.text')} required findings=${findings}>
            ${(attributes) => html`<input ...${attributes} value=${typed} onInput=${(event) => setTyped(event.target.value)} />`}
          <//>
          <${Action} label=${t('labels.add')} onClick=${add} />
          </form>
        </details>`
        : null
    }
    <${ProblemBox} problem=${problem} shown=${(at) => at === '/label'} />
  </section>`;
}
