//! The messages that are not written yet: a list that may only shrink.

use crate::{How, how};
use std::collections::BTreeSet;
use xenith_datamodel::{CallMode, Method};

const KNOWN: &str = include_str!("../../tests/not_built.txt");

fn not_built() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for class in xenith_datamodel::all_classes().filter(|class| !class.class().internal) {
        for message in class.messages() {
            let method = Method {
                class,
                message,
                mode: CallMode::Sync,
            };
            if how(&method) == How::NotBuilt {
                found.insert(format!("{}.{}", class.name(), message.name));
            }
        }
    }
    found
}

#[test]
fn the_list_only_shrinks() {
    let known: BTreeSet<String> = KNOWN.lines().map(str::to_owned).collect();
    let found = not_built();
    let new: Vec<_> = found.difference(&known).collect();
    let built: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty(), "no longer built: {new:#?}");
    assert!(
        built.is_empty(),
        "built: take these from tests/not_built.txt: {built:#?}"
    );
}

#[test]
fn what_is_not_built_says_so() {
    let mut pool = super::Pool::of_one();
    let params = vec![xenith_datamodel::Value::Ref(pool.first("VM"))];
    assert_eq!(
        super::code(pool.call("VM.s3_suspend", params)),
        "NOT_IMPLEMENTED [VM.s3_suspend]"
    );
}
