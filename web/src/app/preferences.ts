// The preferences stored in this browser: language and theme. Nothing else is stored there.
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
    // If the browser cannot store it, the choice is lost at the next start.
  }
  for (const hear of listeners) hear()
}

function subscribe(hear: () => void): () => void {
  listeners.add(hear)
  return () => listeners.delete(hear)
}

/** The user's preferences on all devices; used if this browser has no own choice. */
let preferred: { language: Language | null; theme: 'light' | 'dark' | null } = { language: null, theme: null }

function wanted(): Language {
  return (kept('language') ?? preferred.language) === 'en' ? 'en' : 'zh-CN'
}

/** The language of the page: the wanted one, once its catalogue is loaded. */
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

/** Switches to the wanted language, once its catalogue is loaded. */
export async function speak(): Promise<void> {
  const asked = wanted()
  await learn(asked)
  // Another language was chosen meanwhile; its own call will switch.
  if (asked !== wanted()) return
  spoken = asked
  document.documentElement.lang = asked
  await i18n.changeLanguage(asked)
  for (const hear of listeners) hear()
}

/** Switches the language; if the catalogue cannot be loaded, the page keeps its language. */
function speakOrStay(): void {
  speak().catch(() => undefined)
}

export function chooseLanguage(chosen: Language): void {
  keep('language', chosen)
  speakOrStay()
}

export function preferHere(chosen: typeof preferred): void {
  preferred = chosen
  speakOrStay()
  for (const hear of listeners) hear()
}

export function chooseDark(dark: boolean): void {
  keep('theme', dark ? 'dark' : 'light')
}
