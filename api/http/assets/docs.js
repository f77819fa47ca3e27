// The page of the API's description: everything comes from this server, and nothing is kept in the browser.
"use strict";

// A session's command sends a token besides its cookie; whoami tells it to the page that is signed in.
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
