// How numbers and times are written.

const pad = (part) => String(part).padStart(2, "0");

/** Seconds since 1970 as date and time, as the columns of the result have them. */
export function moment(seconds) {
  const date = new Date(seconds * 1000);
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
  const clock = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  const rest = date.getUTCSeconds();
  return rest ? `${day} ${clock}:${pad(rest)}` : `${day} ${clock}`;
}

const writers = new Map();

/** A number with so many decimals and groups of three; one that shows as 0 has no sign. */
export function number(value, decimals) {
  if (Number.isNaN(value)) return "–";
  if (!writers.has(decimals)) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    writers.set(decimals, new Intl.NumberFormat("en-US", digits));
  }
  const text = writers.get(decimals).format(value);
  return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
}

/** So many of something, in words. */
export function counted(count, noun) {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A value of a curve, of its unit. */
export function valueText(value, unit, decimals) {
  if (unit === "percent") return `${number(value * 100, 2)} %`;
  if (unit === "count") return number(value, 0);
  return number(value, unit === "money" ? decimals : 2);
}

/** The marks of an axis: all with as many decimals as their distance has. */
export function axisTexts(values, unit) {
  const scale = unit === "percent" ? 100 : 1;
  const end = unit === "percent" ? " %" : "";
  const largest = Math.max(...values.map((value) => Math.abs(value * scale)), 0);
  if (largest >= 1e6) return values.map((value) => large(value * scale, largest) + end);
  const digits = decimalsOf(values.map((value) => value * scale));
  return values.map((value) => number(value * scale, digits) + end);
}

function decimalsOf(values) {
  let step = Infinity;
  for (let k = 1; k < values.length; k += 1) {
    step = Math.min(step, Math.abs(values[k] - values[k - 1]) || Infinity);
  }
  if (!Number.isFinite(step)) return 2;
  // A quarter needs two decimals where a half needs one.
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const whole = step * 10 ** digits;
  return Math.abs(whole - Math.round(whole)) > 1e-6 ? digits + 1 : digits;
}

function large(value, largest) {
  const [power, unit] = largest >= 1e12 ? [1e12, "T"] : largest >= 1e9 ? [1e9, "B"] : [1e6, "M"];
  return value === 0 ? "0" : `${Number((value / power).toFixed(3))}${unit}`.replace("-", "−");
}

/** A number without the zeros at its end. */
export function short(value) {
  return String(Number(value.toPrecision(8)));
}

/** A word of the tables as people write it: stop_loss is stop loss. */
export function words(name) {
  return name.split("_").join(" ");
}
