// How numbers and times are written.

const pad = (number) => String(number).padStart(2, "0");

/** Seconds since 1970 as date and time, as the columns of the result have them. */
export function moment(seconds) {
  const date = new Date(seconds * 1000);
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
  const clock = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  const rest = date.getUTCSeconds();
  return rest ? `${day} ${clock}:${pad(rest)}` : `${day} ${clock}`;
}

const writers = new Map();

/** A number with so many decimals and groups of three. */
export function number(value, decimals) {
  if (Number.isNaN(value)) return "–";
  if (!writers.has(decimals)) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    writers.set(decimals, new Intl.NumberFormat("en-US", digits));
  }
  return writers.get(decimals).format(value).replace("-", "−");
}

/** A number without the zeros at its end. */
export function short(value) {
  return String(Number(value.toPrecision(8)));
}

/** A word of the tables as people write it: stop_loss is stop loss. */
export function words(name) {
  return name.replaceAll("_", " ");
}
