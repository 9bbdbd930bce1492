import type { Meaning } from './wall-walk.js'

/** Numbers that repeat for a seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }
}

/** A random expression in our words and in croner's, with what it means. */
export interface RandomCron {
  readonly text: string
  readonly cronerText: string
  readonly dayMatch: 'or' | 'and'
  readonly meaning: Meaning
}

interface Part {
  readonly text: string
  readonly values: ReadonlySet<number>
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

export function randomCron(random: Random): RandomCron {
  const second = random.chance(0.3) ? randomField(random, 0, 59, () => random.below(60)) : null
  const minute = randomField(random, 0, 59, () => random.pick([0, 0, 1, 5, 15, 29, 30, 30, 45, 59, random.below(60)]))
  const hour = randomField(random, 0, 23, () => random.pick([0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 22, 23, random.below(24)]))
  const month = random.chance(0.8) ? all(1, 12) : randomField(random, 1, 12, () => 1 + random.below(12))
  const date = randomDates(random)
  const weekday = randomWeekdays(random)
  const dayMatch = random.chance(0.15) ? 'and' : 'or'
  const namesDay = (year: number, monthNumber: number, day: number): boolean => {
    if (!month.values.has(monthNumber)) return false
    const byDate = date.names(year, monthNumber, day)
    const byWeekday = weekday.names(year, monthNumber, day)
    return dayMatch === 'or' && !date.free && !weekday.free ? byDate || byWeekday : byDate && byWeekday
  }
  const times = [...(second === null ? [] : [second.text]), minute.text, hour.text]
  const monthText = month.text.replace(/^\d+$/, (digits) => (random.chance(0.5) ? MONTHS[Number(digits) - 1]! : digits))
  return {
    text: [...times, date.text, monthText, weekday.text].join(random.chance(0.9) ? ' ' : ' \t '),
    cronerText: [...times, date.text, month.text, weekday.cronerText].join(' '),
    dayMatch,
    meaning: {
      seconds: second?.values ?? new Set([0]),
      ...{ minutes: minute.values, hours: hour.values, namesDay },
      intervalLike: /[*/]/.test(times.join('')),
    },
  }
}

function all(min: number, max: number): Part {
  return { text: '*', values: new Set(range(min, max, 1)) }
}

function range(low: number, high: number, step: number): number[] {
  const values: number[] = []
  for (let value = low; value <= high; value += step) values.push(value)
  return values
}

function randomField(random: Random, min: number, max: number, value: () => number): Part {
  const kind = random.next()
  if (kind < 0.12) return all(min, max)
  if (kind < 0.22) {
    const step = 1 + random.below(max - min + 1)
    return { text: `*/${step}`, values: new Set(range(min, max, step)) }
  }
  const items = random.chance(0.7) ? 1 : 2 + random.below(3)
  const values = new Set<number>()
  const texts: string[] = []
  for (let item = 0; item < items; item++) {
    const low = value()
    if (kind < 0.75) {
      texts.push(random.chance(0.1) && low < 10 ? `0${low}` : String(low))
      values.add(low)
    } else {
      const high = low + random.below(max - low + 1)
      const step = kind < 0.93 ? 1 : 1 + random.below(max - min + 1)
      texts.push(step === 1 ? `${low}-${high}` : `${low}-${high}/${step}`)
      for (const one of range(low, high, step)) values.add(one)
    }
  }
  return { text: texts.join(','), values }
}

interface DayPart {
  readonly text: string
  readonly cronerText: string
  /** Whether the field is a bare `*` or `?`. */
  readonly free: boolean
  readonly names: (year: number, month: number, day: number) => boolean
}

function lengthOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay()
}

/** The workday nearest to a day, looked for at growing distance inside the month. */
function isNearestWorkday(year: number, month: number, day: number, target: number): boolean {
  const length = lengthOf(year, month)
  if (target > length) return false
  for (const distance of [0, -1, 1, -2, 2]) {
    const candidate = target + distance
    if (candidate < 1 || candidate > length) continue
    if (weekdayOf(year, month, candidate) % 6 !== 0) return candidate === day
  }
  return false
}

function randomDates(random: Random): DayPart {
  const kind = random.next()
  const part = (text: string, names: DayPart['names'], free = false): DayPart => ({
    text,
    cronerText: text,
    names,
    free,
  })
  if (kind < 0.6) return part('*', () => true, true)
  if (kind < 0.66) return part('L', (year, month, day) => day === lengthOf(year, month))
  if (kind < 0.7) return part('LW', (year, month, day) => isNearestWorkday(year, month, day, lengthOf(year, month)))
  if (kind < 0.76) {
    const target = 1 + random.below(31)
    return part(`${target}W`, (year, month, day) => isNearestWorkday(year, month, day, target))
  }
  if (kind < 0.8) {
    const target = 1 + random.below(28)
    return part(`${target},L`, (year, month, day) => day === target || day === lengthOf(year, month))
  }
  const field = randomField(random, 1, 31, () => random.pick([1, 8, 28, 29, 30, 31, 1 + random.below(31)]))
  return part(field.text, (_year, _month, day) => field.values.has(day), field.text === '*')
}

function randomWeekdays(random: Random): DayPart {
  const kind = random.next()
  if (kind < 0.6) return { text: '*', cronerText: '*', free: true, names: () => true }
  const weekday = random.below(7)
  const name = random.chance(0.3) ? DAYS[weekday]! : String(weekday === 0 && random.chance(0.5) ? 7 : weekday)
  if (kind < 0.68) {
    const names = (year: number, month: number, day: number): boolean =>
      weekdayOf(year, month, day) === weekday && day + 7 > lengthOf(year, month)
    return { text: `${name}L`, cronerText: `${weekday}#L`, free: false, names }
  }
  if (kind < 0.76) {
    const count = 1 + random.below(5)
    const names = (year: number, month: number, day: number): boolean =>
      weekdayOf(year, month, day) === weekday && Math.floor((day - 1) / 7) + 1 === count
    return { text: `${name}#${count}`, cronerText: `${weekday}#${count}`, free: false, names }
  }
  if (kind < 0.82) {
    const low = 1 + random.below(6)
    const names = (year: number, month: number, day: number): boolean => (weekdayOf(year, month, day) || 7) >= low
    return { text: `${DAYS[low]!}-SUN`, cronerText: `${low}-7`, free: false, names }
  }
  const field = randomField(random, 0, 6, () => random.below(7))
  const names = (year: number, month: number, day: number): boolean => field.values.has(weekdayOf(year, month, day))
  return { text: field.text, cronerText: field.text, free: field.text === '*', names }
}
