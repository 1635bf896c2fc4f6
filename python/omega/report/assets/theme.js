// Light and dark: what the system prefers, until the switch says otherwise.

const root = document.documentElement;
const listeners = [];
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Call a function now and whenever the colours change. */
export function onTheme(listener) {
  listeners.push(listener);
  listener();
}

/** The value of a colour of the style sheet. */
export function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

/** What every chart of the library shares. */
export function chartColours() {
  return {
    layout: {
      background: { type: "solid", color: colour("surface") },
      textColor: colour("muted"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      attributionLogo: false,
      panes: { separatorColor: colour("line"), separatorHoverColor: colour("line") },
    },
    grid: { vertLines: { color: colour("grid") }, horzLines: { color: colour("grid") } },
  };
}

function show(theme) {
  root.dataset.theme = theme;
  listeners.forEach((listener) => listener());
}

/** Make the switch work. */
export function startTheme(button) {
  show(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => show(dark.matches ? "dark" : "light"));
  if (!button) return;
  const tell = () => button.setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
  listeners.push(tell);
  tell();
  button.addEventListener("click", () => show(root.dataset.theme === "dark" ? "light" : "dark"));
}
