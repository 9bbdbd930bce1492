import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Calls a function outside of every async context, so that a handler does not inherit the context of the code that started
 * the worker, registered a task or resumed the instance. The snapshot is taken when the module is loaded, before any of
 * these. Promises that the function makes continue outside of every context too. A call takes up to 0.5 µs.
 */
export const callOutsideContexts = AsyncLocalStorage.snapshot() as <Result>(work: () => Result) => Result
