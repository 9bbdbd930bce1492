/*
 * Joins Lua and a host by two calls: the host loads and runs scripts, and a script calls the host for each command.
 * Values cross in one buffer, in the form that `lua-values.ts` describes. Everything else is what Redis 7 does, with
 * Lua 5.1; with Lua 5.4 it is what Dragonfly does, for the tests.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

#define HOST(name) __attribute__((import_module("host"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name), used))

/* Runs the command in the buffer and leaves its reply there; says how long the reply is. */
HOST("call") extern uint32_t host_call(uint32_t length);
/* Replaces the text in the buffer by its SHA-1 in 40 hexadecimal digits. */
HOST("sha1") extern void host_sha1(uint32_t length);

int luaopen_cjson(lua_State *lua);

static lua_State *lua;
static uint8_t *buffer;
static uint32_t capacity;
static uint32_t length;
static int depth;

#define MOST_DEPTH 1000

#if LUA_VERSION_NUM >= 504
#include "dragonfly.h"
#else
#define push_integer(number) lua_pushnumber(lua, number)
#define push_globals() lua_pushvalue(lua, LUA_GLOBALSINDEX)
#define set_global() lua_rawset(lua, LUA_GLOBALSINDEX)
#define register_functions(name, functions) luaL_register(lua, name, functions)
#define raise_top() lua_error(lua)
#endif

EXPORT("reserve") uint8_t *reserve(uint32_t wanted) {
  if (wanted > capacity) {
    uint32_t larger = capacity ? capacity : 65536;
    while (larger < wanted) larger *= 2;
    buffer = realloc(buffer, larger);
    capacity = larger;
  }
  return buffer;
}

static void put(const void *bytes, uint32_t count) {
  reserve(length + count);
  memcpy(buffer + length, bytes, count);
  length += count;
}

static void put_number(char tag, double number) {
  put(&tag, 1);
  put(&number, 8);
}

static void put_text(char tag, const char *text, size_t count) {
  uint32_t size = (uint32_t)count;
  put(&tag, 1);
  put(&size, 4);
  put(text, size);
}

/* A value of Lua as the reply that Redis makes of it. */
static void put_value(void) {
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t size;
      const char *text = lua_tolstring(lua, -1, &size);
      put_text('s', text, size);
      break;
    }
    case LUA_TNUMBER:
#if LUA_VERSION_NUM >= 504
      if (!lua_isinteger(lua, -1)) {
        char digits[64];
        put_text('s', digits, snprintf(digits, 64, "%.17g", lua_tonumber(lua, -1)));
        break;
      }
#endif
      put_number('i', trunc(lua_tonumber(lua, -1)));
      break;
    case LUA_TBOOLEAN:
      if (lua_toboolean(lua, -1)) put_number('i', 1);
      else put("n", 1);
      break;
    case LUA_TTABLE: {
      static const struct { const char *field; char tag; } KINDS[] = {{"err", 'e'}, {"ok", 'o'}};
      for (int i = 0; i < 2; i++) {
        lua_pushstring(lua, KINDS[i].field);
        lua_rawget(lua, -2);
        if (lua_type(lua, -1) == LUA_TSTRING) {
          size_t size;
          const char *text = lua_tolstring(lua, -1, &size);
          put_text(KINDS[i].tag, text, size);
          lua_pop(lua, 1);
          return;
        }
        lua_pop(lua, 1);
      }
      uint32_t at = length + 1, count = 0;
      put("a\0\0\0", 5);
      if (++depth > MOST_DEPTH || !lua_checkstack(lua, 4)) {
        depth--;
        length = at - 1;
        put_text('e', "ERR reached lua stack limit", 27);
        return;
      }
      for (int index = 1;; index++) {
        lua_rawgeti(lua, -1, index);
        if (lua_isnil(lua, -1)) {
          lua_pop(lua, 1);
          break;
        }
        put_value();
        lua_pop(lua, 1);
        count++;
      }
      depth--;
      memcpy(buffer + at, &count, 4);
      break;
    }
    default:
      put("n", 1);
  }
}

static uint32_t take_size(uint32_t *at) {
  uint32_t size;
  memcpy(&size, buffer + *at, 4);
  *at += 4;
  return size;
}

/* Pushes the reply at this place of the buffer. */
static void push_reply(uint32_t *at) {
  char tag = (char)buffer[(*at)++];
  luaL_checkstack(lua, 4, "too deep a reply");
  if (tag == 'i') {
    double number;
    memcpy(&number, buffer + *at, 8);
    *at += 8;
    push_integer(number);
  } else if (tag == 's') {
    uint32_t size = take_size(at);
    lua_pushlstring(lua, (char *)buffer + *at, size);
    *at += size;
  } else if (tag == 'o' || tag == 'e') {
    uint32_t size = take_size(at);
    lua_createtable(lua, 0, 1);
    lua_pushlstring(lua, (char *)buffer + *at, size);
    lua_setfield(lua, -2, tag == 'o' ? "ok" : "err");
    *at += size;
  } else if (tag == 'a') {
    uint32_t count = take_size(at);
    lua_createtable(lua, (int)count, 0);
    for (uint32_t index = 1; index <= count; index++) {
      push_reply(at);
      lua_rawseti(lua, -2, (int)index);
    }
  } else {
    lua_pushboolean(lua, 0);
  }
}

/* A table of an error, with the place in the script that it comes from. */
static void push_error(const char *message) {
  lua_createtable(lua, 0, 3);
  lua_pushstring(lua, message);
  lua_setfield(lua, -2, "err");
}

static int raise(const char *message) {
  push_error(message);
  return raise_top();
}

static int refuse_call(int raises, const char *message) {
  push_error(message);
  return raises ? raise_top() : 1;
}

static int call_command(int raises) {
  int count = lua_gettop(lua);
  if (count == 0) return refuse_call(raises, "ERR Please specify at least one argument for this redis lib call");
  uint32_t words = (uint32_t)count;
  length = 0;
  put(&words, 4);
  for (int index = 1; index <= count; index++) {
    size_t size;
    const char *text;
    char digits[64];
    if (lua_type(lua, index) == LUA_TNUMBER) {
      double number = lua_tonumber(lua, index);
      text = digits;
      if (number == trunc(number) && fabs(number) < 1e17) size = snprintf(digits, 64, "%lld", (long long)number);
      else size = snprintf(digits, 64, "%.17g", number);
    } else if (lua_type(lua, index) == LUA_TSTRING) {
      text = lua_tolstring(lua, index, &size);
    } else {
      return refuse_call(raises, "ERR Lua redis lib command arguments must be strings or integers");
    }
    uint32_t bytes = (uint32_t)size;
    put(&bytes, 4);
    put(text, bytes);
  }
  host_call(length);
  uint32_t at = 0;
  int is_error = buffer[0] == 'e';
  push_reply(&at);
  return is_error && raises ? raise_top() : 1;
}

static int redis_call(lua_State *state) { (void)state; return call_command(1); }
static int redis_pcall(lua_State *state) { (void)state; return call_command(0); }

static int redis_sha1hex(lua_State *state) {
  if (lua_gettop(state) != 1) return raise("ERR wrong number of arguments");
  size_t size;
  const char *text = lua_tolstring(state, 1, &size);
  length = 0;
  put(text ? text : "", text ? (uint32_t)size : 0);
  reserve(40);
  host_sha1((uint32_t)size);
  lua_pushlstring(state, (char *)buffer, 40);
  return 1;
}

static int reply_table(lua_State *state, const char *field) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) {
    return raise("ERR wrong number or type of arguments");
  }
  const char *text = lua_tostring(state, 1);
  int is_error = field[0] == 'e';
  if (is_error && text[0] == '-') text++;
  lua_createtable(state, 0, 1);
  if (is_error && !strchr(text, ' ')) lua_pushfstring(state, "ERR %s", text);
  else lua_pushstring(state, text);
  lua_setfield(state, -2, field);
  return 1;
}

static int redis_error_reply(lua_State *state) { return reply_table(state, "err"); }
static int redis_status_reply(lua_State *state) { return reply_table(state, "ok"); }

static int redis_nothing(lua_State *state) { (void)state; return 0; }
static int redis_yes(lua_State *state) { lua_pushboolean(state, 1); return 1; }

/* Makes an error a table that names its source, as the error handler of Redis does. */
static int describe_error(lua_State *state) {
  lua_Debug place;
  int is_known = lua_getstack(state, 1, &place) && lua_getinfo(state, "nSl", &place);
  if (is_known && strcmp(place.what, "C") == 0) is_known = lua_getstack(state, 2, &place) && lua_getinfo(state, "nSl", &place);
  if (lua_type(state, 1) != LUA_TTABLE) {
    const char *text = lua_tostring(state, 1);
    lua_createtable(state, 0, 3);
    lua_pushfstring(state, "ERR %s", text ? text : lua_typename(state, lua_type(state, 1)));
    lua_setfield(state, -2, "err");
  } else {
    lua_pushvalue(state, 1);
  }
  if (is_known) {
    lua_pushstring(state, place.source);
    lua_setfield(state, -2, "source");
    lua_pushinteger(state, place.currentline);
    lua_setfield(state, -2, "line");
  }
  return 1;
}

static int refuse_unknown(lua_State *state) {
  lua_Debug place;
  const char *name = lua_tostring(state, 2);
  /* Tools look for functions that are not there; only a script is told. */
  if (lua_getstack(state, 1, &place) && lua_getinfo(state, "S", &place) && strcmp(place.what, "C") == 0) return 0;
  return luaL_error(state, "Script attempted to access nonexistent global variable '%s'", name ? name : "?");
}

static int refuse_change(lua_State *state) { return luaL_error(state, "Attempt to modify a readonly table"); }

static void open_library(const char *name, lua_CFunction open) {
#if LUA_VERSION_NUM >= 504
  luaL_requiref(lua, name, open, 1);
  lua_pop(lua, 1);
  return;
#endif
  lua_pushcfunction(lua, open);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

static void open_redis(void) {
  static const luaL_Reg FUNCTIONS[] = {
      {"call", redis_call}, {"pcall", redis_pcall}, {"sha1hex", redis_sha1hex}, {"error_reply", redis_error_reply},
      {"status_reply", redis_status_reply}, {"log", redis_nothing},
#if LUA_VERSION_NUM < 504
      {"setresp", redis_nothing}, {"set_repl", redis_nothing}, {"breakpoint", redis_nothing},
#endif
      {"replicate_commands", redis_yes}, {NULL, NULL}};
  static const char *LEVELS[] = {"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"};
  register_functions("redis", FUNCTIONS);
  for (int level = 0; level < 4; level++) {
    lua_pushinteger(lua, level);
    lua_setfield(lua, -2, LEVELS[level]);
  }
  lua_pop(lua, 1);
}

EXPORT("boot") void boot(void) {
  static const char *REMOVED[] = {"loadfile", "dofile", "print", "debug", "module", "require", "package", "newproxy"};
  lua = luaL_newstate();
  open_library("", luaopen_base);
  open_library(LUA_TABLIBNAME, luaopen_table);
  open_library(LUA_STRLIBNAME, luaopen_string);
  open_library(LUA_MATHLIBNAME, luaopen_math);
  luaopen_cjson(lua);
  lua_setglobal(lua, "cjson");
  open_redis();
#if LUA_VERSION_NUM >= 504
  open_former_functions();
#endif
  for (size_t i = 0; i < sizeof REMOVED / sizeof *REMOVED; i++) {
    lua_pushnil(lua);
    lua_setglobal(lua, REMOVED[i]);
  }
  lua_createtable(lua, 0, 2);
  lua_pushcfunction(lua, refuse_unknown);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, refuse_change);
  lua_setfield(lua, -2, "__newindex");
  push_globals();
  lua_insert(lua, -2);
  lua_setmetatable(lua, -2);
  lua_settop(lua, 0);
}

/* Compiles the script in the buffer; 0 or the number to run it by, and then an error in the buffer. */
EXPORT("load") int load(uint32_t size) {
  lua_settop(lua, 0);
  char *text = malloc(size ? size : 1);
  memcpy(text, buffer, size);
  int failed = luaL_loadbuffer(lua, text, size, "@user_script");
  free(text);
  if (!failed) return luaL_ref(lua, LUA_REGISTRYINDEX);
  size_t count;
  const char *message = lua_tolstring(lua, -1, &count);
  length = 0;
  put_text('e', message, count);
  lua_settop(lua, 0);
  return 0;
}

EXPORT("forget") void forget(int script) { luaL_unref(lua, LUA_REGISTRYINDEX, script); }

static uint32_t set_list(const char *name, uint32_t at, uint32_t count) {
  lua_pushstring(lua, name);
  lua_createtable(lua, (int)count, 0);
  for (uint32_t index = 1; index <= count; index++) {
    uint32_t size = take_size(&at);
    lua_pushlstring(lua, (char *)buffer + at, size);
    lua_rawseti(lua, -2, (int)index);
    at += size;
  }
  set_global();
  return at;
}

/* Runs a script with the keys and arguments in the buffer, and leaves the reply there; says how long it is. */
EXPORT("run") uint32_t run(int script) {
  lua_settop(lua, 0);
  uint32_t at = 0;
  uint32_t keys = take_size(&at), args = take_size(&at);
  at = set_list("KEYS", at, keys);
  set_list("ARGV", at, args);
  lua_pushcfunction(lua, describe_error);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, script);
  int failed = lua_pcall(lua, 0, 1, 1);
  length = 0;
  depth = 0;
  if (!failed) {
    put_value();
  } else {
    /* An error that a script raised: its text, source and line. */
    const char *FIELDS[] = {"err", "source", "line"};
    put("x", 1);
    for (int i = 0; i < 3; i++) {
      size_t count = 0;
      const char *text = NULL;
      if (lua_istable(lua, -1)) {
        lua_getfield(lua, -1, FIELDS[i]);
        text = lua_tolstring(lua, -1, &count);
      }
      uint32_t bytes = (uint32_t)count;
      put(&bytes, 4);
      put(text ? text : "", bytes);
      if (lua_istable(lua, -2)) lua_pop(lua, 1);
    }
  }
  lua_settop(lua, 0);
  lua_gc(lua, LUA_GCSTEP, 1);
  return length;
}
