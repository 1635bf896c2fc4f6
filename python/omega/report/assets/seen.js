// Parts are drawn when they come into view, and all of them before the page is printed.

const waiting = new Map();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) begin(entry.target);
}, { rootMargin: "400px" });

function begin(element) {
  const action = waiting.get(element);
  watcher.unobserve(element);
  if (waiting.delete(element)) action();
}

/** Call a function once, when an element is about to be seen. */
export function whenSeen(element, action) {
  waiting.set(element, action);
  watcher.observe(element);
}

/** Draw all that is not drawn yet. */
export function drawAll() {
  [...waiting.keys()].forEach(begin);
}

window.addEventListener("beforeprint", drawAll);
