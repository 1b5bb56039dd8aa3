// Elements from data. Texts become text nodes: nothing from the catalogue is ever read as HTML.
export const $ = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

export const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

export const number = (value) => value.toLocaleString("en");

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// The JSON of an address; an Error that says what the server said where it did not work.
export async function getJson(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  const body = await response.json().catch(() => null);
  if (response.status === 401) location.assign("/login");
  if (!response.ok) throw new Error(body?.detail || body?.title || `The server answered ${response.status}.`);
  return body;
}
