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
  chart.box.addEventListener("wheel", (event) => wheel(chart, event), { passive: false });
  chart.box.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    action(chart);
  });
  pointers(chart, onPick);
}

function wheel(chart, event) {
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
    if (!down.size) moved = 0;
    down.set(event.pointerId, event);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const other = [...down.values()].find((one) => one !== before);
    if (other) {
      const away = (one) => Math.abs(one.clientX - other.clientX) || 1;
      chart.zoom(away(before) / away(event), shareAt(chart, other));
    } else chart.pan((before.clientX - event.clientX) / box.clientWidth);
    moved += Math.abs(before.clientX - event.clientX) + Math.abs(before.clientY - event.clientY);
    down.set(event.pointerId, event);
  });
  const release = (event) => {
    const tapped = down.delete(event.pointerId) && moved < 4 && event.type === "pointerup";
    const at = box.getBoundingClientRect();
    const row = tapped ? chart.overlay.at(event.clientX - at.left, event.clientY - at.top) : -1;
    if (row >= 0) onPick(row);
  };
  box.addEventListener("pointerup", release);
  box.addEventListener("pointercancel", release);
}
