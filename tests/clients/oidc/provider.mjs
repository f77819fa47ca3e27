// A real OpenID provider (oidc-provider) for one client: says its address, then is told where the client waits.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const [client_id, client_secret] = process.argv.slice(2);
let answer = (_, response) => response.writeHead(503).end();
const server = createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(`listening ${issuer}`);
  createInterface({ input: process.stdin }).once("line", (redirect) => {
    const provider = new Provider(issuer, {
      clients: [{ client_id, client_secret, redirect_uris: [redirect], response_types: ["code"] }],
      cookies: { keys: ["of this run alone"] },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      pkce: { required: () => true },
      features: { devInteractions: { enabled: true } },
    });
    answer = provider.callback();
    console.log("ready");
  });
});
