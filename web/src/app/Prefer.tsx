// The user's preferences on all devices: language, theme and first page. The server stores them, with a check of the
// version that was read. A choice made in this browser takes precedence here.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, Problem } from '../api/client'
import { getVersioned, put } from '../api/versions'
import { Ask } from '../components/Ask'
import { BothVersions } from '../components/BothVersions'
import { HOME_PAGES, pathOf, wordOf, type HomePage, type Preferred } from './homePage'
import { preferHere } from './preferences'
import { useMe } from './session'

const KEY = ['preferences']
/** Whether the preferred first page has been opened since this script started. */
let isThere = false

/**
 * Applies the user's preferences once they are signed in: language and theme of a browser without its own choice, and
 * the first page.
 */
export function usePreferred(): void {
  const navigate = useNavigate()
  const me = useMe()
  const { data } = useQuery({ queryKey: KEY, queryFn: () => get('/api/v1/preferences'), enabled: me?.user != null, staleTime: Infinity, retry: false })
  useEffect(() => {
    if (data === undefined) return
    preferHere({ language: data.language ?? null, theme: data.theme ?? null })
    const isFirst = !isThere && location.pathname === '/'
    isThere = true
    if (isFirst && data.home != null && data.home !== 'home') void navigate({ to: pathOf(data.home), replace: true })
  }, [data, navigate])
}

export function Prefer({ onLeave }: { onLeave: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const read = useQuery({ queryKey: [...KEY, 'asked'], queryFn: () => getVersioned('/api/v1/preferences', []), staleTime: 0, gcTime: 0 })
  const [typed, setTyped] = useState<Partial<Preferred>>({})
  const [over, setOver] = useState<{ reply: Preferred; etag: string } | null>(null)
  const base = over ?? read.data
  const chosen = { ...read.data?.reply, ...typed }
  const words = (one: Partial<Preferred>) => [one.language, one.theme === undefined || one.theme === null ? null : t(`prefer.theme.${one.theme}`), one.home == null ? null : t(wordOf(one.home))].filter((word) => word != null).join(' · ') || t('prefer.none')
  const send = async () => {
    const { language, theme, home } = chosen
    const body = { ...(language == null ? {} : { language }), ...(theme == null ? {} : { theme }), ...(home == null ? {} : { home }) }
    try {
      await put('/api/v1/preferences', [], base?.etag ?? '', body)
      await queries.invalidateQueries({ queryKey: KEY })
    } catch (why) {
      if (why instanceof Problem && why.status === 412) setOver(await getVersioned('/api/v1/preferences', []))
      throw why
    }
  }
  return (
    <Ask title={t('prefer.title')} what={t('prefer.what')} ok={t('prefer.keep')} isReady={base !== undefined} send={send} onLeave={onLeave}>
      {over !== null && <BothVersions mine={words(chosen)} theirs={words(over.reply)} />}
      <Select<'zh-CN' | 'en'>
        allowClear
        aria-label={t('top.language')}
        placeholder={t('top.language')}
        value={chosen.language ?? null}
        onChange={(language?: 'zh-CN' | 'en') => setTyped({ ...typed, language: language ?? null })}
        options={[{ value: 'zh-CN', label: t('prefer.chinese') }, { value: 'en', label: t('prefer.english') }]}
      />
      <Select<'light' | 'dark'>
        allowClear
        aria-label={t('prefer.themeOf')}
        placeholder={t('prefer.themeOf')}
        value={chosen.theme ?? null}
        onChange={(theme?: 'light' | 'dark') => setTyped({ ...typed, theme: theme ?? null })}
        options={(['light', 'dark'] as const).map((value) => ({ value, label: t(`prefer.theme.${value}`) }))}
      />
      <Select<HomePage>
        allowClear
        aria-label={t('prefer.home')}
        placeholder={t('prefer.home')}
        value={chosen.home ?? null}
        onChange={(home?: HomePage) => setTyped({ ...typed, home: home ?? null })}
        options={HOME_PAGES.map((value) => ({ value, label: t(wordOf(value)) }))}
      />
    </Ask>
  )
}
