import type { ConnectionOptions } from 'node:tls'
import { EverybeatError } from '../errors.js'
import type { DefinitionInput } from '../schedule/definition.js'
import { parseLeaseKeeper } from './lease-keeper-option.js'
import { checkInteger, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import type { FieldName } from '../schedule/fields.js'
import { checkActor, checkName } from '../schedule/name.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import { parseRedis, type Tls } from './parse-redis.js'
import type { DurabilityOptions, RedisInput, RedisSource } from './redis-source.js'
import { SYSTEM_TIME, timeSourceOf } from '../time-source.js'
import { parseTls } from './tls-options.js'

/** Receives the log lines of Everybeat, as the console does. */
export interface Logger {
  /** Details for debugging; Everybeat itself writes none. */
  debug(message: string, details?: unknown): void
  /** Normal events: a started worker, a restored connection. */
  info(message: string, details?: unknown): void
  /** Events that may need attention: retries, abandoned runs, lost leases, late schedules, lost connections. */
  warn(message: string, details?: unknown): void
  /** Events that need attention: failed runs, definitions that cannot be used, errors of the engine. */
  error(message: string, details?: unknown): void
}

/** The fields that {@link EverybeatOptions.defaults} may set: policies, but neither task nor trigger. */
export type PolicyDefaults = Pick<DefinitionInput, (typeof POLICY_FIELDS)[number]>

/** The options of `new Everybeat(…)`. A field that is `undefined` means its default. */
export interface EverybeatOptions {
  /** The Redis of the fleet; default: `$REDIS_URL`, or else `redis://127.0.0.1:6379`. */
  redis?: RedisInput | undefined
  /**
   * Options of Node's `tls.connect` for `rediss://` URLs, such as a private CA or a client certificate; default none.
   */
  tls?: ConnectionOptions | undefined
  /** First part of every key; all workers of a fleet have the same. Default `everybeat`. */
  prefix?: string | undefined
  /** Number of shards, each with its own slot of a Cluster; the same in the whole fleet. Default 1. */
  shards?: number | undefined
  /** Most runs at the same time on this worker; default 50. */
  concurrency?: number | undefined
  /**
   * Time after its last extension at which a lease ends, ms; default 30 000. The reruns after a
   * crash of a worker wait for this end.
   */
  leaseMs?: number | undefined
  /**
   * The extender of leases: the event loop, or in addition a thread, also while a handler blocks the loop; default `loop`.
   */
  leaseKeeper?: 'loop' | 'thread' | undefined
  /** Longest time without a tick on this worker, ms; default 5 000. */
  maxSleepMs?: number | undefined
  /** The pool whose schedules this worker runs; default `default`. */
  pool?: string | undefined
  /** Lock nodes: independent Redis servers, of which a majority has to confirm each start; default none. */
  lockNodes?: readonly RedisInput[] | undefined
  /** The replicas that have to hold a claim before its run starts; default: none. */
  durability?: DurabilityOptions | undefined
  /** Policies of the schedules that this instance writes, for fields that a definition does not set; default none. */
  defaults?: PolicyDefaults | undefined
  /**
   * Version of the application whose code declares schedules. A semantic version that is lower than the one of the last
   * declaration changes nothing. Default: none, so the last declaration counts.
   */
  version?: string | undefined
  /** The person or program that edits schedules through this instance, for their change lists; default: none. */
  actor?: string | undefined
  /** The logger; default: the console; `false`: no log lines. */
  logger?: Logger | false | undefined
  /** Longest wait for a connection or an answer of Redis, ms; then the call fails. Default 10 000. */
  connectTimeoutMs?: number | undefined
}

/** Checked {@link EverybeatOptions}: complete and frozen. */
export interface ResolvedOptions {
  readonly redis: RedisSource
  readonly prefix: string
  readonly shards: number
  readonly concurrency: number
  readonly leaseMs: number
  readonly leaseKeeper: 'loop' | 'thread'
  readonly maxSleepMs: number
  readonly pool: string
  readonly lockNodes: readonly RedisSource[]
  readonly durability: Readonly<DurabilityOptions> | null
  readonly defaults: Readonly<PolicyDefaults>
  /** Empty for none. */
  readonly version: string
  /** Empty for none. */
  readonly actor: string
  readonly logger: Logger
  readonly connectTimeoutMs: number
}

/** The defaults of the options; the default of `redis` is read from `$REDIS_URL` first. */
export const DEFAULT_OPTIONS = Object.freeze({
  redis: 'redis://127.0.0.1:6379',
  tls: undefined as ConnectionOptions | undefined,
  prefix: 'everybeat',
  shards: 1,
  concurrency: 50,
  leaseMs: 30_000,
  leaseKeeper: 'loop' as 'loop' | 'thread',
  maxSleepMs: 5_000,
  pool: 'default',
  lockNodes: Object.freeze([]) as readonly RedisInput[],
  durability: undefined as DurabilityOptions | undefined,
  defaults: Object.freeze({}) as PolicyDefaults,
  version: undefined as string | undefined,
  actor: undefined as string | undefined,
  logger: console as Logger,
  connectTimeoutMs: 10_000,
}) satisfies { [Name in keyof EverybeatOptions]-?: EverybeatOptions[Name] }

/** The fields of a definition that can have a default for all schedules. */
export const POLICY_FIELDS = [
  'tz',
  'misfire',
  'misfireGrace',
  'catchUpWindow',
  'maxCatchUp',
  'overlap',
  'maxConcurrent',
  'onCrash',
  'maxDeliveries',
  'timeout',
  'retries',
  'backoff',
  'jitter',
  'pauseAfter',
  'pool',
  'tags',
  'owner',
  'removeAfter',
] as const satisfies FieldName[]

const CODE = 'ERR_EVERYBEAT_OPTIONS'
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
const SILENT: Logger = Object.freeze({ debug: ignore, info: ignore, warn: ignore, error: ignore })
const MAX_PREFIX_BYTES = 200
/** A hundred years, ms. */
const MAX_TEST_SLEEP_MS = 36_525 * 86_400_000
const MAX_LOCK_NODES = 15

/**
 * Checks the options of an instance and completes them. Passwords in a URL are not repeated in a message.
 *
 * @param env the environment with `REDIS_URL`, for an absent `redis`; empty counts as not set
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` naming the option, its value and what is allowed
 */
export function resolveOptions(
  options: EverybeatOptions = {},
  env: Readonly<Record<string, string | undefined>> = {},
): ResolvedOptions {
  const full = complete(options)
  const integer = (name: keyof typeof DEFAULT_OPTIONS, least: number, most: number) =>
    checkInteger(full[name], name, [least, most], CODE)
  const tls = full.tls === undefined ? null : parseTls(full.tls)
  const redis = options.redis === undefined ? redisOfEnvironment(env, tls) : parseRedis(options.redis, 'redis', tls)
  const lockNodes = parseLockNodes(full.lockNodes, tls)
  if (tls && ![redis, ...lockNodes].some((source) => source.kind === 'url' && source.tls)) {
    throw wrongValue('tls', 'settings for TLS', 'with a rediss:// URL; ioredis options have a tls of their own', CODE)
  }
  return Object.freeze({
    redis,
    prefix: parsePrefix(full.prefix),
    shards: integer('shards', 1, 1024),
    concurrency: integer('concurrency', 1, 10_000),
    leaseMs: integer('leaseMs', 500, 86_400_000),
    leaseKeeper: parseLeaseKeeper(full.leaseKeeper, redis),
    // On the time source of a test, a worker may sleep for as long as nothing is due.
    maxSleepMs: integer('maxSleepMs', 50, timeSourceOf(options) === SYSTEM_TIME ? 60_000 : MAX_TEST_SLEEP_MS),
    pool: asOption('pool', () => checkName('pool', full.pool)),
    lockNodes,
    durability: full.durability === undefined ? null : parseDurability(full.durability),
    defaults: parseDefaults(full.defaults),
    version: full.version === undefined ? '' : parseVersion(full.version),
    actor: full.actor === undefined ? '' : checkActor(full.actor),
    logger: parseLogger(full.logger),
    connectTimeoutMs: integer('connectTimeoutMs', 1, 600_000),
  })
}

/** Completes the options with their defaults; unknown names are refused. */
function complete(options: unknown): typeof DEFAULT_OPTIONS {
  if (!isPlainObject(options)) throw wrongValue('options', options, 'an object', CODE)
  checkKeys(options, Object.keys(DEFAULT_OPTIONS), null, CODE)
  const set = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...DEFAULT_OPTIONS, ...Object.fromEntries(set) }
}

function redisOfEnvironment(env: Readonly<Record<string, string | undefined>>, tls: Tls): RedisSource {
  const url = env['REDIS_URL']
  const isSet = url !== undefined && url !== ''
  return isSet ? parseRedis(url, 'REDIS_URL', tls) : parseRedis(DEFAULT_OPTIONS.redis, 'redis', tls)
}

function parsePrefix(value: unknown): string {
  const allowed = `text of 1 to ${MAX_PREFIX_BYTES} bytes without braces and control characters`
  const prefix = asOption('prefix', () => checkName('prefix', value))
  if (/[{}]/.test(prefix) || Buffer.byteLength(prefix) > MAX_PREFIX_BYTES)
    throw wrongValue('prefix', value, allowed, CODE)
  return prefix
}

function parseLockNodes(value: unknown, tls: Tls): readonly RedisSource[] {
  if (!Array.isArray(value) || value.length > MAX_LOCK_NODES) {
    throw wrongValue(
      'lockNodes',
      Object.prototype.toString.call(value),
      `a list of at most ${MAX_LOCK_NODES} nodes`,
      CODE,
    )
  }
  if (new Set(value).size < value.length)
    throw wrongValue('lockNodes', 'a list with one node twice', 'each node once', CODE)
  return Object.freeze(value.map((node, index) => parseRedis(node, `lockNodes[${index}]`, tls)))
}

function parseDurability(value: unknown): Readonly<DurabilityOptions> {
  if (!isPlainObject(value)) throw wrongValue('durability', value, '{ replicas, timeoutMs }', CODE)
  checkKeys(value, ['replicas', 'timeoutMs'], 'durability', CODE)
  return Object.freeze({
    replicas: checkInteger(value['replicas'], 'durability.replicas', [1, 100], CODE),
    timeoutMs: checkInteger(value['timeoutMs'], 'durability.timeoutMs', [1, 60_000], CODE),
  })
}

function parseDefaults(value: unknown): Readonly<PolicyDefaults> {
  if (!isPlainObject(value)) throw wrongValue('defaults', value, 'an object of policies', CODE)
  checkKeys(value, POLICY_FIELDS, 'defaults', CODE)
  // The policies are checked as part of a whole definition, whose trigger does not matter.
  const { every: _every, ...policies } = asOption(
    'defaults',
    () => parseDefinition('defaults', { ...value, every: '1d' }).given,
  )
  return Object.freeze(policies)
}

function parseVersion(value: unknown): string {
  if (typeof value === 'string' && /^[\x21-\x7e]{1,100}$/.test(value)) return value
  throw wrongValue('version', value, 'text of 1 to 100 printable ASCII characters, such as 1.12.0', CODE)
}

function parseLogger(value: unknown): Logger {
  if (value === false) return SILENT
  const logger = value as Logger | null
  const able =
    typeof logger === 'object' && logger !== null && LOG_LEVELS.every((level) => typeof logger[level] === 'function')
  if (!able) throw wrongValue('logger', value, `false, or an object with the functions ${LOG_LEVELS.join(', ')}`, CODE)
  return logger
}

/** Turns the error of a check that is shared with definitions into an error about the option. */
function asOption<Value>(option: string, check: () => Value): Value {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof EverybeatError)) throw cause
    const field = cause.field === undefined || cause.field === option ? option : `${option}.${cause.field}`
    throw new EverybeatError(CODE, `${option === field ? '' : `${option}.`}${cause.message}`, {
      field,
      value: cause.value,
      cause,
    })
  }
}

function ignore(): void {}
