// Programs of a firm, which act for it with a credential.
import { newKey, post } from '../api.js';
import { day, t } from '../i18n.js';
import { Action, Field, Loaded, More, ProblemBox } from '../parts.js';
import { usePages } from '../pages.js';
import { html, useRef, useState } from '../view.js';

const FIELDS = ['name', 'machine'];

export function Programs() {
  const found = usePages('/v1/credentials', {}, []);
  const [values, setValues] = useState({});
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const send = async (path, body) => {
    setProblem(undefined);
    try {
      await post(path, body, { key: key.current });
      setValues({});
      found.reload();
    } catch (failed) {
      setProblem(failed);
      if (failed.away) return;
    }
    key.current = newKey();
  };
  const revoke = ({ credential }) => send(`/v1/credentials/${credential}/revocation`, {});
  const register = () => send('/v1/credentials', { name: '', machine: '', ...values });
  const label = t('step.register_credential');
  return html`<section aria-labelledby="programs">
    <h2 id="programs">${t('programs')}</h2>
    <p>${t('programs.text')} <a href="#/subscribers">${t('subscribers')}</a></p>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <ul class="rows">
          ${rows.map(
            (row) => html`<li key=${row.credential}>
              <b>${row.name ?? row.machine}</b> <code>${row.credential}</code>
              <small>${row.valid ? t('programs.valid', { day: day(row.ends_on) }) : t('programs.ended')}</small>
              ${row.valid ? html`<${Action} label=${t('step.revoke_credential')} onClick=${() => revoke(row)} />` : null}
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
    <form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${label}>
      ${FIELDS.map(
        (name) => html`<${Field}
          key=${name}
          ...${{ id: `program-${name}`, label: t(`programs.${name}`), required: true, findings: problem?.at?.(`/${name}`) ?? [] }}
        >
          ${(attributes) => html`<input
            ...${attributes}
            value=${values[name] ?? ''}
            onInput=${(event) => setValues({ ...values, [name]: event.target.value })}
          />`}
        <//>`,
      )}
      <${ProblemBox} problem=${problem} shown=${(at) => FIELDS.some((name) => at === `/${name}`)} />
      <${Action} label=${label} onClick=${register} />
    </form>
  </section>`;
}
