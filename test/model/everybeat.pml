/*
 * Claim, lease, settle, crash and recovery of one schedule, as src/redis/scripts and src/worker do them.
 *
 * Every `atomic` is one Lua script: Redis runs them one after the other. Between them anything may happen: a reply is
 * lost, a process dies, a host stands still until its lease is over. Time is two things only: Redis's clock, by which
 * occurrences come due, and the end of a lease. That trust ends before the lease does (lease-keeper.ts) is the rule
 * `expire`: when a lease ends, the signal of a run that is still going has aborted already.
 *
 * Properties
 *   - a start is never early, and under `skip` (the default here) an occurrence is started at most once;
 *   - two runs never go at the same time, unless one of them was aborted;
 *   - each occurrence is recorded once, and with -DRERUN each one was run to its end (nothing is lost);
 *   - no deadlock: where nothing can move any more, everything is recorded (process `observer`);
 *   - no busy loop: every cycle passes a `progress` label (spin -run with -DNP).
 *
 * With -DJUMP Redis's clock jumps ahead once: a lease ends before its time, and its holder does not know. What is left then
 * is checked all the same: no double start under `skip`, nothing lost under `rerun`, each occurrence recorded once.
 *
 * Mutations that the checker has to catch
 *   M_NO_COMPARE   a claim reads and writes in two steps
 *   M_NO_LEASE     a settlement does not look at who holds the run
 *   M_WORKER_CLOCK due instants and leases are judged by a worker's clock, which may be wrong
 *   M_NO_CONFIRM   a run starts although its lease ended while the reply was on its way
 *   M_BUSY         a schedule that waits for a lease stays at the head
 */
#ifndef JUMP
#define STRICT
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#define OCCURRENCES 2
#ifndef LOSSES
#define LOSSES 2
#endif
#define CRASHES 1
#define STANDSTILLS 1

mtype = { none, waiting, going, closed }

/* Redis */
byte now = 0            /* occurrence o is due once now > o */
byte plan = 0           /* the next occurrence that nobody has claimed */
byte fence = 0
byte lease = 0          /* the fence that holds the lease of the schedule, 0: free */
bool blocked = false    /* what is due waits for the lease */
mtype state[OCCURRENCES] = none
byte owner[OCCURRENCES]
byte token[OCCURRENCES]
byte recorded[OCCURRENCES]
bool ended[OCCURRENCES]
/* the record of each worker: what its last request won */
byte wonToken[WORKERS]
byte wonRun[WORKERS]

/* what really happens in the processes */
byte starts[OCCURRENCES]
bool runs[WORKERS]
bool aborted[WORKERS]
byte crashes = 0
byte losses = 0
byte standstills = 0
#ifdef JUMP
bool jumped = false
#endif

#define DUE(o) (now > (o))
#define HAS_WAITING (state[0] == waiting || state[1] == waiting)
#define HAS_DUE (plan < OCCURRENCES && DUE(plan))
#define REPEATED(me) (again && wonToken[me] != 0)
#ifdef M_BUSY
#define HEAD (HAS_WAITING || HAS_DUE)
#else
#define HEAD ((HAS_WAITING || HAS_DUE) && !blocked)
#endif
#define ALL_RECORDED (recorded[0] > 0 && recorded[1] > 0)

/* its worker has forgotten the run: the process died, or gave up */
#define HOLDER_IS_GONE (wonToken[0] != lease && wonToken[WORKERS - 1] != lease && (WORKERS < 3 || wonToken[1] != lease))
#ifdef M_WORKER_CLOCK
#define RECOVERABLE(o) (state[o] == going)
#else
#define RECOVERABLE(o) (state[o] == going && lease != token[o])
#endif
#ifdef RERUN
#define RECOVER state[o] = waiting
#else
#define RECOVER state[o] = closed; recorded[o]++
#endif

/* hands the run to the worker: lease, fence and record in one step */
inline hand(o, me) {
  fence++;
  lease = fence;
  state[o] = going;
  owner[o] = me;
  token[o] = fence;
  wonToken[me] = fence;
  wonRun[me] = o;
}

proctype worker(byte me) {
  byte mine = 0;
  byte it = 0;
  bool again = false;

idle:
end_idle:
  atomic {
#ifdef M_WORKER_CLOCK
    (HEAD || plan < OCCURRENCES || again);
#else
    (HEAD || again);
#endif
    if
    :: ALL_RECORDED && !again -> goto finished
    :: else
    fi
  }
#ifdef M_NO_COMPARE
  byte seen;
  seen = plan;
#endif
  atomic {
    mine = 0;
    if
    :: REPEATED(me) ->
       /* the same request again: what it won, as far as it still holds it */
       if
       :: state[wonRun[me]] == going && token[wonRun[me]] == wonToken[me] && lease == wonToken[me] ->
          mine = wonToken[me]; it = wonRun[me]
       :: else
       fi
    :: !REPEATED(me) && HAS_WAITING && lease == 0 ->
       if
       :: state[0] == waiting -> it = 0
       :: else -> it = 1
       fi;
       hand(it, me); mine = fence
#ifdef M_NO_COMPARE
    :: !REPEATED(me) && !HAS_WAITING && seen < OCCURRENCES && DUE(seen) ->
       it = seen; plan = seen + 1; hand(it, me); mine = fence
#else
#ifdef M_WORKER_CLOCK
    :: !REPEATED(me) && !HAS_WAITING && plan < OCCURRENCES && lease == 0 ->
#else
    :: !REPEATED(me) && !HAS_WAITING && HAS_DUE && lease == 0 ->
#endif
       it = plan; plan++; hand(it, me); mine = fence
#endif
    :: !REPEATED(me) && (HAS_WAITING || HAS_DUE) && lease != 0 -> blocked = true
    :: else
    fi
  }
  if
  :: losses < LOSSES -> progress_loss: losses++; again = true; goto idle
  :: true -> again = false
  fi;
  if
  :: mine == 0 -> goto idle
  :: else
  fi;

  /* the reply is here: start only what is still ours */
  atomic {
#ifndef M_NO_CONFIRM
    if
    :: lease != mine ->
       /* give it back: nothing of it has begun */
       if
       :: state[it] == going && token[it] == mine -> state[it] = waiting
       :: else
       fi;
       wonToken[me] = 0;
       goto idle
    :: else
    fi;
#endif
    starts[it]++;
    runs[me] = true;
    aborted[me] = false;
    assert(DUE(it));
#ifndef RERUN
    assert(starts[it] <= 1);
#endif
    byte other = 0;
    do
    :: other < WORKERS ->
#ifdef STRICT
       assert(other == me || !runs[other] || aborted[other]);
#endif
       other++
    :: else -> break
    od;
    other = 0
  }

progress_run:
  if
  :: true -> skip                                    /* the handler comes to its end */
  :: crashes < CRASHES ->                            /* or its process dies, and a new one takes its place */
     atomic { crashes++; runs[me] = false; aborted[me] = false; wonToken[me] = 0; mine = 0 }
     goto idle
  fi;

settle:
  atomic {
    runs[me] = false;
    if
#ifdef M_NO_LEASE
    :: true ->
#else
    :: state[it] == going && token[it] == mine && lease == mine ->
#endif
       recorded[it]++; ended[it] = true; state[it] = closed;
       if
       :: lease == mine -> lease = 0; blocked = false
       :: else
       fi
#ifndef M_NO_LEASE
    :: state[it] == going && token[it] == mine && lease != mine ->
       /* its own lease is gone, and nobody has looked yet */
#ifdef RERUN
       state[it] = waiting
#else
       recorded[it]++; state[it] = closed
#endif
    :: else                                          /* settled by the lost call, or somebody else's by now */
#endif
    fi
  }
#ifndef M_NO_LEASE
  if
  :: losses < LOSSES -> progress_lost_settle: losses++; goto settle
  :: true
  fi;
#endif
  wonToken[me] = 0;
  mine = 0;
  goto idle;
finished:
  skip
}

/* Redis's clock, the ends of leases, and the upkeep that any worker does. */
proctype environment() {
  byte o;
end:
  do
  :: now < OCCURRENCES -> progress_tick: now++
  :: atomic { lease != 0 && standstills < STANDSTILLS ->
       /* a host stood still, or Redis was out of reach: who held the lease has aborted by now */
       standstills++;
       byte each = 0;
       do
       :: each < WORKERS ->
          if
          :: runs[each] && wonToken[each] == lease -> aborted[each] = true
          :: else
          fi;
          each++
       :: else -> break
       od;
       each = 0; lease = 0; blocked = false }
  :: atomic { lease != 0 && (state[0] == going && token[0] == lease || state[1] == going && token[1] == lease) &&
       HOLDER_IS_GONE -> lease = 0; blocked = false }
#ifdef JUMP
  :: atomic { lease != 0 && !jumped -> jumped = true; lease = 0; blocked = false }
#endif
  :: atomic { RECOVERABLE(0) -> o = 0; RECOVER }
  :: atomic { RECOVERABLE(1) -> o = 1; RECOVER }
  od
}

/* Nothing moves any more: then everything is told, once. */
proctype observer() {
  timeout;
  byte o = 0;
  do
  :: o < OCCURRENCES ->
     assert(recorded[o] == 1);
#ifdef RERUN
     assert(ended[o]);
#endif
     o++
  :: else -> break
  od
}

init {
  atomic {
    byte i = 0;
    do
    :: i < WORKERS -> run worker(i); i++
    :: else -> break
    od;
    run environment();
    run observer()
  }
}
