// Where no password is typed, and what the page names instead.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { takesPasswords, waysInFrom } from '../src/app/secureContext'

const at = (url: string) => waysInFrom(new URL(url) as unknown as Location)

test('a password is typed only where the browser trusts the connection', () => {
  assert.equal(takesPasswords({ isSecureContext: true }), true)
  assert.equal(takesPasswords({ isSecureContext: false }), false)
})

test('the tunnel keeps the port, the page and its link', () => {
  assert.deepEqual(at('http://10.0.0.5:8080/set-up?x=1#first.abc'), {
    command: 'ssh -L 8080:127.0.0.1:8080 USER@10.0.0.5',
    tunneled: 'http://127.0.0.1:8080/set-up?x=1#first.abc',
    secured: 'https://10.0.0.5:8080/set-up?x=1#first.abc',
  })
})

test('a port of the system becomes one that a user may open, and an IPv6 address loses its brackets', () => {
  assert.deepEqual(at('http://[2001:db8::5]/'), {
    command: 'ssh -L 8080:127.0.0.1:80 USER@2001:db8::5',
    tunneled: 'http://127.0.0.1:8080/',
    secured: 'https://[2001:db8::5]/',
  })
})

test('both languages name the three ways', () => {
  for (const language of ['en', 'zh-CN']) {
    const { door } = JSON.parse(readFileSync(new URL(`../src/locales/${language}.json`, import.meta.url), 'utf8'))
    assert.ok(door.unsafe)
    assert.match(door.unsafeTunnel, /SSH/)
    assert.match(door.unsafeCertificate, /--tls-cert.*--tls-self-signed/)
    assert.match(door.unsafeProxy, /X-Forwarded-Proto: https.*--trusted-proxy/)
  }
})
