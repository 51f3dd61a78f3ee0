// What a dossier has to print or to keep: slips, receipts, the letter with the decision, the control
// slip, the label of the parcel and the result. The server makes them in the language of the page.
import { bytes, readIfAny } from './api.js';
import { code, t } from './i18n.js';
import { Action, hasRole, ProblemBox } from './parts.js';
import { save } from './uploads.js';
import { html, useLoad, useState } from './view.js';

const READERS = {
  slips: ['applicant', 'clerk', 'reviewer', 'approver', 'complaint_handler', 'auditor'],
  receipts: ['applicant', 'clerk', 'cashier', 'approver', 'auditor'],
  letter: ['applicant', 'clerk', 'reviewer', 'approver', 'auditor'],
  control: ['clerk', 'reviewer', 'approver', 'auditor'],
  label: ['applicant', 'clerk', 'auditor'],
};
const may = (paper) => hasRole(...READERS[paper]);

export const savePdf = async (path, name) => save(await bytes(path, 'application/pdf'), name);

export function Papers({ id, dossier, payment, delivery }) {
  const [problem, setProblem] = useState();
  const slips = useLoad(async () => {
    const page = may('slips') ? await readIfAny(`/v1/dossiers/${id}/slips`) : undefined;
    return page?.body ?? [];
  }, [id]);
  const papers = [
    ...(slips.data ?? []).map((slip) => [
      code('slip', slip.form),
      `/v1/dossiers/${id}/slips/${slip.slip}`,
      `${slip.form}.pdf`,
    ]),
    ...(may('receipts') ? (payment?.receipts ?? []) : []).map((one) => [
      `${t('receipt')} ${one.symbol} ${one.number}`,
      `/v1/payments/${id}/receipts/${one.receipt}`,
      `${one.symbol}-${one.number}.pdf`,
    ]),
    ...(dossier.decision && may('letter')
      ? [[t('paper.letter'), `/v1/reviews/${id}/letter`, 'letter.pdf']]
      : []),
    ...(may('control')
      ? [[t('paper.control'), `/v1/register/dossiers/${id}/control-slip`, 'control-slip.pdf']]
      : []),
    ...(delivery?.channel === 'post' && may('label')
      ? [[t('paper.label'), `/v1/deliveries/${id}/label`, 'label.pdf']]
      : []),
  ];
  const act = (path, name, fetched) => async () => {
    setProblem(undefined);
    await fetched(path, name).catch(setProblem);
  };
  const result = async (path, name) => save(await bytes(path), name);
  const hasResult = delivery?.document && (delivery.stage === 'delivered' || !hasRole('applicant'));
  if (!papers.length && !hasResult) return html`<p>${t('papers.none')}</p>`;
  return html`<ul class="rows papers">
      ${papers.map(
        ([label, path, name]) =>
          html`<li key=${path}><${Action} className="quiet" label=${label} onClick=${act(path, name, savePdf)} /></li>`,
      )}
      ${
        hasResult
          ? html`<li key="result">
            <${Action}
              className="quiet"
              label=${t('result.document')}
              onClick=${act(`/v1/deliveries/${id}/document`, `${delivery.number ?? 'result'}.pdf`, result)}
            />
          </li>`
          : null
      }
    </ul>
    <${ProblemBox} problem=${problem} />`;
}
