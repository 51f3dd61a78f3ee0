// Name, address and filters of a subscriber, to add one or to change it.
import { newKey, read } from '../api.js';
import { nameOf, t } from '../i18n.js';
import { Action, Field, ProblemBox } from '../parts.js';
import { html, useLoad, useRef, useState } from '../view.js';

const LISTS = ['kinds', 'procedures', 'agencies'];
const PROCEDURES_MAX = 100;

const textOf = (list = []) => list.join('\n');
// One a line, or with commas between them.
const listOf = (text) => text.split(/[\n,;]/).map((one) => one.trim()).filter(Boolean);

// `send` gets the body and the key of the request; what was typed is kept until it succeeded.
export function SubscriberForm({ title, of: known, send }) {
  const first = { name: known?.name ?? '', url: known?.url ?? '' };
  for (const one of LISTS) first[one] = textOf(known?.[one]);
  const [values, setValues] = useState(first);
  const [problem, setProblem] = useState();
  const sent = useRef({});
  const procedures = useLoad(
    () => read('/v1/procedures', { limit: PROCEDURES_MAX }).then(({ body }) => body),
    [],
  );
  const act = async () => {
    const body = { name: values.name.trim(), url: values.url.trim() };
    for (const one of LISTS) body[one] = listOf(values[one]);
    const content = JSON.stringify(body);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      await send(body, sent.current.key);
      sent.current = {};
      if (!known) setValues(first);
    } catch (failed) {
      setProblem(failed);
    }
  };
  // A finding about an item is told with the item that was typed.
  const findings = (name) =>
    (problem?.errors ?? [])
      .filter(({ pointer }) => isAt(name, pointer))
      .map((one) => {
        const item = listOf(values[name])[Number(one.pointer.split('/')[2])];
        return item && !one.detail.includes(item) ? { ...one, detail: `${item}: ${one.detail}` } : one;
      });
  const shown = (pointer) => ['name', 'url', ...LISTS].some((name) => isAt(name, pointer));
  const set = (name) => (event) => setValues({ ...values, [name]: event.target.value });
  const id = (name) => `subscriber-${name}`;
  const line = (name) => html`<${Field} ...${{ id: id(name), label: t(`subscribers.${name}`), hint: t(`subscribers.${name}.hint`), required: true, findings: findings(name) }}>
    ${(attributes) => html`<input ...${attributes} autocomplete="off" value=${values[name]} onInput=${set(name)} />`}
  <//>`;
  const list = (name) => html`<${Field} ...${{ id: id(name), label: t(`subscribers.${name}`), hint: t(`subscribers.${name}.hint`), findings: findings(name) }}>
    ${(attributes) => html`<textarea rows="2" ...${attributes} value=${values[name]} onInput=${set(name)}></textarea>`}
  <//>`;
  return html`<form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${title}>
    <h2>${title}</h2>
    ${line('name')} ${line('url')} ${list('kinds')} ${list('procedures')}
    ${
      procedures.data?.length
        ? html`<details>
          <summary>${t('subscribers.procedures.known')}</summary>
          <ul>${procedures.data.map((one) => html`<li key=${one.code}><code>${one.code}</code> ${nameOf(one)}</li>`)}</ul>
        </details>`
        : null
    }
    ${list('agencies')}
    <${ProblemBox} ...${{ problem, shown }} />
    <${Action} className="main" label=${title} onClick=${act} />
  </form>`;
}

const isAt = (name, pointer) => pointer === `/${name}` || Boolean(pointer?.startsWith(`/${name}/`));
