import { readCrontabFields, readMacro, type CrontabTrigger } from './crontab-schedule.js'
import { nameOfCommand, splitCommand } from './crontab-command.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import { carriesSecret, noteWithheld, withholdSecrets } from './secrets.js'

/** The facts about an entry in the lines above it. */
interface CrontabContext {
  /** Variables that the command gets. */
  variables: Record<string, string>
  tz: string | undefined
  mailTo: string | undefined
  comment: string[]
}

const VARIABLE = /^\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z_][\w.]*))\s*=\s*(.*?)\s*$/

/**
 * Converts a crontab, of a user or with `system` one that has a column for the user. The command becomes the payload of
 * the task `shell`, or of `task`: `{ command, stdin?, env?, user? }`.
 */
export function convertCrontab(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  const drafts: (Draft | RefusedDraft)[] = []
  const context: CrontabContext = { variables: {}, tz: undefined, mailTo: undefined, comment: [] }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim()
    if (trimmed === '') context.comment = []
    else if (trimmed.startsWith('#')) context.comment.push(trimmed.replace(/^#+\s?/, ''))
    else if (isVariable(line)) readVariable(line, context)
    else {
      drafts.push(convertLine(trimmed, `${options.file ?? 'crontab'}:${index + 1}`, context, options))
      context.comment = []
    }
  }
  return drafts
}

// `1=2 * * * …` is no variable: a name begins with a letter, and an entry with a digit, a sign or a macro.
function isVariable(line: string): boolean {
  return VARIABLE.test(line)
}

function readVariable(line: string, context: CrontabContext): void {
  const [, double, single, bare, raw = ''] = VARIABLE.exec(line)!
  const name = double ?? single ?? bare!
  const value = raw.replace(/^(["'])(.*)\1$/, '$2')
  context.comment = []
  if (name === 'CRON_TZ') context.tz = value
  else if (name === 'MAILTO') context.mailTo = value
  else if (name !== 'MAILFROM' && name !== 'CONTENT_TYPE' && name !== 'RANDOM_DELAY') {
    context.variables = { ...context.variables, [name]: value }
  }
  if (name === 'RANDOM_DELAY') context.variables = { ...context.variables, [name]: value }
}

function convertLine(
  line: string,
  source: string,
  context: CrontabContext,
  options: ConvertOptions,
): Draft | RefusedDraft {
  const comment = context.comment.join('\n').trim()
  // A leading minus keeps cronie from logging the run.
  const { schedule, rest } = splitSchedule(line.replace(/^-/, ''))
  const userColumn = options.system ? /^(\S+)\s+(.*)$/.exec(rest) : null
  const commandText = options.system ? (userColumn?.[2] ?? '') : rest
  const name = nameOfCommand(splitCommand(commandText).command)
  return draftEntry({ name, source }, () => {
    if (schedule === null) throw new Refusal('the line has no five fields, no macro and no variable')
    if (commandText.trim() === '')
      throw new Refusal(options.system ? 'the line has no user and command' : 'the line has no command')
    const read = schedule.length === 1 ? readMacro(schedule[0]!) : readCrontabFields(schedule)
    return buildDraft(read, { commandText, user: userColumn?.[1], comment }, context, options)
  })
}

function splitSchedule(line: string): { schedule: string[] | null; rest: string } {
  const macro = /^(@\w+)\s*(.*)$/.exec(line)
  if (macro !== null) return { schedule: [macro[1]!], rest: macro[2]! }
  const fields = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(line)
  return fields === null ? { schedule: null, rest: line } : { schedule: fields.slice(1, 6), rest: fields[6] ?? '' }
}

function buildDraft(
  { trigger, notes: approximated }: CrontabTrigger,
  { commandText, user, comment }: { commandText: string; user: string | undefined; comment: string },
  context: CrontabContext,
  options: ConvertOptions,
): Omit<Draft, 'name' | 'source'> {
  const { command, stdin } = splitCommand(commandText)
  const { RANDOM_DELAY: randomDelay, ...variables } = context.variables
  const { env, withheld } = withholdSecrets(variables)
  const tz = context.tz ?? options.tz
  const payload = {
    command,
    ...(stdin !== undefined && { stdin }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(user !== undefined && { user }),
  }
  const delay = Number(randomDelay)
  return {
    definition: {
      task: options.task ?? 'shell',
      ...trigger,
      ...(tz !== undefined && { tz }),
      payload,
      misfire: 'skip',
      overlap: 'allow',
      ...(delay > 0 && { jitter: `${delay}m` }),
      ...(comment !== '' && { note: comment }),
    },
    notes: [
      ...approximated,
      ...(tz === undefined
        ? ['cron counts in the zone of its machine, which the file does not say: UTC is assumed; --tz sets it']
        : []),
      ...(context.mailTo
        ? [`MAILTO=${context.mailTo}: output is not mailed; the result and the error are in the history`]
        : []),
      ...(variables.TZ === undefined
        ? []
        : ['TZ is the environment of the command; the zone of the schedule is CRON_TZ']),
      ...noteWithheld(withheld),
      ...(carriesSecret(command)
        ? [
            'the command seems to carry a credential, and payloads are readable: move it into the environment of the workers',
          ]
        : []),
      ...(user === undefined ? [] : [`ran as the user ${user}; here it runs as the user of the worker`]),
    ],
    switchOff: 'comment the line out with crontab -e, or remove the file from /etc/cron.d',
  }
}
