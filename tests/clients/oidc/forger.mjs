// A provider of the proof's own, which sends everybody straight back and puts into its tokens what it is told to.
import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [client, secret, subject] = process.argv.slice(2);
const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const keys = { first: pair(), unpublished: pair(), second: pair() };
let mode = "good";
let firstNonce = null;
const rounds = new Map();

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwk = (kid) => ({ ...keys[kid].publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" });

function token(nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: subject, aud: client, iat: now, exp: now + 300, nonce };
  const header = { alg: "RS256", kid: mode === "rotated" ? "second" : "first", typ: "JWT" };
  if (mode === "alg_none") header.alg = "none";
  if (mode === "alg_hs256") header.alg = "HS256";
  if (mode === "wrong_issuer") claims.iss = "https://login.example.com";
  if (mode === "wrong_audience") claims.aud = "another-client";
  if (mode === "expired") Object.assign(claims, { iat: now - 7200, exp: now - 3600 });
  if (mode === "nonce_replayed") claims.nonce = firstNonce;
  if (mode === "no_nonce") delete claims.nonce;
  if (mode === "unlinked") claims.sub = "somebody-else";
  if (mode === "second_factor" || mode === "rotated") claims.amr = ["pwd", "otp"];
  const signed = `${base64(header)}.${base64(claims)}`;
  if (mode === "alg_none") return `${signed}.`;
  if (mode === "alg_hs256") return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  const key = mode === "wrong_key" ? keys.unpublished : keys[header.kid];
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key.privateKey).toString("base64url")}`;
}

const json = (response, value) => {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const asked = url.searchParams;
  switch (url.pathname) {
    case "/.well-known/openid-configuration":
      return json(response, {
        issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
        response_types_supported: ["code"], subject_types_supported: ["public"],
        // It claims to sign in every way: what is believed is the client's to choose.
        id_token_signing_alg_values_supported: ["none", "HS256", "RS256"],
      });
    case "/jwks":
      return json(response, { keys: mode === "rotated" ? [jwk("second")] : [jwk("first")] });
    case "/auth": {
      const code = randomUUID();
      rounds.set(code, asked.get("nonce"));
      firstNonce ??= asked.get("nonce");
      const back = new URL(asked.get("redirect_uri"));
      back.search = new URLSearchParams({ code, state: asked.get("state"), iss: issuer });
      return response.writeHead(303, { Location: back.href }).end();
    }
    case "/token": {
      let body = "";
      for await (const part of request) body += part;
      const code = new URLSearchParams(body).get("code");
      if (!rounds.has(code)) return response.writeHead(400).end();
      const nonce = rounds.get(code);
      rounds.delete(code);
      return json(response, { access_token: "a", token_type: "Bearer", expires_in: 60, id_token: token(nonce) });
    }
    case "/mode":
      mode = asked.get("is");
      return json(response, { mode });
    default:
      return response.writeHead(404).end();
  }
});
let issuer = "";
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(`listening ${issuer}`);
});
