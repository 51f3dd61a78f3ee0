// QR codes (ISO/IEC 18004) of a text in UTF-8: byte mode, level M of error correction, versions 1 to 20.

// By version: codewords of error correction in each block, and blocks (table 9, level M).
const BLOCKS = [
  [10, 1], [16, 1], [26, 1], [18, 2], [24, 2], [16, 4], [18, 4], [22, 4], [22, 5], [26, 5],
  [30, 5], [22, 8], [22, 9], [24, 9], [24, 10], [28, 10], [28, 11], [26, 13], [26, 14], [26, 16],
];
const PENALTIES = { run: 3, block: 3, finder: 40, balance: 10 };

// The modules of the code: rows of 0 and 1.
export function qrOf(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const version = versionFor(bytes.length);
  const words = codewordsOf(bytes, version);
  let best;
  for (let mask = 0; mask < 8; mask += 1) {
    const modules = drawn(version, words, mask);
    const penalty = penaltyOf(modules);
    if (!best || penalty < best.penalty) best = { modules, penalty };
  }
  return best.modules;
}

export const qrSize = (text) => 17 + 4 * versionFor(new TextEncoder().encode(text).length);

// The dark modules as the path of an SVG.
export function qrPath(text) {
  const parts = [];
  for (const [y, row] of qrOf(text).entries()) {
    for (const [x, dark] of row.entries()) if (dark) parts.push(`M${x} ${y}h1v1h-1z`);
  }
  return parts.join('');
}

const sizeOf = (version) => 17 + 4 * version;
const lengthBits = (version) => (version < 10 ? 8 : 16);

// Codewords of a version: all modules that no pattern has, by eight.
function wordsOf(version) {
  let modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const aligned = Math.floor(version / 7) + 2;
    modules -= (25 * aligned - 10) * aligned - 55;
    if (version >= 7) modules -= 36;
  }
  return Math.floor(modules / 8);
}

const dataWordsOf = (version) => {
  const [correcting, blocks] = BLOCKS[version - 1];
  return wordsOf(version) - correcting * blocks;
};

function versionFor(bytes) {
  for (let version = 1; version <= BLOCKS.length; version += 1)
    if (4 + lengthBits(version) + 8 * bytes <= 8 * dataWordsOf(version)) return version;
  throw new RangeError(`a text of ${bytes} bytes has no code`);
}

function codewordsOf(bytes, version) {
  const bits = [];
  const push = (value, length) => {
    for (let at = length - 1; at >= 0; at -= 1) bits.push((value >>> at) & 1);
  };
  push(0b0100, 4);
  push(bytes.length, lengthBits(version));
  for (const byte of bytes) push(byte, 8);
  const all = dataWordsOf(version);
  push(0, Math.min(4, 8 * all - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let at = 0; at < bits.length; at += 8) data.push(Number.parseInt(bits.slice(at, at + 8).join(''), 2));
  for (let pad = 0xec; data.length < all; pad ^= 0xec ^ 0x11) data.push(pad);
  return interleaved(data, version);
}

// The data in blocks, each with its error correction, taken in turn. The last blocks are one longer.
function interleaved(data, version) {
  const [correcting, count] = BLOCKS[version - 1];
  const short = Math.floor(data.length / count);
  const long = data.length % count;
  const divisor = divisorOf(correcting);
  const blocks = [];
  for (let at = 0, from = 0; at < count; at += 1) {
    const to = from + short + (at >= count - long ? 1 : 0);
    const part = data.slice(from, to);
    blocks.push({ part, rest: remainderOf(part, divisor) });
    from = to;
  }
  const words = [];
  for (let at = 0; at <= short; at += 1)
    for (const { part } of blocks) if (at < part.length) words.push(part[at]);
  for (let at = 0; at < correcting; at += 1) for (const { rest } of blocks) words.push(rest[at]);
  return words;
}

// Product in the field of 256 elements with the polynomial 0x11d.
function times(a, b) {
  let product = 0;
  for (let at = 7; at >= 0; at -= 1) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((b >>> at) & 1) * a;
  }
  return product;
}

function divisorOf(degree) {
  const result = [...Array(degree - 1).fill(0), 1];
  for (let root = 1, n = 0; n < degree; n += 1, root = times(root, 2)) {
    for (let at = 0; at < degree; at += 1)
      result[at] = times(result[at], root) ^ (at + 1 < degree ? result[at + 1] : 0);
  }
  return result;
}

function remainderOf(data, divisor) {
  const rest = divisor.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    for (const [at, one] of divisor.entries()) rest[at] ^= times(one, factor);
  }
  return rest;
}

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function drawn(version, words, mask) {
  const size = sizeOf(version);
  const modules = Array.from({ length: size }, () => Array(size).fill(undefined));
  const set = (x, y, dark) => {
    modules[y][x] = dark ? 1 : 0;
  };
  patterns(version, set, modules);
  formats(version, mask, size, set);
  // From the right, two columns at a time, upwards and downwards in turn.
  let bit = 0;
  for (let right = size - 1, upwards = true; right > 0; right -= 2, upwards = !upwards) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = upwards ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (modules[y][x] !== undefined) continue;
        const word = words[bit >>> 3] ?? 0;
        set(x, y, ((word >>> (7 - (bit & 7))) & 1) ^ MASKS[mask](x, y));
        bit += 1;
      }
    }
  }
  return modules;
}

function patterns(version, set, modules) {
  const size = sizeOf(version);
  for (const [left, top] of [[0, 0], [size - 7, 0], [0, size - 7]]) {
    for (let y = -1; y < 8; y += 1) {
      for (let x = -1; x < 8; x += 1) {
        if (Math.min(left + x, top + y) < 0 || Math.max(left + x, top + y) >= size) continue;
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        set(left + x, top + y, ring !== 2 && ring !== 4);
      }
    }
  }
  const centres = centresOf(version);
  for (const y of centres) {
    for (const x of centres) {
      if (modules[y][x] !== undefined) continue;
      for (let b = -2; b <= 2; b += 1)
        for (let a = -2; a <= 2; a += 1) set(x + a, y + b, Math.max(Math.abs(a), Math.abs(b)) !== 1);
    }
  }
  for (let at = 8; at < size - 8; at += 1) {
    set(at, 6, at % 2 === 0);
    set(6, at, at % 2 === 0);
  }
}

// Of the alignment patterns.
function centresOf(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((4 * version + 4) / (2 * count - 2)) * 2;
  const last = sizeOf(version) - 7;
  const rest = Array.from({ length: count - 1 }, (_, at) => last - step * at);
  return [6, ...rest.reverse()];
}

// A value of this length in bits with its remainder in the code of a generator.
function checked(value, length, generator) {
  const top = 31 - Math.clz32(generator);
  let whole = value << top;
  for (let at = length + top - 1; at >= top; at -= 1) if ((whole >>> at) & 1) whole ^= generator << (at - top);
  return (value << top) | whole;
}

function formats(version, mask, size, set) {
  // Level M is 00.
  const format = checked(mask, 5, 0x537) ^ 0x5412;
  const at = (n) => (format >>> n) & 1;
  for (let n = 0; n < 6; n += 1) set(8, n, at(n));
  set(8, 7, at(6));
  set(8, 8, at(7));
  set(7, 8, at(8));
  for (let n = 9; n < 15; n += 1) set(14 - n, 8, at(n));
  for (let n = 0; n < 8; n += 1) set(size - 1 - n, 8, at(n));
  for (let n = 8; n < 15; n += 1) set(8, size - 15 + n, at(n));
  set(8, size - 8, 1);
  if (version < 7) return;
  const bits = checked(version, 6, 0x1f25);
  for (let n = 0; n < 18; n += 1) {
    const [long, short] = [Math.floor(n / 3), (n % 3) + size - 11];
    set(short, long, (bits >>> n) & 1);
    set(long, short, (bits >>> n) & 1);
  }
}

// How hard a code is to read (7.8.3): runs, blocks of one colour, what looks like a finder, and balance.
function penaltyOf(modules) {
  const size = modules.length;
  const columns = modules.map((_, x) => modules.map((row) => row[x]));
  let penalty = 0;
  for (const line of [...modules, ...columns]) {
    const text = line.join('');
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) penalty += PENALTIES.run + run.length - 5;
    for (const pattern of [/(?=10111010000)/g, /(?=00001011101)/g])
      penalty += PENALTIES.finder * [...text.matchAll(pattern)].length;
  }
  for (let y = 1; y < size; y += 1) {
    for (let x = 1; x < size; x += 1) {
      const sum = modules[y][x] + modules[y - 1][x] + modules[y][x - 1] + modules[y - 1][x - 1];
      if (sum % 4 === 0) penalty += PENALTIES.block;
    }
  }
  const dark = modules.flat().filter(Boolean).length / (size * size);
  return penalty + PENALTIES.balance * Math.floor(Math.abs(dark - 0.5) * 20);
}
