const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDE = 640, HIGH = 220, FLOOR = 188, GAP = 64;

function shape(name, attributes, text = "") {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

/** Columns for `measurements`, labelled for readers of `language`. */
export function draw(measurements, language) {
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const chart = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  chart.append(shape("line", { x1: 0, y1: FLOOR, x2: WIDE, y2: FLOOR, class: "floor" }));
  measurements.forEach((measured, index) => {
    const x = index * GAP + 10, high = measured.percent * 1.5;
    chart.append(
      shape("rect", { x, y: FLOOR - high, width: 44, height: high, rx: 2, class: measured.percent < 40 ? "low" : "column" }),
      shape("text", { x: x + 22, y: FLOOR - high - 8 }, percent.format(measured.percent / 100)),
      shape("text", { x: x + 22, y: FLOOR + 22, class: "hour" }, `${String(measured.hour).padStart(2, "0")}:00`),
    );
  });
  return chart;
}
