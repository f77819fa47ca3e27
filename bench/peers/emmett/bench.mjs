// emmett's event store on PostgreSQL, each producer appending to a stream of its own with the expected version.
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import { cases, databaseOf, durable, measure } from "./measure.mjs";

const url = await databaseOf(process.env.PEER_URL, "peer_emmett");
await durable(url);
const store = getPostgreSQLEventStore(url);
await store.schema.migrate();
const event = { type: "Recorded", data: { text: "x".repeat(388) } };
for (const { producers, asked, batch, commits } of cases()) {
  const versions = Array.from({ length: producers }, () => undefined);
  const events = Array.from({ length: batch }, () => event);
  await measure({ peer: "emmett", producers, asked, batch, commits }, async (producer) => {
    const expected = versions[producer];
    const appended = await store.appendToStream(`bench-${producer}x${producers}x${batch}`, events,
      { expectedStreamVersion: expected ?? "STREAM_DOES_NOT_EXIST" });
    versions[producer] = appended.nextExpectedStreamVersion;
  });
}
await store.close();
