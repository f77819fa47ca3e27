// The translations: a catalogue is loaded with the first page in its language, so that the other one is not loaded; a
// text missing from a catalogue is shown as its key.
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

/** Loads the catalogue of a language, if it is not loaded. */
export async function learn(language: keyof typeof CATALOGUES): Promise<void> {
  if (i18n.hasResourceBundle(language, WORDS)) return
  const words = await CATALOGUES[language]()
  i18n.addResourceBundle(language, WORDS, words.default)
}

export default i18n
