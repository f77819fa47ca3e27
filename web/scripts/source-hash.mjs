// The hash of everything that the built console follows from: its sources and its lock file. The tree's own checks
// compute the same (tests/tidy/console.rs), so that a build that is stale is found without Node.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

const SOURCES = ['index.html', 'package-lock.json', 'package.json', 'scripts', 'src', 'tsconfig.json', 'vite.config.ts']

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)))
}

/** SHA-256 over each file's path, length and bytes, by path in the order of its bytes. */
export function hashOfSources(root) {
  const named = SOURCES.flatMap((name) => filesBelow(join(root, name))).map((file) => ({
    file,
    path: relative(root, file).split(sep).join('/'),
  }))
  named.sort((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)))
  const hash = createHash('sha256')
  for (const { file, path } of named) {
    const bytes = readFileSync(file)
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(hashOfSources(process.argv[2] ?? '.'))
}
