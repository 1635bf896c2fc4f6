// Parts are drawn when they come into view, and all of them before the page is printed.

const waiting = new Map();

const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) begin(entry.target);
  },
  { rootMargin: "400px" },
);

function begin(element) {
  const action = waiting.get(element);
  waiting.delete(element);
  watcher.unobserve(element);
  if (action) action();
}

/** Call a function once, when an element is about to be seen. */
export function whenSeen(element, action) {
  waiting.set(element, action);
  watcher.observe(element);
}

/** Draw all that is not drawn yet. */
export function drawAll() {
  for (const element of [...waiting.keys()]) begin(element);
}

window.addEventListener("beforeprint", drawAll);
