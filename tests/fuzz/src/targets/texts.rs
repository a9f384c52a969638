//! Texts with a form of their own: dates, the words and tokens of event calls, names of methods.

use super::{Target, seeds_of, text_of};
use crate::Seen;
use xenith_classes::event::{Subscription, format_token, parse_token};
use xenith_classes::vm::provision_spec;
use xenith_datamodel::{DateTime, method};

pub const DATE: Target = Target {
    name: "date",
    home: "api/datamodel",
    words: &[
        "2026", "08", "21", "T", "02:00:23", "Z", "+02:00", "-11:59", "-", ":", "0000", "9999", "60", "23:59:60",
        "\u{e9}", ".5",
    ],
    pairs: &[],
    seeds: || {
        seeds_of(&[
            "20260821T02:00:23Z",
            "2026-08-21T02:00:23+02:00",
            "00000101T00:00:00",
            "20240229T23:59:60-00:30",
        ])
    },
    run: date,
};

/// What is read is written in a form that is read as the same.
fn date(input: &[u8], seen: &mut Seen) {
    let text = text_of(input);
    match DateTime::parse(&text) {
        Some(time) => {
            seen.mark_at(&format!("{:?}", time.zone), text.len());
            assert_eq!(
                DateTime::parse(&time.to_string()),
                Some(time),
                "{text:?} was written as {time}"
            );
            assert_eq!(DateTime::from_unix(time.to_unix()).to_unix(), time.to_unix());
        }
        None => seen.mark_at("none", text.len().min(30)),
    }
}

/// First line: a token. The others: what is subscribed to.
pub const EVENTS: Target = Target {
    name: "events",
    home: "actors/classes",
    words: &[
        "*",
        "vm",
        "VM/OpaqueRef:x",
        "task/",
        "/",
        "pool",
        "\n",
        ",",
        "00000000000000000001",
        "-1",
        "18446744073709551616",
        "+1",
    ],
    pairs: &[("VM/", "\n")],
    seeds: || seeds_of(&["00000000000000000001,00000000000000000002\nvm\ntask/OpaqueRef:x\n*"]),
    run: events,
};

fn events(input: &[u8], seen: &mut Seen) {
    let text = text_of(input);
    let (token, words) = text.split_once('\n').unwrap_or((&text, ""));
    match parse_token(token) {
        Ok(parsed) => {
            seen.mark(if token.is_empty() { "start" } else { "token" });
            assert_eq!(parse_token(&format_token(parsed)).ok(), Some(parsed), "{token:?}");
        }
        Err(error) => seen.mark(&error.code),
    }
    let all = Subscription::parse(words.split('\n'));
    seen.mark_at("objects", all.objects().len().min(6));
    seen.mark_at("classes", all.classes().count().min(6));
    let mut rest = all.clone();
    rest.remove(&all);
    assert_eq!(rest, Subscription::default(), "{words:?}");
}

pub const METHOD: Target = Target {
    name: "method",
    home: "api/datamodel",
    words: &[
        "VM",
        "host",
        "VM_metrics",
        ".",
        "_",
        "Async.",
        "InternalAsync.",
        "get_record",
        "get_all",
        "start",
        "event",
        "from",
        "\u{e9}",
    ],
    pairs: &[],
    seeds: || {
        seeds_of(&[
            "VM.get_record",
            "Async.VM_start",
            "VM_metrics_get_all",
            "InternalAsync.host.evacuate",
        ])
    },
    run: |input, seen| {
        let name = text_of(input);
        match method(&name) {
            Some(found) => {
                seen.mark_at(found.message.name, name.matches('.').count());
                let full = format!("{}.{}", found.class.name(), found.message.name);
                let again = method(&full).map(|again| (again.class, again.message.name));
                assert_eq!(again, Some((found.class, found.message.name)), "{name:?}");
            }
            None => seen.mark("none"),
        }
    },
};

/// The disks that a template asks for.
pub const PROVISION: Target = Target {
    name: "provision",
    home: "actors/classes",
    words: &[
        "device=\"0\"",
        "size=\"1\"",
        "sr=\"\"",
        "bootable=\"true\"",
        "type=\"user\"",
        "&amp;",
        "&#x41;",
        "<!-- -->",
        "<?xml version=\"1.0\"?>",
        "<![CDATA[",
        "-1",
        "9223372036854775808",
    ],
    pairs: &[
        ("<provision>", "</provision>"),
        ("<disk ", "/>"),
        ("<disk ", "></disk>"),
    ],
    seeds: || {
        seeds_of(&[
            r#"<provision><disk device="0" size="8589934592" sr="" bootable="true" type="system"/></provision>"#,
            "<provision/>",
        ])
    },
    run: |input, seen| match provision_spec::read(&text_of(input)) {
        Ok(disks) => {
            assert!(disks.len() < 256);
            seen.mark_at("disks", disks.len().min(6));
        }
        Err(error) => seen.mark(&error.code),
    },
};
