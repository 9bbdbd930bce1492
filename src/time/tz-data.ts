/** The version of the time-zone data that this runtime computes with, such as `2025c`; `unknown` where it does not say. */
export function tzDataVersion(): string {
  return process.versions.tz ?? 'unknown'
}

/** Whether a version is older than another one; what is no version, such as `unknown`, is older than any. */
export function isOlderTzData(version: string, other: string): boolean {
  if (!RELEASE.test(other)) return false
  return !RELEASE.test(version) || version < other
}

/** As the time-zone database numbers its releases: the year, then letters in the order of the alphabet. */
const RELEASE = /^\d{4}[a-z]+$/
