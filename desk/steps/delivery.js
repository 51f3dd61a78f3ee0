// Steps of result delivery: the result, how it reaches the applicant, and what follows it.
import { freely, line, outcome, reason, step, subject } from './define.js';

const document = { name: 'document', type: 'document' };

const stageIs =
  (...stages) =>
  ({ deliveries }) =>
    stages.includes(deliveries?.body.stage);

function isRenewable({ deliveries, procedure }) {
  const { stage, renewal_decided_by: isAsked } = deliveries?.body ?? {};
  return stage === 'delivered' && Boolean(procedure?.result.renewal) && !isAsked;
}

export const DELIVERY = [
  step(
    'issue_result',
    'deliveries',
    'result',
    ['approver', 'clerk'],
    ['issue_result'],
    [{ name: 'number', type: 'line' }, document],
  ),
  step(
    'collect_result',
    'deliveries',
    'collection',
    ['clerk'],
    ['hand_out_result'],
    [{ name: 'received_by', type: 'line' }],
  ),
  step(
    'hand_to_carrier',
    'deliveries',
    'parcels',
    ['clerk'],
    ['hand_to_carrier'],
    [line('carrier'), line('waybill')],
  ),
  step('download_result', 'deliveries', 'downloads', ['applicant'], ['download_result'], []),
  {
    ...step(
      'meet_duty',
      'deliveries',
      'duties',
      ['applicant', 'clerk', 'reviewer', 'approver'],
      ['meet_duty', 'meet_agency_duty'],
      [subject('duty'), { ...document, label: 'step.field.evidence' }, freely('note')],
    ),
    about: ({ task, procedure }) =>
      procedure?.result.duties?.find(({ code }) => code === task.subject)?.name,
  },
  step(
    'decide_renewal',
    'deliveries',
    'renewal/decision',
    ['approver'],
    ['decide_renewal'],
    [outcome, reason],
  ),
  // Without a task, on a condition.
  step(
    'choose_channel',
    'deliveries',
    'channel',
    ['applicant', 'clerk'],
    stageIs('prepared', 'issued'),
    [
      {
        name: 'delivery',
        type: 'delivery',
        first: ({ resource }) => ({ channel: resource?.channel }),
      },
    ],
  ),
  step('request_renewal', 'deliveries', 'renewal', ['applicant', 'clerk'], isRenewable, [
    freely('reason'),
  ]),
  step(
    'revoke_result',
    'deliveries',
    'revocation',
    ['approver'],
    stageIs('issued', 'with_carrier', 'delivered'),
    [reason],
  ),
];
