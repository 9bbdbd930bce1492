import { EverybeatError, type Run } from '../index.js'
import type { JobsOptions } from './bullmq.js'

/** What `enqueue` needs of a BullMQ `Queue`. */
export interface JobQueue {
  /** The name by which its workers know the queue. */
  readonly name: string
  /** Adds a job, and gives it back with its `id`. */
  add(name: string, data: unknown, options?: JobsOptions): Promise<{ id?: string | undefined }>
}

/** Options of {@link enqueue}. Each may be a function of the run. A field that is `undefined` means its default. */
export interface EnqueueOptions<Payload = unknown> {
  /** Name of the job; default: the name of the task. */
  name?: string | ((run: Run<Payload>) => string) | undefined
  /** Data of the job, JSON; default: the payload of the run. */
  data?: unknown
  /**
   * More options of the job: delay, priority, attempts, removeOnComplete, … `jobId` and `repeat` are refused, because the
   * occurrence gives the job its id and the schedule repeats it. `deduplication` replaces single fields of the default.
   */
  opts?: JobsOptions | ((run: Run<Payload>) => JobsOptions) | undefined
}

/** How long BullMQ remembers that the job of an occurrence was added, also when the job itself was removed: a day. */
const REMEMBERED_MS = 86_400_000
const OPTION_NAMES = ['name', 'data', 'opts']
const REFUSED_JOB_OPTIONS = ['jobId', 'repeat', 'repeatJobKey'] as const

/**
 * Makes a handler that adds one job to a BullMQ queue for each occurrence.
 *
 * The id of the job is made of the occurrence: retries and reruns of the run add the same id, and BullMQ ignores the
 * second. Because BullMQ forgets an id with its job (`removeOnComplete`), a deduplication key of the same name stays for
 * a day. A job that a program removes (`job.remove()`) takes this key with it.
 *
 * The result of the run is `{ jobId }`. What the queue refuses fails the run, and the retries of the schedule apply.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` when `queue` cannot add jobs or an option is wrong
 */
export function enqueue<Payload = unknown>(
  queue: JobQueue,
  options: EnqueueOptions<Payload> = {},
): (run: Run<Payload>) => Promise<{ jobId: string }> {
  if (typeof (queue as JobQueue | null | undefined)?.add !== 'function') {
    throw refusal('queue', queue, 'a BullMQ Queue')
  }
  checkOptions(options)
  return async (run) => {
    const name = typeof options.name === 'function' ? options.name(run) : (options.name ?? run.task)
    const data =
      typeof options.data === 'function' ? (options.data as (run: Run<Payload>) => unknown)(run) : options.data
    const given = typeof options.opts === 'function' ? options.opts(run) : (options.opts ?? {})
    checkJobOptions(given)
    const jobId = encodeJobId(run.id)
    const job = await queue.add(name, data === undefined ? run.payload : data, {
      ...given,
      jobId,
      deduplication: { id: jobId, ttl: REMEMBERED_MS, ...given.deduplication },
    })
    return { jobId: job.id ?? jobId }
  }
}

/** BullMQ builds keys with `:`, and refuses it in an id. The escape sign is escaped too, so two runs never share an id. */
function encodeJobId(runId: string): string {
  return runId.replaceAll('%', '%25').replaceAll(':', '%3A')
}

function checkOptions(options: EnqueueOptions<never>): void {
  if (typeof options !== 'object' || options === null) throw refusal('options', options, 'an object')
  const unknown = Object.keys(options).find((key) => !OPTION_NAMES.includes(key))
  if (unknown !== undefined) throw refusal('options', unknown, `only ${OPTION_NAMES.join(', ')}`)
  const { name, opts } = options
  if (name !== undefined && typeof name !== 'function' && (typeof name !== 'string' || name === '')) {
    throw refusal('name', name, 'a text that is not empty, or a function of the run')
  }
  if (opts !== undefined && typeof opts !== 'function') checkJobOptions(opts)
}

function checkJobOptions(opts: JobsOptions): void {
  if (typeof opts !== 'object' || opts === null) throw refusal('opts', opts, 'an object, or a function of the run')
  const refused = REFUSED_JOB_OPTIONS.find((key) => key in opts)
  if (refused === undefined) return
  const allowed = 'no such option: the occurrence gives the job its id, and the schedule repeats it'
  throw refusal(`opts.${refused}`, (opts as Record<string, unknown>)[refused], allowed)
}

function refusal(field: string, value: unknown, allowed: string): EverybeatError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: ${shown} cannot be used; allowed: ${allowed}`, {
    field,
    value,
  })
}
