use super::*;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use xenith_pooldb::View;

/// Plans that are made while somebody waits for the head once, at most, on average.
const OVERTAKEN: u64 = 10;

fn open_head() -> Arc<Head> {
    let (head, queue) = Head::new(8);
    // Nothing is drained here: plans that change nothing are enough.
    drop(queue);
    let leader = LeaderId {
        term: 1,
        node_id: crate::NodeId(1),
    };
    head.state().phase = Phase::Open {
        leader,
        view: View::default(),
        frozen: false,
    };
    head
}

/// What waits for the head is Raft's own: were it starved by planners, the pool would be lost.
#[test]
fn a_busy_planner_starves_nobody() {
    let (head, stop, plans) = (
        open_head(),
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let planner = {
        let (head, stop, plans) = (head.clone(), stop.clone(), plans.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let attempt = head.attempt(Box::new(|_| {
                    std::thread::sleep(Duration::from_millis(3));
                    Ok((Transaction::new(0), Value::Void))
                }));
                assert!(matches!(attempt, Attempt::Confirm(..)));
                plans.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    const LOOKS: u64 = 50;
    for _ in 0..LOOKS {
        assert!(head.open_leader().is_some());
        // So that the planner has the head when it is wanted next.
        std::thread::sleep(Duration::from_millis(1));
    }
    let made = plans.load(Ordering::SeqCst);
    stop.store(true, Ordering::SeqCst);
    planner.join().unwrap();
    assert!(made <= LOOKS * OVERTAKEN, "{made} plans came before {LOOKS} looks");
}
