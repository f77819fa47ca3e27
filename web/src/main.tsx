// Begins the console: words, theme, queries and routes. The nonce is the one of the reply that brought this script.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/client'
import { noticeTouches } from './app/attended'
import { speak, useIsDark, useLanguage } from './app/preferences'
import { router } from './app/router'
import { themeOf } from './app/theme'
import './style.css'

const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''

// Some of Ant Design's styles are made without the nonce that it was given. Who makes an element here is a script that
// the policy has let in already; a style that came with markup gets no nonce by this.
const make = document.createElement.bind(document)
document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const element = make(name, options)
  if (element instanceof HTMLStyleElement) element.nonce = nonce
  return element
}) as typeof document.createElement

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server has said about the question is not asked again; what it could not say now is.
      retry: (failures, why) => failures < 2 && why instanceof Problem && (why.status === 0 || why.status === 429 || why.status >= 500),
      refetchOnWindowFocus: true,
      staleTime: 1_000,
    },
  },
})

// The library's own turning mark has a name of its own, in English, and stays in a button whose answer came at once: it
// waits for the end of a movement that never began. This one says nothing, and goes with the wait.
const BUSY = <span className="busy" aria-hidden="true" />

function Console() {
  const dark = useIsDark()
  const lang = useLanguage()
  useEffect(() => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
  }, [dark])
  return (
    <ConfigProvider theme={themeOf(dark)} locale={lang === 'en' ? enUS : zhCN} csp={{ nonce }} button={{ autoInsertSpace: false, loadingIcon: BUSY }} wave={{ disabled: true }}>
      <App>
        <RouterProvider router={router} />
      </App>
    </ConfigProvider>
  )
}

/** Shows the page once there are words for it. */
async function begin(root: HTMLElement) {
  noticeTouches()
  try {
    await speak()
  } catch {
    // Without words the page itself says so, in both languages.
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
