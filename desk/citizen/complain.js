// Complain about the handling of a dossier.
import { newKey, post } from '../api.js';
import { t } from '../i18n.js';
import { Action, Field, ProblemBox } from '../parts.js';
import { html, useRef, useState } from '../view.js';

const FIELDS = ['name', 'address', 'phone', 'text'];

export function Complain({ dossier, onDone }) {
  const [values, setValues] = useState({});
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const send = async () => {
    setProblem(undefined);
    try {
      const body = { agency: dossier.agency, dossier: dossier.id, text: '', ...values };
      await post('/v1/complaints', body, { key: key.current });
      key.current = newKey();
      setValues({});
      onDone();
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) key.current = newKey();
    }
  };
  const shown = (pointer) => FIELDS.some((name) => pointer === `/${name}`);
  return html`<form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${t('complain')}>
    <h3>${t('complain')}</h3>
    ${FIELDS.map((name) => {
      const set = (event) => setValues({ ...values, [name]: event.target.value });
      return html`<${Field}
        key=${name}
        id=${`complain-${name}`}
        label=${t(`complain.${name}`)}
        required
        findings=${problem?.at?.(`/${name}`) ?? []}
      >
        ${(attributes) =>
          name === 'text'
            ? html`<textarea rows="4" ...${attributes} value=${values.text ?? ''} onInput=${set}></textarea>`
            : html`<input ...${attributes} value=${values[name] ?? ''} onInput=${set} />`}
      <//>`;
    })}
    <${ProblemBox} problem=${problem} shown=${shown} />
    <${Action} label=${t('complain.send')} onClick=${send} />
  </form>`;
}
