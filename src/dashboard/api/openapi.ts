import type { Operation } from '../router.js'

const PROBLEM = { $ref: '#/components/responses/Problem' }

/** Describes routes as OpenAPI 3.1 does; the URL of the server is relative to that of the document. */
export function describeApi(routes: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = `/api/${route.path.replace(/(^|\/):(\w+)/g, '$1{$2}')}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Everybeat dashboard', version: '1', description: DESCRIPTION },
    servers: [{ url: '..' }],
    paths,
    components: {
      responses: {
        Problem: {
          description: 'What went wrong',
          content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } },
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'everybeat_session' },
      },
    },
    security: [{}, { token: [] }, { session: [] }],
  }
}

const DESCRIPTION =
  'Reads and steers a fleet. Every write needs `content-type: application/json` and `X-Everybeat: 1`, and is refused to pages of another origin.'

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    field: { type: 'string' },
  },
}

function describeRoute({ method, path, summary, query = {}, body, answer, role, isWrite }: Operation): object {
  const names = [...path.matchAll(/(?:^|\/):(\w+)/g)].map((match) => match[1]!)
  const type = path === 'events' ? 'text/event-stream' : 'application/json'
  return {
    operationId: `${method.toLowerCase()} ${path}`.replace(/[^A-Za-z]+(\w?)/g, (_, letter: string) =>
      letter.toUpperCase(),
    ),
    summary,
    description: `${role === null ? 'Needs no sign-in.' : `Needs the role \`${role}\`.`}${isWrite ? ' Refused in a read-only dashboard.' : ''}`,
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...Object.entries(query).map(([name, description]) => ({
        name,
        in: 'query',
        description,
        schema: { type: 'string' },
      })),
      ...(path === 'schedules/:name' && method !== 'GET'
        ? [{ name: 'If-Match', in: 'header', description: 'the revision that was edited', schema: { type: 'string' } }]
        : []),
      ...(method === 'GET' ? [] : [{ name: 'X-Everybeat', in: 'header', required: true, schema: { const: '1' } }]),
    ],
    ...(body ? { requestBody: { content: { 'application/json': { schema: body } } } } : {}),
    responses: {
      [successOf(path)]: {
        description: answer,
        content: { [type]: { schema: { type: path === 'events' ? 'string' : 'object' } } },
      },
      default: PROBLEM,
    },
  }
}

function successOf(path: string): string {
  return path.endsWith('/run') ? '202' : '200'
}
