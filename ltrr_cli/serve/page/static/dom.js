// Elements from data. Texts become text nodes: nothing from the catalogue is ever read as HTML.
export const $ = (id) => document.getElementById(id);

// Control characters and marks that turn the direction of text are told, not obeyed, as everywhere in ltrr.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;
export const safe = (text) => text.replace(CONTROL, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
// What was asked in an address, without them.
export const plain = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").replace(CONTROL, "").trim();

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child != null && child !== false) node.append(typeof child === "string" ? safe(child) : child);
  }
  return node;
}

export const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// What a result, by its entity's id, has on the page.
export const ofHit = (id, what) => document.querySelector(`.hit[data-id="${CSS.escape(id ?? "")}"] ${what}`);

export const number = (value) => value.toLocaleString("en");
export const counted = (value, what) => `${number(value)} ${what}${value === 1 ? "" : "s"}`;

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// The JSON of an address; an Error that says what the server said where it did not work.
export async function getJson(url, { signal, ...options } = {}) {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" }, ...options });
  const body = await response.json().catch(() => null);
  if (response.status === 401) location.assign("/login");
  if (!response.ok) throw new Error(body?.detail || body?.title || `The server answered ${response.status}.`);
  return body;
}
