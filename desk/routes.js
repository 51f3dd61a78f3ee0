// Addresses of pages, after the `#`, and who finds them in the navigation.
import { isApplicant, isOfficer } from './session.js';

const ROUTES = [
  ['/', () => import('./home.js').then((area) => area.Home)],
  ['/sign-in', () => import('./sign-in.js').then((area) => area.SignInPage)],
  ['/procedures', () => import('./citizen/procedures.js').then((area) => area.Procedures)],
  ['/procedures/:code', () => import('./citizen/procedures.js').then((area) => area.Procedure)],
  ['/file/:code', () => import('./citizen/filing.js').then((area) => area.Filing)],
  ['/mine', () => import('./citizen/mine.js').then((area) => area.Mine)],
  ['/mine/:id', () => import('./citizen/track.js').then((area) => area.Track)],
  ['/look-up', () => import('./citizen/look-up.js').then((area) => area.LookUp)],
  ['/work', () => import('./officer/work.js').then((area) => area.Work)],
  ['/dossiers', () => import('./officer/search.js').then((area) => area.Search)],
  ['/dossiers/:id', () => import('./officer/dossier.js').then((area) => area.Dossier)],
  ['/complaints', () => import('./officer/complaints.js').then((area) => area.Complaints)],
  ['/complaints/:id', () => import('./officer/complaints.js').then((area) => area.Complaint)],
  ['/operation', () => import('./officer/operation.js').then((area) => area.Operation)],
  [
    '/rules/:kind/:name/:version',
    () => import('./officer/rules.js').then((area) => area.RulesVersion),
  ],
  ['/figures', () => import('./figures.js').then((area) => area.Figures)],
];
// Pages that everybody may see; the others need somebody who is signed in.
const PUBLIC = ['/', '/sign-in', '/procedures', '/procedures/:code', '/look-up'];
const SIGN_IN = ROUTES.find(([template]) => template === '/sign-in');
const LOST = () => import('./home.js').then((area) => area.Lost);

const WORKERS = ['clerk', 'reviewer', 'approver', 'cashier', 'consultee'];
const READERS = [...WORKERS, 'complaint_handler', 'auditor'];

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
    has(['complaint_handler']) && ['/complaints', 'nav.complaints'],
    has(['operator']) && ['/operation', 'nav.operation'],
    has(READERS) && ['/figures', 'nav.figures'],
    isApplicant(who) && ['/mine', 'nav.mine'],
    !isOfficer(who) && ['/procedures', 'nav.procedures'],
    !isOfficer(who) && ['/look-up', 'nav.lookup'],
  ].filter(Boolean);
}
