// What every peer on Node shares: cases, a database of its own, the durability check, and the figures.
import pg from "pg";

/** PEER_CASES as objects; at most 90 producers, for a server of 100 or 200 connections. */
export function cases() {
  return process.env.PEER_CASES.split(" ").filter(Boolean).map((text) => {
    const [producers, batch, commits] = text.split(":").map(Number);
    return { producers: Math.min(producers, 90), asked: producers, batch, commits };
  });
}

/** Drops and creates the database, and returns its URL. */
export async function databaseOf(server, name) {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${name}`);
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return server.replace(/\/[^/?]*(\?|$)/, `/${name}$1`);
}

/** Refuses to measure a server that may lose what it acknowledges. */
export async function durable(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const setting of ["fsync", "synchronous_commit", "full_page_writes"]) {
    const { rows } = await client.query(`SHOW ${setting}`);
    if (Object.values(rows[0])[0] === "off") {
      console.error(`${setting} is off`);
      process.exit(3);
    }
  }
  await client.end();
}

/** Commits of each producer before the watch starts: connections are made, code is compiled. */
const warmUp = 20;

/** Each producer commits one after the other; prints the case's JSON line. */
export async function measure({ peer, producers, asked, batch, commits }, commit) {
  const times = [];
  const one = async (producer, first, last) => {
    for (let number = first; number < last; number += 1) {
      const began = process.hrtime.bigint();
      await commit(producer, number);
      if (first > 0) times.push(Number(process.hrtime.bigint() - began) / 1000);
    }
  };
  const all = (first, last) =>
    Promise.all(Array.from({ length: producers }, (_, producer) => one(producer, first, last)));
  await all(0, warmUp);
  const began = process.hrtime.bigint();
  await all(warmUp, warmUp + commits);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  times.sort((a, b) => a - b);
  const place = (percent) => times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))];
  console.log(JSON.stringify({
    peer, producers, asked, batch, events: producers * commits * batch,
    per_second: (producers * commits * batch) / seconds, p50_us: place(50), p99_us: place(99),
  }));
}
