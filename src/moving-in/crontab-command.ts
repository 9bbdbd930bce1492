/** A crontab's command, with the text after its first `%` as standard input. */
export interface CrontabCommand {
  command: string
  stdin?: string
}

/** Splits at `%` as cron does: the first begins the standard input, each further one is a newline, `\%` is a percent sign. */
export function splitCommand(text: string): CrontabCommand {
  const [command = '', ...input] = text.split(/(?<!\\)%/).map((part) => part.replaceAll('\\%', '%'))
  if (input.length === 0) return { command: command.trim() }
  return { command: command.trim(), stdin: `${input.join('\n')}\n` }
}

const INTERPRETERS =
  /^(sudo|env|nice|ionice|flock|chronic|time|timeout|bash|sh|zsh|python[\d.]*|node|ruby|perl|php|npx|npm|exec|\/.*\/(env|bash|sh|python[\d.]*|node|ruby|perl|php|flock|nice|ionice|sudo))$/

/** A name for a command: the file name of its program, without the ending; `job` if the command has none. */
export function nameOfCommand(command: string): string {
  const last = command.split(/&&|;/).at(-1)!.trim()
  const words = last.split(/\s+/).filter((word) => !/^[A-Za-z_]\w*=|^-|^\d|^[<>|&2]/.test(word))
  const program = words.find((word) => !INTERPRETERS.test(word)) ?? words.at(-1) ?? ''
  const base = program
    .replace(/["'`]/g, '')
    .split('/')
    .at(-1)!
    .replace(/\.(sh|py|js|mjs|ts|rb|pl|php|bash)$/, '')
  const name = base.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '')
  return name === '' ? 'job' : name
}
