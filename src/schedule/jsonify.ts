/**
 * What arrives of a value that was written as JSON: a `Date` arrives as text, as what its `toJSON` gives, a function, a symbol and `undefined` do not
 * arrive at all, and in a list they arrive as `null`.
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

/** An item of a list: one that JSON does not write arrives as `null`. */
type JsonifyMember<Member> = unknown extends Member ? Member : Member extends Unwritten ? null : Jsonify<Member>

/** A member without a value that JSON knows is left out; so is one whose name is a symbol. */
type WrittenKey<Value, Key extends keyof Value> = Key extends symbol
  ? never
  : unknown extends Value[Key]
    ? Key
    : [Value[Key]] extends [Unwritten]
      ? never
      : Key
