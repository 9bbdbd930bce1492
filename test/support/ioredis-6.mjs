// Loaded before every other module (`node --import`): each import of ioredis gets version 6 in place of 5.
import Module, { register } from 'node:module'

const hook = `export const resolve = (specifier, context, next) => next(specifier === 'ioredis' ? 'ioredis-6' : specifier, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

// The same for what is required.
const resolveFilename = Module._resolveFilename
Module._resolveFilename = (request, ...rest) => resolveFilename(request === 'ioredis' ? 'ioredis-6' : request, ...rest)
