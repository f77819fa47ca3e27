// The API documentation page. All files come from this server, and the browser stores nothing.
"use strict";

// In a session, a command needs the CSRF token besides the cookie. The page gets it from whoami.
const READS = ["GET", "HEAD"];

async function csrfToken() {
  const answer = await fetch("/api/v1/whoami", { headers: { accept: "application/json" } });
  return answer.ok ? (await answer.json()).csrf_token : undefined;
}

async function asked(request) {
  const hasKey = Object.keys(request.headers).some((name) => name.toLowerCase() === "authorization");
  if (!READS.includes((request.method || "GET").toUpperCase()) && !hasKey) {
    const token = await csrfToken();
    if (token) request.headers["X-CSRF-Token"] = token;
  }
  return request;
}

window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/api/v1/openapi.json",
    dom_id: "#api",
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    requestInterceptor: asked,
  });
});
