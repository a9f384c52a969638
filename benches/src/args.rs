//! Options of a bench: `--name value`. What cargo adds (`--bench`) and names that a bench does not know are passed over.

use std::str::FromStr;

pub fn option<T: FromStr>(name: &str, otherwise: T) -> T {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    let value = arguments.nth(1);
    value.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub fn flag(name: &str) -> bool {
    std::env::args().any(|argument| argument == name)
}

/// Every value of an option that may be given more than once.
pub fn all(name: &str) -> Vec<String> {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.windows(2).filter(|pair| pair[0] == name);
    given.map(|pair| pair[1].clone()).collect()
}
