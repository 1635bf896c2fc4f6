// Light and dark, what the system prefers until the switch says otherwise; and that a page is open.

const root = document.documentElement;
const listeners = [];
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Call a function now and whenever the colours change. */
export function onTheme(listener) {
  listeners.push(listener);
  listener();
}

const colours = new Map();

/** The value of a colour of the style sheet. */
export function colour(name) {
  if (!colours.has(name)) {
    colours.set(name, getComputedStyle(root).getPropertyValue(`--${name}`).trim());
  }
  return colours.get(name);
}

function show(theme) {
  root.dataset.theme = theme;
  colours.clear();
  listeners.forEach((listener) => listener());
}

/** Make the switch work. */
export function startTheme() {
  const button = document.getElementById("theme");
  show(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => show(dark.matches ? "dark" : "light"));
  onTheme(() => button.setAttribute("aria-pressed", String(root.dataset.theme === "dark")));
  button.addEventListener("click", () => show(root.dataset.theme === "dark" ? "light" : "dark"));
}

/** Mark the page as open; tests and the curious find its parts at `omega`. */
export function opened(page) {
  window.omega = page;
  performance.mark("ready");
  root.dataset.ready = "true";
}
