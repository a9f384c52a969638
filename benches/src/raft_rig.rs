//! Three processes of [`crate::raft_node`], driven from here.

use crate::Failure;
use crate::process::{Owned, free_port};
use crate::raft_node;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const FORMS_WITHIN: Duration = Duration::from_secs(30);

pub struct Rig {
    nodes: Vec<Node>,
}

struct Node {
    process: Owned,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Of one run; times in µs.
pub struct Outcome {
    pub commits: u64,
    pub errors: u64,
    pub p50: u64,
    pub p99: u64,
    pub max: u64,
}

impl Rig {
    /// Three voters with `rows` VM rows.
    pub fn start(dir: &Path, rows: usize) -> Result<Rig, Failure> {
        let first = free_port(22_000);
        raft_node::prepare(dir, &[first, first + 1, first + 2])?;
        let mut nodes = (0..3).map(|k| Node::start(dir, k)).collect::<Result<Vec<_>, _>>()?;
        nodes[0].ask("form")?;
        let end = Instant::now() + FORMS_WITHIN;
        while nodes[0].ask("voters")? != "3" {
            if Instant::now() > end {
                return Err("the three nodes do not become voters".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let mut rig = Rig { nodes };
        rig.coordinator()?.ask(&format!("rows {rows}"))?;
        Ok(rig)
    }

    pub fn pids(&self) -> Vec<u32> {
        self.nodes.iter().map(|node| node.process.pid()).collect()
    }

    pub fn run(&mut self, writers: usize, during: Duration) -> Result<Outcome, Failure> {
        let answer = self
            .coordinator()?
            .ask(&format!("run {writers} {}", during.as_millis()))?;
        let figures = answer
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<Vec<u64>, _>>()?;
        match figures.as_slice() {
            [commits, errors, p50, p99, max] => Ok(Outcome {
                commits: *commits,
                errors: *errors,
                p50: *p50,
                p99: *p99,
                max: *max,
            }),
            _ => Err(format!("not an outcome: {answer}").into()),
        }
    }

    fn coordinator(&mut self) -> Result<&mut Node, Failure> {
        let end = Instant::now() + FORMS_WITHIN;
        while Instant::now() < end {
            for k in 0..self.nodes.len() {
                if self.nodes[k].ask("role")? == "coordinator" {
                    return Ok(&mut self.nodes[k]);
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err("no node coordinates".into())
    }
}

impl Node {
    fn start(dir: &Path, k: usize) -> Result<Node, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--node", &k.to_string(), "--dir"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Node {
            process: Owned(child),
            orders,
            answers,
        })
    }

    fn ask(&mut self, order: &str) -> Result<String, Failure> {
        writeln!(self.orders, "{order}")?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer)? {
            0 => Err(format!("the node ended at `{order}`").into()),
            _ => Ok(answer.trim().to_owned()),
        }
    }
}
