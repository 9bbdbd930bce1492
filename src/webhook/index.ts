export { signRequest } from './sign.js'
export { webhook } from './webhook.js'
export type { WebhookOptions, WebhookResult } from './webhook.js'
