// Pages that belong together, as links.
import { t } from '../i18n.js';
import { hasRole } from '../parts.js';
import { html } from '../view.js';

// `pages` are `[address, key of the text]`, and the roles that have it if not all do.
export const Tabs = ({ pages, label }) => html`<nav class="tabs" aria-label=${t(label)}>
  ${pages
    .filter(([, , roles]) => !roles || hasRole(...roles))
    .map(
      ([to, name]) => html`<a
      key=${to}
      href=${`#${to}`}
      aria-current=${location.hash.split('?')[0] === `#${to}` ? 'page' : undefined}
      >${t(name)}</a
    >`,
    )}
</nav>`;

export const FIGURES = [
  ['/figures', 'nav.figures'],
  ['/figures/targets', 'targets'],
  ['/figures/ratings', 'ratings'],
  ['/figures/public', 'published'],
  ['/what-if', 'whatif', ['operator', 'auditor', 'approver']],
];

export const OPERATION = [
  ['/operation', 'operation.state'],
  ['/rules', 'operation.rules'],
  ['/outages', 'operation.outages'],
  ['/people', 'people'],
  ['/notices', 'notices'],
  ['/partners', 'partners'],
  ['/subscribers', 'subscribers'],
];

export const MONEY = [
  ['/money', 'money.day_to_day', ['cashier']],
  ['/money/orders', 'orders'],
  ['/money/differences', 'differences'],
  ['/money/books', 'books'],
  ['/money/parity', 'parity'],
  ['/money/statements', 'statements', ['cashier', 'operator']],
  ['/money/files', 'bank_file', ['cashier', 'operator']],
];

export const AUDIT = [
  ['/audit', 'audit.reads'],
  ['/audit/readers', 'audit.readers'],
  ['/audit/book', 'book'],
  ['/audit/exports', 'exports'],
];
