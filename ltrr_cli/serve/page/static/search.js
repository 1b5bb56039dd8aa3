// What is searched for, its answer, and its address.
import { $, getJson, plain, safe } from "./dom.js";
import { session } from "./events.js";
import { draw, drawError, places, ranks } from "./results.js";

const PAUSE = 1200; // after which an answer that stands counts as read
const SLOW = 250;
const given = JSON.parse($("data").textContent);
export const user = new URLSearchParams(location.search).get("user") || "";
export const liked = new Map(); // what was liked on this visit, and by which event

export let state = { q: $("q").value.trim(), filters: given.filters, offset: given.offset };
export let answer = { did_you_mean: given.meant }; // of the server's only what the scripts need
export let queryId = given.query_id; // of the logged answer on the page; "" while it is only a glimpse
let seed = newSeed();
let request = null;
let pause = 0;
let fresh = true; // whether the address on top of the history is a settled one
let drawn = () => {};

// Calls back after every answer: with what it was asked to learn from, and the ranks and places before.
export const whenDrawn = (call) => { drawn = call; };
export const isAsking = () => request !== null;

function newSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

const isBrowsing = () => !state.q && !state.filters.length; // nothing was asked: all there is
const isFurther = () => given.logs && state.offset > 0 && queryId !== ""; // a further page of an answer that was logged

export const url = {
  of(other) {
    const parts = new URLSearchParams();
    if (other.q) parts.append("q", other.q);
    for (const part of other.filters) parts.append("filter", part);
    if (other.offset > 0) {
      parts.append("offset", other.offset);
      if (given.logs && queryId) parts.append("query_id", queryId);
    }
    if (user) parts.append("user", user);
    return `/?${parts}`.replace(/\?$/, "");
  },
  toggled(part) {
    const rest = state.filters.filter((one) => one !== part);
    return url.of({ ...state, filters: rest.length < state.filters.length ? rest : [...rest, part], offset: 0 });
  },
  at: (offset) => url.of({ ...state, offset }),
};

export function read(address) {
  const found = new URL(address, location.href).searchParams;
  return { q: plain(found.get("q") ?? ""), filters: found.getAll("filter"), offset: Number(found.get("offset")) || 0 };
}

function params(log) {
  const found = new URLSearchParams({ q: state.q, k: 10, offset: state.offset, highlight: 1, log: Number(log), explore: Number(given.logs), seed, session: session() });
  if (user) found.set("user", user);
  if (isFurther()) {
    found.set("query_id", queryId);
    return found;
  }
  const all = state.filters.length > 1 ? state.filters.map((one) => `(${one})`).join(" and ") : state.filters[0];
  found.set("filter", all ?? (state.q ? "" : 'id != ""'));
  if (given.facets.length) found.set("facets", given.facets.join(","));
  return found;
}

export function giveUp() {
  clearTimeout(pause);
  request?.abort();
}

// Asks and draws. While people type nothing is logged, and what is on its way is given up. What counts as an impression
// is an answer that somebody let stand: sent with Enter, chosen by a link, left for a moment, or acted on. It is asked
// for with the same seed as its glimpse, so that it is the same page, exploration included. The answer that shows what
// an action taught is a glimpse too, until it is acted on: nobody asked for it.
export async function ask({ log = false, learned = null } = {}) {
  giveUp();
  const own = (request = new AbortController());
  const slow = setTimeout(() => document.body.classList.add("slow"), SLOW);
  try {
    const further = isFurther();
    const found = await getJson(`/search?${params(log)}`, own);
    if (own.signal.aborted) return;
    const before = learned && { ranks: ranks(), places: places() };
    const same = !learned && isDrawn(found);
    answer = found;
    if (!further) queryId = log ? found.query_id : "";
    if (!same) draw(state, answer, url, liked);
    drawn(learned, before);
    if (!log && !further && !learned && !isBrowsing()) pause = setTimeout(settle, PAUSE);
  } catch (error) {
    if (error.name !== "AbortError") drawError(error);
  } finally {
    clearTimeout(slow);
    if (request === own) {
      request = null;
      document.body.classList.remove("slow");
    }
  }
}

// Whether the page shows just this already: then it is left alone, and nothing moves under anybody's hand.
function isDrawn(found) {
  const shown = [...ranks().keys()];
  return answer.query === found.query && shown.length > 0 && !document.querySelector(".moved") &&
    shown.length === found.results.length && found.results.every((one, at) => one.id === shown[at]) &&
    JSON.stringify(found.facets) === JSON.stringify(answer.facets);
}

// Makes the answer on the page an impression, and resolves to its query id.
let settling = null;
export function settle() {
  clearTimeout(pause);
  if (queryId) return Promise.resolve(queryId);
  settling ??= ask({ log: true }).then(() => {
    settling = null;
    remember(true);
    return queryId;
  });
  return settling;
}

// What is typed makes one entry of the history, which changes until it is settled.
function remember(settled) {
  const address = url.of(state);
  if (address !== location.pathname + location.search) history[fresh ? "pushState" : "replaceState"](null, "", address);
  fresh = settled;
  document.title = (state.q ? `${safe(state.q)} · ` : "") + document.title.split(" · ").slice(-2).join(" · ");
}

// Goes to another search; `log` unless somebody only passes through it.
export function go(change, { log = true } = {}) {
  state = { ...state, offset: 0, ...change };
  if (!state.offset) queryId = "";
  seed = newSeed();
  remember(log);
  return ask({ log: log && !isBrowsing() && !isFurther() });
}

addEventListener("popstate", () => {
  state = read(location.href);
  queryId = new URL(location.href).searchParams.get("query_id") ?? "";
  $("q").value = state.q;
  fresh = true;
  ask();
});
