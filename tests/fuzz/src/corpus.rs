//! Kept inputs: one file each, named by its contents, in `corpus/TARGET` of the crate that reads them.

use crate::seen::fnv;
use crate::{Seen, Target};
use std::io;
use std::path::{Path, PathBuf};

/// The workspace's root, where it was built.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where the inputs of a target are kept below `root`.
pub fn folder(root: &Path, target: &Target) -> PathBuf {
    root.join(target.home).join("corpus").join(target.name)
}

/// Every kept input, by the name of its file. No folder is no inputs.
pub fn read(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = listed
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(std::fs::read).collect()
}

/// Adds an input; its name.
pub fn write(folder: &Path, input: &[u8]) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{:016x}", fnv(input.iter().copied())));
    std::fs::write(&path, input)?;
    Ok(path)
}

/// The shortest inputs that show all that these show.
pub fn smallest(target: &Target, mut inputs: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    inputs.dedup();
    let mut seen = Seen::default();
    inputs.retain(|input| {
        (target.run)(input, &mut seen);
        seen.take_news()
    });
    inputs
}
