/** Trust in a lease ends after this share of it: what is left is time for the handler to hear of it. */
export const TRUST_SHARE = 0.9
/** A lease is extended when this share of it has passed. */
export const EXTEND_SHARE = 1 / 3
/** Leases that would be extended within this share go with one that is extended now: one call is for many. */
export const GATHER_SHARE = 1 / 12
/** Where a thread keeps leases, the event loop steps in when the thread has let this share pass. */
export const STEP_IN_SHARE = 1 / 2
/** The wait after an extension that Redis did not answer, as a share of the lease. */
export const RETRY_SHARE = 1 / 12
/** A thread keeps the lease of a run without `timeout` for an event loop that is blocked for so many leases, no longer. */
export const STANDSTILL_LEASES = 10
