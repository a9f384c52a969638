//! For the fuzzer (`tests/fuzz`) alone: the private messages of the link, read and written back.

use crate::codec::*;
use crate::{Hello, Refusal};

/// Messages as hosts send them, each with the number before it that [`message`] goes by.
pub fn messages() -> Vec<Vec<u8>> {
    let hello = HelloMessage {
        hello: Hello {
            pool_uuid: "8c1b0d8e-0000-4000-8000-000000000001".to_owned(),
            incarnation: 1,
            node: 2,
            host_uuid: "8c1b0d8e-0000-4000-8000-000000000002".to_owned(),
        },
        known_sequence: 3,
    };
    let opening = Opening {
        service: 4,
        deadline_ms: 5,
    };
    let numbered = |number: u8, bytes: &[u8]| [&[number], bytes].concat();
    vec![
        numbered(0, &encode_hello(&hello)[MAGIC.len() + HEAD_BYTES..]),
        numbered(1, &encode_verdict(Verdict::Duplicate { sequence: 6 })[HEAD_BYTES..]),
        numbered(2, &head(Kind::Request, 7)),
        numbered(3, &encode_opening(Kind::Stream, opening, 0)[HEAD_BYTES..]),
        numbered(4, &encode_refusal(&Refusal::Denied("no".to_owned()))[HEAD_BYTES..]),
    ]
}

/// Reads a message; what is accepted must be written back the same. Answers what became of it.
pub fn message(input: &[u8]) -> String {
    let Some((number, bytes)) = input.split_first() else {
        return String::new();
    };
    match number % 5 {
        0 => said(decode_hello(bytes), |message| {
            assert_eq!(&encode_hello(message)[MAGIC.len() + HEAD_BYTES..], bytes);
        }),
        1 => said(decode_verdict(bytes), |verdict| {
            assert_eq!(&encode_verdict(*verdict)[HEAD_BYTES..], bytes);
        }),
        2 => bytes.first_chunk().map_or_else(String::new, |first| {
            said(decode_head(first, 1 << 20), |decoded| {
                assert_eq!(&head(decoded.kind, decoded.length), first);
            })
        }),
        3 => bytes.first_chunk().map_or_else(String::new, |first| {
            said(decode_opening(first), |opening| {
                let again = encode_opening(Kind::Request, *opening, 0);
                assert_eq!(
                    decode_opening(again[HEAD_BYTES..].first_chunk().unwrap_or(&[0; 8])),
                    Ok(*opening)
                );
            })
        }),
        _ => said(decode_refusal(bytes), |refusal| {
            let again = encode_refusal(refusal);
            assert_eq!(decode_refusal(&again[HEAD_BYTES..]).as_ref(), Ok(refusal));
        }),
    }
}

fn said<T: std::fmt::Debug>(read: Result<T, CodecError>, check: impl FnOnce(&T)) -> String {
    match read {
        Ok(message) => {
            check(&message);
            let mut text = format!("{message:?}");
            text.truncate(text.find([' ', '(']).unwrap_or(text.len()));
            text
        }
        Err(error) => format!("{error:?}"),
    }
}
