// The drawer: all of an entity, or why it stands where it stands.
import { $, el, getJson, number, ofHit } from "./dom.js";

const FEATURES = 10;
const WIDE = "(min-width: 64rem)";
const drawer = $("drawer");
let opener = null;
let closed = () => {};
let request = null;

const fixed = (value, digits = 3) => (value == null ? "–" : value.toFixed(digits));

function table(heads, rows, foot) {
  return el("table", {},
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map(([first, ...rest]) =>
      el("tr", {}, el("th", { scope: "row" }, first), rest.map((cell) => el("td", {}, cell))))),
    foot && el("tfoot", {}, el("tr", {}, foot.map((cell, at) => el(at ? "td" : "th", at ? {} : { scope: "row" }, cell)))));
}

function details(entity) {
  return [
    entity.text && entity.text !== entity.title && el("p", { class: "whole" }, entity.text),
    entity.link && el("p", {}, el("a", { href: entity.link, target: "_blank", rel: "noopener noreferrer" }, entity.link)),
    el("dl", { class: "fields" }, [["type", [entity.type]], ...entity.fields].filter(([, values]) => values[0]).map(([name, values]) =>
      el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, values.join(", "))))),
    entity.related.length > 0 && [el("h3", {}, "Related"), el("ul", { class: "related" }, entity.related.map((one) =>
      el("li", {}, el("a", { href: `/entity/${encodeURIComponent(one.id)}` }, one.title), " ", el("span", { class: "soft" }, one.type))))],
  ].flat();
}

function chosen(policy) {
  if (policy.mode === "no-explore") return `By the mean of policy version ${policy.version}, without exploring.`;
  const how = policy.explored ? ", exploring" : "";
  return `Policy version ${policy.version} (${policy.mode}) chose these with probability ${fixed(policy.propensity)}${how}.`;
}

function reasons(told) {
  const main = told.features.slice(0, FEATURES);
  const rest = told.features.slice(FEATURES);
  const parts = main.map((one) => [one.name, fixed(one.value), fixed(one.weight), fixed(one.part)]);
  if (rest.length) parts.push([`${rest.length} smaller`, "", "", fixed(rest.reduce((sum, one) => sum + one.part, 0))]);
  return [
    el("h3", {}, "Strategies that ran"),
    table(["Strategy", "Rank", "Expects", "Pulls"], told.arms.map((arm) => [
      arm.name, arm.rank ? `${arm.rank} of ${arm.returned}` : "–",
      arm.mean == null ? "–" : `${fixed(arm.mean)} ± ${fixed(arm.deviation)}`, number(arm.pulls ?? 0)])),
    el("p", { class: "sum" }, chosen(told.policy), told.reserved && told.reserved.position === told.rank
      ? ` This place was kept for a find of ${told.reserved.arm} alone, to learn from it.` : ""),
    el("h3", {}, "What made the score"),
    told.features.length
      ? table(["Feature", "Value", "Weight", "Part"], parts, ["Score", "", "", fixed(told.score)])
      : el("p", { class: "sum" }, "What made it up is kept for an answer's first page only."),
    told.readings.length > 0 && [el("h3", {}, "How the query was read"), el("ul", {}, told.readings.map((one) => el("li", { class: "sum" }, one)))],
  ].flat();
}

async function load(url, drawn) {
  request?.abort();
  request = new AbortController();
  const body = $("drawer-body");
  try {
    const told = await getJson(url, request);
    body.replaceChildren(...drawn(told).filter(Boolean));
  } catch (error) {
    if (error.name !== "AbortError") body.replaceChildren(el("p", { class: "sum", role: "alert" }, error.message));
  }
}

// `kind` is "details" or "why"; `queryId` is promised: to explain, the answer has to be logged.
export function open({ id, title, kind, queryId, from, onClose }) {
  if (drawer.open) shut();
  opener = from;
  closed = onClose;
  const tab = (name, text) => el("button", { "data-tab": name, "aria-pressed": "false" }, text);
  const tabs = el("div", { class: "tabs" }, tab("details", "Details"), tab("why", "Why this result"));
  const close = el("button", { class: "close", "aria-label": "Close (Escape)" }, "×");
  drawer.replaceChildren(el("div", { class: "head" }, el("h2", { id: "drawer-title" }, title), close), tabs, el("div", { id: "drawer-body", "aria-live": "polite" }));
  const show = async (name) => {
    for (const one of tabs.children) one.setAttribute("aria-pressed", String(one.dataset.tab === name));
    if (name === "details") return load(`/entity/${encodeURIComponent(id)}`, details);
    return load(`/explain?${new URLSearchParams({ query_id: await queryId, id })}`, reasons);
  };
  tabs.addEventListener("click", (happened) => happened.target.dataset.tab && show(happened.target.dataset.tab));
  close.addEventListener("click", shut);
  if (matchMedia(WIDE).matches) drawer.show();
  else drawer.showModal();
  close.focus();
  return show(kind);
}

export function shut() {
  if (!drawer.open) return;
  request?.abort();
  drawer.close();
  const back = opener?.isConnected ? opener : ofHit(opener?.closest(".hit")?.dataset.id, ".open");
  back?.focus({ preventScroll: true });
  closed();
}

drawer.addEventListener("cancel", (happened) => { happened.preventDefault(); shut(); });
drawer.addEventListener("click", (happened) => happened.target === drawer && shut());
export const isOpen = () => drawer.open;
