// What the scripts of a page find beside the browser's own: the charting library, and the page.

interface Window {
  LightweightCharts: any;
  omega: any;
}

interface Uint8ArrayConstructor {
  fromBase64?(text: string): Uint8Array;
}

declare class DecompressionStream {
  constructor(format: string);
  readable: ReadableStream;
  writable: WritableStream;
}
