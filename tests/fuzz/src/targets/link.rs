//! What other hosts say on the link.

use super::{Target, no_seeds};
use crate::Seen;
use futures::executor::block_on;
use xenith_link::{finish, fuzz, read_frame, write_frame};

/// The messages of the handshake and of requests: one byte chooses which.
pub const HANDSHAKE: Target = Target {
    name: "handshake",
    home: "consensus/link",
    words: &["XNLK", "8c1b0d8e-0000-4000-8000-000000000001"],
    pairs: &[],
    seeds: fuzz::messages,
    run: |input, seen| seen.mark(&fuzz::message(input)),
};

pub const FRAMES: Target = Target {
    name: "frames",
    home: "consensus/link",
    words: &["\u{0}\u{0}\u{0}\u{4}abcd", "\u{0}\u{0}\u{0}\u{0}"],
    pairs: &[],
    seeds: no_seeds,
    run: frames,
};

/// Frames that were read are written back the same.
fn frames(input: &[u8], seen: &mut Seen) {
    const MAX_BYTES: usize = 64;
    let (mut rest, mut again, mut count) = (input, Vec::new(), 0usize);
    loop {
        match block_on(read_frame(&mut rest, MAX_BYTES)) {
            Ok(Some(frame)) => {
                assert!(frame.len() <= MAX_BYTES);
                count += 1;
                block_on(write_frame(&mut again, &frame)).unwrap_or_else(|error| panic!("{error}"));
            }
            Ok(None) => {
                block_on(finish(&mut again)).unwrap_or_else(|error| panic!("{error}"));
                seen.mark_at("end", count.min(8));
                break;
            }
            Err(error) => {
                seen.mark_at(&format!("{:?}", error.kind()), count.min(8));
                break;
            }
        }
    }
    assert!(input.starts_with(&again));
}
