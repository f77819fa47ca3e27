// Checks a call's evidence bundle in this browser: every byte of the archive, the signatures of the log's key, each
// record's path to the Merkle root, and that the page shows the events that are proved. The format is that of
// docs/reference/proof.md; no server is asked whether it is true.

export interface Shown {
  id: string
  position: string
  type: string
  streamversion: number
  time: string
  data: unknown
}

export interface Checkpoint {
  key: string
  size: number
  root: string
  origin: string
}

export interface Proved {
  events: number
  size: number
}

/** The error that a bundle proves nothing; the message names what was checked, in the words of the format. */
export class NotProved extends Error {}

const BLOCK = 512
const BYTES_MAX = 64 * 1024 * 1024
const encoder = new TextEncoder()

function hold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new NotProved(what)
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)))
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function base64(text: string): Uint8Array<ArrayBuffer> {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    hold(btoa(String.fromCharCode(...bytes)) === text, 'base64')
    return bytes
  } catch {
    throw new NotProved('base64')
  }
}

function text(bytes: Uint8Array | undefined, name: string): string {
  hold(bytes !== undefined, `${name} is missing`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new NotProved(`${name} is no text`)
  }
}

/** Returns a tar header as the format requires; each header of an archive must equal it byte for byte. */
function header(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK)
  const put = (value: string, at: number) => block.set(encoder.encode(value), at)
  put(name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${size.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put('        ', 148)
  put('0', 156)
  put('ustar\x0000', 257)
  const sum = block.reduce((all, byte) => all + byte, 0)
  put(`${sum.toString(8).padStart(7, '0')}\0`, 148)
  return block
}

/** Returns the files of an archive. Throws unless it is written exactly as the format requires. */
export function unpacked(archive: Uint8Array): Map<string, Uint8Array> {
  hold(archive.length <= BYTES_MAX && archive.length % BLOCK === 0, 'the archive has no whole blocks')
  const files = new Map<string, Uint8Array>()
  let at = 0
  let before = ''
  while (at + 2 * BLOCK < archive.length) {
    const block = archive.subarray(at, at + BLOCK)
    const name = new TextDecoder().decode(block.subarray(0, 100)).replace(/\0+$/, '')
    const size = Number.parseInt(new TextDecoder().decode(block.subarray(124, 135)), 8)
    hold(name > before && Number.isSafeInteger(size), 'the archive names a file twice, or out of order')
    hold(same(block, header(name, size)), `the archive's header of ${name}`)
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK
    hold(end <= archive.length, `${name} is cut off`)
    files.set(name, archive.subarray(at + BLOCK, at + BLOCK + size))
    hold(archive.subarray(at + BLOCK + size, end).every((byte) => byte === 0), `what is behind ${name}`)
    before = name
    at = end
  }
  hold(archive.length === at + 2 * BLOCK && archive.subarray(at).every((byte) => byte === 0), "the archive's end")
  return files
}

interface Key {
  name: string
  id: Uint8Array
  verify: (signature: Uint8Array<ArrayBuffer>, signed: string) => Promise<boolean>
}

async function keyOf(vkey: string): Promise<Key> {
  const [name = '', id = '', encoded = ''] = vkey.trim().split('+')
  const typed = base64(vkey.trim().slice(name.length + id.length + 2))
  hold(encoded !== '' && typed[0] === 1 && typed.length === 33, 'the key is no Ed25519 key')
  const expected = await sha256(encoder.encode(`${name}\n`), typed)
  hold(hex(expected.subarray(0, 4)) === id, "the key's id")
  const key = await crypto.subtle.importKey('raw', typed.slice(1), 'Ed25519', false, ['verify'])
  return {
    name,
    id: expected.slice(0, 4),
    verify: (signature, signed) => crypto.subtle.verify('Ed25519', key, signature, encoder.encode(signed)),
  }
}

/** Returns the text of a signed note after checking the key's signature. */
async function noted(note: string, key: Key, what: string): Promise<string> {
  const cut = note.lastIndexOf('\n\n')
  hold(cut >= 0 && note.endsWith('\n'), `${what} is no signed note`)
  const signed = note.slice(0, cut + 1)
  const lines = note.slice(cut + 2, -1).split('\n')
  const ours = lines.filter((line) => line.startsWith(`\u2014 ${key.name} `))
  hold(ours.length === 1, `${what} has not one signature of the log`)
  const bytes = base64((ours[0] ?? '').slice(key.name.length + 3))
  hold(bytes.length === 68 && same(bytes.subarray(0, 4), key.id), `${what}'s signature names another key`)
  hold(await key.verify(bytes.slice(4), signed), `${what}'s signature`)
  return signed
}

/** Checks each line `<sha256>  <name>` against the files. */
async function hashed(lines: string, files: Map<string, Uint8Array>, what: string): Promise<string[]> {
  const names: string[] = []
  for (const line of lines.replace(/\n$/, '').split('\n')) {
    const [hash = '', name = ''] = line.split('  ')
    const file = files.get(name)
    hold(file !== undefined && hex(await sha256(file)) === hash, `${what} says another hash of ${name}`)
    names.push(name)
  }
  return names
}

/** Returns the root computed from a leaf and its path (RFC 9162, 2.1.3.2). */
async function rootOf(leaf: Uint8Array, index: number, size: number, path: Uint8Array[]): Promise<Uint8Array> {
  hold(index < size, 'a leaf behind the end of the tree')
  let [node, last, hash] = [index, size - 1, leaf]
  for (const sibling of path) {
    hold(last > 0, 'a path that is too long')
    if (node % 2 === 1 || node === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2)
        last = Math.floor(last / 2)
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  hold(last === 0, 'a path that is too short')
  return hash
}

/** Returns an RFC 3339 instant with six decimals as microseconds since 1970, in eight bytes. */
function instant(time: string): Uint8Array {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(time)
  hold(parts !== null, 'a time of recording')
  const bytes = new Uint8Array(8)
  const micros = BigInt(Date.parse(`${parts[1] ?? ''}Z`)) * 1000n + BigInt(parts[2] ?? '0')
  new DataView(bytes.buffer).setBigInt64(0, micros)
  return bytes
}

interface Indexed {
  index: number
  position: number
  recorded_at: string
  stream: string
  stream_version: number
  kind: string
}

/** Returns JSON with sorted members, so that equal values have equal texts. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

async function included(event: Indexed, files: Map<string, Uint8Array>, checkpoint: string, size: number, root: Uint8Array) {
  const name = `events/${String(event.index).padStart(12, '0')}`
  const record = files.get(`${name}.record`)
  const proof = text(files.get(`${name}.tlog-proof`), name)
  hold(record !== undefined, `${name} is missing`)
  const stored = JSON.parse(text(record, name)) as { id: string; kind: string; stream: string; stream_version: number; at: string; data: unknown }
  hold(stored.stream === event.stream && stored.kind === event.kind && stored.stream_version === event.stream_version, `${name} is another event than index.json says`)
  const [head = '', behind = ''] = [proof.slice(0, proof.indexOf('\n\n')), proof.slice(proof.indexOf('\n\n') + 2)]
  const [format, index, ...path] = head.split('\n')
  hold(format === 'c2sp.org/tlog-proof@v1' && index === `index ${event.index}` && behind === checkpoint, `the proof of ${name}`)
  const leaf = await sha256(Uint8Array.of(0), instant(event.recorded_at), record)
  hold(same(await rootOf(leaf, event.index, size, path.map(base64)), root), `${name} is not in the tree`)
  return stored
}

/** Returns what a bundle proves about the call with the shown events; throws the reason if it proves nothing. */
export async function check(bytes: ArrayBuffer, call: string, shown: readonly Shown[], now: Checkpoint): Promise<Proved> {
  const files = unpacked(new Uint8Array(bytes))
  const key = await keyOf(now.key)
  hold(text(files.get('key.vkey'), 'key.vkey').trim() === now.key.trim(), 'the bundle is of another log')
  const manifest = await noted(text(files.get('MANIFEST'), 'MANIFEST'), key, 'MANIFEST')
  hold(manifest.startsWith('ledgerline-bundle/1\n'), 'the format of the bundle')
  const named = await hashed(manifest.slice('ledgerline-bundle/1\n'.length), files, 'MANIFEST')
  const events = await hashed(text(files.get('events.sha256'), 'events.sha256'), files, 'events.sha256')
  hold(named.length + events.length + 1 === files.size, 'the bundle has files that nothing names')
  const signed = text(files.get('checkpoint'), 'checkpoint')
  const [origin, count, encoded = ''] = (await noted(signed, key, 'checkpoint')).split('\n')
  const [size, root] = [Number(count), base64(encoded)]
  hold(origin === now.origin && Number.isSafeInteger(size), 'the checkpoint is of another log')
  hold(size <= now.size, 'the bundle is of a longer log than this one')
  hold(size !== now.size || hex(root) === now.root, 'the log has another root at this size')
  const index = JSON.parse(text(files.get('index.json'), 'index.json')) as { subject: { id: string }; events: Indexed[] }
  hold(index.subject.id === call, 'the bundle is of another call')
  hold(events.length === 2 * index.events.length, 'index.json names other events than there are')
  const records = new Map<number, { id: string; kind: string; at: string; data: unknown; version: number }>()
  for (const event of index.events) {
    const stored = await included(event, files, signed, size, root)
    if (event.stream === `call-${call}`) {
      records.set(event.position, { id: stored.id, kind: stored.kind, at: stored.at, data: stored.data, version: event.stream_version })
    }
  }
  hold(records.size === shown.length, 'the page shows other events than are proved')
  for (const event of shown) {
    const record = records.get(Number(event.position))
    const isSame = record?.id === event.id && record.kind === event.type && record.version === event.streamversion && record.at === event.time
    hold(isSame && plain(record?.data) === plain(event.data), `the page shows event ${event.position} otherwise than it is proved`)
  }
  return { events: index.events.length, size }
}
