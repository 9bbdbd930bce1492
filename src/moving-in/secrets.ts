/** Names of variables that hold secrets by custom. */
const SECRET_NAME = /pass|pwd|secret|token|key|cred|auth|private|dsn|cookie|session|salt|signature|webhook|cert/i
/** A user and a password in a URL. */
const URL_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^\s/@]*:[^\s/@]*@/i
/** Prefixes that services give to their tokens. */
const TOKEN_PREFIX = /^(sk|pk|rk)_|^gh[pousr]_|^github_pat_|^xox[abprs]-|^AKIA|^ey[JI]|^glpat-|^npm_|-----BEGIN /
/** Options of commands that carry a credential. */
const COMMAND_SECRET =
  /(^|\s)(--?(password|passwd|token|secret|api-?key)[= ]\S+|-u\s*\S+:\S+)|authorization:|bearer\s+\S/i

/** Whether a variable looks like a secret, by its name or by its value. When in doubt it does. */
export function looksSecret(name: string, value: string): boolean {
  if (SECRET_NAME.test(name) || URL_PASSWORD.test(value) || TOKEN_PREFIX.test(value)) return true
  return (
    value.length >= 20 &&
    /^[A-Za-z0-9+/=_.-]+$/.test(value) &&
    /\d/.test(value) &&
    /[A-Za-z]/.test(value) &&
    !isPath(value)
  )
}

/** Whether a command line seems to carry a credential. */
export function carriesSecret(command: string): boolean {
  return COMMAND_SECRET.test(command) || URL_PASSWORD.test(command)
}

/** Splits variables into copied ones and the names of withheld ones. */
export function withholdSecrets(variables: Readonly<Record<string, string>>): {
  env: Record<string, string>
  withheld: string[]
} {
  const names = Object.keys(variables)
  const withheld = names.filter((name) => looksSecret(name, variables[name]!))
  const env = Object.fromEntries(
    names.filter((name) => !withheld.includes(name)).map((name) => [name, variables[name]!]),
  )
  return { env, withheld }
}

/** The note that names the withheld variables; none without such variables. */
export function noteWithheld(withheld: readonly string[]): string[] {
  if (withheld.length === 0) return []
  return [
    `not copied, because they look like secrets: ${withheld.join(', ')}; set them in the environment of the workers`,
  ]
}

function isPath(value: string): boolean {
  return value.startsWith('/') && !/[=+]/.test(value)
}
