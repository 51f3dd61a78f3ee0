// Complain about the handling of a dossier, or of anything else of an agency. Officers enter what
// arrived otherwise.
import { newKey, post } from '../api.js';
import { code, t } from '../i18n.js';
import { Action, Field, ProblemBox, Select } from '../parts.js';
import { filesOf, instantOf } from '../step-values.js';
import { Uploads } from '../uploads.js';
import { html, useRef, useState } from '../view.js';

const CONTACT = ['name', 'address', 'phone'];
const CHANNELS = ['counter', 'post', 'phone', 'email'];
const OWN = ['received_at', 'channel', 'anonymous'];

// `dossier` is what it is about; without it, `agency` is whom it is addressed to. `byOfficer` asks how
// and when it arrived. `onDone` gets the recorded complaint.
export function Complain({ dossier, agency, byOfficer, onDone }) {
  const [values, setValues] = useState({ channel: 'counter' });
  const [files, setFiles] = useState({});
  const [problem, setProblem] = useState();
  const sent = useRef({});
  const send = async () => {
    const body = bodyOf({ dossier, agency, byOfficer, values, files });
    const content = JSON.stringify(body);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      const filed = await post('/v1/complaints', body, { key: sent.current.key });
      sent.current = {};
      setValues({ channel: values.channel });
      setFiles({});
      onDone(filed.body);
    } catch (failed) {
      setProblem(failed);
    }
  };
  const set = (name) => (value) => setValues({ ...values, [name]: value });
  const findings = (name) => problem?.at?.(`/${name}`) ?? [];
  const field = (name, input, required = true) => html`<${Field}
    key=${name}
    ...${{ id: `complain-${name}`, label: t(`complain.${name}`), required, findings: findings(name) }}
  >
    ${input}
  <//>`;
  const typed = (name) => (attributes) =>
    html`<input ...${attributes} value=${values[name] ?? ''} onInput=${(event) => set(name)(event.target.value)} />`;
  const shown = (pointer) => [...CONTACT, ...OWN, 'text'].some((name) => pointer === `/${name}`);
  const label = t('complain.documents');
  return html`<form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${t('complain')}>
    <h3>${byOfficer ? t('complain.enter') : t('complain')}</h3>
    ${byOfficer ? html`<${Arrival} ...${{ values, set, field }} />` : null}
    ${values.anonymous ? null : CONTACT.map((name) => field(name, typed(name), !byOfficer || name === 'name'))}
    ${field(
      'text',
      (attributes) =>
        html`<textarea rows="4" ...${attributes} value=${values.text ?? ''} onInput=${(event) => set('text')(event.target.value)}></textarea>`,
    )}
    <${Uploads}
      components=${[{ code: 'complaint', name: { vi: label, en: label }, required: false }]}
      files=${files}
      onChange=${setFiles}
      findings=${() => findings('documents')}
    />
    <${ProblemBox} problem=${problem} shown=${shown} />
    <${Action} label=${byOfficer ? t('complain.record') : t('complain.send')} onClick=${send} />
  </form>`;
}

// How and when a complaint arrived at the agency.
const Arrival = ({ values, set, field }) => html`
  ${field(
    'channel',
    (attributes) => html`<${Select}
      ...${{ attributes, value: values.channel, onChange: set('channel') }}
      options=${CHANNELS.map((one) => [one, code('complain.channel', one)])}
    />`,
  )}
  ${field(
    'received_at',
    (attributes) =>
      html`<input type="datetime-local" ...${attributes} value=${values.received_at ?? ''} onInput=${(event) => set('received_at')(event.target.value)} />`,
    false,
  )}
  <label class="check">
    <input type="checkbox" checked=${values.anonymous} onChange=${(event) => set('anonymous')(event.target.checked)} />
    ${t('complain.anonymous')}
  </label>
`;

function bodyOf({ dossier, agency, byOfficer, values, files }) {
  const contact = values.anonymous ? [] : CONTACT.map((name) => [name, values[name]]);
  const body = {
    agency: dossier?.agency ?? agency,
    text: values.text ?? '',
    ...Object.fromEntries(contact.filter(([, value]) => value)),
  };
  const documents = filesOf(files);
  if (dossier) body.dossier = dossier.id;
  if (documents) body.documents = documents;
  if (!byOfficer) return body;
  const { channel, received_at: received, anonymous } = values;
  body.channel = channel;
  if (received) body.received_at = instantOf(received);
  if (anonymous) body.anonymous = true;
  return body;
}
