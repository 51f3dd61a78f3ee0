// Parts of pages that several areas use.
import { code, day, duration, t, time } from './i18n.js';
import { session } from './session.js';
import { html, useEffect, useRef, useState } from './view.js';

const SOON_S = 8 * 3_600;

// A page with its heading, which gets the focus, so that a screen reader announces the new page.
export function Page({ title, children, wide }) {
  const heading = useRef();
  useEffect(() => {
    document.title = `${title} · ${t('title')}`;
    heading.current.focus();
  }, [title]);
  return html`<div class=${wide ? 'page wide' : 'page'}>
    <h1 tabindex="-1" ref=${heading}>${title}</h1>
    ${children}
  </div>`;
}

// What went wrong and what to do. Findings at fields that the page shows are left to these; `shown`
// tells which.
export function ProblemBox({ problem, retry, shown = () => false }) {
  if (!problem) return null;
  if (!problem.type && !problem.status && problem.status !== 0) throw problem;
  const left = (problem.errors ?? []).filter((finding) => !shown(finding.pointer));
  const hidden = (problem.errors ?? []).length - left.length;
  // A field tells it already.
  const isTold = (problem.errors ?? []).some(({ pointer, detail }) => shown(pointer) && detail === problem.detail);
  return html`<div class="problem" role="alert">
    <strong>${problem.away ? t('away.title') : capital(problem.title ?? t('problem'))}</strong>
    ${problem.away ? html`<p>${t('away.todo')}</p>` : null}
    ${problem.detail && !isTold ? html`<p>${capital(problem.detail)}</p>` : null}
    ${hidden ? html`<p>${t('problem.fields', { n: hidden })}</p>` : null}
    ${
      left.length
        ? html`<ul>${left.map((finding) => html`<li>${place(finding)}${finding.detail}</li>`)}</ul>`
        : null
    }
    ${problem.status === 401 ? html`<p>${t('problem.session')}</p>` : null}
    ${retry ? html`<button type="button" onClick=${retry}>${t('retry')}</button>` : null}
  </div>`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function place({ pointer, parameter, header }) {
  const name = parameter ?? header ?? pointer;
  return name ? html`<code>${name}</code>${' '}` : null;
}

// The data of `useLoad`, once it is there.
export function Loaded({ of, children }) {
  if (of.data !== undefined) {
    return html`<${ProblemBox} problem=${of.problem} retry=${of.reload} />${children(of.data)}`;
  }
  if (of.problem) return html`<${ProblemBox} problem=${of.problem} retry=${of.reload} />`;
  return html`<p class="loading" role="status">${t('loading')}</p>`;
}

// A field with its label, a hint and its findings, which are linked for screen readers.
export function Field({ id, label, hint, required, findings = [], children }) {
  const described = [hint && `${id}-hint`, findings.length && `${id}-error`].filter(Boolean);
  const attributes = {
    id,
    name: id,
    'aria-describedby': described.join(' ') || undefined,
    'aria-invalid': findings.length ? 'true' : undefined,
    'aria-required': required ? 'true' : undefined,
  };
  return html`<div class=${findings.length ? 'field wrong' : 'field'}>
    <label for=${id}>${label}${required ? '' : html` <small>${t('optional')}</small>`}</label>
    ${hint ? html`<small class="hint" id=${`${id}-hint`}>${hint}</small>` : null}
    ${children(attributes)}
    ${
      findings.length
        ? html`<ul class="errors" id=${`${id}-error`}>
          ${findings.map((finding) => html`<li>${capital(finding.detail)}</li>`)}
        </ul>`
        : null
    }
  </div>`;
}

// A search field with its button; `onSearch` gets the words without surrounding spaces.
export function SearchBox({ label, hint, findings, initial = '', onSearch }) {
  const [words, setWords] = useState(initial);
  const search = (event) => {
    event.preventDefault();
    onSearch(words.trim());
  };
  return html`<form class="search" role="search" onSubmit=${search}>
    <${Field} ...${{ id: 'q', label, hint, findings, required: true }}>
      ${(attributes) => html`<input
        type="search"
        ...${attributes}
        value=${words}
        onInput=${(event) => setWords(event.target.value)}
      />`}
    <//>
    <button>${t('search')}</button>
  </form>`;
}

export function Select({ attributes, value, options, onChange, empty }) {
  return html`<select ...${attributes} onChange=${(event) => onChange(event.target.value)}>
    ${empty === undefined ? null : html`<option value="" selected=${!value}>${empty}</option>`}
    ${options.map(
      ([key, name]) => html`<option value=${key} selected=${key === value}>${name}</option>`,
    )}
  </select>`;
}

// How long is left, in words and not by colour alone.
export function Remaining({ seconds, missed, suspended }) {
  if (suspended) return html`<span class="due paused">${t('due.suspended')}</span>`;
  if (seconds === undefined || seconds === null) {
    return missed ? html`<span class="due late">${t('due.missed')}</span>` : null;
  }
  const [kind, key] =
    seconds < 0 ? ['late', 'due.late'] : seconds < SOON_S ? ['soon', 'due.soon'] : ['', 'due.left'];
  return html`<span class=${`due ${kind}`}>${t(key, { time: duration(seconds) })}</span>`;
}

export const Due = ({ on, at }) =>
  on || at ? html`<time datetime=${at}>${on ? day(on) : time(at)}</time>` : html`–`;

export const Stage = ({ of }) => html`<span class=${`stage ${of}`}>${code('stage', of)}</span>`;

// Rows with a heading of each.
export const Facts = ({ rows }) => html`<dl class="facts">
  ${rows
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>`;

// A button that does one thing at a time.
export function Action({ label, onClick, className = '', disabled }) {
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await onClick();
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" class=${className} disabled=${disabled || busy} onClick=${act}>
    ${label}
  </button>`;
}

// A list by pages: more rows are appended on request.
export function More({ next, load }) {
  if (!next) return null;
  return html`<${Action} className="more" label=${t('more')} onClick=${() => load(next)} />`;
}

export const hasRole = (...roles) => session().roles.some((role) => roles.includes(role));
