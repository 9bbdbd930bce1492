import { parseYaml } from '../definition-files/index.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import { readFugit } from './fugit.js'
import { asRecord, isRecord, show, textOf, unknownMembers } from './records.js'

const KNOWN = [
  'name',
  'cron',
  'class',
  'klass',
  'args',
  'queue',
  'status',
  'description',
  'namespace',
  'symbolize_args',
  'date_as_argument',
  'active_job',
  'queue_name_prefix',
  'queue_name_delimiter',
]

/** Converts the schedule file of sidekiq-cron: a mapping by name, or a list of jobs with a name. */
export function convertSidekiqCron(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  const file = options.file ?? 'schedule.yml'
  if (/<%/.test(text)) {
    throw new Refusal(
      'the file holds ERB, which is Ruby code',
      'its result: ruby -rerb -e "puts ERB.new(File.read(ARGV[0])).result" schedule.yml',
    )
  }
  const [document] = parseYaml(text, file)
  const { value } = document ?? { value: {} }
  const jobs: [name: string, job: unknown, path: string | number][] = Array.isArray(value)
    ? value.map((job: unknown, index) => [
        isRecord(job) && typeof job.name === 'string' ? job.name : `job-${index + 1}`,
        job,
        index,
      ])
    : Object.entries(asRecord(value ?? {}, 'the file')).map(([name, job]) => [name, job, name])
  return jobs.map(([name, job, path]) => {
    const source = `${file}:${document?.lineOf([path]) ?? 1}`
    return draftEntry({ name, source }, () => convertJob(job, name, options))
  })
}

function convertJob(value: unknown, name: string, options: ConvertOptions): Omit<Draft, 'name' | 'source'> {
  const job = asRecord(value, 'the job')
  const cron = textOf(job, 'cron')
  if (cron === undefined) throw new Refusal('the job has no cron')
  const { trigger, notes } = readFugit(cron, options.tz)
  const task = textOf(job, 'class') ?? textOf(job, 'klass')
  const queue = textOf(job, 'queue')
  const note = textOf(job, 'description')
  const status = textOf(job, 'status') ?? 'enabled'
  if (status !== 'enabled' && status !== 'disabled')
    throw new Refusal(`status is ${show(status)}; enabled and disabled are known`)
  return {
    definition: {
      ...(task !== undefined && { task }),
      ...trigger,
      payload: {
        args:
          Array.isArray(job.args) || isRecord(job.args)
            ? job.args
            : job.args === undefined || job.args === null
              ? []
              : [job.args],
      },
      // The poller enqueues the next job whether or not the last one is done, and nothing that is older than a minute.
      overlap: 'allow',
      misfire: 'skip',
      ...(status === 'disabled' && { enabled: false }),
      ...(note !== undefined && { note }),
    },
    notes: [
      ...notes,
      ...(queue === undefined || queue === 'default' ? [] : [`queue ${queue}: use pool when its workers are apart`]),
      ...(job.date_as_argument === true ? ['date_as_argument: use run.scheduledAt'] : []),
      ...unknownMembers(job, KNOWN).map((field) => `unknown field ${field}`),
    ],
    switchOff: `Sidekiq::Cron::Job.find(${JSON.stringify(name)}).disable!, and take it out of the schedule file`,
  }
}
