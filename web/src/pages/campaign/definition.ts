// Returns the definition of a figure in the user's language.
import type { ResponseOf } from '../../api/client'

export function definitionOf(
  report: ResponseOf<'/api/v1/campaigns/{id}/report'> | undefined,
  metric: string,
  version: number,
  language: string,
): string | undefined {
  const found = report?.metrics.find((one) => one.name === metric && one.version === version)
  return language === 'en' ? found?.definition.en : found?.definition.zh
}
