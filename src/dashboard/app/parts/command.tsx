import { session } from '../api.js'
import { Icon } from './icon.js'
import { toast } from './toast.js'

/** A command line with the same effect, to be copied. */
export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <button
        class="button quiet icon"
        title="Copy the command"
        aria-label="Copy the command"
        onClick={() => void copy(text)}
      >
        <Icon name="copy" />
      </button>
    </div>
  )
}

/** Copies a text to the clipboard, and shows a toast. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast('Copied')
  } catch {
    // Pages that are not served by TLS or from this machine have no clipboard.
    toast('The browser does not let this page copy; select the text instead', { tone: 'bad' })
  }
}

/** A command line of `everybeat` for this fleet. */
export function commandLine(...words: readonly (string | undefined)[]): string {
  const label = session.value?.label
  const prefix = label && label !== 'everybeat' ? ['--prefix', label] : []
  return ['everybeat', ...words.filter((word) => word !== undefined), ...prefix].map(quote).join(' ')
}

/** The command line with the same effect on several schedules, in a POSIX shell. */
export function commandForEach(names: readonly string[], verb: string, ...flags: readonly string[]): string {
  const [first] = names
  if (names.length === 1) return commandLine(verb, first, ...flags)
  const line = commandLine(verb, PLACE, ...flags).replace(PLACE, '"$name"')
  return `for name in ${names.map(quote).join(' ')}; do ${line}; done`
}

/** The place of the name of a schedule; quoted, a word like any other. */
const PLACE = '@name@'

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
