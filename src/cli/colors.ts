import picocolors from 'picocolors'

/** The colours of the CLI: every function returns its text unchanged when colour is off. */
export type Colors = Pick<
  ReturnType<typeof picocolors.createColors>,
  'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
>

/** The painter for a stream: with `enabled: false` no escape sequence is ever written. */
export function createColors(enabled: boolean): Colors {
  return picocolors.createColors(enabled)
}

/**
 * Whether a stream gets colour: `--no-color` and a non-empty `NO_COLOR` win, then a `FORCE_COLOR` other than `0`, then
 * whether the stream is a terminal.
 */
export function wantsColor(request: { option: boolean; isTerminal: boolean; environment: NodeJS.ProcessEnv }): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = request.environment
  if (!request.option || (no !== undefined && no !== '')) return false
  if (force !== undefined && force !== '') return force !== '0'
  return request.isTerminal && term !== 'dumb'
}
