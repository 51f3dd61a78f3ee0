// Issue a file of rules: the text with the findings at their lines, checked first without recording it.
import { newKey, post, readIfAny } from '../api.js';
import { code, day, number, t } from '../i18n.js';
import { Action, Field, Page, ProblemBox, Select } from '../parts.js';
import { html, useEffect, useRef, useState } from '../view.js';
import { parametersOf } from './address.js';
import { addressOf } from './rules-list.js';
import { OPERATION, Tabs } from './tabs.js';

const KINDS = [
  'procedure',
  'calendar',
  'agencies',
  'complaints',
  'payments',
  'codes',
  'figures',
  'papers',
];
// A text that was typed, until it is issued or the desk is closed, and the version that it began with.
const draft = { kind: 'procedure', text: '', from: undefined };

// The text of the version after `text`: its number is one higher.
export const following = (text, version) =>
  text.replace(/^version: *\d+/m, `version: ${Number(version) + 1}`);

export function IssueRules() {
  const [kind, setKind] = useState(draft.kind);
  const [text, setText] = useState(draft.text);
  const [outcome, setOutcome] = useState();
  const [problem, setProblem] = useState();
  const area = useRef();
  const sent = useRef({});
  Object.assign(draft, { kind, text });
  useEffect(() => {
    const { kind: of, name, version } = parametersOf();
    const from = name && addressOf({ kind: of, name, version });
    // A page that begins anew keeps what was typed.
    if (!name || (draft.from === from && draft.text)) return;
    readIfAny(`/v1/rules/${from}`).then((found) => {
      if (!found) return;
      draft.from = from;
      setKind(of);
      setText(following(found.body.text ?? '', version));
    }, setProblem);
  }, []);
  const send = (dry) => async () => {
    const content = JSON.stringify([kind, text, dry]);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    setOutcome(undefined);
    try {
      const { body } = await post(
        `/v1/rules${dry ? '?dry_run=true' : ''}`,
        { kind, text },
        { key: sent.current.key },
      );
      setOutcome({ ...body, dry });
      if (!dry) draft.text = '';
    } catch (failed) {
      setProblem(failed);
    }
  };
  const findings = (problem?.errors ?? []).filter((one) => one.line);
  const show = (line) => {
    const lines = text.split('\n');
    const begin = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.current.focus();
    area.current.setSelectionRange(begin, begin + (lines[line - 1] ?? '').length);
  };
  return html`<${Page} title=${t('rules.issue')} wide>
    <${Tabs} pages=${OPERATION} label="nav.operation" />
    <p class="hint">${t('rules.issue.hint')}</p>
    <${Field} id="kind" label=${t('operation.kind')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: kind, onChange: setKind }}
        options=${KINDS.map((one) => [one, code('rules', one)])}
      />`}
    <//>
    <${Field} id="text" label=${t('operation.text')} required findings=${problem?.at?.('/text') ?? []}>
      ${(attributes) => html`<textarea
        class="code"
        rows="22"
        spellcheck=${false}
        autocapitalize="off"
        ref=${area}
        ...${attributes}
        value=${text}
        onInput=${(event) => setText(event.target.value)}
      ></textarea>`}
    <//>
    <div role="status">
      ${outcome ? html`<${Outcome} of=${outcome} />` : null}
    </div>
    ${findings.length ? html`<${Findings} ...${{ findings, text, show }} />` : null}
    ${problem && findings.length < Math.max(1, problem.errors?.length ?? 0) ? html`<${ProblemBox} problem=${problem} shown=${(at) => at === '/text'} />` : null}
    <div class="line">
      <${Action} className="main" label=${t('rules.check')} onClick=${send(true)} />
      <${Action} label=${t('rules.send')} onClick=${send(false)} />
    </div>
  <//>`;
}

// Each finding with its line of the text; the line is selected when its number is pressed.
const Findings = ({ findings, text, show }) => html`<section class="problem" role="alert">
  <strong>${t('rules.findings', { n: number(findings.length) })}</strong>
  <ul class="rows">
    ${findings.map(
      (one) => html`<li>
        <button type="button" class="quiet" onClick=${() => show(one.line)}>
          ${t('rules.line', { n: one.line })}
        </button>
        <code>${(text.split('\n')[one.line - 1] ?? '').trim()}</code>
        <div>${one.pointer ? html`<code>${one.pointer}</code> ` : null}${one.detail}</div>
      </li>`,
    )}
  </ul>
</section>`;

function Outcome({ of }) {
  const name = `${of.name} ${of.version}`;
  const title = of.dry
    ? of.recorded
      ? t('rules.unchanged', { name })
      : t('rules.valid', { name })
    : of.awaiting_signature
      ? t('rules.proposed', { name })
      : t('rules.issued', { name });
  return html`<section class="done" aria-label=${title}>
    <p>
      <strong>${title}</strong>
      ${of.effective_from ? html` ${t('operation.from', { day: day(of.effective_from) })}` : null}
    </p>
    ${of.open_dossiers === null || of.open_dossiers === undefined ? null : html`<p>${t('rules.open', { n: number(of.open_dossiers) })}</p>`}
    ${
      of.dates_moved === null || of.dates_moved === undefined
        ? null
        : html`<p>
          ${t('rules.moves', { n: number(of.dates_moved) })} ${of.not_all_counted ? t('rules.not_all') : null}
        </p>`
    }
    ${of.warnings.map((one) => html`<p class="note"><code>${one.pointer}</code> ${one.detail}</p>`)}
    ${of.dry ? null : html`<p><a href=${`#/rules/${addressOf(of)}`}>${t('rules.show')}</a></p>`}
  </section>`;
}
