//! New inputs out of old ones: bytes, words of the language that is read, and pairs of words that belong around something.

use crate::Target;
use crate::random::Random;

/// Most bounds of the decoders can be reached by an input of this length; longer ones only take longer.
pub const INPUT_BYTES: usize = 2048;
/// Changes that are made to one input at the most.
const CHANGES: usize = 6;
/// The longest span that is moved, doubled or dropped at once.
const SPAN: usize = 64;

const NUMBERS: [u32; 10] = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const DIGITS: [&str; 8] = [
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "0x7f",
    "99999999999999999999999999999999999999999",
];

/// Makes the next input out of two of the corpus.
pub fn change(random: &mut Random, target: &Target, base: &[u8], other: &[u8]) -> Vec<u8> {
    let mut input = base.to_vec();
    for _ in 0..=random.below(CHANGES) {
        once(random, target, &mut input, other);
    }
    input.truncate(INPUT_BYTES);
    input
}

fn once(random: &mut Random, target: &Target, input: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(input.len() + 1);
    match random.below(12) {
        0..=2 => {
            if let Some(word) = random.pick(target.words) {
                put(input, at, word.as_bytes());
            }
        }
        3 => {
            if let Some((open, close)) = random.pick(target.pairs) {
                let end = at + random.below((input.len() - at).min(SPAN) + 1);
                put(input, end, close.as_bytes());
                put(input, at, open.as_bytes());
            }
        }
        4 => {
            let bit = random.below(8);
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        5 => put(input, at, &[random.byte()]),
        6 => drop_span(random, input, at),
        7 => {
            let span = span(random, input, at).to_vec();
            let to = random.below(input.len() + 1);
            put(input, to, &span);
        }
        8 => {
            let from = random.below(other.len());
            put(input, at, span(random, other, from));
        }
        9 => {
            let from = random.below(other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        10 => number(random, input, at),
        _ => input.truncate(at),
    }
}

fn put(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if input.len() + bytes.len() <= INPUT_BYTES {
        input.splice(at..at, bytes.iter().copied());
    }
}

fn span<'a>(random: &mut Random, input: &'a [u8], at: usize) -> &'a [u8] {
    let rest = &input[at.min(input.len())..];
    &rest[..random.below(rest.len().min(SPAN) + 1)]
}

fn drop_span(random: &mut Random, input: &mut Vec<u8>, at: usize) {
    let length = span(random, input, at).len();
    input.drain(at..at + length);
}

/// A number in the input's place: as text where there are digits, as bytes elsewhere.
fn number(random: &mut Random, input: &mut Vec<u8>, at: usize) {
    let digits = input[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 {
        input.drain(at..at + digits);
        put(input, at, random.pick(&DIGITS).map_or("", |text| text).as_bytes());
        return;
    }
    let number = random.pick(&NUMBERS).copied().unwrap_or(0);
    let bytes = if random.below(2) == 0 {
        number.to_le_bytes()
    } else {
        number.to_be_bytes()
    };
    for (place, byte) in input[at..].iter_mut().zip(&bytes[..1 + random.below(4)]) {
        *place = *byte;
    }
}
