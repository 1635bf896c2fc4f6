// The scatter of excursions, on axes whose marks the page was written with.

import { colour, onTheme } from "./theme.js";

const EDGE = { left: 58, right: 28, top: 10, bottom: 40 };
const NAME = 26; // room for the name of the axis beside its marks
const MANY = 5000;

/** Draw how far each trade went against and for the trader. */
export function drawScatter(canvas, trades, axes) {
  const draw = () => paintScatter(canvas, trades, axes);
  onTheme(draw);
  new ResizeObserver(draw).observe(canvas);
  canvas.dataset.drawn = "true";
}

function paintScatter(canvas, trades, axes) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const texts = axes.y.marks.map(([, text]) => context.measureText(text).width);
  const left = Math.max(EDGE.left, ...texts.map((wide) => wide + NAME));
  const [wide, high] = [width - left - EDGE.right, height - EDGE.top - EDGE.bottom];
  const x = (value) => left + (Math.min(Math.abs(value), axes.x.end) / axes.x.end) * wide;
  const y = (value) =>
    EDGE.top + (1 - Math.min(Math.max(value, 0), axes.y.end) / axes.y.end) * high;
  scatterAxes(context, { x, y, left, wide, high, height }, axes);
  const size = trades.rows > MANY ? 1 : trades.rows > 500 ? 1.75 : 3;
  context.globalAlpha = trades.rows > MANY ? 0.35 : 0.8;
  for (let k = 0; k < trades.rows; k += 1) {
    const won = trades.net[k] > 0;
    context.fillStyle = context.strokeStyle = colourOf(won);
    scatterMark(context, x(trades.mae[k]), y(trades.mfe[k]), size, won);
  }
}

const colours = new Map();
onTheme(() => colours.clear());

function colourOf(won) {
  if (!colours.has(won)) colours.set(won, colour(won ? "win" : "loss"));
  return colours.get(won);
}

/** A dot with profit, a cross with loss: told apart without colours, too. */
function scatterMark(context, x, y, size, won) {
  context.beginPath();
  if (won) {
    context.arc(x, y, size, 0, 7);
    context.fill();
    return;
  }
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
  context.stroke();
}

function scatterAxes(context, { x, y, left, wide, high, height }, axes) {
  context.strokeStyle = colour("grid");
  context.fillStyle = colour("muted");
  context.lineWidth = 1;
  for (const [value, text] of axes.x.marks) {
    context.strokeRect(x(value), EDGE.top, 0, high);
    context.textAlign = "center";
    context.fillText(text, x(value), height - 22);
  }
  for (const [value, text] of axes.y.marks) {
    context.strokeRect(left, y(value), wide, 0);
    context.textAlign = "right";
    context.fillText(text, left - 6, y(value) + 4);
  }
  context.textAlign = "center";
  context.fillText("against the trade (MAE)", left + wide / 2, height - 5);
  context.save();
  context.translate(11, EDGE.top + high / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("for it (MFE)", 0, 0);
  context.restore();
}
