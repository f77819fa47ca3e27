// message-db's write_message, one connection per producer: in one category, then with a category per connection.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { cases, databaseOf, durable, measure } from "./measure.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const url = await databaseOf(process.env.PEER_URL, "peer_message_db");
const { host, port, user, password, database } = new pg.Client({ connectionString: url });
execFileSync(join(here, "node_modules/@eventide/message-db/database/install.sh"), {
  env: { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password ?? "",
    DATABASE_NAME: database, CREATE_DATABASE: "off" },
  stdio: "ignore",
});
await durable(url);
const data = JSON.stringify({ text: "x".repeat(388) });
for (const [mode, category] of [
  ["one category", () => "bench"],
  ["a category per connection", (producer) => `bench${producer}`],
]) {
  for (const { producers, asked, batch, commits } of cases().filter(({ batch }) => batch === 1)) {
    const clients = await Promise.all(Array.from({ length: producers }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("SET search_path TO message_store");
      return client;
    }));
    await measure({ peer: `message-db, ${mode}`, producers, asked, batch, commits }, async (producer, commit) => {
      await clients[producer].query({
        name: "write",
        text: "SELECT write_message($1, $2, $3, $4, NULL, $5)",
        values: [randomUUID(), `${category(producer)}-${producer}x${producers}`, "Recorded", data, commit - 1],
      });
    });
    await Promise.all(clients.map((client) => client.end()));
  }
}
