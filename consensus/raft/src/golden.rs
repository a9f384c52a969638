//! Golden bytes: what was once written or sent is read by every later version (CORRECTNESS A6). `XENITH_BLESS=1` writes missing files;
//! a file that exists is never changed.

#![allow(clippy::unwrap_used, clippy::panic)]

use crate::codec::{self, Coded};
use crate::dto::*;
use crate::entry::{self, Body, Opened, Record, StateHash, SyncSet};
use crate::pool_log::NodeId;
use openraft::EntryPayload;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use xenith_datamodel::{Ref, Value, class, classes::task};
use xenith_pooldb::Transaction;

const ID: LogIdDto = LogIdDto {
    term: 3,
    leader: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
    index: 1_000_000,
};
const VOTE: VoteDto = VoteDto {
    term: 3,
    node: 7,
    committed: true,
};

pub(crate) fn same(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if !path.exists() && std::env::var_os("XENITH_BLESS").is_some() {
        std::fs::write(&path, hex(bytes)).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(golden, hex(bytes), "{name} is encoded otherwise than before");
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(32)
        .map(|line| line.iter().map(|b| format!("{b:02x}")).collect::<String>());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn golden<T: Coded + PartialEq + Debug>(name: &str, value: &T) {
    let bytes = codec::encode(value).unwrap();
    same(name, &bytes);
    assert_eq!(&codec::decode::<T>(&bytes).unwrap(), value, "{name}");
    let mut newer = bytes.to_vec();
    newer[2] += 1;
    assert!(
        matches!(codec::decode::<T>(&newer), Err(codec::CodecError::TooNew { .. })),
        "{name}"
    );
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(
        codec::decode::<T>(&longer).is_err(),
        "{name}: what is left over is an error"
    );
    assert!(
        codec::decode::<T>(&bytes[..bytes.len() - 1]).is_err() || bytes.len() == codec::HEAD_BYTES,
        "{name}"
    );
}

fn membership() -> MembershipDto {
    let member = |node: u128| MemberDto {
        node,
        host_uuid: format!("host-{node}"),
        link_address: format!("10.0.0.{node}:4443"),
        certificate_sha256: [node as u8; 32],
    };
    MembershipDto {
        configs: vec![vec![1], vec![1, 2, 3]],
        members: (1..=4).map(member).collect(),
    }
}

fn snapshot_head() -> SnapshotHeadDto {
    SnapshotHeadDto {
        last: Some(ID),
        membership_at: Some(LogIdDto { index: 17, ..ID }),
        membership: membership(),
        opened: Some(OpenedAtDto {
            at: ID,
            node: 7,
            host_uuid: "host-7".into(),
        }),
        sync_learners: BTreeSet::from([2]),
    }
}

#[expect(clippy::too_many_lines, reason = "a list of cases")]
#[test]
fn messages_are_encoded_as_ever() {
    golden("vote.hex", &VOTE);
    golden(
        "vote_request.hex",
        &VoteRequestDto {
            pre_vote: true,
            vote: VOTE,
            last: Some(ID),
            transfer: false,
        },
    );
    golden(
        "vote_reply.hex",
        &VoteReplyDto {
            vote: VOTE,
            granted: true,
            last: None,
        },
    );
    let entries = vec![EntryDto {
        id: ID,
        bytes: vec![1, 2, 3].into(),
    }];
    golden(
        "append_request.hex",
        &AppendRequestDto {
            vote: VOTE,
            previous: Some(ID),
            entries,
            commit: Some(ID),
        },
    );
    golden("append_reply_success.hex", &AppendReplyDto::Success);
    golden("append_reply_partial.hex", &AppendReplyDto::Partial(Some(ID)));
    golden("append_reply_conflict.hex", &AppendReplyDto::Conflict);
    golden("append_reply_higher.hex", &AppendReplyDto::HigherVote(VOTE));
    golden(
        "snapshot_offer.hex",
        &SnapshotOfferDto {
            vote: VOTE,
            head: snapshot_head(),
            size: 123_456,
        },
    );
    golden("snapshot_reply.hex", &SnapshotReplyDto { vote: VOTE });
    golden(
        "transfer.hex",
        &TransferDto {
            from: VOTE,
            to: 9,
            last: Some(ID),
        },
    );
    golden(
        "transfer_reply.hex",
        &TransferReplyDto {
            refused: Some("behind".into()),
        },
    );
    golden("read_index.hex", &ReadIndexDto {});
    golden("read_index_reply.hex", &ReadIndexReplyDto { index: Some(77) });
    golden("members.hex", &MembersDto {});
    let members = membership().members;
    golden("members_reply.hex", &MembersReplyDto { members });
    golden("refused.hex", &RefusedDto { why: "no".into() });
    golden("clock.hex", &ClockDto {});
    golden(
        "clock_reply.hex",
        &ClockReplyDto {
            time_ms: 1_700_000_000_123,
        },
    );
}

#[test]
fn what_is_stored_is_encoded_as_ever() {
    golden("snapshot_head.hex", &snapshot_head());
    golden("membership.hex", &membership());
    let back = MembershipDto::from(&membership().into_membership().unwrap());
    assert_eq!(back, membership());
    same("blank.hex", &entry::payload_to_bytes(&EntryPayload::Blank).unwrap());
}

#[test]
fn entries_are_encoded_as_ever_and_unknown_ones_are_noticed() {
    let mut transaction = Transaction::new(1_234);
    transaction.create(
        class("task").unwrap(),
        &Ref::new("OpaqueRef:1"),
        vec![(task::UUID.column, Value::text("1"))],
    );
    let opened = Opened {
        node: NodeId(7),
        host_uuid: "host-7".into(),
        term: 3,
        time_ms: 1_234,
        transaction: transaction.clone(),
    };
    let bodies = [
        ("transaction.hex", Body::Transaction(transaction)),
        ("opened.hex", Body::Opened(opened)),
        (
            "state_hash.hex",
            Body::StateHash(StateHash {
                index: 4_096,
                hash: [9; 32],
            }),
        ),
        (
            "sync_set.hex",
            Body::SyncSet(SyncSet {
                learners: BTreeSet::from([NodeId(2)]),
            }),
        ),
    ];
    for (name, body) in bodies {
        let record = Record::new(body.clone()).unwrap();
        same(name, record.envelope());
        let EntryPayload::Normal(back) = entry::payload_from_bytes(record.envelope().clone()).unwrap() else {
            panic!("{name} is not an application entry");
        };
        assert_eq!(*back.body().unwrap(), body, "{name}");
    }
    let unknown = entry::payload_from_bytes(codec::wrap(4_000, 1, b"?")).unwrap();
    let EntryPayload::Normal(unknown) = unknown else {
        panic!("kept for whoever knows it")
    };
    assert!(matches!(unknown.body(), Err(codec::CodecError::UnknownKind(4_000))));
}
