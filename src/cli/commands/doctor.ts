import { aclRules, EverybeatError, type Diagnosis, type Finding } from '../../index.js'
import { setAction, type Command } from '../command.js'
import { oneLine, plural } from '../format.js'
import type { Session } from '../session.js'

interface DoctorOptions {
  acl?: boolean
  user?: string
  cluster?: boolean
  reshard?: boolean
  prefix?: string
}

/** The default name of the user and of the prefix. */
const DEFAULT_NAME = 'everybeat'

/**
 * `doctor`: finds problems of Redis, the fleet and its schedules; `doctor --acl`: writes the rights that a worker
 * needs.
 */
export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('find problems of Redis, the fleet and its schedules')
    .option('--acl', 'instead, write the ACL line of a user with only the rights that Everybeat needs')
    .option('--user <name>', 'with --acl: name of the user', DEFAULT_NAME)
    .option('--cluster', 'with --acl: add the rights that the client of a Cluster needs')
    .option('--reshard', 'with --acl: add the rights that everybeat reshard needs')
  setAction<DoctorOptions, []>(command, async (session, options) => {
    if (options.acl) return showRules(session, options)
    const diagnosis = await diagnose(session)
    session.result(diagnosis, () => showDiagnosis(session, diagnosis))
    return diagnosis.ok ? 0 : 1
  })
}

/** Diagnoses the fleet; an unreachable Redis is a finding, not a failure of the command. */
async function diagnose(session: Session): Promise<Diagnosis> {
  try {
    const diagnosis = await session.withBeat((beat) => beat.diagnose())
    return {
      ...diagnosis,
      findings: [{ check: 'connection', level: 'ok', message: 'connected' }, ...diagnosis.findings],
    }
  } catch (error) {
    const isRefused = error instanceof Error && /\b(NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message)
    if (!isRefused && !(error instanceof EverybeatError && error.code === 'ERR_EVERYBEAT_CONNECTION')) throw error
    const why = 'nothing can be claimed, and no further check is possible'
    const advice = isRefused
      ? 'give user and password in --redis; everybeat doctor --acl writes the needed rights'
      : 'check that Redis runs, and --redis or REDIS_URL'
    return { ok: false, findings: [{ check: 'connection', level: 'problem', message: error.message, why, advice }] }
  }
}

function showRules(
  session: Session,
  { user = DEFAULT_NAME, prefix = DEFAULT_NAME, cluster, reshard }: DoctorOptions,
): number {
  const rules = aclRules(prefix, { isCluster: cluster ?? false, mayReshard: reshard ?? false })
  session.result({ user, rules }, () => `ACL SETUSER ${[user, 'on', ...rules].map(quote).join(' ')}`)
  if (!session.json) session.note('Add a password to this line: >secret')
  return 0
}

/** Quotes an argument for redis-cli and for the console. */
function quote(text: string): string {
  return /[\s"']/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}

function showDiagnosis(session: Session, { findings }: Diagnosis): string {
  const { colors } = session
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap((finding) => {
    const { mark, paint } = signOf(session, finding.level)
    const indent = ' '.repeat(width + 4)
    const more = [finding.why, finding.advice === undefined ? undefined : `→ ${finding.advice}`]
    return [
      `${paint(mark)} ${colors.dim(finding.check.padEnd(width))}  ${paint(oneLine(finding.message))}`,
      ...more.flatMap((line) => (line === undefined ? [] : [`${indent}${oneLine(line)}`])),
    ]
  })
  return [...lines, summary(session, findings)].join('\n')
}

function signOf({ colors }: Session, level: Finding['level']): { mark: string; paint: (text: string) => string } {
  if (level === 'ok') return { mark: '✓', paint: (text) => (text === '✓' ? colors.green(text) : text) }
  return level === 'warning' ? { mark: '!', paint: colors.yellow } : { mark: '✗', paint: colors.red }
}

function summary({ colors }: Session, findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length
  const [problems, warnings] = [count('problem'), count('warning')]
  if (problems + warnings === 0) return colors.green('No problem was found.')
  return `${plural(problems, 'problem')}, ${plural(warnings, 'warning')}`
}
