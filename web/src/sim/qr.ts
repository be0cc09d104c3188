/**
 * A QR code of a text, after ISO/IEC 18004: byte mode, error correction M, versions 1 to 10 (up to 213 bytes), which is
 * plenty for an address.
 */

/** Error-correction codewords per block and data codewords of each block, by version. */
const blocks: readonly [number, number[]][] = [
  [10, [16]],
  [16, [28]],
  [26, [44]],
  [18, [32, 32]],
  [24, [43, 43]],
  [16, [27, 27, 27, 27]],
  [18, [31, 31, 31, 31]],
  [22, [38, 38, 39, 39]],
  [22, [36, 36, 36, 37, 37]],
  [26, [43, 43, 43, 43, 44]],
];
const alignment: readonly number[][] = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];

const [exp, log] = (() => {
  const powers = new Uint8Array(512);
  const logs = new Uint8Array(256);
  let x = 1;
  for (let i = 0; i < 255; i++) {
    powers[i] = powers[i + 255] = x;
    logs[x] = i;
    x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
  }
  return [powers, logs];
})();

const multiply = (a: number, b: number) => (a && b ? (exp[(log[a] ?? 0) + (log[b] ?? 0)] ?? 0) : 0);

/** Remainder of the data over the generator polynomial of the degree. */
function correction(data: readonly number[], degree: number): number[] {
  let generator = [1];
  for (let i = 0; i < degree; i++) {
    const next = Array.from({ length: generator.length + 1 }, () => 0);
    generator.forEach((value, j) => {
      next[j] = (next[j] ?? 0) ^ value;
      next[j + 1] = (next[j + 1] ?? 0) ^ multiply(value, exp[i] ?? 0);
    });
    generator = next;
  }
  const rest = [...data, ...Array.from({ length: degree }, () => 0)];
  for (let i = 0; i < data.length; i++) {
    const factor = rest[i] ?? 0;
    generator.forEach((value, j) => (rest[i + j] = (rest[i + j] ?? 0) ^ multiply(value, factor)));
  }
  return rest.slice(data.length);
}

function codewords(bytes: Uint8Array, version: number): number[] {
  const [degree, sizes] = blocks[version - 1] ?? [0, []];
  const capacity = sizes.reduce((sum, size) => sum + size, 0);
  const bits: number[] = [];
  const push = (value: number, length: number) => {
    for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  push(4, 4);
  push(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) push(byte, 8);
  push(0, Math.min(4, capacity * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data: number[] = [];
  for (let i = 0; i < bits.length; i += 8) data.push(Number.parseInt(bits.slice(i, i + 8).join(""), 2));
  for (let pad = 0xec; data.length < capacity; pad ^= 0xec ^ 0x11) data.push(pad);
  let at = 0;
  const parts = sizes.map((size) => data.slice(at, (at += size)));
  const checks = parts.map((part) => correction(part, degree));
  const woven = (all: number[][]) =>
    Array.from({ length: Math.max(...all.map((part) => part.length)) }, (_, i) => all.flatMap((part) => (part[i] === undefined ? [] : [part[i]]))).flat();
  return [...woven(parts), ...woven(checks)];
}

const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The check bits of a short word after the word itself. */
function checked(value: number, polynomial: number, length: number): number {
  const top = 31 - Math.clz32(polynomial);
  let rest = value << length;
  for (let i = 31 - Math.clz32(rest || 1); i >= top; i = 31 - Math.clz32(rest || 1)) rest ^= polynomial << (i - top);
  return (value << length) | rest;
}

type Grid = (boolean | undefined)[][];

/** The fixed patterns; what stays undefined is for data. */
function frame(version: number): Grid {
  const size = 17 + version * 4;
  const grid: Grid = Array.from({ length: size }, () => Array.from({ length: size }, () => undefined));
  const set = (x: number, y: number, dark: boolean) => {
    const row = grid[y];
    if (row && x >= 0 && x < size) row[x] = dark;
  };
  for (let i = 8; i < size - 8; i++) {
    set(i, 6, i % 2 === 0);
    set(6, i, i % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]] as const)
    for (let dy = -4; dy <= 4; dy++)
      for (let dx = -4; dx <= 4; dx++) {
        const far = Math.max(Math.abs(dx), Math.abs(dy));
        set(cx + dx, cy + dy, far !== 2 && far !== 4);
      }
  const places = alignment[version - 1] ?? [];
  for (const cy of places)
    for (const cx of places) {
      if ((cx === 6 && (cy === 6 || cy === size - 7)) || (cy === 6 && cx === size - 7)) continue;
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }
  return grid;
}

function placeFormat(grid: Grid, version: number, mask: number): void {
  const size = grid.length;
  const format = checked(mask, 0x537, 10) ^ 0x5412;
  const bit = (i: number) => ((format >> i) & 1) === 1;
  const set = (x: number, y: number, dark: boolean) => {
    const row = grid[y];
    if (row) row[x] = dark;
  };
  for (let i = 0; i < 15; i++) {
    const along = i < 6 ? i : i < 8 ? i + 1 : i < 9 ? 7 : 14 - i;
    if (i < 8) set(8, along, bit(i));
    else set(along, 8, bit(i));
    if (i < 8) set(size - 1 - i, 8, bit(i));
    else set(8, size - 15 + i, bit(i));
  }
  set(8, size - 8, true);
  if (version < 7) return;
  const info = checked(version, 0x1f25, 12);
  for (let i = 0; i < 18; i++) {
    const dark = ((info >> i) & 1) === 1;
    set(size - 11 + (i % 3), Math.floor(i / 3), dark);
    set(Math.floor(i / 3), size - 11 + (i % 3), dark);
  }
}

function penalty(rows: readonly boolean[][]): number {
  const columns = rows.map((_, x) => rows.map((row) => row[x] === true));
  let sum = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map((dark) => (dark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
    sum += 40 * [...text.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  rows.forEach((row, y) => row.forEach((dark, x) => (sum += dark === row[x + 1] && dark === rows[y + 1]?.[x] && dark === rows[y + 1]?.[x + 1] ? 3 : 0)));
  const share = rows.flat().filter(Boolean).length / rows.length ** 2;
  return sum + 10 * Math.floor(Math.abs(share * 20 - 10));
}

/** The rows of the code, dark is true. A mask is chosen by the standard's penalties unless given. */
export function qrCode(text: string, wanted?: number): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  const version = 1 + blocks.findIndex(([, sizes], i) => sizes.reduce((sum, size) => sum + size, 0) >= bytes.length + (i < 9 ? 2 : 3));
  if (version === 0) throw new RangeError(`${bytes.length} bytes do not fit a code of version 10`);
  const bits = codewords(bytes, version).flatMap((word) => [7, 6, 5, 4, 3, 2, 1, 0].map((i) => ((word >> i) & 1) === 1));
  const draw = (mask: number) => {
    const grid = frame(version);
    placeFormat(grid, version, mask);
    const size = grid.length;
    let next = 0;
    for (let right = size - 1, up = true; right > 0; right -= right === 8 ? 3 : 2, up = !up) {
      const x0 = right;
      for (let i = 0; i < size; i++) {
        const y = up ? size - 1 - i : i;
        const row = grid[y];
        for (const x of [x0, x0 - 1]) if (row && row[x] === undefined) row[x] = (bits[next++] ?? false) !== (masks[mask]?.(x, y) ?? false);
      }
    }
    return grid.map((row) => row.map((dark) => dark === true));
  };
  if (wanted !== undefined) return draw(wanted);
  return masks
    .map((_, mask) => draw(mask))
    .map((rows) => ({ rows, cost: penalty(rows) }))
    .reduce((best, each) => (each.cost < best.cost ? each : best)).rows;
}
