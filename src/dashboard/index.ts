export { createDashboard, type Dashboard } from './dashboard.js'
export type { DashboardOptions, DashboardUser, Role } from './options.js'
export type { RequestOrigin } from './access/host.js'
