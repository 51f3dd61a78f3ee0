// Plots as SVG. Each stands beside a table with the same numbers, so that nothing is in a picture
// alone; in tables, the bars are hidden from screen readers.
import { number } from '../i18n.js';
import { html } from '../view.js';

const HEIGHT = 200;
const ABOVE = 20;
const LEFT = 44;
const BELOW = 28;
const COLUMN = 74;

export const sumOf = (one, parts) => parts.reduce((sum, part) => sum + (one[part] ?? 0), 0);

// A bar in the row of a table: `parts` of `of`, as shares of `most`. `mark` is a target.
export function Bar({ of, parts, most, mark }) {
  let x = 0;
  return html`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    ${parts.map((part) => {
      const width = most ? ((of[part] ?? 0) / most) * 100 : 0;
      const bar = html`<rect key=${part} class=${part} x=${x} y="0" width=${width} height="10" />`;
      x += width;
      return bar;
    })}
    ${mark === undefined ? null : html`<rect class="mark" x=${mark - 0.4} y="-2" width="0.8" height="14" />`}
  </svg>`;
}

// Columns of `items` (`{ name }` and the numbers of `parts`) over a scale that begins at 0. `label`
// says what the picture shows; its numbers are in the table beside it.
export function Columns({ label, items, parts }) {
  const most = scale(Math.max(1, ...items.map((one) => sumOf(one, parts))));
  const width = LEFT + items.length * COLUMN;
  const y = (value) => ABOVE + HEIGHT - (value / most) * HEIGHT;
  return html`<div class="scroll plotted" tabindex="0" role="group" aria-label=${label}>
    <svg class="columns-plot" role="img" aria-label=${label} width=${width} height=${HEIGHT + BELOW + ABOVE}
      viewBox=${`0 0 ${width} ${HEIGHT + BELOW + ABOVE}`}>
      ${[0, most / 2, most].map(
        (value) => html`<g key=${value}>
          <line class="grid" x1=${LEFT} x2=${width} y1=${y(value)} y2=${y(value)} />
          <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${number(value)}</text>
        </g>`,
      )}
      ${items.map((one, at) => html`<${Column} key=${one.name} ...${{ one, at, parts, y }} />`)}
    </svg>
  </div>`;
}

function Column({ one, at, parts, y }) {
  const [x, width] = [LEFT + at * COLUMN + 12, COLUMN - 24];
  let below = 0;
  return html`<g>
    ${parts.map((part) => {
      const [bottom, top] = [y(below), y(below + (one[part] ?? 0))];
      below += one[part] ?? 0;
      return html`<rect key=${part} class=${part} x=${x} y=${top} width=${width} height=${bottom - top} />`;
    })}
    <text x=${x + width / 2} y=${y(below) - 4} text-anchor="middle">${number(below)}</text>
    <text x=${x + width / 2} y=${ABOVE + HEIGHT + 18} text-anchor="middle">${one.name}</text>
  </g>`;
}

// The least of 2, 4, 6, 8 or 10 times a power of ten that is not below `most`.
function scale(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [2, 4, 6, 8, 10].map((times) => times * power).find((one) => one >= most);
}

export const Legend = ({ parts, name }) => html`<p class="legend">
  ${parts.map((part) => html`<span key=${part} class=${`key ${part}`}>${name(part)}</span> `)}
</p>`;
