//! What became of inputs, as far as it was seen: the fuzzer's only feedback.

use std::collections::HashSet;

/// Words are cut here: they are names of outcomes, not contents.
const WORD_BYTES: usize = 48;
/// Kinds of outcome that one target may have. A target that has more marks contents.
const WORDS_MAX: usize = 4096;

/// Only looked up, never walked through: the order of a hash set does not reach anything.
#[derive(Debug, Default)]
pub struct Seen {
    words: HashSet<u64>,
    /// Words of the input that runs.
    current: Vec<u64>,
}

impl Seen {
    /// Something that became of this input. Digits are all one, so that places and lengths are no news.
    pub fn mark(&mut self, word: &str) {
        self.note(word, 0);
    }

    /// The same with a number of few values: a depth, a type.
    pub fn mark_at(&mut self, word: &str, number: usize) {
        self.note(word, number as u64 + 1);
    }

    fn note(&mut self, word: &str, number: u64) {
        let mut hash = fnv(number.to_le_bytes());
        for byte in word.bytes().take(WORD_BYTES) {
            let byte = if byte.is_ascii_digit() { b'0' } else { byte };
            hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        if !self.current.contains(&hash) {
            self.current.push(hash);
        }
    }

    pub fn count(&self) -> usize {
        self.words.len()
    }

    /// Ends an input: true when one of its words is new.
    pub fn take_news(&mut self) -> bool {
        let before = self.words.len();
        let room = WORDS_MAX - before;
        self.words.extend(self.current.drain(..).take(room));
        self.words.len() > before
    }
}

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// A hash that is the same on every machine; also the name of an input's file.
pub fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    })
}
