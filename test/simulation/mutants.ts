/** A fault of the engine itself: what one of its scripts says is replaced. */
export interface Mutant {
  readonly what: string
  /** Text of the scripts, and what takes its place. */
  readonly changes: readonly (readonly [from: string, to: string])[]
}

/** Faults that the simulation must find. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'compare-and-set': {
    what: 'a plan is stored without a look at what happened since it was made, and claimed though its instants have passed',
    changes: [
      [
        "if (state.digest or '') ~= previous_digest or (state.plan or '') ~= previous_plan or (state.last or '') ~= previous_last",
        'if false',
      ],
      ["if nominal <= (integer_of(last) or -math.huge) then return 'behind' end", ''],
    ],
  },
  lease: {
    what: 'a run is settled without a look at its lease and its holder',
    changes: [
      ["if token ~= worker_id .. ':' .. fence then", 'if false then'],
      ['if holder ~= worker_id or run_fence ~= fence then', 'if not look[1] then'],
    ],
  },
  plan: {
    what: 'a claim does not move the plan on, and is made though its instant has passed',
    changes: [
      [
        "'plan', left, 'seen', seen, 'fence', fence_text, 'run:' .. run_id, text,\n      'holder'",
        "'seen', seen, 'fence', fence_text, 'run:' .. run_id, text,\n      'holder'",
      ],
      ["if nominal <= (integer_of(last) or -math.huge) then return 'behind' end", ''],
    ],
  },
  'removed-declarations': {
    what: 'a declared schedule that ran to its end and was removed is not known to be done',
    changes: [["if declared ~= '' then\n", 'if false then\n']],
  },
  'live-edits': {
    what: 'what code declared last is not kept, so that a deploy writes over what a person has edited since',
    changes: [["if declared == '' then return '-' end", "if string.sub(declared, 1, 1) ~= '!' then return '-' end"]],
  },
  'lost-state': {
    what: 'a schedule whose state is lost counts as new, although its history exists',
    changes: [['if not last then return end', 'do return end']],
  },
}

/** Gives the scripts with the fault in them. @throws Error for a name that there is no mutant of */
export function rewriterOf(name: string): (text: string) => string {
  const mutant = MUTANTS[name]
  if (!mutant) throw new Error(`there is no mutant ${name}; there are ${Object.keys(MUTANTS).join(', ')}`)
  return (text) => mutant.changes.reduce((script, [from, to]) => script.replaceAll(from, to), text)
}
