// The badge of proof accepts a call's bundle as the server sends it, and refuses each of many that were altered on their
// way: in the archive, in what is signed, in the records, and in what the page was told beside.

const BLOCK = 512

function filesOf(archive) {
  const files = []
  for (let at = 0; at + 2 * BLOCK < archive.length; ) {
    const name = archive.subarray(at, at + 100).toString().replace(/\0+$/, '')
    const size = Number.parseInt(archive.subarray(at + 124, at + 135).toString(), 8)
    files.push({ name, at, body: at + BLOCK, size })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function flipped(archive, at) {
  const other = Buffer.from(archive)
  other[at] ^= 1
  return other
}

/** Each alteration: its name, and the reply's bytes instead. */
function alterations(archive) {
  const files = filesOf(archive)
  const of = (name) => files.find((file) => file.name === name)
  const records = files.filter((file) => file.name.endsWith('.record'))
  const proofs = files.filter((file) => file.name.endsWith('.tlog-proof'))
  const middle = (file) => file.body + (file.size >> 1)
  const last = records[records.length - 1]
  const without = Buffer.concat([archive.subarray(0, last.at), archive.subarray(last.at + BLOCK + Math.ceil(last.size / BLOCK) * BLOCK)])
  const found = [
    ['a header', flipped(archive, of('MANIFEST').at + 101)],
    ['the first record', flipped(archive, middle(records[0]))],
    ['a record in the middle', flipped(archive, middle(records[records.length >> 1]))],
    ['the last record', flipped(archive, middle(last))],
    ['a way to the root', flipped(archive, proofs[0].body + 60)],
    ['the last way to the root', flipped(archive, middle(proofs[proofs.length - 1]))],
    ["a way's own checkpoint", flipped(archive, proofs[0].body + proofs[0].size - 20)],
    ['the checkpoint', flipped(archive, of('checkpoint').body + 3)],
    ["the checkpoint's size", flipped(archive, of('checkpoint').body + 30)],
    ["the checkpoint's signature", flipped(archive, of('checkpoint').body + of('checkpoint').size - 30)],
    ['the manifest', flipped(archive, of('MANIFEST').body + 30)],
    ["the manifest's signature", flipped(archive, of('MANIFEST').body + of('MANIFEST').size - 30)],
    ['the list of hashes', flipped(archive, of('events.sha256').body + 5)],
    ['the index', flipped(archive, middle(of('index.json')))],
    ['the copy to read', flipped(archive, middle(of('index.html')))],
    ['the key', flipped(archive, middle(of('key.vkey')))],
    ['what is behind a file', flipped(archive, of('checkpoint').body + of('checkpoint').size)],
    ["the archive's end", archive.subarray(0, archive.length - BLOCK)],
    ['a file too few', without],
    ['half of it', archive.subarray(0, Math.floor(archive.length / 2 / BLOCK) * BLOCK)],
  ]
  return found
}

export async function badge(visit, begin, endedCall) {
  await begin(visit, 'auditor', '/calls')
  const { page } = visit
  const id = await endedCall(visit)
  visit.isTrying = true
  let altered = null
  let whole = null
  await page.route('**/proof', async (route) => {
    const reply = await route.fetch()
    whole = await reply.body()
    await route.fulfill({ response: reply, body: altered === null ? whole : altered(whole) })
  })
  let isOther = (told) => told
  await page.route('**/log/checkpoint', async (route) => {
    const reply = await route.fetch()
    await route.fulfill({ response: reply, json: isOther(await reply.json()) })
  })
  await visit.open(`/calls/${id}`)
  await page.getByText('证明有效').waitFor()
  await visit.shot('accepted')
  const names = alterations(whole).map(([name]) => name)
  const refused = async (name) => {
    await visit.open(`/calls/${id}`)
    const said = page.getByText(/证明有效|证明无效/)
    await said.waitFor()
    visit.hold((await said.innerText()).includes('证明无效'), `accepted with ${name} altered`)
  }
  for (const [at, name] of names.entries()) {
    altered = (bytes) => alterations(bytes)[at][1]
    await refused(name)
  }
  altered = null
  for (const [name, other] of [
    ['the name of the log', (told) => ({ ...told, origin: `${told.origin}0` })],
    ['the key of the log', (told) => ({ ...told, key: told.key.replace(/.$/, (one) => (one === 'A' ? 'B' : 'A')) })],
    ['the size of the log', (told) => ({ ...told, size: 1 })],
  ]) {
    isOther = other
    await refused(name)
  }
  await visit.shot('refused')
}
