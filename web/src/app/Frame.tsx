// The frame around every page: menu, rehearsal mark, dialing status, pending tasks and the signed-in user. Without a
// session it shows the sign-in form. If a session has ended, the form opens over the page, so that nothing typed is
// lost.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { App, Button, Modal, Switch } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { onEnded, whyIn } from '../api/client'
import { useAlerts, useLive, useReady } from '../api/queries'
import { Tag } from '../components/Marks'
import { Refused, Waiting } from '../components/States'
import { ApprovalNews } from './ApprovalNews'
import { DeskMenu } from './DeskMenu'
import { Door, SignInForm } from './Door'
import { Prefer, usePreferred } from './Prefer'
import { chooseDark, chooseLanguage, useIsDark, useLanguage } from './preferences'
import { signOut, useMay, useMe, useSeesAll, whoAmI } from './session'
import { useReachable } from './useReachable'

export function Frame() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const me = useQuery(whoAmI)
  const [hasEnded, setEnded] = useState(false)
  useEffect(() => onEnded(() => setEnded(true)), [])
  usePreferred()
  if (me.isPending) return <Waiting />
  if (me.data === undefined) return <Refused why={me.error} again={() => void me.refetch()} />
  if (me.data === null) return <Door />
  const user = me.data.user
  return (
    <div className="frame">
      {user !== null && <ApprovalNews key={user} user={user} />}
      <Menu />
      <div>
        <Top />
        <Work />
      </div>
      <Modal open={hasEnded} title={t('door.ended')} footer={null} closable={false} destroyOnHidden>
        <SignInForm
          onDone={(signedIn) => {
            // Another user signs in here: reload, so that they do not see data loaded for the previous user.
            if (signedIn !== user) location.reload()
            setEnded(false)
            void queries.invalidateQueries()
          }}
        />
      </Modal>
    </div>
  )
}

function Work() {
  const { t } = useTranslation()
  const place = useRef<HTMLElement>(null)
  useReachable(place, t('top.scrolls'))
  return (
    <main className="work" ref={place}>
      <Outlet />
    </main>
  )
}

function Menu() {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const alerts = useAlerts()
  const open = alerts.data?.items.length ?? 0
  return (
    <nav className="menu" aria-label={t('menu.name')}>
      <div className="brand data">ledgerline</div>
      <Link to="/" activeOptions={{ exact: true }}>{t('menu.home')}</Link>
      {may('campaigns:read') && <Link to="/campaigns">{t('menu.campaigns')}</Link>}
      {may('figures:read') && <Link to="/wall">{t('menu.wall')}</Link>}
      {may('customers:read') && <Link to="/customers">{t('menu.customers')}</Link>}
      {may('calls:read') && <Link to="/calls">{t('menu.calls')}</Link>}
      {may('rules:read') && seesAll && <Link to="/flows">{t('menu.flows')}</Link>}
      {may('figures:read') && <Link to="/reports">{t('menu.reports')}</Link>}
      {may('alerts:read') && (
        <Link to="/alerts">
          {t('menu.alerts')} {open > 0 && <b>{open}</b>}
        </Link>
      )}
      {may('figures:read') && seesAll && <Link to="/lines">{t('menu.lines')}</Link>}
      <h2>{t('desk.menu')}</h2>
      <DeskMenu />
      <h2>{t('menu.more')}</h2>
      <a href="/docs">{t('menu.api')}</a>
      <a href="/status">{t('menu.status')}</a>
    </nav>
  )
}

function Top() {
  const { t, i18n } = useTranslation()
  const { modal } = App.useApp()
  const me = useMe()
  const [dark, language] = [useIsDark(), useLanguage()]
  const ready = useReady()
  const live = useLive()
  const [isPreferring, setPreferring] = useState(false)
  const leave = () => {
    signOut().catch((why: unknown) => {
      modal.error({ content: <Refused why={why} /> })
    })
  }
  const open = live.data?.open
  const stops = ready.data?.stops ?? []
  return (
    <header className="top">
      {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsal')}</Tag>}
      {ready.error ? (
        <Tag tone="red">{t('top.notReady', { why: whyIn(i18n.language, ready.error) })}</Tag>
      ) : (
        ready.data && (
          <Tag tone={ready.data.dialing === 'dialing' ? 'line' : 'red'}>{t(`standing.${ready.data.dialing}`)}</Tag>
        )
      )}
      {stops.length > 0 && <Tag tone="red">{t('top.stops', { stops: stops.join(', ') })}</Tag>}
      {open !== undefined && (
        <span className="muted">
          {t('top.calls', { talking: open['talking'] ?? 0, ringing: (open['ringing'] ?? 0) + (open['dialing'] ?? 0) })}
        </span>
      )}
      {(live.data?.trunks ?? []).map((trunk) => (
        <span key={trunk.trunk} className={trunk.failures_in_row > 2 ? 'c-red' : 'muted'}>
          {t(trunk.failures_in_row > 2 ? 'top.trunkFailing' : 'top.trunk', { trunk: trunk.trunk, failures: trunk.failures_in_row })}
        </span>
      ))}
      <span className="spread" />
      <Switch
        aria-label={t('top.language')}
        checked={language === 'en'}
        checkedChildren={t('top.languageEn')}
        unCheckedChildren={t('top.languageZh')}
        onChange={(isEnglish) => chooseLanguage(isEnglish ? 'en' : 'zh-CN')}
      />
      <Switch
        aria-label={t('top.dark')}
        checked={dark}
        checkedChildren={t('top.darkOn')}
        unCheckedChildren={t('top.darkOff')}
        onChange={chooseDark}
      />
      <span className="muted"><span className="data">{me?.user ?? ''}</span>{` · ${(me?.roles ?? []).map((role) => t(`role.${role}`)).join(', ')}`}</span>
      {me?.user != null && <Button size="small" onClick={() => setPreferring(true)}>{t('prefer.title')}</Button>}
      {isPreferring && <Prefer onLeave={() => setPreferring(false)} />}
      <Button size="small" onClick={leave}>{t('top.signOut')}</Button>
    </header>
  )
}
