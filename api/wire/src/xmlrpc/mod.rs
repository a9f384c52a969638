//! XML-RPC as xapi speaks it (semantics.md §1 and §2).
//!
//! Replies follow xapi byte for byte but in one point: `<` and `&` in a struct's member names are escaped. xapi sends
//! them as they are, so that a map key such as `a<b` makes the whole reply unreadable for every client, and a
//! chosen key puts members of its author's choice into other people's records.

mod decode;
pub(crate) mod encode;

pub use decode::{decode_call, decode_reply, decode_value};
pub(crate) use encode::encode_piece;
pub use encode::{encode_call, encode_reply, encode_value};
