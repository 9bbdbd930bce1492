/** Stands in for `node:module` in a browser, where no optional library can be loaded by name. */
export function createRequire(): (name: string) => never {
  return (name) => {
    throw new Error(`${name} cannot be loaded in a browser`)
  }
}
