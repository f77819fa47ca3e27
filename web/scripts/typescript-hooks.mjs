// The hooks of typescript.mjs.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && context.parentURL?.endsWith('.ts')) {
    const address = new URL(`${specifier}.ts`, context.parentURL)
    if (existsSync(fileURLToPath(address))) return { url: address.href, shortCircuit: true }
  }
  return next(specifier, context)
}

export async function load(address, context, next) {
  if (!address.endsWith('.ts')) return next(address, context)
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true }
  const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(address), 'utf8'), { compilerOptions: options })
  return { format: 'module', source: outputText, shortCircuit: true }
}
