//! What happened, line by line: its hash says whether two runs were the same.

use sha2::{Digest, Sha256};

pub struct Trace {
    hash: Sha256,
    lines: u64,
    print: bool,
}

impl Trace {
    pub fn new(print: bool) -> Trace {
        Trace {
            hash: Sha256::new(),
            lines: 0,
            print,
        }
    }

    pub fn line(&mut self, now_us: u64, text: &str) {
        self.hash.update(now_us.to_le_bytes());
        self.hash.update(text.as_bytes());
        self.hash.update([0]);
        self.lines += 1;
        if self.print {
            println!("{:>12.3} ms  {text}", now_us as f64 / 1000.0);
        }
    }

    /// The first bytes of the hash, and how many lines it is of.
    pub fn hash(&self) -> String {
        let digest = self.hash.clone().finalize();
        let head: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{head}/{}", self.lines)
    }
}
