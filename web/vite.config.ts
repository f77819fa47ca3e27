// How the console is built: files named by what is in them, scripts and styles compressed once, here, so that a server
// sends them as they lie. Two builds of the same sources give the same bytes.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { hashOfSources } from './scripts/source-hash.mjs'

const MOST = 350_000
/** What the first page needs besides what the entry needs: its own script, and the words of one language. */
const FIRST_PAGE = /\/src\/pages\/Home\.tsx$/
const WORDS = /\/src\/locales\/.*\.json$/

type Bundle = Parameters<Extract<NonNullable<Plugin['writeBundle']>, (...told: never[]) => unknown>>[1]

/** The scripts that a browser loads until the first page is seen, with the larger catalogue; tests add up their sizes. */
function loadedFirst(bundle: Bundle, sizeOf: (name: string) => number): string[] {
  const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
  const of = (pattern: RegExp) => chunks.filter((one) => pattern.test(one.facadeModuleId ?? ''))
  const [words] = of(WORDS).sort((one, other) => sizeOf(other.fileName) - sizeOf(one.fileName))
  const wanted = [...chunks.filter((one) => one.isEntry), ...of(FIRST_PAGE), ...(words === undefined ? [] : [words])].map((one) => one.fileName)
  const first = new Set<string>()
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (first.has(name)) continue
    first.add(name)
    const chunk = bundle[name]
    if (chunk?.type === 'chunk') wanted.push(...chunk.imports)
  }
  return [...first].sort()
}

/** Puts each script and style in the place of its compressed self, and beside them the sources' hash and what is loaded first. */
function finished(): Plugin {
  return {
    name: 'finished',
    apply: 'build',
    writeBundle(options, bundle) {
      const dist = options.dir ?? 'dist'
      const assets = join(dist, 'assets')
      for (const name of readdirSync(assets)) {
        if (!/\.(js|css)$/.test(name)) continue
        const file = join(assets, name)
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
        rmSync(file)
      }
      const sizeOf = (name: string) => statSync(join(dist, `${name}.gz`)).size
      const first = loadedFirst(bundle, sizeOf)
      writeFileSync(join(dist, 'FIRST'), `${first.join('\n')}\n`)
      const bytes = first.reduce((sum, name) => sum + sizeOf(name), 0)
      console.log(`${bytes} B of compressed scripts are loaded first, of ${MOST} that are allowed`)
      writeFileSync(join(dist, 'SOURCE_HASH'), `${hashOfSources(import.meta.dirname)}\n`)
    },
  }
}

export default defineConfig({
  plugins: [react(), finished()],
  // The server puts a nonce of its own in this place, for each reply.
  html: { cspNonce: '__NONCE__' },
  // A catalogue is read whole, by its keys.
  json: { namedExports: false },
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/readyz': 'http://127.0.0.1:8080' } },
})
