/** A field made by chance: its text in the notation of a system, and the values that the text names there. */
export interface RandomField {
  text: string
  values: Set<number>
}

/** Numbers by chance, the same for the same seed. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** What a system writes in a field. */
export interface FieldNotation {
  min: number
  max: number
  names?: readonly string[]
  /** Whether `5/10` runs to the end of the field. */
  openSteps?: boolean
  /** Whether a range may run over the end of the field. */
  wraps?: boolean
  /** Whether the largest weekday, 7, is Sunday. */
  sevenIsSunday?: boolean
  questionMark?: boolean
}

/** A field of one to three items. Half of the fields are a bare star, so that most crons fire often enough. */
export function randomField(notation: FieldNotation, random: (below: number) => number): RandomField {
  if (random(2) === 0) return item('*', notation.min, notation.max, 1)
  const items = Array.from({ length: 1 + random(2) }, () => randomItem(notation, random))
  const values = new Set(items.flatMap(({ values: some }) => [...some]))
  return { text: items.map(({ text }) => text).join(','), values: notation.sevenIsSunday ? fold(values) : values }
}

function randomItem(notation: FieldNotation, random: (below: number) => number): RandomField {
  const { min, max } = notation
  const top = notation.sevenIsSunday ? 7 : max
  const pick = (low: number, high: number): number => low + random(high - low + 1)
  const step = 1 + random(max - min + 3)
  switch (random(7)) {
    case 0:
      return item(`*/${step}`, min, max, step)
    case 1:
      return item(notation.questionMark && random(2) === 0 ? '?' : '*', min, max, 1)
    case 2:
    case 3: {
      const low = pick(min, top)
      const high = pick(low, top)
      const plain = random(2) === 0
      return item(`${low}-${high}${plain ? '' : `/${step}`}`, low, high, plain ? 1 : step)
    }
    case 4: {
      const low = pick(min, max)
      if (notation.openSteps) return item(`${low}/${step}`, low, max, step)
      if (!notation.wraps || low === min) return item(String(low), low, low, 1)
      const high = pick(min, low - 1)
      const values = [...item('', low, max, 1).values, ...item('', min, high, 1).values]
      return { text: `${low}-${high}`, values: new Set(values) }
    }
    case 5: {
      const value = pick(min, max)
      const name = notation.names?.[value - min]
      return item(name ?? String(value), value, value, 1)
    }
    default: {
      const value = pick(min, top)
      return item(String(value), value, value, 1)
    }
  }
}

function item(text: string, low: number, high: number, step: number): RandomField {
  const values = new Set<number>()
  for (let value = low; value <= high; value += step) values.add(value)
  return { text, values }
}

function fold(values: ReadonlySet<number>): Set<number> {
  return new Set([...values].map((value) => value % 7))
}

export const MONTH_NAMES = ['jan', 'FEB', 'mar', 'apr', 'May', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
export const WEEKDAY_NAMES = ['sun', 'MON', 'tue', 'Wed', 'thu', 'fri', 'sat']

/** Zones with changes of an hour, of half an hour, of none, and southern ones. */
export const ZONES = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kolkata',
  'Pacific/Chatham',
  'Africa/Cairo',
]

/** An instant by chance; every second one is shortly before clocks change in the northern hemisphere. */
export function randomFrom(random: (below: number) => number): number {
  const changes = ['2026-03-07', '2026-10-31', '2027-03-27', '2026-10-24', '2026-04-03', '2026-10-02']
  if (random(2) === 0) return Date.UTC(2026, 0, 1) + random(3 * 365) * 86_400_000 + random(86_400) * 1000
  return Date.parse(`${changes[random(changes.length)]!}T00:00:00Z`) + random(86_400) * 1000
}
