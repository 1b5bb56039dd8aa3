// Suggestions stand in a line of their own, so that they cover no result and move nothing.
import { $, el, getJson } from "./dom.js";

const MOST = 6;
const line = $("assist");
let request = null;

export function clear() {
  request?.abort();
  for (const one of line.querySelectorAll("button")) one.remove();
}

export function drawMeant(meant, address) {
  line.querySelector(".meant")?.remove();
  if (meant) line.prepend(el("span", { class: "meant" }, "Did you mean ", el("a", { href: address }, meant), "?"));
}

export async function complete(text) {
  request?.abort();
  request = new AbortController();
  const typed = text.trim().toLowerCase();
  try {
    const told = typed ? await getJson(`/complete?${new URLSearchParams({ q: text })}`, request) : { completions: [] };
    const others = told.completions.filter((one) => one.text.toLowerCase() !== typed).slice(0, MOST);
    clear();
    line.append(...others.map((one) => el("button", { title: one.kind }, one.text)));
  } catch {
    // suggestions are an extra: without them the search goes on
  }
}

// Calls with the text that somebody chose.
export function whenChosen(call) {
  line.addEventListener("click", (happened) => {
    const chosen = happened.target.closest("button, a");
    if (!chosen || happened.ctrlKey || happened.metaKey || happened.shiftKey) return;
    happened.preventDefault();
    clear();
    call(chosen.textContent);
  });
}
