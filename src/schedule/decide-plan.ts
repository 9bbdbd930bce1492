import { EverybeatError } from '../errors.js'
import type { Definition } from './definition.js'
import { decodeFields } from './hash-codec.js'
import type { InstantRule } from './instant-rules.js'
import { decideMisfire, type MisfireDecision } from './decide-misfire.js'
import { DEFAULT_GRACE_MS, graceAt, graceOfPlan } from './misfire-grace.js'
import {
  asCatchUp,
  countPlanned,
  delayOf,
  firstNominal,
  formatPlan,
  isPlanClosed,
  joinPlans,
  lastNominal,
  PLAN_END,
  PLAN_MAX_COUNT,
  PLAN_MIN_COUNT,
  upcomingInstants,
} from './plan-text.js'
import type { SkippedOccurrences, PlanDecision, StoredSchedule } from './stored-schedule.js'

/** The parts of a decision that follow from the definition and its plan. */
export function planSettings(
  definition: Definition,
  plan: string,
): Pick<PlanDecision, 'periodMs' | 'graceMs' | 'removalMs'> {
  return {
    periodMs: periodOf(definition),
    graceMs: graceOfPlan(definition, plan),
    removalMs: definition.removeAfterMs,
  }
}

/** Distance of the occurrences of a plan that continues by addition, ms; otherwise null. */
function periodOf({ trigger, jitterMs }: Pick<InstantRule, 'trigger' | 'jitterMs'>): number | null {
  return trigger.arithmetic && jitterMs === 0 ? trigger.arithmetic.periodMs : null
}

/**
 * The fingerprint of a trigger: its canonical text, of which long parts are replaced by a hash. The part before the
 * first `; ` is the rule, the part after it its limits; semicolons inside an RRULE have no blank after them.
 */
export function fingerprint(definition: Definition): string {
  const { text } = definition.trigger
  if (text.length <= 64) return text
  const [rule] = text.split('; ', 1) as [string]
  return `${rule.length <= 40 ? rule : shorten(rule)}; ${shorten(text)}`
}

/** Whether two fingerprints have the same rule, with any limits: then the count towards the limit continues. */
export function isSameRule(one: string, other: string): boolean {
  return one.split('; ', 1)[0] === other.split('; ', 1)[0]
}

function shorten(text: string): string {
  let [high, low] = [0x811c9dc5, 0xc2b2ae35]
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 0x01000193) >>> 0
    low = Math.imul(low ^ code, 0x85ebca6b) >>> 0
  }
  return `${text.slice(0, 16)}#${text.length}-${high.toString(36)}${low.toString(36)}`
}

/** The plan of a schedule whose next occurrence is the first one after the instant. */
export function planAfter(
  definition: Definition,
  afterMs: number,
  remaining: number | null = definition.limit,
): string {
  return closePlan(
    definition,
    upcomingInstants(definition.trigger, afterMs, { ...countOf(definition), remaining }),
    remaining,
  )
}

/** The number of instants to plan: one for a plan that continues by addition, so that its state stays small. */
function countOf(definition: Definition): { count?: number } {
  return periodOf(definition) === null ? {} : { count: 1 }
}

/** More instants for the rest of a plan; null if it needs none, because it is closed or continues by addition. */
export function refillPlan(
  rule: InstantRule,
  remainingPlan: string,
  nominalMs: number,
): { after: number; more: string } | null {
  if (isPlanClosed(remainingPlan) || (remainingPlan !== '' && periodOf(rule) !== null)) return null
  const left = countPlanned(remainingPlan, PLAN_MAX_COUNT)
  const after = lastNominal(remainingPlan) ?? nominalMs
  // Without a delay, four instants are the most that fit a compact state.
  const least = Math.max(1, (rule.jitterMs === 0 ? PLAN_MIN_COUNT + 1 : PLAN_MIN_COUNT) - left)
  const fromMs = firstNominal(remainingPlan)
  const span = fromMs === null ? { least } : { least, fromMs }
  return { after, more: closePlan(rule, upcomingInstants(rule.trigger, after, span), null) }
}

function closePlan(definition: InstantRule, instants: readonly number[], remaining: number | null): string {
  const lastMs = instants.at(-1)
  const ends =
    lastMs === undefined ||
    (remaining !== null && instants.length >= remaining) ||
    definition.trigger.next(lastMs) === null
  const text = formatPlan(definition, instants)
  if (!ends) return text
  return joinPlans(text, PLAN_END)
}

/**
 * Decides the plan of a schedule from its definition, its state and Redis's time. A new or changed trigger starts from
 * now, a known one continues after its last occurrence, and missed occurrences run or are skipped by its policy.
 *
 * @param resume whether a pause ends with this decision
 */
export function decidePlan(schedule: StoredSchedule, nowMs: number, resume = false): PlanDecision {
  let definition: Definition
  try {
    definition = decodeFields(schedule.name, schedule.fields)
  } catch (error) {
    if (error instanceof EverybeatError) return asleep(null, `${error.code}: ${error.message}`)
    throw error
  }
  const pause = parsePause(schedule.state.paused)
  const ends = resume || (pause?.untilMs !== undefined && pause.untilMs <= nowMs)
  // A pause that ends at this instant ends also for a disabled schedule; otherwise it would be due for ever.
  if (!definition.enabled) return { ...asleep(definition, null), resume: pause !== null && ends }
  const { trigger: formerTrigger = '', plan: formerPlan = '' } = schedule.state
  const trigger = fingerprint(definition)
  // A lost state gets its last instant from the history, so occurrences since then are still due.
  const isRestored = formerTrigger === '' && schedule.state.restored !== undefined
  const isNew = formerTrigger !== trigger && !isRestored
  // Occurrences of another rule do not count towards the limit.
  const isOtherRule = formerTrigger !== '' && !isSameRule(formerTrigger, trigger)
  const seen = isOtherRule ? 0 : Number(schedule.state.seen ?? 0)
  const last = lastOf(schedule, definition, isOtherRule, nowMs)
  const remaining = definition.limit === null ? null : Math.max(0, definition.limit - seen)
  const common = { ...asleep(definition, null), trigger, resume: pause !== null && ends }
  if (pause && !ends) {
    // A paused schedule keeps its plan, so that the end of the pause can record the missed occurrences.
    const afterMs = isRestored && last !== null ? last : beforeFirst(definition, nowMs)
    const plan = isNew || isRestored ? planAfter(definition, afterMs, remaining) : formerPlan
    return { ...common, ...withPlan(definition, plan), resume: false }
  }
  if (pause) {
    // A trigger that was changed during the pause has no missed occurrences, except the instant of `at`.
    const isBlank = isNew && definition.trigger.kind !== 'at'
    const firstMs = isBlank || remaining === 0 ? null : pendingOf(schedule, definition, last, nowMs)
    const plan = planAfter(definition, nowMs, remaining)
    return { ...common, ...dropUntil(definition, firstMs, nowMs), ...withPlan(definition, plan) }
  }
  const pendingMs = isNew ? firstOfNew(definition, nowMs) : pendingOf(schedule, definition, last, nowMs)
  if (pendingMs === null || remaining === 0) return { ...common, plan: PLAN_END }
  if (pendingMs > nowMs) return { ...common, ...withPlan(definition, planAfter(definition, pendingMs - 1, remaining)) }
  const decision = decideMisfire({ definition, pendingMs, nowMs, lastMs: last, remaining })
  return { ...common, ...fromMisfire(definition, decision, nowMs, remaining) }
}

/**
 * Closes the due occurrences of a schedule before its trigger is edited: all are skipped with the reason, and the plan
 * continues from now. Null when the stored definition cannot be used.
 */
export function decideClosing(schedule: StoredSchedule, nowMs: number, reason: string): PlanDecision | null {
  const { trigger = '', paused } = schedule.state
  try {
    const definition = decodeFields(schedule.name, schedule.fields)
    if (fingerprint(definition) !== trigger) return null
    const last = schedule.state.last === undefined ? null : Number(schedule.state.last)
    const left = dropUntil(definition, pendingOf(schedule, definition, last, nowMs), nowMs)
    const skipped = left.skipped.map((group) => ({ ...group, reason: paused === undefined ? reason : 'paused' }))
    const plan = planAfter(definition, nowMs, null)
    return { ...asleep(definition, null), ...left, skipped, trigger, ...withPlan(definition, plan) }
  } catch (error) {
    if (error instanceof EverybeatError) return null
    throw error
  }
}

function asleep(definition: Definition | null, error: string | null): PlanDecision {
  const settings = definition ? planSettings(definition, '') : { periodMs: null, graceMs: null, removalMs: null }
  return { definition, error, trigger: '', plan: '', ...settings, seen: 0, last: null, resume: false, skipped: [] }
}

/** A plan with its misfire grace. */
function withPlan(definition: Definition, plan: string): Pick<PlanDecision, 'plan' | 'graceMs'> {
  return { plan, graceMs: graceOfPlan(definition, plan) }
}

/**
 * The last claimed instant, or null. An instant of another rule does not prevent a newly written `at`, unless both are
 * the same instant. An instant in the future, after Redis's clock was set back, is ignored.
 */
function lastOf(schedule: StoredSchedule, definition: Definition, isOtherRule: boolean, nowMs: number): number | null {
  const last = schedule.state.last === undefined ? null : Number(schedule.state.last)
  if (last === null || !isOtherRule) return last
  const firstMs = firstOfNew(definition, nowMs)
  return firstMs !== null && firstMs < last ? null : last
}

/** The first instant of a new trigger starts from now; an `at` that has passed is a misfire like any other. */
function firstOfNew(definition: Definition, nowMs: number): number | null {
  return definition.trigger.next(beforeFirst(definition, nowMs))
}

function beforeFirst(definition: Definition, nowMs: number): number {
  return definition.trigger.kind === 'at' ? Number.MIN_SAFE_INTEGER : nowMs
}

function pendingOf(
  schedule: StoredSchedule,
  definition: Definition,
  last: number | null,
  nowMs: number,
): number | null {
  const head = firstNominal(schedule.state.plan ?? '')
  if (head !== null && (last === null || head > last) && definition.trigger.matches(head)) return head
  return last === null ? firstOfNew(definition, nowMs) : definition.trigger.next(last)
}

function fromMisfire(definition: Definition, decision: MisfireDecision, nowMs: number, remaining: number | null) {
  const graceMs = graceAt(definition, decision.run[0] ?? nowMs)
  const isLate = (atMs: number) => nowMs - atMs - delayOf(definition, atMs) > graceMs
  const run = decision.run.map((atMs, index) => {
    const text = formatPlan(definition, [atMs])
    if (!isLate(atMs) && !(decision.catchUp && index === 0)) return text
    return asCatchUp(text, index === 0 ? decision.missed : 0)
  })
  const seen = decision.skipped.length + (decision.skippedMore?.count ?? 0)
  const left = remaining === null ? null : Math.max(0, remaining - seen - decision.run.length)
  const { count } = countOf(definition)
  const following = closePlan(definition, left === 0 ? [] : decision.next.slice(0, count), left)
  return {
    plan: joinPlans(...run, following),
    graceMs: graceMs === DEFAULT_GRACE_MS ? null : graceMs,
    seen,
    last: decision.skipped.at(-1)?.atMs ?? null,
    skipped: toGroups(decision),
  }
}

/** The skipped occurrences, oldest first; those that are not listed form one group. */
function toGroups({ skipped, skippedMore }: Pick<MisfireDecision, 'skipped' | 'skippedMore'>): SkippedOccurrences[] {
  const groups: SkippedOccurrences[] = []
  if (skippedMore) {
    const { fromMs, toMs, count, reason } = skippedMore
    groups.push({ atMs: fromMs, toMs, count, reason })
  }
  for (const { atMs, reason } of skipped) groups.push({ atMs, toMs: atMs, count: 1, reason })
  return groups
}

/** Skips all occurrences from one on, because the schedule was paused. */
function dropUntil(
  definition: Definition,
  firstMs: number | null,
  nowMs: number,
): Pick<PlanDecision, 'skipped' | 'last'> {
  if (firstMs === null || firstMs > nowMs) return { skipped: [], last: null }
  const strict: Definition = {
    ...definition,
    misfire: 'skip',
    misfireGraceMs: 0,
    catchUpWindowMs: Number.MAX_SAFE_INTEGER,
    // Jitter is ignored: an occurrence whose nominal instant lies in the pause belongs to the pause.
    jitterMs: 0,
  }
  const decision = decideMisfire({ definition: strict, pendingMs: firstMs, nowMs: nowMs + 1, lastMs: null })
  const skipped = toGroups(decision).map((group) => ({ ...group, reason: 'paused' }))
  return { skipped, last: skipped.at(-1)?.toMs ?? null }
}

function parsePause(text: string | undefined): { untilMs: number | undefined } | null {
  if (text === undefined) return null
  try {
    const { until } = JSON.parse(text) as { until?: unknown }
    return { untilMs: typeof until === 'number' ? until : undefined }
  } catch {
    return { untilMs: undefined }
  }
}
