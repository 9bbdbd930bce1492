import { convertAgenda, readMongoDocuments } from './agenda.js'
import { convertApscheduler } from './apscheduler.js'
import { convertBullmq } from './bullmq.js'
import { convertCelery } from './celery.js'
import { convertCrontab } from './crontab.js'
import { convertDjangoCeleryBeat } from './django-celery-beat.js'
import type { ConvertOptions, Draft, RefusedDraft } from './entry.js'
import { convertEventbridge } from './eventbridge.js'
import { convertEverybeat } from './everybeat-file.js'
import { convertKubernetes } from './kubernetes.js'
import { AGENDA_PREFIX, readAgendaKeys } from './readers/agenda-keys.js'
import { BULLMQ_PREFIX, readBullmqKeys } from './readers/bullmq-keys.js'
import { REDBEAT_PREFIX, readRedbeatKeys } from './readers/redbeat-keys.js'
import { withSourceRedis } from './readers/open-source.js'
import { convertRedbeat } from './redbeat.js'
import { convertSidekiqCron } from './sidekiq-cron.js'

/** A format that is read from text. */
type TextConverter = (text: string, options: ConvertOptions) => (Draft | RefusedDraft)[]

/** The options of a reader of keys. */
export interface SourceOptions extends ConvertOptions {
  /** URL of the Redis of the other system. */
  source: string
  /** Prefix of its keys; default: its own default. */
  sourcePrefix?: string
}

/** The entries in the keys of another system. */
export interface SourceKeys {
  /** One per entry, in the order of the keys. */
  drafts: (Draft | RefusedDraft)[]
  /** Why the system must not be imported while it runs; absent if it may be imported. */
  isRunning?: string
}

/** The formats that are read from files, with their converters. */
export const TEXT_FORMATS: Readonly<Record<string, TextConverter>> = {
  everybeat: convertEverybeat,
  crontab: convertCrontab,
  kubernetes: convertKubernetes,
  celery: convertCelery,
  'django-celery-beat': convertDjangoCeleryBeat,
  apscheduler: convertApscheduler,
  agenda: (text, options) => convertAgenda(readMongoDocuments(text), options),
  'sidekiq-cron': convertSidekiqCron,
  eventbridge: convertEventbridge,
}

/** The formats that are read from the Redis of the other system, with their readers. They write nothing there. */
export const KEY_FORMATS: Readonly<Record<string, (options: SourceOptions) => Promise<SourceKeys>>> = {
  redbeat: readRedbeat,
  bullmq: readBullmq,
  agenda: readAgenda,
}

async function readBullmq(options: SourceOptions): Promise<SourceKeys> {
  const prefix = options.sourcePrefix ?? BULLMQ_PREFIX
  const records = await withSourceRedis(options.source, (redis) => readBullmqKeys(redis, prefix))
  return { drafts: convertBullmq(records, options) }
}

async function readAgenda(options: SourceOptions): Promise<SourceKeys> {
  const prefix = options.sourcePrefix ?? AGENDA_PREFIX
  const records = await withSourceRedis(options.source, (redis) => readAgendaKeys(redis, prefix))
  return { drafts: convertAgenda(records, options) }
}

async function readRedbeat(options: SourceOptions): Promise<SourceKeys> {
  const prefix = options.sourcePrefix ?? REDBEAT_PREFIX
  const { records, isLocked } = await withSourceRedis(options.source, (redis) => readRedbeatKeys(redis, prefix))
  const drafts = convertRedbeat(records, options)
  if (!isLocked) return { drafts }
  return { drafts, isRunning: `a beat holds ${prefix}:lock, so it still sends tasks: stop it first` }
}
