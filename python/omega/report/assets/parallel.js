// Parallel coordinates: a line for each run; a stretch of an axis keeps the runs that cross it.

import { colour, onTheme, startTheme } from "./theme.js";

const EDGE = { left: 60, right: 60, top: 34, bottom: 16 };
const NEAR = 24; // pixels from an axis that belong to it

class Parallel {
  constructor(about) {
    this.axes = about.axes;
    this.lines = about.lines; // places from 0 to 1 by axis
    this.shades = about.shades; // from 0 to 8
    this.total = about.total;
    this.dragged = null;
    /** @type {any} */
    this.canvas = document.getElementById("parallel");
    this.count = document.getElementById("count");
    this.kept = this.axes.map(() => null);
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", () => this.up());
    document.getElementById("reset").addEventListener("click", () => this.reset());
    onTheme(() => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  x(axis) {
    const room = this.canvas.clientWidth - EDGE.left - EDGE.right;
    return EDGE.left + (room * axis) / Math.max(this.axes.length - 1, 1);
  }

  y(place) {
    return EDGE.top + (1 - place) * (this.canvas.clientHeight - EDGE.top - EDGE.bottom);
  }

  place(event) {
    const top = event.clientY - this.canvas.getBoundingClientRect().top;
    const room = this.canvas.clientHeight - EDGE.top - EDGE.bottom;
    return Math.min(Math.max(1 - (top - EDGE.top) / room, 0), 1);
  }

  down(event) {
    const left = event.clientX - this.canvas.getBoundingClientRect().left;
    const axis = this.axes.findIndex((_, k) => Math.abs(this.x(k) - left) < NEAR);
    if (axis < 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.dragged = { axis, start: this.place(event) };
    this.kept[axis] = null;
    this.draw();
  }

  move(event) {
    if (!this.dragged) return;
    const { axis, start } = this.dragged;
    const now = this.place(event);
    this.kept[axis] = [Math.min(start, now), Math.max(start, now)];
    this.draw();
  }

  up() {
    this.dragged = null;
  }

  reset() {
    this.kept = this.axes.map(() => null);
    this.draw();
  }

  keeps(line) {
    return this.kept.every((span, k) => !span || (line[k] >= span[0] && line[k] <= span[1]));
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const chosen = this.lines.map((line) => this.keeps(line));
    this.drawLines(context, chosen, false);
    this.drawLines(context, chosen, true);
    this.axes.forEach((axis, k) => this.drawAxis(context, axis, k));
    const kept = chosen.filter(Boolean).length;
    this.count.textContent = `${kept.toLocaleString("en-US")} of ${this.total} runs`;
  }

  drawLines(context, chosen, wanted) {
    const shades = Array.from({ length: 9 }, (_, k) => colour(`shade-${k}`));
    context.globalAlpha = wanted ? Math.max(0.25, Math.min(0.9, 60 / this.lines.length)) : 0.12;
    context.lineWidth = 1.25;
    this.lines.forEach((line, k) => {
      if (chosen[k] !== wanted) return;
      context.strokeStyle = wanted ? shades[this.shades[k]] : colour("muted");
      context.beginPath();
      line.forEach((place, axis) => {
        context[axis ? "lineTo" : "moveTo"](this.x(axis), this.y(place));
      });
      context.stroke();
    });
    context.globalAlpha = 1;
  }

  drawAxis(context, axis, k) {
    const x = this.x(k);
    context.strokeStyle = colour("muted");
    context.fillStyle = colour("text");
    context.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
    context.textAlign = "center";
    context.fillText(axis.name, x, 16);
    context.beginPath();
    context.moveTo(x, this.y(0));
    context.lineTo(x, this.y(1));
    context.stroke();
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    context.fillStyle = colour("muted");
    context.textAlign = "left";
    context.strokeStyle = colour("surface");
    context.lineWidth = 4; // a rim, so that lines do not run through the numbers
    for (const [place, text] of axis.ticks) {
      context.strokeText(text, x + 7, this.y(place) + 4);
      context.fillText(text, x + 7, this.y(place) + 4);
    }
    context.lineWidth = 1;
    const span = this.kept[k];
    if (!span) return;
    context.fillStyle = colour("accent-soft");
    context.strokeStyle = colour("accent");
    const top = this.y(span[1]);
    context.fillRect(x - 7, top, 14, this.y(span[0]) - top);
    context.strokeRect(x - 7, top, 14, this.y(span[0]) - top);
  }
}

startTheme(document.getElementById("theme"));
window.omega = new Parallel(JSON.parse(document.getElementById("about").textContent));
performance.mark("ready");
document.documentElement.dataset.ready = "true";
