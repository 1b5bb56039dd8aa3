// Draws an answer: the same elements as the server's templates.
import { $, counted, el, number, ofHit, safe, still, svg } from "./dom.js";

const VALUES = 7;
const LAST = 900;

const pieces = (found) => found.map(([text, marked]) => (marked ? el("mark", {}, text) : text));

const plain = (field) => (/^(?!(?:and|or|not|in)$)[a-z_][a-z0-9_]*$/i.test(field) ? field : quoted(field));
const quoted = (text) => `"${String(text).replace(/(["\\])/g, "\\$1")}"`;
export const isValue = (field, value) => `${plain(field)} = ${quoted(value)}`;
export const bound = (field, sign, value) => `${plain(field)} ${sign} ${value}`;

// A filter as people read it.
function label(part) {
  const equal = part.match(/^(\w+) = "((?:[^"\\]|\\.)*)"$/);
  if (equal) return `${equal[1]}: ${equal[2].replace(/\\(.)/g, "$1")}`;
  const compared = part.match(/^(\w+) (<=|>=) (\S+)$/);
  return compared ? `${compared[1]} ${compared[2] === ">=" ? "from" : "to"} ${compared[3]}` : part;
}

function hit(result, liked) {
  const { title, text, facts } = result.shown;
  const found = Object.entries(result.strategies).sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  const heart = svg("svg", {}, svg("use", { href: "#heart" }));
  return el("li", { class: "hit", "data-id": result.id, "data-rank": result.rank },
    el("div", {},
      el("h2", {}, el("a", { class: "open", href: `/entity/${encodeURIComponent(result.id)}` }, pieces(title))),
      el("p", { class: "facts" }, result.type && [el("b", {}, result.type), facts.length > 0 && " · "], facts.join(" · ")),
      el("p", { class: "text" }, pieces(text)),
      el("p", { class: "found" }, found.map(([arm, rank]) => `${arm} ${rank}`).join(" · "))),
    el("div", { class: "acts js" },
      el("button", { class: "like", "aria-pressed": String(liked), "aria-label": "Like" }, heart),
      el("button", { class: "why" }, "Why")));
}

function count(state, answer) {
  if (!answer.results.length) return "No results";
  const among = answer.facets?.entities ?? answer.results.length;
  if (!state.q) return `${number(among)} ${among === 1 ? "entity" : "entities"}, the best known first`;
  const candidates = Math.max(among, answer.results.length);
  const time = answer.took_ms ? ` in ${Math.round(answer.took_ms)} ms` : "";
  return `Best of ${counted(candidates, "candidate")}${time}`;
}

function facetLists(state, answer, url) {
  return Object.entries(answer.facets?.fields ?? {}).flatMap(([field, told]) => {
    const values = told.values.slice(0, VALUES).map((one) => ({ ...one, part: isValue(field, one.value) }));
    if (values.length < 2 && !values.some((one) => state.filters.includes(one.part))) return [];
    return el("section", { class: "facet" }, el("h2", {}, field.replaceAll("_", " ")), el("ul", {}, values.map((one) =>
      el("li", {}, el("a", { href: url.toggled(one.part),
        "aria-current": state.filters.includes(one.part) && "true" },
      `${one.value} `, el("i", {}, number(one.entities)))))));
  });
}

function nothing(state, url) {
  return [
    el("p", { class: "big" }, "Nothing found", state.q && [" for ", el("q", {}, state.q)], "."),
    el("ul", {},
      state.filters.length > 0 && el("li", {}, el("a", { href: url.of({ ...state, filters: [], offset: 0 }) }, "Remove the filters")),
      el("li", {}, "Try fewer or other words; typing errors are forgiven."),
      el("li", {}, el("a", { href: "/" }, "See what is best known"))),
  ];
}

// The ranks on the page: {entity id: rank}.
export const ranks = () => new Map([...$("list").children].map((li) => [li.dataset.id, Number(li.dataset.rank)]));

export const hits = () => [...document.querySelectorAll("#list .open")];

export function draw(state, answer, url, liked) {
  const list = $("list");
  const focused = document.activeElement?.closest?.(".hit");
  const what = focused && document.activeElement.className;
  $("count").textContent = count(state, answer);
  $("active").replaceChildren(...state.filters.map((part) => el("li", {}, el("a",
    { href: url.toggled(part), "aria-label": `Remove filter ${label(part)}` },
    label(part), el("span", { "aria-hidden": "true" }, "×")))));
  if (answer.facets) $("facets").replaceChildren(...facetLists(state, answer, url));
  list.replaceChildren(...answer.results.map((result) => hit(result, liked.has(result.id))));
  $("blank").replaceChildren(...(answer.results.length ? [] : nothing(state, url)));
  const more = answer.results.length === 10 && state.offset + 10 <= LAST && (state.q || state.filters.length);
  $("pages").replaceChildren(...[
    state.offset > 0 && el("a", { rel: "prev", href: url.at(state.offset - 10) }, "← Previous"),
    more && el("a", { rel: "next", href: url.at(state.offset + 10) }, "Next →"),
  ].filter(Boolean));
  document.querySelector("h1").textContent = state.q ? `Results for ${safe(state.q)}` : "Search";
  if (focused) ofHit(focused.dataset.id, `.${what}`)?.focus({ preventScroll: true });
}

export function drawError(error) {
  $("count").textContent = "";
  $("list").replaceChildren();
  $("pages").replaceChildren();
  $("blank").replaceChildren(el("p", { class: "big", role: "alert" }, "This cannot be searched for."), el("p", {}, error.message));
}

// Says beside each result how far it moved, and lets it slide there from where it stood.
export function drawMoves(before, places) {
  for (const li of $("list").children) {
    const rank = Number(li.dataset.rank);
    const old = before.get(li.dataset.id);
    const way = old === undefined ? "new" : rank < old ? "up" : "down";
    const said = { new: "new", up: `▲ ${old} → ${rank}`, down: `▼ ${old} → ${rank}` }[way];
    if (rank !== old) li.querySelector("h2").append(el("span", { class: `moved ${way}` }, said));
    const from = places.get(li.dataset.id);
    const slide = from === undefined ? 0 : from - li.getBoundingClientRect().top;
    if (slide && !still()) li.animate([{ transform: `translateY(${slide}px)`, zIndex: 1 }, { transform: "none", zIndex: 1 }], { duration: 420, easing: "cubic-bezier(.2,.8,.2,1)" });
  }
}

export const places = () => new Map([...$("list").children].map((li) => [li.dataset.id, li.getBoundingClientRect().top]));
