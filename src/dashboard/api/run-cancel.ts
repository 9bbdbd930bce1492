import { Problem } from '../problem.js'
import { json } from '../request-context.js'
import type { Route } from '../router.js'

/** `POST runs/:id/cancel`. */
export const runCancelRoute: Route = {
  method: 'POST',
  path: 'runs/:id/cancel',
  role: 'operate',
  isWrite: true,
  summary: 'Cancels a run, wherever it is',
  body: { type: 'object' },
  answer: 'outcome: cancelled (it waited) or cancelling (its signal aborts)',
  async handle({ services, parameters, user }) {
    const runId = parameters['id'] ?? ''
    const result = await services.source.as(user).cancel(runId)
    if (result.outcome === 'missing') {
      throw new Problem(404, {
        detail: `no run ${JSON.stringify(runId)} goes or waits`,
        code: 'ERR_DASHBOARD_NOT_FOUND',
        runId,
      })
    }
    return json(result)
  },
}
