// Makes the types of what the console knows of the API, made/schema.d.ts, from src/api/contract.json. They are made
// before each build and kept nowhere: the contract says the same, and one of two would be stale one day.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const contract = JSON.parse(readFileSync('src/api/contract.json', 'utf8'))
mkdirSync('made', { recursive: true })
writeFileSync('made/schema.d.ts', astToString(await openapiTS(contract)))
