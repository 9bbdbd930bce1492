import type { Command } from './command.js'

/** The shells for which a completion script can be made. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

/** A command with its options, as a completion script needs it. */
interface Entry {
  readonly name: string
  readonly description: string
  readonly options: readonly string[]
}

/**
 * The script that completes commands and options in a shell. It is generated from the commands and calls nothing at run
 * time.
 */
export function completionScript(program: Command, shell: (typeof SHELLS)[number]): string {
  const globals = optionsOf(program)
  const entries = program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...optionsOf(command), ...globals],
  }))
  switch (shell) {
    case 'bash':
      return bash(entries, globals)
    case 'zsh':
      return `#compdef everybeat\nautoload -U +X bashcompinit && bashcompinit\n${bash(entries, globals)}`
    case 'fish':
      return fish(entries, globals)
    case 'powershell':
      return powershell(entries, globals)
  }
}

function optionsOf(command: Command): string[] {
  return [...command.options.flatMap(({ long }) => long ?? []), '--help']
}

function bash(entries: readonly Entry[], globals: readonly string[]): string {
  const cases = entries.map(({ name, options }) => `    ${name}) words="${[...new Set(options)].join(' ')}" ;;`)
  return `_everybeat() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$command" in
    "") words="${[...entries.map(({ name }) => name), ...new Set(globals)].join(' ')}" ;;
${cases.join('\n')}
    *) words="" ;;
  esac
  if [[ "$current" == -* || -z "$command" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _everybeat everybeat
`
}

function fish(entries: readonly Entry[], globals: readonly string[]): string {
  const quote = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`
  const names = entries.map(({ name }) => name).join(' ')
  const lines = entries.flatMap(({ name, description, options }) => [
    `complete -c everybeat -n "not __fish_seen_subcommand_from ${names}" -f -a ${name} -d ${quote(description)}`,
    ...[...new Set(options)].map(
      (option) => `complete -c everybeat -n "__fish_seen_subcommand_from ${name}" -l ${option.slice(2)}`,
    ),
  ])
  return `${[...lines, ...[...new Set(globals)].map((option) => `complete -c everybeat -l ${option.slice(2)}`)].join('\n')}\n`
}

function powershell(entries: readonly Entry[], globals: readonly string[]): string {
  const list = (words: readonly string[]): string => [...new Set(words)].map((word) => `'${word}'`).join(', ')
  const cases = entries.map(({ name, options }) => `    '${name}' = @(${list(options)})`)
  return `Register-ArgumentCompleter -Native -CommandName everybeat -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $options = @{
${cases.join('\n')}
  }
  $command = $commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" } | Where-Object { $options.ContainsKey($_) } | Select-Object -First 1
  $words = if ($command) { $options[$command] } else { @(${list([...entries.map(({ name }) => name), ...globals])}) }
  $words | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`
}
