// Steps of feedback: the rating of a dossier, and what is done with a complaint.
import { freely, reason, step, text } from './define.js';

const HANDLER = ['complaint_handler'];
const COMPLAINANTS = ['applicant', 'complaint_handler'];
const CLASSES = [
  'conduct_or_delay',
  'content_of_rules',
  'complex',
  'not_ours',
  'not_acceptable',
  'personal_data_access',
  'personal_data_objection',
  'personal_data_erasure',
];
const score = {
  name: 'score',
  type: 'score',
  required: true,
  group: 'score',
  options: ['5', '4', '3', '2', '1'],
};
const files = { name: 'documents', type: 'files' };

export const RATING = [
  step(
    'rate_dossier',
    'ratings',
    '',
    ['applicant'],
    ['rate_dossier'],
    [score, freely('comment')],
  ),
];

// Steps of a complaint: with the obligations that they meet, or the condition of the complaint.
export const COMPLAINT = [
  step('classify_complaint', 'complaints', 'classification', HANDLER, ['classify'], [
    { name: 'class', required: true, group: 'class', options: CLASSES },
    freely('reason'),
  ]),
  step(
    'forward_complaint',
    'complaints',
    'forwarding',
    HANDLER,
    ['forward'],
    [{ name: 'to', label: 'step.field.to_agency', type: 'agency', required: true }],
  ),
  step(
    'answer_complaint',
    'complaints',
    'answer',
    HANDLER,
    ['answer'],
    [{ ...text('answer'), templates: true }, files],
  ),
  step('publish_answer', 'complaints', 'publication', HANDLER, ['publish'], [text('text')]),
  step(
    'assign_complaint',
    'complaints',
    'assignment',
    ['complaint_handler', 'approver'],
    ['classify', 'forward', 'answer', 'publish'],
    [{ name: 'officer', type: 'officer', role: 'complaint_handler' }, freely('note')],
  ),
  {
    ...step('extend_complaint', 'complaints', 'extension', HANDLER, ['answer'], [reason]),
    only: ({ extended }) => !extended,
  },
  step('note_complaint', 'complaints', 'notes', HANDLER, ['classify', 'answer'], [text('note')]),
  step('merge_complaint', 'complaints', 'merger', HANDLER, ['classify', 'answer'], [
    { name: 'into', type: 'complaint', required: true },
  ]),
  step(
    'separate_complaint',
    'complaints',
    'separation',
    HANDLER,
    ({ stage }) => stage === 'merged',
    [reason],
  ),
  step(
    'add_complaint_documents',
    'complaints',
    'documents',
    COMPLAINANTS,
    ({ stage }) => ['filed', 'classified'].includes(stage),
    [{ ...files, required: true }],
  ),
  step(
    'rate_answer',
    'complaints',
    'answer-rating',
    ['applicant'],
    ({ answer, rating }) => Boolean(answer) && !rating,
    [score, freely('comment')],
  ),
  step(
    'reopen_complaint',
    'complaints',
    'reopening',
    COMPLAINANTS,
    ({ stage, reopened }) =>
      ['answered', 'published', 'dismissed', 'merged'].includes(stage) && reopened < 2,
    [reason],
  ),
];
