/* What differs with Lua 5.4, which Dragonfly runs scripts in: as Dragonfly 1.x does it. */

#define push_globals() lua_pushglobaltable(lua)
#define register_functions(name, functions) (luaL_newlib(lua, functions), lua_pushvalue(lua, -1), lua_setglobal(lua, name))

/* A reply that is a whole number is an integer of Lua; a score of another kind is a float. */
static void push_integer(double number) {
  if (number == trunc(number) && fabs(number) < 0x1p63) lua_pushinteger(lua, (lua_Integer)number);
  else lua_pushnumber(lua, number);
}

/* Sets a global past what guards the table of them: its name and value are on top. */
static void set_global(void) {
  push_globals();
  lua_insert(lua, -3);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
}

/* `redis.call` raises the text of an error, where Redis raises its table. */
static int raise_top(void) {
  lua_getfield(lua, -1, "err");
  return lua_error(lua);
}

/* The global function that Lua 5.2 has moved. */
static void open_former_functions(void) {
  lua_getglobal(lua, "table");
  lua_getfield(lua, -1, "unpack");
  lua_setglobal(lua, "unpack");
  lua_pop(lua, 1);
}

/* Lua draws seeds from the clock; a fleet on virtual time must not. */
time_t time(time_t *now) {
  if (now) *now = 0;
  return 0;
}

clock_t clock(void) { return 0; }
