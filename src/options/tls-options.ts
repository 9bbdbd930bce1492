import { createSecureContext, type ConnectionOptions } from 'node:tls'
import { EverybeatError } from '../errors.js'
import { isPlainObject, wrongValue } from '../schedule/field-values.js'

const CODE = 'ERR_EVERYBEAT_OPTIONS'

/**
 * Checks the option `tls`, the options of Node's `tls.connect`. Messages never repeat its content.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` when it is no object, when a certificate comes without its key, and
 *   with the error of OpenSSL for a CA, certificate or key that it cannot read
 */
export function parseTls(value: unknown): ConnectionOptions {
  if (!isPlainObject(value)) {
    const shown = Object.prototype.toString.call(value)
    throw wrongValue('tls', shown, 'an object such as { ca, cert, key }, as tls.connect of Node takes it', CODE)
  }
  const options = value as ConnectionOptions
  if (Boolean(options.cert) !== Boolean(options.key) && !options.pfx && !options.secureContext) {
    const [there, missing] = options.cert ? ['cert', 'key'] : ['key', 'cert']
    throw wrongValue(`tls.${missing}`, undefined, `the ${missing} that belongs to tls.${there}`, CODE)
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    const message = `tls: ${(cause as Error).message}; allowed are a CA, a certificate and its key as PEM text or Buffer`
    throw new EverybeatError(CODE, message, { field: 'tls', cause })
  }
  return Object.freeze({ ...options })
}
