// Numbers as people write them: 1.234.567,89 in Vietnamese, 1,234,567.89 in English. What could be
// either is not guessed.

const WHOLE = /^-?\d+$/;
// Thousands, all with the same mark.
const GROUPED = /^-?[1-9]\d{0,2}([.,\s])\d{3}(?:\1\d{3})*$/;
const GROUPED_DECIMAL = /^(-?[1-9]\d{0,2}([.,\s])\d{3}(?:\2\d{3})*)([.,])(\d+)$/;
const DECIMAL = /^(-?\d+)[.,](\d+)$/;
// One mark before three digits groups thousands or begins decimals.
const AMBIGUOUS = /^-?[1-9]\d{0,2}[.,]\d{3}$/;
const MARKS = /[.,\s]/g;
const CURRENCY = /\s*(?:₫|đ|vnd|đồng)$/i;

// A whole number, or `undefined`.
export function wholeOf(text) {
  const plain = String(text).trim();
  if (!WHOLE.test(plain) && !GROUPED.test(plain)) return undefined;
  const value = Number(plain.replaceAll(MARKS, ''));
  return Number.isSafeInteger(value) ? value : undefined;
}

// A number that may have decimals, or `undefined`.
export function decimalOf(text) {
  const plain = String(text).trim();
  if (AMBIGUOUS.test(plain)) return undefined;
  const whole = wholeOf(plain);
  if (whole !== undefined) return whole;
  const [, thousands, mark, other, after] = GROUPED_DECIMAL.exec(plain) ?? [];
  if (thousands && mark !== other) return Number(`${thousands.replaceAll(MARKS, '')}.${after}`);
  const [, before, decimals] = DECIMAL.exec(plain) ?? [];
  return before ? Number(`${before}.${decimals}`) : undefined;
}

// An amount in đồng, which has no decimals, or `undefined`.
export const amountOf = (text) => wholeOf(String(text).trim().replace(CURRENCY, ''));
