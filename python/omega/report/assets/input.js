// Wheel, pointer, touch and keys over the price chart.

const KEYS = {
  ArrowLeft: (chart) => chart.pan(-0.15),
  ArrowRight: (chart) => chart.pan(0.15),
  ArrowUp: (chart) => chart.zoom(0.7),
  ArrowDown: (chart) => chart.zoom(1 / 0.7),
  "+": (chart) => chart.zoom(0.7),
  "-": (chart) => chart.zoom(1 / 0.7),
  0: (chart) => chart.look(0, chart.candles.bars),
  Home: (chart) => chart.look(0, chart.span),
  End: (chart) => chart.look(chart.candles.bars - chart.span, chart.candles.bars),
};

/** Let a person move the chart; `onPick` gets the row of a trade that was clicked. */
export function listen(chart, onPick) {
  const { box } = chart;
  box.addEventListener("wheel", (event) => wheel(chart, event), { passive: false });
  box.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!action || !chart.candles) return;
    event.preventDefault();
    action(chart);
  });
  pointers(chart, onPick);
}

function wheel(chart, event) {
  if (!chart.candles) return;
  event.preventDefault();
  const across = Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (across) chart.pan(event.deltaX / chart.box.clientWidth);
  else chart.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 400))), shareAt(chart, event));
}

function shareAt(chart, event) {
  const width = chart.chart.timeScale().width() || chart.box.clientWidth;
  return Math.min((event.clientX - chart.box.getBoundingClientRect().left) / width, 1);
}

/** Drag with one pointer, pinch with two, click without moving. */
function pointers(chart, onPick) {
  const down = new Map();
  let moved = 0;
  const { box } = chart;
  box.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    down.set(event.pointerId, event);
    if (down.size === 1) moved = 0;
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before || !chart.candles) return;
    if (down.size === 2) pinch(chart, down, event);
    else chart.pan((before.clientX - event.clientX) / box.clientWidth);
    moved += Math.abs(before.clientX - event.clientX) + Math.abs(before.clientY - event.clientY);
    down.set(event.pointerId, event);
  });
  const release = (event) => {
    const tapped = down.delete(event.pointerId) && moved < 4 && event.type === "pointerup";
    if (!tapped || !chart.candles) return;
    const at = box.getBoundingClientRect();
    const row = chart.tradeAt(event.clientX - at.left, event.clientY - at.top);
    if (row >= 0) onPick(row);
  };
  box.addEventListener("pointerup", release);
  box.addEventListener("pointercancel", release);
}

function pinch(chart, down, event) {
  const [other] = [...down.values()].filter((one) => one.pointerId !== event.pointerId);
  const before = Math.abs(down.get(event.pointerId).clientX - other.clientX) || 1;
  const now = Math.abs(event.clientX - other.clientX) || 1;
  chart.zoom(before / now, shareAt(chart, other));
}
