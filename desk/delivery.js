// How the result is delivered.
import { code, t } from './i18n.js';
import { Field, Select } from './parts.js';
import { html } from './view.js';

// What a new dossier has; nothing if its procedure delivers no result.
export const firstDelivery = ({ delivery: [channel] }) => (channel ? { channel } : undefined);

// A choice of channels, with an address for the post. `set(path, part)` reports a change.
export function Delivery({ choices, value, set, findings }) {
  const address = value?.address ?? {};
  const setPart = (name, part) => set(['delivery', 'address', name], part);
  const text = (name, label, part = (typed) => typed) => html`<${Field}
    id=${`address-${name}`}
    label=${label}
    required
    findings=${findings(`/delivery/address/${name}`)}
  >
    ${(attributes) => html`<input
      ...${attributes}
      value=${[].concat(address[name] ?? '').join(', ')}
      onInput=${(event) => setPart(name, part(event.target.value))}
    />`}
  <//>`;
  return html`
    <${Field} id="delivery" label=${t('delivery')} required findings=${findings('/delivery/channel')}>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: value?.channel }}
        onChange=${(channel) => set(['delivery'], channel === 'post' ? { channel, address } : { channel })}
        options=${choices.map((one) => [one, code('delivery', one)])}
      />`}
    <//>
    ${
      value?.channel === 'post'
        ? html`${text('name', t('address.name'))}
        ${text('lines', t('address.lines'), (typed) => typed.split(/, */).filter(Boolean))}
        ${text('phone', t('address.phone'))}`
        : null
    }
  `;
}
