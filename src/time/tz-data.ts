/** The version of the time-zone data that this runtime computes with, such as `2025c`; `unknown` where it does not say. */
export function tzDataVersion(): string {
  return process.versions.tz ?? 'unknown'
}
