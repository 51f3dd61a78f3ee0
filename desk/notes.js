// Messages between the applicant and the agency, and internal notes of officers.
import { newKey, post } from './api.js';
import { code, t, time } from './i18n.js';
import { Action, Field, Loaded, More, ProblemBox } from './parts.js';
import { session } from './session.js';
import { usePages } from './pages.js';
import { html, useRef, useState } from './view.js';

// A text field that adds to a list. What was typed stays until the server has it.
function Write({ id, label, button, send, pointer = '/text' }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState();
  const key = useRef(newKey());
  const act = async () => {
    setProblem(undefined);
    try {
      await send(text, key.current);
      key.current = newKey();
      setText('');
    } catch (failed) {
      setProblem(failed);
      if (!failed.away) key.current = newKey();
    }
  };
  return html`<form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${label}>
    <${Field} id=${id} label=${label} required findings=${problem?.at?.(pointer) ?? []}>
      ${(attributes) => html`<textarea
        rows="3"
        ...${attributes}
        value=${text}
        onInput=${(event) => setText(event.target.value)}
      ></textarea>`}
    <//>
    <${ProblemBox} problem=${problem} shown=${(at) => at === pointer} />
    <${Action} label=${button} onClick=${act} />
  </form>`;
}

// Messages about a dossier. They are unread until the other side confirms that it read them.
export function Messages({ id, mine }) {
  const address = `/v1/dossiers/${id}/messages`;
  const found = usePages(address, { limit: 100 }, [id]);
  const confirm = async () => {
    await post(`${address}/readings`, { through: found.data.at(-1).number });
    found.reload();
  };
  const send = async (text, key) => {
    await post(address, { text }, { key });
    found.reload();
  };
  const isUnread = (row) => !row.read_at && (row.role === 'applicant') !== mine;
  return html`<h2>${t('messages')}</h2>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <ol class="timeline">
          ${rows.map(
            (row) => html`<li key=${row.number}>
              <time datetime=${row.at}>${time(row.at)}</time>
              <b>${code('role', row.role)}</b>
              <blockquote>${row.text}</blockquote>
              <small>${row.read_at ? t('messages.read', { at: time(row.read_at) }) : t('messages.unread')}</small>
            </li>`,
          )}
        </ol>
        <${More} next=${found.next} load=${found.more} />
        ${rows.some(isUnread) ? html`<${Action} label=${t('messages.confirm')} onClick=${confirm} />` : null}
        <${Write} id="message" label=${t('messages.write')} button=${t('messages.send')} send=${send} />
      `}
    <//>`;
}

// Internal notes, which the applicant never sees.
export function Notes({ id }) {
  const address = `/v1/dossiers/${id}/notes`;
  const found = usePages(address, { limit: 100 }, [id]);
  const send = async (note, key) => {
    await post(address, { note }, { key });
    found.reload();
  };
  return html`<h2>${t('notes')}</h2>
    <${Loaded} of=${found}>
      ${(rows) => html`
        <ol class="timeline">
          ${rows.map(
            (row) => html`<li key=${row.number}>
              <time datetime=${row.at}>${time(row.at)}</time> ${row.by}
              ${row.withdrawn ? html`<del>${row.note}</del> <q>${row.withdrawn.reason}</q>` : html`<blockquote>${row.note}</blockquote>`}
              ${
                row.by === session().subject && !row.withdrawn
                  ? html`<${Withdraw} number=${row.number} address=${`${address}/${row.number}/withdrawal`} onDone=${found.reload} />`
                  : null
              }
            </li>`,
          )}
        </ol>
        <${More} next=${found.next} load=${found.more} />
        <${Write} id="note" pointer="/note" label=${t('notes.write')} button=${t('notes.add')} send=${send} />
      `}
    <//>`;
}

// The author of a note takes it back, with a reason; it stays readable.
function Withdraw({ number, address, onDone }) {
  const [open, setOpen] = useState(false);
  const send = async (reason, key) => {
    await post(address, { reason }, { key });
    onDone();
  };
  if (!open) {
    return html`<${Action} className="quiet" label=${t('notes.withdraw')} onClick=${async () => setOpen(true)} />`;
  }
  return html`<${Write}
    id=${`withdrawal-${number}`}
    pointer="/reason"
    label=${t('notes.why')}
    button=${t('notes.withdraw')}
    send=${send}
  />`;
}
