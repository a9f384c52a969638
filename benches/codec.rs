//! The encodings: calls in, records out, typed parameters, transactions of the log.

#![allow(clippy::expect_used, reason = "a bench that cannot go on stops and says why")]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use xenith_benches::rows::{id, pool, reference, set, vm};
use xenith_datamodel::{Value, method};
use xenith_pooldb::codec;
use xenith_wire::jsonrpc::{self, JsonEnvelope, JsonId, JsonVersion};
use xenith_wire::{Reply, typed, xmlrpc};

const METHOD: &str = "VM.set_name_label";

fn parameters() -> Vec<Value> {
    vec![
        Value::Ref(reference("session", 1)),
        Value::Ref(reference("VM", 7)),
        Value::text("a name"),
    ]
}

fn calls(criterion: &mut Criterion) {
    let xml = xmlrpc::encode_call(METHOD, &parameters());
    criterion.bench_function("XML-RPC: decode a call", |bencher| {
        bencher.iter(|| xmlrpc::decode_call(black_box(&xml)).expect("decodes"));
    });
    let json = jsonrpc::encode_call(1, METHOD, &parameters());
    criterion.bench_function("JSON-RPC: decode a call", |bencher| {
        bencher.iter(|| jsonrpc::decode_call(black_box(&json)).expect("decodes"));
    });
    let method = method(METHOD).expect("a message of the datamodel");
    let values = xmlrpc::decode_call(&xml).expect("decodes").1;
    criterion.bench_function("typed parameters of a call", |bencher| {
        bencher.iter_batched(
            || values.clone(),
            |values| {
                let arguments = typed::arguments(&method, values).expect("as many as wanted");
                typed::params(&method, arguments.values).expect("of the right types")
            },
            criterion::BatchSize::SmallInput,
        );
    });
}

fn records(criterion: &mut Criterion) {
    let view = pool(1_000);
    let record = |number| view.record(id("VM"), &reference("VM", number)).expect("a row");
    let one = Reply::Success(record(7));
    let all = (0..1_000).map(|number| (Value::Ref(reference("VM", number)), record(number)));
    let all = Reply::Success(Value::map(all));
    let envelope = JsonEnvelope {
        version: JsonVersion::V2,
        id: JsonId::Int(1),
    };
    for (name, reply) in [("a VM record", &one), ("1,000 VM records", &all)] {
        let (xml, json) = (xmlrpc::encode_reply(reply), jsonrpc::encode_reply(&envelope, reply));
        println!("{name}: {} bytes of XML, {} of JSON", xml.len(), json.len());
        criterion.bench_function(&format!("XML-RPC: encode {name}"), |bencher| {
            bencher.iter(|| xmlrpc::encode_reply(black_box(reply)));
        });
        criterion.bench_function(&format!("JSON-RPC: encode {name}"), |bencher| {
            bencher.iter(|| jsonrpc::encode_reply(&envelope, black_box(reply)));
        });
        criterion.bench_function(&format!("XML-RPC: decode {name}"), |bencher| {
            bencher.iter(|| xmlrpc::decode_reply(black_box(&xml)).expect("decodes"));
        });
    }
    criterion.bench_function("VM record from the pool database", |bencher| bencher.iter(|| record(7)));
}

fn transactions(criterion: &mut Criterion) {
    for (name, transaction) in [("a set", set(7, "a description".into())), ("a create of a VM", vm(7))] {
        let bytes = codec::encode_transaction(&transaction).expect("encodes");
        println!("{name}: {} bytes", bytes.len());
        criterion.bench_function(&format!("transaction: encode {name}"), |bencher| {
            bencher.iter(|| codec::encode_transaction(black_box(&transaction)).expect("encodes"));
        });
        criterion.bench_function(&format!("transaction: decode {name}"), |bencher| {
            bencher.iter(|| codec::decode_transaction(black_box(&bytes)).expect("decodes"));
        });
    }
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
}

criterion_group! { name = benches; config = settings(); targets = calls, records, transactions }
criterion_main!(benches);
