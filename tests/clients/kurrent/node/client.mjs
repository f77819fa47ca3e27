// The official Node client of KurrentDB against our endpoint: check, follow, append.
//
//   client.mjs check  HOST:PORT PLAN.json        reads everything, filters, refusals; prints one JSON line
//   client.mjs follow HOST:PORT IDS.txt COUNT    follows $all from the start, resumes when cut, until COUNT events;
//                                                connects again at the next line of standard input
//   client.mjs append HOST:PORT LINES.jsonl      appends records, one by one
//
// The server's token stands in LEDGERLINE_TOKEN. Reads send a login also without TLS; everything else does not,
// so that it is put among what this client sends (`createMetadataGenerator`).
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Metadata } from "@grpc/grpc-js";
import {
  AccessDeniedError, ANY, BACKWARDS, END, FORWARDS, KurrentDBClient, START, StreamNotFoundError,
  WrongExpectedVersionError, binaryEvent, eventTypeFilter, excludeSystemEvents, streamNameFilter,
} from "@kurrent/kurrentdb-client";

const TRIES_MAX = 300;

function connect(address) {
  const token = process.env.LEDGERLINE_TOKEN;
  const client = KurrentDBClient.connectionString`kurrentdb://anyone:${token}@${address}?tls=false`;
  client.createMetadataGenerator = () => (_, done) => {
    const metadata = new Metadata();
    metadata.add("authorization", `Bearer ${token}`);
    done(null, metadata);
  };
  return client;
}

const stranger = (address) => KurrentDBClient.connectionString`kurrentdb://${address}?tls=false`;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function refused(wanted, action) {
  try {
    await action();
  } catch (error) {
    return error instanceof wanted ? true : `${error?.constructor?.name}: ${error}`;
  }
  return "nothing was refused";
}

async function collect(reply) {
  const events = [];
  for await (const { event } of reply) events.push(event);
  return events;
}

function filterOf({ filterOn, prefixes, regex }) {
  const make = filterOn === "eventType" ? eventTypeFilter : streamNameFilter;
  return prefixes ? make({ prefixes }) : make({ regex });
}

async function check(address, planFile) {
  const plan = JSON.parse(readFileSync(planFile, "utf8"));
  const client = connect(address);
  const wrong = [];
  const same = (what, found, wanted) => {
    const [one, other] = [found, wanted].map((value) => JSON.stringify(value));
    if (one !== other) wrong.push({ what, found: one?.slice(0, 200), wanted: other?.slice(0, 200) });
  };
  const ids = (events) => events.map((event) => event.id);

  const began = performance.now();
  const events = await collect(client.readAll());
  const readS = (performance.now() - began) / 1000;
  same("events of $all", events.length, plan.events);
  same("positions grow", events.every((event, at) => at === 0 || event.position.commit > events[at - 1].position.commit), true);
  for (let at = 0; at < events.length; at += Math.max(1, Math.floor(events.length / 100))) {
    const event = events[at];
    same("id", event.data.id, event.id);
    same("type", event.data.kind, event.type);
    same("stream", event.data.stream, event.streamId);
    same("revision", event.data.stream_version - 1, Number(event.revision));
    if (event.type === "installation.named") continue; // It is of today.
    same("created", event.created.getTime(), plan.recorded_at_ms);
    same("custom metadata", event.metadata.recorded_at_us, plan.recorded_at_ms * 1000);
  }

  const half = Math.floor(events.length / 2);
  const fromPosition = events[half].position;
  same("forwards includes the position",
    ids(await collect(client.readAll({ fromPosition, maxCount: 3 }))), ids(events.slice(half, half + 3)));
  same("backwards leaves it out",
    ids(await collect(client.readAll({ fromPosition, direction: BACKWARDS, maxCount: 3 }))),
    ids(events.slice(half - 3, half).reverse()));
  same("backwards from the end",
    ids(await collect(client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 2 }))),
    ids(events.slice(-2).reverse()));
  for (const [name, wanted] of Object.entries(plan.filters)) {
    same(`filter ${name}`, (await collect(client.readAll({ filter: filterOf(wanted.node) }))).length, wanted.events);
  }

  const revisions = async (options) =>
    (await collect(client.readStream(plan.stream, options))).map((event) => Number(event.revision));
  const whole = Array.from({ length: plan.of_stream }, (_, at) => at);
  same("a stream forwards", await revisions({ direction: FORWARDS, fromRevision: START }), whole);
  same("a stream backwards", await revisions({ direction: BACKWARDS, fromRevision: END }), whole.slice().reverse());
  same("backwards from a revision", await revisions({ direction: BACKWARDS, fromRevision: 5n, maxCount: 3 }), [5, 4, 3]);
  same("forwards from a revision", await revisions({ fromRevision: 5n, maxCount: 3 }), [5, 6, 7]);

  const ofStream = client.subscribeToStream(plan.stream, { fromRevision: 4n });
  for await (const { event } of ofStream) {
    same("a stream subscription", Number(event.revision), 5);
    break;
  }
  let [seen, checkpoints] = [0, 0];
  const filter = eventTypeFilter({
    prefixes: [plan.rare.type], maxSearchWindow: 10, checkpointInterval: 2,
    checkpointReached: async () => { checkpoints += 1; },
  });
  const filtered = client.subscribeToAll({ fromPosition: START, filter });
  const caughtUp = new Promise((resolve) => filtered.on("caughtUp", resolve));
  filtered.on("data", () => { seen += 1; });
  await caughtUp;
  await filtered.unsubscribe();
  same("a filtered subscription", seen, plan.rare.events);
  same("checkpoints", checkpoints, Math.floor(plan.events / 20));

  same("an unknown stream", await refused(StreamNotFoundError, () => collect(client.readStream("number-nobody"))), true);
  const event = binaryEvent({ type: "x", data: new Uint8Array([123, 125]) });
  same("an append while read-only", await refused(AccessDeniedError, () => client.appendToStream("x-1", [event])), true);
  same("a deletion", await refused(Error, () => client.deleteStream(plan.stream)), true);
  await client.dispose();
  const other = stranger(address);
  same("a read without the token", await refused(Error, () => collect(other.readAll({ maxCount: 1 }))), true);
  same("an append without the token", await refused(Error, () => other.appendToStream("x-1", [event])), true);
  await other.dispose();
  say({ wrong, events_per_s: Math.round(events.length / readS) });
  return wrong.length === 0 ? 0 : 1;
}

async function follow(address, idsFile, count) {
  let [last, seen] = [START, 0];
  let ids = [];
  const flush = () => {
    appendFileSync(idsFile, ids.map((id) => `${id}\n`).join(""));
    ids = [];
  };
  writeFileSync(idsFile, "");
  const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const client = connect(address);
    try {
      const subscription = client.subscribeToAll({ fromPosition: last, filter: excludeSystemEvents() });
      for await (const { event } of subscription) {
        last = event.position;
        ids.push(event.id);
        seen += 1;
        if (seen % 1000 === 0 || seen === count) {
          flush();
          say({ seen });
        }
        if (seen === count) {
          await client.dispose();
          return 0;
        }
      }
    } catch {
      // Cut: connect again and go on from the last position.
    }
    flush();
    say({ cut_after: seen });
    await client.dispose().catch(() => {});
    // Whoever has killed the server says when another is there.
    if ((await told.next()).done) return 1;
  }
  return 1;
}

async function append(address, linesFile) {
  const client = connect(address);
  let [repeated, conflict, foreign] = [null, null, null];
  const lines = readFileSync(linesFile, "utf8").split("\n").filter(Boolean);
  for (const [number, line] of lines.entries()) {
    const one = JSON.parse(line);
    const event = binaryEvent({ id: one.id, type: one.type, data: Buffer.from(one.data) });
    const options = { streamState: BigInt(one.expected_revision) };
    const { position, nextExpectedRevision } = await client.appendToStream(one.stream, [event], options);
    if (number === 0) {
      // The same again is answered as before; the same place for another event is a conflict.
      const again = await client.appendToStream(one.stream, [event], options);
      repeated = again.position.commit === position.commit && again.nextExpectedRevision === nextExpectedRevision;
      const other = binaryEvent({ type: "x", data: Buffer.from('{"a":1}') });
      foreign = await refused(Error, () => client.appendToStream(one.stream, [other], { streamState: ANY }));
      const record = JSON.parse(one.data);
      record.stream_version += 5;
      record.id = randomUUID();
      const stale = binaryEvent({ id: record.id, type: one.type, data: Buffer.from(JSON.stringify(record)) });
      conflict = await refused(WrongExpectedVersionError, () =>
        client.appendToStream(one.stream, [stale], { streamState: BigInt(one.expected_revision + 5) }));
    }
  }
  await client.dispose();
  say({ repeated, conflict, foreign_refused: foreign });
  return repeated === true && conflict === true && foreign === true ? 0 : 1;
}

const [, , command, address, file, count] = process.argv;
const commands = { check, follow: (where, into) => follow(where, into, Number(count)), append };
process.exit(await commands[command](address, file));
