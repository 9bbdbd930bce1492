/**
 * A version: numbers with dots, then optionally `-` with a pre-release and `+` with build metadata; a leading `v` is
 * allowed.
 */
const VERSION = /^v?(\d{1,15}(?:\.\d{1,15})*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/

/** Whether the text can be compared with other versions. */
export function isVersion(text: string): boolean {
  return VERSION.test(text)
}

/**
 * Compares two versions as Semantic Versioning does, with any count of numbers: less than 0 when the first is lower,
 * greater than 0 when it is higher, 0 when neither is, or when one of them is no version (a commit hash, for example).
 */
export function compareVersions(left: string, right: string): number {
  const [one, other] = [VERSION.exec(left), VERSION.exec(right)]
  if (!one || !other) return 0
  const [numbers, others] = [one[1]!.split('.').map(Number), other[1]!.split('.').map(Number)]
  for (let index = 0; index < Math.max(numbers.length, others.length); index++) {
    const difference = (numbers[index] ?? 0) - (others[index] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePreReleases(one[2], other[2])
}

/** A version without a pre-release is higher than the same one with it. */
function comparePreReleases(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined) return (left === undefined ? 1 : 0) - (right === undefined ? 1 : 0)
  const [parts, others] = [left.split('.'), right.split('.')]
  for (let index = 0; index < Math.max(parts.length, others.length); index++) {
    const [part, other] = [parts[index], others[index]]
    if (part === undefined || other === undefined) return part === undefined ? -1 : 1
    const difference = compareParts(part, other)
    if (difference !== 0) return difference
  }
  return 0
}

/** Numbers compare as numbers and are lower than words. */
function compareParts(part: string, other: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(part), /^\d+$/.test(other)]
  if (isNumber && isOtherNumber) return Number(part) - Number(other)
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
  return part < other ? -1 : part > other ? 1 : 0
}
