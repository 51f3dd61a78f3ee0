// How books and their accounts are named and addressed.
import { day, t } from '../i18n.js';
import { addressed } from '../ministry/address.js';

export const TILL = 'cash';
export const accountName = (account) => (account === TILL ? t('books.till') : account);
export const bookName = ({ account, day: of }) => `${accountName(account)} · ${day(of)}`;

// A name such as `2026-11-20_G02.001_sandbox`.
export function bookOf(id) {
  const [of, agency, ...account] = id.split('_');
  return { day: of, agency, account: account.join('_') };
}

export const bookId = ({ day: of, agency, account }) => `${of}_${agency}_${account}`;
export const addressOf = (book) => `#/money/books/${encodeURIComponent(book)}`;
export const differencesAt = ({ account, day: of }) =>
  `#/money/differences?${addressed({ account, day: of })}`;
