const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** A new ULID: 26 characters that sort by the millisecond they were made in; `now` in milliseconds. */
export function makeUlid(now: number = Date.now()): string {
  let time = "";
  for (let rest = now, i = 0; i < TIME_CHARACTERS; i += 1) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let random = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_CHARACTERS))) random += ALPHABET.charAt(byte % 32);
  return time + random;
}
