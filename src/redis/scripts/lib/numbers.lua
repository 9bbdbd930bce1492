-- Whole numbers and their texts.
-- State may be written by hand: what is no whole number that JSON and a score can carry counts as absent.
local function integer_of(text)
  local number = tonumber(text)
  return number and number % 1 == 0 and number > -1e16 and number < 1e16 and number or nil
end

-- The text of a whole number, given as a number or as its digits. One call meets the same instants many times, and printing
-- a number takes long, with `%.0f` several times as long as with `%d`. So commands get texts in the place of numbers too.
local texts = {}
local function text_of(number)
  local text = texts[number]
  if not text then
    local value = number + 0
    -- Some Lua machines have whole numbers of 32 bits only.
    local is_plain = value % 1 == 0 and value > -2147483648 and value < 2147483648
    text = string.format(is_plain and '%d' or '%.0f', value)
    texts[number] = text
  end
  return text
end

-- The number that digits stand for; `text_of` need not print it again where that gives the same digits.
local function number_of(digits)
  local number = tonumber(digits)
  if #digits < 16 and string.byte(digits) ~= 48 then texts[number] = digits end
  return number
end
