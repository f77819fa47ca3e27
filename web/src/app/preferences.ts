// What whoever looks prefers, kept by their browser: language and theme. Nothing else is kept there.
import { useSyncExternalStore } from 'react'
import i18n, { learn } from '../i18n'

export type Language = 'zh-CN' | 'en'

const listeners = new Set<() => void>()

function kept(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // A browser that keeps nothing asks again the next time.
  }
  for (const hear of listeners) hear()
}

function subscribe(hear: () => void): () => void {
  listeners.add(hear)
  return () => listeners.delete(hear)
}

/** What the user prefers wherever they sign in: it counts where nobody has switched this browser. */
let preferred: { language: Language | null; theme: 'light' | 'dark' | null } = { language: null, theme: null }

function wanted(): Language {
  return (kept('language') ?? preferred.language) === 'en' ? 'en' : 'zh-CN'
}

/** In which language the page is: the one that is wanted, once its words are here. */
let spoken: Language = wanted()

export function isDark(): boolean {
  const said = kept('theme') ?? preferred.theme
  return said === null ? matchMedia('(prefers-color-scheme: dark)').matches : said === 'dark'
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, () => spoken)
}

export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, isDark)
}

/** Speaks the language that counts, once its words have come. */
export async function speak(): Promise<void> {
  const asked = wanted()
  await learn(asked)
  // Another one was chosen meanwhile: it speaks for itself.
  if (asked !== wanted()) return
  spoken = asked
  document.documentElement.lang = asked
  await i18n.changeLanguage(asked)
  for (const hear of listeners) hear()
}

/** Where the words do not come the page stays in the language that it is in. */
function speakOrStay(): void {
  speak().catch(() => undefined)
}

export function chooseLanguage(chosen: Language): void {
  keep('language', chosen)
  speakOrStay()
}

export function preferHere(told: typeof preferred): void {
  preferred = told
  speakOrStay()
  for (const hear of listeners) hear()
}

export function chooseDark(dark: boolean): void {
  keep('theme', dark ? 'dark' : 'light')
}
