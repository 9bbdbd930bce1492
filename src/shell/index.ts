export { shell } from './shell.js'
export type { ShellOptions, ShellPayload, ShellResult } from './shell.js'
