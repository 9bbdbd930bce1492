/**
 * Abbreviations of zones with the IANA name that people probably mean. ICU knows some of them as aliases of other
 * places: `BST` is Dhaka there.
 */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  ACDT: 'Australia/Adelaide',
  ACST: 'Australia/Adelaide',
  ACT: 'Australia/Darwin',
  ADT: 'America/Halifax',
  AEDT: 'Australia/Sydney',
  AEST: 'Australia/Sydney',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  AKST: 'America/Anchorage',
  ART: 'America/Argentina/Buenos_Aires',
  AST: 'America/Halifax',
  AWST: 'Australia/Perth',
  BET: 'America/Sao_Paulo',
  BRT: 'America/Sao_Paulo',
  BST: 'Europe/London',
  CAT: 'Africa/Maputo',
  CDT: 'America/Chicago',
  CEST: 'Europe/Paris',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Nairobi',
  ECT: 'Europe/Paris',
  EDT: 'America/New_York',
  EEST: 'Europe/Bucharest',
  HKT: 'Asia/Hong_Kong',
  HST10HDT: 'Pacific/Honolulu',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  KST: 'Asia/Seoul',
  MDT: 'America/Denver',
  MIT: 'Pacific/Apia',
  MSK: 'Europe/Moscow',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  NZDT: 'Pacific/Auckland',
  NZST: 'Pacific/Auckland',
  PDT: 'America/Los_Angeles',
  PKT: 'Asia/Karachi',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SGT: 'Asia/Singapore',
  SST: 'Pacific/Pago_Pago',
  VST: 'Asia/Ho_Chi_Minh',
  WEST: 'Europe/Lisbon',
  WIB: 'Asia/Jakarta',
}

/** Whether a name is missing in the IANA database, although ICU may know it. */
export function isForeignZone(name: string): boolean {
  return Object.hasOwn(ABBREVIATIONS, name.toUpperCase()) || /^systemv\//i.test(name)
}

/** The IANA name that an invalid text probably means; null if no name is similar. */
export function suggestZone(text: string): string | null {
  const wanted = text.trim()
  const known = ABBREVIATIONS[wanted.toUpperCase()]
  if (known !== undefined) return known
  // The text may be a city without its continent, or with blanks.
  const city = wanted.replace(/\s+/g, '_').toLowerCase()
  if (city === '') return null
  const names = Intl.supportedValuesOf('timeZone')
  return names.find((name) => name.toLowerCase() === city || name.toLowerCase().endsWith(`/${city}`)) ?? null
}
