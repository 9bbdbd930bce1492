/** The version of this package. `npm run entries` takes it from package.json. */
export const VERSION = '0.2.0'
