// The words: both catalogues are in the program, and a word that a catalogue lacks is shown as its key.
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from './locales/en.json'
import zh from './locales/zh-CN.json'

const i18n = i18next.createInstance()

void i18n.use(initReactI18next).init({
  resources: { en: { translation: en }, 'zh-CN': { translation: zh } },
  fallbackLng: false,
  interpolation: { escapeValue: false },
  returnNull: false,
})

export default i18n
