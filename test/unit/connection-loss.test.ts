import { expect, it } from 'vitest'
import { nameConnectionLoss } from '../../src/connection-loss.js'
import { EverybeatError } from '../../src/errors.js'

it.each([
  'Command timed out',
  'Connection is closed.',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Too many Cluster redirections. Last error: Error: Connection is closed.',
  'CLUSTERDOWN The cluster is down',
  'Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
  'connect ECONNREFUSED 127.0.0.1:1',
])('the loss of a connection becomes an EverybeatError that names the request: %s', (message) => {
  const cause = new Error(message)
  expect(nameConnectionLoss(cause, 'count')).toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION', cause })
  expect((nameConnectionLoss(cause, 'count') as Error).message).toContain(`\`count\`: ${message}`)
})

it('any error other than the loss of a connection stays unchanged', () => {
  const own = new EverybeatError('ERR_EVERYBEAT_LAYOUT', 'connection is closed')
  for (const error of [own, new Error('WRONGTYPE Operation'), 'Connection is closed.', null]) {
    expect(nameConnectionLoss(error, 'count')).toBe(error)
  }
})
