// Lets Node read our TypeScript as it is, for unit tests: types are taken out, and an import without an extension is that
// of a .ts file beside it. `node --import ./scripts/typescript.mjs --test tests/FILE.test.ts`
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
