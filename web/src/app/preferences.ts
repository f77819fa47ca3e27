// What whoever looks prefers, kept by their browser: language and theme. Nothing else is kept there.
import { useSyncExternalStore } from 'react'
import i18n from '../i18n'

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

export function language(): Language {
  return (kept('language') ?? preferred.language) === 'en' ? 'en' : 'zh-CN'
}

export function isDark(): boolean {
  const said = kept('theme') ?? preferred.theme
  return said === null ? matchMedia('(prefers-color-scheme: dark)').matches : said === 'dark'
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language)
}

export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, isDark)
}

/** The words of the language that counts. */
export function speak(): void {
  document.documentElement.lang = language()
  void i18n.changeLanguage(language())
}

export function chooseLanguage(chosen: Language): void {
  keep('language', chosen)
  speak()
}

export function preferHere(told: typeof preferred): void {
  preferred = told
  speak()
  for (const hear of listeners) hear()
}

export function chooseDark(dark: boolean): void {
  keep('theme', dark ? 'dark' : 'light')
}
