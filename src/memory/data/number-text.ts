import { CommandError } from '../store/reply.js'

const INTEGER = /^(0|-?[1-9]\d{0,18})$/
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const INFINITE = /^([+-]?)inf(inity)?$/i
const LEAST = -(2n ** 63n)
const MOST = 2n ** 63n - 1n

/** Whether a text is a whole number of at most 64 bits in the form of Redis. */
export function isInteger(text: string): boolean {
  if (!INTEGER.test(text)) return false
  if (text.length < 18) return true
  const value = BigInt(text)
  return value >= LEAST && value <= MOST
}

/** Reads a whole number; beyond 2^53 it loses its last digits, which no command of a scheduler reaches. */
export function parseInteger(
  text: string | undefined,
  message = 'ERR value is not an integer or out of range',
): number {
  if (text === undefined || !isInteger(text)) throw new CommandError(message)
  return Number(text)
}

/** Reads a number with a fraction, or an infinite one; null when it is none. */
export function tryParseDouble(text: string): number | null {
  const infinite = INFINITE.exec(text)
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return DOUBLE.test(text) ? Number(text) : null
}

/** Reads a score. */
export function parseDouble(text: string | undefined, message = 'ERR value is not a valid float'): number {
  const value = text === undefined ? null : tryParseDouble(text)
  if (value === null) throw new CommandError(message)
  return value
}

/** Adds two whole numbers of 64 bits. */
export function addIntegers(text: string, increment: string): string {
  const sum = BigInt(text) + BigInt(increment)
  if (sum < LEAST || sum > MOST) throw new CommandError('ERR increment or decrement would overflow')
  return sum.toString()
}

/** Writes a number in the form of C's `%.17g`, in which Redis 7.0 replies a score. */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Object.is(value, -0)) return '-0'
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return String(value)
  const [digits = '', exponent] = value.toPrecision(17).split('e')
  const plain = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
  if (exponent === undefined) return fromSmall(value, plain)
  return `${plain}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** JavaScript writes numbers down to 1e-6 without an exponent, C down to 1e-4. */
function fromSmall(value: number, plain: string): string {
  if (Math.abs(value) >= 1e-4) return plain
  const [digits = '', exponent = '-5'] = value.toExponential(16).split('e')
  return `${digits.replace(/\.?0+$/, '')}e-${exponent.slice(1).padStart(2, '0')}`
}
