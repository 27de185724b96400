// Line chart of the last minutes.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 80;
const LONGEST_MS = 5 * 60_000;
const SHORTEST_MS = 30_000;

/**
 * Draws lines into a figure.
 *
 * @param lines   {className: [[at ms, value]]}
 * @param now     ms, the right edge
 * @param caption description of the chart, for people and screen readers
 */
export function draw(figure, lines, now, caption) {
  const svg = figure.querySelector("svg");
  const points = Object.values(lines).flat();
  const span = Math.max(SHORTEST_MS, ...points.map(([at]) => now - at));
  const values = points.map(([, value]) => value).filter(Number.isFinite);
  const top = Math.max(1, ...values) * 1.08;
  svg.replaceChildren(...Object.entries(lines).map(([name, points]) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    path.setAttribute("vector-effect", "non-scaling-stroke");
    let pen = "M";
    path.setAttribute("d", points.map(([at, value]) => {
      if (!Number.isFinite(value)) {
        pen = "M";
        return "";
      }
      const x = WIDTH * (1 - (now - at) / span);
      const step = `${pen}${x.toFixed(1)} ${(HEIGHT - 1 - (HEIGHT - 2) * value / top).toFixed(1)}`;
      pen = "L";
      return step;
    }).join(""));
    return path;
  }));
  svg.setAttribute("aria-label", caption);
  figure.querySelector("figcaption").textContent = caption;
}

/** The points that are within the chart. */
export function recent(points, now) {
  return points.filter(([at]) => now - at <= LONGEST_MS);
}
