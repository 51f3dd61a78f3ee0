// Steps of payment: the applicant pays; cashiers, and the second person who signs.
import { both } from '../i18n.js';
import { reason, step } from './define.js';

const SIGNERS = ['cashier', 'approver'];

const doubtful = (payment) => payment?.attempts.find((attempt) => attempt.doubts.length)?.payment;
const resolution = {
  name: 'resolution',
  from: ({ resource }) => resource?.proposed_resolution?.resolution,
};
const refund = { name: 'refund', from: ({ resource }) => resource?.proposed_refund?.refund };
const entry = { name: 'entry', from: ({ resource }) => resource?.proposed_entry?.entry };
const debt = { name: 'debt', from: ({ resource }) => resource?.debts?.[0]?.debt };
const openDisputes = (payment) =>
  payment.attempts
    .flatMap(({ disputes }) => disputes ?? [])
    .filter(({ outcome }) => !outcome)
    .map(({ dispute }) => dispute);
const unanswered = (payment) =>
  payment?.attempts
    .flatMap(({ disputes }) => disputes ?? [])
    .find(({ answered, outcome }) => !answered && !outcome)?.dispute;
const amount = (name, first) => ({ name, type: 'amount', required: true, first });

const attemptsWithMoney = (payment) =>
  payment.attempts.filter(({ captured_vnd: captured }) => captured > 0).map(({ payment: id }) => id);

// Refunds through a provider whose outcome is not known.
const onTheirWay = (payment) =>
  (payment.sent_refunds ?? []).filter(({ state }) => state === 'on_its_way').map(({ refund: id }) => id);

// The lines of the tariff that may be charged while a dossier is being processed, each once.
const furtherOf = (procedure, payment) => {
  const lines = procedure?.fees.lines.filter(({ further }) => further) ?? [];
  return lines.filter(({ rule }) => !payment?.lines.some((charged) => charged.rule === rule));
};

// Refunds through a provider whose outcome is recorded.
const ended = (payment) =>
  (payment.sent_refunds ?? []).filter(({ state }) => state !== 'on_its_way').map(({ refund: id }) => id);

export const PAYMENT = [
  step(
    'start_payment',
    'payments',
    'attempts',
    ['applicant'],
    ['pay_fee'],
    [{ name: 'provider', type: 'provider', required: true }],
  ),
  step(
    'take_cash',
    'payments',
    'cash',
    ['cashier'],
    ['take_cash', 'pay_fee'],
    [amount('amount_vnd', ({ resource }) => resource?.outstanding_vnd)],
  ),
  step(
    'resolve_discrepancy',
    'payments',
    'resolutions',
    ['cashier'],
    ['resolve_discrepancy'],
    [
      { name: 'payment', from: ({ task, resource }) => task.subject ?? doubtful(resource) },
      amount('captured_vnd'),
      reason,
    ],
  ),
  {
    ...step(
      'approve_resolution',
      'payments',
      'resolution-approvals',
      SIGNERS,
      ['sign_resolution'],
      [resolution],
    ),
    notBy: (payment) => payment.proposed_resolution?.proposed_by,
  },
  step(
    'reject_resolution',
    'payments',
    'resolution-rejections',
    SIGNERS,
    ['sign_resolution'],
    [resolution, reason],
  ),
  step(
    'refund_payment',
    'payments',
    'refunds',
    ['cashier'],
    ['give_back'],
    [amount('amount_vnd', ({ resource }) => resource?.owed_back_vnd), reason],
  ),
  step(
    'request_refund',
    'payments',
    'refund-requests',
    ['cashier'],
    ({ payments }) =>
      payments?.body.owed_back_vnd > 0 && attemptsWithMoney(payments.body).length > 0,
    [
      {
        name: 'payment',
        required: true,
        choices: ({ resource }) => attemptsWithMoney(resource),
        named: 'attempt',
      },
      amount('amount_vnd', ({ resource }) => resource?.owed_back_vnd),
      reason,
    ],
  ),
  // What the provider does not tell, the cashier finds out.
  step(
    'end_refund',
    'payments',
    'ended-refunds',
    ['cashier'],
    ({ payments }) => Boolean(payments) && onTheirWay(payments.body).length > 0,
    [
      {
        name: 'refund',
        required: true,
        label: 'payment.sent_refund',
        choices: ({ resource }) => onTheirWay(resource),
        named: 'refund',
      },
      { name: 'outcome', required: true, group: 'sent_refund', options: ['refunded', 'refused'] },
      { name: 'transaction', label: 'notices.transaction', type: 'line' },
      reason,
    ],
  ),
  step(
    'correct_refund',
    'payments',
    'refund-corrections',
    ['cashier'],
    ({ payments }) => Boolean(payments) && ended(payments.body).length > 0 && !payments.body.proposed_entry,
    [
      {
        name: 'refund',
        required: true,
        label: 'payment.sent_refund',
        choices: ({ resource }) => ended(resource),
        named: 'refund',
      },
      { name: 'outcome', required: true, group: 'sent_refund', options: ['refunded', 'refused'] },
      { name: 'transaction', label: 'notices.transaction', type: 'line' },
      reason,
    ],
  ),
  {
    ...step('approve_entry', 'payments', 'entry-approvals', SIGNERS, ['sign_entry'], [entry]),
    notBy: (payment) => payment.proposed_entry?.proposed_by,
  },
  step('reject_entry', 'payments', 'entry-rejections', SIGNERS, ['sign_entry'], [entry, reason]),
  step(
    'settle_debt',
    'payments',
    'settled-debts',
    ['cashier'],
    ['collect_debt'],
    [debt, amount('amount_vnd', ({ resource }) => resource?.debts?.[0]?.amount_vnd)],
  ),
  step('write_off_debt', 'payments', 'debt-write-offs', ['cashier'], ['collect_debt'], [debt, reason]),
  step(
    'answer_dispute',
    'payments',
    'dispute-answers',
    ['cashier'],
    ['answer_dispute'],
    [{ name: 'dispute', from: ({ resource }) => unanswered(resource) }, reason],
  ),
  // Without a task: a letter of the provider or a statement says it, and no message does.
  step(
    'report_reversal',
    'payments',
    'reversals',
    ['cashier'],
    ({ payments }) => Boolean(payments) && attemptsWithMoney(payments.body).length > 0 && !payments.body.proposed_entry,
    [
      {
        name: 'payment',
        required: true,
        choices: ({ resource }) => attemptsWithMoney(resource),
        named: 'attempt',
      },
      amount('amount_vnd'),
      { name: 'transaction', label: 'notices.transaction', type: 'line', required: true },
      reason,
    ],
  ),
  step(
    'record_dispute',
    'payments',
    'disputes',
    ['cashier'],
    ({ payments }) => Boolean(payments) && attemptsWithMoney(payments.body).length > 0,
    [
      {
        name: 'payment',
        required: true,
        choices: ({ resource }) => attemptsWithMoney(resource),
        named: 'attempt',
      },
      { name: 'dispute', label: 'payment.dispute', type: 'line', required: true },
      amount('amount_vnd'),
      reason,
    ],
  ),
  step(
    'end_dispute',
    'payments',
    'ended-disputes',
    ['cashier'],
    ({ payments }) => Boolean(payments) && openDisputes(payments.body).length > 0,
    [
      {
        name: 'dispute',
        required: true,
        label: 'payment.dispute',
        choices: ({ resource }) => openDisputes(resource),
      },
      { name: 'outcome', required: true, group: 'dispute', options: ['kept', 'lost'] },
      reason,
    ],
  ),
  {
    ...step('approve_refund', 'payments', 'refund-approvals', SIGNERS, ['sign_refund'], [refund]),
    notBy: (payment) => payment.proposed_refund?.proposed_by,
  },
  step(
    'reject_refund',
    'payments',
    'refund-rejections',
    SIGNERS,
    ['sign_refund'],
    [refund, reason],
  ),
  // Without a task: a fee of the tariff that is not charged for every dossier.
  step(
    'charge_further_fee',
    'payments',
    'further-fees',
    ['clerk', 'approver'],
    ({ dossiers, payments, procedure }) =>
      dossiers.body.stage === 'processing' &&
      Boolean(payments) &&
      furtherOf(procedure, payments.body).length > 0,
    [
      {
        name: 'rule',
        required: true,
        label: 'fee.line',
        pairs: (procedure, { resource }) =>
          furtherOf(procedure, resource).map(({ rule, name }) => [rule, both(name)]),
      },
      reason,
    ],
  ),
  // Without a task: a notice of a provider that names no attempt belongs to this one.
  step(
    'match_notice',
    'payments',
    'matched-notices',
    ['cashier'],
    ({ payments }) => payments?.body.attempts.length > 0,
    [
      { name: 'notice', type: 'notice', required: true, first: noticeOfAddress },
      {
        name: 'payment',
        required: true,
        choices: ({ resource }) => resource.attempts.map(({ payment }) => payment),
        named: 'attempt',
      },
      reason,
    ],
  ),
];

// The list of notices leads here with the one that is meant.
function noticeOfAddress() {
  return new URLSearchParams(location.hash.split('?')[1] ?? '').get('notice') ?? undefined;
}
