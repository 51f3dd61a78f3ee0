// Uploads: files are sent as soon as they are chosen, and named by a step later.
import { upload } from './api.js';
import { both, number, t } from './i18n.js';
import { Field, ProblemBox } from './parts.js';
import { html, useState } from './view.js';

// A field for each of `components`. `files` has the uploaded ones by component:
// `[{ document, name, bytes }]`.
export function Uploads({ components, files, onChange, findings = () => [] }) {
  return components.map(
    (component) => html`<${Upload}
      key=${component.code}
      component=${component}
      files=${files[component.code] ?? []}
      findings=${findings(component.code)}
      onChange=${(update) =>
        onChange((all) => ({ ...all, [component.code]: update(all[component.code] ?? []) }))}
    />`,
  );
}

function Upload({ component, files, findings, onChange }) {
  const [sending, setSending] = useState();
  const [problem, setProblem] = useState();
  const send = async (chosen) => {
    setProblem(undefined);
    for (const file of chosen) {
      setSending({ name: file.name, share: 0 });
      try {
        const { document, bytes } = await upload(file, (share) =>
          setSending({ name: file.name, share }),
        );
        onChange((earlier) => [...earlier, { document, bytes, name: file.name }]);
      } catch (failed) {
        setProblem(failed);
      }
    }
    setSending(undefined);
  };
  const { code, name, required } = component;
  return html`<${Field} id=${`u-${code}`} label=${both(name)} required=${required} findings=${findings}>
    ${(attributes) => html`
      <input
        type="file"
        ...${attributes}
        accept="application/pdf,image/png,image/jpeg"
        multiple
        onChange=${(event) => {
          const chosen = [...event.target.files];
          event.target.value = '';
          send(chosen);
        }}
      />
      ${
        sending
          ? html`<progress value=${sending.share} aria-label=${t('upload.sending', sending)}></progress>`
          : null
      }
      <ul class="files" aria-live="polite">
        ${files.map(
          (file) => html`<li key=${file.document}>
            ${file.name} <small>${number(Math.ceil(file.bytes / 1_024))} kB</small>
            <button
              type="button"
              class="quiet"
              onClick=${() => onChange((all) => all.filter((other) => other !== file))}
            >
              ${t('form.remove', { what: file.name })}
            </button>
          </li>`,
        )}
      </ul>
      <${ProblemBox} problem=${problem} />
    `}
  <//>`;
}

// What a step names: each file with its component.
export const named = (files) =>
  Object.entries(files).flatMap(([component, list]) =>
    list.map(({ document, name }) => ({ component, document, file_name: name })),
  );

// Saves bytes as a file, or opens them in a new tab.
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  // The browser has begun to save by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
