// Texts in two languages, and how dates, times, amounts and periods are written.
import { en } from './text/en.js';
import { enBooks } from './text/en-books.js';
import { enExchange } from './text/en-exchange.js';
import { enMinistry } from './text/en-ministry.js';
import { enOffice } from './text/en-office.js';
import { enOrders } from './text/en-orders.js';
import { enSteps } from './text/en-steps.js';
import { vi } from './text/vi.js';
import { viBooks } from './text/vi-books.js';
import { viExchange } from './text/vi-exchange.js';
import { viMinistry } from './text/vi-ministry.js';
import { viOffice } from './text/vi-office.js';
import { viOrders } from './text/vi-orders.js';
import { viSteps } from './text/vi-steps.js';

const TEXTS = {
  vi: { ...vi, ...viSteps, ...viOffice, ...viMinistry, ...viBooks, ...viOrders, ...viExchange },
  en: { ...en, ...enSteps, ...enOffice, ...enMinistry, ...enBooks, ...enOrders, ...enExchange },
};
const ZONE = 'Asia/Ho_Chi_Minh';
const DAY_MS = 86_400_000;

let current = remembered();

export const language = () => current;

export function setLanguage(chosen) {
  current = chosen;
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem('language', chosen);
  } catch {
    // The browser keeps nothing; the choice lasts until the page is closed.
  }
}

function remembered() {
  try {
    return localStorage.getItem('language') === 'en' ? 'en' : 'vi';
  } catch {
    return 'vi';
  }
}

// A text by its key, with `{name}` replaced.
export function t(key, values = {}) {
  const text = TEXTS[current][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

// The text of a code, such as a stage or a role; the code itself if it is new.
export function code(group, value) {
  return TEXTS[current][`${group}.${value}`] ?? value;
}

// Whether there is a text for a key.
export const has = (key) => key in TEXTS[current];

// The text of `{ vi, en }`.
export const both = (text) => text?.[current] ?? text?.vi ?? '';

// The name of a procedure in a reply that has it twice.
export const nameOf = (reply) => reply?.[`name_${current}`] ?? reply?.name_vi;

const locale = () => (current === 'vi' ? 'vi-VN' : 'en-GB');

export const number = (value) => new Intl.NumberFormat(locale()).format(value);
export const money = (amount) => `${number(amount)} ₫`;

export function time(instant) {
  if (!instant) return '';
  const style = { dateStyle: 'short', timeStyle: 'short', timeZone: ZONE };
  return new Intl.DateTimeFormat(locale(), style).format(new Date(instant));
}

// A day, of an instant or of a date such as `2026-11-25`.
export function day(value, style = { day: '2-digit', month: '2-digit', year: 'numeric' }) {
  if (!value) return '';
  return new Intl.DateTimeFormat(locale(), { ...style, timeZone: ZONE }).format(instantOf(value));
}

export const weekday = (value) => day(value, { weekday: 'short' });

// A date begins in Vietnam.
const instantOf = (value) =>
  new Date(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00+07:00` : value);

// A length of time in the two largest units.
export function duration(seconds) {
  const total = Math.abs(seconds);
  const days = Math.floor(total / 86_400);
  const hours = Math.floor((total % 86_400) / 3_600);
  const minutes = Math.floor((total % 3_600) / 60);
  const part = (amount, unit) => (amount ? t(`unit.${unit}`, { n: amount }) : '');
  if (days) return `${part(days, 'd')} ${part(hours, 'h')}`.trim();
  return `${part(hours, 'h')} ${part(minutes, 'min')}`.trim() || t('unit.min', { n: 0 });
}

// By when something is due: the last day, or the time of that day.
export const until = ({ due_on: on, due_at: at }) =>
  on ? t('until', { when: day(on) }) : t('until_time', { when: time(at) });

// A period of the law, such as five working days.
export const budget = (period) =>
  period ? t(`budget.${period.unit}`, { n: number(period.amount) }) : '';

export { DAY_MS, ZONE };
