//! The fuzzer itself: it repeats, it finds what is there, and the kept inputs pass.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use xenith_fuzz::campaign::{self, Fault, Until};
use xenith_fuzz::{Seen, Target, corpus, targets};

const TOY: Target = Target {
    name: "toy",
    home: "tests/fuzz",
    words: &["open", "sesame"],
    pairs: &[("(", ")")],
    seeds: Vec::new,
    run: toy,
};

/// Falls over two words in brackets. No single change makes them out of nothing.
fn toy(input: &[u8], seen: &mut Seen) {
    let text = String::from_utf8_lossy(input);
    for part in ["(", "open", "sesame"] {
        if text.contains(part) {
            seen.mark(part);
        }
    }
    assert!(!text.contains("(opensesame"), "found");
}

#[test]
fn what_is_hidden_is_found_and_the_input_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let found = |seed| match campaign::run(folder.path(), folder.path(), &TOY, seed, Until::Runs(1_000_000)) {
        Err(Fault::Panic { message, path, .. }) => (message, path),
        other => panic!("{other:?}"),
    };
    let (message, path) = found(1);
    assert_eq!(message, "found");
    let input = std::fs::read(&path).unwrap();
    assert!(String::from_utf8_lossy(&input).contains("(opensesame"));
    // The same seed finds the same input.
    assert_eq!(found(1).1, path);
}

static GROWN: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

#[test]
fn growth_is_found() {
    let leaky = Target {
        name: "leaky",
        run: |_, _| GROWN.lock().unwrap().push(vec![1; 1 << 16]),
        ..TOY
    };
    let folder = tempfile::tempdir().unwrap();
    let fault = campaign::run(folder.path(), folder.path(), &leaky, 1, Until::Runs(1_000));
    GROWN.lock().unwrap().clear();
    assert!(matches!(fault, Err(Fault::Growth { .. })), "{fault:?}");
}

/// Every kept input of every target, and no folder that is of none.
#[test]
fn kept_inputs_pass() {
    let root = corpus::root();
    let folder = tempfile::tempdir().unwrap();
    for target in targets::ALL {
        let kept = corpus::read(&corpus::folder(&root, target)).unwrap();
        assert!(!kept.is_empty(), "{} has no corpus", target.name);
        let report = campaign::run(&root, folder.path(), target, 1, Until::Time(Duration::ZERO)).unwrap();
        assert_eq!(report.replayed, kept.len());
    }
    let homes = targets::ALL.iter().map(|target| root.join(target.home).join("corpus"));
    for entry in homes.flat_map(|home| std::fs::read_dir(home).unwrap()) {
        let path = entry.unwrap().path();
        let is_known = |target: &&&Target| corpus::folder(Path::new(""), target).file_name() == path.file_name();
        assert!(
            targets::ALL.iter().find(is_known).is_some(),
            "{} is no target's",
            path.display()
        );
    }
}

/// Contents that differ and teach the same are kept once, as the shortest.
#[test]
fn a_corpus_is_made_small() {
    let inputs = ["open!", "open", "sesame, open", "sesame", "x"].map(|text| text.as_bytes().to_vec());
    let smallest = corpus::smallest(&TOY, inputs.to_vec());
    assert_eq!(smallest, [b"open".to_vec(), b"sesame".to_vec()]);
}
