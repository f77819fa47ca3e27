// The words: a catalogue comes with the first page that speaks its language, so that nobody loads the other one; a word
// that a catalogue lacks is shown as its key.
import i18next, { type ResourceKey } from 'i18next'
import { initReactI18next } from 'react-i18next'

const CATALOGUES: Record<'en' | 'zh-CN', () => Promise<{ default: ResourceKey }>> = {
  en: () => import('./locales/en.json'),
  'zh-CN': () => import('./locales/zh-CN.json'),
}
const WORDS = 'translation'

const i18n = i18next.createInstance()

void i18n.use(initReactI18next).init({
  resources: {},
  fallbackLng: false,
  interpolation: { escapeValue: false },
  returnNull: false,
})

/** Fetches the words of a language, unless they are here. */
export async function learn(language: keyof typeof CATALOGUES): Promise<void> {
  if (i18n.hasResourceBundle(language, WORDS)) return
  const words = await CATALOGUES[language]()
  i18n.addResourceBundle(language, WORDS, words.default)
}

export default i18n
