// Addresses of pages, after the `#`, and who finds them in the navigation.
import { isApplicant, isOfficer } from './session.js';

const ROUTES = [
  ['/', () => import('./home.js').then((area) => area.Home)],
  ['/sign-in', () => import('./sign-in.js').then((area) => area.SignInPage)],
  ['/procedures', () => import('./citizen/procedures.js').then((area) => area.Procedures)],
  ['/procedures/:code', () => import('./citizen/procedures.js').then((area) => area.Procedure)],
  ['/file/:code', () => import('./citizen/filing.js').then((area) => area.Filing)],
  ['/batch/:code', () => import('./citizen/batch.js').then((area) => area.Batch)],
  ['/clients', () => import('./citizen/clients.js').then((area) => area.Clients)],
  ['/mine', () => import('./citizen/mine.js').then((area) => area.Mine)],
  ['/mine/:id', () => import('./citizen/track.js').then((area) => area.Track)],
  ['/pay', () => import('./citizen/pay-together.js').then((area) => area.PayTogether)],
  ['/orders/:id', () => import('./order.js').then((area) => area.Order)],
  ['/mandates', () => import('./citizen/mandates.js').then((area) => area.Mandates)],
  ['/look-up', () => import('./citizen/look-up.js').then((area) => area.LookUp)],
  ['/work', () => import('./officer/work.js').then((area) => area.Work)],
  ['/money', () => import('./officer/money.js').then((area) => area.Money)],
  ['/money/books', () => import('./books/books.js').then((area) => area.Books)],
  ['/money/books/:id', () => import('./books/book.js').then((area) => area.Book)],
  ['/money/differences', () => import('./books/differences.js').then((area) => area.Differences)],
  ['/money/files', () => import('./books/bank-file.js').then((area) => area.BankFile)],
  ['/money/orders', () => import('./officer/orders.js').then((area) => area.Orders)],
  ['/money/parity', () => import('./books/parity.js').then((area) => area.Parity)],
  ['/money/statements', () => import('./books/statement.js').then((area) => area.Statement)],
  ['/parcels', () => import('./officer/parcels.js').then((area) => area.Parcels)],
  ['/dossiers', () => import('./officer/search.js').then((area) => area.Search)],
  ['/dossiers/:id', () => import('./officer/dossier.js').then((area) => area.Dossier)],
  ['/my-complaints', () => import('./officer/complaints.js').then((area) => area.MyComplaints)],
  ['/complaints', () => import('./officer/complaints.js').then((area) => area.Complaints)],
  ['/complaints/:id', () => import('./officer/complaint.js').then((area) => area.Complaint)],
  ['/operation', () => import('./officer/operation.js').then((area) => area.Operation)],
  [
    '/rules/:kind/:name/:version',
    () => import('./officer/rules.js').then((area) => area.RulesVersion),
  ],
  ['/rules', () => import('./ministry/rules-list.js').then((area) => area.Rules)],
  ['/rules/new', () => import('./ministry/rules-issue.js').then((area) => area.IssueRules)],
  ['/outages', () => import('./ministry/outages.js').then((area) => area.Outages)],
  ['/people', () => import('./ministry/people.js').then((area) => area.People)],
  ['/notices', () => import('./ministry/notices.js').then((area) => area.Notices)],
  ['/partners', () => import('./ministry/partner-requests.js').then((area) => area.PartnerRequests)],
  ['/subscribers', () => import('./exchange/subscribers.js').then((area) => area.Subscribers)],
  ['/subscribers/:id', () => import('./exchange/subscriber.js').then((area) => area.Subscriber)],
  ['/figures', () => import('./figures.js').then((area) => area.Figures)],
  ['/figures/dossiers', () => import('./ministry/counted.js').then((area) => area.CountedDossiers)],
  ['/figures/targets', () => import('./ministry/targets.js').then((area) => area.Targets)],
  ['/figures/ratings', () => import('./ministry/ratings.js').then((area) => area.Ratings)],
  ['/figures/public', () => import('./ministry/published.js').then((area) => area.Published)],
  ['/what-if', () => import('./ministry/what-if.js').then((area) => area.WhatIf)],
  ['/audit', () => import('./ministry/audit.js').then((area) => area.Audit)],
  ['/audit/readers', () => import('./ministry/readers.js').then((area) => area.Readers)],
  ['/audit/book', () => import('./ministry/book.js').then((area) => area.Book)],
  ['/audit/exports', () => import('./ministry/exports.js').then((area) => area.Exports)],
];
// Pages that everybody may see; the others need somebody who is signed in.
const PUBLIC = [
  '/',
  '/sign-in',
  '/procedures',
  '/procedures/:code',
  '/look-up',
  '/figures/public',
];
const SIGN_IN = ROUTES.find(([template]) => template === '/sign-in');
const LOST = () => import('./home.js').then((area) => area.Lost);

const WORKERS = ['clerk', 'reviewer', 'approver', 'cashier', 'consultee'];
const READERS = [...WORKERS, 'complaint_handler', 'auditor', 'operator'];

// What an address such as `#/mine/12?filed` shows: its module and its parameters. Somebody who must
// sign in first does so at the same address.
export function areaOf(address, { token, expired }) {
  const path = address.replace(/^#/, '').split('?')[0] || '/';
  for (const [template, load] of ROUTES) {
    const parameters = matched(template, path);
    if (!parameters) continue;
    const isOpen = token || expired || PUBLIC.includes(template);
    return isOpen ? { load, parameters } : { load: SIGN_IN[1], parameters: {} };
  }
  return { load: LOST, parameters: {} };
}

function matched(template, path) {
  const [wanted, found] = [template.split('/'), path.split('/')];
  if (wanted.length !== found.length) return undefined;
  const parameters = {};
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(':')) parameters[part.slice(1)] = decodeURIComponent(found[at]);
    else if (part !== found[at]) return undefined;
  }
  return parameters;
}

// The navigation of a person: address and key of the text.
export function linksOf(who) {
  const has = (roles) => who.roles.some((role) => roles.includes(role));
  return [
    has(WORKERS) && ['/work', 'nav.work'],
    has(READERS) && ['/dossiers', 'nav.dossiers'],
    has(['cashier']) && ['/money', 'nav.money'],
    has(['approver', 'auditor', 'operator']) && ['/money/books', 'books'],
    has(['clerk']) && ['/parcels', 'parcels'],
    has(['complaint_handler', 'approver']) && ['/complaints', 'nav.complaints'],
    has(['operator']) && ['/operation', 'nav.operation'],
    has(['clerk', 'reviewer', 'approver', 'auditor', 'operator']) && ['/figures', 'nav.figures'],
    has(['auditor']) && ['/audit', 'nav.audit'],
    has(['auditor']) && ['/rules', 'operation.rules'],
    has(['approver', 'clerk', 'reviewer', 'auditor']) && ['/people', 'people'],
    isApplicant(who) && ['/mine', 'nav.mine'],
    isApplicant(who) && who.represents && !who.mandate && ['/clients', 'nav.clients'],
    isApplicant(who) && ['/my-complaints', 'nav.my_complaints'],
    (isApplicant(who) || has(['clerk'])) && ['/mandates', 'nav.mandates'],
    (!isOfficer(who) || has(['clerk'])) && ['/procedures', 'nav.procedures'],
    !isOfficer(who) && ['/look-up', 'nav.lookup'],
  ].filter(Boolean);
}
