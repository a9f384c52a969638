//! A reply put together from pieces has the bytes of the same reply as one value.

use std::sync::Arc;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_wire::jsonrpc::{self, JsonEnvelope, JsonId, JsonVersion};
use xenith_wire::piece::{Encoded, Form, Shared, encode};
use xenith_wire::{Chunks, Piece, Reply, xmlrpc};

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

/// All chunks, each of `size` bytes at most but for one record more; what is held must come to nothing.
fn joined(mut chunks: Chunks, size: usize) -> String {
    let mut all = Vec::new();
    loop {
        let mut chunk = Vec::new();
        let is_end = chunks.fill(&mut chunk, size);
        assert!(is_end || chunk.len() >= size, "a chunk that is too short");
        assert!(chunk.len() < size + 1_500, "a chunk of {} bytes", chunk.len());
        all.extend(chunk);
        if is_end {
            assert_eq!(chunks.held_bytes(), 0);
            return String::from_utf8_lossy(&all).into_owned();
        }
    }
}

#[test]
fn chunks_of_any_size_have_the_bytes_of_the_whole() {
    let many = Value::map((0..50).map(|i| (Value::Ref(Ref::new(format!("OpaqueRef:{i}"))), record())));
    let replies = [
        Reply::Pieces(pieces()),
        Reply::Pieces(Piece::Set(Vec::new())),
        Reply::Success(pieces().to_value()),
        Reply::Success(many),
        Reply::Success(Value::Void),
        Reply::Success(Value::set([])),
        Reply::Bare(Value::set([Value::text("a.b"), Value::text("c")])),
        Reply::Failure(ApiError::new("CODE", ["a<b"])),
    ];
    for reply in replies {
        let whole = String::from_utf8(xmlrpc::encode_reply(&reply)).unwrap();
        for size in [1, 7, 64, 1_000, 1_000_000] {
            assert_eq!(joined(Chunks::xml(reply.clone()), size), whole, "{size}");
        }
        for (version, id) in [
            (JsonVersion::V1, JsonId::Int(-3)),
            (JsonVersion::V2, JsonId::Text("\"x".to_owned())),
        ] {
            let envelope = JsonEnvelope { version, id };
            let whole = String::from_utf8(jsonrpc::encode_reply(&envelope, &reply)).unwrap();
            for size in [1, 7, 64, 1_000, 1_000_000] {
                assert_eq!(joined(Chunks::json(&envelope, reply.clone()), size), whole, "{size}");
            }
        }
    }
}

#[test]
fn what_is_held_shrinks_while_chunks_are_taken() {
    let shared = |_| Piece::Shared(Arc::new(Kept(record())) as Arc<dyn Shared>);
    let mut chunks = Chunks::xml(Reply::Pieces(Piece::Set((0..1_000).map(shared).collect())));
    let mut out = Vec::new();
    chunks.fill(&mut out, 2_000);
    let at_first = chunks.held_bytes();
    assert!(at_first > 100_000, "{at_first}");
    out.clear();
    chunks.fill(&mut out, 200_000);
    assert!(chunks.held_bytes() < at_first - 30_000, "{}", chunks.held_bytes());
}
