// An ES module; the drawing is a chunk that is fetched when it is needed.
import { load } from "./measurements.js";

const place = document.getElementById("pressure-chart");
const measurements = await load(place.dataset.source);
const { draw } = await import("./chart-drawing.js");
place.replaceChildren(draw(measurements, document.documentElement.lang));
place.dataset.state = "ready";
