//! A reply put together from pieces has the bytes of the same reply as one value.

use std::sync::Arc;
use xenith_datamodel::{Ref, Value};
use xenith_wire::jsonrpc::{self, JsonEnvelope, JsonId, JsonVersion};
use xenith_wire::piece::{Encoded, Form, Shared, encode};
use xenith_wire::{Piece, Reply, xmlrpc};

#[derive(Debug)]
struct Kept(Value);

impl Shared for Kept {
    fn value(&self) -> Value {
        self.0.clone()
    }

    fn encoded(&self, form: Form) -> Encoded {
        encode(form, &Piece::Value(self.0.clone())).into()
    }
}

fn record() -> Value {
    Value::record([
        ("name_label", Value::text("a <b> & \"c\"\n")),
        ("MTU", Value::Int(1500)),
        ("tags", Value::set([Value::text("x"), Value::text("y")])),
        ("other_config", Value::text_map([("k<", "v")])),
        ("enabled", Value::Bool(true)),
    ])
}

/// The shape of an answer of event.from and of get_all_records.
fn pieces() -> Piece {
    let shared = || Piece::Shared(Arc::new(Kept(record())));
    let event = Piece::Record(vec![("id", Piece::Value(Value::text("7"))), ("snapshot", shared())]);
    let counts = Value::map([(Value::text("vm"), Value::Int(3))]);
    Piece::Record(vec![
        ("events", Piece::Set(vec![event.clone(), event])),
        ("valid_ref_counts", Piece::Value(counts)),
        ("all", Piece::Map(vec![(Value::Ref(Ref::new("OpaqueRef:1")), shared())])),
        ("none", Piece::Set(Vec::new())),
        ("token", Piece::Value(Value::text("1,2"))),
    ])
}

#[test]
fn the_bytes_are_those_of_the_plain_value() {
    let (shared, plain) = (Reply::Pieces(pieces()), Reply::Success(pieces().to_value()));
    assert_eq!(shared.clone().alone(), plain);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(text(xmlrpc::encode_reply(&shared)), text(xmlrpc::encode_reply(&plain)));
    assert!(text(xmlrpc::encode_reply(&shared)).contains("<i4>3</i4>"));
    for version in [JsonVersion::V1, JsonVersion::V2] {
        let envelope = JsonEnvelope {
            version,
            id: JsonId::Int(1),
        };
        assert_eq!(
            text(jsonrpc::encode_reply(&envelope, &shared)),
            text(jsonrpc::encode_reply(&envelope, &plain))
        );
    }
}

#[test]
fn only_what_stands_alone_goes_to_another_member() {
    assert!(serde_json::to_string(&Reply::Pieces(pieces())).is_err());
    assert!(serde_json::to_string(&Reply::Pieces(pieces()).alone()).is_ok());
}
