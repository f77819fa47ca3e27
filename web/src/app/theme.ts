// The tokens of the console's look, light and dark: one accent, nothing red but what needs a person, no shadows but on
// what lies above. The same values stand in style.css for what is not Ant Design's.
import { theme, type ThemeConfig } from 'antd'

const FONTS =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif'

export function themeOf(isDark: boolean): ThemeConfig {
  const [ink, paper, page, line, amber, red, slate] = isDark
    ? ['#e6ebf0', '#141a21', '#0e1318', '#4fb59b', '#e0a84a', '#ef7a6f', '#93a5b8']
    : ['#1c2733', '#ffffff', '#f6f7f9', '#2b7a66', '#95600f', '#b3362b', '#566b80']
  return {
    algorithm: isDark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: line,
      colorSuccess: line,
      colorWarning: amber,
      colorError: red,
      colorInfo: slate,
      colorLink: line,
      colorTextBase: ink,
      colorTextSecondary: slate,
      colorTextDescription: slate,
      colorTextPlaceholder: slate,
      colorBgBase: paper,
      colorBgContainer: paper,
      colorBgLayout: page,
      borderRadius: 6,
      fontFamily: FONTS,
      fontSize: 14,
      boxShadow: 'none',
      boxShadowTertiary: 'none',
      // What opens is there at once: on a busy machine a movement of 150 ms lasts for seconds, what is pressed meanwhile is
      // pressed beside its place, and the end of a movement that never began is waited for for ever.
      motionDurationFast: '0.08s',
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.15s',
      motion: false,
    },
    components: {
      Table: { fontSize: 13, cellPaddingBlock: 8, headerBg: 'transparent', headerColor: slate },
      Button: { primaryShadow: 'none', dangerShadow: 'none', defaultShadow: 'none', primaryColor: isDark ? '#0e1318' : '#ffffff' },
    },
  }
}
