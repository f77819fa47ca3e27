// A chart from ECharts options of the API, in the console's colors, with the definition of its metric. Its script is
// loaded only with a page that shows a chart.
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { useIsDark } from '../app/preferences'

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer])

interface Props {
  label: string
  options: { series: unknown; xAxis: unknown; yAxis: unknown }
}

export function Chart({ label, options: { series, xAxis, yAxis } }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const dark = useIsDark()
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const chart = echarts.init(element, dark ? 'dark' : null, { renderer: 'svg', height: 240 })
    chart.setOption({
      backgroundColor: 'transparent',
      color: dark ? ['#4fb59b', '#93a5b8'] : ['#2b7a66', '#566b80'],
      animation: false,
      grid: { left: 44, right: 16, top: 44, bottom: 28 },
      legend: { top: 4, type: 'scroll' },
      tooltip: { renderMode: 'richText' },
      series,
      xAxis,
      yAxis,
    } as Parameters<typeof chart.setOption>[0])
    const observer = new ResizeObserver(() => chart.resize())
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.dispose()
    }
  }, [series, xAxis, yAxis, dark])
  return <div ref={place} role="img" aria-label={label} style={{ height: 240 }} />
}
