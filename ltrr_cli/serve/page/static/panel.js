// What the index has learned, drawn anew after every action: strategies, weights, reward.
import { $, el, getJson, number, svg } from "./dom.js";

const WIDTH = 280;
const ROW = 18;
const WEIGHTS = 6;
const EVERY = 15000;

function frame(height, label, ...marks) {
  return svg("svg", { class: "bars", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label }, marks);
}

const text = (x, y, words, name = "") => svg("text", { x, y, class: name }, words);
const box = (x, y, width, name, height = 8) => svg("rect", { x, y, width: Math.max(0, width), height, rx: 2, class: name });
const line = (x, y1, y2, name) => svg("line", { x1: x, x2: x, y1, y2, class: name });

function shares(arms) {
  const most = Math.max(...arms.map((arm) => arm.share), 1e-9);
  const said = arms.map((arm) => `${arm.name} ${Math.round(100 * arm.share)}%`).join(", ");
  return frame(arms.length * ROW, said, arms.map((arm, at) => {
    const y = at * ROW;
    return [text(0, y + 12, arm.name), box(92, y + 4, 140, "track"), box(92, y + 4, (140 * arm.share) / most, "bar1"),
      text(WIDTH, y + 12, `${Math.round(100 * arm.share)}%`, "v")];
  }));
}

function expected(arms) {
  const most = Math.max(...arms.map((arm) => arm.mean + arm.deviation), 1e-9);
  const x = (value) => 92 + (140 * Math.max(0, value)) / most;
  const said = arms.map((arm) => `${arm.name} ${arm.mean.toFixed(2)}`).join(", ");
  return frame(arms.length * ROW, said, arms.map((arm, at) => {
    const y = at * ROW;
    return [text(0, y + 12, arm.name), box(92, y + 4, 140, "track"),
      box(x(arm.mean - arm.deviation), y + 4, x(arm.mean + arm.deviation) - x(arm.mean - arm.deviation), "area"),
      line(x(arm.mean), y + 2, y + 14, "tick"), text(WIDTH, y + 12, arm.mean.toFixed(2), "v")];
  }));
}

function weights(found) {
  const shown = found.slice(0, WEIGHTS);
  const most = Math.max(...shown.map((one) => Math.max(Math.abs(one.weight), Math.abs(one.prior))), 1e-9);
  const zero = 188;
  const x = (value) => zero + (50 * value) / most;
  const said = shown.map((one) => `${one.name} ${one.weight.toFixed(2)}, at first ${one.prior.toFixed(2)}`).join("; ");
  return frame(shown.length * ROW, said, line(zero, 0, shown.length * ROW, "axis"), shown.map((one, at) => {
    const y = at * ROW;
    const [low, high] = [Math.min(zero, x(one.weight)), Math.max(zero, x(one.weight))];
    return [text(0, y + 12, one.name), box(low, y + 4, high - low, one.weight < 0 ? "minus" : "bar1"),
      line(x(one.prior), y + 2, y + 14, "tick"), text(WIDTH, y + 12, one.weight.toFixed(2), "v")];
  }));
}

function course(rewards) {
  const most = Math.max(...rewards.map((one) => one.reward), 0.01);
  const x = (at) => (rewards.length === 1 ? WIDTH / 2 : 4 + ((WIDTH - 8) * at) / (rewards.length - 1));
  const y = (value) => 64 - (56 * Math.max(0, value)) / most;
  const points = rewards.map((one, at) => `${x(at).toFixed(1)},${y(one.reward).toFixed(1)}`);
  const last = rewards.at(-1).reward;
  return frame(84, `Mean reward of a page, oldest first; the latest ${last.toFixed(2)}`,
    svg("polygon", { class: "area", points: `${x(0)},64 ${points.join(" ")} ${x(rewards.length - 1)},64` }),
    svg("polyline", { class: "curve", points: points.join(" ") }),
    svg("circle", { class: "dot", cx: x(rewards.length - 1), cy: y(last), r: 3.5 }),
    text(0, 80, "earlier"), text(WIDTH, 80, `now ${last.toFixed(2)}`, "v"));
}

function part(title, drawing, words) {
  return el("section", {}, el("h2", {}, title), drawing, words && el("p", {}, words));
}

function draw(told) {
  const arms = [...told.arms].sort((a, b) => b.share - a.share);
  return [
    part("Reward per page", told.rewards.length > 1 ? course(told.rewards) : null,
      `${number(told.impressions)} ${told.impressions === 1 ? "page" : "pages"}, ${number(told.events)} ${told.events === 1 ? "action" : "actions"}.${told.events ? "" : " Click or like a result, and watch."}`),
    part("Strategies", shares(arms), "Each one's share of the candidates lately."),
    part("Expected reward", expected(arms), `Policy version ${told.policy_version}: mean and deviation.`),
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
    $("panel").replaceChildren(...draw(told));
    if (flash && before) $("panel").animate?.([{ backgroundColor: "var(--accent-bg)" }, {}], { duration: 1200 });
    before = now;
  } catch {
    // the panel is an extra: where it cannot be had the search goes on
  }
}

setInterval(refresh, EVERY);
