import type { Route } from '../router.js'
import { bulkRoutes } from './bulk.js'
import { fleetRoutes } from './fleet-reads.js'
import { describeApi } from './openapi.js'
import { previewRoute } from './preview.js'
import { scheduleActionRoutes } from './schedule-actions.js'
import { listRoutes } from './schedule-list.js'
import { scheduleReadRoutes } from './schedule-reads.js'
import { scheduleWriteRoutes } from './schedule-writes.js'
import { sessionOperations } from './session.js'
import { json } from '../request-context.js'

const described: readonly Route[] = [
  ...fleetRoutes,
  ...listRoutes,
  ...bulkRoutes,
  ...scheduleReadRoutes,
  ...scheduleWriteRoutes,
  ...scheduleActionRoutes,
  previewRoute,
]

/** Every route of the API that needs a user, and the route of the description of all routes. */
export const API_ROUTES: readonly Route[] = [
  ...described,
  {
    method: 'GET',
    path: 'openapi.json',
    role: 'view',
    isWrite: false,
    summary: 'This API as OpenAPI describes it',
    answer: 'an OpenAPI 3.1 document',
    handle: () => json(describeApi([...sessionOperations, ...API_ROUTES])),
  },
]
