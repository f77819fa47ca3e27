// How the console is built: files named by what is in them, scripts and styles compressed once, here, so that a server
// sends them as they lie. Two builds of the same sources give the same bytes.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { hashOfSources } from './scripts/source-hash.mjs'

/** Puts each script and style in the place of its compressed self, and the sources' hash beside them. */
function finished(): Plugin {
  return {
    name: 'finished',
    apply: 'build',
    writeBundle(options) {
      const assets = join(options.dir ?? 'dist', 'assets')
      for (const name of readdirSync(assets)) {
        if (!/\.(js|css)$/.test(name)) continue
        const file = join(assets, name)
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
        rmSync(file)
      }
      writeFileSync(join(options.dir ?? 'dist', 'SOURCE_HASH'), `${hashOfSources(import.meta.dirname)}\n`)
    },
  }
}

export default defineConfig({
  plugins: [react(), finished()],
  // The server puts a nonce of its own in this place, for each reply.
  html: { cspNonce: '__NONCE__' },
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/readyz': 'http://127.0.0.1:8080' } },
})
