// What the index has learned, drawn anew after every action: reward, regret, strategies, weights.
import { $, counted, el, getJson, still, svg } from "./dom.js";

const WIDTH = 250;
const LEFT = 92;
const LONG = 84;
const ZERO = 165;
const ROW = 18;
const WEIGHTS = 6;
const EVERY = 15000;

function frame(height, label, ...marks) {
  return svg("svg", { class: "bars", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label }, marks);
}

const text = (x, y, words, name = "") => svg("text", { x, y, class: name }, words);
const box = (x, y, width, name) => svg("rect", { x, y, width: Math.max(0, width), height: 8, rx: 2, class: name });
const tick = (x, y) => svg("line", { x1: x, x2: x, y1: y - 2, y2: y + 10, class: "tick" });

// A row for each of the items: its name, what `drawn` makes of it at a height, and its value.
function rows(items, value, drawn) {
  const said = items.map((one) => `${one.name} ${value(one)}`).join(", ");
  return frame(items.length * ROW, said, items.map((one, at) =>
    [text(0, at * ROW + 12, one.name), drawn(one, at * ROW + 4), text(WIDTH, at * ROW + 12, value(one), "v")]));
}

function shares(arms) {
  const most = Math.max(...arms.map((arm) => arm.share), 1e-9);
  return rows(arms, (arm) => `${Math.round(100 * arm.share)}% · ${arm.mean.toFixed(2)}`, (arm, y) =>
    [box(LEFT, y, LONG, "track"), box(LEFT, y, (LONG * arm.share) / most, "bar1")]);
}

function weights(found) {
  const shown = found.slice(0, WEIGHTS);
  const most = Math.max(...shown.map((one) => Math.max(Math.abs(one.weight), Math.abs(one.prior))), 1e-9);
  const x = (value) => ZERO + (50 * value) / most;
  return rows(shown, (one) => one.weight.toFixed(2), (one, y) => {
    const [low, high] = [Math.min(ZERO, x(one.weight)), Math.max(ZERO, x(one.weight))];
    return [box(low, y, high - low, one.weight < 0 ? "minus" : "bar1"), tick(x(one.prior), y)];
  });
}

// The mean of each span of pages, and the area from low to high; nothing for a single one.
function course(spans, label) {
  if (spans.length < 2) return null;
  const most = Math.max(...spans.map((one) => one.high), 0.01);
  const x = (at) => 4 + ((WIDTH - 8) * at) / (spans.length - 1);
  const y = (value) => 52 - (44 * Math.max(0, value)) / most;
  const line = (name) => spans.map((one, at) => `${x(at).toFixed(1)},${y(one[name]).toFixed(1)}`);
  const last = spans.at(-1).mean;
  return frame(70, `${label} of a page, oldest first; the latest ${last.toFixed(2)}`,
    svg("polygon", { class: "area", points: [...line("high"), ...line("low").reverse()].join(" ") }),
    svg("polyline", { class: "curve", points: line("mean").join(" ") }),
    svg("circle", { class: "dot", cx: WIDTH - 4, cy: y(last), r: 3.5 }),
    text(0, 68, "earlier"), text(WIDTH, 68, `now ${last.toFixed(2)}`, "v"));
}

function part(title, drawing, words) {
  return el("section", {}, el("h2", {}, title), drawing, words && el("p", {}, words));
}

function regret({ total, spans }) {
  const [mean, low, high] = [total.mean, total.low, total.high].map((value) => value.toFixed(1));
  return part("Regret", course(spans, "Regret"),
    `By its own model, choosing as it does now would have earned ${mean} more (${low} to ${high}) in ${counted(total.pages, "page")}.`);
}

function draw(told) {
  const arms = [...told.arms].sort((a, b) => b.share - a.share);
  return [
    part("Reward per page", course(told.rewards.map(({ reward }) => ({ low: 0, mean: reward, high: reward })), "Reward"),
      `${counted(told.impressions, "page")}, ${counted(told.events, "action")}.${told.events ? "" : " Click or like a result, and watch."}`),
    told.regret && regret(told.regret),
    part("Strategies", shares(arms), `Share of the candidates lately · reward that policy version ${told.policy_version} expects.`),
    part("Ranker's weights", weights(told.weights), `Version ${told.ranker_version}: ${told.ranker}. Ticks: where they began.`),
  ];
}

let before = "";

export async function refresh({ flash = false } = {}) {
  if (document.hidden) return;
  try {
    const told = await getJson("/arms");
    const now = JSON.stringify(told);
    if (now === before) return;
    $("panel").replaceChildren(...draw(told).filter(Boolean));
    if (flash && before && !still()) $("panel").animate([{ backgroundColor: "var(--accent-bg)" }, {}], { duration: 1200 });
    before = now;
  } catch {
    // the panel is an extra: where it cannot be had the search goes on
  }
}

setInterval(refresh, EVERY);
