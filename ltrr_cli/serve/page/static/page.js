// The search page: what people do, by mouse and by keys, and what comes of it.
import * as assist from "./assist.js";
import { $, el, ofHit } from "./dom.js";
import * as drawer from "./drawer.js";
import { event, leave, record, session, undo } from "./events.js";
import { refresh } from "./panel.js";
import { bound, drawMoves, hits, ranks } from "./results.js";
import * as search from "./search.js";

const DEBOUNCE = 25;
const PAUSE = 150; // a key after it is not waited for
const LEAST_DWELL = 1000;
const SAID = 8000;
const box = $("q");
let typing = 0;
let typed = 0; // when
let saying = 0;
let latest = null; // {eventId, id, title}: the action that can be taken back
let doing = Promise.resolve(); // one action after the other
let reading = null; // {seen, since} while the drawer shows a result that was clicked

function say(words = "", more = "") {
  clearTimeout(saying);
  $("notice").replaceChildren(words, more);
  saying = setTimeout(say, SAID);
}

search.whenDrawn((learned, before) => {
  assist.drawMeant(search.answer.did_you_mean, search.url.of({ ...search.state, q: search.answer.did_you_mean, offset: 0 }));
  if (!learned) return;
  drawMoves(before.ranks, before.places);
  const { action, id, title } = learned;
  const [old, now] = [before.ranks.get(id), ranks().get(id)];
  const where = !now ? "left this page" : old === now ? `stays at ${now}` : `moved from ${old} to ${now}`;
  if (action === "undo") {
    say(`Taken back. “${title}” ${where}.`);
    if (document.activeElement === document.body) ofHit(id, ".open")?.focus({ preventScroll: true });
  }
  else if (action !== "click" || old !== now) {
    say(`Learned from your ${action}. “${title}” ${where}.`, el("button", { class: "undo" }, "Undo"));
  }
});

function go(change, options) {
  clearTimeout(typing);
  say();
  return search.go(change, options);
}

const showLiked = (id) => ofHit(id, ".like")?.setAttribute("aria-pressed", String(search.liked.has(id)));

// What people do with a result: first the page they saw is logged, then what they did; then the next answer shows it.
function act(action, seen, title) {
  const one = event(action, seen);
  const eventId = one.event_attributes.event_id;
  latest = { eventId, seen, title };
  if (action === "like") search.liked.set(seen.id, eventId);
  perform(action, latest, async () => {
    seen.queryId = one.query_id = await search.settle();
    await record(one);
  }, () => action === "like" && search.liked.delete(seen.id));
}

function takeBack(what) {
  if (!what) return;
  const { eventId, seen: { id } } = what;
  const isLike = search.liked.get(id) === eventId;
  latest = null;
  if (isLike) search.liked.delete(id);
  perform("undo", what, () => undo(eventId), () => isLike && search.liked.set(id, eventId));
}

function perform(action, { seen, title }, work, failed) {
  showLiked(seen.id);
  doing = doing.then(work).then(() => {
    refresh({ flash: true });
    if (!search.state.offset && seen.q === search.state.q) return search.ask({ learned: { action, id: seen.id, title } });
  }).catch((error) => {
    failed();
    latest = null;
    showLiked(seen.id);
    say(`This could not be done. ${error.message}`);
  });
}

const seenIn = (li) => ({ id: li.dataset.id, rank: Number(li.dataset.rank), q: search.state.q, user: search.user, queryId: search.queryId });
const titleOf = (li) => li.querySelector(".open").textContent;

function like(li) {
  const seen = seenIn(li);
  const eventId = search.liked.get(seen.id);
  if (eventId) takeBack({ eventId, seen, title: titleOf(li) });
  else act("like", seen, titleOf(li));
}

function show(li, kind) {
  const seen = seenIn(li);
  const queryId = search.settle();
  drawer.open({ id: seen.id, title: titleOf(li), kind, from: li.querySelector(kind === "why" ? ".why" : ".open"), queryId, onClose: stopReading });
  if (kind === "why") return;
  reading = { seen, since: performance.now() };
  act("click", seen, titleOf(li));
}

function stopReading() {
  if (!reading) return;
  const { seen, since } = reading;
  reading = null;
  const dwell = performance.now() - since;
  if (dwell >= LEAST_DWELL && seen.queryId) leave(event("view", seen, dwell));
}

// A click that opens another tab.
function openElsewhere(li) {
  const seen = seenIn(li);
  search.settle().then((queryId) => leave(event("click", { ...seen, queryId })));
}

async function turn(link) {
  const { offset } = search.read(link.href);
  await search.settle();
  await go({ offset });
  $("main").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

async function follow() {
  const text = box.value;
  if (text.trim() !== search.state.q) await go({ q: text.trim() }, { log: false });
  if (text === box.value) assist.complete(text); // results first
}

box.addEventListener("input", ({ timeStamp }) => {
  clearTimeout(typing);
  search.giveUp();
  if (timeStamp - typed < PAUSE) typing = setTimeout(follow, DEBOUNCE);
  else follow();
  typed = timeStamp;
});

$("form").addEventListener("submit", (happened) => {
  happened.preventDefault();
  const q = box.value.trim();
  if (q === search.state.q && !search.isAsking()) search.settle();
  else go({ q });
});

assist.whenChosen((text) => {
  box.value = text;
  box.focus();
  go({ q: text });
});

$("ranges")?.addEventListener("submit", (happened) => {
  happened.preventDefault();
  const filters = new Set(search.state.filters);
  for (const input of happened.target.querySelectorAll("[inputmode]")) {
    const [side, ...field] = input.name.split(".");
    const value = input.value.trim().replaceAll(",", "");
    if (/^-?\d{1,15}(\.\d{1,9})?$/.test(value)) filters.add(bound(field.join("."), side === "least" ? ">=" : "<=", value));
    input.value = "";
  }
  go({ filters: [...filters] });
});

document.addEventListener("click", (happened) => {
  const link = happened.target.closest("a, button");
  const li = link?.closest(".hit");
  if (happened.ctrlKey || happened.metaKey || happened.shiftKey || happened.altKey) {
    if (li && link.className === "open") openElsewhere(li);
    return;
  }
  if (link?.className === "undo") takeBack(latest);
  else if (li && link.className === "like") like(li);
  else if (li && link.className === "why") show(li, "why");
  else if (li) { happened.preventDefault(); show(li, "details"); }
  else if (link?.closest("#facets, #active")) { happened.preventDefault(); go({ filters: search.read(link.href).filters }); }
  else if (link?.closest("#pages")) { happened.preventDefault(); turn(link); }
});

document.addEventListener("auxclick", (happened) => {
  const li = happened.button === 1 && happened.target.closest(".open")?.closest(".hit");
  if (li) openElsewhere(li);
});

// Keys: / to the box; arrows between the box and the results; l likes, w asks why, u undoes; Escape goes back a step.
document.addEventListener("keydown", (happened) => {
  const { key, target } = happened;
  if (happened.ctrlKey || happened.metaKey || happened.altKey || happened.isComposing) return;
  const all = hits();
  const li = target.closest(".hit");
  const place = li ? all.indexOf(li.querySelector(".open")) : -1;
  const onto = (element) => { happened.preventDefault(); element?.focus(); };
  if (key === "/" && !target.matches("input")) { drawer.shut(); onto(box); box.select(); }
  else if (key === "Escape" && drawer.isOpen()) { happened.preventDefault(); drawer.shut(); }
  else if (key === "Escape" && li) onto(box);
  else if (key === "ArrowDown" && (li || target === box)) onto(all[Math.min(place + 1, all.length - 1)]);
  else if (key === "ArrowUp" && li) onto(place ? all[place - 1] : box);
  else if (key === "l" && li) like(li);
  else if (key === "w" && li) show(li, "why");
  else if (key === "u" && !target.matches("input")) takeBack(latest);
});

addEventListener("popstate", () => { drawer.shut(); say(); });
addEventListener("pagehide", stopReading);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
session();
refresh();
