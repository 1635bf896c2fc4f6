// Reading back what _codec.py wrote: base64, gzip, integers of seven bits a byte.

/** Bytes of a data block of this page. */
export async function unpack(number) {
  const text = document.getElementById(`block-${number}`).textContent;
  const stream = new Blob([bytesOf(text)]).stream();
  const plain = stream.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k += 1) bytes[k] = raw.charCodeAt(k);
  return bytes;
}

/** Columns of whole numbers, one after the other. */
export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.place = 0;
  }

  next() {
    const { bytes } = this;
    let byte = bytes[this.place++];
    let value = byte & 127;
    // Multiplied, not shifted: a shift would cut at 32 bits.
    for (let weight = 128; byte > 127; weight *= 128) {
      byte = bytes[this.place++];
      value += (byte & 127) * weight;
    }
    return value;
  }

  unsigned(count) {
    return new Float64Array(count).map(() => this.next());
  }

  signed(count) {
    return this.unsigned(count).map(unfolded);
  }

  /** Values of which some are missing: those are NaN. */
  nullable(count) {
    return this.unsigned(count).map((value) => (value === 0 ? NaN : unfolded(value - 1)));
  }
}

function unfolded(value) {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** The columns of a packed table, by name: each is more than another, or than its value before. */
export async function readTable({ rows, columns }, block) {
  const reader = new Reader(await unpack(block));
  const table = {};
  for (const [name, kind, base] of columns) {
    const values = reader[kind](rows);
    let sum = 0;
    const more = base === "sum" ? (step) => (Number.isNaN(step) ? NaN : sum += step)
      : (value, k) => value + table[base][k];
    table[name] = base ? values.map(more) : values;
  }
  for (const [name, , , scale, first] of columns) {
    table[name] = table[name].map((value) => value * scale + first);
  }
  return table;
}

/** The first place in ascending values that is not below the one asked for. */
export function lowerBound(values, wanted) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
