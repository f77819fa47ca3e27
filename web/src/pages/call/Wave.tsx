// The player of a recording with the waveforms of both sides; a click moves the whole page to that moment.
import { useEffect, useRef, useState } from 'react'
import WaveSurfer from 'wavesurfer.js'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { clockOf } from '../../app/format'
import type { Waveform } from './story'

interface Props {
  sound: Blob
  /** The peaks as computed by the server, so that the browser need not decode the sound to draw it. */
  wave: Waveform
  nonce: string
  /** Called with the position in the recording, in milliseconds. */
  onSeek: (ms: number) => void
}

export default function Wave({ sound, wave, nonce, onSeek }: Props) {
  const { t } = useTranslation()
  const place = useRef<HTMLDivElement>(null)
  const [player, setPlayer] = useState<WaveSurfer | null>(null)
  const [at, setAt] = useState(0)
  const seek = useRef(onSeek)
  useEffect(() => {
    seek.current = onSeek
  }, [onSeek])
  useEffect(() => {
    if (place.current === null) return
    const made = WaveSurfer.create({
      container: place.current,
      height: 36,
      barWidth: 2,
      barGap: 1,
      cursorColor: '#95600f',
      splitChannels: [{ waveColor: '#566b80', progressColor: '#566b80' }, { waveColor: '#2b7a66', progressColor: '#2b7a66' }],
      cspNonce: nonce,
    })
    made.on('timeupdate', (second) => setAt(second * 1000))
    made.on('interaction', (second) => seek.current(second * 1000))
    const shares = (peaks: readonly number[]) => peaks.map((peak) => peak / 1000)
    void made.loadBlob(sound, [shares(wave.ours_per_mille), shares(wave.callee_per_mille)], wave.duration_ms / 1000)
    setPlayer(made)
    return () => made.destroy()
  }, [sound, wave, nonce])
  return (
    <div role="group" aria-label={t('call.recording')}>
      <div ref={place} />
      <Button size="small" onClick={() => void player?.playPause()}>{t('call.playPause')}</Button> {clockOf(at)}
    </div>
  )
}
