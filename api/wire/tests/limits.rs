//! The bounds that the crate promises. What random input does to the decoders is looked at by `tests/fuzz`.

use xenith_wire::{MAX_DEPTH, WireValue, jsonrpc, xmlrpc};

/// With Vec's doubling: at most 64 bytes for the two of input that the smallest value takes.
#[test]
fn values_are_small() {
    assert!(size_of::<WireValue>() <= 32);
}

#[test]
fn depth_is_bounded() {
    let deep = |n: usize| {
        let open = "<value><array><data>".repeat(n);
        let close = "</data></array></value>".repeat(n);
        let xml =
            format!("<methodCall><methodName>a</methodName><params><param>{open}{close}</param></params></methodCall>");
        let json = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1,\"params\":{}{}}}",
            "[".repeat(n),
            "]".repeat(n)
        );
        (
            xmlrpc::decode_call(xml.as_bytes()).is_ok(),
            jsonrpc::decode_call(json.as_bytes()).is_ok(),
        )
    };
    assert_eq!(deep(MAX_DEPTH - 1), (true, true));
    assert_eq!(deep(100_000), (false, false));
}
