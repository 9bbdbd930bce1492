/** Codes of Node and OpenSSL for certificates that one side refuses, and for a peer without TLS. */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/

/**
 * The advice for a permanent error of a connection: a refused certificate, user or password, or a server that cannot
 * report its readiness. Null for any other error, which may pass.
 */
export function adviceFor(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && TLS_CODES.test(code)) return adviceForTls(code)
  // A Sentinel connector wraps the error of the server into another text.
  if (/\b(WRONGPASS|NOAUTH)\b|ERR invalid password/.test(error.message)) {
    return 'Give the user and the password that the server knows, in the URL or the options of `redis`'
  }
  if (isWrongDatabase(error)) {
    return 'The server does not have the database that the URL or `db` names, and ioredis would continue in database 0. Give an existing database, or raise `databases` of the server'
  }
  if (/unknown command '?`?info\b/i.test(error.message)) {
    return 'ioredis checks by INFO whether a server is ready: set `enableReadyCheck: false` in the options of `redis` for a server without INFO'
  }
  return null
}

/** Whether the error says that the server does not have the selected database. */
export function isWrongDatabase(error: Error): boolean {
  return /\b(DB index is out of range|invalid DB index)/i.test(error.message)
}

function adviceForTls(code: string): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return 'The server does not speak TLS on this port: use a redis:// URL, or its TLS port'
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return 'Connect by a name in the certificate of the server, or set `tls.servername` to one'
  }
  if (code.includes('ALERT')) {
    return 'The server refuses the client certificate, or needs one: give `tls.cert` and `tls.key`, signed by a CA that the server trusts'
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'Renew the certificate of the server, and check the clocks'
  }
  return 'Give the CA that signed the certificate of the server as `tls.ca`'
}

/**
 * Removes the arguments of `AUTH` and `HELLO` from an error of ioredis, which holds its command: a program that prints
 * the error would print the password.
 */
export function forgetPassword(error: unknown): void {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; depth += 1) {
    const { command, lastNodeError, cause } = one as Error & {
      command?: { name?: unknown; args?: unknown }
      lastNodeError?: unknown
    }
    if (command && /^(auth|hello)$/i.test(String(command.name))) command.args = []
    one = lastNodeError ?? cause
  }
}
