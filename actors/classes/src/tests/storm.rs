//! A storm of calls for the same sixteen objects, many of them for two at once: nobody is overtaken by a later call that wants what it waits
//! for, and all end.

use super::operations::{admit_of, answer, done, orders, two_hosts};
use super::{Pool, storage};
use crate::operation::{self, Lock, Record};
use crate::task::is_pending;
use crate::{ALL_HEARD, rows};
use std::collections::BTreeMap;
use xenith_datamodel::{Ref, Value};

const DISKS: usize = 14;
const CALLS: usize = 300;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// The objects: disks in two repositories, and these.
struct Storm {
    pool: Pool,
    disks: Vec<Ref>,
    /// Calls that wait, in the order in which they came.
    waiting: Vec<Ref>,
    /// All calls, and which of them waited.
    tasks: Vec<(Ref, bool)>,
}

impl Storm {
    fn new() -> Storm {
        let mut pool = two_hosts();
        let disks: Vec<Ref> = (0..DISKS)
            .map(|number| storage::disk(&mut pool, number % 2 == 0))
            .collect();
        let mut repositories: Vec<Ref> = disks
            .iter()
            .map(|disk| rows::reference(&pool.view, "VDI", disk, "SR").unwrap())
            .collect();
        repositories.sort();
        repositories.dedup();
        assert_eq!(disks.len() + repositories.len(), 16);
        Storm {
            pool,
            disks,
            waiting: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// One of the disk alone, two of the disk and its repository, one of the repository alone.
    fn call(&mut self, dice: &mut Dice) {
        let disk = self.disks[dice.below(self.disks.len())].clone();
        let repository = rows::reference(&self.pool.view, "VDI", &disk, "SR").unwrap();
        let (message, params) = match dice.below(4) {
            0 => (
                ("VDI", "copy"),
                vec![
                    (&disk).into(),
                    (&repository).into(),
                    Ref::null().into(),
                    Ref::null().into(),
                ],
            ),
            1 => (("VDI", "clone"), vec![(&disk).into(), Value::map([])]),
            2 => (("VDI", "resize"), vec![(&disk).into(), Value::Int(2 << 30)]),
            _ => (("SR", "scan"), vec![(&repository).into()]),
        };
        let task = admit_of(&mut self.pool, message, &params).unwrap();
        let waits = self.record(&task).is_waiting();
        if waits {
            self.waiting.push(task.clone());
        }
        self.tasks.push((task, waits));
    }

    fn record(&self, task: &Ref) -> Record {
        Record::read(&self.pool.view, task).unwrap()
    }

    /// A host answers one of the orders.
    fn work(&mut self, dice: &mut Dice) {
        let all = orders(&self.pool);
        if all.is_empty() {
            return;
        }
        let (_, order) = &all[dice.below(all.len())];
        answer(&mut self.pool, order, done(order));
        while let Some(tx) =
            operation::admit_next(&self.pool.view, self.pool.now_ms, &mut self.pool.ids, &ALL_HEARD).unwrap()
        {
            self.pool.commit(&tx).unwrap();
            self.check_turns();
        }
    }

    /// Who has begun just now has not overtaken anybody who wants the same.
    fn check_turns(&mut self) {
        let class = rows::class("xenith_operation").unwrap();
        let still = |task: &Ref| self.pool.view.contains(class, task) && self.record(task).is_waiting();
        let (waiting, begun): (Vec<Ref>, Vec<Ref>) = self.waiting.iter().cloned().partition(still);
        for task in begun.iter().filter(|task| self.pool.view.contains(class, task)) {
            let came = self.waiting.iter().position(|other| other == task).unwrap();
            let wants = self.record(task).locks;
            for earlier in self.waiting[..came].iter().filter(|other| waiting.contains(other)) {
                let same = |lock: &Lock| wants.iter().any(|other| other.object == lock.object);
                assert!(
                    !self.record(earlier).locks.iter().any(same),
                    "{task:?} has overtaken {earlier:?}"
                );
            }
        }
        self.waiting = waiting;
    }

    /// Nothing is held twice, but by copies of the same disk.
    fn check_locks(&self) {
        let mut by_object: BTreeMap<Ref, Ref> = BTreeMap::new();
        let held = operation::held(&self.pool.view).unwrap();
        for (task, lock) in held.into_iter().filter(|(_, lock)| lock.operation != "copy") {
            let other = by_object.insert(lock.object.clone(), task.clone());
            assert!(
                other.is_none_or(|other| other == task),
                "{} is held twice",
                lock.object.as_str()
            );
        }
    }
}

#[test]
fn a_storm_over_sixteen_objects_starves_nobody() {
    for seed in 0..4 {
        let (mut storm, mut dice) = (Storm::new(), Dice(seed));
        for _ in 0..CALLS {
            storm.call(&mut dice);
            // Calls come faster than they are worked.
            if dice.below(3) == 0 {
                storm.work(&mut dice);
            }
            storm.check_locks();
        }
        assert!(storm.waiting.len() > CALLS / 3, "only {} wait", storm.waiting.len());
        for _ in 0..CALLS {
            storm.work(&mut dice);
            storm.check_locks();
        }
        let pool = &mut storm.pool;
        for (task, waited) in &storm.tasks {
            assert!(
                !is_pending(&pool.view, task).unwrap(),
                "a call has not ended; waited: {waited}"
            );
            assert_eq!(pool.get("task.status", task), Value::text("success"));
        }
        assert!(storm.waiting.is_empty());
        assert!(operation::held(&pool.view).unwrap().is_empty());
    }
}
