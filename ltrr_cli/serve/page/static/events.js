// What people do, as User Behavior Insights events.
import { getJson } from "./dom.js";

export const session = () => {
  const known = document.cookie.match(/(?:^|; )ltrr_session=([\w-]+)/)?.[1];
  if (known) return known;
  // A random name for this visit, so that its searches belong together; it is forgotten with the browser's session.
  const name = unique();
  document.cookie = `ltrr_session=${name}; path=/; SameSite=Strict`;
  return name;
};

function unique() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function event(action, seen, dwell) {
  const attributes = {
    event_id: unique(),
    position: { ordinal: seen.rank },
    object: { object_id: seen.id, object_id_field: "id" },
  };
  if (dwell) attributes.dwell_ms = Math.round(dwell);
  return {
    application: "ltrr",
    action_name: action,
    query_id: seen.queryId,
    session_id: session(),
    ...(seen.user ? { user_id: seen.user } : {}),
    user_query: seen.q,
    timestamp: new Date().toISOString(),
    event_attributes: attributes,
  };
}

const post = (address, body) =>
  getJson(address, { method: "POST", keepalive: true, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
// Both resolve once it is on the server's disk.
export const record = (one) => post("/feedback", one);
export const undo = (eventId) => post("/undo", { event_id: eventId });

// For when the page may be gone before an answer comes.
export const leave = (one) =>
  navigator.sendBeacon("/feedback", new Blob([JSON.stringify(one)], { type: "application/json" }));
