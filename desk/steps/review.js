// Steps of review: the officer in charge, the consulted agency, and the one who signs.
import {
  components,
  freely,
  instant,
  isUndecided,
  line,
  outcome,
  reason,
  step,
  subject,
  text,
} from './define.js';

const AT_WORK = ['complete_activity', 'propose_decision'];
const agrees = {
  name: 'agrees',
  type: 'agrees',
  required: true,
  group: 'answer',
  options: ['true', 'false'],
};
const to = { name: 'to', type: 'officer', role: 'reviewer', required: true };

const isAssignable = (all) => Boolean(all.reviews) && isUndecided(all);

export const REVIEW = [
  step('claim_review', 'reviews', 'claim', ['reviewer'], ['claim_review'], []),
  step(
    'complete_activity',
    'reviews',
    'activities',
    ['reviewer'],
    ['complete_activity'],
    [subject('activity'), freely('note')],
  ),
  step(
    'propose_decision',
    'reviews',
    'decision-proposals',
    ['reviewer'],
    ['propose_decision'],
    [outcome, reason],
  ),
  step('need_supplement', 'reviews', 'supplement-needs', ['reviewer'], AT_WORK, [
    components,
    reason,
  ]),
  step('consult_agency', 'reviews', 'consultations', ['reviewer'], AT_WORK, [
    { name: 'agency', type: 'agency', required: true },
    text('question'),
  ]),
  step('record_verification', 'reviews', 'verifications', ['reviewer'], AT_WORK, [
    instant('from'),
    { ...instant('to'), label: 'step.field.until' },
    line('place'),
    line('participants'),
    text('findings'),
  ]),
  step('return_review', 'reviews', 'return', ['reviewer'], AT_WORK, [reason]),
  step('hand_over_review', 'reviews', 'hand-over', ['reviewer', 'approver'], AT_WORK, [to, reason]),
  step(
    'answer_consultation',
    'reviews',
    'consultation-answers',
    ['consultee'],
    ['answer_consultation'],
    [subject('consultation'), agrees, text('answer')],
  ),
  {
    ...step(
      'approve_decision',
      'reviews',
      'decision',
      ['approver'],
      ['approve_decision'],
      [subject('proposal')],
    ),
    notBy: (review) => review.proposal?.officer,
  },
  step(
    'reject_proposal',
    'reviews',
    'proposal-rejections',
    ['approver'],
    ['approve_decision'],
    [subject('proposal'), reason],
  ),
  // Without a task: by an approver, or by the head of a unit.
  {
    ...step('assign_review', 'reviews', 'assign', ['approver', 'reviewer'], isAssignable, [
      to,
      reason,
    ]),
    only: (_, { roles, heads = [] }) => roles.includes('approver') || heads.length > 0,
  },
];
