// Makes what the console knows of the API from a server's own description: the operations that src/api/used.json
// names, with what they refer to. `node scripts/client.mjs OPENAPI.json`
import { readFileSync, writeFileSync } from 'node:fs'

const description = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const used = JSON.parse(readFileSync('src/api/used.json', 'utf8'))
const paths = {}
for (const operation of used) {
  const [method, path] = operation.split(' ')
  const found = description.paths[path]?.[method.toLowerCase()]
  if (!found) throw new Error(`the API has no ${operation}`)
  // What refuses is the same for all: a problem.
  const responses = Object.fromEntries(Object.entries(found.responses).filter(([status]) => status < '300'))
  const { parameters, requestBody } = found
  paths[path] = { ...paths[path], [method.toLowerCase()]: { parameters, requestBody, responses } }
}
const schemas = {}
const wanted = [JSON.stringify(paths)]
while (wanted.length > 0) {
  for (const [, name] of wanted.pop().matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (schemas[name]) continue
    schemas[name] = description.components.schemas[name]
    wanted.push(JSON.stringify(schemas[name]))
  }
}
const sorted = Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1)))
const contract = { openapi: description.openapi, info: { title: 'used by the console', version: '1' }, paths, components: { schemas: sorted } }
writeFileSync('src/api/contract.json', `${JSON.stringify(contract, null, 1)}\n`)
