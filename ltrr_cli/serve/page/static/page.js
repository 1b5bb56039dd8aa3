// The search page: instant answers, actions that teach, and addresses that can be shared.
import { $, el, getJson } from "./dom.js";
import * as drawer from "./drawer.js";
import { event, leave, post, session } from "./events.js";
import { refresh } from "./panel.js";
import { bound, draw, drawError, drawMoves, hits, places, ranks } from "./results.js";

const DEBOUNCE = 50;
const PAUSE = 1200; // after which an answer that stands counts as read
const LEAST_DWELL = 1000;
const given = JSON.parse($("data").textContent);
const user = new URLSearchParams(location.search).get("user") || "";
const form = $("form");
const box = $("q");
const liked = new Set();

let state = { q: box.value.trim(), filters: given.filters, offset: given.offset };
let answer = { did_you_mean: given.meant }; // of the server's only what the scripts need
let queryId = given.query_id; // of the logged answer on the page; "" while it is only a glimpse
let seed = newSeed();
let asking = null;
let pause = 0;
let typing = 0;
let fresh = true; // whether the address on top of the history is a settled one
let reading = null; // {seen, since} while the drawer shows a result that was clicked

function newSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

const url = {
  of(other) {
    const parts = new URLSearchParams();
    if (other.q) parts.append("q", other.q);
    for (const part of other.filters) parts.append("filter", part);
    if (other.offset > 0) {
      parts.append("offset", other.offset);
      if (queryId) parts.append("query_id", queryId);
    }
    if (user) parts.append("user", user);
    return `/?${parts}`.replace(/\?$/, "");
  },
  toggled: (part) => url.of({ ...state, filters: toggled(part), offset: 0 }),
  at: (offset) => url.of({ ...state, offset }),
};

function toggled(part) {
  return state.filters.includes(part) ? state.filters.filter((one) => one !== part) : [...state.filters, part];
}

function params(log) {
  const all = state.filters.length > 1 ? state.filters.map((one) => `(${one})`).join(" and ") : state.filters[0];
  const found = new URLSearchParams({
    q: state.q, k: 10, offset: state.offset, highlight: 1, log: log ? 1 : 0, seed, session: session(),
  });
  if (user) found.set("user", user);
  if (state.offset && queryId) {
    found.set("query_id", queryId);
    return found;
  }
  found.set("filter", all ?? (state.q ? "" : 'id != ""'));
  if (given.facets.length) found.set("facets", given.facets.join(","));
  return found;
}

// Asks and draws. While people type nothing is logged, and what is on its way is given up. What counts as an impression
// is an answer that somebody let stand: sent with Enter, chosen by a link, left for a moment, or acted on. It is asked
// for with the same seed as its glimpse, so that it is the same page, exploration included.
async function ask({ log = false, learned = null } = {}) {
  clearTimeout(typing);
  clearTimeout(pause);
  asking?.abort();
  const own = (asking = new AbortController());
  const slow = setTimeout(() => document.body.classList.add("slow"), 250);
  try {
    const found = await getJson(`/search?${params(log)}`, own.signal);
    if (own.signal.aborted) return;
    const before = ranks();
    const from = learned ? places() : null;
    const same = !learned && same_page(found);
    answer = found;
    const paged = state.offset && queryId;
    if (!paged) queryId = log ? found.query_id : "";
    if (!same) draw(state, answer, url, liked);
    if (learned) tell(learned, before, from);
    assist();
    if (!log && !paged && !learned && (state.q || state.filters.length)) pause = setTimeout(settle, PAUSE);
  } catch (error) {
    if (error.name === "AbortError") return;
    drawError(error);
  } finally {
    clearTimeout(slow);
    if (asking === own) {
      asking = null;
      document.body.classList.remove("slow");
    }
  }
}

function same_page(found) {
  const shown = hits().map((link) => link.closest(".hit").dataset.id);
  return answer.query === found.query && shown.length > 0 && !document.querySelector(".moved") &&
    shown.length === found.results.length && found.results.every((one, at) => one.id === shown[at]) &&
    JSON.stringify(found.facets) === JSON.stringify(answer.facets);
}

// Makes the answer on the page an impression, and resolves to its query id.
let settling = null;
function settle() {
  clearTimeout(pause);
  if (queryId) return Promise.resolve(queryId);
  settling ??= ask({ log: true }).then(() => {
    settling = null;
    remember();
    return queryId;
  });
  return settling;
}

// What is typed makes one entry of the history, which changes until it is settled.
function remember({ settled = true } = {}) {
  const address = url.of(state);
  if (address !== location.pathname + location.search) {
    if (fresh) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  fresh = settled;
  document.title = `${state.q ? `${state.q} · ` : ""}${document.title.split(" · ").slice(-2).join(" · ")}`;
}

// Goes to another search; `log` as nobody passes through it.
function go(change, { log = true } = {}) {
  state = { ...state, offset: 0, ...change };
  if (!state.offset) queryId = "";
  seed = newSeed();
  say("");
  remember({ settled: log });
  return ask({ log: log && Boolean(state.q || state.filters.length) && !(state.offset && queryId) });
}

let saying = 0;
function say(words) {
  clearTimeout(saying);
  $("notice").textContent = words;
  saying = setTimeout(() => { $("notice").textContent = ""; }, 8000);
}

function tell({ action, id, title }, before, from) {
  drawMoves(before, from);
  const [old, now] = [before.get(id), ranks().get(id)];
  if (old !== now && now) say(`Learned from your ${action}: “${title}” moved from ${old} to ${now}.`);
  else if (action !== "click") say(`Learned from your ${action}. “${title}” ${now ? `stays at ${now}` : "left this page"}.`);
}

// What people do with a result: first the page they saw is logged, then what they did; then the next answer shows it.
async function act(action, seen, title) {
  try {
    seen.queryId = await settle();
    await post(event(action, seen));
  } catch (error) {
    liked.delete(seen.id);
    say(`This could not be recorded. ${error.message}`);
    return;
  }
  refresh({ flash: true });
  if (!state.offset && seen.q === state.q) await ask({ learned: { action, id: seen.id, title } });
}

const seenIn = (li) => ({ id: li.dataset.id, rank: Number(li.dataset.rank), q: state.q, user, queryId });
const titleOf = (li) => li.querySelector(".open").textContent;

function like(li) {
  const button = li.querySelector(".like");
  if (button.getAttribute("aria-pressed") === "true") return;
  button.setAttribute("aria-pressed", "true");
  liked.add(li.dataset.id);
  act("like", seenIn(li), titleOf(li));
}

function show(li, kind) {
  const seen = seenIn(li);
  const asked = kind === "details" ? null : settle();
  drawer.open({ id: seen.id, title: titleOf(li), kind, from: li.querySelector(kind === "why" ? ".why" : ".open"),
    ask: () => asked ?? (seen.queryId ? Promise.resolve(seen.queryId) : settle()), onClose: stopReading });
  if (kind === "details") {
    reading = { seen, since: performance.now() };
    act("click", seen, titleOf(li));
  }
}

function stopReading() {
  if (!reading) return;
  const { seen, since } = reading;
  reading = null;
  const dwell = performance.now() - since;
  if (dwell >= LEAST_DWELL && seen.queryId) leave(event("view", seen, dwell));
}

// Suggestions stand in a line of their own, so that they cover no result and move nothing.
let completing = null;
async function assist({ complete = false } = {}) {
  const meant = answer.did_you_mean;
  const line = $("assist");
  const old = line.querySelector(".meant");
  if (meant) {
    const link = el("a", { href: url.of({ ...state, q: meant, offset: 0 }) }, meant);
    link.addEventListener("click", (happened) => { happened.preventDefault(); choose(meant); });
    const said = el("span", { class: "meant" }, "Did you mean ", link, "?");
    if (old) old.replaceWith(said);
    else line.prepend(said);
  } else old?.remove();
  if (!complete) return;
  completing?.abort();
  completing = new AbortController();
  const typed = box.value.trim();
  try {
    const told = typed ? await getJson(`/complete?${new URLSearchParams({ q: box.value })}`, completing.signal) : { completions: [] };
    const others = told.completions.filter((one) => one.text.toLowerCase() !== typed.toLowerCase()).slice(0, 6);
    for (const one of line.querySelectorAll("button")) one.remove();
    line.append(...others.map((one) => el("button", { type: "button", title: one.kind }, one.text)));
  } catch {
    // suggestions are an extra
  }
}

function choose(text) {
  box.value = text;
  box.focus();
  for (const one of $("assist").querySelectorAll("button")) one.remove();
  go({ q: text });
}

box.addEventListener("input", () => {
  clearTimeout(typing);
  clearTimeout(pause);
  asking?.abort();
  typing = setTimeout(() => {
    const q = box.value.trim();
    if (q !== state.q) go({ q }, { log: false });
    assist({ complete: true });
  }, DEBOUNCE);
});

form.addEventListener("submit", (happened) => {
  happened.preventDefault();
  const q = box.value.trim();
  if (q === state.q && !asking) settle();
  else go({ q });
});

$("assist").addEventListener("click", (happened) => happened.target.tagName === "BUTTON" && choose(happened.target.textContent));

$("ranges")?.addEventListener("submit", (happened) => {
  happened.preventDefault();
  const filters = [...state.filters];
  for (const [name, value] of new FormData(happened.target)) {
    const [side, ...field] = name.split(".");
    const clean = value.trim().replaceAll(",", "");
    if ((side === "least" || side === "most") && /^-?\d{1,15}(\.\d{1,9})?$/.test(clean)) {
      filters.push(bound(field.join("."), side === "least" ? ">=" : "<=", clean));
    }
  }
  for (const one of happened.target.querySelectorAll("[inputmode]")) one.value = "";
  go({ filters: [...new Set(filters)] });
});

document.addEventListener("click", (happened) => {
  const link = happened.target.closest("a, button");
  const li = link?.closest(".hit");
  const elsewhere = happened.ctrlKey || happened.metaKey || happened.shiftKey || happened.altKey;
  if (!link) return;
  if (li && link.className === "open" && elsewhere) return void settle().then((id) => leave(event("click", { ...seenIn(li), queryId: id })));
  if (elsewhere) return;
  if (li && link.className === "open") { happened.preventDefault(); show(li, "details"); }
  else if (li && link.className === "like") like(li);
  else if (li && link.className === "why") show(li, "why");
  else if (link.closest("#facets, #active")) { happened.preventDefault(); follow(link.href); }
  else if (link.closest("#pages")) { happened.preventDefault(); turn(link); }
  else if ("clear" in link.dataset) { happened.preventDefault(); go({ filters: [] }); }
});

document.addEventListener("auxclick", (happened) => {
  const li = happened.button === 1 && happened.target.closest(".open")?.closest(".hit");
  if (li) settle().then((id) => leave(event("click", { ...seenIn(li), queryId: id })));
});

function read(address) {
  const found = new URL(address, location.href).searchParams;
  return { q: found.get("q")?.trim() ?? "", filters: found.getAll("filter"), offset: Number(found.get("offset")) || 0 };
}

function follow(address) {
  const { filters } = read(address);
  go({ filters });
}

async function turn(link) {
  const { offset } = read(link.href);
  await settle();
  await go({ offset }, { log: true });
  $("main").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

addEventListener("popstate", () => {
  drawer.shut();
  state = read(location.href);
  queryId = new URL(location.href).searchParams.get("query_id") ?? "";
  box.value = state.q;
  fresh = true;
  say("");
  ask();
});

// Keys: / to the box; arrows between the box and the results; l likes, w asks why; Escape goes back a step.
document.addEventListener("keydown", (happened) => {
  const key = happened.key;
  const at = happened.target;
  const writing = at.matches("input, textarea, select");
  if (happened.ctrlKey || happened.metaKey || happened.altKey || happened.isComposing) return;
  const all = hits();
  const li = at.closest(".hit");
  const place = li ? all.findIndex((link) => link.closest(".hit") === li) : -1;
  if (key === "/" && !writing) { happened.preventDefault(); drawer.shut(); box.focus(); box.select(); }
  else if (key === "Escape" && drawer.isOpen()) { happened.preventDefault(); drawer.shut(); }
  else if (key === "Escape" && li) box.focus();
  else if (key === "ArrowDown" && (at === box || place >= 0)) { happened.preventDefault(); all[Math.min(place + 1, all.length - 1)]?.focus(); }
  else if (key === "ArrowUp" && place >= 0) { happened.preventDefault(); (place ? all[place - 1] : box).focus(); }
  else if (key === "l" && li) like(li);
  else if (key === "w" && li) show(li, "why");
});

addEventListener("pagehide", stopReading);
document.addEventListener("visibilitychange", () => document.hidden || refresh());

session();
refresh();
