// Exports of the counted dossiers or of figures, whose digest is compared with what arrived.
import { download } from '../api.js';
import { number, t } from '../i18n.js';
import { Facts, Page } from '../parts.js';
import { save } from '../uploads.js';
import { html, useState } from '../view.js';
import { Act } from './act.js';
import { addressed } from './address.js';
import { AUDIT, Tabs } from './tabs.js';

const GROUPS = ['agency', 'receiver', 'procedure', 'officer', 'month', 'channel', 'audience'];

export function Exports() {
  const [done, setDone] = useState();
  const send = async (query) => {
    setDone(undefined);
    const { blob, digest } = await download(`/v1/register/statistics/export?${addressed(query)}`);
    const name = `dossiers.${query.format}`;
    save(blob, name);
    return { name, size: blob.size, digest, own: await digestOf(blob) };
  };
  return html`<${Page} title=${t('exports')} wide>
    <${Tabs} pages=${AUDIT} label="nav.audit" />
    <p class="hint">${t('exports.hint')}</p>
    <${Act}
      id="export"
      title=${t('exports.get')}
      first=${{ format: 'csv' }}
      send=${send}
      onDone=${setDone}
      fields=${[
        { name: 'from', label: t('figures.from'), type: 'date' },
        { name: 'to', label: t('figures.to'), type: 'date' },
        {
          name: 'period',
          label: t('figures.period'),
          options: ['submitted', 'handled'].map((one) => [one, t(`figures.period.${one}`)]),
        },
        {
          name: 'group_by',
          label: t('exports.rows'),
          options: GROUPS.map((one) => [one, t(`figures.group.${one}`)]),
          hint: t('exports.rows.hint'),
        },
        {
          name: 'format',
          label: t('exports.format'),
          required: true,
          options: [
            ['csv', 'CSV'],
            ['ndjson', 'JSON lines'],
          ],
        },
      ]}
    />
    <div role="status">
      ${
        done
          ? html`<section class="done">
            <${Facts}
              rows=${[
                [t('exports.file'), done.name],
                [t('exports.bytes'), number(done.size)],
                [t('exports.digest'), html`<code>${done.digest ?? '–'}</code>`],
                [
                  t('exports.same'),
                  done.own === undefined
                    ? t('exports.unchecked')
                    : done.own === done.digest
                      ? t('yes')
                      : html`<span class="due late">${t('no')}</span>`,
                ],
              ]}
            />
          </section>`
          : null
      }
    </div>
  <//>`;
}

// As in `Content-Digest` (RFC 9530). Browsers compute it on secure addresses only.
async function digestOf(blob) {
  if (!crypto.subtle) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`;
}
