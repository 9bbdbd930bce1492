import type { DefinitionShape } from '../index.js'

/**
 * The `dayMatch` that a cron text needs, so that its two day fields combine as in the old system. Only a bare `*`
 * leaves a day field unrestricted here; when one of them does, both rules give the same days.
 */
export function dayMatchOf(combinesBy: 'or' | 'and', day: string, weekday: string): Pick<DefinitionShape, 'dayMatch'> {
  return combinesBy === 'and' && day !== '*' && weekday !== '*' ? { dayMatch: 'and' } : {}
}

/** Whether a zone changes its clocks: `UTC` and its other names do not. */
export function changesClocks(tz: string | undefined): boolean {
  return tz !== undefined && !/^(UTC|GMT|Z|Etc\/.*|Universal|Zulu)$/i.test(tz)
}
