// How numbers and times are written.

/** Seconds since 1970 as date and time, as the columns of the result have them. */
export function moment(seconds) {
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
  const minutes = text.endsWith(":00") ? text.slice(0, -3) : text;
  return "dated" in document.documentElement.dataset ? minutes.replace(" 00:00", "") : minutes;
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
  return `${number(count, 0)} ${noun}${count === 1 ? "" : "s"}`;
}

/** How a series of the charting library writes values of a unit, and the marks of its axis. */
export function formatOf(unit, decimals) {
  const [scale, end] = unit === "percent" ? [100, " %"] : [1, ""];
  const own = { percent: 2, count: 0, number: 2 };
  const digits = unit in own ? own[unit] : decimals;
  return {
    type: "custom",
    minMove: 10 ** -(unit === "count" ? 0 : Math.min(decimals, unit === "percent" ? 4 : 8)),
    formatter: (value) => number(value * scale, digits) + end,
    tickmarksFormatter: (values) => (
      unit === "marks" ? values.map(() => "") : axisTexts(values.map((one) => one * scale), end)
    ),
  };
}

const large = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 3 });

/** The marks of an axis: all with as many decimals as one of them needs. */
function axisTexts(values, end) {
  if (Math.max(...values.map(Math.abs)) >= 1e6) {
    return values.map((value) => large.format(value).replace("-", "−") + end);
  }
  const decimals = (value) => (String(Number(value.toFixed(8))).split(".")[1] || "").length;
  const digits = Math.max(0, ...values.map(decimals));
  return values.map((value) => number(value, digits) + end);
}

const sizes = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 8 });

/** A number without the zeros at its end. */
export function short(value) {
  return sizes.format(value);
}

/** A word of the tables as people write it: stop_loss is stop loss. */
export function words(name) {
  return name.replaceAll("_", " ");
}
