/** Share of the lease after which trust in it ends. The rest is time for the handler to react to its signal. */
export const TRUST_SHARE = 0.9
/** Share of the lease after which it is extended. */
export const EXTEND_SHARE = 1 / 3
/**
 * Share of the lease in which extensions are gathered: leases that need an extension within it are extended in the same
 * call.
 */
export const GATHER_SHARE = 1 / 12
/** Share of the lease after which the event loop extends a lease that the lease thread did not extend. */
export const STEP_IN_SHARE = 1 / 2
/** Share of the lease to wait after an extension that Redis did not answer. */
export const RETRY_SHARE = 1 / 12
/**
 * Number of leases for which the lease thread extends the lease of a run without `timeout` while the event loop is
 * blocked.
 */
export const STANDSTILL_LEASES = 10
