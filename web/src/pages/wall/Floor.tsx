// Each campaign and line at this moment: open calls, the last hour and the free capacity.
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Live } from '../../api/queries'
import { percent, seconds } from '../../app/format'
import { Empty } from '../../components/States'
import { Headroom } from '../lines/Headroom'
import { useDefinitions, useNames } from './Headline'

/** Most rows of a table on the wall, the busiest first; the number of further rows is shown. */
const ROWS_MAX = 12

function openOf(open: Record<string, number>): number {
  return Object.values(open).reduce((sum, one) => sum + one, 0)
}

export const CampaignsNow = memo(function CampaignsNow({ picture }: { picture: Live }) {
  const { t } = useTranslation()
  const name = useNames(picture.versions)
  const definition = useDefinitions(picture.versions)
  const all = [...picture.campaigns].sort((one, other) => openOf(other.open) - openOf(one.open) || other.last_hour.dialed - one.last_hour.dialed)
  return (
    <section className="card">
      <header>
        <h2>{t('menu.campaigns')}</h2>
        <span className="muted">{t('wall.lastHour')}</span>
      </header>
      {all.length === 0 && <Empty what={t(picture.of === 'all' ? 'wall.noCalls' : 'wall.noneNamed')} />}
      {all.length > 0 && (
        <div className="scroll-x">
          <table className="wall-table">
            <thead>
              <tr>
                <th>{t('campaigns.name')}</th>
                <th>{t('calls.talking')}</th>
                <th>{t('wall.ringing')}</th>
                <th>{t('wall.dialed')}</th>
                <th>{name('answer_ratio')}</th>
                <th title={definition('conversion_ratio')}>{name('conversion_ratio')}</th>
                <th>{name('talk_ms_mean')}</th>
              </tr>
            </thead>
            <tbody>
              {all.slice(0, ROWS_MAX).map((one) => (
                <tr key={one.campaign}>
                  <th><Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link></th>
                  <td>{one.open['talking'] ?? 0}</td>
                  <td>{(one.open['ringing'] ?? 0) + (one.open['dialing'] ?? 0)}</td>
                  <td>{one.last_hour.dialed}</td>
                  <td>{percent(one.last_hour.answer_ratio)}</td>
                  <td>{percent(one.last_hour.conversion_ratio)}</td>
                  <td>{seconds(one.last_hour.talk_ms_mean)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all.length > ROWS_MAX && <footer>{t('wall.more', { count: all.length - ROWS_MAX })}</footer>}
    </section>
  )
})

export const LinesNow = memo(function LinesNow({ picture }: { picture: Live }) {
  const { t } = useTranslation()
  if (picture.of !== 'all') return null
  const lines = picture.lines ?? []
  return (
    <section className="card">
      <header>
        <h2>{t('menu.lines')}</h2>
        <Link to="/lines">{t('wall.toLines')}</Link>
      </header>
      {lines.length === 0 && <Empty what={t('lines.notHere')} />}
      <ul className="list body">
        {lines.map((line) => (
          <li key={line.trunk}>
            <Headroom line={line} />
          </li>
        ))}
      </ul>
    </section>
  )
})
