/** Stands for `node:module` in a browser, where no optional library can be loaded: asking for one says so. */
export function createRequire(): (name: string) => never {
  return (name) => {
    throw Object.assign(new Error(`${name} cannot be loaded in a browser`), { code: 'MODULE_NOT_FOUND' })
  }
}
