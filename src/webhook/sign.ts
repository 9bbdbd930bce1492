import { EverybeatError } from '../index.js'

/** A secret of Standard Webhooks: base64, usually after `whsec_`. */
const SECRET = /^(whsec_)?(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Checks the secret of a webhook.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`, without the secret in its message
 */
export function checkSecret(secret: unknown): void {
  if (typeof secret === 'string' && SECRET.test(secret) && secret.replace('whsec_', '') !== '') return
  const message = 'secret: allowed: base64 text, also after whsec_, as in Standard Webhooks'
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'secret' })
}

/**
 * The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks for a body.
 *
 * @param request `id`: the same for every delivery of the same message, visible ASCII; `at`: the instant of sending;
 *   `body`
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a wrong secret, `ERR_EVERYBEAT_DEPENDENCY` without `standardwebhooks`
 */
export async function signRequest(
  secret: string,
  { id, at, body }: { id: string; at: Date; body: string },
): Promise<Record<string, string>> {
  checkSecret(secret)
  const { Webhook } = await import('standardwebhooks').catch((cause: unknown) => {
    const message = 'signing a webhook needs the package standardwebhooks: npm install standardwebhooks'
    throw new EverybeatError('ERR_EVERYBEAT_DEPENDENCY', message, { cause })
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  }
}
