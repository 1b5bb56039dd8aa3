// A link with `#token=…` logs in by itself; what follows the # never reaches a server's log.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", location.pathname);
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/login", { method: "POST", headers, body: JSON.stringify({ token }) });
  if (response.ok) location.replace("/");
}
