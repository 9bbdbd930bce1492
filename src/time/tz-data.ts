/** The version of this runtime's time-zone data, such as `2025c`; `unknown` if it names none. */
export function tzDataVersion(): string {
  return process.versions.tz ?? 'unknown'
}

/** Whether a version is older than another one; a text that is no version, such as `unknown`, is older than any. */
export function isOlderTzData(version: string, other: string): boolean {
  if (!RELEASE.test(other)) return false
  return !RELEASE.test(version) || version < other
}

/** The form of a release of the time-zone database: the year, then letters in alphabetical order. */
const RELEASE = /^\d{4}[a-z]+$/
