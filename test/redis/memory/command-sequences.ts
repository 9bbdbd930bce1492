import fc from 'fast-check'

/** A command with its words. */
export type Words = readonly string[]

const key = fc.constantFrom('a', 'b', 'c', 'd')
const field = fc.constantFrom('f', 'g', '1', '2', 'zé', '')
const text = fc.constantFrom('', 'x', '7', '-3', '1.5', 'two words', 'ü\0', '9007199254740993', '3.0e3')
const integer = fc.constantFrom('0', '1', '2', '-1', '-2', '5', '100', 'x')
const score = fc.constantFrom('0', '1', '2.5', '-1', 'inf', '-inf', '0.1', '1e20', '1e-7', '1700000000000', '(1', 'nan')
const lex = fc.constantFrom('-', '+', '[f', '(f', '[1', '(zé', '[', 'f')
const streamId = fc.constantFrom('1-1', '1-2', '2-0', '5', '7-*', '0-0', '3-1', 'x')
const pattern = fc.constantFrom('*', 'a*', '[ab]', '?', 'f', '\\*', '[^a]', '[a-c]', '[')
/** An instant that no test reaches, so that what is left never differs. */
const instant = fc.constantFrom('4102444800000', '4102444800001', '1000', '-5', 'x')

const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<Words> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))

const option = (...choices: string[]) => fc.constantFrom(...choices)

/** Words, some of which are optional: the empty ones are dropped in the end. */
const loose = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<Words> =>
  words(...parts).map((all) => all.filter((word) => word !== '~none~').flatMap((word) => word.split('|')))

const maybe = (...choices: string[]) => fc.constantFrom('~none~', ...choices)

const STRINGS = [
  loose('SET', key, text, maybe('NX', 'XX', 'GET', 'KEEPTTL', 'PXAT|4102444800000', 'EX|0', 'EX|x', 'NX|GET')),
  words('GET', key),
  words('GETSET', key, text),
  words('GETDEL', key),
  loose('GETEX', key, maybe('PERSIST', 'PXAT|4102444800000')),
  words('SETNX', key, text),
  words('MGET', key, key, key),
  words('MSET', key, text, key, text),
  words('INCR', key),
  words('INCRBY', key, integer),
  words('DECR', key),
  words('APPEND', key, text),
  words('STRLEN', key),
  words('GETRANGE', key, integer, integer),
  words('SETRANGE', key, option('0', '3', '-1'), text),
]

const HASHES = [
  words('HSET', key, field, text),
  words('HSET', key, field, text, field, text),
  words('HSETNX', key, field, text),
  words('HGET', key, field),
  words('HMGET', key, field, field),
  words('HGETALL', key),
  words('HDEL', key, field, field),
  words('HINCRBY', key, field, integer),
  words('HLEN', key),
  words('HEXISTS', key, field),
  words('HKEYS', key),
  words('HVALS', key),
  words('HSTRLEN', key, field),
]

const SETS_AND_LISTS = [
  words('SADD', key, field, field),
  words('SREM', key, field),
  words('SMEMBERS', key),
  words('SCARD', key),
  words('SISMEMBER', key, field),
  words('SMOVE', key, key, field),
  words('SUNION', key, key),
  words('SINTER', key, key),
  words('SDIFF', key, key),
  words('RPUSH', key, text, text),
  words('LPUSH', key, text, text),
  words('LPUSHX', key, text),
  loose('LPOP', key, maybe('0', '2', '-1')),
  loose('RPOP', key, maybe('0', '2', 'x')),
  words('LLEN', key),
  words('LRANGE', key, integer, integer),
  words('LINDEX', key, integer),
  words('LSET', key, integer, text),
  words('LREM', key, integer, text),
  words('LTRIM', key, integer, integer),
]

const SORTED_SETS = [
  loose('ZADD', key, maybe('NX', 'XX', 'GT', 'LT', 'CH', 'INCR', 'NX|XX', 'GT|CH', 'NX|GT'), score, field),
  words('ZADD', key, score, field, score, field),
  words('ZINCRBY', key, score, field),
  words('ZREM', key, field, field),
  words('ZCARD', key),
  words('ZSCORE', key, field),
  words('ZMSCORE', key, field, field),
  words('ZRANK', key, field),
  words('ZREVRANK', key, field),
  words('ZCOUNT', key, score, score),
  loose('ZRANGE', key, integer, integer, maybe('WITHSCORES', 'REV', 'REV|WITHSCORES', 'LIMIT|0|1')),
  loose('ZRANGE', key, score, score, 'BYSCORE', maybe('REV', 'LIMIT|0|2', 'LIMIT|1|-1', 'WITHSCORES')),
  loose('ZRANGE', key, lex, lex, 'BYLEX', maybe('REV', 'LIMIT|0|2', 'WITHSCORES')),
  loose('ZRANGEBYSCORE', key, score, score, maybe('WITHSCORES', 'LIMIT|0|1', 'LIMIT|-1|1', 'LIMIT|1|5|WITHSCORES')),
  loose('ZREVRANGEBYSCORE', key, score, score, maybe('WITHSCORES', 'LIMIT|1|1')),
  loose('ZRANGEBYLEX', key, lex, lex, maybe('LIMIT|0|1')),
  words('ZREVRANGE', key, integer, integer),
  loose('ZPOPMIN', key, maybe('0', '2')),
  loose('ZPOPMAX', key, maybe('2')),
  words('ZREMRANGEBYSCORE', key, score, score),
  words('ZREMRANGEBYRANK', key, integer, integer),
  words('ZLEXCOUNT', key, lex, lex),
]

const STREAMS = [
  loose('XADD', key, maybe('MAXLEN|2', 'MAXLEN|=|1', 'MAXLEN|~|1', 'NOMKSTREAM', 'MINID|2'), streamId, field, text),
  words('XADD', key, streamId, field),
  words('XLEN', key),
  loose('XRANGE', key, option('-', '1', '(1-1', 'x'), option('+', '2', '5-0'), maybe('COUNT|1', 'COUNT|0', 'COUNT|x')),
  loose('XREVRANGE', key, option('+', '5'), option('-', '1-2'), maybe('COUNT|2')),
  loose('XTRIM', key, option('MAXLEN|1', 'MINID|2', 'MINID|=|1-2', 'MAXLEN|-1', 'MAXLEN|~|0|LIMIT|5', 'FOO|1')),
  words('XDEL', key, streamId),
]

const KEYS = [
  words('DEL', key, key),
  words('EXISTS', key, key),
  words('TYPE', key),
  words('KEYS', pattern),
  loose('PEXPIREAT', key, instant, maybe('NX', 'XX', 'GT', 'LT', 'NX|GT', 'FOO')),
  words('PEXPIRETIME', key),
  words('PERSIST', key),
  words('RENAME', key, key),
  words('RENAMENX', key, key),
  words('COPY', key, key),
  words('SCAN', '0', 'COUNT', '1000', 'MATCH', pattern),
  words('DBSIZE'),
  words('GET'),
  words('GET', key, key),
  words('FOO', key, text),
  words('CLIENT', 'FOO'),
  words('CONFIG', 'FOO'),
]

const SCRIPT_TEXTS = [
  "return redis.call('GET', KEYS[1])",
  "return redis.pcall('INCR', KEYS[1])",
  "return {1, 2.7, 'x', true, false, 'behind'}",
  'return {1, nil, 3}',
  "return {err = 'MINE it is'}",
  "return redis.error_reply('just so')",
  "return redis.status_reply('FINE')",
  "return redis.call('HGETALL', KEYS[1])",
  "return cjson.encode({a = {1, 2, 'x'}, b = {}, c = 1/3, d = '/\\\\' .. ARGV[1]})",
  'return cjson.encode(cjson.decode(\'[1, 2.5, "\\\\u00e9", null, {"a": [] }]\'))',
  'return tostring(1e15) .. tostring(2^53) .. tostring(0.1) .. 1e100',
  "return redis.call('SET', KEYS[1], 1700000000000.5)",
  "return redis.call('ZADD', KEYS[1], 3, ARGV[1])",
  "return redis.call('FOO')",
  "return redis.call('GET')",
  "return redis.call('SUBSCRIBE', 'x')",
  'return nothing',
  'there = 1',
  'return redis.call()',
  'return redis.call({})',
  'error({err = "OWN made"})',
  'error("text")',
  'not Lua',
  'return redis.sha1hex(ARGV[1])',
  "return {redis.call('TYPE', KEYS[1]), redis.call('EXISTS', KEYS[1])}",
  "local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES') return all",
  "return string.format('%.0f %5.2f %s', 1700000000001, 2.345, 'x')",
  "return {string.match('a-12', '(%a)-(%d+)')}",
  'local t = {} for k in pairs({b = 1, a = 2, c = 3}) do t[#t + 1] = k end table.sort(t) return t',
  'return math.floor(-1.5) .. math.max(1, 2) .. #ARGV .. #KEYS',
  'return tonumber(ARGV[1])',
  'return unpack({1, 2})',
]

const SCRIPTS = [
  words('EVAL', fc.constantFrom(...SCRIPT_TEXTS), '1', key, text),
  words('EVAL', fc.constantFrom(...SCRIPT_TEXTS), '0', text),
  words('EVAL', 'return 1', option('-1', '5', 'x')),
  words('EVALSHA', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', '0'),
]

/** Sequences in which most commands meet what earlier ones left. */
export const commandSequence: fc.Arbitrary<Words[]> = fc.array(
  fc.oneof(
    ...[STRINGS, HASHES, SETS_AND_LISTS, SORTED_SETS, STREAMS, KEYS, SCRIPTS].map((group) => fc.oneof(...group)),
  ),
  { minLength: 1, maxLength: 60 },
)

const UNORDERED = /^(SMEMBERS|SUNION|SINTER|SDIFF|HGETALL|HKEYS|HVALS|KEYS|SCAN)$/

/** A reply in a comparable form: members without an order are sorted. */
export function comparable([name = '']: Words, reply: unknown): string {
  const sorted = UNORDERED.test(name) && Array.isArray(reply) ? reply.flat().map(String).sort() : reply
  return JSON.stringify(sorted)
}
