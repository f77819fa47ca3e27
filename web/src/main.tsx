// The entry point of the console: translations, theme, queries and routes. The nonce is that of the response with this
// script.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { useTranslation } from 'react-i18next'
import { Problem } from './api/client'
import { noticeTouches } from './app/attended'
import { speak, useIsDark, useLanguage } from './app/preferences'
import { router } from './app/router'
import { themeOf } from './app/theme'
import './style.css'

const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''

// Some of Ant Design's styles are created without the given nonce. Elements created here come from a script that the
// policy has admitted; a style that comes with markup gets no nonce this way.
const make = document.createElement.bind(document)
document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const element = make(name, options)
  if (element instanceof HTMLStyleElement) element.nonce = nonce
  return element
}) as typeof document.createElement

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A query that the server has answered is not retried; one that it could not answer now is.
      retry: (failures, why) => failures < 2 && why instanceof Problem && (why.status === 0 || why.status === 429 || why.status >= 500),
      refetchOnWindowFocus: true,
      staleTime: 1_000,
    },
  },
})

// The library's spinner has an English name of its own, and stays in a button after a response that came at once,
// because it waits for the end of an animation that never began. This one has no name and disappears with the wait.
const BUSY = <span className="busy" aria-hidden="true" />

/** What a table or a list of choices shows while it has no rows, in our words: the library has no text for each of our languages. */
function Nothing() {
  const { t } = useTranslation()
  return <span className="muted">{t('state.none')}</span>
}

function Console() {
  const dark = useIsDark()
  const lang = useLanguage()
  useEffect(() => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
  }, [dark])
  return (
    <ConfigProvider theme={themeOf(dark)} locale={lang === 'en' ? enUS : zhCN} csp={{ nonce }} button={{ autoInsertSpace: false, loadingIcon: BUSY }} wave={{ disabled: true }} renderEmpty={() => <Nothing />}>
      <App>
        <RouterProvider router={router} />
      </App>
    </ConfigProvider>
  )
}

/** Shows the page once its catalogue is loaded. */
async function begin(root: HTMLElement) {
  noticeTouches()
  try {
    await speak()
  } catch {
    // Without a catalogue, the page shows a static text in both languages.
    root.querySelector('p')?.removeAttribute('hidden')
    return
  }
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Console />
      </QueryClientProvider>
    </StrictMode>,
  )
}

const root = document.getElementById('root')
if (root !== null) void begin(root)
