//! What is fuzzed: everything that reads what a client, a file or another host wrote.

#![allow(clippy::panic, reason = "a target fails by a panic")]

mod database;
mod http;
mod link;
mod texts;
mod typed;
mod wire;

use crate::Seen;
use std::fmt;

/// One reader.
pub struct Target {
    pub name: &'static str,
    /// The folder of the crate that reads.
    pub home: &'static str,
    /// Words of its language.
    pub words: &'static [&'static str],
    /// Words that belong around something.
    pub pairs: &'static [(&'static str, &'static str)],
    /// Inputs that its own writer makes.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Reads the input, panics when something does not hold, and says what became of it.
    pub run: fn(&[u8], &mut Seen),
}

pub const ALL: &[&Target] = &[
    &wire::XMLRPC,
    &wire::JSONRPC,
    &typed::TYPED,
    &http::REQUEST,
    &link::HANDSHAKE,
    &link::FRAMES,
    &database::TRANSACTION,
    &database::RECORD,
    &database::SNAPSHOT,
    &database::FILTER,
    &texts::DATE,
    &texts::EVENTS,
    &texts::METHOD,
    &texts::PROVISION,
];

fn no_seeds() -> Vec<Vec<u8>> {
    Vec::new()
}

fn seeds_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The kind of an error, without what it quotes of the input.
fn kind_of(error: &impl fmt::Display) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(['"', '\'', '`', '+', '[']) {
        text.truncate(end);
    }
    text
}

/// Input as text; bytes that are none are left out, so that every input is one.
fn text_of(input: &[u8]) -> String {
    String::from_utf8_lossy(input).replace('\u{fffd}', "")
}
