// What people do, as User Behavior Insights events.
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

// Resolves once the server has the event on its disk.
export async function post(one) {
  const response = await fetch("/feedback", {
    method: "POST", keepalive: true, body: JSON.stringify(one), headers: { "Content-Type": "application/json" },
  });
  if (response.ok) return;
  const body = await response.json().catch(() => null);
  throw new Error(body?.detail || `The server answered ${response.status}.`);
}

// For when the page may be gone before an answer comes.
export const leave = (one) =>
  navigator.sendBeacon("/feedback", new Blob([JSON.stringify(one)], { type: "application/json" }));
