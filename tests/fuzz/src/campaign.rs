//! One target for a while: the kept inputs first, then new ones; memory is looked at on the way.

use crate::random::Random;
use crate::seen::fnv;
use crate::{Seen, Target, corpus, memory, mutate};
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a target is run.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    Runs(u64),
    Time(Duration),
}

/// Inputs that are kept in memory for changing. More kinds of outcome than this no target has today.
const KEPT_MAX: usize = 2048;
/// The clock is looked at after so many inputs.
const BATCH: u64 = 1024;
/// What memory may grow by after the first tenth: the corpus in memory, caches that fill, pages of the allocator.
const GROWTH_MAX_BYTES: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The input is written down, so that it can be kept in the corpus.
    #[error("{target}: {message}; the input is in {path}")]
    Panic {
        target: &'static str,
        message: String,
        path: PathBuf,
    },
    #[error("{target}: memory grew from {early_mib} MiB to {late_mib} MiB after the first tenth of the runs")]
    Growth {
        target: &'static str,
        early_mib: u64,
        late_mib: u64,
    },
    #[error("{0}")]
    Io(&'static str, #[source] io::Error),
}

/// What a campaign found out.
#[derive(Debug)]
pub struct Report {
    pub replayed: usize,
    pub runs: u64,
    pub took: Duration,
    pub outcomes: usize,
    /// Kept inputs and new ones that showed something, smallest first.
    pub inputs: Vec<Vec<u8>>,
    /// Memory after a tenth and at the end.
    pub early_bytes: u64,
    pub late_bytes: u64,
    /// The input that took longest.
    pub slowest: Duration,
    pub slowest_bytes: usize,
}

/// Runs `target`; inputs that fail go to the folder `failures`.
pub fn run(root: &Path, failures: &Path, target: &Target, seed: u64, until: Until) -> Result<Report, Fault> {
    let mut state = State::new(target, failures, seed);
    let kept =
        corpus::read(&corpus::folder(root, target)).map_err(|cause| Fault::Io("the corpus cannot be read", cause))?;
    let replayed = kept.len();
    for input in kept.into_iter().chain((target.seeds)()).chain([Vec::new()]) {
        state.try_input(input)?;
    }
    let start = Instant::now();
    let early_bytes = state.run_until(start, tenth(until)).and_then(|()| resident())?;
    state.run_until(start, until)?;
    let took = start.elapsed();
    let late_bytes = resident()?;
    if late_bytes > early_bytes + GROWTH_MAX_BYTES {
        return Err(Fault::Growth {
            target: target.name,
            early_mib: early_bytes >> 20,
            late_mib: late_bytes >> 20,
        });
    }
    Ok(Report {
        replayed,
        runs: state.runs,
        took,
        outcomes: state.seen.count(),
        early_bytes,
        late_bytes,
        slowest: state.slowest,
        slowest_bytes: state.slowest_bytes,
        inputs: state.inputs,
    })
}

fn tenth(until: Until) -> Until {
    match until {
        Until::Runs(runs) => Until::Runs(runs / 10),
        Until::Time(time) => Until::Time(time / 10),
    }
}

fn resident() -> Result<u64, Fault> {
    memory::resident_bytes().map_err(|cause| Fault::Io("the memory in use cannot be asked", cause))
}

struct State<'a> {
    target: &'a Target,
    failures: &'a Path,
    random: Random,
    seen: Seen,
    inputs: Vec<Vec<u8>>,
    runs: u64,
    slowest: Duration,
    slowest_bytes: usize,
}

impl<'a> State<'a> {
    fn new(target: &'a Target, failures: &'a Path, seed: u64) -> State<'a> {
        State {
            target,
            failures,
            // Targets of one campaign do not get the same numbers.
            random: Random::new(seed ^ fnv(target.name.bytes())),
            seen: Seen::default(),
            inputs: Vec::new(),
            runs: 0,
            slowest: Duration::ZERO,
            slowest_bytes: 0,
        }
    }

    fn run_until(&mut self, start: Instant, until: Until) -> Result<(), Fault> {
        loop {
            let batch = match until {
                Until::Runs(runs) => BATCH.min(runs.saturating_sub(self.runs)),
                Until::Time(time) if start.elapsed() >= time => 0,
                Until::Time(_) => BATCH,
            };
            if batch == 0 {
                return Ok(());
            }
            for _ in 0..batch {
                let input = self.next_input();
                self.runs += 1;
                self.try_input(input)?;
            }
        }
    }

    /// Half of the time out of what was found last.
    fn next_input(&mut self) -> Vec<u8> {
        const NEWEST: usize = 32;
        let count = self.inputs.len();
        let from = if self.random.below(2) == 0 {
            count.saturating_sub(NEWEST)
        } else {
            0
        };
        let base = from + self.random.below(count - from);
        let other = self.random.below(count);
        let none = &Vec::new();
        let base = self.inputs.get(base).unwrap_or(none);
        let other = self.inputs.get(other).unwrap_or(none);
        mutate::change(&mut self.random, self.target, base, other)
    }

    fn try_input(&mut self, input: Vec<u8>) -> Result<(), Fault> {
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| (self.target.run)(&input, &mut self.seen)));
        let took = start.elapsed();
        if took > self.slowest {
            (self.slowest, self.slowest_bytes) = (took, input.len());
        }
        if let Err(panic) = result {
            let folder = self.failures.join(self.target.name);
            let path =
                corpus::write(&folder, &input).map_err(|cause| Fault::Io("a failing input cannot be kept", cause))?;
            return Err(Fault::Panic {
                target: self.target.name,
                message: words_of(panic.as_ref()),
                path,
            });
        }
        if self.seen.take_news() && self.inputs.len() < KEPT_MAX {
            self.inputs.push(input);
        }
        Ok(())
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("panicked")
        .to_owned()
}
