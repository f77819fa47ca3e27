// The sign-in form: name and password, a code if required, or the identity provider. The password is sent once and not
// stored. Where the connection is not secure there is no form, but the ways to a secure one.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input, Switch } from 'antd'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { get, keepCsrf, post, Problem } from '../api/client'
import { useReady } from '../api/queries'
import { Tag } from '../components/Marks'
import { Refused } from '../components/States'
import { chooseLanguage, useLanguage } from './preferences'
import { takesPasswords, waysInFrom } from './secureContext'
import { whoAmI } from './session'

export function SignInForm(props: { onDone?: (user: string | null) => void }) {
  return takesPasswords(window) ? <PasswordForm {...props} /> : <WaysIn />
}

function WaysIn() {
  const { t } = useTranslation()
  const { command, tunneled, secured } = waysInFrom(location)
  return (
    <div role="alert">
      <p>{t('door.unsafe')}</p>
      <ol>
        <li>{t('door.unsafeTunnel')} <code>{command}</code> <a href={tunneled}>{tunneled}</a></li>
        <li>{t('door.unsafeCertificate')} <code>{secured}</code></li>
        <li>{t('door.unsafeProxy')}</li>
      </ol>
    </div>
  )
}

function PasswordForm({ onDone }: { onDone?: (user: string | null) => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const ways = useQuery({ queryKey: ['ways'], queryFn: () => get('/api/v1/sign-in') })
  const [typed, setTyped] = useState({ name: '', password: '', code: '' })
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const wantsCode = refused instanceof Problem && refused.code === 'second-factor-needed'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setAsking(true)
    try {
      const { name, password, code } = typed
      const { reply } = await post('/api/v1/sign-in', [], { name, password, ...(code === '' ? {} : { code }) })
      keepCsrf(reply.csrf_token)
      setTyped({ name: '', password: '', code: '' })
      await queries.refetchQueries({ queryKey: whoAmI.queryKey })
      onDone?.(queries.getQueryData(whoAmI.queryKey)?.user ?? null)
    } catch (why) {
      setRefused(why)
    } finally {
      setAsking(false)
    }
  }
  const field = (name: 'name' | 'password' | 'code') => ({
    value: typed[name],
    'aria-label': t(`door.${name}`),
    placeholder: t(`door.${name}`),
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  })
  return (
    <form className="list" onSubmit={(event) => void submit(event)}>
      <Input size="large" autoComplete="username" required {...field('name')} />
      <Input.Password size="large" autoComplete="current-password" required {...field('password')} />
      {wantsCode && <Input size="large" autoComplete="one-time-code" maxLength={64} autoFocus {...field('code')} />}
      {refused !== null && <Refused why={refused} />}
      <Button size="large" type="primary" htmlType="submit" block loading={isAsking}>{t('door.signIn')}</Button>
      {ways.data?.issuer != null && <a href="/api/v1/oidc/begin">{t('door.provider')}</a>}
      <span className="muted">
        <a href="/second-factor">{t('door.secondFactor')}</a> · <a href="/password">{t('door.change')}</a>
      </span>
    </form>
  )
}

export function Door() {
  const { t } = useTranslation()
  const language = useLanguage()
  const ready = useReady()
  return (
    <main className="card door">
      <div className="head">
        <div className="brand">ledgerline</div>
        <span className="spread" />
        <Switch
          aria-label={t('top.language')}
          checked={language === 'en'}
          checkedChildren={t('top.languageEn')}
          unCheckedChildren={t('top.languageZh')}
          onChange={(isEnglish) => chooseLanguage(isEnglish ? 'en' : 'zh-CN')}
        />
      </div>
      <h1>{t('door.title')}</h1>
      {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsal')}</Tag>}
      <SignInForm />
    </main>
  )
}
