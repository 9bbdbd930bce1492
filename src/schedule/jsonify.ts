/**
 * The type of a value after JSON: a `Date` becomes text, an object with `toJSON` its result; functions, symbols and
 * `undefined` are dropped, and become `null` in a list.
 */
export type Jsonify<Value> = unknown extends Value
  ? Value
  : Value extends { toJSON(): infer Written }
    ? Jsonify<Written>
    : Value extends string | number | boolean | null
      ? Value
      : Value extends Unwritten | bigint
        ? never
        : Value extends readonly unknown[]
          ? { [Index in keyof Value]: JsonifyMember<Value[Index]> }
          : Value extends object
            ? { [Key in keyof Value as Key extends WrittenKey<Value, Key> ? Key : never]: Jsonify<Value[Key]> }
            : never

/** Values that JSON does not write. */
type Unwritten = undefined | symbol | ((...args: never[]) => unknown)

/** An item of a list: a value without a JSON form becomes `null`. */
type JsonifyMember<Member> = unknown extends Member ? Member : Member extends Unwritten ? null : Jsonify<Member>

/** The keys that JSON writes: not those of values without a JSON form, and no symbols. */
type WrittenKey<Value, Key extends keyof Value> = Key extends symbol
  ? never
  : unknown extends Value[Key]
    ? Key
    : [Value[Key]] extends [Unwritten]
      ? never
      : Key
