// The design tokens, light and dark: one accent color, red only for what needs a person, shadows only on overlays.
// style.css has the same values for elements that are not of Ant Design.
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
      // No opening animation: on a busy machine 150 ms can take seconds, clicks meanwhile miss their target, and code
      // that waits for the end of an animation that never began would wait for ever.
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
