//! Arbitrary bytes into every decoder: no panic, and what is accepted is written back the same.

use crate::codec::*;
use crate::{finish, read_frame, write_frame};
use futures::executor::block_on;

/// Bounded under `cargo test`; a fuzzer runs the same targets for as long as it is told.
const ITERATIONS: usize = 20_000;

#[test]
fn hello_and_verdict() {
    bolero::check!().with_iterations(ITERATIONS).for_each(|bytes: &[u8]| {
        if let Ok(message) = decode_hello(bytes) {
            assert_eq!(&encode_hello(&message)[MAGIC.len() + HEAD_BYTES..], bytes);
        }
        if let Ok(verdict) = decode_verdict(bytes) {
            assert_eq!(&encode_verdict(verdict)[HEAD_BYTES..], bytes);
        }
    });
}

#[test]
fn head_opening_and_refusal() {
    bolero::check!().with_iterations(ITERATIONS).for_each(|bytes: &[u8]| {
        if let Some(first) = bytes.first_chunk()
            && let Ok(decoded) = decode_head(first, 1 << 20)
        {
            assert!(decoded.length <= 1 << 20);
            assert_eq!(&head(decoded.kind, decoded.length), first);
        }
        if let Some(first) = bytes.first_chunk() {
            decode_opening(first).unwrap();
        }
        if let Ok(refusal) = decode_refusal(bytes) {
            let again = encode_refusal(&refusal);
            assert_eq!(decode_refusal(&again[HEAD_BYTES..]).unwrap(), refusal);
        }
    });
}

#[test]
fn well_formed_hellos_survive() {
    let strings = bolero::generator::produce::<(String, u64, u128, u64)>();
    bolero::check!()
        .with_iterations(2000)
        .with_generator(strings)
        .for_each(|(text, number, node, known_sequence)| {
            let hello = crate::Hello {
                pool_uuid: text.chars().take(60).collect(),
                incarnation: *number,
                node: *node,
                host_uuid: text.chars().rev().take(60).collect(),
            };
            let message = HelloMessage {
                hello,
                known_sequence: *known_sequence,
            };
            let bytes = encode_hello(&message);
            assert_eq!(decode_hello(&bytes[MAGIC.len() + HEAD_BYTES..]).unwrap(), message);
        });
}

#[test]
fn frames() {
    const MAX_BYTES: usize = 64;
    bolero::check!().with_iterations(ITERATIONS).for_each(|bytes: &[u8]| {
        let mut input = bytes;
        let mut again = Vec::new();
        loop {
            match block_on(read_frame(&mut input, MAX_BYTES)) {
                Ok(Some(frame)) => {
                    assert!(frame.len() <= MAX_BYTES);
                    block_on(write_frame(&mut again, &frame)).unwrap();
                }
                Ok(None) => {
                    block_on(finish(&mut again)).unwrap();
                    break;
                }
                Err(_) => break,
            }
        }
        assert!(bytes.starts_with(&again));
    });
}
