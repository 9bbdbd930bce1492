type Hour = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11
type Step = 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11
type Half = 'AM' | 'PM'

/** Expressions that follow a pattern: hours of the day and of workdays, steps of hours. */
type PatternName = `EVERY_${Step}_HOURS` | `EVERY_DAY_AT_${Hour}${Half}` | `MONDAY_TO_FRIDAY_AT_${Hour}${Half}`

const HOURS: readonly Hour[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

function patterns(): Record<PatternName, string> {
  const found: Partial<Record<PatternName, string>> = {}
  for (const hour of HOURS) {
    const [morning, evening] = [String(hour).padStart(2, '0'), String(hour + 12)]
    if (hour > 1) found[`EVERY_${hour as Step}_HOURS`] = `0 0-23/${hour} * * *`
    found[`EVERY_DAY_AT_${hour}AM`] = `0 ${morning} * * *`
    found[`EVERY_DAY_AT_${hour}PM`] = `0 ${evening} * * *`
    found[`MONDAY_TO_FRIDAY_AT_${hour}AM`] = `0 0 ${morning} * * 1-5`
    found[`MONDAY_TO_FRIDAY_AT_${hour}PM`] = `0 0 ${evening} * * 1-5`
  }
  return found as Record<PatternName, string>
}

/** Cron expressions by name, the same names and meanings as `CronExpression` of `@nestjs/schedule`. */
export const CronExpression = Object.freeze({
  ...patterns(),
  EVERY_SECOND: '* * * * * *',
  EVERY_5_SECONDS: '*/5 * * * * *',
  EVERY_10_SECONDS: '*/10 * * * * *',
  EVERY_30_SECONDS: '*/30 * * * * *',
  EVERY_MINUTE: '*/1 * * * *',
  EVERY_5_MINUTES: '0 */5 * * * *',
  EVERY_10_MINUTES: '0 */10 * * * *',
  EVERY_30_MINUTES: '0 */30 * * * *',
  EVERY_HOUR: '0 0-23/1 * * *',
  EVERY_12_HOURS: '0 0-23/12 * * *',
  EVERY_DAY_AT_NOON: '0 12 * * *',
  EVERY_DAY_AT_MIDNIGHT: '0 0 * * *',
  EVERY_WEEK: '0 0 * * 0',
  EVERY_WEEKDAY: '0 0 * * 1-5',
  EVERY_WEEKEND: '0 0 * * 6,0',
  EVERY_1ST_DAY_OF_MONTH_AT_MIDNIGHT: '0 0 1 * *',
  EVERY_1ST_DAY_OF_MONTH_AT_NOON: '0 12 1 * *',
  EVERY_2ND_HOUR: '0 */2 * * *',
  EVERY_2ND_HOUR_FROM_1AM_THROUGH_11PM: '0 1-23/2 * * *',
  EVERY_2ND_MONTH: '0 0 1 */2 *',
  EVERY_QUARTER: '0 0 1 */3 *',
  EVERY_6_MONTHS: '0 0 1 */6 *',
  EVERY_YEAR: '0 0 1 1 *',
  EVERY_30_MINUTES_BETWEEN_9AM_AND_5PM: '0 */30 9-17 * * *',
  EVERY_30_MINUTES_BETWEEN_9AM_AND_6PM: '0 */30 9-18 * * *',
  EVERY_30_MINUTES_BETWEEN_10AM_AND_7PM: '0 */30 10-19 * * *',
  MONDAY_TO_FRIDAY_AT_09_30AM: '0 30 09 * * 1-5',
  MONDAY_TO_FRIDAY_AT_11_30AM: '0 30 11 * * 1-5',
  MONDAY_TO_FRIDAY_AT_12PM: '0 0 12 * * 1-5',
})

/** One of the expressions of {@link CronExpression}. */
export type CronExpression = (typeof CronExpression)[keyof typeof CronExpression]
