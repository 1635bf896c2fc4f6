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

/** Columns of numbers, one after the other. */
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
    const values = new Float64Array(count);
    for (let k = 0; k < count; k += 1) values[k] = this.next();
    return values;
  }

  signed(count) {
    const values = this.unsigned(count);
    for (let k = 0; k < count; k += 1) values[k] = unfolded(values[k]);
    return values;
  }

  /** Values of which some are missing: those are NaN. */
  nullable(count) {
    const values = this.unsigned(count);
    for (let k = 0; k < count; k += 1) {
      values[k] = values[k] === 0 ? NaN : unfolded(values[k] - 1);
    }
    return values;
  }
}

function unfolded(value) {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Turn differences into values, in place. */
export function summed(values, first = 0) {
  let sum = first;
  for (let k = 0; k < values.length; k += 1) values[k] = sum += values[k];
  return values;
}

/** Multiply all values, in place. */
export function times(values, factor) {
  for (let k = 0; k < values.length; k += 1) values[k] *= factor;
  return values;
}

/** The first place in ascending values that is not below the one asked for. */
export function lowerBound(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
