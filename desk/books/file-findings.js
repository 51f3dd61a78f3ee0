// Findings in a bank's file, each with what the file has there.

// Of a longer line, the beginning is shown.
const SHOWN_MAX = 300;

// Findings at lines of a CSV file, or at entries of a camt.053 document (`end` is `xml`):
// `{ pointer, line, field, detail, text }`, by line. Both are counted from 1.
export function findingsOf(problem, end, text) {
  const found = [];
  let parts;
  for (const { pointer = '', detail } of problem.errors ?? []) {
    const [, place, field] = /^\/lines\/(\d+)(?:\/(.*))?$/.exec(pointer) ?? [];
    if (place === undefined) continue;
    parts ??= end === 'xml' ? entriesOf(text) : text.split(/\r\n|\n|\r/);
    const line = Number(place);
    const whole = (parts[line - 1] ?? '').trim();
    const shown = whole.length > SHOWN_MAX ? `${whole.slice(0, SHOWN_MAX)}…` : whole;
    found.push({ pointer, line, field: named(field), detail, text: shown });
  }
  return found.sort((a, b) => a.line - b.line);
}

// A name in a JSON pointer (RFC 6901).
const named = (field) => field?.replaceAll('~1', '/').replaceAll('~0', '~');

// The texts of the entries, without the elements around them.
function entriesOf(text) {
  const document = new DOMParser().parseFromString(text, 'application/xml');
  return [...document.getElementsByTagNameNS('*', 'Ntry')].map((entry) =>
    [...leavesOf(entry)].join(' · '),
  );
}

function* leavesOf(element) {
  if (!element.children.length) yield element.textContent.trim();
  for (const child of element.children) yield* leavesOf(child);
}
