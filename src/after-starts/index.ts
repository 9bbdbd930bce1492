export { AfterStarts } from './after-starts.js'
